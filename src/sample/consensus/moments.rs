//! Mean and covariance of draws, and how far two Gaussians are apart. It knows no shard.

use crate::sums::algebra::{Algebra, dot};
use ndarray::Array2;

/// Mean and covariance.
#[derive(Debug, Clone, PartialEq)]
pub struct Moments {
    /// Mean.
    pub mean: Vec<f64>,
    /// Covariance, with one degree of freedom less.
    pub covariance: Array2<f64>,
}

impl Moments {
    /// Of draws, all of one length.
    #[must_use]
    pub fn of<'d>(draws: impl Iterator<Item = &'d [f64]> + Clone, width: usize) -> Self {
        let (mut mean, mut n) = (vec![0.0; width], 0.0);
        for draw in draws.clone() {
            n += 1.0;
            mean.iter_mut().zip(draw).for_each(|(sum, value)| *sum += value);
        }
        mean.iter_mut().for_each(|sum| *sum /= f64::max(n, 1.0));
        let mut covariance = Array2::zeros((width, width));
        for draw in draws {
            let apart: Vec<f64> = draw.iter().zip(&mean).map(|(value, mean)| value - mean).collect();
            for row in 0..width {
                for col in 0..width {
                    covariance[[row, col]] += apart[row] * apart[col];
                }
            }
        }
        Moments { mean, covariance: covariance / f64::max(n - 1.0, 1.0) }
    }

    /// The same in coordinates `center + stretch w`.
    #[must_use]
    pub fn stretched(&self, center: &[f64], stretch: &Array2<f64>) -> Self {
        let mean = stretch.times(&self.mean).iter().zip(center).map(|(moved, center)| center + moved).collect();
        Moments { mean, covariance: stretch.dot(&self.covariance).dot(&stretch.t()) }
    }

    /// Inverse of the covariance.
    #[must_use]
    pub fn precision(&self) -> Array2<f64> {
        inverse(&self.covariance)
    }

    /// The divergence of Kullback and Leibler between two Gaussians with these inverse covariances, both ways together, in nats.
    #[must_use]
    pub fn divergence(&self, other: &Moments, (own, others): (&Array2<f64>, &Array2<f64>)) -> f64 {
        let apart: Vec<f64> = self.mean.iter().zip(&other.mean).map(|(own, other)| own - other).collect();
        let trace = |precision: &Array2<f64>, covariance: &Array2<f64>| (precision * covariance).sum();
        let traces = trace(others, &self.covariance) + trace(own, &other.covariance);
        0.5 * (traces + dot(&(own + others).times(&apart), &apart)) - apart.len() as f64
    }
}

/// A Gaussian whose density is asked for often.
#[derive(Debug, Clone)]
pub struct Gaussian {
    mean: Vec<f64>,
    precision: Array2<f64>,
    constant: f64,
}

impl Gaussian {
    /// With these moments; `None` where the covariance has no inverse.
    #[must_use]
    pub fn of(moments: &Moments) -> Option<Self> {
        let (values, _) = moments.covariance.eigen()?;
        let logs: f64 = values.iter().map(|value| value.ln()).sum();
        let constant = logs + values.len() as f64 * std::f64::consts::TAU.ln();
        logs.is_finite().then(|| Gaussian { mean: moments.mean.clone(), precision: moments.precision(), constant })
    }

    /// ln of its density at a place.
    #[must_use]
    pub fn log_density(&self, place: &[f64]) -> f64 {
        let apart: Vec<f64> = place.iter().zip(&self.mean).map(|(value, mean)| value - mean).collect();
        -0.5 * (dot(&self.precision.times(&apart), &apart) + self.constant)
    }
}

/// The inverse of a covariance.
#[must_use]
pub fn inverse(covariance: &Array2<f64>) -> Array2<f64> {
    let identity = Array2::eye(covariance.nrows());
    covariance.solve_positive(&identity).unwrap_or_else(|| covariance.solve_many(&identity))
}

/// L with L L' = a matrix without negative eigenvalues.
#[must_use]
pub fn root(covariance: &Array2<f64>) -> Array2<f64> {
    let Some((values, vectors)) = covariance.eigen() else { return Array2::zeros(covariance.dim()) };
    Array2::from_shape_fn(covariance.dim(), |(row, col)| vectors[[row, col]] * values[col].max(0.0).sqrt())
}
