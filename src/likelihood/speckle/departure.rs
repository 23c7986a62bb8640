//! Do sums of residuals stand out of their noise? A chi-square over the directions whose noise is resolved. It does not know what
//! the sums are.

use crate::sums::algebra::Algebra;
use ndarray::{Array1, Array2};
use statrs::distribution::{ContinuousCDF, Normal};
use statrs::function::beta::checked_beta_reg;
use statrs::function::gamma::checked_gamma_ur;

/// Directions in which sums scatter less than this share of the widest are not resolved.
const RESOLVED: f64 = 2e-3;
/// Directions of which a fit leaves less than this share of an exact variance are the fit's: what is left there is how far the model
/// is from linear, not noise.
pub const LEFT: f64 = 5e-3;

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
    /// Of sums with a covariance `left` by a fit, of what it was `before`; directions of which it leaves less than a share are none.
    /// That the level of the noise comes from the same residuals does not widen the tail: a draw with large residuals has large sums
    /// and a high level (`benches/COVERAGE.md`).
    #[must_use]
    pub fn of(sums: &Array1<f64>, (left, before): (&Array2<f64>, &Array2<f64>), least_left: f64) -> Self {
        let Some(white) = before.whitened(RESOLVED) else { return Departure { p_value: 1.0, ..Departure::default() } };
        let Some((shares, vectors)) = white.t().dot(left).dot(&white).eigen() else {
            return Departure { p_value: f64::NAN, ..Departure::default() };
        };
        let along = vectors.t().dot(&white.t()).dot(sums);
        let kept = || shares.iter().zip(&along).filter(|(share, _)| **share > least_left);
        let (statistic, degrees) = (kept().map(|(share, along)| along * along / share).sum(), kept().count());
        Departure { statistic, degrees, p_value: tail(statistic, degrees as f64) }
    }
}

/// Probability that a sum stands out by as many standard deviations, to either side.
#[must_use]
pub fn of_one(standard_deviations: f64) -> f64 {
    2.0 * Normal::standard().sf(standard_deviations.abs())
}

/// By how many standard deviations a sum stands out with that probability.
#[must_use]
pub fn size_of(p_value: f64) -> f64 {
    let known = if p_value.is_nan() { 1.0 } else { p_value.clamp(SMALLEST, 1.0) };
    Normal::standard().inverse_cdf(1.0 - 0.5 * known)
}

/// Smaller probabilities are lost in rounding.
const SMALLEST: f64 = 1e-15;

/// Probability that the ratio of two mean squares of noise, with so many degrees of freedom, is larger.
#[must_use]
pub fn of_ratio(ratio: f64, degrees: f64, of_level: f64) -> f64 {
    match ratio {
        ratio if ratio.is_nan() || ratio <= 0.0 => 1.0,
        f64::INFINITY => 0.0,
        // Of degrees that are no numbers nothing is known.
        _ => {
            let rest = of_level / (degrees * ratio + of_level);
            known(checked_beta_reg(0.5 * of_level, 0.5 * degrees, rest).ok())
        }
    }
}

/// A chi-square of more degrees of freedom is normal.
const MANY: f64 = 1e7;

/// Probability that a chi-square with so many degrees of freedom is larger.
#[must_use]
pub fn tail(statistic: f64, degrees: f64) -> f64 {
    match statistic {
        _ if !degrees.is_finite() || degrees <= 0.0 => 1.0,
        statistic if !statistic.is_finite() => 0.0,
        ..=0.0 => 1.0,
        _ if degrees > MANY => Normal::standard().sf((statistic - degrees) / (2.0 * degrees).sqrt()),
        _ => known(checked_gamma_ur(0.5 * degrees, 0.5 * statistic).ok()),
    }
}

/// A probability, where the library has found one; else nothing stands out.
fn known(found: Option<f64>) -> f64 {
    found.filter(|found| found.is_finite()).map_or(1.0, |found| found.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn degrees_that_are_no_numbers_tell_nothing_and_end_nothing() {
        let odd = [f64::NAN, f64::INFINITY, -1.0, 0.0, 1e300];
        for (degrees, of_level) in odd.iter().flat_map(|a| odd.iter().map(move |b| (*a, *b))) {
            for ratio in [f64::NAN, -1.0, 0.0, 1.0, 1e300, f64::INFINITY] {
                let known = of_ratio(ratio, degrees, of_level);
                assert!((0.0..=1.0).contains(&known), "{ratio} {degrees} {of_level}: {known}");
                assert!((0.0..=1.0).contains(&tail(ratio, degrees)), "{ratio} {degrees}");
            }
        }
        assert!((of_ratio(4.0, 3.0, 20.0) - 0.022_077_0).abs() < 1e-6);
        assert!((tail(7.814_728, 3.0) - 0.05).abs() < 1e-6);
    }

    #[test]
    fn sums_within_their_noise_do_not_stand_out_and_others_do() {
        let covariance = Array2::from_shape_fn((2, 2), |(a, b)| if a == b { 4.0 } else { 3.9 });
        let within = Departure::of(&array![2.0, 2.0], (&covariance, &covariance), LEFT);
        assert!(within.p_value > 0.3 && within.degrees == 2, "{within:?}");
        // Their difference scatters by 0.45 only.
        let beyond = Departure::of(&array![2.0, -2.0], (&covariance, &covariance), LEFT);
        assert!(beyond.p_value < 1e-15, "{beyond:?}");
    }

    #[test]
    fn directions_that_a_fit_has_taken_are_no_test() {
        let before = Array2::from_diag(&Array1::from(vec![4.0, 1e6, 1.0]));
        let mut left = before.clone();
        left[[1, 1]] = 1e3;
        let taken = Departure::of(&array![2.0, 300.0, 0.0], (&left, &before), LEFT);
        assert!(taken.degrees == 2 && taken.p_value > 0.5, "{taken:?}");
        // Their sum is the fit's, each alone is not.
        let left = Array2::from_shape_fn((2, 2), |(a, b)| if a == b { 0.501 } else { -0.499 });
        let taken = Departure::of(&array![1.0, 1.0], (&left, &Array2::eye(2)), LEFT);
        assert!(taken.degrees == 1 && taken.statistic < 1e-9, "{taken:?}");
        assert!((of_one(-1.96) - 0.05).abs() < 1e-4);
        assert!((size_of(0.05) - 1.96).abs() < 1e-3 && size_of(0.0) > 7.0);
        assert!(size_of(f64::NAN).abs() < 1e-9 && size_of(1.0).abs() < 1e-9);
        // What no noise can make, or nothing tells, is no reason to panic.
        let odd = [f64::NAN, -1.0, 0.0, f64::INFINITY].map(|ratio| of_ratio(ratio, 3.0, 5.0));
        assert_eq!(odd, [1.0, 1.0, 1.0, 0.0]);
        assert!((of_ratio(1.0, 3.0, 5.0) - 0.465).abs() < 1e-3);
    }
}
