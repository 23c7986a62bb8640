//! How many speckles an angle has and how white its intensities scatter, from what its residuals are. It knows no fit.
//!
//! Two equations for 1/N and w. The white variance sigma^2 of single values (second differences along the diagonal) is
//!
//! ```text
//! N sigma^2 = w^2 (1 + beta h) + w (2 beta + 4 beta^2 h - 2 beta^2 h^2)
//! ```
//!
//! and the squared means of residuals over pairs of groups of frames, in which the white part is suppressed, sum up to
//!
//! ```text
//! N Var(mean r_AB) = c_A c_B + beta^2 h^2 + beta^3 (4 h - 6 h^2) + beta^2 h^2 (c_A + c_B + 2 beta h)
//!                  + 2 w beta^2 (h - h^2) (1/n_A + 1/n_B) + w^2 beta h / (n_A n_B),   c_A = beta h_AA + w / n_A
//! ```
//!
//! (the variance of the module's documentation for one pair of groups, h their mean), less what the fit has taken. A raw diagonal
//! of the matrix gives w at once: c2_ii - 1 = beta + w.
//!
//! Second differences also see what speckles change from frame to frame: with decays h_1 and h_2 over one and two frames that is
//! (6 - 8 h_1^2 + 2 h_2^2) / 6 of beta^2 / N, which is not white.

use crate::likelihood::speckle::covariance::Noise;
use crate::likelihood::speckle::shared_noise::SharedNoise;
use crate::sums::grid::Grid;
use crate::sums::residuals::ResidualSums;
use ndarray::Array2;

/// Fewer speckles than this are never believed.
const FEWEST_SPECKLES: f64 = 4.0;
/// Halvings of the interval in which 1/N lies.
const HALVINGS: usize = 60;

/// One angle as its coarse groups of frames see it.
#[derive(Debug, Clone)]
pub struct Blocks {
    /// Mean of h over the pairs of two groups, a frame with itself included.
    h: Array2<f64>,
    /// Usable frames.
    counts: Vec<f64>,
    /// Share of the smooth variance that second differences see.
    leak: f64,
}

/// What is known of one angle besides.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Known {
    /// Contrast.
    pub contrast: f64,
    /// Standard deviation of the white part of one value; zero if it is not known.
    pub sigma: f64,
    /// Mean of the raw diagonal less 1, where the file has it.
    pub diagonal: Option<f64>,
    /// Pixels of the bin, where the file has them: there are no more speckles.
    pub pixels: Option<f64>,
    /// Means of h and h^2 over all pairs.
    pub mean_h: f64,
    /// Mean of h^2.
    pub mean_h2: f64,
    /// Share of the variance of speckles that second differences see.
    pub leak: f64,
    /// What frames share of their white noise.
    pub shared: SharedNoise,
}

/// Residuals of one angle and what is to be expected of them.
#[derive(Debug, Clone)]
pub struct Energy {
    blocks: Blocks,
    known: Known,
    /// Sum over pairs of different groups of n_A n_B (mean r_AB)^2.
    found: f64,
    /// Share of the expected sum that the fit has taken.
    pub taken: f64,
}

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Levels {
    /// Of every angle.
    pub angles: Vec<Noise>,
    /// Degrees of freedom behind them, all angles together.
    pub degrees: f64,
    /// Whether residuals or the file show speckles at all: the squared sums exceed white noise beyond doubt.
    pub shows_speckles: bool,
    /// Pixels of a bin, if the residuals show more speckles than that beyond doubt: maps that are means over repeats. The pixels are
    /// then not believed.
    pub pixels_not_believed: Option<f64>,
    /// Speckles and pixels of a bin, if residuals scatter as if nearly all pixels saw the same: misfit rather than speckles.
    pub far_below_pixels: Option<(f64, f64)>,
}

impl Blocks {
    /// Means of a grid over its coarse groups.
    #[must_use]
    pub fn of(grid: &Grid, n_coarse: usize) -> Self {
        let mut h = Array2::<f64>::zeros((n_coarse, n_coarse));
        let mut counts = vec![0.0; n_coarse];
        for a in 0..grid.len() {
            counts[grid.coarse[a]] += grid.counts[a];
            for b in grid.h.columns(a) {
                h[[grid.coarse[a], grid.coarse[b]]] += grid.h.get(a, b) * grid.counts[a] * grid.counts[b];
            }
        }
        h.indexed_iter_mut().for_each(|((a, b), value)| *value /= (counts[a] * counts[b]).max(1.0));
        Blocks { h, counts, leak: leak(grid) }
    }

    /// Between two.
    #[must_use]
    pub fn between(&self, other: &Blocks, share: f64) -> Blocks {
        Blocks {
            h: &self.h * (1.0 - share) + &other.h * share,
            counts: self.counts.clone(),
            leak: self.leak + share * (other.leak - self.leak),
        }
    }

    fn pairs(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        let n = self.counts.len();
        let apart = (0..n).flat_map(move |a| (a + 1..n).map(move |b| (a, b)));
        apart.filter(|&(a, b)| self.counts[a] * self.counts[b] > 0.0)
    }

    /// Sum over pairs of groups of n_A n_B Var(mean r_AB).
    fn expected(&self, noise: Noise) -> f64 {
        let Noise { contrast: beta, root_speckle: x, white } = noise;
        let single = |a: usize| (beta * x * self.h[[a, a]] + white / self.counts[a], 1.0 / self.counts[a]);
        let of_pair = |(a, b): (usize, usize)| {
            let ((c_a, per_a), (c_b, per_b), h) = (single(a), single(b), self.h[[a, b]]);
            let gaussian = c_a * c_b + (beta * x * h).powi(2);
            let cumulants = x * x * beta.powi(3) * (4.0 * h - 6.0 * h * h);
            let means = beta * beta * h * h * x * (c_a + c_b + 2.0 * beta * x * h);
            let counting = 2.0 * beta * beta * white * x * (h - h * h) * (per_a + per_b);
            let both = white * white * beta * h * per_a * per_b;
            self.counts[a] * self.counts[b] * (gaussian + cumulants + means + counting + both)
        };
        self.pairs().map(of_pair).sum()
    }

    /// Degrees of freedom of that sum: half the square of the number of independent renewals.
    fn degrees(&self, noise: Noise) -> f64 {
        let entry = |(a, b): (usize, usize)| {
            let own = if a == b { noise.white } else { 0.0 };
            let smooth = noise.contrast * noise.root_speckle * self.h[[a, b]];
            smooth * (self.counts[a] * self.counts[b]).sqrt() + own
        };
        let n = self.counts.len();
        let trace: f64 = (0..n).map(|a| entry((a, a))).sum();
        let squares: f64 = (0..n).flat_map(|a| (0..n).map(move |b| (a, b))).map(|pair| entry(pair).powi(2)).sum();
        if squares > 0.0 { 0.5 * (trace * trace / squares).powi(2) } else { 1.0 }
    }
}

/// Share of the variance of speckles that second differences see, from the decay per frame between neighbouring groups.
fn leak(grid: &Grid) -> f64 {
    let (mut sum, mut frames) = (0.0, 0.0);
    for a in 0..grid.len().saturating_sub(1) {
        let apart = 0.5 * (grid.end(a + 1) - grid.first_frames[a]) as f64;
        let decay = -grid.h.get(a, a + 1).max(f64::MIN_POSITIVE).ln() / apart;
        let [one, two] = [1.0, 2.0].map(|lag: f64| (-2.0 * lag * decay).exp());
        sum += grid.counts[a] * (6.0 - 8.0 * one + 2.0 * two) / 6.0;
        frames += grid.counts[a];
    }
    if frames > 0.0 { sum / frames } else { 0.0 }
}

impl Known {
    /// The white part for a number of speckles.
    fn white(&self, root_speckle: f64) -> f64 {
        let (square, linear) = self.factors();
        let half = 0.5 * linear * root_speckle;
        let speckles = self.leak * (self.contrast * root_speckle).powi(2);
        let white = (self.sigma * self.sigma - speckles).max(0.0) / self.shared.seen();
        ((half * half + square * white).sqrt() - half) / square
    }

    /// Factors of w^2 and w in N sigma^2.
    fn factors(&self) -> (f64, f64) {
        let beta = self.contrast;
        (1.0 + beta * self.mean_h, 2.0 * beta + beta * beta * (4.0 * self.mean_h - 2.0 * self.mean_h2))
    }

    /// Noise of smooth sums with so many speckles.
    #[must_use]
    pub fn noise(&self, root_speckle: f64) -> Noise {
        Noise { contrast: self.contrast, root_speckle, white: self.white(root_speckle) * self.shared.widening() }
    }

    /// 1/sqrt(N) from the raw diagonal, where photons are few enough for it to tell.
    #[must_use]
    pub fn from_diagonal(&self) -> Option<f64> {
        let white = self.diagonal? - self.contrast;
        let (square, linear) = self.factors();
        let told = white > TELLING * self.contrast && self.sigma > 0.0;
        told.then(|| self.sigma / self.shared.seen().sqrt() / (square * white * white + linear * white).sqrt())
    }

    fn most(&self) -> f64 {
        FEWEST_SPECKLES.sqrt().recip()
    }

    /// 1/N is not below this.
    fn least(&self) -> f64 {
        self.pixels.filter(|&pixels| pixels > FEWEST_SPECKLES).map_or(0.0, |pixels| pixels.sqrt().recip())
    }
}

/// A diagonal tells w where it exceeds the contrast by this much of it.
const TELLING: f64 = 0.3;

impl Energy {
    /// Of the residuals of an angle, which count `1 / sigma^2` times `weight`-fold in their sums; `gain` is the mean slope of a
    /// robust loss.
    #[must_use]
    pub fn of(blocks: Blocks, known: Known, sums: &ResidualSums, (weight, gain): (f64, f64)) -> Self {
        let column = sums.width - 1;
        let energy = |(a, b): (usize, usize)| {
            let sum = sums.score(a, b)[column] / (weight * gain);
            sum * sum / (blocks.counts[a] * blocks.counts[b])
        };
        let found = blocks.pairs().map(energy).sum();
        let known = Known { leak: blocks.leak, ..known };
        Energy { blocks, known, found, taken: 0.0 }
    }

    /// What is to be expected with so many speckles.
    #[must_use]
    pub fn expected(&self, root_speckle: f64) -> f64 {
        self.blocks.expected(self.known.noise(root_speckle)) * (1.0 - self.taken)
    }

    /// The same, with nothing taken by the fit.
    #[must_use]
    pub fn before_fit(&self, root_speckle: f64) -> f64 {
        self.blocks.expected(self.known.noise(root_speckle))
    }

    /// Degrees of freedom of the sum.
    #[must_use]
    pub fn degrees(&self, root_speckle: f64) -> f64 {
        self.blocks.degrees(self.known.noise(root_speckle))
    }

    /// Variance of the sum over all `n` pairs of a frame that the frame shares with no other: of its own white noise, and a sixth
    /// of what second differences see of its speckles.
    #[must_use]
    pub fn of_one_frame(&self, noise: Noise, n: usize) -> f64 {
        let Noise { contrast: beta, root_speckle: x, white } = noise;
        let n = n as f64;
        let all_h = n + n * (n - 1.0) * self.known.mean_h;
        let speckles = self.known.leak * (beta * x).powi(2) * all_h;
        white * (beta * x * all_h + white * n) + speckles
    }

    /// Mean variance of one value, and the part of it that is smooth.
    #[must_use]
    pub fn variance(&self, noise: Noise) -> (f64, f64) {
        let Noise { contrast: beta, root_speckle: x, white } = noise;
        let white = white / self.known.shared.widening();
        let (h, h2) = (self.known.mean_h, self.known.mean_h2);
        let (square, linear) = self.known.factors();
        let smooth = x * x * beta * beta * (1.0 + h2 + beta * (4.0 * h - 4.0 * h2));
        (smooth + square * white * white + linear * white * x, smooth)
    }
}

/// N and w of all angles. They share N (they share the size of pixels and of speckles) as far as their residuals do not say
/// otherwise: few renewals of one angle tell little.
#[must_use]
pub fn levels(energies: &[Energy]) -> Levels {
    let shared = shared(energies);
    let own: Vec<Own> = energies.iter().map(|energy| Own::of(energy, shared)).collect();
    let spread = spread(&own, shared * shared);
    let pixels_not_believed = pixels_not_believed(energies, &own, shared * shared);
    let noise = |(energy, own): (&Energy, &Own)| {
        let weight = if spread > 0.0 { spread / (spread + own.variance) } else { 0.0 };
        let mean = shared * shared + weight * (own.speckle - shared * shared);
        let root = energy.known.from_diagonal().unwrap_or_else(|| mean.max(0.0).sqrt());
        let least = if pixels_not_believed.is_some() { 0.0 } else { energy.known.least() };
        energy.known.noise(root.clamp(least, energy.known.most()))
    };
    let angles: Vec<Noise> = energies.iter().zip(&own).map(noise).collect();
    let shows_speckles = shows_speckles(energies, shared);
    Levels {
        far_below_pixels: far_below_pixels(energies, &angles).filter(|_| shows_speckles),
        shows_speckles,
        pixels_not_believed,
        degrees: energies.iter().map(|energy| energy.degrees(shared)).sum(),
        angles,
    }
}

/// Standard deviations, and share of the pixels' inverse, by which 1/N has to be below it.
const BELOW_PIXELS: (f64, f64) = (5.0, 0.3);

fn pixels_not_believed(energies: &[Energy], own: &[Own], speckle: f64) -> Option<f64> {
    let pixels = mean_pixels(energies)?;
    let told = energies.iter().map(|energy| energy.known.least().powi(2)).sum::<f64>() / energies.len() as f64;
    let variance = own.iter().map(|own| own.variance.recip()).sum::<f64>().recip();
    let (deviations, share) = BELOW_PIXELS;
    let is_below = speckle + deviations * variance.sqrt() < told && speckle < (1.0 - share) * told;
    is_below.then_some(pixels)
}

/// Smallest share of the pixels of a bin that can be speckles.
const LEAST_SHARE: f64 = 0.04;

fn far_below_pixels(energies: &[Energy], angles: &[Noise]) -> Option<(f64, f64)> {
    let pixels = mean_pixels(energies)?;
    let speckles = angles.len() as f64 / angles.iter().map(|noise| noise.root_speckle.powi(2)).sum::<f64>();
    (speckles < LEAST_SHARE * pixels).then_some((speckles, pixels))
}

/// Of a bin; `None` unless the file has those of every angle.
fn mean_pixels(energies: &[Energy]) -> Option<f64> {
    let known: Vec<f64> = energies.iter().map(|energy| energy.known.pixels).collect::<Option<_>>()?;
    Some(known.iter().sum::<f64>() / known.len() as f64)
}

/// White noise alone reaches that in one of a thousand measurements.
const BEYOND_DOUBT: f64 = 3.0;

fn shows_speckles(energies: &[Energy], shared: f64) -> bool {
    let told = energies.iter().any(|energy| energy.known.from_diagonal().is_some());
    let excess: f64 = energies.iter().map(|energy| energy.expected(shared) - energy.expected(0.0)).sum();
    let square = |energy: &Energy| 2.0 * energy.expected(0.0).powi(2) / energy.degrees(0.0).max(1.0);
    told || excess > BEYOND_DOUBT * energies.iter().map(square).sum::<f64>().sqrt()
}

/// 1/sqrt(N) of all angles together: found and expected sums agree in the mean over degrees of freedom.
fn shared(energies: &[Energy]) -> f64 {
    let excess = |root: f64| -> f64 {
        let of_angle = |energy: &Energy| {
            let expected = energy.expected(root);
            let ratio = if expected > 0.0 { energy.found / expected } else { f64::INFINITY };
            energy.degrees(root) * (ratio.min(1e6) - 1.0)
        };
        energies.iter().map(of_angle).sum()
    };
    let most = FEWEST_SPECKLES.sqrt().recip();
    root_of(excess, most)
}

/// Where a decreasing function crosses zero between 0 and `most`.
fn root_of(excess: impl Fn(f64) -> f64, most: f64) -> f64 {
    // Without any noise sums vanish like the square: nothing is known but that there are very many speckles.
    let (mut low, mut high) = (0.0, most);
    if excess(1e-6) <= 0.0 {
        return 0.0;
    }
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        if excess(middle) > 0.0 { low = middle } else { high = middle }
    }
    high
}

/// 1/N of one angle alone, and its variance.
#[derive(Debug, Clone, Copy)]
struct Own {
    speckle: f64,
    variance: f64,
}

impl Own {
    fn of(energy: &Energy, shared: f64) -> Self {
        let root = root_of(|root| energy.found - energy.expected(root), energy.known.most());
        let square = (shared * shared).max(1e-12);
        let (near, far) = (energy.expected(shared), energy.expected((1.1 * square).sqrt()));
        let slope = ((far - near) / (0.1 * square)).max(f64::MIN_POSITIVE);
        let variance = 2.0 / energy.degrees(shared).max(1.0) * (near / slope).powi(2);
        Own { speckle: root * root, variance }
    }
}

/// Variance of 1/N between angles beyond what its errors explain; zero unless it is significant.
fn spread(own: &[Own], mean: f64) -> f64 {
    let n = own.len() as f64;
    let statistic: f64 = own.iter().map(|own| (own.speckle - mean).powi(2) / own.variance).sum();
    if own.len() < 2 || statistic.is_nan() || statistic <= n + 4.0 * (2.0 * n).sqrt() {
        return 0.0;
    }
    own.iter().map(|own| (own.speckle - mean).powi(2) - own.variance).sum::<f64>().max(0.0) / n
}
