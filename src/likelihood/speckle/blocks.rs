//! One angle as its coarse groups of frames see it: what sums of residuals over pairs of groups scatter by.

use crate::likelihood::speckle::covariance::Noise;
use crate::sums::algebra::Algebra;
use crate::sums::band::Band;
use crate::sums::grid::Grid;
use ndarray::Array2;

/// One angle as its coarse groups of frames see it.
#[derive(Debug, Clone)]
pub struct Blocks {
    /// Mean of h over the pairs of two groups, a frame with itself included.
    h: Array2<f64>,
    /// Usable frames.
    counts: Vec<f64>,
    /// Mean of h one, two and three frames later (columns).
    near: Array2<f64>,
}

impl Blocks {
    /// Means of a grid over its coarse groups.
    #[must_use]
    pub fn of(grid: &Grid, n_coarse: usize) -> Self {
        let mut counts = vec![0.0; n_coarse];
        for (a, count) in grid.counts.iter().enumerate() {
            counts[grid.coarse[a]] += count;
        }
        Blocks { h: means(grid, &counts, &grid.h), near: near(grid, n_coarse), counts }
    }

    /// Means of a band of the grid over the pairs of two groups.
    #[must_use]
    pub fn means(&self, grid: &Grid, band: &Band) -> Array2<f64> {
        means(grid, &self.counts, band)
    }

    /// Means of the columns `[dh .., h]` of a grid, and of 1.
    #[must_use]
    pub fn columns(&self, grid: &Grid) -> Vec<Array2<f64>> {
        let one = Array2::ones((self.counts.len(), self.counts.len()));
        grid.columns.iter().map(|column| self.means(grid, column)).chain([one]).collect()
    }

    /// Means times sqrt(n_A n_B), the diagonal besides times `diagonal`.
    #[must_use]
    pub fn scaled(&self, means: &Array2<f64>, diagonal: f64) -> Array2<f64> {
        let factor =
            |a: usize, b: usize| (self.counts[a] * self.counts[b]).sqrt() * if a == b { diagonal } else { 1.0 };
        Array2::from_shape_fn(means.dim(), |(a, b)| means[[a, b]] * factor(a, b))
    }

    /// Mean of h over the pairs of two groups.
    #[must_use]
    pub fn h(&self) -> &Array2<f64> {
        &self.h
    }

    /// Mean of h one, two and three frames after those of a group.
    fn near(&self, group: usize) -> [f64; 3] {
        [0, 1, 2].map(|k| self.near[[group, k]])
    }

    /// Share of the smooth variance that second differences along the diagonal see.
    #[must_use]
    pub fn leak(&self) -> f64 {
        self.mean(|[one, two, _]| (6.0 - 8.0 * one * one + 2.0 * two * two) / 6.0)
    }

    /// Share of it that is lost within a few frames, over which noise may be shared (`ingest/white.rs`).
    #[must_use]
    pub fn fast(&self) -> f64 {
        self.mean(|[.., three]| 1.0 - three * three)
    }

    /// Over all frames.
    fn mean(&self, of: impl Fn([f64; 3]) -> f64) -> f64 {
        let sum: f64 = self.counts.iter().enumerate().map(|(a, count)| count * of(self.near(a))).sum();
        sum / self.counts.iter().sum::<f64>().max(1.0)
    }

    /// Usable frames of every group.
    #[must_use]
    pub fn counts(&self) -> &[f64] {
        &self.counts
    }

    /// Between two.
    #[must_use]
    pub fn between(&self, other: &Blocks, share: f64) -> Blocks {
        Blocks {
            h: self.h.towards(&other.h, share),
            counts: self.counts.clone(),
            near: self.near.towards(&other.near, share),
        }
    }

    /// Pairs of different groups that have frames.
    pub fn pairs(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        let n = self.counts.len();
        let apart = (0..n).flat_map(move |a| (a + 1..n).map(move |b| (a, b)));
        apart.filter(|&(a, b)| self.counts[a] * self.counts[b] > 0.0)
    }

    /// Variance of the mean residual over the pairs of two groups (formula: `level`), or of one: there each pair counts once.
    #[must_use]
    pub fn variance(&self, (a, b): (usize, usize), noise: Noise) -> f64 {
        let Noise { contrast: beta, root_speckle: x, white } = noise;
        let (n_a, n_b, h) = (self.counts[a], self.counts[b], self.h[[a, b]]);
        let (of_a, of_b) = (self.h[[a, a]], self.h[[b, b]]);
        let cumulants = 4.0 * h - 6.0 * h * h + h * h * (of_a + of_b + 2.0 * h);
        let smooth = beta * beta * x * x * (of_a * of_b + h * h + beta * cumulants);
        let (mixed, pairs) = match a == b {
            true => (4.0 * h / n_a, 0.5 * n_a * (n_a - 1.0)),
            false => (of_a / n_b + of_b / n_a, n_a * n_b),
        };
        smooth + beta * x * white * mixed * (1.0 + 2.0 * beta) + white * white * (1.0 + beta * h) / pairs.max(1.0)
    }

    /// The sums over pairs of groups that the noise of their means is made of.
    #[must_use]
    pub fn moments(&self) -> Moments {
        let (mut variance, mut gaussian) = ([0.0; 6], 0.0);
        for (a, b) in self.pairs() {
            let (n_a, n_b, h) = (self.counts[a], self.counts[b], self.h[[a, b]]);
            let (of_a, of_b) = (self.h[[a, a]], self.h[[b, b]]);
            gaussian += n_a * n_b * (of_a * of_b + h * h);
            variance[1] += n_a * n_b * (4.0 * h - 6.0 * h * h + h * h * (of_a + of_b + 2.0 * h));
            variance[2] += of_a * n_a + of_b * n_b;
            variance[3] += (n_a + n_b) * (2.0 * h - h * h);
            variance[4] += 1.0;
            variance[5] += h;
        }
        variance[0] = gaussian;
        let n = self.counts.iter().filter(|count| **count > 0.0).count() as f64;
        let own: f64 = self.counts.iter().zip(self.h.diag()).map(|(count, h)| count * h).sum();
        let squares = |((a, b), h): ((usize, usize), &f64)| h * h * self.counts[a] * self.counts[b];
        Moments { variance, renewals: [self.h.indexed_iter().map(squares).sum(), own, n] }
    }
}

/// Sums over pairs of groups, in powers of contrast b, 1/sqrt(N) x and white part w.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moments {
    /// Of n_A n_B Var(mean r_AB): b^2 x^2, b^3 x^2, b x w, b^2 x w, w^2, b w^2.
    variance: [f64; 6],
    /// Of the squared covariance of groups: b^2 x^2, twice b x w, w^2.
    renewals: [f64; 3],
}

impl Moments {
    /// Sum over pairs of groups of n_A n_B Var(mean r_AB).
    #[must_use]
    pub fn variance(&self, Noise { contrast: beta, root_speckle: x, white }: Noise) -> f64 {
        let [both, cumulants, one, mixed, none, counting] = self.variance;
        beta * beta * x * x * (both + beta * cumulants)
            + beta * x * white * (one + beta * mixed)
            + white * white * (none + beta * counting)
    }

    /// The Gaussian part of that sum.
    #[must_use]
    pub fn gaussian(&self, Noise { contrast, root_speckle, white }: Noise) -> f64 {
        let smooth = contrast * root_speckle;
        let [both, _, one, _, none, _] = self.variance;
        smooth * smooth * both + smooth * white * one + white * white * none
    }

    /// Degrees of freedom of that sum: half the square of the number of independent renewals.
    #[must_use]
    pub fn degrees(&self, Noise { contrast, root_speckle, white }: Noise) -> f64 {
        let smooth = contrast * root_speckle;
        let [both, own, n] = self.renewals;
        let trace = smooth * own + white * n;
        let squares = smooth * smooth * both + 2.0 * smooth * white * own + white * white * n;
        if squares > 0.0 { 0.5 * (trace * trace / squares).powi(2) } else { 1.0 }
    }
}

/// Means of a band of a grid over the pairs of two coarse groups with so many frames.
fn means(grid: &Grid, counts: &[f64], band: &Band) -> Array2<f64> {
    let mut means = Array2::zeros((counts.len(), counts.len()));
    for a in 0..grid.len() {
        for b in band.columns(a) {
            means[[grid.coarse[a], grid.coarse[b]]] += band.get(a, b) * grid.counts[a] * grid.counts[b];
        }
    }
    means.indexed_iter_mut().for_each(|((a, b), value)| *value /= (counts[a] * counts[b]).max(1.0));
    means
}

/// Means of h one, two and three frames later over the frames of every coarse group; 1 where there are no such pairs.
fn near(grid: &Grid, n_coarse: usize) -> Array2<f64> {
    let [mut sums, mut pairs] = [0, 1].map(|_| Array2::<f64>::zeros((n_coarse, 3)));
    for short in grid.short_lags.iter().filter(|short| short.bin < 3) {
        if let [.., h, n] = short.sums[..] {
            sums[[short.coarse.0, short.bin]] += h;
            pairs[[short.coarse.0, short.bin]] += n;
        }
    }
    Array2::from_shape_fn(sums.dim(), |place| if pairs[place] > 0.0 { sums[place] / pairs[place] } else { 1.0 })
}
