//! What the density of all data says of a combination: importance weights, of places that were drawn from something known. It evaluates no
//! density.

use crate::outcome::consensus::{CheckAgainstAll, MovedMean};
use crate::sample::consensus::pareto::pareto_shape;
use crate::sample::diagnostics::{mean, variance};

/// Places whose weights have a heavier tail do not tell what all data say.
pub const LARGEST_K: f64 = 0.7;
/// Where a smaller share of them counts, too few are left for it.
pub const LEAST_EFFICIENT: f64 = 0.1;
/// Weights that differ by less in their logarithm are the same.
const SAME: f64 = 1e-6;

/// From the logarithms of the weights of places, and the values of all numbers there.
#[must_use]
pub fn check(logs: &[f64], values: &[Vec<f64>], names: &[String]) -> CheckAgainstAll {
    let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let weights: Vec<f64> = logs.iter().map(|log| (log - largest).exp()).collect();
    let (sum, squares): (f64, f64) = (weights.iter().sum(), weights.iter().map(|weight| weight * weight).sum());
    let efficiency = if squares > 0.0 { sum * sum / squares / logs.len() as f64 } else { 0.0 };
    let differ = logs.iter().any(|log| (log - largest).abs() > SAME);
    let pareto_k = if differ { Some(pareto_shape(logs).unwrap_or(1.0)) } else { None };
    let moved = if differ { most_moved(values, &weights, names) } else { None };
    CheckAgainstAll { draws: logs.len(), pareto_k, efficiency, moved }
}

/// Whether no few weights outweigh all others.
#[must_use]
pub fn has_light_tail(check: &CheckAgainstAll) -> bool {
    check.pareto_k.is_none_or(|k| k <= LARGEST_K)
}

/// Whether weights tell what all data say.
#[must_use]
pub fn is_believed(check: &CheckAgainstAll) -> bool {
    has_light_tail(check) && check.efficiency >= LEAST_EFFICIENT
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
        let values: Vec<Vec<f64>> = (0..400).map(|k| vec![quantile(k), 1.0]).collect();
        let of = |center: f64| {
            let log = |place: &Vec<f64>| -0.5 * ((place[0] - center).powi(2) - place[0].powi(2));
            let logs: Vec<f64> = values.iter().map(log).collect();
            check(&logs, &values, &["D0".to_owned(), "constant".to_owned()])
        };
        let same = of(0.0);
        assert_eq!((same.pareto_k, same.moved.is_none(), is_believed(&same)), (None, true, true));
        let near = of(0.5);
        let moved = near.moved.as_ref().expect("a mean that moves");
        assert!(moved.name == "D0" && (moved.deviations - 0.5).abs() < 0.1 && moved.error < 0.1, "{moved:?}");
        assert!(near.efficiency > 0.6 && is_believed(&near));
        let far = of(1.8);
        assert!(far.efficiency < 0.1 && !is_believed(&far));
        assert!(!is_believed(&check(&[f64::NEG_INFINITY; 9], &values[..9], &[])), "nothing weighs anything");
    }
}
