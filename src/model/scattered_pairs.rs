//! Pairs of frames anywhere, eight at a time: for samples whose pairs lie too far apart for runs. It is compared with the slow
//! twin in [`crate::model::pair`].

use crate::model::catalogue::Model;
use crate::model::laminar_flow::shear::{Kappa, powers, sinc_either};
use crate::model::laminar_flow::sine::sin_cos;
use crate::model::nodes::EXPONENT;
use crate::model::time_tables::STRAIN;
use crate::parameters::definitions::ShearConvention;
use crate::sums::pairs::{LANES, Lane, PairGroup, QUANTITIES, THROUGH_H};
use pulp::Simd;

/// What eight pairs share at all angles.
#[derive(Debug, Clone, Copy, Default)]
struct Differences {
    /// exp(-(K_j - K_i)).
    decay: Lane,
    /// Of the quantities of a frame.
    quantities: [Lane; QUANTITIES],
}

/// Some pairs at one theta.
#[derive(Debug)]
pub struct ScatteredPairs {
    groups: Vec<Differences>,
}

/// The same pairs at one angle.
#[derive(Debug)]
pub struct ScatteredAngle<'a> {
    groups: &'a [Differences],
    kappa: Kappa,
    convention: ShearConvention,
}

impl ScatteredPairs {
    /// Pairs of nodes, the earlier first, with the quantities of every node ([`crate::model::nodes`]).
    #[must_use]
    pub fn new(nodes: &[Lane], pairs: &[[u32; 2]]) -> Self {
        let group = |pairs: &[[u32; 2]]| {
            let mut group = Differences::default();
            for (lane, pair) in pairs.iter().enumerate() {
                let [earlier, later] = pair.map(|node| &nodes[node as usize].0);
                group.decay.0[lane] = (earlier[EXPONENT] - later[EXPONENT]).exp();
                for (k, quantity) in group.quantities.iter_mut().enumerate() {
                    quantity.0[lane] = later[k] - earlier[k];
                }
            }
            group
        };
        ScatteredPairs { groups: pairs.chunks(LANES).map(group).collect() }
    }

    /// At the angle `phi_degrees`.
    #[must_use]
    pub fn at<'a>(&'a self, model: &Model, theta: &[f64], phi_degrees: f64) -> ScatteredAngle<'a> {
        let kappa = model.kappa(theta, phi_degrees);
        ScatteredAngle { groups: &self.groups, kappa, convention: model.convention }
    }
}

impl ScatteredAngle<'_> {
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
        let (sin, cos) = sin_cos(simd, &x);
        for v in 0..LANES / S::F64_LANES {
            let (sinc, slope) = sinc_either(simd, x.load::<S>(v), sin.load::<S>(v), cos.load::<S>(v));
            let (s, s_slope) = match self.convention {
                ShearConvention::Homodyne => powers::<S, true>(simd, sinc, slope),
                ShearConvention::GapAverage => powers::<S, false>(simd, sinc, slope),
            };
            let decay = differences.decay.load::<S>(v);
            into.h.store::<S>(v, simd.mul_f64s(decay, s));
            into.c.store::<S>(v, simd.mul_f64s(decay, s_slope));
        }
    }

    /// Vector `v` of dh/dtheta over h or c, for group `group`.
    #[inline(always)]
    pub fn differences<S: Simd>(&self, simd: S, group: usize, v: usize) -> [S::f64s; QUANTITIES] {
        let factors = self.kappa.factors();
        let mut found = [simd.splat_f64s(0.0); QUANTITIES];
        for k in 0..QUANTITIES {
            let difference = self.groups[group].quantities[k].load::<S>(v);
            found[k] = simd.mul_f64s(difference, simd.splat_f64s(factors[k]));
        }
        found
    }
}
