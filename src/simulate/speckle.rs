//! Correlations of a finite number of simulated speckles: noise as an experiment has it, where pairs of frames that share
//! frames or speckles have it in common. It knows neither angles nor files.
//!
//! Every speckle is a complex Gaussian field with the field correlation g1 = exp(-q^2 int D dt / 2) sinc^n(x) of the model, so
//! that intensities I = |E|^2 have <I_i I_j> = 1 + g1^2 = 1 + h (Siegert). Intensities of partial coherence,
//! 1 - sqrt(contrast) + sqrt(contrast) I, are normalised by their mean over speckles, as beamlines do, and correlated.

use crate::error::{Fault, Result};
use faer::{Mat, Side};
use rand_distr::{Distribution, StandardNormal};
use rand_xoshiro::Xoshiro256PlusPlus;

/// Added to the diagonal of g1, whose smallest eigenvalues are zero up to rounding.
const JITTER: f64 = 1e-10;

/// c2 - 1 of all pairs of `n` frames, row by row, from `speckles` speckles with the field correlation `field(i, j)`, i < j.
///
/// # Errors
/// Parameter if `field` is no correlation.
pub fn correlation(
    n: usize,
    field: &dyn Fn(usize, usize) -> f64,
    contrast: f64,
    speckles: usize,
    random: &mut Xoshiro256PlusPlus,
) -> Result<Vec<f64>> {
    let covariance = Mat::from_fn(n, n, |row, col| match row == col {
        true => 1.0 + JITTER,
        false => field(row.min(col), row.max(col)),
    });
    let factor = covariance.llt(Side::Lower).map_err(|_| {
        Fault::at("simulate", "the field correlation is not positive definite").expected("fewer frames").parameter()
    })?;
    // Real and imaginary parts side by side, each with variance 1/2.
    let white = Mat::from_fn(n, 2 * speckles, |_, _| {
        let normal: f64 = StandardNormal.sample(random);
        normal * 0.5_f64.sqrt()
    });
    let fields = factor.L() * &white;
    let root = contrast.sqrt();
    let mut intensities =
        Mat::from_fn(n, speckles, |frame, s| 1.0 - root + root * squared(&fields, frame, s, speckles));
    for frame in 0..n {
        let mean = (0..speckles).map(|s| intensities[(frame, s)]).sum::<f64>() / speckles as f64;
        (0..speckles).for_each(|s| intensities[(frame, s)] /= mean);
    }
    let product = &intensities * intensities.transpose();
    Ok((0..n * n).map(|k| product[(k / n, k % n)] / speckles as f64 - 1.0).collect())
}

fn squared(fields: &Mat<f64>, frame: usize, s: usize, speckles: usize) -> f64 {
    fields[(frame, s)].powi(2) + fields[(frame, s + speckles)].powi(2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_xoshiro::rand_core::SeedableRng;

    #[test]
    fn many_speckles_give_the_model_and_few_scatter_as_one_over_their_root() {
        let field = |i: usize, j: usize| (-((j - i) as f64) / 20.0).exp();
        let spread = |speckles: usize| {
            let mut random = Xoshiro256PlusPlus::seed_from_u64(7);
            let c2 = correlation(60, &field, 0.2, speckles, &mut random).expect("a correlation");
            let pairs = (0..60).flat_map(|i| (i + 1..60).map(move |j| (i, j)));
            let squares: Vec<f64> = pairs.map(|(i, j)| (c2[i * 60 + j] - 0.2 * field(i, j).powi(2)).powi(2)).collect();
            (squares.iter().sum::<f64>() / squares.len() as f64).sqrt()
        };
        let (few, many) = (spread(400), spread(40_000));
        assert!(many < 0.004, "{many}");
        assert!((few / many / 10.0).ln().abs() < 0.7, "{few} {many}");
    }
}
