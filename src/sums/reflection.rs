//! The inner loop of the block QR: folds the rows of a tile into a triangular factor. It knows neither data nor physics,
//! and is compared with the slow twin in [`crate::sums::factor`].
//!
//! Column by column: one pass over the tile for the products with every later column, one to reflect them. Row r belongs
//! to lane r mod 8 whatever the vector width, so that every instruction set gives the same bits.

use crate::sums::factor::{Factor, Mirror};
use crate::sums::packed::{packed_index, packed_len};
use crate::sums::pairs::{LANES, Lane};
use crate::sums::tile::Tile;
use pulp::Simd;

/// The factor of all tiles so far.
#[derive(Debug)]
pub struct FactorSums<const W: usize> {
    packed: Vec<f64>,
}

impl<const W: usize> Default for FactorSums<W> {
    fn default() -> Self {
        FactorSums { packed: vec![0.0; packed_len(W)] }
    }
}

impl<const W: usize> FactorSums<W> {
    /// Folds the rows of `tile` in; their columns are overwritten.
    #[inline(always)]
    pub fn add_tile<S: Simd>(&mut self, simd: S, tile: &mut Tile<W>) {
        let groups = tile.filled_mut();
        // One call per column, so that the number of later columns is known to the compiler.
        self.reflect::<S, 0>(simd, groups);
        self.reflect::<S, 1>(simd, groups);
        self.reflect::<S, 2>(simd, groups);
        self.reflect::<S, 3>(simd, groups);
        self.reflect::<S, 4>(simd, groups);
        self.reflect::<S, 5>(simd, groups);
        self.reflect::<S, 6>(simd, groups);
        self.reflect::<S, 7>(simd, groups);
        self.reflect::<S, 8>(simd, groups);
        self.reflect::<S, 9>(simd, groups);
    }

    /// Eliminates column `K` of the tile.
    #[inline(always)]
    fn reflect<S: Simd, const K: usize>(&mut self, simd: S, groups: &mut [[Lane; W]]) {
        if K >= W {
            return;
        }
        let dots = products::<S, W, K>(simd, groups);
        let diagonal = packed_index(W, K, K);
        let Some(mirror) = Mirror::new(self.packed[diagonal], dots[K]) else { return };
        self.packed[diagonal] = mirror.diagonal;
        let mut factors = [0.0; W];
        for col in K + 1..W {
            let entry = packed_index(W, K, col);
            factors[col] = mirror.factor(self.packed[entry], dots[col]);
            self.packed[entry] -= factors[col] * mirror.head;
        }
        subtract::<S, W, K>(simd, groups, &factors);
    }

    /// The factor so far, of `pairs` pairs.
    #[must_use]
    pub fn finish(self, pairs: u64) -> Factor {
        Factor::from_packed(W, self.packed, pairs)
    }
}

/// Products of column `K` with itself and every later column.
// Plain loops, not closures: what is not inlined here would lose its vector instructions.
#[inline(always)]
#[allow(clippy::needless_range_loop)]
fn products<S: Simd, const W: usize, const K: usize>(simd: S, groups: &[[Lane; W]]) -> [f64; W] {
    let mut lanes = [Lane::default(); W];
    for v in 0..LANES / S::F64_LANES {
        let mut sums = [simd.splat_f64s(0.0); W];
        for group in groups {
            let left = group[K].load::<S>(v);
            for col in K..W {
                sums[col] = simd.mul_add_f64s(left, group[col].load::<S>(v), sums[col]);
            }
        }
        for col in K..W {
            lanes[col].store::<S>(v, sums[col]);
        }
    }
    let mut dots = [0.0; W];
    for col in K..W {
        dots[col] = lanes[col].sum();
    }
    dots
}

/// Takes `factors[col]` times column `K` off every later column.
#[inline(always)]
#[allow(clippy::needless_range_loop)]
fn subtract<S: Simd, const W: usize, const K: usize>(simd: S, groups: &mut [[Lane; W]], factors: &[f64; W]) {
    let mut minus = [simd.splat_f64s(0.0); W];
    for col in K + 1..W {
        minus[col] = simd.splat_f64s(-factors[col]);
    }
    for group in groups {
        for v in 0..LANES / S::F64_LANES {
            let left = group[K].load::<S>(v);
            for col in K + 1..W {
                let reflected = simd.mul_add_f64s(left, minus[col], group[col].load::<S>(v));
                group[col].store::<S>(v, reflected);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sums::tile::tests::tile_of;

    struct Fold<const W: usize>(Vec<Tile<W>>);
    impl<const W: usize> pulp::WithSimd for Fold<W> {
        type Output = Factor;
        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) -> Factor {
            let mut sums = FactorSums::default();
            for mut tile in self.0 {
                sums.add_tile(simd, &mut tile);
            }
            sums.finish(272)
        }
    }

    fn check<const W: usize>() {
        let tiles = || vec![tile_of::<W>(203, 0), tile_of::<W>(64, 1), tile_of::<W>(5, 2)];
        let fast = pulp::Arch::new().dispatch(Fold(tiles()));
        assert_eq!(fast, pulp::Scalar::new().vectorize(Fold(tiles())));
        let mut slow = Factor::zero(W);
        for tile in tiles() {
            let columns: Vec<Vec<f64>> = (0..W).map(|k| tile.column(k)).collect();
            slow.add_rows(
                (0..columns[0].len()).map(|row| columns.iter().map(|column| column[row]).collect()).collect(),
            );
        }
        for row in 0..W {
            for col in row..W {
                assert!((fast.get(row, col) - slow.get(row, col)).abs() < 1e-12, "{row} {col}");
            }
        }
    }

    #[test]
    fn tiles_fold_as_the_slow_twin_folds_rows_and_have_the_same_bits_at_every_level() {
        check::<6>();
        check::<10>();
    }
}
