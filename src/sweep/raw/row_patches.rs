//! Patches of pairs into rows `[dh/dtheta .., h, 1, y]`, and what they become: a triangular factor, or rows in memory. It
//! evaluates no model and reads no value.

use crate::store::block::pair_position;
use crate::sums::factor::Factor;
use crate::sums::loss::Reweighing;
use crate::sums::pairs::{LANES, Lane, PairModel};
use crate::sums::reflection::FactorSums;
use crate::sums::tile::Tile;
use crate::sweep::raw::patches::PatchSums;
use crate::sweep::raw::values::{FilledRun, reweigh};
use ndarray::Array2;
use pulp::Simd;

/// Into a triangular factor.
pub struct IntoFactor<const W: usize> {
    tile: Tile<W>,
    sums: FactorSums<W>,
    reweighing: Option<Reweighing>,
    loss: Lane,
    pairs: u64,
}

impl<const W: usize> IntoFactor<W> {
    /// Of no pairs yet.
    #[must_use]
    pub fn new(reweighing: Option<Reweighing>) -> Self {
        let (tile, sums) = (Tile::default(), FactorSums::default());
        IntoFactor { tile, sums, reweighing, loss: Lane::default(), pairs: 0 }
    }

    #[inline(always)]
    fn flush<S: Simd>(&mut self, simd: S) {
        self.sums.add_tile(simd, &mut self.tile);
        self.tile.clear();
    }

    /// The factor.
    #[must_use]
    pub fn finish(self) -> Factor {
        self.sums.finish(self.pairs).with_loss(self.loss.sum())
    }
}

impl<const W: usize> PatchSums for IntoFactor<W> {
    const CHANGES: bool = true;
    const SURVEYED: bool = false;

    #[inline(always)]
    fn take_run<S: Simd, M: PairModel>(&mut self, simd: S, model: &M, mut filled: FilledRun<'_>) {
        self.pairs += filled.fill_ones(simd);
        let FilledRun { run, groups, .. } = filled;
        if let Some(reweighing) = self.reweighing {
            reweigh(simd, &reweighing, groups, &mut self.loss);
        }
        // A tile costs as much half full as full: runs are cut where it ends.
        let (mut first, mut rest) = (run.groups().start, &*groups);
        while !rest.is_empty() {
            if self.tile.free() == 0 {
                self.flush(simd);
            }
            let (now, later) = rest.split_at(rest.len().min(self.tile.free()));
            self.tile.push(simd, model, run.row, first, now);
            first += now.len();
            rest = later;
        }
    }

    #[inline(always)]
    fn end_block<S: Simd>(&mut self, simd: S) {
        self.flush(simd);
    }
}

/// Into rows in memory, times a map; pairs that do not count stay zero.
pub struct IntoRows<'a, const W: usize> {
    /// W rows, one column per column of the result.
    pub map: &'a Array2<f64>,
    /// Number of frames.
    pub n_frames: usize,
    /// Position of the block's first pair.
    pub first_pair: usize,
    /// The loss, if there is one.
    pub reweighing: Option<Reweighing>,
    /// Row by row.
    pub rows: Vec<f64>,
    /// The rows of one run.
    pub tile: Tile<W>,
}

impl<const W: usize> PatchSums for IntoRows<'_, W> {
    const CHANGES: bool = true;
    const SURVEYED: bool = false;

    #[inline(always)]
    fn take_run<S: Simd, M: PairModel>(&mut self, simd: S, model: &M, mut filled: FilledRun<'_>) {
        filled.fill_ones(simd);
        let FilledRun { run, groups, .. } = filled;
        if let Some(reweighing) = self.reweighing {
            reweigh(simd, &reweighing, groups, &mut Lane::default());
        }
        self.tile.clear();
        self.tile.push(simd, model, run.row, run.groups().start, groups);
        let (n, base) = (self.map.ncols(), run.groups().start * LANES);
        for frame in run.frames.clone() {
            let (group, lane) = ((frame - base) / LANES, frame % LANES);
            let position = pair_position(self.n_frames, run.row, frame) - self.first_pair;
            let row = &mut self.rows[position * n..(position + 1) * n];
            for (k, column) in self.tile.filled()[group].iter().enumerate() {
                for (value, factor) in row.iter_mut().zip(self.map.row(k)) {
                    *value += column.0[lane] * factor;
                }
            }
        }
    }
}
