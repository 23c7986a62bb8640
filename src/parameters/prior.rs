//! What is believed of one parameter before the data: families of densities in its physical unit. Bounds always hold besides. It knows
//! no data.

use serde::{Deserialize, Serialize};

/// A density over the values of one parameter, up to a factor, between its bounds.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Prior {
    /// The same everywhere.
    #[default]
    Uniform,
    /// exp(-(v - mean)^2 / (2 deviation^2)). Bounds cut it, so that it is also the truncated normal one.
    Normal {
        /// Mean.
        mean: f64,
        /// Standard deviation.
        deviation: f64,
    },
    /// 1/v exp(-(ln v - mean)^2 / (2 deviation^2)).
    LogNormal {
        /// Mean of the logarithm.
        mean: f64,
        /// Standard deviation of the logarithm.
        deviation: f64,
    },
    /// exp(-v^2 / (2 deviation^2)) for v > 0.
    HalfNormal {
        /// Root mean square.
        deviation: f64,
    },
}

impl Prior {
    /// How many deviations its mode lies away from the nearest value between bounds; 0 inside.
    #[must_use]
    pub fn deviations_from(&self, (lower, upper): (f64, f64)) -> f64 {
        let (mean, deviation, lower, upper) = match *self {
            Prior::Uniform => return 0.0,
            Prior::Normal { mean, deviation } => (mean, deviation, lower, upper),
            // Of the logarithm.
            Prior::LogNormal { mean, deviation } => (mean, deviation, lower.ln(), upper.ln()),
            Prior::HalfNormal { deviation } => (0.0, deviation, lower, upper),
        };
        (lower - mean).max(mean - upper).max(0.0) / deviation
    }

    /// Logarithm of the density at a value, and its slope there; minus infinity where there is none.
    #[must_use]
    pub fn log_density(&self, value: f64) -> (f64, f64) {
        let nowhere = (f64::NEG_INFINITY, 0.0);
        match *self {
            Prior::Uniform => (0.0, 0.0),
            Prior::Normal { mean, deviation } => {
                let z = (value - mean) / deviation;
                (-0.5 * z * z, -z / deviation)
            }
            Prior::LogNormal { .. } if value <= 0.0 => nowhere,
            Prior::LogNormal { mean, deviation } => {
                let z = (value.ln() - mean) / deviation;
                (-0.5 * z * z - value.ln(), -(z / deviation + 1.0) / value)
            }
            Prior::HalfNormal { .. } if value < 0.0 => nowhere,
            Prior::HalfNormal { deviation } => {
                let z = value / deviation;
                (-0.5 * z * z, -z / deviation)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slopes_are_those_of_the_densities() {
        let priors = [
            Prior::Uniform,
            Prior::Normal { mean: 3.0, deviation: 0.7 },
            Prior::LogNormal { mean: 1.0, deviation: 0.4 },
            Prior::HalfNormal { deviation: 2.0 },
        ];
        for prior in priors {
            for value in [0.3, 1.0, 4.5] {
                let step = 1e-6 * value;
                let difference = (prior.log_density(value + step).0 - prior.log_density(value - step).0) / (2.0 * step);
                let slope = prior.log_density(value).1;
                assert!((slope - difference).abs() < 1e-7 * (1.0 + slope.abs()), "{prior:?} {value}");
            }
        }
        assert_eq!(Prior::LogNormal { mean: 0.0, deviation: 1.0 }.log_density(-1.0).0, f64::NEG_INFINITY);
        assert_eq!(Prior::HalfNormal { deviation: 1.0 }.log_density(-1.0).0, f64::NEG_INFINITY);
    }
}
