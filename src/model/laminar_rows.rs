//! Rows of the laminar-flow model, whole vectors at a time: the hottest loop of the program. It is compared with the slow
//! twin in [`crate::model::pair`].
//!
//! sin(X_j - X_i) and cos(X_j - X_i) come from tables by the addition theorem. Along a row |x| never falls (G rises), so
//! a run is cut once where |x| passes [`SERIES_BELOW`]: each side is a loop without branches, and only the group of
//! rows with the cut and the masked ends of the run choose lane by lane.

use crate::model::catalogue::{Kappa, ShearConvention, ThetaTables};
use crate::model::decay::DecayTables;
use crate::model::frame_table::{FrameTable, RunTable};
use crate::model::shear::{SERIES_BELOW, SINC_SERIES, SINC_SLOPE_SERIES};
use crate::rows::{LANES, Lane, RowModel, Run, Tile};
use pulp::Simd;
use std::ops::Range;

/// Columns of a tile: dh/d[D0, alpha, D_offset, gamma_dot_t0, beta, gamma_dot_t_offset, phi0], h, 1, y.
pub const LAMINAR_WIDTH: usize = 10;
const H: usize = 7;

// Quantities per frame.
const DECAY: usize = 0;
const X: usize = 1;
const SIN: usize = 2;
const COS: usize = 3;
/// -q^2 dt [A, B, T].
const DIFFUSION: usize = 4;
/// kappa [a, b, T] and kappa_phi0 G: dx/d[gamma_dot_t0, beta, gamma_dot_t_offset, phi0] between two frames.
const SHEAR: usize = 7;
const QUANTITIES: usize = 11;

// How sinc is computed in a part of a run.
const SERIES: u8 = 0;
const CLOSED: u8 = 1;
const LANE_BY_LANE: u8 = 2;

/// Row filler of one angle.
#[derive(Debug)]
pub struct LaminarRows<'a> {
    decay: &'a DecayTables,
    convention: ShearConvention,
    table: FrameTable<QUANTITIES>,
}

impl<'a> LaminarRows<'a> {
    pub(crate) fn new(tables: &'a ThetaTables, kappa: Kappa, convention: ShearConvention) -> Self {
        let shear = tables.time.shear.as_ref().expect("laminar-flow tables are made from seven parameters");
        let times = |table: &[f64], factor: f64| table.iter().map(|value| value * factor).collect::<Vec<f64>>();
        let x = times(&shear.value, kappa.value);
        let (sin, cos): (Vec<f64>, Vec<f64>) = x.iter().map(|x| x.sin_cos()).unzip();
        let [a, b, t] = &tables.time.diffusion;
        let table = FrameTable::new([
            &tables.decay.from_start,
            &x,
            &sin,
            &cos,
            a,
            b,
            t,
            &times(&shear.d_amplitude, kappa.value),
            &times(&shear.d_exponent, kappa.value),
            &times(&shear.d_constant, kappa.value),
            &times(&shear.value, kappa.d_phi0),
        ]);
        LaminarRows { decay: &tables.decay, convention, table }
    }

    /// The first group of `groups` that is not wholly nearer than [`SERIES_BELOW`], and the first that is wholly beyond.
    #[inline(always)]
    fn cut(&self, row: usize, groups: &Range<usize>) -> Range<usize> {
        let x_row = self.table.at(row, X);
        let is_near = |frame: usize| (self.table.at(frame, X) - x_row).abs() < SERIES_BELOW;
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
    fn fill_power<S: Simd, const DERIVATIVES: bool, const FOURTH: bool>(
        &self,
        simd: S,
        run: &Run,
        tile: &mut Tile<LAMINAR_WIDTH>,
    ) {
        let table = self.table.of_run(self.decay, run);
        let filled = tile.next_mut(run);
        let [head, middle, end] = run.split();
        let cut = self.cut(run.row, &middle);
        let (near, far) = (middle.start..cut.start, cut.end..middle.end);
        if !near.is_empty() {
            self.fill_part::<S, DERIVATIVES, FOURTH, SERIES>(simd, run, near, (&table, filled));
        }
        if !far.is_empty() {
            self.fill_part::<S, DERIVATIVES, FOURTH, CLOSED>(simd, run, far, (&table, filled));
        }
        for part in [head, cut, end] {
            if !part.is_empty() {
                self.fill_part::<S, DERIVATIVES, FOURTH, LANE_BY_LANE>(simd, run, part, (&table, filled));
            }
        }
    }

    #[inline(always)]
    fn fill_part<S: Simd, const DERIVATIVES: bool, const FOURTH: bool, const SINC: u8>(
        &self,
        simd: S,
        run: &Run,
        part: Range<usize>,
        tables: (&RunTable<'_, QUANTITIES>, &mut [[Lane; LAMINAR_WIDTH]]),
    ) {
        let (table, filled) = tables;
        let first = run.groups().start;
        let inside = part.start - first..part.end - first;
        let factor = simd.splat_f64s(table.factor);
        // The row's own entries, one per quantity.
        let mut own = [factor; QUANTITIES];
        for (k, own) in own.iter_mut().enumerate() {
            *own = simd.splat_f64s(self.table.at(run.row, k));
        }
        for ((from, into), group) in table.groups[inside.clone()].iter().zip(&mut filled[inside]).zip(part) {
            for v in 0..LANES / S::F64_LANES {
                let x = simd.sub_f64s(from[X].load::<S>(v), own[X]);
                let sin = (from[SIN].load::<S>(v), own[SIN]);
                let cos = (from[COS].load::<S>(v), own[COS]);
                let (sinc, slope) = sinc_of::<S, SINC>(simd, x, sin, cos);
                let (s, s_slope) = powers::<S, FOURTH>(simd, sinc, slope);
                let e = simd.mul_f64s(factor, from[DECAY].load::<S>(v));
                // h = E S and its change with x, E S'.
                let (mut h, mut change) = (simd.mul_f64s(e, s), simd.mul_f64s(e, s_slope));
                if SINC == LANE_BY_LANE {
                    let mask = run.mask(simd, group, v);
                    h = simd.select_f64s(mask, h, simd.splat_f64s(0.0));
                    change = simd.select_f64s(mask, change, simd.splat_f64s(0.0));
                }
                into[H].store::<S>(v, h);
                if DERIVATIVES {
                    for k in 0..3 {
                        let difference = simd.sub_f64s(from[DIFFUSION + k].load::<S>(v), own[DIFFUSION + k]);
                        into[k].store::<S>(v, simd.mul_f64s(h, difference));
                    }
                    for k in 0..4 {
                        let difference = simd.sub_f64s(from[SHEAR + k].load::<S>(v), own[SHEAR + k]);
                        into[3 + k].store::<S>(v, simd.mul_f64s(change, difference));
                    }
                }
            }
        }
    }
}

impl RowModel<LAMINAR_WIDTH> for LaminarRows<'_> {
    #[inline(always)]
    fn fill<S: Simd, const DERIVATIVES: bool>(&self, simd: S, run: &Run, tile: &mut Tile<LAMINAR_WIDTH>) {
        match self.convention {
            ShearConvention::Homodyne => self.fill_power::<S, DERIVATIVES, true>(simd, run, tile),
            ShearConvention::GapAverage => self.fill_power::<S, DERIVATIVES, false>(simd, run, tile),
        }
    }
}

/// (sinc x, sinc' x) from x and the (j, i) entries of the tables of sine and cosine.
#[inline(always)]
fn sinc_of<S: Simd, const SINC: u8>(
    simd: S,
    x: S::f64s,
    sin: (S::f64s, S::f64s),
    cos: (S::f64s, S::f64s),
) -> (S::f64s, S::f64s) {
    match SINC {
        SERIES => sinc_series(simd, x),
        CLOSED => sinc_closed(simd, x, sin, cos),
        _ => {
            let (near, far) = (sinc_series(simd, x), sinc_closed(simd, x, sin, cos));
            let is_near = simd.less_than_f64s(simd.abs_f64s(x), simd.splat_f64s(SERIES_BELOW));
            (simd.select_f64s(is_near, near.0, far.0), simd.select_f64s(is_near, near.1, far.1))
        }
    }
}

/// From the series.
#[inline(always)]
fn sinc_series<S: Simd>(simd: S, x: S::f64s) -> (S::f64s, S::f64s) {
    let x2 = simd.mul_f64s(x, x);
    let mut sinc = simd.splat_f64s(SINC_SERIES[0]);
    let mut slope = simd.splat_f64s(SINC_SLOPE_SERIES[0]);
    for k in 1..SINC_SERIES.len() {
        sinc = simd.mul_add_f64s(sinc, x2, simd.splat_f64s(SINC_SERIES[k]));
        slope = simd.mul_add_f64s(slope, x2, simd.splat_f64s(SINC_SLOPE_SERIES[k]));
    }
    (sinc, simd.mul_f64s(slope, x))
}

/// By the addition theorem: sinc' = (cos x - sinc x) / x.
#[inline(always)]
fn sinc_closed<S: Simd>(simd: S, x: S::f64s, sin: (S::f64s, S::f64s), cos: (S::f64s, S::f64s)) -> (S::f64s, S::f64s) {
    let sin_x = simd.sub_f64s(simd.mul_f64s(sin.0, cos.1), simd.mul_f64s(cos.0, sin.1));
    let cos_x = simd.mul_add_f64s(cos.0, cos.1, simd.mul_f64s(sin.0, sin.1));
    let inverse = simd.div_f64s(simd.splat_f64s(1.0), x);
    let sinc = simd.mul_f64s(sin_x, inverse);
    (sinc, simd.mul_f64s(simd.sub_f64s(cos_x, sinc), inverse))
}

/// (S, S') for sinc^4 or sinc^2.
#[inline(always)]
fn powers<S: Simd, const FOURTH: bool>(simd: S, sinc: S::f64s, slope: S::f64s) -> (S::f64s, S::f64s) {
    let square = simd.mul_f64s(sinc, sinc);
    if FOURTH {
        let cube_slope = simd.mul_f64s(simd.mul_f64s(square, sinc), slope);
        (simd.mul_f64s(square, square), simd.mul_f64s(simd.splat_f64s(4.0), cube_slope))
    } else {
        (square, simd.mul_f64s(simd.splat_f64s(2.0), simd.mul_f64s(sinc, slope)))
    }
}
