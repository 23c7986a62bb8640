//! Sums over pairs that stand anywhere, each with a weight: for samples and for condensed data. It holds no values.

use crate::model::scattered_pairs::ScatteredAngle;
use crate::parameters::scaling::AngleScaling;
use crate::sums::gram::Gram;
use crate::sums::loss::Reweighing;
use crate::sums::pairs::{LANES, Lane, PairGroup, QUANTITIES};
use crate::sums::rank_update::{Depth, LaneSums};
use crate::sums::tile::{Tile, write_rows};
use crate::sweep::raw::values::reweigh;
use pulp::{Simd, WithSimd};
use std::ops::Range;

/// The values of pairs, eight at a time: the root of the weight of each, and y times it; both zero where a pair does not count.
#[derive(Debug, Clone, Copy)]
pub struct Weighted<'a> {
    /// Roots of weights.
    pub roots: &'a [Lane],
    /// y times them.
    pub values: &'a [Lane],
}

/// Sums of one angle on their way.
#[derive(Debug, Default)]
pub struct PairSums<const W: usize> {
    sums: LaneSums<W>,
    tile: Tile<W>,
    loss: Lane,
}

impl<const W: usize> PairSums<W> {
    /// Of so many pairs, derivatives times the factors of their angle.
    #[must_use]
    pub fn finish(&self, pairs: u64, factors: &[f64; QUANTITIES]) -> Gram {
        self.sums.finish(pairs).with_factors(&factors[..W - 3]).with_loss(self.loss.sum())
    }
}

/// Some groups of eight pairs at one angle and one theta, to be added.
pub struct WeightedPass<'a, const W: usize> {
    /// What the model says of all pairs.
    pub pairs: &'a ScatteredAngle<'a>,
    /// Their values.
    pub weighted: Weighted<'a>,
    /// The groups that are added.
    pub groups: Range<usize>,
    /// A robust loss.
    pub reweighing: Option<Reweighing>,
    /// Which products are wanted ..
    pub depth: Depth,
    /// .. unless it is only what the gradient of a cost at one scaling needs ([`LaneSums::add_slopes`]).
    pub slopes_at: Option<AngleScaling>,
    /// Whether groups in which h is negligible are left out: the sums of [1, y] are known then.
    pub leaves_out: bool,
    /// What they are added to.
    pub into: &'a mut PairSums<W>,
}

impl<const W: usize> WithSimd for WeightedPass<'_, W> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        if let Some(at) = self.slopes_at {
            return self.add_slopes(simd, at);
        }
        let WeightedPass { pairs, weighted, groups, reweighing, depth, leaves_out, into, .. } = self;
        let PairSums { sums, tile, loss } = into;
        for group in groups {
            if leaves_out && pairs.is_over(group) {
                continue;
            }
            let mut pair = [filled::<S, W>(simd, pairs, group, (weighted.roots[group], weighted.values[group]))];
            if let Some(reweighing) = &reweighing {
                reweigh(simd, reweighing, &mut pair, loss);
            }
            if tile.free() == 0 {
                sums.add_tile(simd, tile, depth);
                tile.clear();
            }
            let rows = &mut tile.next(1)[0];
            for v in 0..LANES / S::F64_LANES {
                let differences = match depth {
                    Depth::Cost => [simd.splat_f64s(0.0); QUANTITIES],
                    _ => pairs.differences(simd, group, v),
                };
                write_rows(simd, &pair[0], &differences, rows, v);
            }
        }
        sums.add_tile(simd, tile, depth);
        tile.clear();
    }
}

/// Groups whose slopes are added together.
const BATCH: usize = 32;
/// Of no group.
static NONE: [Lane; QUANTITIES] = [Lane([0.0; LANES]); QUANTITIES];

impl<const W: usize> WeightedPass<'_, W> {
    #[inline(always)]
    fn add_slopes<S: Simd>(self, simd: S, at: AngleScaling) {
        let WeightedPass { pairs, weighted, groups, leaves_out, into, .. } = self;
        let (mut batch, mut differences, mut count) = ([PairGroup::default(); BATCH], [&NONE; BATCH], 0);
        for group in groups {
            if leaves_out && pairs.is_over(group) {
                continue;
            }
            batch[count] = filled::<S, W>(simd, pairs, group, (weighted.roots[group], weighted.values[group]));
            differences[count] = pairs.quantities(group);
            count += 1;
            if count == BATCH {
                into.sums.add_slopes(simd, &batch, &differences, at);
                count = 0;
            }
        }
        into.sums.add_slopes(simd, &batch[..count], &differences[..count], at);
    }
}

/// Eight pairs with what the model says of them, times the roots of their weights: those that do not count have zero.
#[inline(always)]
pub fn filled<S: Simd, const W: usize>(
    simd: S,
    pairs: &ScatteredAngle<'_>,
    group: usize,
    (roots, values): (Lane, Lane),
) -> PairGroup {
    let mut pair = PairGroup { one: roots, y: values, ..PairGroup::default() };
    pairs.fill::<S, W>(simd, group, &mut pair);
    for ((h, c), root) in pair.h.0.iter_mut().zip(&mut pair.c.0).zip(roots.0) {
        *h *= root;
        *c *= root;
    }
    pair
}
