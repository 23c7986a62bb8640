//! Losses that count large residuals less, and the weights they give. They know no model and no data.
//!
//! With z = (r / (f_scale sigma))^2 the cost is 1/2 sum (f_scale^2) rho(z) in units of sigma^2, and a row is weighted by
//! rho'(z) (iteratively reweighted least squares; Holland and Welsch, Commun. Stat. A 6 (1977) 813, doi
//! 10.1080/03610927708827533; names and forms as in Triggs et al., LNCS 1883 (2000) 298, doi 10.1007/3-540-44480-7_21).
//!
//! | loss | rho(z) | rho'(z) |
//! | --- | --- | --- |
//! | `linear` | z | 1 |
//! | `soft_l1` | 2 (sqrt(1 + z) - 1) | 1 / sqrt(1 + z) |
//! | `huber` | z up to 1, then 2 sqrt(z) - 1 | 1, then 1 / sqrt(z) |
//! | `cauchy` | ln(1 + z) | 1 / (1 + z) |
//! | `arctan` | arctan(z) | 1 / (1 + z^2) |
//!
//! All are concave in z: the weighted sum of squares at the current residuals lies above the loss and touches it there,
//! so a step that lowers the one lowers the other.

use crate::parameters::scaling::AngleScaling;
use serde::{Deserialize, Serialize};

/// Which loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    /// Plain least squares.
    Linear,
    /// Smooth absolute value.
    #[serde(rename = "soft_l1")]
    SoftL1,
    /// Squares up to `f_scale` sigma, absolute values beyond.
    Huber,
    /// Logarithm.
    Cauchy,
    /// Bounded.
    Arctan,
}

impl Loss {
    /// Names in configuration and results.
    pub const NAMES: [(&'static str, Loss); 5] = [
        ("linear", Loss::Linear),
        ("soft_l1", Loss::SoftL1),
        ("huber", Loss::Huber),
        ("cauchy", Loss::Cauchy),
        ("arctan", Loss::Arctan),
    ];

    /// Name in configuration and results.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize].0
    }

    /// rho(z).
    #[inline(always)]
    #[must_use]
    pub fn value(self, z: f64) -> f64 {
        match self {
            Loss::Linear => z,
            Loss::SoftL1 => 2.0 * z / ((1.0 + z).sqrt() + 1.0),
            Loss::Huber => {
                if z <= 1.0 {
                    z
                } else {
                    2.0 * z.sqrt() - 1.0
                }
            }
            Loss::Cauchy => z.ln_1p(),
            Loss::Arctan => z.atan(),
        }
    }

    /// rho'(z): the weight of a row.
    #[inline(always)]
    #[must_use]
    pub fn weight(self, z: f64) -> f64 {
        match self {
            Loss::Linear => 1.0,
            Loss::SoftL1 => 1.0 / (1.0 + z).sqrt(),
            Loss::Huber => 1.0 / z.max(1.0).sqrt(),
            Loss::Cauchy => 1.0 / (1.0 + z),
            Loss::Arctan => 1.0 / (1.0 + z * z),
        }
    }

    /// Mean of rho' over normal residuals of standard deviation `spread`, in units of `f_scale` sigma.
    #[must_use]
    pub fn mean_weight(self, spread: f64) -> f64 {
        mean_over_normal(|x| self.weight((spread * x).powi(2)))
    }

    /// rho'(z) + 2 z rho''(z): how fast the weighted residual grows with the residual.
    #[inline(always)]
    #[must_use]
    pub fn slope(self, z: f64) -> f64 {
        match self {
            Loss::Linear => 1.0,
            Loss::SoftL1 => (1.0 + z).powf(-1.5),
            Loss::Huber => f64::from(u8::from(z <= 1.0)),
            Loss::Cauchy => (1.0 - z) / ((1.0 + z) * (1.0 + z)),
            Loss::Arctan => (1.0 - 3.0 * z * z) / ((1.0 + z * z) * (1.0 + z * z)),
        }
    }
}

/// Mean of a function over the normal density with a standard deviation of 1.
pub fn mean_over_normal(of: impl Fn(f64) -> f64) -> f64 {
    const POINTS: usize = 800;
    const REACH: f64 = 8.0;
    let at = |k: usize| REACH * ((2 * k + 1) as f64 / POINTS as f64 - 1.0);
    let weighed = (0..POINTS).map(at).map(|x| ((-0.5 * x * x).exp(), of(x)));
    let (norm, sum) = weighed.fold((0.0, 0.0), |(norm, sum), (density, value)| (norm + density, sum + density * value));
    sum / norm
}

/// How the rows of one angle are weighted: the loss of their residuals `offset + contrast h - y`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reweighing {
    /// Loss.
    pub loss: Loss,
    /// f_scale sigma: the residual beyond which the loss turns.
    pub turn: f64,
    /// Contrast and offset.
    pub scaling: AngleScaling,
}

impl Reweighing {
    /// The residual of a pair.
    #[inline(always)]
    #[must_use]
    pub fn residual(&self, h: f64, one: f64, y: f64) -> f64 {
        self.scaling.contrast * h + self.scaling.offset_less_one * one - y
    }

    /// z of a residual.
    #[inline(always)]
    #[must_use]
    pub fn z(&self, residual: f64) -> f64 {
        let ratio = residual / self.turn;
        ratio * ratio
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_and_slopes_are_the_derivatives_of_the_loss() {
        for (name, loss) in Loss::NAMES {
            assert_eq!(loss.name(), name);
            for r in [0.1_f64, 0.7, 1.3, 4.0] {
                let (z, h) = (r * r, 1e-6);
                let numeric = (loss.value(z + h) - loss.value(z - h)) / (2.0 * h);
                assert!((loss.weight(z) - numeric).abs() < 1e-8, "{name} {z}: {numeric}");
                // psi(r) = r rho'(r^2).
                let psi = |r: f64| r * loss.weight(r * r);
                let numeric = (psi(r + h) - psi(r - h)) / (2.0 * h);
                assert!((loss.slope(z) - numeric).abs() < 1e-8, "{name} {z}: {numeric}");
            }
        }
    }
}
