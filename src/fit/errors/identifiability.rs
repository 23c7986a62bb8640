//! How well the data tell the fitted numbers apart. It needs no sweep: the Gram matrices of the solution know.

use crate::fit::errors::scaling_test::scaling_test;
use crate::fit::errors::uncertainty::Uncertainty;
use crate::fit::solver::problem::{Point, Problem};
use crate::outcome::fit::Identifiability;
use crate::sums::algebra::{Algebra, dot};
use ndarray::Array2;

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
