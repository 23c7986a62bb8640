//! Differences between mean residuals at neighbouring lags of a few frames. Noise that is smooth in time leaves little of itself in them:
//! another shape of the decay, afterglow of the detector and vibrations are seen there far below the noise of single lags. It knows no
//! residual.
//!
//! With the sums `M_a = sum_i r_i,i+a` of one lag and h, g = sqrt(h) as functions of the lag at one age, frames i, k = i + a and
//! j = i + d, l = j + b give, for every frame of that age,
//!
//! ```text
//! N Cov(M_a, M_b) = sum_d C_ij C_kl + C_il C_kj                                                  C = beta h + w 1  (Isserlis)
//!                 + 2 beta^3 (g_ik g_kj g_jl g_li + g_ik g_kl g_lj g_ji + g_ij g_jk g_kl g_li)     fourth cumulants
//!                 - 2 beta^3 h_b g_a (g_kj g_ij + g_kl g_il) - 2 beta^3 h_a g_b (g_ij g_il + g_kj g_kl)
//!                 + beta^3 h_a h_b (h_ij + h_il + h_kj + h_kl)                                   division by the means
//! ```
//!
//! and what counting adds where two of the frames are one (sources: module documentation). `sum_i (C D C)_i,i+a` is the covariance with
//! the score of a column D.

use crate::likelihood::speckle::covariance::Components;
use crate::likelihood::speckle::gaussian::Gaussian;
use crate::sums::grid::{Grid, LocalDecay};
use ndarray::{Array1, Array2};

/// Lags of single frames, from one on.
const LAGS: usize = 12;
/// Shorter measurements tell nothing of differences between neighbouring lags.
const FEWEST_FRAMES: usize = 8 * LAGS;

/// What the differences scatter by at one place.
#[derive(Debug, Clone)]
pub struct FineLags {
    /// Of the sums of every lag.
    pub own: Components,
    /// Of the sums of every lag with the scores `[dh .., h, 1]`.
    pub with_scores: Gaussian,
}

impl FineLags {
    /// On a grid.
    #[must_use]
    pub fn of(grid: &Grid) -> Self {
        let n_lags = if grid.n_frames < FEWEST_FRAMES { 0 } else { LAGS };
        let n_columns = grid.columns.len();
        let mut own: [Array2<f64>; 6] = std::array::from_fn(|_| Array2::zeros((n_lags, n_lags)));
        let mut with_scores: [Array2<f64>; 3] = std::array::from_fn(|_| Array2::zeros((n_lags, n_columns + 1)));
        for decay in &grid.local {
            let local = Local::of(decay);
            for a in 1..=n_lags {
                for b in 1..=a {
                    let density = local.density(a, b, grid.n_frames);
                    for (part, value) in own.iter_mut().zip(density) {
                        part[[a - 1, b - 1]] += decay.frames * value;
                    }
                }
                for (column, values) in decay.columns.iter().enumerate() {
                    for (part, value) in with_scores.iter_mut().zip(local.with_column(a, values)) {
                        part[[a - 1, column]] += decay.frames * value;
                    }
                }
                with_scores[2][[a - 1, n_columns]] += decay.frames;
            }
        }
        let symmetric = |part: Array2<f64>| Array2::from_shape_fn(part.dim(), |(a, b)| part[[a.max(b), a.min(b)]]);
        FineLags { own: Components::from_parts(own.map(symmetric)), with_scores: Gaussian::from_parts(with_scores) }
    }

    /// Between two.
    #[must_use]
    pub fn between(&self, other: &FineLags, share: f64) -> FineLags {
        FineLags {
            own: self.own.between(&other.own, share),
            with_scores: self.with_scores.between(&other.with_scores, share),
        }
    }

    /// Lags that are looked at.
    #[must_use]
    pub fn n_lags(&self) -> usize {
        self.own.products().nrows()
    }

    /// The sums of residuals of every lag, from those of all.
    #[must_use]
    pub fn of_lags(&self, sums: &[f64]) -> Array1<f64> {
        (1..=self.n_lags()).map(|lag| sums.get(lag).copied().unwrap_or(0.0)).collect()
    }

    /// Differences of neighbouring means as sums of lags: a row for each. Empty where there are none.
    #[must_use]
    pub fn differences(&self, n_frames: usize) -> Array2<f64> {
        let n_lags = self.n_lags();
        let mean = |lag: usize| 1.0 / (n_frames - lag).max(1) as f64;
        Array2::from_shape_fn((n_lags.saturating_sub(1), n_lags), |(row, k)| match k {
            _ if k == row => mean(k + 1),
            _ if k == row + 1 => -mean(k + 1),
            _ => 0.0,
        })
    }
}

/// h and g by the lag, to either side.
struct Local<'a> {
    h: &'a [f64],
    g: Vec<f64>,
    /// h through h.
    twice: Vec<f64>,
}

impl<'a> Local<'a> {
    fn of(decay: &'a LocalDecay) -> Self {
        let h = decay.columns.last().map_or(&[][..], Vec::as_slice);
        Local { h, g: h.iter().map(|h| h.max(0.0).sqrt()).collect(), twice: twice(h) }
    }

    fn h(&self, lag: isize) -> f64 {
        at(self.h, lag)
    }

    fn g(&self, lag: isize) -> f64 {
        at(&self.g, lag)
    }

    /// The six monomials of N Cov(M_a, M_b), for every frame of a measurement of so many.
    fn density(&self, a: usize, b: usize, n_frames: usize) -> [f64; 6] {
        let reach = (self.h.len() + a + b) as isize;
        let (lag_a, lag_b, n) = (a as isize, b as isize, n_frames as isize);
        let (h_a, h_b, g_a, g_b) = (self.h(lag_a), self.h(lag_b), self.g(lag_a), self.g(lag_b));
        let (mut gaussian, mut cumulants) = (0.0, 0.0);
        for d in -reach..=reach {
            let places = (n - lag_a).min(n - lag_b - d) - (-d).max(0);
            let share = places.max(0) as f64 / n as f64;
            let [ij, kl, il, kj] = [d, d + lag_b - lag_a, d + lag_b, d - lag_a].map(|lag| self.g(lag));
            let [h_ij, h_kl, h_il, h_kj] = [ij, kl, il, kj].map(|g| g * g);
            gaussian += share * (h_ij * h_kl + h_il * h_kj);
            let cycles = g_a * kj * g_b * il + g_a * kl * g_b * ij + ij * kj * kl * il;
            let over_means = h_b * g_a * (kj * ij + kl * il) + h_a * g_b * (ij * il + kj * kl);
            cumulants += share * (2.0 * (cycles - over_means) + h_a * h_b * (h_ij + h_kl + h_il + h_kj));
        }
        let (near, far) = (lag_a - lag_b, lag_a + lag_b);
        let share = (n_frames - a.max(b)) as f64 / n_frames as f64;
        let counted = 4.0 * g_a * g_b * (self.g(near) + self.g(far)) - 4.0 * h_a * h_b;
        let same = if a == b { share } else { 0.0 };
        [gaussian, cumulants, 2.0 * share * (self.h(near) + self.h(far)), share * counted, same, same * h_a]
    }

    /// The three monomials of N Cov(M_a, S), S the score of a column, for every frame.
    fn with_column(&self, a: usize, column: &[f64]) -> [f64; 3] {
        let through = |kernel: &[f64]| -> f64 {
            let reach = kernel.len() as isize;
            (1 - reach..reach).map(|x| at(kernel, x) * at(column, a as isize - x)).sum()
        };
        // A score sees no frame with itself, which leaves what neighbouring lags share.
        [through(&self.twice), 2.0 * through(self.h), at(column, a as isize)]
    }
}

/// A function of the lag through itself.
fn twice(h: &[f64]) -> Vec<f64> {
    let reach = h.len() as isize;
    let at_lag = |lag: isize| (1 - reach..reach).map(|x| at(h, x) * at(h, lag - x)).sum();
    (0..2 * reach).map(at_lag).collect()
}

fn at(values: &[f64], lag: isize) -> f64 {
    values.get(lag.unsigned_abs()).copied().unwrap_or(0.0)
}
