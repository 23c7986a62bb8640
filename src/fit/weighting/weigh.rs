//! Whether a fit is weighted by what speckles let pairs have in common, and what it becomes then. It describes nothing.

use crate::error::Result;
use crate::fit::settings::Weighting;
use crate::fit::solver::problem::{Point, System};
use crate::fit::weighting::estimate::{Estimate, Way, agreement, walk};
use crate::fit::weighting::ladder::Found as Ladder;
use crate::fit::weighting::predicted::{Predicted, Solved, roots};
use crate::likelihood::reduced::reduce;
use crate::likelihood::scaling::{Coefficient, Scaling};
use crate::likelihood::speckle::covariance::Noise;
use crate::outcome::noise::Test;
use crate::outcome::weighting::{ComparedNumber, PairWeights, WeightingFound};
use crate::sums::loss::Loss;
use crate::sums::objective::ResidualQuery;
use crate::sums::residuals::ResidualSums;
use ndarray::Array2;
use std::collections::BTreeMap;

/// Least gain of any physical parameter for which errors are worth other weights than those of least squares.
const WORTH_IT: f64 = 1.1;
/// The same of what is seen quickly.
const SKETCHED: f64 = 1.05;
/// Most grids of a prediction: other angles lie between them.
const GRIDS: usize = 6;

/// What was made of a solution.
pub struct Weighed {
    /// In words and numbers.
    pub found: WeightingFound,
    /// The weighted solution, if it is taken.
    pub taken: Option<Taken>,
}

/// A weighted solution.
pub struct Taken {
    /// Where it lies.
    pub point: Point,
    /// Covariance of moving parameters and scaling coefficients.
    pub covariance: Array2<f64>,
    /// Residuals there.
    pub sums: Vec<ResidualSums>,
}

/// Weighs a solution of least squares, where that is wanted and worth it.
///
/// # Errors
/// What the sweeps report; Interrupted if the user has asked to stop.
pub fn weigh(solved: &Solved<'_>, wanted: Weighting, is_refused: bool) -> Result<Weighed> {
    let stays = |reason: String| Weighed { found: WeightingFound::uniform(reason), taken: None };
    if let Some(reason) = obstacle(solved, wanted == Weighting::Auto && is_refused) {
        return Ok(stays(reason.into()));
    }
    if let Some(&bent) = solved.bent.first().filter(|_| wanted == Weighting::Auto) {
        let name = &solved.problem.space.physical[bent].name;
        return Ok(stays(format!(
            "the cost is far from a parabola ({name}): gains and errors of other weights are not known there"
        )));
    }
    let ladder = Ladder::of(solved)?;
    if wanted == Weighting::Auto && !ladder.ridges.is_empty() && ladder.most_gain <= SKETCHED {
        return Ok(stays(small_gain(ladder.most_gain)));
    }
    let Some((predicted, bound)) = best(solved, &ladder.ridges)? else {
        return Ok(stays("no weights that know speckles make the errors smaller without making another larger".into()));
    };
    let moving = solved.uncertainty.moving.len();
    let most = predicted.gains()[..moving].iter().flatten().copied().fold(0.0, f64::max);
    let mut found = WeightingFound {
        ridge: Some(predicted.ridge),
        numbers: numbers(solved, &predicted, &bound),
        ..WeightingFound::uniform(small_gain(most))
    };
    if wanted == Weighting::Auto && most <= WORTH_IT {
        return Ok(Weighed { found, taken: None });
    }
    let estimate = match walk(solved, &predicted, GRIDS)? {
        Way::Lost(reason) => {
            found.reason = format!("the weighted estimate is not taken: {reason}");
            return Ok(Weighed { found, taken: None });
        }
        Way::Settled(estimate) => estimate,
    };
    let (test, sizes) = agreement(solved, &predicted, &estimate);
    let names = solved.problem.names(&solved.uncertainty.moving);
    for (name, size) in names.iter().zip(sizes) {
        found.numbers.entry(name.clone()).and_modify(|number| number.difference_in_errors = size);
    }
    let gains = names.iter().zip(predicted.gains()).take(moving);
    let gains: Vec<String> = gains.filter_map(|(name, gain)| Some(format!("{name} {:.2}", gain?))).collect();
    found.weights = PairWeights::Speckle;
    found.reason = format!("errors are smaller than those of least squares by factors: {}", gains.join(", "));
    found.agreement = Some(Test { statistic: test.statistic, degrees_of_freedom: test.degrees, p_value: test.p_value });
    let there = Predicted::of(solved, (&estimate.theta, &estimate.per_angle), predicted.ridge, GRIDS)?;
    let (point, sums) = described(solved, estimate)?;
    Ok(Weighed { found, taken: Some(Taken { point, covariance: there.weighted, sums }) })
}

/// The first ridge that makes no error larger on all grids, and the smallest errors that the noise allows.
fn best(solved: &Solved<'_>, ridges: &[f64]) -> Result<Option<(Predicted, Vec<Option<f64>>)>> {
    for &ridge in ridges {
        let (predicted, bound) = Predicted::at_solution(solved, ridge, GRIDS)?;
        if !predicted.is_worse(solved.uncertainty.moving.len()) {
            return Ok(Some((predicted, bound)));
        }
    }
    Ok(None)
}

fn small_gain(most: f64) -> String {
    format!("weights that know speckles would make errors {most:.2} times smaller at most")
}

impl WeightingFound {
    fn uniform(reason: String) -> Self {
        WeightingFound {
            weights: PairWeights::Uniform,
            reason,
            ridge: None,
            numbers: BTreeMap::new(),
            agreement: None,
            least_squares: None,
        }
    }
}

/// Why nothing is known of better weights.
fn obstacle(solved: &Solved<'_>, is_refused: bool) -> Option<&'static str> {
    let levels = &solved.noise.levels;
    let is_seen = |noise: &Noise| noise.root_speckle > 0.0;
    match solved {
        _ if is_refused => Some("the model is refused: errors are of no use"),
        Solved { problem, .. } if problem.loss != Loss::Linear => Some("a robust loss has weights of its own"),
        Solved { problem, .. } if !problem.noise_is_known => Some("the noise of some angle is not known"),
        Solved { uncertainty, .. } if uncertainty.moving.is_empty() => Some("no physical parameter is free"),
        Solved { uncertainty, .. } if !uncertainty.undetermined.is_empty() => {
            Some("the data do not determine all parameters")
        }
        _ if !levels.shows_speckles || !levels.angles.iter().all(is_seen) || !solved.white_ratio().is_finite() => {
            Some("the residuals show no speckles")
        }
        _ => None,
    }
}

fn numbers(solved: &Solved<'_>, predicted: &Predicted, bound: &[Option<f64>]) -> BTreeMap<String, ComparedNumber> {
    let (problem, point) = (solved.problem, solved.point);
    let offset = |(coefficient, value): (Coefficient, f64)| {
        // Coefficients of a series bound no offset of their own.
        if coefficient.is_contrast || coefficient.bounds.is_none() { value } else { value + 1.0 }
    };
    let coefficients = problem.map.named().into_iter().zip(problem.map.coefficients(&point.grams)).map(offset);
    let values = solved.uncertainty.moving.iter().map(|&k| point.theta[k]).chain(coefficients);
    let (errors, gains) = (roots(&predicted.uniform), predicted.gains());
    // What is reported of least squares; what weights are compared with is the same on fewer grids.
    let reported = roots(solved.uncertainty.reported());
    let of = |(k, (name, uniform)): (usize, (String, f64))| {
        let most_gain = errors[k].zip(bound[k]).map(|(error, bound)| error / bound);
        let number = ComparedNumber {
            uniform,
            uniform_uncertainty: reported[k],
            gain: gains[k],
            most_gain,
            difference_in_errors: None,
        };
        (name, number)
    };
    problem.names(&solved.uncertainty.moving).into_iter().zip(values).enumerate().map(of).collect()
}

/// The weighted solution as a point, and its residuals.
fn described(solved: &Solved<'_>, estimate: Estimate) -> Result<(Point, Vec<ResidualSums>)> {
    let problem = solved.problem;
    let mut point = System::Gram(solved.data).point(problem, estimate.theta)?;
    point.scaling = Scaling { per_angle: estimate.per_angle, active: solved.point.scaling.active.clone() };
    point.evaluation = reduce(&point.grams, &problem.map, &point.scaling);
    let reweighing = problem.reweighing(&point.scaling);
    let sums = solved.data.residuals(&ResidualQuery {
        theta: &point.theta,
        weights: Some(&problem.weights),
        reweighing: &reweighing,
        groups: &solved.last.nodes.groups,
    })?;
    Ok((point, sums))
}
