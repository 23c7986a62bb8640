//! Differences along lines of a map, in which cancels what changes slowly: what is left is noise. It knows no model.

use crate::ingest::coincidences::are_counts;
use crate::ingest::rounding::Rounding;
use crate::store::block::{Values, pair_position};

/// Lags and ages of sigma itself, and of what decides about it or needs two digits.
const ALL: [usize; 2] = [400, 500];
const SOME: [usize; 2] = [140, 140];
/// Values whose distances tell the quantum.
const ROUNDED: usize = 4096;
/// Quanta from which on it does not matter that values are rounded.
const COARSE: f64 = 10.0;
/// Differences of high order are asked for less noise than others have: fewer tell nothing.
const FEWEST: usize = 30;
/// Fewest differences that a correlation may come from: its error is then 0.1.
const MANY: usize = 2000;
/// Differences of counts in one mean, and how many such means there are at most.
const IN_MEAN: usize = 1000;
const MEANS: usize = 16;

/// The usable values of a map and how they scatter.
pub struct Lines<'a> {
    values: &'a Values,
    n: usize,
    usable: Vec<bool>,
    counts: bool,
    rounding: Rounding,
}

/// Where the next pair is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// (i + 1, j + 1): constant lag.
    Diagonal,
    /// (i + 1, j): the second frame stays.
    Frames,
}

/// A difference of some order, and the distance between its pairs in frames.
#[derive(Debug, Clone, Copy)]
pub struct Difference {
    /// 2: c(k) - 2 c(k+1) + c(k+2).
    pub order: usize,
    /// Frames from one pair to the next.
    pub step: usize,
}

impl Difference {
    /// Binomial coefficients with alternating signs.
    fn coefficients(self) -> Vec<f64> {
        let mut all = vec![1.0];
        for k in 0..self.order {
            all.push(-all[k] * (self.order - k) as f64 / (k + 1) as f64);
        }
        all
    }

    /// Variance of the difference of independent values of variance 1.
    fn gain(self) -> f64 {
        self.coefficients().iter().map(|coefficient| coefficient * coefficient).sum()
    }
}

impl<'a> Lines<'a> {
    /// Of a map of `n` frames of which some are `masked`.
    #[must_use]
    pub fn of(values: &'a Values, n: usize, masked: &[usize]) -> Self {
        let mut usable = vec![true; n];
        masked.iter().filter(|&&frame| frame < n).for_each(|&frame| usable[frame] = false);
        let rounding = Rounding { quantum: 0.0, float: 0.0 };
        let mut lines = Lines { values, n, usable, counts: false, rounding };
        let sample = lines.along(Line::Diagonal, Difference { order: 0, step: 1 }, SOME);
        let zeros = sample.iter().filter(|&&value| value == 0.0).count();
        lines.counts = are_counts(zeros as f64 / sample.len().max(1) as f64);
        let some = sample.iter().step_by(sample.len().div_ceil(ROUNDED).max(1)).copied();
        lines.rounding = Rounding::of(some.collect(), values);
        lines
    }

    /// How finely values are written.
    #[must_use]
    pub fn rounding(&self) -> Rounding {
        self.rounding
    }

    /// Whether values are few coincidences.
    #[must_use]
    pub fn are_counts(&self) -> bool {
        self.counts
    }

    /// Standard deviation of one value, its rounding included, if values are independent, from differences along lines of constant
    /// lag; `None` without differences, or with too few of a high order.
    ///
    /// Of counts it is a mean square, as their distribution is skew; of others a median, so that half of them may be outliers.
    #[must_use]
    pub fn scatter(&self, difference: Difference) -> Option<f64> {
        let (places, fewest) = if difference.order > 2 { (SOME, FEWEST) } else { (ALL, 1) };
        self.spread(self.along(Line::Diagonal, difference, places), difference.gain(), fewest)
    }

    /// The same along either line; `None` unless there are many differences: correlations are differences of variances.
    #[must_use]
    pub fn scatter_along(&self, line: Line, difference: Difference) -> Option<f64> {
        self.spread(self.along(line, difference, SOME), difference.gain(), MANY)
    }

    fn spread(&self, mut all: Vec<f64>, gain: f64, fewest: usize) -> Option<f64> {
        if all.len() < fewest {
            return None;
        }
        if self.counts {
            return Some(root_mean_square(&all) / gain.sqrt());
        }
        let quantum = self.rounding.quantum;
        let plain = 1.4826 * median_size(&mut all)? / gain.sqrt();
        if plain > COARSE * quantum || plain <= self.rounding.float {
            return Some(plain);
        }
        // Differences of rounded values are whole quanta, and so is their median: spread evenly over a quantum it has a size.
        all.iter_mut().enumerate().for_each(|(k, size)| *size += quantum * (even(k) - 0.5));
        let spread = 1.4826 * median_size(&mut all)?;
        Some(((spread * spread - quantum * quantum / 12.0).max(0.0) / gain).sqrt())
    }

    /// Differences of pairs along a line. Pairs at constant lag share no frame, and no line meets the diagonal.
    fn along(&self, line: Line, difference: Difference, [lags, ages]: [usize; 2]) -> Vec<f64> {
        let coefficients = difference.coefficients();
        let reach = difference.order * difference.step;
        let n_lags = self.n.saturating_sub(2 * reach + 1);
        let mut all = Vec::new();
        for lag in (0..n_lags.min(lags)).map(|k| reach + 1 + k * n_lags / n_lags.min(lags)) {
            let room = (self.n - lag).saturating_sub(reach);
            for i in (0..room.min(ages)).map(|k| k * room / room.min(ages)) {
                let pairs = coefficients.iter().enumerate().map(|(k, &weight)| {
                    let frame = i + k * difference.step;
                    let second = if line == Line::Diagonal { frame } else { i };
                    weight * self.value(frame, second + lag)
                });
                let sum: f64 = pairs.sum();
                if sum.is_finite() {
                    all.push(sum);
                }
            }
        }
        all
    }

    /// Not a number where there is none.
    fn value(&self, i: usize, j: usize) -> f64 {
        if self.usable[i] && self.usable[j] { self.values.get(pair_position(self.n, i, j)) } else { f64::NAN }
    }
}

/// Numbers that fill 0 to 1 evenly, whichever are picked.
fn even(k: usize) -> f64 {
    (k as f64 * 0.618_033_988_749_895).fract()
}

fn median_size(values: &mut [f64]) -> Option<f64> {
    let middle = values.len() / 2;
    values.iter_mut().for_each(|value| *value = value.abs());
    (!values.is_empty()).then(|| *values.select_nth_unstable_by(middle, f64::total_cmp).1)
}

/// Root of the median of mean squares of consecutive differences: a few odd lags do not count.
fn root_mean_square(values: &[f64]) -> f64 {
    let means = (values.len() / IN_MEAN).clamp(1, MEANS);
    let chunks = values.chunks(values.len().div_ceil(means).max(1));
    let mut squares: Vec<f64> =
        chunks.map(|chunk| chunk.iter().map(|value| value * value).sum::<f64>() / chunk.len() as f64).collect();
    median_size(&mut squares).unwrap_or(0.0).sqrt()
}
