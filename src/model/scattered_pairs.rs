//! Pairs of frames anywhere, eight at a time: for samples whose pairs lie too far apart for runs. It is compared with the slow
//! twin in [`crate::model::pair`].
//!
//! Eight pairs that lie together mostly lie on one side of where the series of sinc ends, and many have decayed to nothing: both
//! are seen from the ends of a group, without its pairs.

use crate::model::catalogue::Model;
use crate::model::exponential::exp_of_less;
use crate::model::laminar_flow::shear::{Kappa, SERIES_BELOW, powers, sinc_closed, sinc_either, sinc_series, strained};
use crate::model::laminar_flow::sine::sin_cos_but_for_sign;
use crate::model::nodes::EXPONENT;
use crate::model::time_tables::STRAIN;
use crate::parameters::definitions::ShearConvention;
use crate::sums::pairs::{LANES, Lane, NEGLIGIBLE, PairGroup, QUANTITIES, THROUGH_H};
use pulp::{Arch, NullaryFnOnce, Simd};

/// What eight pairs share at all angles.
#[derive(Debug, Clone, Copy, Default)]
struct Differences {
    /// exp(-(K_j - K_i)).
    decay: Lane,
    /// Of the quantities of a frame.
    quantities: [Lane; QUANTITIES],
}

/// The ends of a group.
#[derive(Debug, Clone, Copy)]
struct Ends {
    /// The largest of the decays.
    decay: f64,
    /// The least and the largest strain between the frames of a pair.
    strain: [f64; 2],
}

impl Ends {
    fn of(group: &Differences) -> Self {
        let strain = &group.quantities[STRAIN].0;
        let (least, most) = strain.iter().fold((f64::INFINITY, 0.0_f64), |(least, most), &strain| {
            // Strain never falls with age; what fills a last group up is zero.
            (least.min(strain.abs()), most.max(strain.abs()))
        });
        Ends { decay: group.decay.0.iter().copied().fold(0.0, f64::max), strain: [least, most] }
    }
}

/// Some pairs at one theta.
#[derive(Debug)]
pub struct ScatteredPairs {
    groups: Vec<Differences>,
    ends: Vec<Ends>,
    /// Ends of the group that has decayed least.
    brightest: Option<Ends>,
}

/// The same pairs at one angle.
#[derive(Debug)]
pub struct ScatteredAngle<'a> {
    groups: &'a [Differences],
    ends: &'a [Ends],
    kappa: Kappa,
    convention: ShearConvention,
    /// Decays below this, less the part of the strain, are negligible.
    negligible: f64,
}

impl ScatteredPairs {
    /// Pairs of nodes, the earlier first, with the quantities of every node ([`crate::model::nodes`]).
    #[must_use]
    pub fn new(nodes: &[Lane], pairs: &[[u32; 2]]) -> Self {
        let (groups, ends) = Arch::new().dispatch(Making { nodes, pairs });
        let brightest = ends.iter().copied().max_by(|a, b| a.decay.total_cmp(&b.decay));
        ScatteredPairs { groups, ends, brightest }
    }

    /// At the angle `phi_degrees`.
    #[must_use]
    pub fn at<'a>(&'a self, model: &Model, theta: &[f64], phi_degrees: f64) -> ScatteredAngle<'a> {
        let kappa = model.kappa(theta, phi_degrees);
        let convention = model.convention;
        // At least as large is the largest of all.
        let bound = |ends: Ends| ends.decay / strained(convention, kappa.value * ends.strain[0]);
        let negligible = NEGLIGIBLE * self.brightest.map_or(0.0, bound);
        ScatteredAngle { groups: &self.groups, ends: &self.ends, kappa, convention, negligible }
    }
}

struct Making<'a> {
    nodes: &'a [Lane],
    pairs: &'a [[u32; 2]],
}

impl NullaryFnOnce for Making<'_> {
    type Output = (Vec<Differences>, Vec<Ends>);

    // Plain loops over lanes: the compiler makes vectors of them.
    #[inline(always)]
    fn call(self) -> (Vec<Differences>, Vec<Ends>) {
        let n_groups = self.pairs.len().div_ceil(LANES);
        let (mut groups, mut ends) = (Vec::with_capacity(n_groups), Vec::with_capacity(n_groups));
        for pairs in self.pairs.chunks(LANES) {
            let mut apart = [Lane::default(); LANES];
            for (apart, [earlier, later]) in apart.iter_mut().zip(pairs) {
                let (earlier, later) = (&self.nodes[*earlier as usize].0, &self.nodes[*later as usize].0);
                apart.0 = std::array::from_fn(|k| later[k] - earlier[k]);
            }
            let of_all = |k: usize| Lane(std::array::from_fn(|lane| apart[lane].0[k]));
            let mut decay = exp_of_less(&of_all(EXPONENT));
            decay.0[pairs.len()..].fill(0.0);
            let group = Differences { decay, quantities: std::array::from_fn(of_all) };
            ends.push(Ends::of(&group));
            groups.push(group);
        }
        (groups, ends)
    }
}

impl ScatteredAngle<'_> {
    /// Whether h and its derivatives are negligible in all of group `group`.
    #[inline(always)]
    #[must_use]
    pub fn is_over(&self, group: usize) -> bool {
        let Ends { decay, strain: [least, _] } = self.ends[group];
        decay < self.negligible * strained(self.convention, self.kappa.value * least)
    }

    /// Writes h and, where rows have more columns than the static ones, c of group `group`.
    #[inline(always)]
    pub fn fill<S: Simd, const W: usize>(&self, simd: S, group: usize, into: &mut PairGroup) {
        let differences = &self.groups[group];
        if W - 3 == THROUGH_H {
            into.h = differences.decay;
            return;
        }
        let mut x = differences.quantities[STRAIN];
        for x in &mut x.0 {
            *x *= self.kappa.value;
        }
        let [least, most] = self.ends[group].strain.map(|strain| (self.kappa.value * strain).abs());
        let (all_near, all_far) = (most < SERIES_BELOW, least >= SERIES_BELOW);
        // S is even in sine and cosine.
        let (sin, cos) =
            if all_near { (Lane::default(), Lane::default()) } else { sin_cos_but_for_sign(simd, &x, most) };
        for v in 0..LANES / S::F64_LANES {
            let (x, sin, cos) = (x.load::<S>(v), sin.load::<S>(v), cos.load::<S>(v));
            let (sinc, slope) = match (all_near, all_far) {
                (true, _) => sinc_series(simd, x),
                (_, true) => sinc_closed(simd, x, sin, cos),
                _ => sinc_either(simd, x, sin, cos),
            };
            let (s, s_slope) = match self.convention {
                ShearConvention::Homodyne => powers::<S, true>(simd, sinc, slope),
                ShearConvention::GapAverage => powers::<S, false>(simd, sinc, slope),
            };
            let decay = differences.decay.load::<S>(v);
            into.h.store::<S>(v, simd.mul_f64s(decay, s));
            into.c.store::<S>(v, simd.mul_f64s(decay, s_slope));
        }
    }

    /// Vector `v` of dh/dtheta over h or c, for group `group`, still without its factors.
    #[inline(always)]
    #[allow(clippy::needless_range_loop)]
    pub fn differences<S: Simd>(&self, simd: S, group: usize, v: usize) -> [S::f64s; QUANTITIES] {
        let mut found = [simd.splat_f64s(0.0); QUANTITIES];
        for k in 0..QUANTITIES {
            found[k] = self.quantities(group)[k].load::<S>(v);
        }
        found
    }

    /// Differences of the quantities of group `group`, still without their factors.
    #[inline(always)]
    #[must_use]
    pub fn quantities(&self, group: usize) -> &[Lane; QUANTITIES] {
        &self.groups[group].quantities
    }

    /// The factors of the differences.
    #[must_use]
    pub fn factors(&self) -> [f64; QUANTITIES] {
        self.kappa.factors()
    }
}
