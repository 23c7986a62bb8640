//! How much of one angle's squared residuals lies along what misfits look like: the columns of the model, and half octaves of lag.
//! What is left tells the noise also where a model does not hold.

use crate::likelihood::speckle::blocks::Blocks;
use crate::likelihood::speckle::covariance::Noise;
use crate::likelihood::speckle::functions::{Function, Functions};
use crate::likelihood::speckle::gaussian::Gaussian;
use crate::sums::algebra::Algebra;
use crate::sums::grid::Grid;
use crate::sums::residuals::ResidualSums;
use ndarray::{Array1, Array2};

/// Combinations of functions smaller than this share of the largest are none.
const RESOLVED: f64 = 1e-8;

/// What misfits look like on pairs of coarse groups.
#[derive(Debug, Clone)]
pub struct Trends {
    /// Means of every function over the pairs of two groups.
    functions: Vec<Array2<f64>>,
    counts: Vec<f64>,
    noise: Gaussian,
}

/// Residuals along trends.
#[derive(Debug, Clone, PartialEq)]
pub struct AlongTrends {
    /// Sum of squares along them.
    pub found: f64,
    /// Of independent combinations of them.
    noise: Gaussian,
}

impl Trends {
    /// On the coarse groups of a grid, besides the means of its columns `[dh .., h, 1]` on them.
    #[must_use]
    pub fn of(grid: &Grid, functions: &Functions, (blocks, columns): (&Blocks, &[Array2<f64>])) -> Self {
        let lags = functions.all.iter().filter(|function| matches!(function, Function::Lag { .. }));
        let of_lags = lags.filter_map(|&function| functions.on(function, grid)).map(|band| blocks.means(grid, &band));
        let means: Vec<Array2<f64>> = columns.iter().cloned().chain(of_lags).collect();
        let scaled: Vec<Array2<f64>> = means.iter().map(|mean| blocks.scaled(mean, 0.0)).collect();
        let noise = Gaussian::of(&scaled, &blocks.scaled(blocks.h(), 1.0));
        Trends { functions: means, counts: blocks.counts().to_vec(), noise }
    }

    /// Between two.
    #[must_use]
    pub fn between(&self, other: &Trends, share: f64) -> Trends {
        let functions = self.functions.iter().zip(&other.functions);
        Trends {
            functions: functions.map(|(one, other)| one.towards(other, share)).collect(),
            counts: self.counts.clone(),
            noise: self.noise.between(&other.noise, share),
        }
    }

    /// Residuals of an angle along them; their sums count `unit`-fold.
    #[must_use]
    pub fn along(&self, sums: &ResidualSums, unit: f64) -> AlongTrends {
        let (n, column) = (self.counts.len(), sums.width - 1);
        let over_pairs = |value: &dyn Fn(usize, usize) -> f64| -> f64 {
            (0..n).flat_map(|a| (a + 1..n).map(move |b| (a, b))).map(|(a, b)| value(a, b)).sum()
        };
        let with_residuals =
            |function: &Array2<f64>| over_pairs(&|a, b| function[[a, b]] * sums.score(a, b)[column] / unit);
        let found: Array1<f64> = self.functions.iter().map(with_residuals).collect();
        let products = self.noise.products();
        let independent = products.whitened(RESOLVED).unwrap_or_else(|| Array2::zeros((products.nrows(), 0)));
        AlongTrends {
            found: independent.t().dot(&found).mapv(|value| value * value).sum(),
            noise: self.noise.combined(&independent),
        }
    }
}

impl AlongTrends {
    /// Expected sum of squares under Gaussian noise, and its degrees of freedom.
    #[must_use]
    pub fn expected(&self, noise: Noise) -> (f64, f64) {
        let covariance = self.noise.at(noise);
        let (trace, squares) = (covariance.diag().sum(), (&covariance * &covariance).sum());
        (trace, if squares > 0.0 { trace * trace / squares } else { 0.0 })
    }
}
