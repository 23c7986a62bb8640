//! Patches of pairs into the model of every pair, in the order of pairs. It sums nothing.

use crate::store::block::pair_position;
use crate::sums::pairs::{LANES, PairModel};
use crate::sweep::raw::patches::PatchSums;
use crate::sweep::raw::values::FilledRun;
use pulp::Simd;

/// Into h of every pair of a block; not a number where a pair does not count.
pub struct IntoValues {
    n_frames: usize,
    first_pair: usize,
    /// By pair.
    pub h: Vec<f64>,
}

impl IntoValues {
    /// Of a block of so many pairs.
    #[must_use]
    pub fn new(n_frames: usize, first_pair: usize, pairs: usize) -> Self {
        IntoValues { n_frames, first_pair, h: vec![f64::NAN; pairs] }
    }
}

impl PatchSums for IntoValues {
    const CHANGES: bool = false;
    const SURVEYED: bool = false;

    fn take_run<S: Simd, M: PairModel>(&mut self, simd: S, _model: &M, mut filled: FilledRun<'_>) {
        filled.fill_ones(simd);
        let (row, first) = (filled.run.row, filled.run.groups().start * LANES);
        for frame in filled.run.frames.clone() {
            let group = &filled.groups[(frame - first) / LANES];
            let lane = (frame - first) % LANES;
            if group.one.0[lane] == 1.0 {
                self.h[pair_position(self.n_frames, row, frame) - self.first_pair] = group.h.0[lane];
            }
        }
    }
}
