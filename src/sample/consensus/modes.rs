//! Whether draws have two modes: told only where chains do not agree, two Gaussians describe the draws much better than one (by the
//! Bayesian information criterion, Schwarz, Ann. Stat. 6 (1978) 461, doi 10.1214/aos/1176344136), and they are apart (Ashman, Bird and
//! Zepf, Astron. J. 108 (1994) 2348, doi 10.1086/117248); jointly for all numbers. It draws nothing.

use crate::sample::consensus::moments::{Gaussian, Moments, inverse};
use crate::sums::algebra::{Algebra, dot};

/// Chains that agree better have one mode.
const DISAGREEING: f64 = 1.1;
/// Two Gaussians must be so much better.
const DELTA_BIC: f64 = 10.0;
/// They must be so far apart.
const APART: f64 = 2.0;
/// Steps of expectation and maximisation.
const STEPS: usize = 100;

/// Two modes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Modes {
    /// Share of the draws in the smaller one.
    pub share: f64,
    /// By how much two Gaussians are better.
    pub delta_bic: f64,
    /// Ashman's D along the line between them.
    pub ashman_d: f64,
}

/// Two modes of draws whose chains have some largest R-hat; `None` where there is no evidence of them.
#[must_use]
pub fn two_modes(draws: &[&[f64]], r_hat: Option<f64>) -> Option<Modes> {
    let (n, width) = (draws.len(), draws.first()?.len());
    if r_hat.is_none_or(|r_hat| r_hat <= DISAGREEING) || n < 10 * (width + 1) {
        return None;
    }
    let one = Moments::of(draws.iter().copied(), width);
    let gaussian = Gaussian::of(&one)?;
    let log_one: f64 = draws.iter().map(|draw| gaussian.log_density(draw)).sum();
    let (first, second, share, log_two) = parted(draws, &one)?;
    // One Gaussian less: its mean, its covariance and its share.
    let more = (width + width * (width + 1) / 2 + 1) as f64;
    let delta_bic = 2.0 * (log_two - log_one) - more * (n as f64).ln();
    let ashman_d = ashman(&first, &second);
    let is_evident = delta_bic > DELTA_BIC && ashman_d > APART;
    is_evident.then_some(Modes { share: share.min(1.0 - share), delta_bic, ashman_d })
}

/// Two Gaussians by expectation and maximisation, begun on both sides of the mean along the widest direction; share of the first, and
/// the log likelihood.
fn parted(draws: &[&[f64]], one: &Moments) -> Option<(Moments, Moments, f64, f64)> {
    let (values, vectors) = one.covariance.eigen()?;
    let widest = vectors.column_values(values.len() - 1);
    let side = |draw: &[f64]| {
        let apart: Vec<f64> = draw.iter().zip(&one.mean).map(|(value, mean)| value - mean).collect();
        if dot(&apart, &widest) > 0.0 { 1.0 } else { 0.0 }
    };
    let mut of_first: Vec<f64> = draws.iter().map(|draw| side(draw)).collect();
    let mut found = None;
    for _ in 0..STEPS {
        let share = of_first.iter().sum::<f64>() / draws.len() as f64;
        let rest: Vec<f64> = of_first.iter().map(|part| 1.0 - part).collect();
        let (first, second) = (weighted(draws, &of_first)?, weighted(draws, &rest)?);
        let (densities, others) = (Gaussian::of(&first)?, Gaussian::of(&second)?);
        let mut log_likelihood = 0.0;
        for (draw, part) in draws.iter().zip(&mut of_first) {
            let (a, b) = (share.ln() + densities.log_density(draw), (1.0 - share).ln() + others.log_density(draw));
            let largest = a.max(b);
            let all = largest + ((a - largest).exp() + (b - largest).exp()).ln();
            log_likelihood += all;
            *part = (a - all).exp();
        }
        let before = found.as_ref().map_or(f64::NEG_INFINITY, |found: &(Moments, Moments, f64, f64)| found.3);
        found = Some((first, second, share, log_likelihood));
        if log_likelihood - before < 1e-6 * log_likelihood.abs() {
            break;
        }
    }
    found
}

/// Moments of draws that count in part; `None` where too few do.
fn weighted(draws: &[&[f64]], parts: &[f64]) -> Option<Moments> {
    let width = draws.first()?.len();
    let all: f64 = parts.iter().sum();
    if all < 2.0 * (width + 1) as f64 {
        return None;
    }
    let mean: Vec<f64> =
        (0..width).map(|k| draws.iter().zip(parts).map(|(draw, part)| part * draw[k]).sum::<f64>() / all).collect();
    let entry = |(row, col): (usize, usize)| {
        let term = |(draw, part): (&&[f64], &f64)| part * (draw[row] - mean[row]) * (draw[col] - mean[col]);
        draws.iter().zip(parts).map(term).sum::<f64>() / all
    };
    let covariance = ndarray::Array2::from_shape_fn((width, width), entry);
    Some(Moments { mean, covariance })
}

/// `sqrt(2) |m1 - m2| / sqrt(s1^2 + s2^2)` along the direction that parts both best (Fisher's).
fn ashman(first: &Moments, second: &Moments) -> f64 {
    let apart: Vec<f64> = first.mean.iter().zip(&second.mean).map(|(a, b)| a - b).collect();
    let both = &first.covariance + &second.covariance;
    let direction = inverse(&both).times(&apart);
    let variance = dot(&both.times(&direction), &direction);
    2.0_f64.sqrt() * dot(&direction, &apart).abs() / variance.sqrt()
}
