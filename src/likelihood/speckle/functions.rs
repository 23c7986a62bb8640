//! Functions of a pair of frames with which residuals are weighted and summed: the scores of a fit in pieces, and bins of lag
//! and age that show what a model misses. It computes no covariance.
//!
//! Every function is zero or a column of the model on a part of the pairs, so that one sweep has the sums of all of them, and
//! the scores of the fit are sums of them.

use crate::sums::band::Band;
use crate::sums::grid::{Grid, ShortLag};
use crate::sums::lags::half_octave;
use crate::sums::residuals::{FrameGroups, ResidualSums};
use ndarray::Array2;
use std::ops::Range;

/// Parts of the measurement that pairs are binned by: quarters by the age of a pair, sixths by its two frames.
const AGES: usize = 4;
const BLOCKS: usize = 6;

/// One function of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    /// A column `[dh/dtheta .., h]` where the mean age of the two frames lies in one part of the measurement.
    Aged {
        /// Column.
        column: usize,
        /// Part of the measurement.
        age: usize,
    },
    /// A column everywhere.
    Whole {
        /// Column.
        column: usize,
    },
    /// 1 where the lag lies in this half octave.
    Lag {
        /// Number of the half octave: see [`half_octave`].
        bin: usize,
    },
    /// 1 where the earlier frame lies in one block of time and the later in another or the same.
    Blocks {
        /// Block of the earlier frame.
        earlier: usize,
        /// Block of the later frame.
        later: usize,
    },
}

/// The functions of one fit.
#[derive(Debug, Clone)]
pub struct Functions {
    /// All of them.
    pub all: Vec<Function>,
    /// Physical parameters.
    pub p: usize,
    /// Parameters whose columns are looked at part by part.
    pub by_age: Vec<usize>,
    /// First coarse group of every block of time.
    pub blocks: Vec<usize>,
    /// Part of the measurement by the age of two coarse groups.
    ages: Array2<usize>,
}

impl Functions {
    /// Over coarse groups of frames; the columns in `by_age` are looked at part by part. Lags up to `longest_lag` frames have bins.
    #[must_use]
    pub fn new(groups: &FrameGroups, p: usize, by_age: &[usize], longest_lag: usize) -> Self {
        let (n, n_frames) = (groups.len(), groups.of_frame.len());
        let middle = |group: usize| {
            let first = groups.first_frames[group];
            f64::midpoint(first as f64, groups.end[first] as f64) / n_frames as f64
        };
        let part = |age: f64, parts: usize| ((age * parts as f64) as usize).min(parts - 1);
        let ages = Array2::from_shape_fn((n, n), |(a, b)| part(f64::midpoint(middle(a), middle(b)), AGES));
        let mut blocks = vec![0];
        for group in 1..n {
            if part(middle(group), BLOCKS) > part(middle(group - 1), BLOCKS) {
                blocks.push(group);
            }
        }
        let mut all = Vec::new();
        for column in 0..=p {
            if column == p || by_age.contains(&column) {
                all.extend((0..AGES).map(|age| Function::Aged { column, age }));
            } else {
                all.push(Function::Whole { column });
            }
        }
        all.extend((0..).take_while(|&bin| half_octave(bin).end <= longest_lag).map(|bin| Function::Lag { bin }));
        for earlier in 0..blocks.len() {
            all.extend((earlier..blocks.len()).map(|later| Function::Blocks { earlier, later }));
        }
        Functions { all, p, by_age: by_age.to_vec(), blocks, ages }
    }

    /// The block of a coarse group.
    #[must_use]
    pub fn block(&self, group: usize) -> usize {
        self.blocks.partition_point(|&first| first <= group) - 1
    }

    /// The scores `[dh/dtheta .., h, 1]` as sums of functions: rows of zeros and ones.
    #[must_use]
    pub fn scores(&self) -> Array2<f64> {
        Array2::from_shape_fn((self.p + 2, self.all.len()), |(score, k)| {
            let takes_part = match self.all[k] {
                Function::Aged { column, .. } | Function::Whole { column } => column == score,
                Function::Blocks { .. } => score == self.p + 1,
                Function::Lag { .. } => false,
            };
            f64::from(u8::from(takes_part))
        })
    }

    /// Of every function, the factor that an angle's columns dh/dtheta have.
    #[must_use]
    pub fn factors(&self, of_columns: &[f64]) -> Vec<f64> {
        let factor = |function: &Function| match *function {
            Function::Aged { column, .. } | Function::Whole { column } => {
                of_columns.get(column).copied().unwrap_or(1.0)
            }
            _ => 1.0,
        };
        self.all.iter().map(factor).collect()
    }

    /// Sums of residuals of one angle weighted with every function.
    #[must_use]
    pub fn sums(&self, residuals: &ResidualSums) -> Vec<f64> {
        let n = residuals.n_groups;
        let block: Vec<usize> = (0..n).map(|group| self.block(group)).collect();
        let over = |column: usize, takes_part: &dyn Fn(usize, usize) -> bool| -> f64 {
            let mut sum = 0.0;
            for earlier in 0..n {
                for later in (earlier..n).filter(|&later| takes_part(earlier, later)) {
                    sum += residuals.score(earlier, later)[column];
                }
            }
            sum
        };
        let of = |function: &Function| match *function {
            Function::Lag { bin } => residuals.of_lags().get(half_octave(bin)).map_or(0.0, |sums| sums.iter().sum()),
            Function::Whole { column } => over(column, &|_, _| true),
            Function::Aged { column, age } => over(column, &|earlier, later| self.ages[[earlier, later]] == age),
            Function::Blocks { earlier: a, later: b } => {
                over(self.p + 1, &|earlier, later| block[earlier] == a && block[later] == b)
            }
        };
        self.all.iter().map(of).collect()
    }

    /// The sum over pairs of a bin of lags and another function, and the same times h, where the grid knows short lags.
    #[must_use]
    pub fn at_lags(&self, bin: usize, other: Function, grid: &Grid) -> Option<(f64, f64)> {
        let mut known = grid.short_lags.iter().filter(|short| short.bin == bin).peekable();
        known.peek()?;
        let terms = known.filter_map(|short| self.column_at(other, short).map(|column| (short, column)));
        let sums = terms.map(|(short, column)| (short.sums[column], short.times_h[column]));
        Some(sums.fold((0.0, 0.0), |(all, with_h), (sum, times_h)| (all + sum, with_h + times_h)))
    }

    /// Which of the columns `[dh/dtheta .., h, 1]` a function is on pairs at a short lag; none where it is zero.
    fn column_at(&self, function: Function, short: &ShortLag) -> Option<usize> {
        let (earlier, later) = short.coarse;
        match function {
            Function::Whole { column } => Some(column),
            Function::Aged { column, age } => (self.ages[[earlier, later]] == age).then_some(column),
            Function::Blocks { earlier: a, later: b } => {
                (self.block(earlier) == a && self.block(later) == b).then_some(self.p + 1)
            }
            Function::Lag { bin } => (bin == short.bin).then_some(self.p + 1),
        }
    }

    /// A function on the groups of a grid, as far as it is not 1 on two blocks of time.
    #[must_use]
    pub fn on(&self, function: Function, grid: &Grid) -> Option<Band> {
        match function {
            Function::Whole { column } => Some(grid.columns[column].clone()),
            Function::Aged { column, age } => {
                Some(
                    grid.columns[column].map(|a, b, value| {
                        if self.ages[[grid.coarse[a], grid.coarse[b]]] == age { value } else { 0.0 }
                    }),
                )
            }
            Function::Lag { bin } => Some(grid.h.map(|a, b, _| share_of_lags(grid, (a, b), &half_octave(bin)))),
            Function::Blocks { .. } => None,
        }
    }
}

/// Which share of the pairs of two groups has one of these lags.
fn share_of_lags(grid: &Grid, (a, b): (usize, usize), lags: &Range<usize>) -> f64 {
    let (a, b) = (a.min(b), a.max(b));
    let (start, end) = (grid.first_frames[b], grid.end(b));
    let later = |i: usize| {
        let (from, to) = ((i + lags.start).max(start), (i + lags.end).min(end));
        to.saturating_sub(from)
    };
    let rows = grid.first_frames[a]..grid.end(a);
    let pairs = rows.len() * (end - start);
    let within: usize = rows.map(later).sum();
    // Within one group both orders of two frames count.
    let orders = if a == b { 2 } else { 1 };
    (orders * within) as f64 / pairs as f64
}

/// The longest lag in frames up to which functions of the lag lie within a grid's reach.
#[must_use]
pub fn longest_lag(grid: &Grid) -> usize {
    let reach = grid.h.reach();
    let covered = |a: usize| grid.first_frames[a + reach] - grid.first_frames[a];
    (0..grid.len().saturating_sub(reach)).map(covered).min().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_sums_of_functions() {
        let groups = FrameGroups::new((0..12).map(|k| 10 * k).collect(), 120);
        let functions = Functions::new(&groups, 3, &[0], 20);
        assert_eq!(functions.blocks, [0, 2, 4, 6, 8, 10]);
        assert_eq!(functions.all.len(), 4 + 1 + 1 + 4 + 7 + 21);
        let mut residuals = ResidualSums::zero(120, 12, 5);
        for earlier in 0..12 {
            for later in earlier..12 {
                for k in 0..5 {
                    residuals.score_mut(earlier, later)[k] = (earlier * 7 + later * 3 + k) as f64;
                }
            }
        }
        let sums = functions.sums(&residuals);
        let scores = functions.scores();
        for k in 0..5 {
            let from_functions: f64 = scores.row(k).iter().zip(&sums).map(|(a, b)| a * b).sum();
            let pairs = (0..12).flat_map(|a| (a..12).map(move |b| (a, b)));
            let direct: f64 = pairs.map(|(a, b)| residuals.score(a, b)[k]).sum();
            assert_eq!(from_functions, direct, "{k}");
        }
    }
}
