//! One scaling against many: whether contrast and offset differ between angles. It needs no sweep: the Gram matrices of the solution
//! know what per-angle scaling would gain, the noise of the scores what it gains by chance.

use crate::fit::errors::bread::{score_products, spread};
use crate::fit::errors::speckle_noise::SpeckleNoise;
use crate::fit::errors::uncertainty::Uncertainty;
use crate::fit::solver::problem::{Point, Problem};
use crate::likelihood::reduced::{Evaluation, reduce};
use crate::likelihood::scaling::ScalingMap;
use crate::likelihood::speckle::departure::tail;
use crate::outcome::fit::ScalingTest;
use crate::sums::algebra::Algebra;
use crate::sums::loss::Loss;
use ndarray::Array2;

/// Directions with less than this share of the largest eigenvalue are not determined.
const DETERMINED: f64 = 1e-10;

/// Half of chi-square at the minimum of the quadratic model, with a scaling mode's numbers eliminated.
fn predicted_cost(problem: &Problem<'_>, point: &Point, map: &ScalingMap) -> (f64, usize) {
    let scaling = map.eliminate(&point.grams);
    let evaluation = reduce(&point.grams, map, &scaling);
    let free = problem.space.free();
    let reduced = problem.in_coordinates(&evaluation, &point.theta, &free);
    (reduced.cost - decrease(&reduced), free.len() + map.n_free())
}

/// 1/2 g' H^-1 g over directions that are determined.
fn decrease(evaluation: &Evaluation) -> f64 {
    let Some(white) = evaluation.hessian.whitened(DETERMINED) else { return 0.0 };
    0.5 * white.t().times(&evaluation.gradient).iter().map(|along| along * along).sum::<f64>()
}

/// What chance makes of the gain: by scores s with covariance V, the gain `s' A s` has the mean tr(A V) and the variance 2 tr(A V A V),
/// as a multiple of a chi-square with that mean and variance has (F. E. Satterthwaite, Biometrics Bull. 2 (1946) 110, doi
/// 10.2307/3002019).
struct Chance {
    mean: f64,
    degrees: f64,
}

/// Numbers of a fit with scaling of its own for every angle: moving parameters, then contrast and offset of each angle.
struct Nested<'a> {
    point: &'a Point,
    map: &'a ScalingMap,
    moving: &'a [usize],
    contrasts: Vec<f64>,
}

impl Nested<'_> {
    fn len(&self) -> usize {
        self.moving.len() + self.map.n_free()
    }

    fn over_angles(&self, of_angle: impl Fn(usize) -> Array2<f64>) -> Array2<f64> {
        let mut sum = Array2::zeros((self.len(), self.len()));
        for angle in 0..self.contrasts.len() {
            let spread = spread(self.map, (self.moving, &self.contrasts), self.point.theta.len(), angle);
            sum += &spread.dot(&of_angle(angle)).dot(&spread.t());
        }
        sum
    }

    /// From the numbers with one scaling for all to these.
    fn shared(&self) -> Array2<f64> {
        let m = self.moving.len();
        Array2::from_shape_fn((self.len(), m + 2), |(row, col)| match (row < m, col < m) {
            (true, true) => f64::from(u8::from(row == col)),
            (false, false) => f64::from(u8::from((row - m) % 2 == col - m)),
            _ => 0.0,
        })
    }

    fn chance(&self, problem: &Problem<'_>, noise: &SpeckleNoise) -> Option<Chance> {
        let hessian = self.over_angles(|angle| score_products(&self.point.grams[angle]));
        let weight = |angle: usize| problem.weights[angle];
        let scores = self.over_angles(|angle| &noise.of_scores[angle] * weight(angle) * weight(angle));
        let shared = self.shared();
        let within = shared.dot(&inverse(&shared.t().dot(&hessian).dot(&shared))?).dot(&shared.t());
        let product = (inverse(&hessian)? - within).dot(&scores);
        let (mean, square) = (product.diag().sum(), (&product * &product.t()).sum());
        let is_known = mean > 0.0 && square > 0.0 && mean.is_finite() && square.is_finite();
        is_known.then(|| Chance { mean, degrees: mean * mean / square })
    }
}

/// The inverse over directions that are determined.
fn inverse(matrix: &Array2<f64>) -> Option<Array2<f64>> {
    let white = matrix.whitened(DETERMINED)?;
    Some(white.dot(&white.t()))
}

/// F = (chi2_shared - chi2_individual) / what chance lets expect of it, allowing for what pairs have in common.
#[must_use]
pub fn scaling_test(
    problem: &Problem<'_>,
    point: &Point,
    uncertainty: &Uncertainty,
    phi: &[f64],
) -> Option<ScalingTest> {
    if phi.len() < 2 || problem.map.blocks.is_empty() || problem.loss != Loss::Linear {
        return None;
    }
    let map = &ScalingMap::individual(phi.len(), problem.space);
    let (shared, p_shared) = predicted_cost(problem, point, &ScalingMap::shared(phi.len(), problem.space));
    let (individual, p_individual) = predicted_cost(problem, point, map);
    let contrasts = point.scaling.per_angle.iter().map(|scaling| scaling.contrast).collect();
    let nested = Nested { point, map, moving: &uncertainty.moving, contrasts };
    let chance = nested.chance(problem, uncertainty.noise.as_ref()?)?;
    let (numerator, gain) = ((p_individual - p_shared) as f64, 2.0 * (shared - individual).max(0.0));
    let f = gain / chance.mean;
    let p_value = tail(f * chance.degrees, chance.degrees);
    let conclusion = match p_value {
        p if p < 0.001 => {
            "contrast or offset differ between angles: per_angle_mode individual or fourier describes them"
        }
        p if p < 0.05 => "contrast or offset may differ between angles",
        _ => "one contrast and one offset describe all angles",
    };
    Some(ScalingTest {
        f,
        numerator_degrees: numerator as u64,
        widening: chance.mean / numerator,
        effective_degrees: chance.degrees,
        denominator_degrees: (point.evaluation.pairs as f64 - p_individual as f64).max(1.0) as u64,
        p_value,
        conclusion: conclusion.into(),
    })
}
