//! What parameters have in common: every free one with its error and its correlations, and the ellipses of every pair. It draws nothing.

use crate::outcome::curves::{Curve, CurvePoint};
use crate::outcome::fit::FitResult;
use crate::parameters::definitions::find;
use crate::report::tables::measured::with_error;

/// Ellipses of two parameters.
pub const PAIRS: &str = "pairs";
/// Chi-square that two numbers stay below in 68.27 and in 95 % of measurements; the ellipse of the larger is the first.
const CONTOURS: [(usize, f64); 2] = [(95, 5.991_464_5), (68, 2.295_748_9)];
/// Points of an ellipse.
const POINTS: u32 = 48;
/// Errors to either side that a panel shows.
const SHOWN: f64 = 3.0;

/// A free parameter beside the others.
#[derive(Debug, Clone, PartialEq)]
pub struct Together {
    /// Name.
    pub name: &'static str,
    /// Value.
    pub value: f64,
    /// Its standard error.
    pub error: f64,
    /// Both as people write them.
    pub written: String,
    /// With each of the free parameters, in order.
    pub correlations: Vec<f64>,
}

impl Together {
    /// Value and error as people write them.
    #[must_use]
    pub fn in_two_lines(&self) -> [String; 2] {
        let (value, error) = self.written.split_once(" +- ").unwrap_or((&self.written, ""));
        [value.to_owned(), format!("+- {error}")]
    }

    /// Where a value lies on an axis of so many errors to either side, that begins somewhere and is so long.
    #[must_use]
    pub fn along(&self, value: f64, begin: f64, length: f64) -> f64 {
        begin + length * ((value - self.value) / self.error + SHOWN) / (2.0 * SHOWN)
    }
}

/// Free physical parameters whose errors and correlations are known.
#[must_use]
pub fn together(result: &FitResult) -> Vec<Together> {
    let place = |name: &str| result.covariance_names.iter().position(|known| known == name);
    let known: Vec<_> = result
        .parameters
        .iter()
        .filter_map(|found| {
            let at = place(&found.name)?;
            result.correlation.get(at)?.get(at)?.as_ref()?;
            Some((find(&found.name)?.name, found.value, found.uncertainty.filter(|error| *error > 0.0)?, at))
        })
        .collect();
    let with_others = |&(name, value, error, at): &(&'static str, f64, f64, usize)| Together {
        name,
        value,
        error,
        written: with_error(value, error),
        correlations: known.iter().map(|other| result.correlation[at][other.3].unwrap_or(0.0)).collect(),
    };
    known.iter().map(with_others).collect()
}

/// The ellipses of every pair, x the earlier parameter: `segment` is the percentage of measurements, points run around.
#[must_use]
pub fn ellipses(together: &[Together]) -> Vec<Curve> {
    let mut curves = Vec::new();
    for (row, vertical) in together.iter().enumerate() {
        for (column, horizontal) in together.iter().enumerate().take(row) {
            for (percent, chi_squared) in CONTOURS {
                let correlation = vertical.correlations[column].clamp(-1.0, 1.0);
                let points = around(horizontal, vertical, correlation, chi_squared.sqrt());
                let labels = [horizontal.name, vertical.name];
                curves.push(Curve { segment: Some(percent), ..Curve::of(PAIRS, labels, points) });
            }
        }
    }
    curves
}

fn around(horizontal: &Together, vertical: &Together, correlation: f64, size: f64) -> Vec<CurvePoint> {
    let rest = (1.0 - correlation * correlation).sqrt();
    let point = |k: u32| {
        let (sin, cos) = (f64::from(k) / f64::from(POINTS) * std::f64::consts::TAU).sin_cos();
        let y = vertical.value + size * vertical.error * (correlation * cos + rest * sin);
        CurvePoint { x: horizontal.value + size * horizontal.error * cos, y: Some(y), ..CurvePoint::default() }
    };
    (0..=POINTS).map(point).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ellipse_reaches_as_far_as_its_errors_and_leans_as_its_correlation() {
        let one = |value, error, correlations: &[f64]| Together {
            name: "D0",
            value,
            error,
            written: String::new(),
            correlations: correlations.to_vec(),
        };
        let curves = ellipses(&[one(10.0, 1.0, &[1.0, 0.9]), one(5.0, 0.1, &[0.9, 1.0])]);
        assert_eq!(curves.iter().map(|curve| curve.segment).collect::<Vec<_>>(), [Some(95), Some(68)]);
        let inner = &curves[1].points;
        let most = inner.iter().map(|point| point.y.expect("known")).fold(0.0, f64::max);
        assert!((inner[0].x - 10.0 - 1.5152).abs() < 1e-3 && (most - 5.0 - 0.15152).abs() < 1e-3);
        assert!((inner[0].y.expect("known") - 5.0 - 0.9 * 0.15152).abs() < 1e-4, "the farthest point leans");
    }
}
