//! Patterns that single events and beats leave in residuals, weighted by pairs of coarse groups of frames: what speckles that renew at
//! once, frames that are missing or fields that beat look like. It knows no residual.

use crate::likelihood::speckle::covariance::through;
use crate::likelihood::speckle::gaussian::Gaussian;
use crate::sums::band::Band;
use crate::sums::grid::Grid;
use crate::sums::residuals::FrameGroups;
use ndarray::Array2;
use std::f64::consts::PI;
use std::ops::Range;

/// Half waves of lag.
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
    /// Where one frame lies before the middle of a coarse group and the other does not, as far as groups can tell.
    Within {
        /// The group.
        group: usize,
    },
    /// By half waves of the lag.
    Lag {
        /// In the whole measurement.
        half_waves: usize,
    },
}

impl Shape {
    /// The weight of the pairs of two groups with their middles, the measurement as 1.
    fn weight(self, middle: &[f64], a: usize, b: usize) -> f64 {
        let (earlier, later) = (a.min(b), a.max(b));
        match self {
            Shape::Across { group } => f64::from(u8::from(earlier < group && group <= later)),
            // Half of the pairs of the group with itself and with every other lie across its middle.
            Shape::Within { group } if earlier == group || later == group => {
                f64::from(u8::from(earlier <= group && group <= later)) / 2.0
            }
            Shape::Within { group } => f64::from(u8::from(earlier < group && group < later)),
            Shape::Lag { half_waves } => (PI * half_waves as f64 * (middle[later] - middle[earlier])).cos(),
        }
    }
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
    /// Of every pattern, the weight of the pairs of two groups.
    pub weights: Vec<Array2<f64>>,
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
    /// Over coarse groups, of `p` parameters of which some are amplitudes.
    #[must_use]
    pub fn new(groups: &FrameGroups, p: usize, amplitudes: &[usize]) -> Self {
        let n_frames = groups.of_frame.len() as f64;
        let middle = |first: &usize| f64::midpoint(*first as f64, groups.end[*first] as f64) / n_frames;
        let mut all = Vec::new();
        if groups.len() >= FEWEST_GROUPS {
            let across = (1..groups.len()).map(|group| Shape::Across { group });
            let within = (0..groups.len()).map(|group| Shape::Within { group });
            let lags = (1..=LAGS).map(|half_waves| Shape::Lag { half_waves });
            let with =
                |columns: Vec<usize>, shape: Shape| columns.into_iter().map(move |column| Pattern { column, shape });
            all.extend(across.chain(within).flat_map(|shape| with([amplitudes, &[p]].concat(), shape)));
            all.extend(lags.flat_map(|shape| with(vec![p], shape)));
        }
        let middle: Vec<f64> = groups.first_frames.iter().map(middle).collect();
        let n = middle.len();
        let weights = |pattern: &Pattern| Array2::from_shape_fn((n, n), |(a, b)| pattern.shape.weight(&middle, a, b));
        Patterns { weights: all.iter().map(weights).collect(), all }
    }

    /// On a grid.
    #[must_use]
    pub fn noise(&self, grid: &Grid) -> PatternNoise {
        let scaled = Scaled::of(grid);
        let with_scores: Vec<Vec<Cells>> = (0..grid.columns.len())
            .map(|column| match self.all.iter().any(|pattern| pattern.column == column) {
                true => scaled.scores.iter().map(|score| scaled.cells(&scaled.columns[column], score)).collect(),
                false => Vec::new(),
            })
            .collect();
        let over = |cells: &Cells, weights: &Array2<f64>| cells.each_ref().map(|cells| (cells * weights).sum());
        let own = |(pattern, weights): (&Pattern, &Array2<f64>)| match pattern.shape {
            Shape::Lag { .. } if grid.len() > MANY_GROUPS => {
                over(&with_scores[pattern.column][pattern.column], &(weights * weights))
            }
            Shape::Lag { .. } => scaled.own(pattern.column, weights, 0..grid.len()),
            Shape::Across { group } | Shape::Within { group } => {
                scaled.own(pattern.column, weights, scaled.around(group, pattern.column))
            }
        };
        let own: Vec<[f64; 3]> = self.all.iter().zip(&self.weights).map(own).collect();
        PatternNoise {
            own: Gaussian::from_fn(own.len(), 1, |k, _| own[k]),
            with_scores: Gaussian::from_fn(own.len(), scaled.scores.len(), |k, score| {
                over(&with_scores[self.all[k].column][score], &self.weights[k])
            }),
            scores: Gaussian::from_fn(grid.columns.len(), 1, |k, _| {
                scaled.scores[k].each_ref().map(|score| score.inner(&scaled.columns[k]))
            }),
        }
    }
}

/// Grids of more groups than that are so fine beside a swing that it does not change within reach.
const MANY_GROUPS: usize = 200;

/// Sums over the pairs of coarse groups, of the three monomials.
type Cells = [Array2<f64>; 3];

/// Columns of a grid, scaled by the roots of the frames of their groups.
struct Scaled<'a> {
    grid: &'a Grid,
    n_coarse: usize,
    h: Band,
    columns: Vec<Band>,
    /// Of every score `[dh .., h, 1]`, what a function is multiplied by, entry by entry: `1/2 H S H`, the symmetric part of `S H`, `S / 2`.
    scores: Vec<[Band; 3]>,
}

impl<'a> Scaled<'a> {
    fn of(grid: &'a Grid) -> Self {
        let roots = grid.roots();
        let (h, columns) =
            (grid.scaled(&grid.h), grid.columns.iter().map(|column| grid.scaled(column)).collect::<Vec<Band>>());
        let half = |band: &Band| band.map(|_, _, value| 0.5 * value);
        let score = |column: &Band| {
            let [bare, once, twice] = through(&h, column.clone());
            [half(&twice), once, half(&bare)]
        };
        // The score of the offset is 1 on all different frames: of rank one, less a frame with itself.
        let (through_h, squared) = (h.apply(&roots), h.times(&h, h.reach()));
        let ones = [
            squared.map(|a, b, value| 0.5 * (through_h[a] * through_h[b] - value)),
            h.map(|a, b, value| f64::midpoint(roots[a] * through_h[b], roots[b] * through_h[a]) - value),
            h.map(|a, b, _| 0.5 * (roots[a] * roots[b] - f64::from(u8::from(a == b)))),
        ];
        let scores = columns.iter().map(score).chain([ones]).collect();
        let n_coarse = grid.coarse.last().map_or(0, |last| last + 1);
        Scaled { grid, n_coarse, h, columns, scores }
    }

    fn cells(&self, column: &Band, score: &[Band; 3]) -> Cells {
        score.each_ref().map(|score| {
            let mut cells = Array2::zeros((self.n_coarse, self.n_coarse));
            for a in 0..column.n() {
                let products = column.row(a).iter().zip(score.row(a)).map(|(one, other)| one * other);
                for (b, product) in column.columns(a).zip(products) {
                    cells[[self.grid.coarse[a], self.grid.coarse[b]]] += product;
                }
            }
            cells
        })
    }

    /// Groups that have pairs across a coarse group.
    fn around(&self, group: usize, column: usize) -> Range<usize> {
        let (coarse, reach) = (&self.grid.coarse, self.columns[column].reach());
        let (start, end) = (coarse.partition_point(|&at| at < group), coarse.partition_point(|&at| at <= group));
        start.saturating_sub(reach)..(end + reach).min(coarse.len())
    }

    /// The monomials of a weighted column, which is zero outside of some groups.
    fn own(&self, column: usize, weights: &Array2<f64>, groups: Range<usize>) -> [f64; 3] {
        let coarse = &self.grid.coarse[groups.clone()];
        let column = self.columns[column].among(groups.clone());
        let function = column.map(|a, b, value| value * weights[[coarse[a], coarse[b]]]);
        let once = function.times(&self.h.among(groups), 2 * function.reach());
        let within_reach = once.cut(function.reach());
        [0.5 * once.inner_transposed(&once), function.inner(&within_reach), 0.5 * function.inner(&function)]
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
    pub fn with_factors(&self, patterns: &Patterns, rows: &[f64], columns: &[f64]) -> PatternNoise {
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
    fn events_lie_between_frames_and_beats_depend_on_the_lag() {
        let groups = FrameGroups::new((0..20).map(|k| 5 * k).collect(), 100);
        let patterns = Patterns::new(&groups, 3, &[0]);
        assert!(patterns.all.iter().any(|pattern| pattern.shape == Shape::Across { group: 18 } && pattern.column == 3));
        let of = |shape: Shape| {
            let place = patterns.all.iter().position(|pattern| pattern.shape == shape).expect("looked at");
            patterns.weights[place].clone()
        };
        let within = of(Shape::Within { group: 8 });
        assert_eq!(
            [within[[7, 8]], within[[8, 8]], within[[7, 9]], within[[8, 12]], within[[9, 12]]],
            [0.5, 0.5, 1.0, 0.5, 0.0]
        );
        let across = of(Shape::Across { group: 8 });
        assert_eq!([across[[7, 8]], across[[8, 7]], across[[3, 7]], across[[8, 12]]], [1.0, 1.0, 0.0, 0.0]);
        let lags = of(Shape::Lag { half_waves: 4 });
        assert_eq!(lags[[6, 6]], 1.0);
        assert!((lags[[0, 5]] + 1.0).abs() < 1e-12);
        assert!(Patterns::new(&FrameGroups::new(vec![0, 5], 10), 3, &[0]).all.is_empty());
    }
}
