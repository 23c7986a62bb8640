//! One block at one theta: the stages evaluate and accumulate, chained on a tile that stays in the first cache. Here model,
//! values and algebra meet. It knows neither files nor threads, nor what the rows are accumulated into.

use crate::block::{Block, Values, pair_at};
use crate::loss::Reweighing;
use crate::normal::residuals::lag_bin;
use crate::rows::{LANES, Lane, RUN_FRAMES, RowModel, Run, Tile};
use pulp::{Simd, WithSimd};
use std::ops::Range;

/// What becomes of evaluated rows: a Gram matrix, a factor, a copy, sums of residuals.
pub trait Accumulate<const W: usize> {
    /// Takes the rows of a tile, which may be overwritten.
    fn take<S: Simd>(&mut self, simd: S, tile: &mut Tile<W>);
}

/// Where the pairs of a block are, and which of them count.
#[derive(Debug, Clone, Copy)]
pub struct Pairs<'a> {
    /// The pairs.
    pub block: &'a Block,
    /// Runs of usable frames; a pair counts if both its frames are usable and its value is finite.
    pub frame_runs: &'a [Range<usize>],
    /// Number of frames.
    pub n_frames: usize,
    /// If given, no run crosses a boundary between these groups of frames, nor one between lag bins.
    pub groups: Option<&'a FrameGroups>,
}

/// Groups of consecutive frames.
#[derive(Debug, Clone, PartialEq)]
pub struct FrameGroups {
    /// Group of every frame.
    pub of_frame: Vec<usize>,
    /// Where the group of every frame ends.
    end: Vec<usize>,
}

impl FrameGroups {
    /// From the first frame of every group.
    #[must_use]
    pub fn new(first_frames: &[usize], n_frames: usize) -> Self {
        let group = |frame: usize| first_frames.partition_point(|&first| first <= frame).saturating_sub(1);
        let of_frame: Vec<usize> = (0..n_frames).map(group).collect();
        let end = of_frame.iter().map(|&group| first_frames.get(group + 1).copied().unwrap_or(n_frames)).collect();
        FrameGroups { of_frame, end }
    }

    /// The first frame after `frame` that may not be in one run with it, in row `row`.
    fn cut(&self, row: usize, frame: usize) -> usize {
        self.end[frame].min(row + (2 << lag_bin(frame - row)))
    }
}

/// Evaluates the rows of one block, for a model with rows of width `W`.
pub struct BlockPass<'a, R, A, const W: usize> {
    /// The model's rows of the block's angle.
    pub rows: &'a R,
    /// The pairs.
    pub pairs: Pairs<'a>,
    /// Whether dh/dtheta is wanted.
    pub derivatives: bool,
    /// Robust weights.
    pub reweighing: Option<Reweighing>,
    /// What becomes of the rows.
    pub into: A,
}

impl<R: RowModel<W>, A: Accumulate<W>, const W: usize> WithSimd for BlockPass<'_, R, A, W> {
    /// What the rows have become, and their robust loss.
    type Output = (A, f64);

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> (A, f64) {
        let BlockPass { rows, pairs, derivatives, reweighing, into } = self;
        let mut work = Work { tile: Tile::default(), derivatives, reweighing, loss: Lane::default(), into };
        let (n, len) = (pairs.n_frames, pairs.block.values.len());
        let (mut row, mut column) = pair_at(n, pairs.block.first_pair);
        let mut offset = 0;
        while offset < len {
            let frames = column..n.min(column + len - offset);
            for usable in pairs.usable(row, &frames) {
                let mut run = Run { row, frames: usable.clone() };
                while run.frames.start < usable.end {
                    run.frames.end = pairs.run_end(row, &run.frames.start, usable.end);
                    let at = offset + run.frames.start - column;
                    work.take(simd, rows, &run, (&pairs.block.values, at));
                    run.frames.start = run.frames.end;
                }
            }
            offset += frames.len();
            row += 1;
            column = row + 1;
        }
        work.flush(simd);
        (work.into, work.loss.sum())
    }
}

impl Pairs<'_> {
    /// The usable parts of `frames`, if the row's own frame is usable.
    fn usable(&self, row: usize, frames: &Range<usize>) -> impl Iterator<Item = Range<usize>> {
        let row_is_usable = self.frame_runs.iter().any(|run| run.contains(&row));
        let part = move |run: &Range<usize>| run.start.max(frames.start)..run.end.min(frames.end);
        self.frame_runs.iter().filter(move |_| row_is_usable).map(part).filter(|part| part.start < part.end)
    }

    /// Where a run that starts at a frame has to end.
    #[inline(always)]
    fn run_end(&self, row: usize, start: &usize, usable_end: usize) -> usize {
        let end = usable_end.min((start / RUN_FRAMES + 1) * RUN_FRAMES);
        match self.groups {
            None => end,
            Some(groups) => end.min(groups.cut(row, *start)),
        }
    }
}

/// A tile on its way into whatever it becomes.
struct Work<A, const W: usize> {
    tile: Tile<W>,
    derivatives: bool,
    reweighing: Option<Reweighing>,
    loss: Lane,
    into: A,
}

impl<A: Accumulate<W>, const W: usize> Work<A, W> {
    /// Evaluates one run, whose values start at `values.1`; passes the tile on first if the run would not fit.
    #[inline(always)]
    fn take<S: Simd, R: RowModel<W>>(&mut self, simd: S, rows: &R, run: &Run, values: (&Values, usize)) {
        if self.tile.free() < run.groups().len() {
            self.flush(simd);
        }
        if self.derivatives {
            rows.fill::<S, true>(simd, run, &mut self.tile);
        } else {
            rows.fill::<S, false>(simd, run, &mut self.tile);
        }
        let groups = self.tile.next_mut(run);
        match values.0 {
            Values::F32(all) => fill_values(&all[values.1..values.1 + run.frames.len()], run, groups),
            Values::F64(all) => fill_values(&all[values.1..values.1 + run.frames.len()], run, groups),
        }
        self.tile.advance(run);
    }

    #[inline(always)]
    fn flush<S: Simd>(&mut self, simd: S) {
        self.tile.blank_non_finite();
        if let Some(reweighing) = self.reweighing {
            reweigh(&reweighing, &mut self.tile, &mut self.loss);
        }
        self.into.take(simd, &mut self.tile);
        self.tile.clear();
    }
}

/// Multiplies every row by the root of its weight and sums the loss, in units of y^2.
// Plain loops over lanes: the compiler makes vectors of what can be one, and all levels give the same bits.
#[inline(always)]
fn reweigh<const W: usize>(reweighing: &Reweighing, tile: &mut Tile<W>, loss: &mut Lane) {
    let unit = reweighing.turn * reweighing.turn;
    for group in tile.filled_mut() {
        let mut roots = Lane::default();
        for lane in 0..LANES {
            let residual = reweighing.residual(group[W - 3].0[lane], group[W - 2].0[lane], group[W - 1].0[lane]);
            let z = reweighing.z(residual);
            loss.0[lane] += unit * reweighing.loss.value(z);
            roots.0[lane] = reweighing.loss.weight(z).sqrt();
        }
        for column in group.iter_mut() {
            for (value, root) in column.0.iter_mut().zip(roots.0) {
                *value *= root;
            }
        }
    }
}

/// The columns 1 and y = c2 - 1, zero where the run's groups reach beyond it.
#[inline(always)]
fn fill_values<T: Copy + Into<f64>, const W: usize>(values: &[T], run: &Run, groups: &mut [[Lane; W]]) {
    let first = run.groups().start;
    let [head, middle, end] = run.split();
    for group in [head, end].into_iter().flatten() {
        let columns = &mut groups[group - first];
        for lane in 0..LANES {
            let frame = group * LANES + lane;
            let inside = run.frames.contains(&frame);
            columns[W - 2].0[lane] = f64::from(u8::from(inside));
            columns[W - 1].0[lane] = if inside { values[frame - run.frames.start].into() - 1.0 } else { 0.0 };
        }
    }
    let skipped = (middle.start * LANES).saturating_sub(run.frames.start);
    let whole = values.get(skipped..).unwrap_or_default().chunks_exact(LANES);
    for (columns, values) in groups[middle.start - first..middle.end - first].iter_mut().zip(whole) {
        columns[W - 2] = Lane([1.0; LANES]);
        for (y, &value) in columns[W - 1].0.iter_mut().zip(values) {
            *y = value.into() - 1.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_end_at_groups_and_at_lag_bins() {
        let groups = FrameGroups::new(&[0, 5, 9], 12);
        assert_eq!(groups.of_frame, [0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2]);
        // Lags 1; 2-3; 4-7: from row 0 the cuts are at frames 2, 4, 8, and at the groups' ends 5 and 9.
        assert_eq!([1, 2, 4, 5, 8, 9].map(|frame| groups.cut(0, frame)), [2, 4, 5, 8, 9, 12]);
    }
}
