//! Combined draws against all data: their importance weights under the density of all data, over that of the Gaussian that they have
//! drawn. It combines nothing.

use crate::error::Result;
use crate::outcome::consensus::CheckAgainstAll;
use crate::sample::consensus::pareto::pareto_shape;

/// Draws that are compared at most.
const MOST: usize = 500;
/// Fewer tell nothing.
const FEWEST: usize = 100;
/// Weights that differ by less in their logarithm are the same.
const SAME: f64 = 1e-6;

/// Draws that can be compared in so many seconds, when one takes so long.
#[must_use]
pub fn affordable(seconds: f64, of_one: f64) -> usize {
    ((seconds / of_one.max(1e-9)) as usize).clamp(FEWEST, MOST)
}

/// Compares up to `n` places, evenly among all: `log_all` of all data, `log_own` of what they were drawn from.
///
/// # Errors
/// What the densities report.
pub fn against_all(
    places: &[&[f64]],
    n: usize,
    log_all: &dyn Fn(&[f64]) -> Result<f64>,
    log_own: &dyn Fn(&[f64]) -> Result<f64>,
) -> Result<CheckAgainstAll> {
    let n = n.min(places.len());
    let chosen = (0..n).map(|k| places[k * places.len() / n]);
    let logs = chosen.map(|place| Ok(log_all(place)? - log_own(place)?)).collect::<Result<Vec<f64>>>()?;
    let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let weights: Vec<f64> = logs.iter().map(|log| (log - largest).exp()).collect();
    let (sum, squares): (f64, f64) = (weights.iter().sum(), weights.iter().map(|weight| weight * weight).sum());
    let efficiency = if squares > 0.0 { sum * sum / squares / n as f64 } else { 0.0 };
    let differ = logs.iter().any(|log| (log - largest).abs() > SAME);
    let pareto_k = if differ { Some(pareto_shape(&logs).unwrap_or(1.0)) } else { None };
    Ok(CheckAgainstAll { draws: n, pareto_k, efficiency })
}
