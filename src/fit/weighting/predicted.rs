//! What weighted estimates scatter by, beside those of least squares, from the closed-form noise alone. It looks at no residual.
//!
//! With S_a the scores of an angle and A the answer of all weighted scores to the numbers, the estimates move by
//!
//! ```text
//! -A^-1 sum_a N_a spread_a S_a (weighted)          -H^-1 sum_a 1/sigma_a^2 spread_a S_a (least squares)
//! ```
//!
//! so that both covariances and that of their difference follow from the joint covariance of the scores of each angle. N_a, the speckles
//! of an angle, is what it tells where photons are many.

use crate::error::Result;
use crate::fit::errors::bread::spread;
use crate::fit::errors::covariance::{bordered_inverse, held_rows};
use crate::fit::errors::last_sweep::LastSweep;
use crate::fit::errors::speckle_noise::{SpeckleNoise, covariance_of};
use crate::fit::errors::uncertainty::Uncertainty;
use crate::fit::solver::problem::{Point, Problem};
use crate::likelihood::speckle::covariance::Noise;
use crate::likelihood::speckle::weighted::{Place, WeightedScores};
use crate::parameters::scaling::AngleScaling;
use crate::sums::algebra::Algebra;
use crate::sums::objective::RawData;
use ndarray::{Array2, s};

/// A least-squares solution and its noise.
#[derive(Clone, Copy)]
pub struct Solved<'a> {
    /// All pairs.
    pub data: &'a dyn RawData,
    /// What was solved.
    pub problem: &'a Problem<'a>,
    /// Where.
    pub point: &'a Point,
    /// Its errors.
    pub uncertainty: &'a Uncertainty,
    /// Its residuals.
    pub last: &'a LastSweep,
    /// Their noise.
    pub noise: &'a SpeckleNoise,
    /// Parameters whose cost is far from a parabola.
    pub bent: &'a [usize],
}

impl Solved<'_> {
    /// Moving parameters and scaling coefficients.
    #[must_use]
    pub fn n_numbers(&self) -> usize {
        self.uncertainty.moving.len() + self.problem.map.n_free()
    }

    /// How the scores `[dh .., h, 1]` of an angle enter those of all numbers.
    #[must_use]
    pub fn spread(&self, angle: usize) -> Array2<f64> {
        self.spread_at(&self.point.scaling.per_angle, angle)
    }

    fn spread_at(&self, scaling: &[AngleScaling], angle: usize) -> Array2<f64> {
        let contrasts: Vec<f64> = scaling.iter().map(|scaling| scaling.contrast).collect();
        spread(&self.problem.map, (&self.uncertainty.moving, &contrasts), self.point.theta.len(), angle)
    }

    /// Speckles of an angle.
    #[must_use]
    pub fn speckles(&self, angle: usize) -> f64 {
        self.noise.levels.angles[angle].root_speckle.powi(-2)
    }

    fn n_angles(&self) -> usize {
        self.problem.weights.len()
    }

    /// The inverse of a matrix of all numbers, those on active constraints and undetermined ones held.
    fn inverse(&self, matrix: &Array2<f64>) -> Array2<f64> {
        let held = &self.uncertainty.undetermined;
        let rows = held_rows(self.problem, self.point, self.uncertainty.moving.len(), held);
        let scale = matrix.diagonal_scale();
        let inverse = bordered_inverse(&matrix.divided(&scale), &rows, &scale);
        Array2::from_shape_fn(matrix.raw_dim(), |(row, col)| inverse[[row, col]] / (scale[row] * scale[col]))
    }

    /// White part of an intensity's variance in units of the contrast, in the mean over angles.
    #[must_use]
    pub fn white_ratio(&self) -> f64 {
        let ratio = |noise: &Noise| noise.white / (noise.root_speckle * noise.contrast);
        let angles = &self.noise.levels.angles;
        angles.iter().map(ratio).sum::<f64>() / angles.len() as f64
    }

    /// Where scores are looked at.
    fn place<'b>(&'b self, theta: &'b [f64], most_grids: usize) -> Place<'b> {
        Place { theta, groups: &self.last.nodes.groups, most_grids }
    }

    /// The smallest errors of all numbers that data with this noise allow (Cramer and Rao), where the scores know it.
    #[must_use]
    pub fn bound(&self, scores: &WeightedScores) -> Vec<Option<f64>> {
        let n = self.n_numbers();
        let mut information = Array2::zeros((n, n));
        for angle in 0..self.n_angles() {
            let Some(own) = scores.information(angle) else { return vec![None; n] };
            let (spread, contrast) = (self.spread(angle), self.noise.levels.angles[angle].contrast);
            let part = spread.dot(&own).dot(&spread.t());
            information.scaled_add(self.speckles(angle) / (contrast * contrast), &part);
        }
        roots(&self.inverse(&information))
    }
}

/// Covariances of estimates with weights of one ridge.
pub struct Predicted {
    /// In units of the contrast.
    pub ridge: f64,
    /// The scores.
    pub scores: WeightedScores,
    /// Inverse of the answer of the weighted scores to the numbers.
    pub inverse: Array2<f64>,
    /// Covariance of the weighted estimates.
    pub weighted: Array2<f64>,
    /// The same of least squares.
    pub uniform: Array2<f64>,
    /// Of their difference.
    pub difference: Array2<f64>,
}

impl Predicted {
    /// At a theta with a scaling, with a ridge in units of the contrast, on so many grids at most: other angles lie between them.
    ///
    /// # Errors
    /// Interrupted if the user has asked to stop.
    pub fn of(
        solved: &Solved<'_>,
        (theta, scaling): (&[f64], &[AngleScaling]),
        ridge: f64,
        most_grids: usize,
    ) -> Result<Self> {
        let scores = WeightedScores::of(solved.data, &solved.place(theta, most_grids), ridge, None)?;
        Predicted::answering(solved, (theta, scaling), scores, ridge)
    }

    /// At the solution of least squares, and the smallest errors that the noise allows there.
    ///
    /// # Errors
    /// Interrupted if the user has asked to stop.
    pub fn at_solution(solved: &Solved<'_>, ridge: f64, most_grids: usize) -> Result<(Self, Vec<Option<f64>>)> {
        let (theta, scaling) = (&solved.point.theta, &solved.point.scaling.per_angle);
        let white = solved.white_ratio().max(LEAST_RIDGE);
        let scores = WeightedScores::of(solved.data, &solved.place(theta, most_grids), ridge, Some(white))?;
        let bound = solved.bound(&scores);
        Ok((Predicted::answering(solved, (theta, scaling), scores, ridge)?, bound))
    }

    /// From scores at a theta with a scaling.
    fn answering(
        solved: &Solved<'_>,
        (theta, scaling): (&[f64], &[AngleScaling]),
        scores: WeightedScores,
        ridge: f64,
    ) -> Result<Self> {
        let slopes = scores.slopes(solved.data, theta, &solved.last.nodes.groups)?;
        let mut answer = Array2::zeros((solved.n_numbers(), solved.n_numbers()));
        for (angle, slopes) in slopes.iter().enumerate() {
            let part = solved.spread(angle).dot(slopes).dot(&solved.spread_at(scaling, angle).t());
            answer.scaled_add(solved.speckles(angle), &part);
        }
        Ok(Predicted::from((scores, ridge), solved, solved.inverse(&answer), &solved.noise.influences))
    }

    /// At the solution with each of some ridges, quickly: all angles are taken for the nearest that has a grid, by both weights.
    ///
    /// # Errors
    /// Interrupted if the user has asked to stop.
    pub fn sketched(solved: &Solved<'_>, ridges: &[f64], most_grids: usize) -> Result<Vec<Self>> {
        let all = WeightedScores::sketched(solved.data, &solved.place(&solved.point.theta, most_grids), ridges)?;
        let weights = &solved.problem.weights;
        let with = |(scores, &ridge): (WeightedScores, &f64)| {
            let mut answers = [0, 1].map(|_| Array2::zeros((solved.n_numbers(), solved.n_numbers())));
            for (angle, weight) in weights.iter().enumerate() {
                let spread = solved.spread(angle);
                let counted = [solved.speckles(angle), *weight];
                for ((answer, slopes), counted) in answers.iter_mut().zip(scores.sketched_slopes(angle)).zip(counted) {
                    answer.scaled_add(counted, &spread.dot(&slopes).dot(&spread.t()));
                }
            }
            let [weighted, plain] = answers.map(|answer| solved.inverse(&answer));
            let influence = |(angle, weight): (usize, &f64)| plain.dot(&solved.spread(angle)) * *weight;
            let influences: Vec<Array2<f64>> = weights.iter().enumerate().map(influence).collect();
            Predicted::from((scores, ridge), solved, weighted, &influences)
        };
        Ok(all.into_iter().zip(ridges).map(with).collect())
    }

    /// From the inverse answer of the weighted scores, and what the plain ones move estimates of least squares by.
    fn from(
        (scores, ridge): (WeightedScores, f64),
        solved: &Solved<'_>,
        inverse: Array2<f64>,
        plain: &[Array2<f64>],
    ) -> Self {
        let n = solved.n_numbers();
        let of_angle = |(angle, plain): (usize, &Array2<f64>)| {
            both(&(inverse.dot(&solved.spread(angle)) * solved.speckles(angle)), plain)
        };
        let influences: Vec<Array2<f64>> = plain.iter().enumerate().map(of_angle).collect();
        let joint = joint(solved, &scores, &influences);
        let part = |row: usize, col: usize| joint.slice(s![row * n..(row + 1) * n, col * n..(col + 1) * n]);
        let cross = part(0, 1);
        Predicted {
            ridge,
            difference: &part(0, 0) + &part(1, 1) - cross - cross.t(),
            weighted: part(0, 0).to_owned(),
            uniform: part(1, 1).to_owned(),
            inverse,
            scores,
        }
    }

    /// Whether some number would have a larger error than by least squares: the first `n_physical` hardly, contrast and offset little.
    #[must_use]
    pub fn is_worse(&self, n_physical: usize) -> bool {
        let worse = |(k, gain): (usize, &Option<f64>)| {
            gain.is_some_and(|gain| gain.is_nan() || gain * if k < n_physical { WORSE } else { WORSE_SCALING } < 1.0)
        };
        self.gains().iter().enumerate().any(worse)
    }

    /// Errors of least squares over those of weighted estimates; `None` for numbers that are held.
    #[must_use]
    pub fn gains(&self) -> Vec<Option<f64>> {
        let errors = |covariance| roots(covariance).into_iter();
        errors(&self.uniform).zip(errors(&self.weighted)).map(|(uniform, own)| Some(uniform? / own?)).collect()
    }
}

/// What a unit of each weighted and plain score (columns) of an angle moves weighted estimates and those of least squares (rows) by.
fn both(weighted: &Array2<f64>, plain: &Array2<f64>) -> Array2<f64> {
    let (n, width) = weighted.dim();
    Array2::from_shape_fn((2 * n, 2 * width), |(row, col)| match (row < n, col < width) {
        (true, true) => weighted[[row, col]],
        (false, false) => plain[[row - n, col - width]],
        _ => 0.0,
    })
}

/// Covariance of weighted estimates and those of least squares.
fn joint(solved: &Solved<'_>, scores: &WeightedScores, influences: &[Array2<f64>]) -> Array2<f64> {
    let noise = &solved.noise.levels.angles;
    covariance_of(influences, &|angle| scores.covariance(angle, noise[angle]), &solved.last.opposite, &|(
        one,
        other,
    )| {
        scores.covariance_of_two([one, other], [noise[one], noise[other]])
    })
}

/// Errors behind a covariance.
pub(super) fn roots(covariance: &Array2<f64>) -> Vec<Option<f64>> {
    let root = |&variance: &f64| (variance > HELD && variance.is_finite()).then(|| variance.sqrt());
    covariance.diag().iter().map(root).collect()
}

/// Least ridge in units of the contrast: below, weights rest on pairs of neighbouring frames and on the noise model.
pub(super) const LEAST_RIDGE: f64 = 0.5;

/// Errors may be so much larger than those of least squares.
const WORSE: f64 = 1.02;
const WORSE_SCALING: f64 = 1.12;

/// What a bound holds has a variance that is rounding.
const HELD: f64 = 1e-24;
