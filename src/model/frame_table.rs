//! Several quantities per frame, laid out for the row loops: groups of eight frames, one lane per quantity.

use crate::model::decay::{DecayTables, RowFactor};
use crate::rows::{LANES, Lane, Run};
use std::borrow::Cow;

/// `C` quantities of every frame. Quantity 0 is the decay from the start of the frame's cell.
#[derive(Debug, Clone)]
pub struct FrameTable<const C: usize> {
    groups: Vec<[Lane; C]>,
}

/// The groups of one run, and the factor that turns quantity 0 into the decay of the run's pairs.
pub struct RunTable<'a, const C: usize> {
    pub factor: f64,
    pub groups: Cow<'a, [[Lane; C]]>,
}

impl<const C: usize> FrameTable<C> {
    /// From one column per quantity, all of the same length; the last entries are repeated to fill the last group.
    #[must_use]
    pub fn new(columns: [&[f64]; C]) -> Self {
        let n = columns[0].len();
        let lane = |group: usize, k: usize| Lane(std::array::from_fn(|at| columns[k][(group * LANES + at).min(n - 1)]));
        FrameTable { groups: (0..n.div_ceil(LANES)).map(|group| std::array::from_fn(|k| lane(group, k))).collect() }
    }

    /// Quantity `k` of a frame.
    #[inline(always)]
    pub fn at(&self, frame: usize, k: usize) -> f64 {
        self.groups[frame / LANES][k].0[frame % LANES]
    }

    /// The part of the table that a run needs.
    #[inline(always)]
    pub fn of_run(&self, decay: &DecayTables, run: &Run) -> RunTable<'_, C> {
        match decay.row_factor(run.row, run.frames.start) {
            RowFactor::Times(factor) => RunTable { factor, groups: Cow::Borrowed(&self.groups[run.groups()]) },
            RowFactor::PairByPair => {
                RunTable { factor: 1.0, groups: Cow::Owned(decay.pair_by_pair(run, &self.groups)) }
            }
        }
    }
}
