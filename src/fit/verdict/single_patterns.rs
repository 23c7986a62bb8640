//! Does one event or swing stand out? Speckles that renew at once, missing frames, fields that beat, and each of `swings`: each is one
//! sum of residuals, which tells it where the many sums of the test of fit share out their attention. It decides nothing.
//!
//! Covariances are Gaussian; each column of the model is set right by the ratio that its whole score has, whose covariance is known
//! in closed form.

use crate::fit::errors::last_sweep::LastSweep;
use crate::fit::verdict::lack_of_fit::{Parts, Sums as OfAll, Tested, several};
use crate::fit::verdict::words::{of_column, side};
use crate::likelihood::speckle::covariance::Noise;
use crate::likelihood::speckle::departure::of_one;
use crate::likelihood::speckle::patterns::{Pattern, PatternNoise, Shape};
use crate::likelihood::speckle::swings::Swing;
use crate::outcome::noise::SinglePattern;
use ndarray::{Array1, Array2, Axis};

/// Where the fit leaves less than this share of a pattern's variance, the Gaussian part does not tell what is left.
const LEFT: f64 = 0.15;

/// Of all angles together.
struct Sums {
    values: Array1<f64>,
    own: Array1<f64>,
    with_numbers: Array2<f64>,
    moved: Array2<f64>,
}

impl Tested<'_> {
    /// The strongest, at the minimum of least squares, or the strongest swing.
    pub(super) fn single_pattern(&self, parts: &[Parts], step: &Array1<f64>, swings: &OfAll) -> Option<SinglePattern> {
        let patterns = &self.last.speckles.patterns.all;
        let sums = self.of_all_angles(parts);
        let values = &sums.values - &sums.moved.dot(step);
        let taken =
            (&sums.moved * &(&sums.moved.dot(&self.noise.covariance) - &sums.with_numbers * 2.0)).sum_axis(Axis(1));
        let left = &sums.own + &taken;
        let is_told = |k: usize| sums.own[k] > 0.0 && left[k] > LEFT * sums.own[k];
        let tested = (0..patterns.len()).filter(|&k| is_told(k) && !self.undetermined.contains(&patterns[k].column));
        let of_patterns = tested.map(|k| (What::Pattern(patterns[k]), values[k] / left[k].sqrt()));
        let of_swings = self.last.speckles.swings.all.iter().zip(swings.single(LEFT));
        let of_swings = of_swings.filter_map(|(swing, size)| Some((What::Swing(*swing), size?)));
        let tested: Vec<(What, f64)> = of_patterns.chain(of_swings).collect();
        let &(what, size) = tested.iter().max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()))?;
        Some(SinglePattern {
            what: in_words(what, size, self.last),
            standard_errors: size.abs(),
            p_value: several(of_one(size), tested.len()),
        })
    }

    fn of_all_angles(&self, parts: &[Parts]) -> Sums {
        let (n, numbers) = (self.last.speckles.patterns.all.len(), self.bread.inverse.nrows());
        let mut all = Sums {
            values: self.values(),
            own: Array1::zeros(n),
            with_numbers: Array2::zeros((n, numbers)),
            moved: Array2::zeros((n, numbers)),
        };
        for (angle, (parts, &weight)) in parts.iter().zip(&self.problem.weights).enumerate() {
            let (speckles, noise) = (&self.last.speckles, self.noise.levels.angles[angle]);
            let of_patterns = speckles.pattern_noise(angle);
            let ratios = self.ratios(angle, parts, &of_patterns);
            let (own, with_scores) = ratios.covariance(self, &of_patterns, noise);
            all.own.scaled_add(weight * weight, &own);
            all.with_numbers.scaled_add(weight, &with_scores.dot(&self.noise.influences[angle].t()));
            let products = ratios.products(self, &of_patterns);
            all.moved.scaled_add(weight, &products.dot(&self.bread.spread(self.problem, angle).t()));
            for other in self.same_speckles(angle) {
                let noise = Noise { white: 0.0, ..noise };
                let (own, with_scores) = ratios.covariance(self, &speckles.pattern_noise_of_two(angle, other), noise);
                all.own.scaled_add(weight * self.problem.weights[other], &own);
                all.with_numbers.scaled_add(weight, &with_scores.dot(&self.noise.influences[other].t()));
            }
        }
        all
    }

    /// Angles that see the speckles of this one.
    fn same_speckles(&self, angle: usize) -> impl Iterator<Item = usize> {
        let opposite = self.last.opposite.iter();
        opposite.filter_map(move |&(one, other)| match angle {
            _ if angle == one => Some(other),
            _ if angle == other => Some(one),
            _ => None,
        })
    }

    /// Sums of all residuals weighted with every pattern.
    fn values(&self) -> Array1<f64> {
        let (residuals, means) = self.last.judged();
        let (patterns, n) = (&self.last.speckles.patterns, self.last.nodes.groups.len());
        let pairs: Vec<(usize, usize)> = (0..n).flat_map(|a| (a..n).map(move |b| (a, b))).collect();
        let width = residuals.first().map_or(0, |sums| sums.width);
        let score =
            |a, b, column: usize| residuals.iter().map(|sums| sums.score(a, b)[column]).sum::<f64>() / means.slope;
        let scores = Array2::from_shape_fn((pairs.len(), width), |(k, column)| score(pairs[k].0, pairs[k].1, column));
        let of = |(pattern, weights): (&Pattern, &Array2<f64>)| {
            let weights = pairs.iter().map(|&pair| weights[pair]);
            weights.zip(scores.column(pattern.column)).map(|(weight, score)| weight * score).sum::<f64>()
        };
        patterns.all.iter().zip(&patterns.weights).map(of).collect()
    }

    /// What the Gaussian part misses of the scores of an angle.
    fn ratios(&self, angle: usize, parts: &Parts, noise: &PatternNoise) -> Ratios {
        let scores = self.last.speckles.functions.scores();
        let exact = scores.dot(&parts.own).dot(&scores.t());
        let products = scores.dot(self.last.speckles.components(angle).products()).dot(&scores.t());
        let ratio = |exact: f64, gaussian: f64| if gaussian > 0.0 { (exact / gaussian).max(0.0).sqrt() } else { 0.0 };
        let gaussian = noise.scores.at(self.noise.levels.angles[angle]);
        let of = |exact: &Array2<f64>, gaussian: &Array2<f64>| {
            let ratios = (0..gaussian.nrows()).map(|k| ratio(exact[[k, k]], gaussian[[k, 0]]));
            ratios.chain([1.0]).collect()
        };
        Ratios { noise: of(&exact, &gaussian), products: of(&products, noise.scores.products()) }
    }
}

/// Roots of the ratios of what is exact to the Gaussian part, of every column.
struct Ratios {
    noise: Array1<f64>,
    products: Array1<f64>,
}

impl Ratios {
    fn covariance(&self, tested: &Tested<'_>, patterns: &PatternNoise, noise: Noise) -> (Array1<f64>, Array2<f64>) {
        let of_rows = of_patterns(&self.noise, tested);
        let own = &patterns.own.at(noise).column(0) * &of_rows * &of_rows;
        (own, patterns.with_scores.at(noise) * &of_rows.insert_axis(Axis(1)) * &self.noise)
    }

    fn products(&self, tested: &Tested<'_>, patterns: &PatternNoise) -> Array2<f64> {
        let of_rows = of_patterns(&self.products, tested);
        patterns.with_scores.products() * &of_rows.insert_axis(Axis(1)) * &self.products
    }
}

fn of_patterns(of_columns: &Array1<f64>, tested: &Tested<'_>) -> Array1<f64> {
    tested.last.speckles.patterns.all.iter().map(|pattern| of_columns[pattern.column]).collect()
}

/// One sum.
#[derive(Debug, Clone, Copy)]
enum What {
    Pattern(Pattern),
    Swing(Swing),
}

fn in_words(what: What, size: f64, last: &LastSweep) -> String {
    let side = side(size);
    let (What::Pattern(Pattern { column, .. }) | What::Swing(Swing { column, .. })) = what;
    let of_column = of_column(column, &last.speckles.functions);
    let frames = last.nodes.groups.of_frame.len() as f64;
    let period = |half_waves: usize| (2.0 * frames / half_waves as f64).round();
    match what {
        What::Pattern(Pattern { shape: Shape::Across { group }, .. }) => format!(
            "the data lie {side} the model {of_column} where one frame lies before frame {} and the other after",
            last.number(last.nodes.groups.first_frames[group])
        ),
        What::Pattern(Pattern { shape: Shape::Within { group }, .. }) => {
            let first = last.nodes.groups.first_frames[group];
            let [first, end] = [first, last.nodes.groups.end[first] - 1].map(|frame| last.number(frame));
            let within = if end == first { format!("frame {end}") } else { format!("frames {first} to {end}") };
            format!(
                "the data lie {side} the model {of_column} where one frame lies before and the other after an event in {within}"
            )
        }
        What::Swing(Swing { half_waves, .. }) => {
            format!("residuals {of_column} swing with age, with a period of {} frames", period(half_waves))
        }
        What::Pattern(Pattern { shape: Shape::Lag { half_waves }, .. }) => {
            format!("residuals {of_column} swing with lag, with a period of {} frames", period(half_waves))
        }
    }
}
