//! Combined draws against all data: their importance weights under the density of all data, over that of the Gaussian that they have
//! drawn. It combines nothing.

use crate::error::Result;
use crate::outcome::consensus::{CheckAgainstAll, MovedMean};
use crate::sample::consensus::pareto::pareto_shape;
use crate::sample::diagnostics::{mean, variance};

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

/// What combined draws are compared by.
pub struct Densities<'a> {
    /// Logarithm of that of all data.
    pub of_all: &'a dyn Fn(&[f64]) -> Result<f64>,
    /// Logarithm of that of what they were drawn from.
    pub own: &'a dyn Fn(&[f64]) -> Result<f64>,
    /// The numbers at a place.
    pub values: &'a dyn Fn(&[f64]) -> Vec<f64>,
    /// Their names.
    pub names: &'a [String],
}

/// Compares up to `n` places, evenly among all.
///
/// # Errors
/// What the densities report.
pub fn against_all(places: &[&[f64]], n: usize, densities: &Densities<'_>) -> Result<CheckAgainstAll> {
    let n = n.min(places.len());
    let chosen: Vec<&[f64]> = (0..n).map(|k| places[k * places.len() / n]).collect();
    let log = |place: &&[f64]| Ok((densities.of_all)(place)? - (densities.own)(place)?);
    let logs = chosen.iter().map(log).collect::<Result<Vec<f64>>>()?;
    let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let weights: Vec<f64> = logs.iter().map(|log| (log - largest).exp()).collect();
    let (sum, squares): (f64, f64) = (weights.iter().sum(), weights.iter().map(|weight| weight * weight).sum());
    let efficiency = if squares > 0.0 { sum * sum / squares / n as f64 } else { 0.0 };
    let differ = logs.iter().any(|log| (log - largest).abs() > SAME);
    let pareto_k = if differ { Some(pareto_shape(&logs).unwrap_or(1.0)) } else { None };
    let values: Vec<Vec<f64>> = chosen.iter().map(|place| (densities.values)(place)).collect();
    let moved = if differ { most_moved(&values, &weights, densities.names) } else { None };
    Ok(CheckAgainstAll { draws: n, pareto_k, efficiency, moved })
}

/// The number whose mean moves most when draws are weighed, in its standard deviations; the error is that of a weighted mean.
fn most_moved(values: &[Vec<f64>], weights: &[f64], names: &[String]) -> Option<MovedMean> {
    let sum: f64 = weights.iter().sum();
    let of_number = |(place, name): (usize, &String)| {
        let column: Vec<f64> = values.iter().map(|values| values[place]).collect();
        let deviation = variance(&column).sqrt();
        let weighed = column.iter().zip(weights).map(|(value, weight)| value * weight).sum::<f64>() / sum;
        let scatter =
            column.iter().zip(weights).map(|(value, weight)| (weight * (value - weighed)).powi(2)).sum::<f64>();
        let (deviations, error) = ((weighed - mean(&column)) / deviation, scatter.sqrt() / sum / deviation);
        MovedMean { name: name.clone(), deviations, error }
    };
    let all = names.iter().enumerate().map(of_number).filter(|moved| moved.deviations.is_finite());
    all.max_by(|one, other| one.deviations.abs().total_cmp(&other.deviations.abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_tell_how_far_means_are_off_and_how_few_draws_are_left() {
        // Drawn from a unit Gaussian around 0, by its quantiles; all data have theirs around `center`.
        let quantile = |k: usize| {
            let p = (k as f64 + 0.5) / 400.0;
            // Logistic of the same variance as the Gaussian: near enough.
            (p / (1.0 - p)).ln() / 1.702
        };
        let places: Vec<Vec<f64>> = (0..400).map(|k| vec![quantile(k), 1.0]).collect();
        let places: Vec<&[f64]> = places.iter().map(Vec::as_slice).collect();
        let own = |place: &[f64]| Ok(-0.5 * place[0].powi(2));
        let check = |center: f64| {
            let of_all = move |place: &[f64]| Ok(-0.5 * (place[0] - center).powi(2));
            let names = ["D0".to_owned(), "constant".to_owned()];
            let densities = Densities { of_all: &of_all, own: &own, values: &<[f64]>::to_vec, names: &names };
            against_all(&places, 400, &densities).expect("plain numbers")
        };
        let same = check(0.0);
        assert_eq!((same.pareto_k, same.moved.is_none()), (None, true));
        let near = check(0.5);
        let moved = near.moved.expect("a mean that moves");
        assert!(moved.name == "D0" && (moved.deviations - 0.5).abs() < 0.1 && moved.error < 0.1, "{moved:?}");
        assert!(near.efficiency > 0.6);
        assert!(check(1.8).efficiency < 0.1);
    }

    #[test]
    fn how_many_draws_are_checked_depends_on_the_data_alone() {
        assert_eq!([0, 44_000, 20_000_000, 50_000_000, u64::MAX].map(affordable), [500, 500, 250, 100, 100]);
    }
}
