//! The Gaussian part of the covariance: what is asked of many sums at once. It knows neither residuals nor what the sums are for.
//!
//! Functions F of two groups a, b of frames are scaled by sqrt(n_a n_b), as h is to H; with `C = beta H + w 1`,
//!
//! ```text
//! N Cov(s, s') = 1/2 tr(F C F' C) = beta^2 [0] + beta w [1] + w^2 [2]
//! ```

use crate::likelihood::speckle::covariance::Noise;
use crate::sums::algebra::Algebra;
use ndarray::Array2;

const MONOMIALS: usize = 3;

/// Of some sums (rows) with others (columns).
#[derive(Debug, Clone, PartialEq)]
pub struct Gaussian {
    parts: [Array2<f64>; MONOMIALS],
}

impl Gaussian {
    /// Of all functions with one another.
    #[must_use]
    pub fn of(functions: &[Array2<f64>], h: &Array2<f64>) -> Self {
        let through = |function: &Array2<f64>| {
            let once = h.dot(function);
            [once.dot(h), &once + &once.t(), function.clone()]
        };
        let columns: Vec<[Array2<f64>; MONOMIALS]> = functions.iter().map(through).collect();
        Gaussian::from_fn(functions.len(), functions.len(), |row, column| {
            [0, 1, 2].map(|k| 0.5 * (&functions[row] * &columns[column][k]).sum())
        })
    }

    /// Of the three monomials of every row and column.
    #[must_use]
    pub fn from_fn(rows: usize, columns: usize, monomials: impl Fn(usize, usize) -> [f64; MONOMIALS]) -> Self {
        let mut parts = [0, 1, 2].map(|_| Array2::zeros((rows, columns)));
        for row in 0..rows {
            for column in 0..columns {
                for (part, value) in parts.iter_mut().zip(monomials(row, column)) {
                    part[[row, column]] = value;
                }
            }
        }
        Gaussian { parts }
    }

    /// Of the three monomials.
    #[must_use]
    pub fn from_parts(parts: [Array2<f64>; MONOMIALS]) -> Self {
        Gaussian { parts }
    }

    /// Between two.
    #[must_use]
    pub fn between(&self, other: &Gaussian, share: f64) -> Gaussian {
        Gaussian { parts: [0, 1, 2].map(|k| self.parts[k].towards(&other.parts[k], share)) }
    }

    /// Of combinations (columns of `combined`) of functions with one another.
    #[must_use]
    pub fn combined(&self, combined: &Array2<f64>) -> Gaussian {
        Gaussian { parts: [0, 1, 2].map(|k| combined.t().dot(&self.parts[k]).dot(combined)) }
    }

    /// The same sums with factors, of rows and of columns.
    #[must_use]
    pub fn with_factors(&self, rows: &[f64], columns: &[f64]) -> Self {
        Gaussian { parts: self.parts.each_ref().map(|part| part.with_factors(rows, columns)) }
    }

    /// The covariance.
    #[must_use]
    pub fn at(&self, noise: Noise) -> Array2<f64> {
        let (speckle, white) = (noise.contrast * noise.root_speckle, noise.white);
        let [both, one, none] = &self.parts;
        both * (speckle * speckle) + one * (speckle * white) + none * (white * white)
    }

    /// Sums over pairs of products of functions.
    #[must_use]
    pub fn products(&self) -> &Array2<f64> {
        &self.parts[2]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn covariances_are_those_of_the_definition() {
        let n = 4;
        let symmetric =
            |seed: f64| Array2::from_shape_fn((n, n), |(a, b)| (seed + (a * b) as f64 + 0.5 * (a + b) as f64).sin());
        let (h, functions) = (symmetric(0.3), [symmetric(1.0), symmetric(2.0)]);
        let noise = Noise { contrast: 0.4, root_speckle: 0.5, white: 0.7 };
        let c = &h * 0.2 + Array2::<f64>::eye(n) * 0.7;
        let exact = |k: usize, l: usize| 0.5 * functions[k].dot(&c).dot(&functions[l]).dot(&c).diag().sum();
        let found = Gaussian::of(&functions, &h).at(noise);
        for k in 0..2 {
            for l in 0..2 {
                assert!((found[[k, l]] - exact(k, l)).abs() < 1e-12, "{k} {l}");
            }
        }
        let combined = Array2::from_shape_vec((2, 1), vec![2.0, -1.0]).expect("two rows");
        let of_combined = Gaussian::of(&functions, &h).combined(&combined).at(noise)[[0, 0]];
        let expected = 4.0 * exact(0, 0) - 4.0 * exact(0, 1) + exact(1, 1);
        assert!((of_combined - expected).abs() < 1e-12);
        let scaled = Gaussian::of(&functions, &h).with_factors(&[2.0, 1.0], &[1.0, 3.0]).at(noise);
        assert!((scaled[[0, 1]] - 6.0 * exact(0, 1)).abs() < 1e-12);
    }
}
