//! How scores of single angles move the numbers of a fit: the inverse Hessian and what it belongs to. It knows no noise.

use crate::fit::solver::problem::Problem;
use crate::likelihood::scaling::ScalingMap;
use crate::sums::gram::Gram;
use crate::sums::residuals::ResidualSums;
use ndarray::Array2;

/// The inverse Hessian and what it belongs to.
pub struct Bread<'a> {
    /// Inverse Hessian of moving parameters, then scaling coefficients.
    pub inverse: &'a Array2<f64>,
    /// Moving physical parameters.
    pub moving: &'a [usize],
    /// Contrast of every angle.
    pub contrasts: Vec<f64>,
}

impl Bread<'_> {
    /// What every dyad of an angle (rows) moves every number (columns) by: inverse Hessian times score.
    pub(super) fn influences(
        &self,
        problem: &Problem<'_>,
        angle: usize,
        sums: (&ResidualSums, &[(usize, usize)]),
    ) -> Array2<f64> {
        let (sums, dyads) = sums;
        let scores = Array2::from_shape_fn((dyads.len(), sums.width), |(dyad, col)| {
            sums.score(dyads[dyad].0, dyads[dyad].1)[col]
        });
        let spread = self.inverse.dot(&self.spread(problem, angle));
        scores.dot(&spread.t())
    }

    /// How the score `[dh .., h, 1]` of an angle enters the gradient of all numbers.
    #[must_use]
    pub fn spread(&self, problem: &Problem<'_>, angle: usize) -> Array2<f64> {
        spread(&problem.map, (self.moving, &self.contrasts), problem.space.physical.len(), angle)
    }
}

/// The same of moving ones among `p` parameters and the coefficients of any scaling.
#[must_use]
pub fn spread(map: &ScalingMap, (moving, contrasts): (&[usize], &[f64]), p: usize, angle: usize) -> Array2<f64> {
    let mut spread = Array2::zeros((moving.len() + map.n_free(), p + 2));
    for (row, &parameter) in moving.iter().enumerate() {
        spread[[row, parameter]] = contrasts[angle];
    }
    let mut first = moving.len();
    for block in &map.blocks {
        let m = block.order();
        for (_, basis) in block.members.iter().filter(|(member, _)| *member == angle) {
            for (k, value) in basis.iter().enumerate() {
                spread[[first + k, p]] = *value;
                spread[[first + m + k, p + 1]] = *value;
            }
        }
        first += 2 * m;
    }
    spread
}

/// Sums over pairs of products of the columns `[dh .., h, 1]` of a score.
#[must_use]
pub fn score_products(gram: &Gram) -> Array2<f64> {
    let width = gram.n_parameters() + 2;
    Array2::from_shape_fn((width, width), |(row, col)| gram.get(row, col))
}
