//! Patches of pairs into sums of residuals: by lag, at their extremes, as scores of pairs of frame groups. It evaluates no
//! model and reads no value.
//!
//! Rows of a patch lie in one group of frames. The score of a pair is `rho' r [h (a_j - a_i), c (g_j - g_i), h, 1]`; over the
//! rows of a patch it is summed per later frame, and dealt out to groups of frames when the patch ends.

use crate::sums::lags::lag_bin;
use crate::sums::loss::{Loss, Reweighing};
use crate::sums::pairs::{CELL_FRAMES, LANES, Lane, LocalQuantities, PairGroup, PairModel, QUANTITIES, Run, THROUGH_H};
use crate::sums::residuals::{FrameGroups, ResidualSums};
use crate::sweep::raw::patches::{Patch, PatchSums};
use crate::sweep::raw::values::FilledRun;
use pulp::Simd;
use std::ops::Range;

/// Sums over the rows of a patch, per later frame: with e = rho' r, e h, e c, e, then e h a_i and e c g_i of the rows.
type Columns = [Lane; OWN + QUANTITIES];
const EH: usize = 0;
const EC: usize = 1;
const E: usize = 2;
const OWN: usize = 3;

/// Into sums of residuals.
pub struct IntoResiduals<'a> {
    reweighing: Reweighing,
    groups: &'a FrameGroups,
    sums: ResidualSums,
    patch: Patch,
    factors: [f64; QUANTITIES],
    local: LocalQuantities,
    columns: Vec<Columns>,
    /// Residuals of one run, and rho' times them.
    residuals: Vec<[Lane; 2]>,
}

/// Sums over one run.
#[derive(Default)]
struct RunSums {
    weights: Lane,
    weighted_squares: Lane,
    slopes: Lane,
    largest: Lane,
}

impl<'a> IntoResiduals<'a> {
    /// Adds to `sums`.
    #[must_use]
    pub fn new(reweighing: Reweighing, groups: &'a FrameGroups, sums: ResidualSums) -> Self {
        IntoResiduals {
            reweighing,
            groups,
            sums,
            patch: Patch::default(),
            factors: [1.0; QUANTITIES],
            local: LocalQuantities::default(),
            columns: Vec::new(),
            residuals: vec![[Lane::default(); 2]; CELL_FRAMES / LANES],
        }
    }

    /// The sums.
    #[must_use]
    pub fn finish(self) -> ResidualSums {
        self.sums
    }

    /// Residuals under plain weights.
    #[inline(always)]
    fn plain<S: Simd>(&mut self, simd: S, groups: &[PairGroup], sums: &mut RunSums) {
        let contrast = simd.splat_f64s(self.reweighing.scaling.contrast);
        let offset = simd.splat_f64s(self.reweighing.scaling.offset_less_one);
        for v in 0..LANES / S::F64_LANES {
            let mut ones = simd.splat_f64s(0.0);
            let (mut squares, mut largest) = (ones, ones);
            for (group, residual) in groups.iter().zip(&mut self.residuals) {
                let one = group.one.load::<S>(v);
                let model = simd.mul_add_f64s(contrast, group.h.load::<S>(v), simd.mul_f64s(offset, one));
                let r = simd.sub_f64s(model, group.y.load::<S>(v));
                residual[0].store::<S>(v, r);
                residual[1].store::<S>(v, r);
                ones = simd.add_f64s(ones, one);
                squares = simd.mul_add_f64s(r, r, squares);
                largest = simd.max_f64s(largest, simd.abs_f64s(r));
            }
            sums.weights.store::<S>(v, ones);
            sums.weighted_squares.store::<S>(v, squares);
            sums.largest.store::<S>(v, largest);
        }
        sums.slopes = sums.weights;
    }

    /// Residuals under the weights of a loss.
    #[inline(always)]
    fn weighted(&mut self, groups: &[PairGroup], sums: &mut RunSums) {
        let loss = self.reweighing.loss;
        for (group, residual) in groups.iter().zip(&mut self.residuals) {
            for lane in 0..LANES {
                // The column 1 is zero for pairs that do not count, and so is their residual.
                let one = group.one.0[lane];
                let r = self.reweighing.residual(group.h.0[lane], one, group.y.0[lane]);
                let z = self.reweighing.z(r);
                let weight = loss.weight(z);
                residual[0].0[lane] = r;
                residual[1].0[lane] = weight * r;
                sums.weights.0[lane] += one * weight;
                sums.weighted_squares.0[lane] += (weight * r) * (weight * r);
                sums.slopes.0[lane] += one * loss.slope(z);
                sums.largest.0[lane] = sums.largest.0[lane].max(r.abs());
            }
        }
    }

    /// The run's pairs and squares by lag: whole groups by lanes, those with a boundary one by one.
    #[inline(always)]
    fn add_lags(&mut self, run: &Run, groups: &[PairGroup]) {
        let mut of_row = 0.0;
        let base = run.groups().start;
        let mut start = run.frames.start;
        while start < run.frames.end {
            let lag = lag_bin(start - run.row);
            let end = run.frames.end.min(run.row + (2 << lag));
            let [head, middle, tail] = Run { row: run.row, frames: start..end }.split();
            let (mut ones, mut squares, mut sums) = (Lane::default(), Lane::default(), Lane::default());
            for group in middle {
                let (one, [r, weighted]) = (&groups[group - base].one, &self.residuals[group - base]);
                for lane in 0..LANES {
                    ones.0[lane] += one.0[lane];
                    squares.0[lane] += r.0[lane] * r.0[lane];
                    sums.0[lane] += weighted.0[lane];
                }
            }
            for group in [head, tail].into_iter().flatten() {
                for frame in start.max(group * LANES)..end.min((group + 1) * LANES) {
                    let lane = frame % LANES;
                    let [r, weighted] = [0, 1].map(|kind| self.residuals[group - base][kind].0[lane]);
                    ones.0[lane] += groups[group - base].one.0[lane];
                    squares.0[lane] += r * r;
                    sums.0[lane] += weighted;
                }
            }
            let bin = &mut self.sums.lags[lag];
            bin.pairs += ones.sum() as u64;
            bin.squares += squares.sum();
            of_row += sums.sum();
            start = end;
        }
        self.sums.frames[run.row][0] += of_row;
    }

    /// The run's weighted residuals by single lags.
    #[inline(always)]
    fn add_single_lags(&mut self, run: &Run) {
        for (group, residual) in run.groups().zip(&self.residuals) {
            for (sum, weighted) in self.sums.lags_of(run.row, group * LANES).iter_mut().zip(&residual[1].0) {
                *sum += weighted;
            }
        }
    }

    /// Adds the run to the sums over rows; `before` are the reference's quantities less the row's.
    #[inline(always)]
    fn add_columns<S: Simd, M: PairModel>(
        &mut self,
        simd: S,
        run: &Run,
        groups: &[PairGroup],
        before: &[f64; QUANTITIES],
    ) {
        let skipped = self.local.place(run.groups().start);
        let columns = &mut self.columns[skipped..];
        let mut of_row = Lane::default();
        for v in 0..LANES / S::F64_LANES {
            let mut row_eh = simd.splat_f64s(0.0);
            let mut own = [row_eh; QUANTITIES];
            for (own, before) in own.iter_mut().zip(before) {
                *own = simd.splat_f64s(*before);
            }
            for ((group, residual), column) in groups.iter().zip(&self.residuals).zip(columns.iter_mut()) {
                let e = residual[1].load::<S>(v);
                let eh = simd.mul_f64s(e, group.h.load::<S>(v));
                column[EH].add(simd, v, eh);
                row_eh = simd.add_f64s(row_eh, eh);
                column[E].add(simd, v, e);
                for k in 0..THROUGH_H {
                    let sum = simd.mul_add_f64s(own[k], eh, column[OWN + k].load::<S>(v));
                    column[OWN + k].store::<S>(v, sum);
                }
                if M::HAS_C {
                    let ec = simd.mul_f64s(e, group.c.load::<S>(v));
                    column[EC].add(simd, v, ec);
                    for k in THROUGH_H..QUANTITIES {
                        let sum = simd.mul_add_f64s(own[k], ec, column[OWN + k].load::<S>(v));
                        column[OWN + k].store::<S>(v, sum);
                    }
                }
            }
            of_row.store::<S>(v, row_eh);
        }
        self.sums.frames[run.row][1] += of_row.sum();
    }

    /// Gives the columns of the patch to the scores of their groups of frames.
    #[inline(always)]
    fn deal_out(&mut self) {
        let p = self.sums.width - 2;
        let earlier = self.groups.of_frame[self.patch.rows.start];
        let mut frames: Range<usize> = self.patch.frames.clone();
        while !frames.is_empty() {
            let end = self.groups.end[frames.start].min(frames.end);
            for frame in frames.start..end {
                let column = &self.columns[self.local.place(frame / LANES)];
                for (sum, k) in self.sums.frames[frame].iter_mut().zip([E, EH]) {
                    *sum += column[k].0[frame % LANES];
                }
            }
            let score = self.sums.score_mut(earlier, self.groups.of_frame[frames.start]);
            for frame in frames.start..end {
                let (group, lane) = (self.local.place(frame / LANES), frame % LANES);
                let (local, column) = (&self.local.groups()[group], &self.columns[group]);
                for k in 0..p {
                    let with = column[if k < THROUGH_H { EH } else { EC }].0[lane];
                    score[k] += self.factors[k] * (local[k].0[lane] * with + column[OWN + k].0[lane]);
                }
                score[p] += column[EH].0[lane];
                score[p + 1] += column[E].0[lane];
            }
            frames.start = end;
        }
    }

    /// Finds the place of extremes, once a run is known to hold one.
    #[cold]
    fn look_closer(&mut self, run: &Run) {
        let base = run.groups().start * LANES;
        for frame in run.frames.clone() {
            let residual = self.residuals[(frame - base) / LANES][0].0[frame % LANES];
            self.sums.take_extreme(residual, (run.row, frame));
        }
    }
}

impl PatchSums for IntoResiduals<'_> {
    const CHANGES: bool = true;

    fn next_cut(&self, row: usize) -> usize {
        self.groups.end[row]
    }

    #[inline(always)]
    fn begin<S: Simd, M: PairModel>(&mut self, simd: S, model: &M, patch: &Patch) {
        self.patch = patch.clone();
        self.factors = model.factors();
        self.columns.clear();
        self.columns.resize(patch.groups().len(), [Lane::default(); OWN + QUANTITIES]);
        self.local.measure(simd, model, patch.groups(), patch.reference);
    }

    #[inline(always)]
    fn take_run<S: Simd, M: PairModel>(&mut self, simd: S, model: &M, mut filled: FilledRun<'_>) {
        filled.fill_ones(simd);
        let FilledRun { run, groups, .. } = filled;
        let mut sums = RunSums::default();
        if self.reweighing.loss == Loss::Linear {
            self.plain(simd, groups, &mut sums);
        } else {
            self.weighted(groups, &mut sums);
        }
        self.sums.weights += sums.weights.sum();
        self.sums.weighted_squares += sums.weighted_squares.sum();
        self.sums.slopes += sums.slopes.sum();
        let known = self.sums.extremes.map(|extreme| extreme.residual.abs());
        if sums.largest.0.iter().any(|&largest| largest > known[0].min(known[1])) {
            self.look_closer(run);
        }
        self.add_lags(run, groups);
        self.add_single_lags(run);
        let before = self.local.before(model, run.row);
        self.add_columns::<S, M>(simd, run, groups, &before);
    }

    #[inline(always)]
    fn end<S: Simd>(&mut self, _: S) {
        self.deal_out();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_frame_knows_its_group_and_where_it_ends() {
        let groups = FrameGroups::new(vec![0, 5, 9], 12);
        assert_eq!(groups.of_frame, [0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2]);
        assert_eq!([0, 4, 5, 8, 11].map(|frame| groups.end[frame]), [5, 5, 9, 9, 12]);
    }
}
