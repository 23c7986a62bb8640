//! One block at one theta, cut into patches of pairs (rows, frames) whose tables and sums stay in the first cache. Here
//! model and values meet; what the pairs are summed into is a matter of [`PatchSums`]. It knows neither files nor threads.
//!
//! ```text
//! band (64 rows): survey of the values, in the order in which they are stored
//!     patches: near the diagonal 8 rows at a time, beyond it cell by cell (256 frames)
//!         runs: one row of a patch, evaluated into groups of eight pairs and summed
//! ```

use crate::store::block::{Block, Values, pair_at, pair_position};
use crate::sums::pairs::{CELL_FRAMES, LANES, Lane, PairGroup, PairModel, Run, groups_of};
use crate::sweep::raw::values::{FilledRun, fill_values, survey};
use crate::sweep::simd::apart;
use pulp::{Simd, WithSimd};
use std::ops::Range;

/// Rows of a band; also the grid on which rows are cut, so that patches begin with whole groups.
const BAND_ROWS: usize = 64;

/// Where the pairs of a block are, and which of them count.
#[derive(Debug, Clone, Copy)]
pub struct Pairs<'a> {
    /// The pairs.
    pub block: &'a Block,
    /// Runs of usable frames; a pair counts if both its frames are usable and its value is finite.
    pub frame_runs: &'a [Range<usize>],
    /// Number of frames.
    pub n_frames: usize,
}

/// Pairs of some rows and frames.
#[derive(Debug, Clone, Default)]
pub struct Patch {
    /// Earlier frames.
    pub rows: Range<usize>,
    /// Later frames, within one cell.
    pub frames: Range<usize>,
    /// Between rows and frames: from here quantities are measured.
    pub reference: usize,
}

impl Patch {
    /// Groups of later frames.
    #[inline(always)]
    #[must_use]
    pub fn groups(&self) -> Range<usize> {
        groups_of(&self.frames)
    }
}

/// What pairs are summed into, patch by patch and run by run.
pub trait PatchSums {
    /// Whether c is wanted besides h.
    const CHANGES: bool;
    /// Whether it pays to read the values of a band beforehand.
    const SURVEYED: bool = true;
    /// Whether pairs with negligible h are left out where the values of their band are known to be finite: the sums of 1, y and y^2
    /// have been taken then.
    const LEAVES_OUT: bool = false;

    /// The first row after `row` that may not be in one patch with it.
    fn next_cut(&self, _row: usize) -> usize {
        usize::MAX
    }

    /// Takes the sums of y and y^2 of a band whose `pairs` values are all finite.
    fn take_values(&mut self, _values: &[Lane; 2], _pairs: usize) {}

    /// Begins a patch.
    fn begin<S: Simd, M: PairModel>(&mut self, _simd: S, _model: &M, _patch: &Patch) {}

    /// Takes one run.
    fn take_run<S: Simd, M: PairModel>(&mut self, simd: S, model: &M, filled: FilledRun<'_>);

    /// Ends the patch.
    fn end<S: Simd>(&mut self, _simd: S) {}

    /// Ends the block.
    fn end_block<S: Simd>(&mut self, _simd: S) {}
}

/// Evaluates and sums the pairs of one block.
pub struct PatchPass<'a, M, A> {
    /// The model of the block's angle.
    pub model: &'a M,
    /// The pairs.
    pub pairs: Pairs<'a>,
    /// What the pairs are summed into.
    pub into: A,
}

impl<M: PairModel, A: PatchSums> WithSimd for PatchPass<'_, M, A> {
    type Output = A;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> A {
        let PatchPass { model, pairs, into } = self;
        let block = BlockRows::of(pairs);
        let groups = vec![PairGroup::default(); CELL_FRAMES / LANES];
        let mut work = Work { into, groups, patches: Vec::new(), all_finite: true, model, block };
        let mut row = block.first.0;
        while row <= block.last.0 {
            let end = band_end(row).min(block.last.0 + 1).min(work.into.next_cut(row));
            work.band(simd, row..end);
            row = end;
        }
        work.into.end_block(simd);
        work.into
    }
}

/// The frame behind the band of a row.
fn band_end(row: usize) -> usize {
    (row / BAND_ROWS + 1) * BAND_ROWS
}

/// Cuts some rows of one band into patches: up to the band's end, which is not before the last row, one group of rows at a
/// time, first the small triangle and then the rest; beyond it cell by cell.
fn cut(rows: &Range<usize>, n_frames: usize, patches: &mut Vec<Patch>) {
    patches.clear();
    let edge = band_end(rows.start).min(n_frames);
    let mut row = rows.start;
    while row < rows.end {
        let next = ((row / LANES + 1) * LANES).min(edge);
        let few = row..next.min(rows.end);
        patches.push(Patch { rows: few.clone(), frames: row..next, reference: next - 1 });
        patches.push(Patch { rows: few, frames: next..edge, reference: next });
        row = next;
    }
    let mut frame = edge;
    while frame < n_frames {
        let end = ((frame / CELL_FRAMES + 1) * CELL_FRAMES).min(n_frames);
        patches.push(Patch { rows: rows.clone(), frames: frame..end, reference: frame });
        frame = end;
    }
    patches.retain(|patch| !patch.frames.is_empty());
}

/// The rows of a block.
#[derive(Clone, Copy)]
struct BlockRows<'a> {
    pairs: Pairs<'a>,
    /// First pair.
    first: (usize, usize),
    /// Last pair.
    last: (usize, usize),
}

impl<'a> BlockRows<'a> {
    fn of(pairs: Pairs<'a>) -> Self {
        let (n, start, len) = (pairs.n_frames, pairs.block.first_pair, pairs.block.values.len());
        BlockRows { pairs, first: pair_at(n, start), last: pair_at(n, start + len - 1) }
    }

    /// The usable parts of `frames` that a row has in the block, if the row's own frame is usable.
    #[inline(always)]
    fn usable(&self, row: usize, frames: &Range<usize>) -> impl Iterator<Item = Range<usize>> + use<'a> {
        let from = frames.start.max(if row == self.first.0 { self.first.1 } else { row + 1 });
        let to = frames.end.min(if row == self.last.0 { self.last.1 + 1 } else { usize::MAX });
        let runs = self.pairs.frame_runs;
        let behind = |frame: usize| runs.partition_point(|run| run.end <= frame);
        let row_is_usable = runs.get(behind(row)).is_some_and(|run| run.start <= row);
        let runs = if row_is_usable { &runs[behind(from)..] } else { &[] };
        runs.iter().map(move |run| run.start.max(from)..run.end.min(to)).take_while(|part| part.start < part.end)
    }

    /// Where the values of a run are.
    #[inline(always)]
    fn place(&self, run: &Run) -> Range<usize> {
        let at = pair_position(self.pairs.n_frames, run.row, run.frames.start) - self.pairs.block.first_pair;
        at..at + run.frames.len()
    }
}

struct Work<'a, M, A> {
    into: A,
    groups: Vec<PairGroup>,
    patches: Vec<Patch>,
    /// Whether all values of the band are known to be finite.
    all_finite: bool,
    model: &'a M,
    block: BlockRows<'a>,
}

impl<M: PairModel, A: PatchSums> Work<'_, M, A> {
    /// Surveys some rows and sums their patches.
    #[inline(always)]
    fn band<S: Simd>(&mut self, simd: S, rows: Range<usize>) {
        self.all_finite = false;
        if A::SURVEYED {
            self.look_through(simd, &rows);
        }
        let mut patches = std::mem::take(&mut self.patches);
        cut(&rows, self.block.pairs.n_frames, &mut patches);
        for patch in &patches {
            self.patch(simd, patch);
        }
        self.patches = patches;
    }

    /// Reads the values of some rows in the order in which they are stored: without it, patches touch memory in strides.
    #[inline(always)]
    fn look_through<S: Simd>(&mut self, simd: S, rows: &Range<usize>) {
        let mut sums = [Lane::default(); 2];
        let mut count = 0;
        for row in rows.clone() {
            for frames in self.block.usable(row, &(0..self.block.pairs.n_frames)) {
                count += frames.len();
                let place = self.block.place(&Run { row, frames });
                apart(simd, Survey { values: &self.block.pairs.block.values, place, sums: &mut sums });
            }
        }
        // A sum of squares is not finite if a value is not.
        self.all_finite = sums[1].sum().is_finite();
        if self.all_finite {
            self.into.take_values(&sums, count);
        }
    }

    /// The frames of a row, from the first on, in whose pairs with it h is not negligible, to whole groups.
    #[inline(always)]
    fn telling(&self, row: usize, frames: Range<usize>) -> Range<usize> {
        if !self.model.is_over(row, frames.end - 1) {
            return frames;
        }
        let (mut telling, mut over) = (frames.start, frames.end - 1);
        while telling < over {
            let middle = usize::midpoint(telling, over);
            if self.model.is_over(row, middle) {
                over = middle;
            } else {
                telling = middle + 1;
            }
        }
        frames.start..if over > frames.start { over.next_multiple_of(LANES).min(frames.end) } else { over }
    }

    #[inline(always)]
    fn patch<S: Simd>(&mut self, simd: S, patch: &Patch) {
        let leaves_out = A::LEAVES_OUT && self.all_finite;
        if leaves_out && self.model.is_over(patch.rows.end - 1, patch.frames.start) {
            return;
        }
        self.into.begin(simd, self.model, patch);
        let values = &self.block.pairs.block.values;
        for row in patch.rows.clone() {
            for frames in self.block.usable(row, &patch.frames) {
                let run = Run { row, frames: if leaves_out { self.telling(row, frames) } else { frames } };
                if run.frames.is_empty() {
                    continue;
                }
                let groups = &mut self.groups[..run.groups().len()];
                let place = self.block.place(&run);
                if A::CHANGES {
                    apart(simd, FillRun::<M, true> { model: self.model, values, place, run: &run, groups });
                } else {
                    apart(simd, FillRun::<M, false> { model: self.model, values, place, run: &run, groups });
                }
                let groups = &mut self.groups[..run.groups().len()];
                let filled = FilledRun { run: &run, groups, all_finite: self.all_finite };
                self.into.take_run(simd, self.model, filled);
            }
        }
        self.into.end(simd);
    }
}

/// Model and values of one run.
struct FillRun<'a, M, const CHANGES: bool> {
    model: &'a M,
    values: &'a Values,
    place: Range<usize>,
    run: &'a Run,
    groups: &'a mut [PairGroup],
}

impl<M: PairModel, const CHANGES: bool> WithSimd for FillRun<'_, M, CHANGES> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let FillRun { model, values, place, run, groups } = self;
        fill_values(simd, values, place, run, groups);
        model.fill::<S, CHANGES>(simd, run, groups);
    }
}

/// The survey of one run.
struct Survey<'a> {
    values: &'a Values,
    place: Range<usize>,
    sums: &'a mut [Lane; 2],
}

impl WithSimd for Survey<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        survey(simd, self.values, self.place, self.sums);
    }
}
