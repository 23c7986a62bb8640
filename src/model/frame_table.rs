//! Several quantities per frame, laid out for the row loops: groups of eight frames, one lane per quantity.

use crate::sums::pairs::{LANES, Lane};

/// `C` quantities of every frame.
#[derive(Debug, Clone)]
pub struct FrameTable<const C: usize> {
    groups: Vec<[Lane; C]>,
}

impl<const C: usize> FrameTable<C> {
    /// From one column per quantity, all of the same length; columns that are not given are zero, and the last entries are
    /// repeated to fill the last group.
    #[must_use]
    pub fn new(columns: &[&[f64]]) -> Self {
        let n = columns[0].len();
        let entry = |k: usize, frame: usize| columns.get(k).map_or(0.0, |column| column[frame.min(n - 1)]);
        let lane = |group: usize, k: usize| Lane(std::array::from_fn(|at| entry(k, group * LANES + at)));
        FrameTable { groups: (0..n.div_ceil(LANES)).map(|group| std::array::from_fn(|k| lane(group, k))).collect() }
    }

    /// From whole groups.
    #[must_use]
    pub fn of_groups(groups: Vec<[Lane; C]>) -> Self {
        FrameTable { groups }
    }

    /// The groups.
    #[inline(always)]
    #[must_use]
    pub fn groups(&self) -> &[[Lane; C]] {
        &self.groups
    }

    /// Quantity `k` of a frame.
    #[inline(always)]
    #[must_use]
    pub fn at(&self, frame: usize, k: usize) -> f64 {
        self.groups[frame / LANES][k].0[frame % LANES]
    }
}
