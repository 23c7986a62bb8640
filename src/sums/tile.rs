//! A small tile of rows `[dh/dtheta_1 .. dh/dtheta_P, h, 1, y]`, for what needs rows one by one: block QR, rows in memory,
//! scattered pairs. It knows no physics and no sums.
//!
//! Rows come in groups of eight, and a group stores its columns one after the other, each on a cache line of its own.

use crate::sums::pairs::{CELL_FRAMES, LANES, Lane, PairGroup, PairModel, QUANTITIES, THROUGH_H};
use pulp::Simd;

/// Rows in a full tile: at least those of the longest run.
const TILE_ROWS: usize = CELL_FRAMES;

/// Rows of width `W` = P + 3.
#[derive(Debug)]
pub struct Tile<const W: usize> {
    groups: Vec<[Lane; W]>,
    filled: usize,
}

impl<const W: usize> Default for Tile<W> {
    fn default() -> Self {
        Tile { groups: vec![[Lane::default(); W]; TILE_ROWS / LANES], filled: 0 }
    }
}

impl<const W: usize> Tile<W> {
    /// Groups still free.
    #[inline(always)]
    #[must_use]
    pub fn free(&self) -> usize {
        self.groups.len() - self.filled
    }

    /// The filled groups.
    #[inline(always)]
    #[must_use]
    pub fn filled(&self) -> &[[Lane; W]] {
        &self.groups[..self.filled]
    }

    /// The filled groups, to be changed.
    #[inline(always)]
    pub fn filled_mut(&mut self) -> &mut [[Lane; W]] {
        &mut self.groups[..self.filled]
    }

    /// The next `count` groups, which count as filled from now on.
    #[inline(always)]
    pub fn next(&mut self, count: usize) -> &mut [[Lane; W]] {
        let start = self.filled;
        self.filled += count;
        &mut self.groups[start..self.filled]
    }

    /// Forgets all rows.
    #[inline(always)]
    pub fn clear(&mut self) {
        self.filled = 0;
    }

    /// Appends the rows of pairs (row, j), from the frames of group `first_group` on; they must fit.
    #[inline(always)]
    #[allow(clippy::needless_range_loop)]
    pub fn push<S: Simd, M: PairModel>(
        &mut self,
        simd: S,
        model: &M,
        row: usize,
        first_group: usize,
        pairs: &[PairGroup],
    ) {
        let mut own = [simd.splat_f64s(0.0); QUANTITIES];
        let mut factors = own;
        for (k, (quantity, factor)) in model.quantities_at(row).into_iter().zip(model.factors()).enumerate() {
            own[k] = simd.splat_f64s(quantity);
            factors[k] = simd.splat_f64s(factor);
        }
        for (k, (rows, pair)) in self.next(pairs.len()).iter_mut().zip(pairs).enumerate() {
            let quantities = model.quantities(first_group + k);
            for v in 0..LANES / S::F64_LANES {
                let mut differences = [simd.splat_f64s(0.0); QUANTITIES];
                for k in 0..W - 3 {
                    let between = simd.sub_f64s(quantities[k].load::<S>(v), own[k]);
                    // Without c all factors are 1.
                    differences[k] = if M::HAS_C { simd.mul_f64s(between, factors[k]) } else { between };
                }
                write_rows(simd, pair, &differences, rows, v);
            }
        }
    }

    /// Column `k` of the filled rows.
    #[must_use]
    pub fn column(&self, k: usize) -> Vec<f64> {
        self.filled().iter().flat_map(|group| group[k].0).collect()
    }
}

/// Vector `v` of eight rows, from the pairs and the differences of their quantities.
#[inline(always)]
pub fn write_rows<S: Simd, const W: usize>(
    simd: S,
    pair: &PairGroup,
    differences: &[S::f64s; QUANTITIES],
    rows: &mut [Lane; W],
    v: usize,
) {
    let (h, c) = (pair.h.load::<S>(v), pair.c.load::<S>(v));
    for k in 0..W - 3 {
        let through = if k < THROUGH_H { h } else { c };
        rows[k].store::<S>(v, simd.mul_f64s(through, differences[k]));
    }
    rows[W - 3].store::<S>(v, h);
    rows[W - 2].store::<S>(v, pair.one.load::<S>(v));
    rows[W - 1].store::<S>(v, pair.y.load::<S>(v));
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A tile of made-up rows.
    pub(crate) fn tile_of<const W: usize>(rows: usize, seed: usize) -> Tile<W> {
        let mut tile = Tile::default();
        let groups = tile.next(rows.div_ceil(LANES));
        for row in 0..rows {
            for (k, column) in groups[row / LANES].iter_mut().enumerate() {
                column.0[row % LANES] = ((row * 31 + k * k * 17 + seed * 7) % 101) as f64 / 101.0 - 0.4;
            }
        }
        tile
    }
}
