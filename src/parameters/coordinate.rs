//! Coordinates without bounds: where a sampler walks, whatever the bounds of a parameter are. It knows no density but the one that a
//! change of coordinates brings along.
//!
//! ```text
//! interval       v = w ln [ (exp(u/w) + exp(lower/w)) / (1 + exp((u - upper)/w)) ]        w: width of the ends
//! log interval   the same for the logarithm of v
//! real           v = u
//! ```
//!
//! Further than some widths from both bounds v is u itself, so that a straight valley stays straight; beyond a bound v creeps towards it
//! and never gets there. The density of u falls there as exp(-|u - bound| / w): nothing ends abruptly.

/// How a value follows from a coordinate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Coordinate {
    /// Between two bounds.
    Interval(Between),
    /// Between two positive bounds, by its logarithm: bounds and width are those of the logarithm.
    LogInterval(Between),
    /// Any number.
    Real,
}

/// Two bounds and how softly they are met.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Between {
    lower: f64,
    upper: f64,
    width: f64,
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

/// A value on a bound is taken to be so far inside, in widths of the ends.
const INSIDE: f64 = 0.5;
/// Ends are at most such a share of the range wide.
const WIDEST: f64 = 1.0 / 6.0;

impl Between {
    /// Between two bounds; `deviation` is the size on which a value is expected to move, if that is known.
    #[must_use]
    pub fn new(lower: f64, upper: f64, deviation: Option<f64>) -> Self {
        let widest = WIDEST * (upper - lower);
        let known = deviation.filter(|deviation| deviation.is_finite() && *deviation > 0.0);
        Between { lower, upper, width: known.map_or(widest, |deviation| deviation.min(widest)) }
    }

    fn place(self, u: f64) -> Placed {
        let Between { lower, upper, width } = self;
        let (below, above) = ((lower - u) / width, (u - upper) / width);
        // Each with all its digits: from the bound that is near.
        let value = match (below > 0.0, above > 0.0) {
            (true, _) => lower + width * (softplus(-below) - softplus(above)),
            (_, true) => upper - width * (softplus(-above) - softplus(below)),
            _ => u + width * (softplus(below) - softplus(above)),
        };
        let log_slope = (-((lower - upper) / width).exp()).ln_1p() - softplus(below) - softplus(above);
        let turns = (logistic(below) - logistic(above)) / width;
        Placed { value: value.clamp(lower, upper), slope: log_slope.exp(), log_slope, log_slope_turns: turns }
    }

    fn of(self, value: f64) -> f64 {
        let Between { lower, upper, width } = self;
        let value = value.clamp(lower + INSIDE * width, upper - INSIDE * width);
        let gap = |distance: f64| -(-distance / width).exp_m1();
        value + width * (gap(value - lower) / gap(upper - value)).ln()
    }

    /// Variance of a coordinate of which nothing is known but the bounds.
    fn variance(self) -> f64 {
        let range = self.upper - self.lower;
        range * range / 12.0 + self.width * self.width
    }
}

/// ln(1 + exp(x)).
fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

/// ln ln(1 + exp(x)), which is ln x for large x and x itself for very negative ones, and its slope.
#[must_use]
pub fn log_softplus(x: f64) -> (f64, f64) {
    // There ln(1 + exp(x)) is exp(x) to all digits.
    if x < -40.0 {
        return (x, 1.0);
    }
    (softplus(x).ln(), logistic(x) / softplus(x))
}

/// 1 / (1 + exp(-x)).
fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

impl Coordinate {
    /// The value at a coordinate.
    #[must_use]
    pub fn place(self, u: f64) -> Placed {
        match self {
            Coordinate::Interval(between) => between.place(u),
            Coordinate::LogInterval(between) => {
                let logarithm = between.place(u);
                let value = logarithm.value.exp();
                Placed {
                    value,
                    slope: value * logarithm.slope,
                    log_slope: logarithm.value + logarithm.log_slope,
                    log_slope_turns: logarithm.slope + logarithm.log_slope_turns,
                }
            }
            Coordinate::Real => Placed { value: u, slope: 1.0, log_slope: 0.0, log_slope_turns: 0.0 },
        }
    }

    /// The coordinate of a value; one on a bound is taken from just inside.
    #[must_use]
    pub fn of(self, value: f64) -> f64 {
        match self {
            Coordinate::Interval(between) => between.of(value),
            Coordinate::LogInterval(between) => between.of(value.ln()),
            Coordinate::Real => value,
        }
    }

    /// How far from a bound a value begins to be another than its coordinate; `None` where they differ everywhere, or nowhere.
    #[must_use]
    pub fn width(self) -> Option<f64> {
        match self {
            Coordinate::Interval(between) => Some(between.width),
            Coordinate::LogInterval(_) | Coordinate::Real => None,
        }
    }

    /// Variance of a coordinate of which nothing is known but the bounds; `None` without bounds.
    #[must_use]
    pub fn variance_of_bounds(self) -> Option<f64> {
        match self {
            Coordinate::Interval(between) | Coordinate::LogInterval(between) => Some(between.variance()),
            Coordinate::Real => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> [Coordinate; 4] {
        [
            Coordinate::Interval(Between::new(-2.0, 5.0, None)),
            Coordinate::Interval(Between::new(-2.0, 5.0, Some(0.3))),
            Coordinate::LogInterval(Between::new(-3.0, 9.0, Some(0.7))),
            Coordinate::Real,
        ]
    }

    #[test]
    fn values_come_back() {
        for coordinate in all() {
            for u in [-1.9, -0.3, 0.0, 2.5, 4.9] {
                assert!((coordinate.of(coordinate.place(u).value) - u).abs() < 1e-9, "{coordinate:?} {u}");
            }
        }
    }

    #[test]
    fn slopes_are_those_of_the_values() {
        for coordinate in all() {
            for u in [-6.0, -0.3, 0.0, 2.5, 12.0] {
                let (step, at) = (1e-6, coordinate.place(u));
                let (above, below) = (coordinate.place(u + step), coordinate.place(u - step));
                let slope = (above.value - below.value) / (2.0 * step);
                assert!((at.slope - slope).abs() < 1e-6 * (1.0 + at.value.abs()), "{coordinate:?} {u}");
                let turns = (above.log_slope - below.log_slope) / (2.0 * step);
                assert!((at.log_slope_turns - turns).abs() < 1e-7, "{coordinate:?} {u}");
                assert!((at.slope.ln() - at.log_slope).abs() < 1e-9, "{coordinate:?} {u}");
            }
        }
    }

    #[test]
    fn bounds_are_never_left_and_far_from_them_values_are_their_coordinates() {
        for coordinate in &all()[..2] {
            for u in [-8e5, -40.0, -2.0, 5.0, 40.0, 8e5] {
                assert!((-2.0..=5.0).contains(&coordinate.place(u).value), "{u}");
            }
            assert!(coordinate.of(-2.0).is_finite() && coordinate.of(5.0).is_finite());
        }
        assert!((all()[1].place(1.5).value - 1.5).abs() < 1e-5);
    }
}
