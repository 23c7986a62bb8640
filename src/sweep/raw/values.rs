//! The values of runs of pairs: read as y = c2 - 1, looked through for what is not finite, weighed. It evaluates no model.

use crate::store::block::Values;
use crate::sums::loss::{Loss, Reweighing};
use crate::sums::pairs::{LANES, Lane, PairGroup, Run};
use crate::sweep::simd::apart;
use pulp::{Simd, WithSimd};
use std::ops::Range;

/// Eight values as numbers. A loop, no closure: what is not inlined here would lose its vector instructions.
#[inline(always)]
fn widened<T: Copy + Into<f64>>(values: &[T]) -> Lane {
    let mut wide = Lane::default();
    for (wide, &value) in wide.0.iter_mut().zip(values) {
        *wide = value.into();
    }
    wide
}

/// Adds y and y^2 of the values at `place`, in the order in which they are stored, which brings them near.
#[inline(always)]
pub fn survey<S: Simd>(simd: S, values: &Values, place: Range<usize>, sums: &mut [Lane; 2]) {
    match values {
        Values::F32(all) => survey_of(simd, &all[place], sums),
        Values::F64(all) => survey_of(simd, &all[place], sums),
    }
}

#[inline(always)]
fn survey_of<S: Simd, T: Copy + Into<f64>>(simd: S, values: &[T], sums: &mut [Lane; 2]) {
    // Several sums at a time, or each would wait for the one before.
    const PARTS: usize = 4;
    let (zero, one) = (simd.splat_f64s(0.0), simd.splat_f64s(1.0));
    let whole = values.chunks_exact(PARTS * LANES);
    let rest = whole.remainder().chunks_exact(LANES);
    for v in 0..LANES / S::F64_LANES {
        let mut parts = [[zero; 2]; PARTS];
        for chunk in whole.clone() {
            for k in 0..PARTS {
                let y = simd.sub_f64s(widened(&chunk[k * LANES..(k + 1) * LANES]).load::<S>(v), one);
                parts[k][0] = simd.add_f64s(parts[k][0], y);
                parts[k][1] = simd.mul_add_f64s(y, y, parts[k][1]);
            }
        }
        for (values, part) in rest.clone().zip(&mut parts) {
            let y = simd.sub_f64s(widened(values).load::<S>(v), one);
            part[0] = simd.add_f64s(part[0], y);
            part[1] = simd.mul_add_f64s(y, y, part[1]);
        }
        for k in 0..2 {
            let [a, b, c, d] = [parts[0][k], parts[1][k], parts[2][k], parts[3][k]];
            sums[k].add(simd, v, simd.add_f64s(simd.add_f64s(a, b), simd.add_f64s(c, d)));
        }
    }
    for (lane, &value) in rest.remainder().iter().enumerate() {
        let y = value.into() - 1.0;
        sums[0].0[lane] += y;
        sums[1].0[lane] = y.mul_add(y, sums[1].0[lane]);
    }
}

/// y of a run whose values are at `place`, zero where its groups reach beyond it.
#[inline(always)]
pub fn fill_values<S: Simd>(simd: S, values: &Values, place: Range<usize>, run: &Run, groups: &mut [PairGroup]) {
    match values {
        Values::F32(all) => fill_of(simd, &all[place], run, groups),
        Values::F64(all) => fill_of(simd, &all[place], run, groups),
    }
}

#[inline(always)]
fn fill_of<S: Simd, T: Copy + Into<f64>>(simd: S, values: &[T], run: &Run, groups: &mut [PairGroup]) {
    let [head, middle, end] = run.split();
    let first = run.groups().start;
    let one = simd.splat_f64s(1.0);
    for group in [head, end].into_iter().flatten() {
        let base = group * LANES;
        let (from, to) = (run.frames.start.max(base), run.frames.end.min(base + LANES));
        let mut wide = Lane([1.0; LANES]);
        let inside = &values[from - run.frames.start..to - run.frames.start];
        for (wide, &value) in wide.0[from - base..to - base].iter_mut().zip(inside) {
            *wide = value.into();
        }
        for v in 0..LANES / S::F64_LANES {
            groups[group - first].y.store::<S>(v, simd.sub_f64s(wide.load::<S>(v), one));
        }
    }
    let skipped = (middle.start * LANES).saturating_sub(run.frames.start);
    let whole = values.get(skipped..).unwrap_or_default().chunks_exact(LANES);
    // Explicit vectors: plain loops over lanes are made into scatters across groups.
    for (group, values) in groups[middle.start - first..middle.end - first].iter_mut().zip(whole) {
        let wide = widened(values);
        for v in 0..LANES / S::F64_LANES {
            group.y.store::<S>(v, simd.sub_f64s(wide.load::<S>(v), one));
        }
    }
}

/// A run with its values and what the model says of them. Its groups may be overwritten.
pub struct FilledRun<'a> {
    /// The run.
    pub run: &'a Run,
    /// Its groups.
    pub groups: &'a mut [PairGroup],
    /// Whether all values are known to be finite.
    pub all_finite: bool,
}

impl FilledRun<'_> {
    /// The column 1, zero where the groups reach beyond the run; unless all values are known to be finite, blanks the pairs
    /// whose value is not. Returns how many pairs are left.
    #[inline(always)]
    pub fn fill_ones<S: Simd>(&mut self, simd: S) -> u64 {
        let [head, _, end] = self.run.split();
        let (zero, one) = (simd.splat_f64s(0.0), simd.splat_f64s(1.0));
        for (group, place) in self.groups.iter_mut().zip(self.run.groups()) {
            let is_edge = head.contains(&place) || end.contains(&place);
            for v in 0..LANES / S::F64_LANES {
                let ones = if is_edge { simd.select_f64s(self.run.mask(simd, place, v), one, zero) } else { one };
                group.one.store::<S>(v, ones);
            }
        }
        let blanked = if self.all_finite || are_finite(self.groups) { 0 } else { blank_non_finite(self.groups) };
        (self.run.frames.len() - blanked) as u64
    }
}

/// A sum of y * 0 per lane is zero exactly if all y are finite; no early exit keeps it in whole vectors.
#[inline(always)]
fn are_finite(groups: &[PairGroup]) -> bool {
    let mut zeros = Lane::default();
    for group in groups {
        for (zero, y) in zeros.0.iter_mut().zip(group.y.0) {
            *zero += y * 0.0;
        }
    }
    zeros.0.iter().all(|zero| *zero == 0.0)
}

/// Blanks pairs whose y is not finite; returns their number.
#[cold]
fn blank_non_finite(groups: &mut [PairGroup]) -> usize {
    let mut blanked = 0;
    for group in groups {
        for lane in 0..LANES {
            if !group.y.0[lane].is_finite() {
                for column in [&mut group.h, &mut group.c, &mut group.one, &mut group.y] {
                    column.0[lane] = 0.0;
                }
                blanked += 1;
            }
        }
    }
    blanked
}

/// Multiplies h, c, 1 and y by the root of their weight and adds the loss, in units of y^2.
#[inline(always)]
pub fn reweigh<S: Simd>(simd: S, reweighing: &Reweighing, groups: &mut [PairGroup], loss: &mut Lane) {
    apart(simd, Reweigh { reweighing, groups, loss });
}

struct Reweigh<'a> {
    reweighing: &'a Reweighing,
    groups: &'a mut [PairGroup],
    loss: &'a mut Lane,
}

impl WithSimd for Reweigh<'_> {
    type Output = ();

    // The loss is chosen here, outside the loops.
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        match self.reweighing.loss {
            Loss::Linear => self.by(|z| (Loss::Linear.value(z), Loss::Linear.weight(z))),
            Loss::SoftL1 => self.by(|z| (Loss::SoftL1.value(z), Loss::SoftL1.weight(z))),
            Loss::Huber => self.by(|z| (Loss::Huber.value(z), Loss::Huber.weight(z))),
            Loss::Cauchy => self.by(|z| (Loss::Cauchy.value(z), Loss::Cauchy.weight(z))),
            Loss::Arctan => self.by(|z| (Loss::Arctan.value(z), Loss::Arctan.weight(z))),
        }
    }
}

impl Reweigh<'_> {
    // Plain loops over lanes: the compiler makes vectors of what can be one, and all levels give the same bits.
    #[inline(always)]
    fn by(self, value_and_weight: impl Fn(f64) -> (f64, f64)) {
        let unit = self.reweighing.turn * self.reweighing.turn;
        for group in self.groups {
            let mut roots = Lane::default();
            for lane in 0..LANES {
                let residual = self.reweighing.residual(group.h.0[lane], group.one.0[lane], group.y.0[lane]);
                let (value, weight) = value_and_weight(self.reweighing.z(residual));
                self.loss.0[lane] += unit * value;
                roots.0[lane] = weight.sqrt();
            }
            for column in [&mut group.h, &mut group.c, &mut group.one, &mut group.y] {
                for (value, root) in column.0.iter_mut().zip(roots.0) {
                    *value *= root;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Filled(Vec<f32>, Run);

    impl WithSimd for Filled {
        type Output = (u64, Vec<PairGroup>);
        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) -> (u64, Vec<PairGroup>) {
            let mut groups = vec![PairGroup { h: Lane([7.0; LANES]), ..PairGroup::default() }; self.1.groups().len()];
            let values = Values::from_f32(self.0);
            fill_values(simd, &values, 0..values.len(), &self.1, &mut groups);
            let pairs = FilledRun { run: &self.1, groups: &mut groups, all_finite: false }.fill_ones(simd);
            (pairs, groups)
        }
    }

    #[test]
    fn values_stand_in_their_lanes_and_what_is_not_finite_is_blanked_and_not_counted() {
        let values: Vec<f32> = vec![2.0, f32::NAN, 4.0, f32::INFINITY, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0];
        let (pairs, groups) = pulp::Arch::new().dispatch(Filled(values, Run { row: 0, frames: 13..24 }));
        assert_eq!(pairs, 9);
        assert_eq!(groups[0].y.0, [0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 3.0]);
        assert_eq!(groups[0].one.0, [0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 1.0]);
        assert_eq!(groups[0].h.0[5..], [7.0, 0.0, 7.0]);
        assert_eq!(groups[1].y.0, [0.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0]);
        assert_eq!(groups[1].one.0[..2], [0.0, 1.0]);
    }

    struct Surveyed(Vec<f64>);

    impl WithSimd for Surveyed {
        type Output = [Lane; 2];
        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) -> [Lane; 2] {
            let (mut sums, values) = (<[Lane; 2]>::default(), Values::from_f64(self.0));
            survey(simd, &values, 0..values.len(), &mut sums);
            sums
        }
    }

    #[test]
    fn a_survey_sums_every_value_once_and_sees_what_is_not_finite() {
        let values: Vec<f64> = (0..149).map(|k| 1.0 + f64::from(k)).collect();
        let sums = pulp::Arch::new().dispatch(Surveyed(values.clone()));
        assert_eq!((sums[0].sum(), sums[1].sum()), (149.0 * 74.0, 148.0 * 149.0 * 297.0 / 6.0));
        assert_eq!(sums, pulp::Scalar::new().vectorize(Surveyed(values.clone())));
        for at in [0, 33, 131, 148] {
            let mut values = values.clone();
            values[at] = f64::NEG_INFINITY;
            assert!(!pulp::Arch::new().dispatch(Surveyed(values))[1].sum().is_finite());
        }
    }
}
