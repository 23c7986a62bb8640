//! Patterns that single events and slow swings leave in residuals, on pairs of coarse groups of frames: what speckles that renew at
//! once, frames that are missing, a rate that swings or fields that beat look like. It knows no residual.

use crate::likelihood::speckle::covariance::through;
use crate::likelihood::speckle::gaussian::Gaussian;
use crate::sums::algebra::dot;
use crate::sums::band::Band;
use crate::sums::grid::Grid;
use crate::sums::residuals::FrameGroups;
use std::f64::consts::PI;

/// Places of an event: one boundary of groups of so many.
const EVERY: usize = 2;
/// Half waves of age and of lag.
const AGES: usize = 6;
const LAGS: usize = 10;
/// Fewer groups have no patterns.
const FEWEST_GROUPS: usize = 8;

/// How a column `[dh/dtheta .., h, 1]` of the model is weighted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Where one frame lies before a coarse group and the other does not.
    Across {
        /// The group.
        group: usize,
    },
    /// By half waves of the age of a pair.
    Age {
        /// In the whole measurement.
        half_waves: usize,
    },
    /// By half waves of the lag.
    Lag {
        /// In the whole measurement.
        half_waves: usize,
    },
}

/// One pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pattern {
    /// Column of the model.
    pub column: usize,
    /// What it is weighted with.
    pub shape: Shape,
}

/// The patterns of one fit.
#[derive(Debug, Clone)]
pub struct Patterns {
    /// All of them.
    pub all: Vec<Pattern>,
    /// Middle of every coarse group, the measurement as 1.
    middle: Vec<f64>,
}

/// What the sums of patterns scatter by at one place.
#[derive(Debug, Clone)]
pub struct PatternNoise {
    /// Of every pattern (a column).
    pub own: Gaussian,
    /// Of every pattern with the scores `[dh .., h, 1]`.
    pub with_scores: Gaussian,
    /// Of every score `[dh .., h]` (a column).
    pub scores: Gaussian,
}

impl Patterns {
    /// Over coarse groups, of `p` parameters: some are amplitudes, some may swing with age.
    #[must_use]
    pub fn new(groups: &FrameGroups, p: usize, (amplitudes, swinging): (&[usize], &[usize])) -> Self {
        let n_frames = groups.of_frame.len() as f64;
        let middle = |first: &usize| f64::midpoint(*first as f64, groups.end[*first] as f64) / n_frames;
        let mut all = Vec::new();
        if groups.len() >= FEWEST_GROUPS {
            let across = (EVERY..groups.len()).step_by(EVERY).map(|group| Shape::Across { group });
            let ages = (1..=AGES).map(|half_waves| Shape::Age { half_waves });
            let lags = (1..=LAGS).map(|half_waves| Shape::Lag { half_waves });
            let with =
                |columns: Vec<usize>, shape: Shape| columns.into_iter().map(move |column| Pattern { column, shape });
            all.extend(across.flat_map(|shape| with([amplitudes, &[p]].concat(), shape)));
            all.extend(ages.flat_map(|shape| with([swinging, &[p]].concat(), shape)));
            all.extend(lags.flat_map(|shape| with(vec![p], shape)));
        }
        Patterns { all, middle: groups.first_frames.iter().map(middle).collect() }
    }

    /// The weight of the pairs of two groups.
    #[must_use]
    pub fn weight(&self, shape: Shape, a: usize, b: usize) -> f64 {
        let (earlier, later) = (a.min(b), a.max(b));
        let wave = |half_waves: usize, at: f64| (PI * half_waves as f64 * at).cos();
        match shape {
            Shape::Across { group } => f64::from(u8::from(earlier < group && group <= later)),
            Shape::Age { half_waves } => wave(half_waves, f64::midpoint(self.middle[earlier], self.middle[later])),
            Shape::Lag { half_waves } => wave(half_waves, self.middle[later] - self.middle[earlier]),
        }
    }

    /// On a grid.
    #[must_use]
    pub fn noise(&self, grid: &Grid) -> PatternNoise {
        let roots: Vec<f64> = grid.counts.iter().map(|count| count.sqrt()).collect();
        let times_roots = |band: &Band| band.map(|a, b, value| value * roots[a] * roots[b]);
        let h = times_roots(&grid.h);
        let scores: Vec<[Band; 3]> = grid.columns.iter().map(|column| through(&h, times_roots(column))).collect();
        let one = Ones { h: &h, roots: &roots, through_h: h.apply(&roots) };
        let on = |pattern: &Pattern| {
            let weight = |a: usize, b: usize| self.weight(pattern.shape, grid.coarse[a], grid.coarse[b]);
            scores[pattern.column][0].map(|a, b, value| value * weight(a, b))
        };
        let of_pattern = |pattern: &Pattern| {
            let function = on(pattern);
            let once = function.times(&h, 2 * function.reach());
            let with_scores = scores.iter().map(|score| with(&function, score)).chain([one.with(&function, &once)]);
            (own(&function, &once), with_scores.collect::<Vec<_>>())
        };
        let found: Vec<([f64; 3], Vec<[f64; 3]>)> = self.all.iter().map(of_pattern).collect();
        PatternNoise {
            own: Gaussian::from_fn(found.len(), 1, |k, _| found[k].0),
            with_scores: Gaussian::from_fn(found.len(), scores.len() + 1, |k, column| found[k].1[column]),
            scores: Gaussian::from_fn(scores.len(), 1, |k, _| with(&scores[k][0], &scores[k])),
        }
    }
}

/// The monomials of one function J, given J H.
fn own(function: &Band, once: &Band) -> [f64; 3] {
    let within_reach = once.cut(function.reach());
    [0.5 * once.inner_transposed(once), function.inner(&within_reach), 0.5 * function.inner(function)]
}

/// Of a function with another that was taken through H.
fn with(function: &Band, [bare, once, twice]: &[Band; 3]) -> [f64; 3] {
    [0.5 * twice.inner(function), once.inner(function), 0.5 * bare.inner(function)]
}

/// The score of the offset: 1 on all different frames.
struct Ones<'a> {
    h: &'a Band,
    roots: &'a [f64],
    through_h: Vec<f64>,
}

impl Ones<'_> {
    fn with(&self, function: &Band, once: &Band) -> [f64; 3] {
        let (once_one, one) = (function.apply(&self.through_h), function.apply(self.roots));
        let within_reach = once.cut(self.h.reach());
        let trace: f64 = function.diagonal().iter().sum();
        [
            0.5 * (dot(&self.through_h, &once_one) - within_reach.inner(self.h)),
            dot(self.roots, &once_one) - function.inner(self.h),
            0.5 * (dot(self.roots, &one) - trace),
        ]
    }
}

impl PatternNoise {
    /// Between two.
    #[must_use]
    pub fn between(&self, other: &PatternNoise, share: f64) -> PatternNoise {
        PatternNoise {
            own: self.own.between(&other.own, share),
            with_scores: self.with_scores.between(&other.with_scores, share),
            scores: self.scores.between(&other.scores, share),
        }
    }

    /// The same where the columns have factors, of the patterns and of the scores.
    #[must_use]
    pub fn with_factors(self, patterns: &Patterns, rows: &[f64], columns: &[f64]) -> PatternNoise {
        let of_patterns: Vec<f64> = patterns.all.iter().map(|pattern| rows[pattern.column]).collect();
        let squares = |factors: &[f64]| factors.iter().map(|factor| factor * factor).collect::<Vec<f64>>();
        PatternNoise {
            own: self.own.with_factors(&squares(&of_patterns), &[1.0]),
            with_scores: self.with_scores.with_factors(&of_patterns, columns),
            scores: self.scores.with_factors(&squares(&rows[..rows.len() - 1]), &[1.0]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_lie_between_frames_and_swings_have_no_mean() {
        let groups = FrameGroups::new((0..20).map(|k| 5 * k).collect(), 100);
        let patterns = Patterns::new(&groups, 3, (&[0], &[0, 2]));
        assert!(patterns.all.iter().any(|pattern| pattern.shape == Shape::Across { group: 18 } && pattern.column == 3));
        let across = |a, b| patterns.weight(Shape::Across { group: 8 }, a, b);
        assert_eq!([across(7, 8), across(8, 7), across(3, 7), across(8, 12)], [1.0, 1.0, 0.0, 0.0]);
        let ages: f64 = (0..20).map(|a| patterns.weight(Shape::Age { half_waves: 3 }, a, a)).sum();
        assert!(ages.abs() < 1e-12);
        assert_eq!(patterns.weight(Shape::Lag { half_waves: 4 }, 6, 6), 1.0);
        assert!((patterns.weight(Shape::Lag { half_waves: 4 }, 0, 5) + 1.0).abs() < 1e-12);
        assert!(Patterns::new(&FrameGroups::new(vec![0, 5], 10), 3, (&[0], &[0])).all.is_empty());
    }
}
