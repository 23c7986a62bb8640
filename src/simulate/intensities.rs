//! Correlations of a finite number of simulated speckles, as a detector sees them: noise as an experiment has it, where pairs of
//! frames that share frames or speckles have it in common. It knows neither angles nor files.
//!
//! Every mode of a speckle is a complex Gaussian field with the field correlation g1 = exp(-q^2 int D dt / 2) sinc^n(x) of the
//! model, so that its intensity I = |E|^2 has <I_i I_j> = 1 + g1^2 = 1 + h (Siegert). A speckle of partial coherence is the sum
//! of modes with weights a_k, sum a_k = 1, whose contrast is sum a_k^2 (Goodman, Speckle Phenomena in Optics, 2007, section
//! 4.7). Photons are counted (Poisson), and the beam line's reduction
//! follows: mean over pixels of the product, divided by the product of the means.

use crate::error::{Fault, Result};
use crate::listener::StopFlag;
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, Par, Side};
use rand_distr::{Distribution, Poisson, StandardNormal};
use rand_xoshiro::Xoshiro256PlusPlus;

/// Added to the diagonal of g1, whose smallest eigenvalues are zero up to rounding.
const JITTER: f64 = 1e-10;
/// Speckles at a time: memory does not grow with their number.
const CHUNK: usize = 256;

/// The speckles of one angle.
#[derive(Debug, Clone, PartialEq)]
pub struct Intensities {
    /// Frames.
    pub n_frames: usize,
    /// Speckles, one pixel each.
    pub speckles: usize,
    /// Weights of the modes.
    pub weights: Vec<f64>,
    /// Mean photons per pixel and frame; zero counts none.
    pub counts: f64,
}

impl Intensities {
    /// As many modes as the contrast needs, equal ones but for the last.
    #[must_use]
    pub fn of_modes(n_frames: usize, speckles: usize, contrast: f64, counts: f64) -> Self {
        // sum a = 1 and sum a^2 = contrast for m - 1 modes of weight a and one of weight 1 - (m - 1) a.
        let m = (1.0 / contrast - 1e-9).ceil().max(1.0);
        let most = match m > 1.0 {
            true => (m - 1.0 + ((m - 1.0) * (m * contrast - 1.0)).max(0.0).sqrt()) / (m * (m - 1.0)),
            false => 0.0,
        };
        let mut weights = vec![most; m as usize - 1];
        weights.push(1.0 - (m - 1.0) * most);
        Intensities { n_frames, speckles, weights, counts }
    }

    /// c2 of all pairs of frames, the diagonal included, for the field correlation `field(i, j)`, i < j. Frames in which
    /// nothing was counted are zero.
    ///
    /// # Errors
    /// Parameter if `field` is no correlation; Interrupted if the user has asked to stop.
    pub fn c2(
        &self,
        field: &dyn Fn(usize, usize) -> f64,
        random: &mut Xoshiro256PlusPlus,
        stop: &StopFlag,
    ) -> Result<Mat<f64>> {
        let n = self.n_frames;
        let factor = factor(n, field)?;
        let (mut products, mut sums) = (Mat::<f64>::zeros(n, n), vec![0.0; n]);
        for first in (0..self.speckles).step_by(CHUNK) {
            stop.check()?;
            let mut intensities = self.draw(&factor, CHUNK.min(self.speckles - first), random);
            self.count(&mut intensities, random);
            for (frame, sum) in sums.iter_mut().enumerate() {
                *sum += intensities.row(frame).iter().sum::<f64>();
            }
            matmul(&mut products, Accum::Add, &intensities, intensities.transpose(), 1.0, Par::Seq);
        }
        let speckles = self.speckles as f64;
        let normalised = |i: usize, j: usize| match sums[i] * sums[j] {
            0.0 => 0.0,
            means => products[(i, j)] * speckles / means,
        };
        Ok(Mat::from_fn(n, n, normalised))
    }

    /// Intensities of the next speckles (columns) in all frames.
    fn draw(&self, factor: &Mat<f64>, speckles: usize, random: &mut Xoshiro256PlusPlus) -> Mat<f64> {
        let n = self.n_frames;
        let mut intensities = Mat::<f64>::zeros(n, speckles);
        let mut fields = Mat::<f64>::zeros(n, 2 * speckles);
        for weight in &self.weights {
            // Real and imaginary parts side by side, each with variance 1/2.
            let white = Mat::from_fn(n, 2 * speckles, |_, _| {
                let normal: f64 = StandardNormal.sample(random);
                normal * 0.5_f64.sqrt()
            });
            matmul(&mut fields, Accum::Replace, factor, &white, 1.0, Par::Seq);
            for s in 0..speckles {
                for frame in 0..n {
                    intensities[(frame, s)] +=
                        weight * (fields[(frame, s)].powi(2) + fields[(frame, s + speckles)].powi(2));
                }
            }
        }
        intensities
    }

    fn count(&self, intensities: &mut Mat<f64>, random: &mut Xoshiro256PlusPlus) {
        if self.counts <= 0.0 {
            return;
        }
        for s in 0..intensities.ncols() {
            for intensity in intensities.col_mut(s).iter_mut() {
                let photons = Poisson::new(self.counts * *intensity).map_or(0.0, |poisson| poisson.sample(random));
                *intensity = photons;
            }
        }
    }
}

/// The lower factor of the field correlation, zeros above.
fn factor(n: usize, field: &dyn Fn(usize, usize) -> f64) -> Result<Mat<f64>> {
    let covariance = Mat::from_fn(n, n, |row, col| match row == col {
        true => 1.0 + JITTER,
        false => field(row.min(col), row.max(col)),
    });
    let factor = covariance.llt(Side::Lower).map_err(|_| {
        Fault::at("simulate", "the field correlation is not positive definite").expected("fewer frames").parameter()
    })?;
    Ok(factor.L().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_xoshiro::rand_core::SeedableRng;

    const FRAMES: usize = 60;

    /// h = g1^2 of frames so far apart: many renewals.
    fn h(lag: usize) -> f64 {
        (-(lag as f64) / 3.0).exp()
    }

    /// Root of the mean square of c2 - 1 - contrast h over all pairs, mean of the diagonal.
    fn spread(intensities: &Intensities, contrast: f64) -> (f64, f64) {
        let field = |i: usize, j: usize| h(j - i).sqrt();
        let c2 = intensities
            .c2(&field, &mut Xoshiro256PlusPlus::seed_from_u64(7), &StopFlag::default())
            .expect("a correlation");
        let squares = lags().map(|(i, j)| (c2[(i, j)] - 1.0 - contrast * h(j - i)).powi(2));
        let diagonal = (0..FRAMES).map(|i| c2[(i, i)]).sum::<f64>() / FRAMES as f64;
        ((squares.sum::<f64>() / lags().count() as f64).sqrt(), diagonal)
    }

    /// All pairs of frames.
    fn lags() -> impl Iterator<Item = (usize, usize)> {
        (0..FRAMES).flat_map(|i| (i + 1..FRAMES).map(move |j| (i, j)))
    }

    #[test]
    fn modes_have_the_contrast_and_scatter_as_the_closed_form_says() {
        for (contrast, speckles) in [(1.0, 4000), (0.2, 400), (0.14, 20_000), (0.5, 4000)] {
            let modes = Intensities::of_modes(FRAMES, speckles, contrast, 0.0);
            let square: f64 = modes.weights.iter().map(|weight| weight * weight).sum();
            assert!((square - contrast).abs() < 1e-12 && modes.weights.iter().all(|&weight| weight >= -1e-12));
            let (spread, diagonal) = spread(&modes, contrast);
            assert!((diagonal - 1.0 - contrast).abs() < 0.15 * contrast, "{contrast}: {diagonal}");
            // N Var(c2_ij) / beta^2 without counting: see likelihood/speckle/blocks.rs.
            let one = |h: f64| 1.0 + h * h + contrast * (4.0 * h - 6.0 * h * h + h * h * (2.0 + 2.0 * h));
            let mean = lags().map(|(i, j)| one(h(j - i))).sum::<f64>() / lags().count() as f64;
            let expected = contrast * (mean / speckles as f64).sqrt();
            assert!((spread / expected).ln().abs() < 0.2, "{contrast}: {spread} {expected}");
        }
    }

    #[test]
    fn photons_add_their_white_part_to_the_diagonal_alone() {
        let counted = Intensities::of_modes(FRAMES, 40_000, 0.2, 0.5);
        let (spread, diagonal) = spread(&counted, 0.2);
        assert!((diagonal - 1.2 - 2.0).abs() < 0.03, "{diagonal}");
        // (w^2 + 2 w beta + beta^2) / N with w = 1 / 0.5.
        assert!((spread / 0.011).ln().abs() < 0.2, "{spread}");
    }
}
