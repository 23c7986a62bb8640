//! Weights of pairs that know speckles, on a grid. They know neither residuals nor noise levels.
//!
//! A Wishart matrix of covariance C has the scores 1/2 tr(C^-1 D_k C^-1 (S - C)), D_k = dC/dparameter_k. With the diagonal of S left
//! out, which counting and readout spoil, and a ridge t in units of the contrast,
//!
//! ```text
//! W_k = offdiag[(h + t)^-1 D_k (h + t)^-1]            s_k = 1/2 sum_ij W_k,ij (c2_ij - expectation)
//! ```
//!
//! are estimating equations (Godambe, Ann. Math. Stat. 31 (1960) 1208, doi 10.1214/aoms/1177705693; of Gaussian fields: Anderson,
//! An Introduction to Multivariate Statistical Analysis, 2003, section 7) that have expectation zero whatever t is, and whatever W is made of: it is taken on the groups of
//! a grid, as far as h reaches, for the constant on blocks of time. At t = w / beta they are nearly those of maximum likelihood where
//! photons are few; for large t they are least squares. `tests/library/speckle_weights.rs` compares with matrices of single frames.

use crate::likelihood::speckle::functions::Functions;
use crate::sums::algebra::dot;
use crate::sums::band::Band;
use crate::sums::cells::CellSums;
use crate::sums::grid::Grid;
use ndarray::Array2;

/// How far the inverse is followed, in reaches of h.
const REACHES: usize = 2;
/// Least pivot, as a share of the ridge: h that is cut beyond its reach has small negative eigenvalues.
const LEAST_PIVOT: f64 = 0.1;

/// The inverse of h and a ridge, groups scaled by the roots of their frames.
pub struct Weights {
    inverse: Band,
    roots: Vec<f64>,
}

impl Weights {
    /// With a ridge in units of the contrast.
    #[must_use]
    pub fn of(grid: &Grid, ridge: f64) -> Self {
        let h = grid.scaled(&grid.h);
        let ridged = h.map(|a, b, value| if a == b { value + ridge } else { value });
        Weights { inverse: ridged.inverse(REACHES * h.reach(), LEAST_PIVOT * ridge), roots: grid.roots() }
    }

    /// The weights of dh and h, as columns of a grid are: means over pairs of different frames.
    #[must_use]
    pub fn bands(&self, grid: &Grid) -> Vec<Band> {
        let reach = grid.h.reach();
        let weights = |derivative: &Band| {
            let once = self.inverse.times(&grid.scaled(derivative), self.inverse.reach() + reach);
            once.times_symmetric(&self.inverse, reach).map(|a, b, value| {
                let frames = self.roots[a] * self.roots[b];
                let different = if a == b { (frames - 1.0) / frames } else { 1.0 };
                if frames > 0.0 { value / frames * different } else { 0.0 }
            })
        };
        derivatives(grid).map(weights).collect()
    }

    /// The weight of a frame for the constant, on blocks of time: the weight of a pair is the product.
    #[must_use]
    pub fn of_blocks(&self, grid: &Grid, functions: &Functions) -> Vec<f64> {
        let applied = self.inverse.apply(&self.roots);
        let mut sums = vec![[0.0; 2]; functions.blocks.len()];
        for (a, (weight, root)) in applied.iter().zip(&self.roots).enumerate() {
            let [sum, frames] = &mut sums[functions.block(grid.coarse[a])];
            (*sum, *frames) = (*sum + weight * root, *frames + root * root);
        }
        sums.iter().map(|[sum, frames]| sum / frames.max(1.0)).collect()
    }

    /// Residuals of one angle times the weights of dh and h.
    #[must_use]
    pub fn scores(&self, grid: &Grid, sums: &CellSums) -> Vec<f64> {
        let reach = grid.h.reach();
        let residuals = Band::from_fn(grid.len(), reach, |a, b| {
            let (frames, sum) = (self.roots[a] * self.roots[b], sums.of_cell(a.min(b), a.max(b)));
            match frames > 0.0 {
                true => sum / frames * if a == b { 1.0 } else { 0.5 },
                false => 0.0,
            }
        });
        let once = self.inverse.times(&residuals, self.inverse.reach() + reach);
        let twice = once.times_symmetric(&self.inverse, reach);
        derivatives(grid).map(|derivative| grid.scaled(derivative).inner(&twice)).collect()
    }

    /// How scores with these weights (rows; those of `bands`, then of the constant) answer the columns `[dh .., h, 1]` of the model: sums
    /// over pairs of different frames.
    #[must_use]
    pub fn slopes(&self, grid: &Grid, bands: &[Band], of_groups: &[f64]) -> Array2<f64> {
        let reach = grid.h.reach();
        // Means over all pairs of a group's frames, as sums over those of different frames.
        let in_pairs = |band: &Band| {
            band.map(|a, b, value| {
                let frames = grid.counts[a];
                let own = if frames > 1.0 { (frames / (frames - 1.0)).sqrt() } else { 0.0 };
                value * self.roots[a] * self.roots[b] * if a == b { own } else { 1.0 }
            })
        };
        let constant = |weights: &dyn Fn(usize) -> f64| {
            in_pairs(&Band::from_fn(grid.len(), reach, |a, b| {
                let different = if a == b { (grid.counts[a] - 1.0) / grid.counts[a].max(1.0) } else { 1.0 };
                weights(a) * weights(b) * different
            }))
        };
        let rows: Vec<Band> = bands.iter().map(in_pairs).chain([constant(&|a| of_groups[a])]).collect();
        let columns: Vec<Band> = grid.columns.iter().map(in_pairs).chain([constant(&|_| 1.0)]).collect();
        let (mut all, mut own) = (0.0, 0.0);
        for (weight, frames) in of_groups.iter().zip(&grid.counts) {
            (all, own) = (all + weight * frames, own + weight * weight * frames);
        }
        let n = rows.len();
        Array2::from_shape_fn((n, n), |(row, column)| match (row + 1 == n, column + 1 == n) {
            // The constant has no reach.
            (true, true) => 0.5 * (all * all - own),
            _ => 0.5 * rows[row].inner(&columns[column]),
        })
    }

    /// What one speckle of contrast 1 tells of the scores `[dh .., h, 1]` if the ridge is its white noise and the diagonal is looked at
    /// too: 1/2 tr(C^-1 D C^-1 D').
    #[must_use]
    pub fn information(&self, grid: &Grid) -> Array2<f64> {
        let reach = grid.h.reach();
        let scaled: Vec<Band> = derivatives(grid).map(|derivative| grid.scaled(derivative)).collect();
        let whole = |derivative: &Band| {
            let once = self.inverse.times(derivative, self.inverse.reach() + reach);
            once.times_symmetric(&self.inverse, reach)
        };
        let (whole, constant) = (scaled.iter().map(whole).collect::<Vec<Band>>(), self.inverse.apply(&self.roots));
        let n = scaled.len();
        let with_constant = |k: usize| 0.5 * dot(&constant, &scaled[k].apply(&constant));
        Array2::from_shape_fn((n + 1, n + 1), |(k, l)| match (k < n, l < n) {
            (true, true) => 0.5 * whole[k].inner(&scaled[l]),
            (true, false) => with_constant(k),
            (false, true) => with_constant(l),
            (false, false) => 0.5 * dot(&constant, &self.roots).powi(2),
        })
    }
}

/// dC/dparameter in units of the contrast: dh, which is zero for a frame with itself, and h, which is 1.
fn derivatives(grid: &Grid) -> impl Iterator<Item = &Band> {
    grid.columns[..grid.columns.len() - 1].iter().chain([&grid.h])
}
