//! Do sums of residuals stand out of their noise? A chi-square over the directions whose noise is resolved. It does not know what
//! the sums are.

use crate::sums::algebra::Algebra;
use ndarray::Array2;
use statrs::distribution::{ChiSquared, ContinuousCDF};

/// Directions whose variance, in units of the sums' own, is below this share of the largest are the fit's, not the data's.
const RESOLVED: f64 = 2e-3;

/// A sum of squares in units of its noise.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Departure {
    /// z' Cov^+ z.
    pub statistic: f64,
    /// Directions.
    pub degrees: usize,
    /// Probability of a larger one.
    pub p_value: f64,
}

impl Departure {
    /// Of sums with a covariance; `before` are their variances before a fit has taken its part: what is left of less than a
    /// thousandth of them is rounding. That the level of the noise comes from the same residuals does not widen the tail: a
    /// draw with large residuals has large sums and a high level (`benches/COVERAGE.md`).
    #[must_use]
    pub fn of(sums: &[f64], covariance: &Array2<f64>, before: &[f64]) -> Self {
        let kept: Vec<usize> =
            (0..sums.len()).filter(|&k| covariance[[k, k]] > LEFT * before[k] && before[k] > 0.0).collect();
        let among = covariance.among(&kept);
        let scale = among.diagonal_scale();
        let Some((values, vectors)) = among.divided(&scale).eigen() else {
            return Departure { p_value: 1.0, ..Departure::default() };
        };
        let largest = values.last().copied().unwrap_or(0.0);
        let (mut statistic, mut degrees) = (0.0, 0);
        for (k, value) in values.iter().enumerate().filter(|(_, value)| **value > RESOLVED * largest) {
            let along: f64 = kept
                .iter()
                .zip(&scale)
                .enumerate()
                .map(|(row, (&sum, scale))| vectors[[row, k]] * sums[sum] / scale)
                .sum();
            statistic += along * along / value;
            degrees += 1;
        }
        Departure { statistic, degrees, p_value: tail(statistic, degrees) }
    }
}

/// A sum of which the fit leaves less than this share of the variance is no test.
const LEFT: f64 = 1e-3;

fn tail(statistic: f64, degrees: usize) -> f64 {
    match (degrees, statistic.is_finite()) {
        (0, _) => 1.0,
        (_, false) => 0.0,
        _ => ChiSquared::new(degrees as f64).map_or(1.0, |known| known.sf(statistic)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_within_their_noise_do_not_stand_out_and_others_do() {
        let covariance = Array2::from_shape_fn((2, 2), |(a, b)| if a == b { 4.0 } else { 3.9 });
        let within = Departure::of(&[2.0, 2.0], &covariance, &[4.0, 4.0]);
        assert!(within.p_value > 0.3, "{within:?}");
        // Their difference scatters by 0.45 only.
        let beyond = Departure::of(&[2.0, -2.0], &covariance, &[4.0, 4.0]);
        assert!(beyond.p_value < 1e-15, "{beyond:?}");
        // A sum that the fit has taken whole is no test.
        let taken = Departure::of(&[2.0, 50.0], &covariance, &[4.0, 1e6]);
        assert_eq!(taken.degrees, 1);
    }
}
