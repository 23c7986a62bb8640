//! Pairs of the laminar-flow model, whole vectors at a time: the first half of the hottest loop of the program. It is
//! compared with the slow twin in [`crate::model::pair`].
//!
//! sin(X_j - X_i) and cos(X_j - X_i) come from tables by the addition theorem. Along a row |x| never falls (G rises), so
//! a run is cut once where |x| passes [`SERIES_BELOW`]: each side is a loop without branches, and only the group of
//! pairs with the cut and the masked ends of the run choose lane by lane.

use crate::model::decay::RunDecay;
use crate::model::frame_table::FrameTable;
use crate::model::laminar_flow::shear::{Kappa, SERIES_BELOW, powers, sinc_closed, sinc_either, sinc_series, strained};
use crate::model::laminar_flow::sine::sin_cos;
use crate::model::time_tables::{STRAIN, ThetaTables};
use crate::parameters::definitions::ShearConvention;
use crate::sums::pairs::{LANES, Lane, NEGLIGIBLE, PairGroup, PairModel, QUANTITIES, Run};
use pulp::{Arch, Simd, WithSimd};
use std::ops::Range;

/// Columns of a row: dh/d[D0, alpha, D_offset, gamma_dot_t0, beta, gamma_dot_t_offset, phi0], h, 1, y.
pub const LAMINAR_WIDTH: usize = 10;

// Columns of the angle's table: X = kappa G, sin X, cos X.
const X: usize = 0;
const SIN: usize = 1;
const COS: usize = 2;

// How sinc is computed in a part of a run.
const SERIES: u8 = 0;
const CLOSED: u8 = 1;
const LANE_BY_LANE: u8 = 2;

/// Pairs of one angle.
#[derive(Debug)]
pub struct LaminarRows<'a> {
    tables: &'a ThetaTables,
    kappa: Kappa,
    convention: ShearConvention,
    angle: FrameTable<3>,
    /// Decays below this, less the part of the strain, are negligible.
    negligible: f64,
}

/// The table of one angle: X, sin X and cos X of every frame.
struct AngleTable<'a> {
    strain: &'a FrameTable<QUANTITIES>,
    kappa: f64,
}

impl WithSimd for AngleTable<'_> {
    type Output = FrameTable<3>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> FrameTable<3> {
        let mut groups = Vec::with_capacity(self.strain.groups().len());
        for group in self.strain.groups() {
            let mut x = Lane::default();
            for (x, strain) in x.0.iter_mut().zip(group[STRAIN].0) {
                *x = self.kappa * strain;
            }
            let (sin, cos) = sin_cos(simd, &x);
            groups.push([x, sin, cos]);
        }
        FrameTable::of_groups(groups)
    }
}

/// A run and what of it is to be filled.
struct Filling<'r> {
    run: &'r Run,
    decay: RunDecay<'r>,
    into: &'r mut [PairGroup],
}

impl<'a> LaminarRows<'a> {
    pub(crate) fn new(tables: &'a ThetaTables, kappa: Kappa, convention: ShearConvention) -> Self {
        let angle = Arch::new().dispatch(AngleTable { strain: &tables.quantities, kappa: kappa.value });
        let strained = |row: usize| strained(convention, angle.at(row + 1, X) - angle.at(row, X));
        let negligible = NEGLIGIBLE * tables.decay.largest(strained);
        LaminarRows { tables, kappa, convention, angle, negligible }
    }

    /// The first group of `groups` that is not wholly nearer than [`SERIES_BELOW`], and the first that is wholly beyond.
    #[inline(always)]
    fn cut(&self, row: usize, groups: &Range<usize>) -> Range<usize> {
        let x_row = self.angle.at(row, X);
        let is_near = |frame: usize| (self.angle.at(frame, X) - x_row).abs() < SERIES_BELOW;
        let (mut near, mut far) = (groups.start * LANES, groups.end * LANES);
        // Most runs lie on one side; otherwise bisect for the first frame that is not near.
        if groups.is_empty() || !is_near(near) {
            return groups.start..groups.start;
        }
        if is_near(far - 1) {
            return groups.end..groups.end;
        }
        while far - near > 1 {
            let middle = usize::midpoint(near, far);
            *(if is_near(middle) { &mut near } else { &mut far }) = middle;
        }
        far / LANES..far.div_ceil(LANES)
    }

    #[inline(always)]
    fn fill_run<S: Simd, const CHANGES: bool, const FOURTH: bool>(&self, simd: S, run: &Run, into: &mut [PairGroup]) {
        let mut filling = Filling { run, decay: self.tables.decay.of_run(run), into };
        let [head, middle, end] = run.split();
        let cut = self.cut(run.row, &middle);
        let (near, far) = (middle.start..cut.start, cut.end..middle.end);
        if !near.is_empty() {
            self.fill_part::<S, CHANGES, FOURTH, SERIES>(simd, near, &mut filling);
        }
        if !far.is_empty() {
            self.fill_part::<S, CHANGES, FOURTH, CLOSED>(simd, far, &mut filling);
        }
        for part in [head, cut, end] {
            if !part.is_empty() {
                self.fill_part::<S, CHANGES, FOURTH, LANE_BY_LANE>(simd, part, &mut filling);
            }
        }
    }

    #[inline(always)]
    fn fill_part<S: Simd, const CHANGES: bool, const FOURTH: bool, const SINC: u8>(
        &self,
        simd: S,
        part: Range<usize>,
        filling: &mut Filling<'_>,
    ) {
        let Filling { run, decay, into } = filling;
        let first = run.groups().start;
        let inside = part.start - first..part.end - first;
        let factor = simd.splat_f64s(decay.factor);
        let own = [X, SIN, COS].map(|k| self.angle.at(run.row, k));
        let own = [simd.splat_f64s(own[X]), simd.splat_f64s(own[SIN]), simd.splat_f64s(own[COS])];
        let tables = decay.lanes[inside.clone()].iter().zip(&self.angle.groups()[part.clone()]);
        for (((decay, angle), into), group) in tables.zip(&mut into[inside]).zip(part) {
            for v in 0..LANES / S::F64_LANES {
                let x = simd.sub_f64s(angle[X].load::<S>(v), own[X]);
                let later = Wave { sin: angle[SIN].load::<S>(v), cos: angle[COS].load::<S>(v) };
                let (sinc, slope) = sinc_of::<S, SINC>(simd, x, later, Wave { sin: own[SIN], cos: own[COS] });
                let (s, s_slope) = powers::<S, FOURTH>(simd, sinc, slope);
                let e = simd.mul_f64s(factor, decay.load::<S>(v));
                // h = E S and its change with x, E S'.
                let (mut h, mut change) = (simd.mul_f64s(e, s), simd.mul_f64s(e, s_slope));
                if SINC == LANE_BY_LANE {
                    let mask = run.mask(simd, group, v);
                    h = simd.select_f64s(mask, h, simd.splat_f64s(0.0));
                    change = simd.select_f64s(mask, change, simd.splat_f64s(0.0));
                }
                into.h.store::<S>(v, h);
                if CHANGES {
                    into.c.store::<S>(v, change);
                }
            }
        }
    }
}

impl PairModel for LaminarRows<'_> {
    const HAS_C: bool = true;

    #[inline(always)]
    fn fill<S: Simd, const CHANGES: bool>(&self, simd: S, run: &Run, into: &mut [PairGroup]) {
        match self.convention {
            ShearConvention::Homodyne => self.fill_run::<S, CHANGES, true>(simd, run, into),
            ShearConvention::GapAverage => self.fill_run::<S, CHANGES, false>(simd, run, into),
        }
    }

    #[inline(always)]
    fn quantities(&self, group: usize) -> &[Lane; QUANTITIES] {
        &self.tables.quantities.groups()[group]
    }

    fn factors(&self) -> [f64; QUANTITIES] {
        self.kappa.factors()
    }

    #[inline(always)]
    fn is_over(&self, row: usize, frame: usize) -> bool {
        let x = self.angle.at(frame, X) - self.angle.at(row, X);
        self.tables.decay.at(row, frame) < self.negligible * strained(self.convention, x)
    }
}

/// Sine and cosine of one frame's angle.
#[derive(Clone, Copy)]
struct Wave<F> {
    sin: F,
    cos: F,
}

/// (sinc x, sinc' x) from x and the waves of both frames.
#[inline(always)]
fn sinc_of<S: Simd, const SINC: u8>(
    simd: S,
    x: S::f64s,
    later: Wave<S::f64s>,
    earlier: Wave<S::f64s>,
) -> (S::f64s, S::f64s) {
    if SINC == SERIES {
        return sinc_series(simd, x);
    }
    // The addition theorem.
    let sin_x = simd.sub_f64s(simd.mul_f64s(later.sin, earlier.cos), simd.mul_f64s(later.cos, earlier.sin));
    let cos_x = simd.mul_add_f64s(later.cos, earlier.cos, simd.mul_f64s(later.sin, earlier.sin));
    if SINC == CLOSED { sinc_closed(simd, x, sin_x, cos_x) } else { sinc_either(simd, x, sin_x, cos_x) }
}
