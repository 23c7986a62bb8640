//! The work on one block, by what is wanted of it. It starts no thread.

use crate::loss::Reweighing;
use crate::normal::factor::Factor;
use crate::normal::gram::Gram;
use crate::normal::rank_update::{Depth, LaneSums};
use crate::normal::residuals::ResidualSums;
use crate::normal::symmetric::Matrix;
use crate::rows::RowModel;
use crate::sweep::accumulate::{IntoFactor, IntoGram, IntoResiduals, IntoRows};
use crate::sweep::evaluate::{BlockPass, FrameGroups, Pairs};
use crate::sweep::level::SimdLevel;

/// What is made of a block.
pub trait BlockWork: Sync {
    /// The result.
    type Output: Send;

    /// Works on the pairs of a block with the model's rows of its angle.
    fn on<R: RowModel<W>, const W: usize>(&self, level: SimdLevel, rows: &R, pairs: Pairs<'_>) -> Self::Output;
}

/// The loss of every angle, if there is one.
type Weights<'a> = &'a (dyn Fn(usize) -> Option<Reweighing> + Sync);

/// A Gram matrix.
pub struct GramWork<'a> {
    /// Which products are wanted.
    pub depth: Depth,
    /// The loss of every angle.
    pub reweighing: Weights<'a>,
}

impl BlockWork for GramWork<'_> {
    type Output = Gram;

    fn on<R: RowModel<W>, const W: usize>(&self, level: SimdLevel, rows: &R, pairs: Pairs<'_>) -> Gram {
        let into = IntoGram { sums: LaneSums::<W>::default(), depth: self.depth };
        let reweighing = (self.reweighing)(pairs.block.angle);
        let derivatives = self.depth != Depth::Cost;
        let (into, loss) = level.run(BlockPass { rows, pairs, derivatives, reweighing, into });
        into.sums.finish().with_loss(loss)
    }
}

/// A triangular factor.
pub struct FactorWork<'a> {
    /// The loss of every angle.
    pub reweighing: Weights<'a>,
}

impl BlockWork for FactorWork<'_> {
    type Output = Factor;

    fn on<R: RowModel<W>, const W: usize>(&self, level: SimdLevel, rows: &R, pairs: Pairs<'_>) -> Factor {
        let reweighing = (self.reweighing)(pairs.block.angle);
        let into = IntoFactor::<W>::default();
        let (into, loss) = level.run(BlockPass { rows, pairs, derivatives: true, reweighing, into });
        into.sums.finish().with_loss(loss)
    }
}

/// The rows themselves, times the map of their angle.
pub struct RowsWork<'a> {
    /// One map per angle.
    pub maps: &'a [Matrix],
    /// The loss of every angle.
    pub reweighing: Weights<'a>,
}

impl BlockWork for RowsWork<'_> {
    type Output = Vec<f64>;

    fn on<R: RowModel<W>, const W: usize>(&self, level: SimdLevel, rows: &R, pairs: Pairs<'_>) -> Vec<f64> {
        let block = pairs.block;
        let map = &self.maps[block.angle];
        let into = IntoRows {
            map,
            n_frames: pairs.n_frames,
            first_pair: block.first_pair,
            rows: vec![0.0; block.values.len() * map.n_cols],
        };
        let reweighing = (self.reweighing)(block.angle);
        level.run(BlockPass { rows, pairs, derivatives: true, reweighing, into }).0.rows
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

    fn on<R: RowModel<W>, const W: usize>(&self, level: SimdLevel, rows: &R, pairs: Pairs<'_>) -> ResidualSums {
        let reweighing = self.reweighing[pairs.block.angle];
        let into = IntoResiduals { reweighing, groups: self.groups, sums: (self.zero)() };
        level.run(BlockPass { rows, pairs, derivatives: true, reweighing: None, into }).0.sums
    }
}
