//! Patches of pairs into sums of residuals over cells of groups of frames. It evaluates no model and reads no value.

use crate::parameters::scaling::AngleScaling;
use crate::sums::cells::{CellSums, Cells};
use crate::sums::pairs::{CELL_FRAMES, LANES, PairModel};
use crate::sums::residuals::FrameGroups;
use crate::sweep::raw::patches::PatchSums;
use crate::sweep::raw::values::FilledRun;
use pulp::Simd;

/// Into sums over cells.
pub struct IntoCells<'a> {
    scaling: AngleScaling,
    cells: &'a Cells,
    blocks: &'a FrameGroups,
    sums: CellSums,
    /// Of one run, by the frame from the first of its groups on.
    residuals: Vec<f64>,
}

impl<'a> IntoCells<'a> {
    /// Of an angle with this scaling.
    #[must_use]
    pub fn new(scaling: AngleScaling, cells: &'a Cells, blocks: &'a FrameGroups) -> Self {
        let sums = CellSums::zero(cells, blocks.len());
        IntoCells { scaling, cells, blocks, sums, residuals: vec![0.0; CELL_FRAMES] }
    }

    /// The sums.
    #[must_use]
    pub fn finish(self) -> CellSums {
        self.sums
    }
}

/// In eight sums, which vector instructions can add side by side: the same bits whatever their width.
#[inline(always)]
fn sum(values: &[f64]) -> f64 {
    let mut sums = [0.0; LANES];
    let chunks = values.chunks_exact(LANES);
    let rest: f64 = chunks.remainder().iter().sum();
    for chunk in chunks {
        for (sum, value) in sums.iter_mut().zip(chunk) {
            *sum += value;
        }
    }
    sums.iter().sum::<f64>() + rest
}

impl PatchSums for IntoCells<'_> {
    const CHANGES: bool = false;

    #[inline(always)]
    fn take_run<S: Simd, M: PairModel>(&mut self, simd: S, _model: &M, mut filled: FilledRun<'_>) {
        filled.fill_ones(simd);
        let AngleScaling { contrast, offset_less_one } = self.scaling;
        for (residuals, group) in self.residuals.chunks_exact_mut(LANES).zip(filled.groups.iter()) {
            for (lane, residual) in residuals.iter_mut().enumerate() {
                let model = contrast * group.h.0[lane] + offset_less_one * group.one.0[lane];
                *residual = model - group.y.0[lane];
            }
        }
        let (run, groups) = (filled.run, &self.cells.groups);
        let (first, row) = (run.groups().start * LANES, groups.of_frame[run.row]);
        let of_row = self.blocks.of_frame[run.row];
        let mut frame = run.frames.start;
        while frame < run.frames.end {
            let group = groups.of_frame[frame];
            let end = if group - row <= self.cells.reach { groups.end[frame] } else { self.blocks.end[frame] };
            let end = end.min(run.frames.end);
            let sum = sum(&self.residuals[frame - first..end - first]);
            self.sums.add((row, group), (of_row, self.blocks.of_frame[frame]), sum);
            frame = end;
        }
    }
}
