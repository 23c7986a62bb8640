//! How well the data tell the fitted numbers apart: shear against scaling, one scaling against many. It needs no sweep: the
//! Gram matrices of the solution know.

use crate::fit::errors::uncertainty::Uncertainty;
use crate::fit::solver::problem::{Point, Problem};
use crate::likelihood::reduced::{Evaluation, reduce};
use crate::likelihood::scaling::ScalingMap;
use crate::outcome::fit::{Identifiability, ScalingTest};
use crate::sums::algebra::{Algebra, dot};
use crate::sums::loss::Loss;
use ndarray::Array2;
use statrs::distribution::{ContinuousCDF, FisherSnedecor};

/// Correlations above this are named.
const STRONG: f64 = 0.95;

/// Everything about a solution.
#[must_use]
pub fn identifiability(
    problem: &Problem<'_>,
    point: &Point,
    uncertainty: &Uncertainty,
    phi_degrees: &[f64],
) -> Identifiability {
    Identifiability {
        shear_scaling_correlation: shear_scaling_correlation(problem, uncertainty),
        scaling_test: scaling_test(problem, point, uncertainty, phi_degrees),
        strong_correlations: strong_correlations(problem, uncertainty),
    }
}

/// Multiple correlation of gamma_dot_t0 with all scaling numbers: sqrt(1 - var(gamma | scaling) / var(gamma)), from the
/// covariance block of both.
fn shear_scaling_correlation(problem: &Problem<'_>, uncertainty: &Uncertainty) -> Option<f64> {
    let gamma_dot_t0 = problem.space.mode.shear()?.amplitude;
    let k = uncertainty.moving.iter().position(|&moving| moving == gamma_dot_t0)?;
    let (covariance, first) = (&uncertainty.plain, uncertainty.moving.len());
    let scaling: Vec<usize> = (first..covariance.nrows()).filter(|&l| covariance[[l, l]] > 0.0).collect();
    let variance = covariance[[k, k]];
    if scaling.is_empty() || problem.map.blocks.is_empty() || variance <= 0.0 || uncertainty.undetermined.contains(&k) {
        return None;
    }
    let cross: Vec<f64> = scaling.iter().map(|&l| covariance[[k, l]]).collect();
    let own = covariance.among(&scaling);
    let scale = own.diagonal_scale();
    let scaled: Vec<f64> = cross.iter().zip(&scale).map(|(cross, scale)| cross / scale).collect();
    let explained = dot(&scaled, &own.divided(&scale).solve(&scaled));
    Some((explained / variance).clamp(0.0, 1.0).sqrt()).filter(|correlation| correlation.is_finite())
}

/// Half of chi-square at the minimum of the quadratic model, with a scaling mode's numbers eliminated.
fn predicted_cost(problem: &Problem<'_>, point: &Point, map: ScalingMap) -> (f64, usize) {
    let scaling = map.eliminate(&point.grams);
    let evaluation = reduce(&point.grams, &map, &scaling);
    let free = problem.space.free();
    let reduced = problem.in_coordinates(&evaluation, &point.theta, &free);
    (reduced.cost - decrease(&reduced), free.len() + map.n_free())
}

/// 1/2 g' H^-1 g over directions that are determined.
fn decrease(evaluation: &Evaluation) -> f64 {
    let scale = evaluation.hessian.diagonal_scale();
    let Some((values, vectors)) = evaluation.hessian.divided(&scale).eigen() else { return 0.0 };
    let gradient: Vec<f64> = evaluation.gradient.iter().zip(&scale).map(|(g, scale)| g / scale).collect();
    let part = |k: usize| {
        let along = dot(&gradient, &vectors.column_values(k));
        if values[k] > 1e-10 * values[values.len() - 1] { 0.5 * along * along / values[k] } else { 0.0 }
    };
    (0..values.len()).map(part).sum()
}

/// How much larger reported variances of contrast and offset are than those of independent pairs, in the mean.
fn widening(uncertainty: &Uncertainty) -> f64 {
    let pairs = uncertainty.scaling_variances.iter().zip(&uncertainty.scaling_variances_plain);
    let ratios = pairs.flat_map(|(wide, plain)| [wide.contrast / plain.contrast, wide.offset / plain.offset]);
    let known: Vec<f64> = ratios.filter(|ratio| ratio.is_finite() && *ratio > 0.0).collect();
    if known.is_empty() { 1.0 } else { (known.iter().sum::<f64>() / known.len() as f64).max(1.0) }
}

/// F = (chi2_shared - chi2_individual) / (p_individual - p_shared) / (chi2_individual / nu), divided by the mean widening of the
/// variances: pairs are not independent (first-order correction of Rao and Scott, Ann. Stat. 12 (1984) 46, doi
/// 10.1214/aos/1176346391).
fn scaling_test(problem: &Problem<'_>, point: &Point, uncertainty: &Uncertainty, phi: &[f64]) -> Option<ScalingTest> {
    if phi.len() < 2 || problem.map.blocks.is_empty() || problem.loss != Loss::Linear {
        return None;
    }
    let (shared, p_shared) = predicted_cost(problem, point, ScalingMap::shared(phi.len(), problem.space));
    let (individual, p_individual) = predicted_cost(problem, point, ScalingMap::individual(phi.len(), problem.space));
    let numerator = (p_individual - p_shared) as f64;
    let denominator = (point.evaluation.pairs as f64 - p_individual as f64).max(1.0);
    let f = ((shared - individual).max(0.0) / numerator) / (individual / denominator) / widening(uncertainty);
    if !f.is_finite() {
        return None;
    }
    let distribution = FisherSnedecor::new(numerator, denominator).ok()?;
    let p_value = distribution.sf(f);
    let conclusion = match p_value {
        p if !p.is_finite() => return None,
        p if p < 0.001 => {
            "contrast or offset differ between angles: per_angle_mode individual or fourier describes them"
        }
        p if p < 0.05 => "contrast or offset may differ between angles",
        _ => "one contrast and one offset describe all angles",
    };
    Some(ScalingTest {
        f,
        numerator_degrees: numerator as u64,
        denominator_degrees: denominator as u64,
        p_value,
        conclusion: conclusion.into(),
    })
}

fn strong_correlations(problem: &Problem<'_>, uncertainty: &Uncertainty) -> Vec<String> {
    let covariance: &Array2<f64> = &uncertainty.plain;
    let name = |k: usize| problem.space.physical[uncertainty.moving[k]].name.as_str();
    let determined = |k: &usize| !uncertainty.undetermined.contains(k) && covariance[[*k, *k]] > 0.0;
    let places: Vec<usize> = (0..uncertainty.moving.len()).filter(determined).collect();
    let mut strong = Vec::new();
    for (place, &k) in places.iter().enumerate() {
        for &l in &places[place + 1..] {
            let correlation = covariance[[k, l]] / (covariance[[k, k]] * covariance[[l, l]]).sqrt();
            if correlation.abs() > STRONG {
                strong.push(format!("{} and {} are correlated by {correlation:.3}", name(k), name(l)));
            }
        }
    }
    strong
}
