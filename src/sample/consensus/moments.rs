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
        Self::of_weighed(draws.map(|draw| (1.0, draw)), width)
    }

    /// Of draws with weights. They count as `(sum w)^2 / sum w^2` equal ones.
    #[must_use]
    pub fn of_weighed<'d>(draws: impl Iterator<Item = (f64, &'d [f64])> + Clone, width: usize) -> Self {
        let (mut mean, mut sum, mut squares) = (vec![0.0; width], 0.0, 0.0);
        for (weight, draw) in draws.clone() {
            (sum, squares) = (sum + weight, squares + weight * weight);
            mean.iter_mut().zip(draw).for_each(|(sum, value)| *sum += weight * value);
        }
        let sum = if sum > 0.0 { sum } else { 1.0 };
        mean.iter_mut().for_each(|of_all| *of_all /= sum);
        let mut covariance = Array2::zeros((width, width));
        for (weight, draw) in draws {
            let apart: Vec<f64> = draw.iter().zip(&mean).map(|(value, mean)| value - mean).collect();
            for row in 0..width {
                for col in 0..width {
                    covariance[[row, col]] += weight * apart[row] * apart[col];
                }
            }
        }
        // One degree of freedom less: of n equal ones this is n - 1.
        let freedom = sum - squares / sum;
        Moments { mean, covariance: covariance / if freedom > 0.0 { freedom } else { 1.0 } }
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
