//! Errors of everything that was fitted, from the closed-form noise of speckles: `B (sum over angles of Cov(score, score')) B` with
//! B the inverse Hessian. It judges nothing.
//!
//! How many speckles there are and how white they scatter is found from the residuals, of which the fit has taken a part that
//! depends on the errors: a few rounds settle both.

use crate::fit::errors::bread::{Bread, score_products};
use crate::fit::errors::last_sweep::LastSweep;
use crate::fit::solver::problem::{Point, Problem};
use crate::likelihood::speckle::covariance::{Components, Noise};
use crate::likelihood::speckle::energy::{Energy, Known};
use crate::likelihood::speckle::level::{Levels, levels, set_trends_aside};
use crate::likelihood::speckle::shared_noise::SharedNoise;
use crate::outcome::noise::Expected;
use crate::sums::loss::Loss;
use ndarray::Array2;

/// Speckles that lose more than this share of the white variance within a few frames look like white noise that frames share.
const FAST: f64 = 0.15;

/// Rounds of noise levels and what the fit has taken.
const ROUNDS: usize = 5;

/// Noise of every angle and what it makes of the fit.
pub struct SpeckleNoise {
    /// N, w and contrast of every angle.
    pub levels: Levels,
    /// Covariance of moving parameters and scaling coefficients.
    pub covariance: Array2<f64>,
    /// Per angle, the covariance of its scores `[dh .., h, 1]`, sums of residuals without weights.
    pub of_scores: Vec<Array2<f64>>,
    /// Per angle, what a unit of each score `[dh .., h, 1]` moves every number (rows) by.
    pub influences: Vec<Array2<f64>>,
    /// Sums of squared means of residuals, found over expected, per angle.
    pub energies: Vec<Energy>,
    /// What frames share of their white noise.
    pub shared: SharedNoise,
}

/// A solution whose noise is to be found.
pub struct Fitted<'a> {
    /// What was solved.
    pub problem: &'a Problem<'a>,
    /// Where.
    pub point: &'a Point,
    /// Its residuals.
    pub last: &'a LastSweep,
    /// Inverse Hessian of plain least squares, also under a robust loss.
    pub bread: &'a Bread<'a>,
}

impl SpeckleNoise {
    /// Chi-square per degree of freedom as the noise lets expect it.
    #[must_use]
    pub fn expected(
        &self,
        problem: &Problem<'_>,
        point: &Point,
        (last, degrees_of_freedom): (&LastSweep, u64),
    ) -> Expected {
        let of_angle = |angle: usize| self.expected_of_angle(problem, point, (last, angle));
        let sum = |(chi, square), found: Expected| (chi + found.value, square + found.spread * found.spread);
        let (chi, square): (f64, f64) = (0..self.energies.len()).map(of_angle).fold((0.0, 0.0), sum);
        let degrees = degrees_of_freedom.max(1) as f64;
        Expected { value: chi / degrees, spread: square.sqrt() / degrees }
    }

    /// Chi-square of one angle as the noise lets expect it.
    #[must_use]
    pub fn expected_of_angle(
        &self,
        problem: &Problem<'_>,
        point: &Point,
        (last, angle): (&LastSweep, usize),
    ) -> Expected {
        let (energy, noise) = (&self.energies[angle], self.levels.angles[angle]);
        // Under a robust loss white scores scatter otherwise than white values.
        let (of_values, of_scores) = (last.told[angle].sigma, energy.known.sigma);
        let per_score = if of_scores > 0.0 { (of_values / of_scores).powi(2) } else { 1.0 };
        let (weight, pairs) = (problem.weights[angle], point.grams[angle].pairs as f64);
        let (all, smooth) = energy.variance(noise);
        let white = (all - smooth) * per_score;
        let variance = smooth + white;
        let value = weight * (pairs * variance - energy.taken * energy.before_fit(noise.root_speckle));
        let smooth = weight * pairs * smooth;
        let of_sigma = weight * pairs * white * (SIGMA_SQUARED / pairs.min(MOST_DIFFERENCES)).sqrt();
        let tail = TAIL * noise.contrast * noise.root_speckle * smooth;
        let gaussian = 2.0 * smooth * smooth / energy.degrees(noise.root_speckle) + 2.0 * pairs;
        Expected { value, spread: (gaussian + of_sigma * of_sigma + tail * tail).sqrt() }
    }

    /// What an angle's residuals vary by, in units of its sigma.
    #[must_use]
    pub fn relative_variance(&self, angle: usize, weight: f64) -> f64 {
        self.energies[angle].variance(self.levels.angles[angle]).0 * weight
    }
}

impl Fitted<'_> {
    /// The noise of every angle and the errors that follow.
    #[must_use]
    pub fn noise(&self) -> SpeckleNoise {
        let n_angles = self.problem.weights.len();
        let influences: Vec<Array2<f64>> = (0..n_angles).map(|angle| self.influence(angle)).collect();
        let scores = self.last.speckles.functions.scores();
        let components: Vec<Components> =
            (0..n_angles).map(|angle| self.last.speckles.components(angle).of_sums(&scores)).collect();
        let white = self.last.judged().1.white(self.problem.loss, self.problem.f_scale).sqrt();
        let mut energies: Vec<Energy> = (0..n_angles).map(|angle| self.energy(angle, white)).collect();
        let shared = self.shared_noise(&energies);
        energies.iter_mut().for_each(|energy| energy.known.shared = shared);
        let mut found = levels(&energies);
        let (mut covariance, mut of_scores) = (Array2::zeros((0, 0)), Vec::new());
        for round in 0..ROUNDS {
            of_scores = self.of_scores(&components, &found);
            covariance = self.covariance(&influences, &of_scores, &found);
            if round + 1 < ROUNDS {
                for (angle, energy) in energies.iter_mut().enumerate() {
                    let taken = self.taken(angle, &influences[angle], &of_scores[angle], &covariance);
                    let before = energy.before_fit(found.angles[angle].root_speckle);
                    energy.taken = if before > 0.0 { (taken / before).clamp(0.0, MOST_TAKEN) } else { 0.0 };
                }
                set_trends_aside(&mut energies, &found);
                found = levels(&energies);
            }
        }
        SpeckleNoise { levels: found, covariance, of_scores, influences, energies, shared }
    }

    /// What frames share of their white noise, where it is not speckles that change within a few frames.
    fn shared_noise(&self, energies: &[Energy]) -> SharedNoise {
        let told = self.last.shared_noise;
        if told.told().is_none() {
            return told;
        }
        let found = levels(energies);
        let sums = energies.iter().zip(&found.angles).map(|(energy, noise)| energy.fast_and_white(*noise));
        let (fast, white) = sums.fold((0.0, 0.0), |(fast, white), of_angle| (fast + of_angle.0, white + of_angle.1));
        if fast > FAST * white { SharedNoise::default() } else { told }
    }

    fn influence(&self, angle: usize) -> Array2<f64> {
        self.bread.inverse.dot(&self.bread.spread(self.problem, angle)) * self.problem.weights[angle]
    }

    /// What is known of an angle in whose scores white noise is so many times sigma.
    fn known(&self, angle: usize, white: f64) -> Known {
        let (gram, told) = (&self.point.grams[angle], &self.last.told[angle]);
        let pairs = gram.one_one().max(f64::MIN_POSITIVE);
        Known {
            contrast: self.point.scaling.per_angle[angle].contrast.max(0.0),
            sigma: told.sigma * white,
            diagonal: told.diagonal,
            pixels: told.pixels,
            mean_h: gram.h1() / pairs,
            mean_h2: gram.hh() / pairs,
            ..Known::default()
        }
    }

    fn energy(&self, angle: usize, white: f64) -> Energy {
        let unit = self.problem.weights[angle] * self.last.judged().1.slope;
        let (speckles, sums) = (&self.last.speckles, &self.last.judged().0[angle]);
        Energy::of((&speckles.blocks(angle), &speckles.trends(angle)), self.known(angle, white), sums, unit)
    }

    /// Covariance of the scores of every angle; w^2 on single pairs is an exact sum of the last sweep of the solver.
    fn of_scores(&self, components: &[Components], found: &Levels) -> Vec<Array2<f64>> {
        let of_angle = |(angle, (components, noise)): (usize, (&Components, &Noise))| {
            let mut covariance = components.at(*noise);
            if self.problem.loss == Loss::Linear {
                covariance.scaled_add(noise.white * noise.white, &(self.products(angle) - components.products()));
            }
            covariance
        };
        components.iter().zip(&found.angles).enumerate().map(of_angle).collect()
    }

    fn covariance(&self, influences: &[Array2<f64>], of_scores: &[Array2<f64>], found: &Levels) -> Array2<f64> {
        let scores = self.last.speckles.functions.scores();
        covariance_of(influences, &|angle| of_scores[angle].clone(), &self.last.opposite, &|pair| {
            self.of_two(&scores, pair, found)
        })
    }

    /// Covariance of sums over one angle (rows) with those over another that sees the same speckles.
    fn of_two(&self, sums: &Array2<f64>, (one, other): (usize, usize), found: &Levels) -> Array2<f64> {
        let components = self.last.speckles.components_of_two(one, other).of_sums(sums);
        components.shared(found.angles[one], found.angles[other])
    }

    /// Sums over the pairs of an angle of products of its columns `[dh .., h, 1]`, without weights.
    fn products(&self, angle: usize) -> Array2<f64> {
        score_products(&self.point.grams[angle]) / self.problem.weights[angle]
    }

    /// By how much the fit has lowered the sum of squares of an angle.
    fn taken(&self, angle: usize, influence: &Array2<f64>, of_scores: &Array2<f64>, all: &Array2<f64>) -> f64 {
        let spread = self.bread.spread(self.problem, angle);
        let with_own = spread.t().dot(influence).dot(of_scores).diag().sum();
        let moved = self.products(angle).dot(&spread.t().dot(all).dot(&spread)).diag().sum();
        2.0 * with_own - moved
    }
}

/// Covariance of numbers from what a unit of each score moves them by at every angle, and the covariances of the scores: of an angle, and
/// of two opposite ones, which see the same speckles.
#[must_use]
pub fn covariance_of(
    influences: &[Array2<f64>],
    of_scores: &dyn Fn(usize) -> Array2<f64>,
    opposite: &[(usize, usize)],
    of_two: &dyn Fn((usize, usize)) -> Array2<f64>,
) -> Array2<f64> {
    let n = influences.first().map_or(0, Array2::nrows);
    let mut covariance = Array2::zeros((n, n));
    for (angle, influence) in influences.iter().enumerate() {
        covariance += &influence.dot(&of_scores(angle)).dot(&influence.t());
    }
    for &(one, other) in opposite {
        let part = influences[one].dot(&of_two((one, other))).dot(&influences[other].t());
        covariance += &part;
        covariance += &part.t();
    }
    covariance
}

/// Relative variance of sigma^2, times the number of second differences whose median tells it: 2 (35 / 18) for their correlation
/// along a line, divided by 0.37, the efficiency of a median.
const SIGMA_SQUARED: f64 = 10.5;
/// Squares of speckles have longer tails than those of Gaussian noise, by the cumulants of few speckles of high contrast.
const TAIL: f64 = 3.0;
/// Most differences that are looked at.
const MOST_DIFFERENCES: f64 = 150_000.0;

/// The fit is not believed to have taken more than this share.
const MOST_TAKEN: f64 = 0.9;
