//! One block to one Gram matrix: the stages evaluate and accumulate, chained on a tile that stays in the first cache.
//! Here model, values and algebra meet. It knows neither files nor threads.

use crate::block::{Block, Values, pair_at};
use crate::normal::gram::Gram;
use crate::normal::rank_update::{Depth, LaneSums};
use crate::rows::{LANES, Lane, RUN_FRAMES, RowModel, Run, Tile};
use pulp::{Simd, WithSimd};
use std::ops::Range;

/// The sum of one block at one theta, for a model with rows of width `W`.
pub struct BlockSum<'a, R, const W: usize> {
    /// The model's rows of the block's angle.
    pub rows: &'a R,
    /// The pairs.
    pub block: &'a Block,
    /// Runs of usable frames; a pair counts if both its frames are usable and its value is finite.
    pub frame_runs: &'a [Range<usize>],
    /// Number of frames.
    pub n_frames: usize,
    /// Which products are wanted.
    pub depth: Depth,
}

impl<R: RowModel<W>, const W: usize> WithSimd for BlockSum<'_, R, W> {
    type Output = Gram;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Gram {
        let mut work = Work { tile: Tile::default(), sums: LaneSums::default(), depth: self.depth };
        let (n, first, len) = (self.n_frames, self.block.first_pair, self.block.values.len());
        let (mut row, mut column) = pair_at(n, first);
        let mut offset = 0;
        while offset < len {
            let frames = column..n.min(column + len - offset);
            for usable in self.usable(row, &frames) {
                let mut run = Run { row, frames: usable.clone() };
                while run.frames.start < usable.end {
                    run.frames.end = usable.end.min((run.frames.start / RUN_FRAMES + 1) * RUN_FRAMES);
                    let at = offset + run.frames.start - column;
                    work.take(simd, self.rows, &run, (&self.block.values, at));
                    run.frames.start = run.frames.end;
                }
            }
            offset += frames.len();
            row += 1;
            column = row + 1;
        }
        work.accumulate(simd);
        work.sums.finish()
    }
}

impl<R, const W: usize> BlockSum<'_, R, W> {
    /// The usable parts of `frames`, if the row's own frame is usable.
    fn usable(&self, row: usize, frames: &Range<usize>) -> impl Iterator<Item = Range<usize>> {
        let row_is_usable = self.frame_runs.iter().any(|run| run.contains(&row));
        let part = move |run: &Range<usize>| run.start.max(frames.start)..run.end.min(frames.end);
        self.frame_runs.iter().filter(move |_| row_is_usable).map(part).filter(|part| part.start < part.end)
    }
}

/// A tile on its way into the sums.
struct Work<const W: usize> {
    tile: Tile<W>,
    sums: LaneSums<W>,
    depth: Depth,
}

impl<const W: usize> Work<W> {
    /// Evaluates one run, whose values start at `values.1`; sums the tile first if the run would not fit.
    #[inline(always)]
    fn take<S: Simd, R: RowModel<W>>(&mut self, simd: S, rows: &R, run: &Run, values: (&Values, usize)) {
        if self.tile.free() < run.groups().len() {
            self.accumulate(simd);
        }
        if self.depth == Depth::Cost {
            rows.fill::<S, false>(simd, run, &mut self.tile);
        } else {
            rows.fill::<S, true>(simd, run, &mut self.tile);
        }
        let groups = self.tile.next_mut(run);
        match values.0 {
            Values::F32(all) => fill_values(&all[values.1..values.1 + run.frames.len()], run, groups),
            Values::F64(all) => fill_values(&all[values.1..values.1 + run.frames.len()], run, groups),
        }
        self.tile.advance(run);
    }

    #[inline(always)]
    fn accumulate<S: Simd>(&mut self, simd: S) {
        self.tile.blank_non_finite();
        self.sums.add_tile(simd, &self.tile, self.depth);
        self.tile.clear();
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
