//! What rows become: a Gram matrix, a triangular factor, rows in memory, sums of residuals. It evaluates no model and reads
//! no value.

use crate::loss::Reweighing;
use crate::normal::rank_update::{Depth, LaneSums};
use crate::normal::reflection::FactorSums;
use crate::normal::residuals::{ResidualSums, lag_bin};
use crate::normal::symmetric::Matrix;
use crate::rows::{LANES, Lane, Run, Tile};
use crate::sweep::evaluate::{Accumulate, FrameGroups};
use pulp::Simd;

/// Into a Gram matrix.
pub struct IntoGram<const W: usize> {
    /// The sums.
    pub sums: LaneSums<W>,
    /// Which products are wanted.
    pub depth: Depth,
}

impl<const W: usize> Accumulate<W> for IntoGram<W> {
    #[inline(always)]
    fn take<S: Simd>(&mut self, simd: S, tile: &mut Tile<W>) {
        self.sums.add_tile(simd, tile, self.depth);
    }
}

/// Into a triangular factor.
#[derive(Default)]
pub struct IntoFactor<const W: usize> {
    /// The factor.
    pub sums: FactorSums<W>,
}

impl<const W: usize> Accumulate<W> for IntoFactor<W> {
    #[inline(always)]
    fn take<S: Simd>(&mut self, simd: S, tile: &mut Tile<W>) {
        self.sums.add_tile(simd, tile);
    }
}

/// Into rows in memory, times a map; pairs that do not count stay zero.
pub struct IntoRows<'a> {
    /// W rows, one column per column of the result.
    pub map: &'a Matrix,
    /// Number of frames.
    pub n_frames: usize,
    /// Position of the block's first pair.
    pub first_pair: usize,
    /// Row by row.
    pub rows: Vec<f64>,
}

impl<const W: usize> Accumulate<W> for IntoRows<'_> {
    #[inline(always)]
    fn take<S: Simd>(&mut self, _: S, tile: &mut Tile<W>) {
        let n = self.map.n_cols;
        for (run, first) in tile.runs() {
            let base = run.groups().start * LANES;
            for frame in run.frames.clone() {
                let (group, lane) = (first + (frame - base) / LANES, frame % LANES);
                let position = crate::block::pair_position(self.n_frames, run.row, frame) - self.first_pair;
                let row = &mut self.rows[position * n..(position + 1) * n];
                for (k, column) in tile.filled()[group].iter().enumerate() {
                    for (value, factor) in row.iter_mut().zip(self.map.row(k)) {
                        *value += column.0[lane] * factor;
                    }
                }
            }
        }
    }
}

/// Into sums of residuals. Runs must not cross groups of frames or lag bins.
pub struct IntoResiduals<'a> {
    /// Contrast, offset and loss.
    pub reweighing: Reweighing,
    /// Groups of frames.
    pub groups: &'a FrameGroups,
    /// The sums.
    pub sums: ResidualSums,
}

impl<const W: usize> Accumulate<W> for IntoResiduals<'_> {
    #[inline(always)]
    fn take<S: Simd>(&mut self, _: S, tile: &mut Tile<W>) {
        for (run, first) in tile.runs() {
            self.take_run(run, &tile.filled()[*first..first + run.groups().len()]);
        }
    }
}

/// Sums over the rows of one run, lane by lane.
struct RunSums<const W: usize> {
    scores: [Lane; W],
    counts: Lane,
    squares: Lane,
    weights: Lane,
    weighted_squares: Lane,
    slopes: Lane,
    largest: Lane,
}

impl<const W: usize> RunSums<W> {
    #[inline(always)]
    fn of(reweighing: &Reweighing, filled: &[[Lane; W]]) -> Self {
        let zero = Lane::default();
        let mut sums = RunSums {
            scores: [zero; W],
            counts: zero,
            squares: zero,
            weights: zero,
            weighted_squares: zero,
            slopes: zero,
            largest: zero,
        };
        for group in filled {
            for lane in 0..LANES {
                // The column 1 is zero for rows that do not count, and so is their residual.
                let one = group[W - 2].0[lane];
                let residual = reweighing.residual(group[W - 3].0[lane], one, group[W - 1].0[lane]);
                let z = reweighing.z(residual);
                let weight = reweighing.loss.weight(z);
                let weighted = weight * residual;
                sums.counts.0[lane] += one;
                sums.squares.0[lane] += residual * residual;
                sums.weights.0[lane] += one * weight;
                sums.weighted_squares.0[lane] += weighted * weighted;
                sums.slopes.0[lane] += one * reweighing.loss.slope(z);
                sums.largest.0[lane] = sums.largest.0[lane].max(residual.abs());
                for (score, column) in sums.scores[..W - 1].iter_mut().zip(group) {
                    score.0[lane] += weighted * column.0[lane];
                }
            }
        }
        sums
    }
}

impl IntoResiduals<'_> {
    /// One run: one pair of groups, one lag bin.
    #[inline(always)]
    fn take_run<const W: usize>(&mut self, run: &Run, filled: &[[Lane; W]]) {
        let of_run = RunSums::of(&self.reweighing, filled);
        let bin = &mut self.sums.lags[lag_bin(run.frames.start - run.row)];
        bin.pairs += of_run.counts.sum() as u64;
        bin.squares += of_run.squares.sum();
        self.sums.weights += of_run.weights.sum();
        self.sums.weighted_squares += of_run.weighted_squares.sum();
        self.sums.slopes += of_run.slopes.sum();
        let pair = (self.groups.of_frame[run.row], self.groups.of_frame[run.frames.start]);
        for (sum, score) in self.sums.score_mut(pair.0, pair.1).iter_mut().zip(&of_run.scores) {
            *sum += score.sum();
        }
        let known = self.sums.extremes.map(|extreme| extreme.residual.abs());
        if of_run.largest.0.iter().any(|&largest| largest > known[0].min(known[1])) {
            self.look_closer(run, filled);
        }
    }

    /// Finds the place of extremes, once a run is known to hold one.
    #[cold]
    fn look_closer<const W: usize>(&mut self, run: &Run, filled: &[[Lane; W]]) {
        let base = run.groups().start * LANES;
        for frame in run.frames.clone() {
            let (group, lane) = (&filled[(frame - base) / LANES], frame % LANES);
            let one = group[W - 2].0[lane];
            let residual = self.reweighing.residual(group[W - 3].0[lane], one, group[W - 1].0[lane]);
            self.sums.take_extreme(residual, (run.row, frame));
        }
    }
}
