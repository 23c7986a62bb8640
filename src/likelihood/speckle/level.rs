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
use crate::likelihood::speckle::departure::{of_ratio, tail};
use crate::likelihood::speckle::energy::{Energy, FEWEST_SPECKLES, Part};

/// Halvings of the interval in which 1/N lies.
const HALVINGS: usize = 60;

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
    /// Speckles of a bin as raw diagonals tell them, if the residuals show fewer beyond doubt: a speckle covers several pixels, and
    /// photons count pixels. The diagonals are then not believed.
    pub diagonal_not_believed: Option<f64>,
    /// Speckles and pixels of a bin, if residuals scatter as if nearly all pixels saw the same: misfit rather than speckles.
    pub far_below_pixels: Option<(f64, f64)>,
}

/// N and w of all angles. They share N (they share the size of pixels and of speckles) as far as their residuals do not say
/// otherwise: few renewals of one angle tell little.
#[must_use]
pub fn levels(energies: &[Energy]) -> Levels {
    let shared = shared(energies);
    let own: Vec<Own> = energies.iter().map(|energy| Own::of(energy, shared)).collect();
    let spread = spread(&own, shared * shared);
    let pixels_not_believed = pixels_not_believed(energies, &own, shared * shared);
    let diagonal_not_believed = diagonal_not_believed(energies, shared * shared);
    let noise = |(energy, own): (&Energy, &Own)| {
        let weight = if spread > 0.0 { spread / (spread + own.variance) } else { 0.0 };
        let mean = shared * shared + weight * (own.speckle - shared * shared);
        let told = energy.known.from_diagonal().filter(|_| diagonal_not_believed.is_none());
        let root = told.unwrap_or_else(|| mean.max(0.0).sqrt());
        let least = if pixels_not_believed.is_some() { 0.0 } else { energy.known.least() };
        energy.known.noise(root.clamp(least, energy.known.most()))
    };
    let angles: Vec<Noise> = energies.iter().zip(&own).map(noise).collect();
    let shows_speckles = shows_speckles(energies, shared);
    Levels {
        far_below_pixels: far_below_pixels(energies, &angles, variance(&own)).filter(|_| shows_speckles),
        shows_speckles,
        pixels_not_believed,
        diagonal_not_believed,
        degrees: energies.iter().map(|energy| energy.telling(shared).degrees).sum(),
        angles,
    }
}

/// Speckles of one pixel each scatter so far beyond what their diagonal tells in one of 10 000 measurements.
const DIAGONAL: f64 = 1e-4;

/// Noise alone has residuals along trends so far above the rest in one of 100 000 measurements.
const MISFIT: f64 = 1e-5;

/// Lets the rest alone tell the level where residuals along trends exceed it beyond doubt, at single angles or at all together:
/// a misfit would pass for few speckles otherwise.
pub fn set_trends_aside(energies: &mut [Energy], found: &Levels) {
    let parts = |(energy, noise): (&Energy, &Noise)| energy.parts(noise.root_speckle);
    let parts: Vec<[Part; 2]> = energies.iter().zip(&found.angles).map(parts).collect();
    let of_all = [0, 1].map(|which| {
        let degrees: f64 = parts.iter().map(|parts| parts[which].degrees).sum();
        let excess = |parts: &[Part; 2]| parts[which].degrees * parts[which].excess();
        Part { found: parts.iter().map(excess).sum(), expected: degrees, degrees }
    });
    let n = energies.len() as f64;
    let at_all = exceeds(of_all) < MISFIT;
    for (energy, parts) in energies.iter_mut().zip(&parts) {
        energy.trends_aside |= at_all || exceeds(*parts) * n < MISFIT;
    }
}

/// Probability that noise makes residuals along trends exceed the rest by as much.
fn exceeds([along, rest]: [Part; 2]) -> f64 {
    let ratio = along.excess() / rest.excess().max(f64::MIN_POSITIVE);
    of_ratio(ratio, along.degrees, rest.degrees)
}

/// Standard deviations, and share of the pixels' inverse, by which 1/N has to be below it.
const BELOW_PIXELS: (f64, f64) = (5.0, 0.3);

fn pixels_not_believed(energies: &[Energy], own: &[Own], speckle: f64) -> Option<f64> {
    let pixels = mean_pixels(energies)?;
    let told = energies.iter().map(|energy| energy.known.least().powi(2)).sum::<f64>() / energies.len() as f64;
    let (deviations, share) = BELOW_PIXELS;
    let is_below = speckle + deviations * variance(own).sqrt() < told && speckle < (1.0 - share) * told;
    is_below.then_some(pixels)
}

/// 1/N has to be above what diagonals tell by this factor.
const ABOVE_DIAGONAL: f64 = 1.3;

/// Speckles that cover several pixels share their light among photons that are counted one by one: what residuals scatter by off
/// trends (along them a misfit would do the same) is then more than so many speckles make.
fn diagonal_not_believed(energies: &[Energy], speckle: f64) -> Option<f64> {
    let told = energies.iter().filter_map(|energy| Some((energy.known.from_diagonal()?, energy)));
    let (mut found, mut degrees, mut of_told, mut n) = (0.0, 0.0, 0.0, 0.0);
    for (root, energy) in told {
        let [_, rest] = energy.parts(root);
        (found, degrees) = (found + rest.degrees * rest.excess(), degrees + rest.degrees);
        (of_told, n) = (of_told + root * root, n + 1.0);
    }
    let is_beyond_doubt = n > 0.0 && tail(found, degrees) < DIAGONAL && speckle > ABOVE_DIAGONAL * of_told / n;
    is_beyond_doubt.then(|| n / of_told)
}

/// Smallest share of the pixels of a bin that can be speckles, and standard deviations by which 1/N has to be beyond it: where photons are
/// few it is known badly.
const FAR_BELOW: (f64, f64) = (0.04, 4.0);

fn far_below_pixels(energies: &[Energy], angles: &[Noise], variance: f64) -> Option<(f64, f64)> {
    let pixels = mean_pixels(energies)?;
    let speckle = angles.iter().map(|noise| noise.root_speckle.powi(2)).sum::<f64>() / angles.len() as f64;
    let (share, deviations) = FAR_BELOW;
    let least = (1.0 + deviations * variance.sqrt() / speckle) / (share * pixels);
    (speckle > least).then_some((1.0 / speckle, pixels))
}

/// Of 1/N, all angles together.
fn variance(own: &[Own]) -> f64 {
    own.iter().map(|own| own.variance.recip()).sum::<f64>().recip()
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
    let expected = |energy: &Energy, root: f64| energy.telling(root).expected;
    let excess: f64 = energies.iter().map(|energy| expected(energy, shared) - expected(energy, 0.0)).sum();
    let square = |energy: &Energy| 2.0 * expected(energy, 0.0).powi(2) / energy.telling(0.0).degrees.max(1.0);
    told || excess > BEYOND_DOUBT * energies.iter().map(square).sum::<f64>().sqrt()
}

/// Share by which 1/sqrt(N) is changed to see how much a sum tells of it.
const TRIED: f64 = 0.05;

/// 1/sqrt(N) of all angles together: found and expected sums agree in the mean over degrees of freedom, each angle with as much weight
/// as its sum tells of N. Where speckles are gone within a frame they are as white as photons are, and tell nothing (quasi-likelihood;
/// Wedderburn, Biometrika 61 (1974) 439, doi 10.1093/biomet/61.3.439).
fn shared(energies: &[Energy]) -> f64 {
    let excess = |root: f64| -> f64 {
        let of_angle = |energy: &Energy| {
            let Part { found, expected, degrees } = energy.telling(root);
            let ratio = if expected > 0.0 { found / expected } else { f64::INFINITY };
            let more = energy.telling(root * (1.0 + TRIED)).expected / expected;
            let telling = if more.is_finite() { (more.ln() / TRIED.ln_1p()).max(0.0) } else { 1.0 };
            degrees * telling * (ratio.min(1e6) - 1.0)
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
        let excess = |root: f64| {
            let Part { found, expected, .. } = energy.telling(root);
            found - expected
        };
        let root = root_of(excess, energy.known.most());
        let square = (shared * shared).max(1e-12);
        let [near, far] = [shared, (1.1 * square).sqrt()].map(|root| energy.telling(root).expected);
        let slope = ((far - near) / (0.1 * square)).max(f64::MIN_POSITIVE);
        let variance = 2.0 / energy.telling(shared).degrees.max(1.0) * (near / slope).powi(2);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::likelihood::speckle::blocks::Blocks;
    use crate::likelihood::speckle::energy::Known;
    use crate::likelihood::speckle::functions::Functions;
    use crate::likelihood::speckle::trends::Trends;
    use crate::sums::band::Band;
    use crate::sums::grid::Grid;
    use crate::sums::residuals::{FrameGroups, ResidualSums};
    use rand_distr::{Distribution, StandardNormal};
    use rand_xoshiro::Xoshiro256PlusPlus;
    use rand_xoshiro::rand_core::SeedableRng;

    const N: usize = 24;
    const SIGMA: f64 = 0.01;

    fn decay(a: usize, b: usize) -> f64 {
        (-0.5 * a.abs_diff(b) as f64).exp()
    }

    /// White residuals of single frames and `misfit` times the decay.
    fn energy(misfit: f64, seed: u64) -> Energy {
        let band = |power: i32| Band::from_fn(N, 12, |a, b| decay(a, b).powi(power));
        let grid = Grid {
            first_frames: (0..N).collect(),
            n_frames: N,
            coarse: (0..N).collect(),
            counts: vec![1.0; N],
            h: band(1),
            field: Band::from_fn(N, 12, |a, b| decay(a, b).sqrt()),
            columns: vec![band(1)],
            short_lags: Vec::new(),
            local: Vec::new(),
        };
        let groups = FrameGroups::new((0..N).collect(), N);
        let blocks = Blocks::of(&grid, N);
        let columns = blocks.columns(&grid);
        let trends = Trends::of(&grid, &Functions::new(&groups, 0, &[], 12), (&blocks, &columns));
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
        let mut sums = ResidualSums::zero(N, N, 2);
        for a in 0..N {
            for b in a + 1..N {
                let white: f64 = StandardNormal.sample(&mut random);
                sums.score_mut(a, b)[1] = SIGMA * white + misfit * decay(a, b);
            }
        }
        let known = Known { contrast: 0.2, sigma: SIGMA, ..Known::default() };
        Energy::of((&blocks, &trends), known, &sums, 1.0)
    }

    #[test]
    fn a_misfit_is_not_taken_for_few_speckles() {
        let mut energies: Vec<Energy> = [0.0, 0.0, 0.3].iter().zip(1..).map(|(&m, seed)| energy(m, seed)).collect();
        let found = levels(&energies);
        assert!(found.angles[2].root_speckle > 0.2, "few speckles: {:?}", found.angles);
        set_trends_aside(&mut energies, &found);
        assert!(energies[2].trends_aside);
        let told = levels(&energies);
        assert!(told.angles.iter().all(|noise| noise.root_speckle < 0.02), "{:?}", told.angles);
    }

    #[test]
    fn noise_is_not_taken_for_a_misfit() {
        let mut energies: Vec<Energy> = (10..40).map(|seed| energy(0.0, seed)).collect();
        let found = levels(&energies);
        set_trends_aside(&mut energies, &found);
        assert!(energies.iter().all(|energy| !energy.trends_aside));
        let [along, rest] = energies.iter().fold([0.0; 2], |sum, energy| {
            let parts = energy.parts(0.0);
            [sum[0] + parts[0].excess() / 30.0, sum[1] + parts[1].excess() / 30.0]
        });
        assert!((along - 1.0).abs() < 0.15 && (rest - 1.0).abs() < 0.05, "{along} {rest}");
    }
}
