//! Coordinates without bounds: where a sampler walks, whatever the bounds of a parameter are. It knows no density but the one that a
//! change of coordinates brings along.
//!
//! ```text
//! interval       v = lower + (upper - lower) s(u)                s(u) = 1 / (1 + exp(-u))
//! log interval   ln v = ln lower + (ln upper - ln lower) s(u)
//! real           v = u
//! ```

/// How a value follows from a coordinate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Coordinate {
    /// Between two bounds.
    Interval {
        /// Lower bound.
        lower: f64,
        /// Upper bound.
        upper: f64,
    },
    /// Between two positive bounds, by its logarithm.
    LogInterval {
        /// Logarithm of the lower bound.
        lower: f64,
        /// Logarithm of the upper bound.
        upper: f64,
    },
    /// Any number.
    Real,
}

/// A value and how it turns with its coordinate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Placed {
    /// The value.
    pub value: f64,
    /// d value / d coordinate.
    pub slope: f64,
    /// Logarithm of the slope: what the change of coordinates adds to a log density ..
    pub log_slope: f64,
    /// .. and how that turns with the coordinate.
    pub log_slope_turns: f64,
}

/// A value on a bound is taken to be so far inside, as a share of the range.
const INSIDE: f64 = 1e-3;

impl Coordinate {
    /// The value at a coordinate.
    #[must_use]
    pub fn place(self, u: f64) -> Placed {
        // s and 1 - s, each with all its digits.
        let (s, rest) = (1.0 / (1.0 + (-u).exp()), 1.0 / (1.0 + u.exp()));
        let log_both = -u.abs() - 2.0 * (-u.abs()).exp().ln_1p();
        match self {
            Coordinate::Interval { lower, upper } => {
                let range = upper - lower;
                let value = if u < 0.0 { lower + range * s } else { upper - range * rest };
                Placed { value, slope: range * s * rest, log_slope: range.ln() + log_both, log_slope_turns: rest - s }
            }
            Coordinate::LogInterval { lower, upper } => {
                let range = upper - lower;
                let logarithm = if u < 0.0 { lower + range * s } else { upper - range * rest };
                let value = logarithm.exp();
                let slope = range * s * rest;
                Placed {
                    value,
                    slope: value * slope,
                    log_slope: logarithm + range.ln() + log_both,
                    log_slope_turns: slope + rest - s,
                }
            }
            Coordinate::Real => Placed { value: u, slope: 1.0, log_slope: 0.0, log_slope_turns: 0.0 },
        }
    }

    /// The coordinate of a value; one on a bound is taken from just inside.
    #[must_use]
    pub fn of(self, value: f64) -> f64 {
        let logit = |share: f64| {
            let share = share.clamp(INSIDE, 1.0 - INSIDE);
            (share / (1.0 - share)).ln()
        };
        match self {
            Coordinate::Interval { lower, upper } => logit((value - lower) / (upper - lower)),
            Coordinate::LogInterval { lower, upper } => logit((value.ln() - lower) / (upper - lower)),
            Coordinate::Real => value,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Coordinate; 3] = [
        Coordinate::Interval { lower: -2.0, upper: 5.0 },
        Coordinate::LogInterval { lower: -3.0, upper: 9.0 },
        Coordinate::Real,
    ];

    #[test]
    fn values_come_back() {
        for coordinate in ALL {
            for u in [-4.0, -0.3, 0.0, 2.5] {
                assert!((coordinate.of(coordinate.place(u).value) - u).abs() < 1e-9, "{coordinate:?} {u}");
            }
        }
    }

    #[test]
    fn slopes_are_those_of_the_values() {
        for coordinate in ALL {
            for u in [-6.0, -0.3, 0.0, 2.5, 30.0] {
                let (step, at) = (1e-6, coordinate.place(u));
                let (above, below) = (coordinate.place(u + step), coordinate.place(u - step));
                let slope = (above.value - below.value) / (2.0 * step);
                assert!((at.slope - slope).abs() < 1e-6 * (1.0 + at.value.abs()), "{coordinate:?} {u}");
                let turns = (above.log_slope - below.log_slope) / (2.0 * step);
                assert!((at.log_slope_turns - turns).abs() < 1e-8, "{coordinate:?} {u}");
                assert!((at.slope.ln() - at.log_slope).abs() < 1e-9, "{coordinate:?} {u}");
            }
        }
    }

    #[test]
    fn bounds_are_never_left() {
        let Coordinate::Interval { lower, upper } = ALL[0] else { unreachable!() };
        for u in [-800.0, -40.0, 40.0, 800.0] {
            assert!((lower..=upper).contains(&ALL[0].place(u).value));
        }
        assert!(ALL[0].of(lower).is_finite() && ALL[0].of(upper).is_finite());
    }
}
