//! What a robust loss makes of noise that is not symmetric: it finds the middle of the values, not their mean. It judges nothing.
//!
//! Mean counts of 1 / w per speckle and frame scatter like products of Poisson numbers, whose third central moment over N speckles is
//! (w^4 + 6 w^3 + 8 w^2) / N^2, with a variance of (w^2 + 2 w) / N. For noise of skewness g the location at which the weighted
//! residuals psi(z) = z rho'(z^2) balance is off the mean by g/6 E[psi H_3] / E[psi'] standard deviations to first order (Edgeworth;
//! H_3 = z^3 - 3 z; Huber and Ronchetti, Robust Statistics, 2009, section 3.2).

use crate::fit::errors::speckle_noise::SpeckleNoise;
use crate::fit::solver::problem::Problem;
use crate::sums::loss::{Loss, mean_over_normal};

/// By how much the loss may have moved the offset of every angle: the size of the shift, zero under plain squares.
#[must_use]
pub fn offset_shifts(problem: &Problem<'_>, noise: &SpeckleNoise) -> Vec<f64> {
    let per_skewness = shift_per_skewness(problem.loss, problem.f_scale);
    let shift = |(angle, &weight): (usize, &f64)| {
        let noise = noise.levels.angles[angle];
        let w = if noise.root_speckle > 0.0 { noise.white / noise.root_speckle } else { 0.0 };
        let third = w.powi(4) + 6.0 * w.powi(3) + 8.0 * w * w;
        let skewness = noise.root_speckle * third / (w * w + 2.0 * w).powf(1.5);
        let sigma = weight.sqrt().recip();
        if w > 0.0 { (per_skewness * skewness * sigma).abs() } else { 0.0 }
    };
    problem.weights.iter().enumerate().map(shift).collect()
}

/// E[psi H_3] / (6 E[psi']) over a normal density; `f_scale` in standard deviations.
fn shift_per_skewness(loss: Loss, f_scale: f64) -> f64 {
    let scaled = |z: f64| (z / f_scale).powi(2);
    let moved = mean_over_normal(|z| z * loss.weight(scaled(z)) * (z.powi(3) - 3.0 * z));
    moved / (6.0 * mean_over_normal(|z| loss.slope(scaled(z))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_distr::{Distribution, Gamma};
    use rand_xoshiro::Xoshiro256PlusPlus;
    use rand_xoshiro::rand_core::SeedableRng;

    #[test]
    fn a_loss_moves_skewed_values_as_the_formula_says() {
        assert!(shift_per_skewness(Loss::Linear, 1.0).abs() < 1e-12);
        // Gamma of shape a: skewness 2 / sqrt(a).
        let shape = 100.0_f64;
        let gamma = Gamma::new(shape, 1.0).expect("a density");
        let mut random = Xoshiro256PlusPlus::seed_from_u64(4);
        let values: Vec<f64> = (0..400_000).map(|_| (gamma.sample(&mut random) - shape) / shape.sqrt()).collect();
        for loss in [Loss::SoftL1, Loss::Huber, Loss::Cauchy] {
            let mut location = 0.0;
            for _ in 0..60 {
                let weights = values.iter().map(|z| loss.weight((z - location).powi(2)));
                let (sum, norm) = values.iter().zip(weights).fold((0.0, 0.0), |(a, b), (z, w)| (a + z * w, b + w));
                location = sum / norm;
            }
            let expected = shift_per_skewness(loss, 1.0) * 2.0 / shape.sqrt();
            assert!((location - expected).abs() < 0.006, "{loss:?}: {location} {expected}");
            assert!(expected < -0.01, "towards the middle of the values: {expected}");
        }
    }
}
