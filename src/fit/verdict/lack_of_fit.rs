//! Does the model fit? Sums of residuals that the model should leave without a trend, against what they scatter by. It decides
//! nothing: the verdict does.
//!
//! With s the sums of an angle and S the scores of the fit, the fit has moved the numbers by -sum I S and the sums with them, so
//! that z = s - R sum I S (R: products of functions and derivatives) has the covariance
//!
//! ```text
//! Cov(z) = Cov(s) - K R' - R K' + R C R',      K = Cov(s, S) I',   C = covariance of the numbers
//! ```

use crate::fit::errors::bread::Bread;
use crate::fit::errors::last_sweep::LastSweep;
use crate::fit::errors::speckle_noise::SpeckleNoise;
use crate::fit::solver::problem::Problem;
use crate::fit::verdict::words::{Findings, Place, WORTH_A_WORD};
use crate::likelihood::speckle::departure::{Departure, LEFT as EXACTLY_LEFT, of_one, size_of};
use crate::likelihood::speckle::functions::Function;
use crate::outcome::noise::{AngleTest, DownWeighted, LackOfFit, SinglePattern, Test};
use crate::sums::loss::Loss;
use ndarray::{Array1, Array2};

/// What is tested.
pub struct Tested<'a> {
    /// What was solved.
    pub problem: &'a Problem<'a>,
    /// Residuals at the solution.
    pub last: &'a LastSweep,
    /// Their noise.
    pub noise: &'a SpeckleNoise,
    /// Inverse Hessian.
    pub bread: &'a Bread<'a>,
    /// Azimuths in degrees.
    pub phi_degrees: &'a [f64],
    /// Physical parameters that the data do not determine: what h does with them is no pattern to look for.
    pub undetermined: Vec<usize>,
}

/// Sums of one angle, or of several, and what they scatter by.
pub(super) struct Sums {
    pub(super) values: Array1<f64>,
    /// Covariance of what the fit leaves.
    pub(super) covariance: Array2<f64>,
    /// Covariance before the fit.
    pub(super) before: Array2<f64>,
}

impl Sums {
    /// Each in units of its noise; none where the fit leaves less than a share of it.
    pub(super) fn single(&self, least_left: f64) -> Vec<Option<f64>> {
        let of = |k: usize| {
            let (left, before) = (self.covariance[[k, k]], self.before[[k, k]]);
            (left > least_left * before && left > 0.0).then(|| self.values[k] / left.sqrt())
        };
        (0..self.values.len()).map(of).collect()
    }
}

/// A sum of which the fit leaves less than this share of the variance is no test alone.
const LEFT: f64 = 0.02;

/// What one angle's covariance is made of.
pub(super) struct Parts {
    pub(super) values: Array1<f64>,
    pub(super) own: Array2<f64>,
    /// K and R.
    pub(super) with_numbers: Array2<f64>,
    pub(super) moved: Array2<f64>,
}

impl Tested<'_> {
    /// The test.
    #[must_use]
    pub fn lack_of_fit(&self) -> LackOfFit {
        let mut parts: Vec<Parts> = (0..self.phi_degrees.len()).map(|angle| self.parts(angle)).collect();
        let step = self.step_to_least_squares(&parts);
        parts.iter_mut().for_each(|parts| parts.values -= &parts.moved.dot(&step));
        let shared = self.shared(&parts);
        let of_all = test(&shared);
        let angle = self.angles(&parts);
        let pattern = self.regular_pattern();
        let swings = self.swings(&parts, &step);
        let single_pattern = self.single_pattern(&parts, &step, &swings);
        let swings = swings.of_swings();
        let fine_lags = self.fine_lags(&step);
        let of_angle = angle.map(|(_, found)| several(found.test.p_value, self.phi_degrees.len()));
        let single = strongest(&shared);
        let of_patterns = [
            pattern.map(|pattern| pattern.p_value),
            single_pattern.as_ref().map(|found| found.p_value),
            swings.map(|swings| swings.p_value),
            fine_lags.map(|fine_lags| fine_lags.p_value),
        ];
        let p_values = [Some(of_all.p_value), Some(single), of_angle].into_iter().chain(of_patterns);
        let made: Vec<f64> = p_values.flatten().collect();
        let stands_out = self.findings(&parts, &shared, (angle, single_pattern.as_ref()));
        LackOfFit {
            p_value: several(made.iter().copied().fold(1.0, f64::min), made.len()),
            shared: of_all,
            angle: angle.map(|(_, found)| found),
            swings,
            fine_lags,
            noise_degrees_of_freedom: self.noise_degrees(),
            frames: self.frame_scatter(),
            patch: self.patch(),
            odd_pair: self.odd_pair(),
            pattern,
            single_pattern,
            down_weighted: self.down_weighted(),
            stands_out,
        }
    }

    /// What stands out, in words.
    fn findings(
        &self,
        parts: &[Parts],
        shared: &Sums,
        (angle, pattern): (Option<(usize, AngleTest)>, Option<&SinglePattern>),
    ) -> Vec<String> {
        let (mut findings, shared_alone) = (Findings::default(), shared.single(LEFT));
        for (k, &function) in self.last.speckles.functions.all.iter().enumerate() {
            findings.take(Place::Function(function), shared_alone[k]);
        }
        if let Some(pattern) = pattern {
            findings.take(Place::Pattern(&pattern.what), Some(pattern.standard_errors));
        }
        if let Some((place, found)) = angle {
            let (own, phi) = (self.of_angle(&parts[place]).single(LEFT), self.phi_degrees[place]);
            for (k, what) in OF_ANGLE.iter().enumerate() {
                findings.take(Place::Angle(what, phi), own[k]);
            }
            // Several numbers together can be off where none is alone.
            if own.iter().flatten().all(|size| size.abs() < WORTH_A_WORD) {
                let p_value = several(found.test.p_value, parts.len());
                findings.take(Place::Angle("contrast, offset and decay together", phi), Some(size_of(p_value)));
            }
        }
        findings.in_words(self.last)
    }

    /// What a robust loss has taken from the residuals, and what it would take under the noise alone.
    fn down_weighted(&self) -> Option<DownWeighted> {
        if self.problem.loss == Loss::Linear {
            return None;
        }
        let (mut found, mut expected, mut pairs) = (0.0, 0.0, 0.0);
        for (angle, sums) in self.last.sums.iter().enumerate() {
            let n = sums.pairs() as f64;
            let variance = self.noise.relative_variance(angle, self.problem.weights[angle]);
            pairs += n;
            found += n - sums.weights;
            expected += n * (1.0 - self.problem.loss.mean_weight(variance.sqrt() / self.problem.f_scale));
        }
        Some(DownWeighted { share: found / f64::max(pairs, 1.0), expected: expected / f64::max(pairs, 1.0) })
    }

    /// The fit has used some of what tells the noise.
    pub(super) fn noise_degrees(&self) -> f64 {
        (self.noise.levels.degrees - self.bread.inverse.nrows() as f64).max(2.0)
    }

    fn parts(&self, angle: usize) -> Parts {
        let speckles = &self.last.speckles;
        let components = speckles.components(angle);
        let own = components.at(self.noise.levels.angles[angle]);
        let scores = speckles.functions.scores();
        let units = self.problem.weights[angle] * self.last.judged().1.slope;
        let values = Array1::from(speckles.functions.sums(&self.last.judged().0[angle])) / units;
        let spread = self.bread.spread(self.problem, angle);
        Parts {
            values,
            with_numbers: own.dot(&scores.t()).dot(&self.noise.influences[angle].t()),
            moved: components.products().dot(&scores.t()).dot(&spread.t()),
            own,
        }
    }

    /// The one step to the minimum of plain squares, whose noise is known, where a robust loss ended elsewhere: elsewhere the
    /// scores are zero and there is no step.
    fn step_to_least_squares(&self, parts: &[Parts]) -> Array1<f64> {
        let scores = self.last.speckles.functions.scores();
        let zero = Array1::zeros(self.bread.inverse.nrows());
        let with_influences = parts.iter().zip(&self.noise.influences);
        with_influences.fold(zero, |sum, (parts, influence)| sum + influence.dot(&scores.dot(&parts.values)))
    }

    /// What the fit leaves of combinations of one angle's functions.
    fn left(&self, parts: &Parts) -> Sums {
        let cross = parts.with_numbers.dot(&parts.moved.t());
        let moved = parts.moved.dot(&self.noise.covariance).dot(&parts.moved.t());
        Sums {
            values: parts.values.clone(),
            covariance: &parts.own - &cross - cross.t() + moved,
            before: parts.own.clone(),
        }
    }

    /// Of all angles together.
    fn shared(&self, parts: &[Parts]) -> Sums {
        let scores = self.last.speckles.functions.scores();
        self.together(parts, &|one, other| {
            let (a, b) = (self.noise.levels.angles[one], self.noise.levels.angles[other]);
            let cross = self.last.speckles.components_of_two(one, other).shared(a, b);
            let with_scores = cross.dot(&scores.t());
            (cross, with_scores)
        })
    }

    /// Of all angles together; `cross` is the covariance of the sums of one with those and the scores of another that sees the same
    /// speckles.
    pub(super) fn together(&self, parts: &[Parts], cross: &dyn Fn(usize, usize) -> (Array2<f64>, Array2<f64>)) -> Sums {
        let n = parts.first().map_or(0, |parts| parts.values.len());
        let numbers = self.bread.inverse.nrows();
        let mut all = Parts {
            values: Array1::zeros(n),
            own: Array2::zeros((n, n)),
            with_numbers: Array2::zeros((n, numbers)),
            moved: Array2::zeros((n, numbers)),
        };
        for (parts, &weight) in parts.iter().zip(&self.problem.weights) {
            all.values.scaled_add(weight, &parts.values);
            all.own.scaled_add(weight * weight, &parts.own);
            all.with_numbers.scaled_add(weight, &parts.with_numbers);
            all.moved.scaled_add(weight, &parts.moved);
        }
        for &(one, other) in &self.last.opposite {
            for (one, other) in [(one, other), (other, one)] {
                let (own, with_scores) = cross(one, other);
                all.own.scaled_add(self.problem.weights[one] * self.problem.weights[other], &own);
                let with_numbers = with_scores.dot(&self.noise.influences[other].t());
                all.with_numbers.scaled_add(self.problem.weights[one], &with_numbers);
            }
        }
        self.left(&all)
    }

    /// The angle that stands out most.
    fn angles(&self, parts: &[Parts]) -> Option<(usize, AngleTest)> {
        if parts.len() < 2 {
            return None;
        }
        let of_angle = |(angle, parts): (usize, &Parts)| {
            (angle, AngleTest { phi_degrees: self.phi_degrees[angle], test: test(&self.of_angle(parts)) })
        };
        parts.iter().enumerate().map(of_angle).min_by(|a, b| a.1.test.p_value.total_cmp(&b.1.test.p_value))
    }

    /// Contrast, offset, amplitudes and drifts of one angle.
    fn of_angle(&self, parts: &Parts) -> Sums {
        let all = self.left(parts);
        let combine = self.combinations();
        let before = combine.dot(&parts.own).dot(&combine.t());
        Sums { values: combine.dot(&all.values), covariance: combine.dot(&all.covariance).dot(&combine.t()), before }
    }

    /// The functions of [`OF_ANGLE`] as sums of all functions.
    fn combinations(&self) -> Array2<f64> {
        let functions = &self.last.speckles.functions;
        let amplitudes = &functions.by_age;
        let blocks = functions.blocks.len() as f64;
        let weight = |what: usize, function: Function| match (what, function) {
            (0, Function::Aged { column, .. }) if column == functions.p => 1.0,
            (1, Function::Blocks { .. }) => 1.0,
            (2, Function::Aged { column, .. }) if amplitudes.first() == Some(&column) => 1.0,
            (3, Function::Aged { column, .. }) if amplitudes.get(1) == Some(&column) => 1.0,
            (4, Function::Aged { column, age }) if column == functions.p => age as f64 - 1.5,
            (5, Function::Blocks { earlier, later }) => {
                f64::midpoint(earlier as f64, later as f64) - 0.5 * (blocks - 1.0)
            }
            _ => 0.0,
        };
        Array2::from_shape_fn((OF_ANGLE.len(), functions.all.len()), |(what, k)| weight(what, functions.all[k]))
    }
}

/// What is looked at at every angle.
const OF_ANGLE: [&str; 6] = [
    "contrast",
    "offset",
    "decay by diffusion",
    "decay by shear",
    "drift of the contrast with age",
    "drift of the offset with age",
];

fn test(sums: &Sums) -> Test {
    let Departure { statistic, degrees, p_value } =
        Departure::of(&sums.values, (&sums.covariance, &sums.before), EXACTLY_LEFT);
    Test { statistic, degrees_of_freedom: degrees, p_value }
}

/// Probability that any single sum stands out as much as the one that does most.
fn strongest(sums: &Sums) -> f64 {
    let tested: Vec<f64> = sums.single(LEFT).into_iter().flatten().collect();
    let most = tested.iter().fold(0.0, |most, found| f64::max(most, found.abs()));
    several(of_one(most), tested.len().max(1))
}

/// The smallest of `n` p-values as the p-value of all (Sidak, J. Am. Stat. Assoc. 62 (1967) 626).
pub(super) fn several(smallest: f64, n: usize) -> f64 {
    if smallest < 1e-9 { (smallest * n as f64).min(1.0) } else { 1.0 - (1.0 - smallest).powi(n as i32) }
}
