//! What the hottest loop sums for: entries of `v v^T` over patches of pairs (rows i, frames j), from what is separable in
//! them. It knows neither data nor physics; what defines it is the sweep's slow twin.
//!
//! Every derivative is `h (a_j - a_i)` or `c (g_j - g_i)` with quantities a, g of single frames (times a factor of the angle,
//! which waits until [`SeparableSums::finish`]). With a reference frame r, i <= r <= j, and `a_j = a(j) - a(r)`,
//! `a_i = a(r) - a(i)`, a derivative is `h (a_j + a_i)`, and with u = h^2, v = h c, w = c^2
//!
//! ```text
//! sum u (a_j + a_i) (b_j + b_i) = sum_j a_j b_j (sum_i u) + sum_i [a_i (sum_j b_j u) + b_i (sum_j a_j u) + a_i b_i (sum_j u)]
//! ```
//!
//! What depends on j alone waits in sums over i (one per frame, [`Columns`]); what depends on i alone is a sum over j (in
//! registers, one row at a time, [`crate::sums::row_sums`]). A pair costs 21 sums and 7 additions to columns instead of 55
//! products.
//!
//! Digits: A, T, a, G never fall with time, so `a_j` and `a_i` have one sign and nothing cancels. B and b, integrals of
//! tau^alpha ln tau, turn once, at tau = 1 s: where i and j lie on both sides of it the two terms have opposite signs. Each
//! is no larger than the range of the quantity over the patch, whose pairs share that range, so the sums over the patch lose
//! no more than a factor of a few (`tests/library/large_blocks.rs`: 1e-12 with the turn anywhere, from slow to violent decay).

use crate::sums::gram::Gram;
use crate::sums::pairs::{LANES, Lane, LocalQuantities, PairGroup, PairModel, QUANTITIES, Run, THROUGH_C, THROUGH_H};
use crate::sums::rank_update::Depth;
use crate::sums::row_sums::{Columns, Frames, RowSums, Want};
use pulp::Simd;
use std::ops::Range;

/// Sums over patches.
#[derive(Debug)]
pub struct SeparableSums<const W: usize> {
    /// Upper triangle.
    lanes: Box<[[Lane; W]; W]>,
    pairs: u64,
    patch: Patch,
}

/// Quantities of the patch's frames, less those of its reference frame, and the sums over its rows.
#[derive(Debug, Default)]
struct Patch {
    local: LocalQuantities,
    columns: Vec<Columns>,
    row: Box<RowSums>,
}

impl<const W: usize> Default for SeparableSums<W> {
    fn default() -> Self {
        SeparableSums { lanes: Box::new([[Lane::default(); W]; W]), pairs: 0, patch: Patch::default() }
    }
}

impl<const W: usize> SeparableSums<W> {
    /// Number of physical parameters.
    const P: usize = W - 3;
    /// Whether there are quantities that act through c.
    const HAS_C: bool = Self::P > THROUGH_H;

    /// Begins a patch whose later frames lie in `groups`, measured from the frame `reference`.
    #[inline(always)]
    pub fn begin<S: Simd, T: Want, M: PairModel>(
        &mut self,
        simd: S,
        model: &M,
        groups: Range<usize>,
        reference: usize,
    ) {
        if T::DEPTH == Depth::Cost {
            return;
        }
        let patch = &mut self.patch;
        patch.columns.clear();
        patch.columns.resize(groups.len(), [Lane::default(); 7]);
        patch.local.measure(simd, model, groups, reference);
    }

    /// Adds pairs of one row.
    #[inline(always)]
    pub fn add_run<S: Simd, T: Want, M: PairModel>(&mut self, simd: S, model: &M, run: &Run, pairs: &[PairGroup]) {
        let Patch { local, columns, row } = &mut self.patch;
        if T::DEPTH == Depth::Cost {
            row.sum_cost::<S, T>(simd, pairs);
        } else {
            let skipped = local.place(run.groups().start);
            let frames = &mut Frames { pairs, local: &local.groups()[skipped..], columns: &mut columns[skipped..] };
            if Self::HAS_C {
                row.sum::<S, T, true>(simd, frames);
            } else {
                row.sum::<S, T, false>(simd, frames);
            }
        }
        let before = local.before(model, run.row);
        for v in 0..LANES / S::F64_LANES {
            self.take_row::<S, T>(simd, &before, v);
        }
    }

    /// Adds the sums of y and y^2 of some pairs, the sum of their squared weights, and their number.
    #[inline(always)]
    pub fn add_values(&mut self, values: &[Lane; 2], ones: f64, pairs: u64) {
        for (sum, row) in values.iter().zip([W - 2, W - 1]) {
            for (lane, value) in self.lanes[row][W - 1].0.iter_mut().zip(sum.0) {
                *lane += value;
            }
        }
        self.lanes[W - 2][W - 2].0[0] += ones;
        self.pairs += pairs;
    }

    /// The row's part of all products.
    #[inline(always)]
    fn take_row<S: Simd, T: Want>(&mut self, simd: S, before: &[f64; QUANTITIES], v: usize) {
        let (p, lanes, row) = (Self::P, &mut self.lanes, &self.patch.row);
        lanes[p][p].add(simd, v, row.u[0].load::<S>(v));
        lanes[p][p + 1].add(simd, v, row.plain[0].load::<S>(v));
        lanes[p][p + 2].add(simd, v, row.plain[1].load::<S>(v));
        if T::DEPTH == Depth::Cost {
            return;
        }
        let mut own = [simd.splat_f64s(0.0); QUANTITIES];
        for k in 0..QUANTITIES {
            own[k] = simd.splat_f64s(before[k]);
        }
        for k in 0..Self::P {
            let factors = match k < THROUGH_H {
                true => [&row.u[0], &row.plain[0], &row.plain[1]],
                false => [&row.v[0], &row.plain[2], &row.plain[3]],
            };
            for (lane, factor) in lanes[k][p..].iter_mut().zip(factors) {
                lane.store::<S>(v, simd.mul_add_f64s(own[k], factor.load::<S>(v), lane.load::<S>(v)));
            }
        }
        if T::DEPTH == Depth::Normal {
            self.take_row_squares(simd, &own, v);
        }
    }

    /// The row's part of the products of two derivatives.
    // Three loops of fixed length, so that they are unrolled.
    #[inline(always)]
    #[allow(clippy::needless_range_loop)]
    fn take_row_squares<S: Simd>(&mut self, simd: S, own: &[S::f64s; QUANTITIES], v: usize) {
        let (lanes, RowSums { u, v: mixed, w, .. }) = (&mut self.lanes, &*self.patch.row);
        for k in 0..THROUGH_H {
            let right = simd.mul_add_f64s(own[k], u[0].load::<S>(v), u[1 + k].load::<S>(v));
            for l in k..THROUGH_H {
                let both = simd.mul_add_f64s(own[k], u[1 + l].load::<S>(v), simd.mul_f64s(own[l], right));
                lanes[k][l].add(simd, v, both);
            }
        }
        if !Self::HAS_C {
            return;
        }
        for k in 0..THROUGH_H {
            let right = simd.mul_add_f64s(own[k], mixed[0].load::<S>(v), mixed[1 + k].load::<S>(v));
            for l in THROUGH_H..QUANTITIES {
                let both = simd.mul_add_f64s(own[k], mixed[1 + l].load::<S>(v), simd.mul_f64s(own[l], right));
                lanes[k][l].add(simd, v, both);
            }
        }
        for k in 0..THROUGH_C {
            let (own_k, row) = (own[THROUGH_H + k], THROUGH_H + k);
            let right = simd.mul_add_f64s(own_k, w[0].load::<S>(v), w[1 + k].load::<S>(v));
            for l in k..THROUGH_C {
                let with_l = simd.mul_f64s(own[THROUGH_H + l], right);
                let both = simd.mul_add_f64s(own_k, w[1 + l].load::<S>(v), with_l);
                lanes[row][THROUGH_H + l].add(simd, v, both);
            }
        }
    }

    /// Ends a patch: the part of all products that depends on the later frame alone.
    #[inline(always)]
    pub fn end<S: Simd, T: Want>(&mut self, simd: S) {
        if T::DEPTH == Depth::Cost {
            return;
        }
        for v in 0..LANES / S::F64_LANES {
            self.end_part::<S, T, THROUGH_H, 0>(simd, v);
            if Self::HAS_C {
                self.end_part::<S, T, THROUGH_C, THROUGH_H>(simd, v);
                if T::DEPTH == Depth::Normal {
                    self.end_mixed(simd, v);
                }
            }
        }
    }

    /// Quantities `FIRST..FIRST + N` with each other and with h, 1, y.
    #[inline(always)]
    #[allow(clippy::needless_range_loop)]
    fn end_part<S: Simd, T: Want, const N: usize, const FIRST: usize>(&mut self, simd: S, v: usize) {
        let zero = simd.splat_f64s(0.0);
        let (mut squares, mut others) = ([[zero; N]; N], [[zero; 3]; N]);
        // u, h, h y; or w and v, c, c y.
        let (square, other) = if FIRST == 0 { (0, 0) } else { (6, 3) };
        for (local, column) in self.patch.local.groups().iter().zip(&self.patch.columns) {
            for k in 0..N {
                let own = local[FIRST + k].load::<S>(v);
                for l in 0..3 {
                    others[k][l] = simd.mul_add_f64s(own, column[other + l].load::<S>(v), others[k][l]);
                }
                if T::DEPTH == Depth::Normal {
                    let times = simd.mul_f64s(own, column[square].load::<S>(v));
                    for l in k..N {
                        squares[k][l] = simd.mul_add_f64s(times, local[FIRST + l].load::<S>(v), squares[k][l]);
                    }
                }
            }
        }
        let p = Self::P;
        for k in 0..N {
            for l in 0..3 {
                self.lanes[FIRST + k][p + l].add(simd, v, others[k][l]);
            }
            for l in if T::DEPTH == Depth::Normal { k..N } else { 0..0 } {
                self.lanes[FIRST + k][FIRST + l].add(simd, v, squares[k][l]);
            }
        }
    }

    /// Quantities that act through h with those that act through c.
    #[inline(always)]
    #[allow(clippy::needless_range_loop)]
    fn end_mixed<S: Simd>(&mut self, simd: S, v: usize) {
        let mut sums = [[simd.splat_f64s(0.0); THROUGH_C]; THROUGH_H];
        for (local, column) in self.patch.local.groups().iter().zip(&self.patch.columns) {
            for k in 0..THROUGH_H {
                let times = simd.mul_f64s(local[k].load::<S>(v), column[3].load::<S>(v));
                for l in 0..THROUGH_C {
                    sums[k][l] = simd.mul_add_f64s(times, local[THROUGH_H + l].load::<S>(v), sums[k][l]);
                }
            }
        }
        for k in 0..THROUGH_H {
            for l in 0..THROUGH_C {
                self.lanes[k][THROUGH_H + l].add(simd, v, sums[k][l]);
            }
        }
    }

    /// The sums so far, lanes added in a fixed order, derivatives times their factors.
    #[must_use]
    pub fn finish(&self, factors: &[f64; QUANTITIES]) -> Gram {
        let entries = (0..W).flat_map(|row| (row..W).map(move |col| (row, col)));
        let sums = entries.map(|(row, col)| self.lanes[row][col].sum());
        Gram::from_packed(W, sums.collect(), self.pairs).with_factors(&factors[..Self::P])
    }
}
