//! Whether shards agree: Cochran's Q, I^2 (Higgins and Thompson, Stat. Med. 21 (2002) 1539, doi 10.1002/sim.1186) and the variance
//! between shards tau^2 (DerSimonian and Laird, Controlled Clin. Trials 7 (1986) 177, doi 10.1016/0197-2456(86)90046-2), number by
//! number. It knows no draws.

use statrs::distribution::{ChiSquared, ContinuousCDF};

/// Rarer values of Q, if shards agreed, are significant; shared out among the numbers.
const SIGNIFICANT: f64 = 0.01;

/// How the shards' means of one number differ.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// Sum of squared differences from the weighted mean, in units of the shards' own variances.
    pub q: f64,
    /// Probability of a larger one, if shards agreed.
    pub p_value: f64,
    /// Share of the scatter that is not the shards' own.
    pub i_squared: f64,
    /// Variance between shards.
    pub tau_squared: f64,
}

impl Spread {
    /// Of means with their variances.
    #[must_use]
    pub fn of(means: &[f64], variances: &[f64]) -> Self {
        let weights: Vec<f64> = variances.iter().map(|variance| 1.0 / variance).collect();
        let all: f64 = weights.iter().sum();
        let mean = means.iter().zip(&weights).map(|(mean, weight)| mean * weight).sum::<f64>() / all;
        let q = means.iter().zip(&weights).map(|(own, weight)| weight * (own - mean).powi(2)).sum::<f64>();
        let degrees = means.len().saturating_sub(1) as f64;
        if degrees == 0.0 {
            return Spread { q: 0.0, p_value: 1.0, i_squared: 0.0, tau_squared: 0.0 };
        }
        let squares: f64 = weights.iter().map(|weight| weight * weight).sum();
        let beyond = (q - degrees).max(0.0);
        let p_value = ChiSquared::new(degrees).map_or(1.0, |chi_squared| chi_squared.sf(q));
        let i_squared = if q > 0.0 { beyond / q } else { 0.0 };
        Spread { q, p_value, i_squared, tau_squared: beyond / (all - squares / all) }
    }

    /// Whether shards differ by more than their widths let expect, when so many numbers are looked at.
    #[must_use]
    pub fn is_significant(&self, n_numbers: usize) -> bool {
        self.p_value < SIGNIFICANT / n_numbers.max(1) as f64
    }
}
