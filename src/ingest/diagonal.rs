//! What stands on the diagonal of a map: raw self-correlation, which tells how white the intensities are, or something that was put
//! there. It is never fitted.
//!
//! `c2(t, t) = <I^2> / <I>^2 = 1 + contrast + white part` (photon noise, readout) if nothing was done to it. Programs replace it by the
//! mean of its neighbours (the reference), by the first off-diagonal or its mean (xana), by a constant or zero (ID10).

use crate::store::block::{Values, pair_position};

/// Fewest usable frames that tell what a diagonal is.
const FEWEST: usize = 3;
/// Relative difference up to which values count as equal: what is left of a mean in 32 bits.
const EQUAL: f64 = 1e-6;

/// What stands on the diagonal of a map.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Diagonal {
    /// Raw self-correlation; the mean of c2(t, t) - 1 over usable frames.
    Raw(f64),
    /// Nothing: zero, missing values, or too few frames to tell.
    Empty,
    /// One value.
    Constant,
    /// The first off-diagonal.
    OffDiagonal,
    /// The mean of the first off-diagonal before and after.
    NeighbourMean,
    /// Less than any self-correlation can be.
    TooSmall,
}

impl Diagonal {
    /// Looks at the diagonal of `n` frames of which some are `masked`.
    #[must_use]
    pub fn of(diagonal: &[f64], values: &Values, masked: &[usize]) -> Self {
        let map = Map::of(diagonal, values, masked);
        let own: Vec<f64> = map.usable().map(|frame| diagonal[frame]).collect();
        if own.len() < FEWEST || own.iter().all(|&value| value == 0.0) {
            return Diagonal::Empty;
        }
        let mean = own.iter().sum::<f64>() / own.len() as f64;
        if own.iter().all(|&value| map.equal(value, own[0])) {
            return Diagonal::Constant;
        }
        let neighbours: Vec<[f64; 3]> = map.neighbours().collect();
        let share = |holds: &dyn Fn(&[f64; 3]) -> bool| {
            neighbours.iter().filter(|around| holds(around)).count() as f64 / neighbours.len().max(1) as f64
        };
        // By chance none of a raw diagonal is equal; replaced ones may have other rules at ends and masks.
        if share(&|[before, own, after]| map.equal(*own, *before) || map.equal(*own, *after)) > 0.5 {
            return Diagonal::OffDiagonal;
        }
        if share(&|[before, own, after]| map.equal(*own, 0.5 * (before + after))) > 0.5 {
            return Diagonal::NeighbourMean;
        }
        if map.impossible() > 0.1 {
            return Diagonal::TooSmall;
        }
        Diagonal::Raw(mean - 1.0)
    }

    /// The mean of c2(t, t) - 1, if it is raw.
    #[must_use]
    pub fn raw(self) -> Option<f64> {
        match self {
            Diagonal::Raw(mean) => Some(mean),
            _ => None,
        }
    }

    /// In words.
    #[must_use]
    pub fn words(self) -> String {
        let replaced = match self {
            Diagonal::Raw(mean) => return format!("raw self-correlation, mean of c2 - 1: {mean:.4}; not fitted"),
            Diagonal::Empty => "empty",
            Diagonal::Constant => "a constant",
            Diagonal::OffDiagonal => "a copy of the first off-diagonal",
            Diagonal::NeighbourMean => "a mean of neighbours",
            Diagonal::TooSmall => "less than self-correlation",
        };
        format!("{replaced}: not used")
    }
}

/// A diagonal and the first off-diagonal beside it.
struct Map<'a> {
    diagonal: &'a [f64],
    values: &'a Values,
    usable: Vec<bool>,
}

impl<'a> Map<'a> {
    fn of(diagonal: &'a [f64], values: &'a Values, masked: &[usize]) -> Self {
        let mut usable: Vec<bool> = diagonal.iter().map(|value| value.is_finite()).collect();
        masked.iter().filter(|&&frame| frame < diagonal.len()).for_each(|&frame| usable[frame] = false);
        Map { diagonal, values, usable }
    }

    fn equal(&self, a: f64, b: f64) -> bool {
        (a - b).abs() <= EQUAL * a.abs().max(b.abs())
    }

    fn usable(&self) -> impl Iterator<Item = usize> {
        (0..self.diagonal.len()).filter(|&frame| self.usable[frame])
    }

    /// c2 of a frame and the next.
    fn next(&self, frame: usize) -> f64 {
        self.values.get(pair_position(self.diagonal.len(), frame, frame + 1))
    }

    /// Off-diagonal before, diagonal, off-diagonal after.
    fn neighbours(&self) -> impl Iterator<Item = [f64; 3]> {
        let inner = 1..self.diagonal.len().saturating_sub(1);
        let known = inner.filter(|&frame| (frame - 1..=frame + 1).all(|frame| self.usable[frame]));
        known.map(|frame| [self.next(frame - 1), self.diagonal[frame], self.next(frame)])
    }

    /// Share of neighbours i, j with c2_ii + c2_jj < 2 c2_ij. For intensities x it cannot be, whatever the normalisation:
    /// c2_ii + c2_jj - 2 c2_ij = <(x_i - x_j)^2>. Means of neighbours, medians and fits break it about every other time.
    fn impossible(&self) -> f64 {
        let steps = (0..self.diagonal.len().saturating_sub(1)).filter(|&i| self.usable[i] && self.usable[i + 1]);
        let broken = |i: usize| {
            let sum = self.diagonal[i] + self.diagonal[i + 1];
            let between = 2.0 * self.next(i);
            sum < between && !self.equal(sum, between)
        };
        let (found, all) = steps.fold((0_usize, 0_usize), |(found, all), i| (found + usize::from(broken(i)), all + 1));
        found as f64 / all.max(1) as f64
    }
}
