//! Patches of pairs into a Gram matrix, with or without weights. It evaluates no model and reads no value.

use crate::sums::gram::Gram;
use crate::sums::loss::Reweighing;
use crate::sums::pairs::{LANES, Lane, PairModel, QUANTITIES};
use crate::sums::rank_update::Depth;
use crate::sums::row_sums::Want;
use crate::sums::separable::SeparableSums;
use crate::sweep::raw::patches::{Patch, PatchSums};
use crate::sweep::raw::values::{FilledRun, reweigh};
use pulp::Simd;
use std::marker::PhantomData;

/// Depth and weights as a type.
pub struct Wanted<const DEPTH: u8, const WEIGHTED: bool>;

impl<const DEPTH: u8, const WEIGHTED: bool> Want for Wanted<DEPTH, WEIGHTED> {
    const DEPTH: Depth = match DEPTH {
        0 => Depth::Cost,
        1 => Depth::Gradient,
        _ => Depth::Normal,
    };
    const WEIGHTED: bool = WEIGHTED;
}

/// Into a Gram matrix.
pub struct IntoGram<T, const W: usize> {
    sums: SeparableSums<W>,
    reweighing: Option<Reweighing>,
    loss: Lane,
    want: PhantomData<T>,
}

impl<T: Want, const W: usize> IntoGram<T, W> {
    /// Of rows of width `W` = P + 3.
    #[must_use]
    pub fn new(reweighing: Option<Reweighing>) -> Self {
        IntoGram { sums: SeparableSums::default(), reweighing, loss: Lane::default(), want: PhantomData }
    }

    /// The sums, derivatives times the factors of the angle.
    #[must_use]
    pub fn finish(&self, factors: &[f64; QUANTITIES]) -> Gram {
        self.sums.finish(factors).with_loss(self.loss.sum())
    }

    /// Blanks what is not finite, weighs the rest and sums 1, y and y^2.
    #[inline(always)]
    fn weigh<S: Simd>(&mut self, simd: S, filled: &mut FilledRun<'_>) {
        let pairs = filled.fill_ones(simd);
        let groups = &mut *filled.groups;
        if let Some(reweighing) = self.reweighing.filter(|_| T::WEIGHTED) {
            reweigh(simd, &reweighing, groups, &mut self.loss);
        }
        let (mut values, mut ones) = ([Lane::default(); 2], Lane::default());
        for group in groups.iter() {
            for lane in 0..LANES {
                let (one, y) = (group.one.0[lane], group.y.0[lane]);
                ones.0[lane] += one * one;
                values[0].0[lane] += one * y;
                values[1].0[lane] += y * y;
            }
        }
        self.sums.add_values(&values, ones.sum(), pairs);
    }
}

impl<T: Want, const W: usize> PatchSums for IntoGram<T, W> {
    const CHANGES: bool = !matches!(T::DEPTH, Depth::Cost);
    const LEAVES_OUT: bool = !T::WEIGHTED;

    #[inline(always)]
    fn take_values(&mut self, values: &[Lane; 2], pairs: usize) {
        if !T::WEIGHTED {
            self.sums.add_values(values, pairs as f64, pairs as u64);
        }
    }

    #[inline(always)]
    fn begin<S: Simd, M: PairModel>(&mut self, simd: S, model: &M, patch: &Patch) {
        self.sums.begin::<S, T, M>(simd, model, patch.groups(), patch.reference);
    }

    #[inline(always)]
    fn take_run<S: Simd, M: PairModel>(&mut self, simd: S, model: &M, mut filled: FilledRun<'_>) {
        if T::WEIGHTED || !filled.all_finite {
            self.weigh(simd, &mut filled);
        }
        let FilledRun { run, groups, .. } = filled;
        self.sums.add_run::<S, T, M>(simd, model, run, groups);
    }

    #[inline(always)]
    fn end<S: Simd>(&mut self, simd: S) {
        self.sums.end::<S, T>(simd);
    }
}
