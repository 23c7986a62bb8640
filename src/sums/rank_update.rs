//! Adds the rows of a tile to lane sums of `v v^T`, for pairs that lie too far apart for [`crate::sums::separable`]. It
//! knows neither data nor physics.
//!
//! Row r belongs to lane r mod 8 whatever the vector width, so AVX-512, AVX2 and plain code add the same numbers in
//! the same order and give the same bits. Products are formed in blocks of columns that fit the vector registers.

use crate::parameters::scaling::AngleScaling;
use crate::sums::gram::Gram;
use crate::sums::packed::{packed_index, packed_len};
use crate::sums::pairs::{LANES, Lane, PairGroup, QUANTITIES, THROUGH_H};
use crate::sums::tile::Tile;
use pulp::Simd;

/// Which products of the rows are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// Only the six sums of `[h, 1, y]`.
    Cost,
    /// Also every `dh` with `[h, 1, y]`.
    Gradient,
    /// Everything.
    Normal,
}

/// Running sums of `v v^T` over rows of width `W`, in eight lanes per entry.
#[derive(Debug)]
pub struct LaneSums<const W: usize> {
    lanes: Vec<Lane>,
}

impl<const W: usize> Default for LaneSums<W> {
    fn default() -> Self {
        LaneSums { lanes: vec![Lane::default(); packed_len(W)] }
    }
}

/// The rows of one tile and the instructions to use.
struct Update<'a, S, const W: usize> {
    simd: S,
    groups: &'a [[Lane; W]],
}

impl<const W: usize> LaneSums<W> {
    /// Adds the rows of `tile`.
    #[inline(always)]
    pub fn add_tile<S: Simd>(&mut self, simd: S, tile: &Tile<W>, depth: Depth) {
        let update = Update { simd, groups: tile.filled() };
        match (depth, W) {
            (Depth::Cost, _) => self.triangle::<S, 3>(&update, W - 3),
            (Depth::Gradient, _) => self.gradient(&update),
            (Depth::Normal, 10) => self.normal_of_seven(&update),
            (Depth::Normal, _) => self.normal_of_three(&update),
        }
    }

    /// P = 7 (laminar flow): two triangles of five columns and the products between them. Fifteen sums or more at a time keep
    /// both multipliers busy, and twenty-five still fit the registers of AVX-512.
    #[inline(always)]
    fn normal_of_seven<S: Simd>(&mut self, update: &Update<'_, S, W>) {
        self.triangle::<S, 5>(update, 0);
        if S::F64_LANES >= LANES {
            self.square::<S, 5, 5>(update, 0, 5);
        } else {
            self.square::<S, 2, 5>(update, 0, 5);
            self.square::<S, 2, 5>(update, 2, 5);
            self.square::<S, 1, 5>(update, 4, 5);
        }
        self.triangle::<S, 5>(update, 5);
    }

    /// P = 3 (static): two blocks.
    #[inline(always)]
    fn normal_of_three<S: Simd>(&mut self, update: &Update<'_, S, W>) {
        self.triangle::<S, 3>(update, 0);
        self.square::<S, 3, 3>(update, 0, 3);
        self.triangle::<S, 3>(update, 3);
    }

    #[inline(always)]
    fn gradient<S: Simd>(&mut self, update: &Update<'_, S, W>) {
        let p = W - 3;
        self.triangle::<S, 3>(update, p);
        for k in (0..p - p % 2).step_by(2) {
            self.square::<S, 2, 3>(update, k, p);
        }
        if p % 2 == 1 {
            self.square::<S, 1, 3>(update, p - 1, p);
        }
    }

    #[inline(always)]
    fn triangle<S: Simd, const N: usize>(&mut self, update: &Update<'_, S, W>, first: usize) {
        for v in 0..LANES / S::F64_LANES {
            let sums = update.products::<N, N, true>(first, first, v);
            for (r, sums) in sums.iter().enumerate() {
                for (c, &sum) in sums.iter().enumerate().skip(r) {
                    self.store::<S>(update.simd, (first + r, first + c), v, sum);
                }
            }
        }
    }

    #[inline(always)]
    fn square<S: Simd, const R: usize, const C: usize>(&mut self, update: &Update<'_, S, W>, row: usize, col: usize) {
        for v in 0..LANES / S::F64_LANES {
            let sums = update.products::<R, C, false>(row, col, v);
            for (r, sums) in sums.iter().enumerate() {
                for (c, &sum) in sums.iter().enumerate() {
                    self.store::<S>(update.simd, (row + r, col + c), v, sum);
                }
            }
        }
    }

    /// Adds, of some groups of pairs, what the gradient of a cost at one scaling needs: `h h`, `h 1`, `h y`, and, in the place of `dh y`, dh
    /// times the residual `y - contrast h - offset`; `differences` are those of the quantities of every group, without their factors.
    /// One vector of residuals takes the place of three columns.
    // Plain loops, as above.
    #[inline(always)]
    #[allow(clippy::needless_range_loop)]
    pub fn add_slopes<S: Simd>(
        &mut self,
        simd: S,
        pairs: &[PairGroup],
        differences: &[&[Lane; QUANTITIES]],
        at: AngleScaling,
    ) {
        let (zero, p) = (simd.splat_f64s(0.0), W - 3);
        let (contrast, offset) = (simd.splat_f64s(at.contrast), simd.splat_f64s(at.offset_less_one));
        for v in 0..LANES / S::F64_LANES {
            let (mut by_parameter, mut with_h) = ([zero; QUANTITIES], [zero; 3]);
            for k in 0..pairs.len() {
                let (h, one, y) = (pairs[k].h.load::<S>(v), pairs[k].one.load::<S>(v), pairs[k].y.load::<S>(v));
                let rest = simd.negate_mul_add_f64s(contrast, h, simd.negate_mul_add_f64s(offset, one, y));
                let (through_h, through_c) = (simd.mul_f64s(h, rest), simd.mul_f64s(pairs[k].c.load::<S>(v), rest));
                for q in 0..p {
                    let through = if q < THROUGH_H { through_h } else { through_c };
                    by_parameter[q] = simd.mul_add_f64s(through, differences[k][q].load::<S>(v), by_parameter[q]);
                }
                with_h[0] = simd.mul_add_f64s(h, h, with_h[0]);
                with_h[1] = simd.mul_add_f64s(h, one, with_h[1]);
                with_h[2] = simd.mul_add_f64s(h, y, with_h[2]);
            }
            for q in 0..p {
                self.store::<S>(simd, (q, p + 2), v, by_parameter[q]);
            }
            for q in 0..3 {
                self.store::<S>(simd, (p, p + q), v, with_h[q]);
            }
        }
    }

    #[inline(always)]
    fn store<S: Simd>(&mut self, simd: S, entry: (usize, usize), v: usize, sum: S::f64s) {
        let lane = &mut self.lanes[packed_index(W, entry.0, entry.1)];
        lane.store::<S>(v, simd.add_f64s(lane.load::<S>(v), sum));
    }

    /// The sums so far, of `pairs` pairs, lanes added in a fixed order.
    #[must_use]
    pub fn finish(&self, pairs: u64) -> Gram {
        Gram::from_packed(W, self.lanes.iter().map(Lane::sum).collect(), pairs)
    }
}

impl<S: Simd, const W: usize> Update<'_, S, W> {
    /// Products of columns `row..row+R` with `col..col+C`, summed over vector `v` of every group.
    // Plain loops, not closures: what is not inlined here would lose its vector instructions.
    #[inline(always)]
    #[allow(clippy::needless_range_loop)]
    fn products<const R: usize, const C: usize, const UPPER: bool>(
        &self,
        row: usize,
        col: usize,
        v: usize,
    ) -> [[S::f64s; C]; R] {
        let zero = self.simd.splat_f64s(0.0);
        let mut sums = [[zero; C]; R];
        for group in self.groups {
            let mut right = [zero; C];
            for c in 0..C {
                right[c] = group[col + c].load::<S>(v);
            }
            for r in 0..R {
                let left = if UPPER { right[r % C] } else { group[row + r].load::<S>(v) };
                for c in if UPPER { r } else { 0 }..C {
                    sums[r][c] = self.simd.mul_add_f64s(left, right[c], sums[r][c]);
                }
            }
        }
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sums::tile::tests::tile_of;

    struct Sum<'a, const W: usize>(&'a Tile<W>, Depth);
    impl<const W: usize> pulp::WithSimd for Sum<'_, W> {
        type Output = Gram;
        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) -> Gram {
            let mut sums = LaneSums::default();
            sums.add_tile(simd, self.0, self.1);
            sums.finish(203)
        }
    }

    fn check<const W: usize>() {
        let tile = tile_of::<W>(203, 0);
        let fast = pulp::Arch::new().dispatch(Sum(&tile, Depth::Normal));
        let plain = pulp::Scalar::new().vectorize(Sum(&tile, Depth::Normal));
        assert_eq!(fast, plain);
        for row in 0..W {
            for col in row..W {
                let slow: f64 = tile.column(row).iter().zip(tile.column(col)).map(|(a, b)| a * b).sum();
                assert!((fast.get(row, col) - slow).abs() < 1e-12, "{row} {col}");
            }
        }
    }

    #[test]
    fn rank_update_equals_the_plain_sums_and_has_the_same_bits_at_every_level() {
        check::<6>();
        check::<10>();
    }

    #[test]
    fn depths_are_subsets_of_each_other() {
        let tile = tile_of::<10>(256, 0);
        let normal = pulp::Arch::new().dispatch(Sum(&tile, Depth::Normal));
        let gradient = pulp::Arch::new().dispatch(Sum(&tile, Depth::Gradient));
        let cost = pulp::Arch::new().dispatch(Sum(&tile, Depth::Cost));
        for k in 0..7 {
            assert_eq!(gradient.dh_h(k), normal.dh_h(k));
            assert_eq!(gradient.dh_y(k), normal.dh_y(k));
            assert_eq!(gradient.get(k, k), 0.0);
        }
        assert_eq!((cost.hh(), cost.h1(), cost.yy()), (normal.hh(), normal.h1(), normal.yy()));
    }
}
