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

/// Pairs that are gone through for it, but for [`FEWEST`] draws: what a machine can do in some time would be another check elsewhere.
const PAIRS: u64 = 5_000_000_000;

/// Draws that are compared with so many pairs.
#[must_use]
pub fn affordable(n_pairs: u64) -> usize {
    ((PAIRS / n_pairs.max(1)) as usize).clamp(FEWEST, MOST)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_many_draws_are_checked_depends_on_the_data_alone() {
        assert_eq!([0, 44_000, 20_000_000, 50_000_000, u64::MAX].map(affordable), [500, 500, 250, 100, 100]);
    }
}
