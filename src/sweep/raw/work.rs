//! The work on one block, by what is wanted of it. It starts no thread.

use crate::sums::cells::{CellQuery, CellSums};
use crate::sums::factor::Factor;
use crate::sums::gram::Gram;
use crate::sums::loss::Reweighing;
use crate::sums::objective::Query;
use crate::sums::pairs::PairModel;
use crate::sums::rank_update::Depth;
use crate::sums::residuals::{FrameGroups, ResidualSums};
use crate::sums::row_sums::Want;
use crate::sums::tile::Tile;
use crate::sweep::raw::cell_patches::IntoCells;
use crate::sweep::raw::gram_patches::{IntoGram, Wanted};
use crate::sweep::raw::patches::{Pairs, PatchPass};
use crate::sweep::raw::residual_patches::IntoResiduals;
use crate::sweep::raw::row_patches::{IntoFactor, IntoRows};
use crate::sweep::simd::SimdLevel;
use ndarray::Array2;

/// What is made of a block.
pub trait BlockWork: Sync {
    /// The result.
    type Output: Send;

    /// Works on the pairs of a block with a model whose rows have width `W` = P + 3, at the block's angle.
    fn on<M: PairModel, const W: usize>(&self, level: SimdLevel, model: &M, pairs: Pairs<'_>) -> Self::Output;
}

/// A Gram matrix.
pub struct GramWork<'a> {
    /// Which products are wanted.
    pub depth: Depth,
    /// Of whom.
    pub query: &'a Query<'a>,
}

impl BlockWork for GramWork<'_> {
    type Output = Gram;

    fn on<M: PairModel, const W: usize>(&self, level: SimdLevel, model: &M, pairs: Pairs<'_>) -> Gram {
        // Each combination is compiled by itself: nothing is decided inside the loops.
        match self.depth {
            Depth::Cost => self.at::<M, W, 0>(level, model, pairs),
            Depth::Gradient => self.at::<M, W, 1>(level, model, pairs),
            Depth::Normal => self.at::<M, W, 2>(level, model, pairs),
        }
    }
}

impl GramWork<'_> {
    fn at<M: PairModel, const W: usize, const DEPTH: u8>(&self, level: SimdLevel, model: &M, pairs: Pairs<'_>) -> Gram {
        match self.query.loss(pairs.block.angle) {
            None => sum(level, model, pairs, IntoGram::<Wanted<DEPTH, false>, W>::new(None)),
            weights => sum(level, model, pairs, IntoGram::<Wanted<DEPTH, true>, W>::new(weights)),
        }
    }
}

fn sum<M: PairModel, T: Want, const W: usize>(
    level: SimdLevel,
    model: &M,
    pairs: Pairs<'_>,
    into: IntoGram<T, W>,
) -> Gram {
    level.run(PatchPass { model, pairs, into }).finish(&model.factors())
}

/// A triangular factor.
pub struct FactorWork<'a> {
    /// Of whom.
    pub query: &'a Query<'a>,
}

impl BlockWork for FactorWork<'_> {
    type Output = Factor;

    fn on<M: PairModel, const W: usize>(&self, level: SimdLevel, model: &M, pairs: Pairs<'_>) -> Factor {
        let into = IntoFactor::<W>::new(self.query.loss(pairs.block.angle));
        level.run(PatchPass { model, pairs, into }).finish()
    }
}

/// The rows themselves, times the map of their angle.
pub struct RowsWork<'a> {
    /// One map per angle.
    pub maps: &'a [Array2<f64>],
    /// Of whom.
    pub query: &'a Query<'a>,
}

impl BlockWork for RowsWork<'_> {
    type Output = Vec<f64>;

    fn on<M: PairModel, const W: usize>(&self, level: SimdLevel, model: &M, pairs: Pairs<'_>) -> Vec<f64> {
        let block = pairs.block;
        let map = &self.maps[block.angle];
        let into = IntoRows::<W> {
            map,
            n_frames: pairs.n_frames,
            first_pair: block.first_pair,
            reweighing: self.query.loss(block.angle),
            rows: vec![0.0; block.values.len() * map.ncols()],
            tile: Tile::default(),
        };
        level.run(PatchPass { model, pairs, into }).rows
    }
}

/// Sums of residuals.
pub struct ResidualWork<'a> {
    /// Contrast, offset and loss of every angle.
    pub reweighing: &'a [Reweighing],
    /// Groups of frames.
    pub groups: &'a FrameGroups,
    /// Empty sums.
    pub zero: &'a (dyn Fn() -> ResidualSums + Sync),
}

impl BlockWork for ResidualWork<'_> {
    type Output = ResidualSums;

    fn on<M: PairModel, const W: usize>(&self, level: SimdLevel, model: &M, pairs: Pairs<'_>) -> ResidualSums {
        let into = IntoResiduals::new(self.reweighing[pairs.block.angle], self.groups, (self.zero)());
        level.run(PatchPass { model, pairs, into }).finish()
    }
}

/// Sums of residuals over cells of groups of frames.
pub struct CellWork<'a> {
    /// Which.
    pub query: &'a CellQuery<'a>,
}

impl BlockWork for CellWork<'_> {
    type Output = CellSums;

    fn on<M: PairModel, const W: usize>(&self, level: SimdLevel, model: &M, pairs: Pairs<'_>) -> CellSums {
        let (query, angle) = (self.query, pairs.block.angle);
        let into = IntoCells::new(query.scaling[angle], &query.cells[angle], query.blocks);
        level.run(PatchPass { model, pairs, into }).finish()
    }
}
