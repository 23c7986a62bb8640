//! How fast every angle decays: of its data alone, of its model, and of the joint model between the angles. It draws nothing.

use crate::outcome::curves::{Curve, CurvePoint};
use crate::outcome::fit::{AngleResult, FitOutcome};
use crate::outcome::pictures::{AnglePicture, CutPoint};
use std::f64::consts::E;

/// 1 / time in which the mean of all ages falls to 1/e.
pub const RATES: &str = "decay_rate";
/// The same of the joint model, also between the angles.
pub const JOINT_RATES: &str = "decay_rate_joint";

/// The axis of azimuths.
pub const PHI: &str = "phi (degree)";

/// Both axes.
const AXES: [&str; 2] = [PHI, "rate of decay to 1/e (1/s)"];
/// Where the model has fallen below this share of its height, data tell its offset, not its rate.
const TELLING: f64 = 0.05;
/// Fewest points for a fit of two numbers.
const FEWEST: usize = 4;
/// Most steps of such a fit, and the change of the logarithm of the rate that ends it.
const MOST_STEPS: usize = 50;
const SMALL_STEP: f64 = 1e-9;

/// How fast the mean over all ages falls to 1/e of its height over the offset. Of the data: a stretched exponential is fitted to that
/// angle alone, over the fit's contrast and offset, and to the model in the same way; the model's rate times the ratio of both knows
/// what is no stretched exponential. The model's rates are those of the joint curve, asked in the same way at every azimuth.
#[must_use]
pub fn rates(outcome: &FitOutcome, pictures: &[AnglePicture], joint: Joint<'_>) -> Curve {
    let (dt_seconds, lags) = (outcome.conditions.dt_seconds, lags(pictures));
    let of_angle = |(picture, angle): (&AnglePicture, &AngleResult)| {
        let cut = picture.cuts.iter().find(|cut| cut.segment.is_none())?;
        let height = |value: f64| (value - angle.offset) / angle.contrast_fitted;
        let level = angle.offset + angle.contrast_fitted / E;
        let near = crossing(&cut.points, level, fitted)?;
        let model = joint_rate(joint, (angle.phi_degrees, &lags), dt_seconds)?;
        let told: Vec<&CutPoint> = cut.points.iter().filter(|point| height(fitted(point)) > TELLING).collect();
        let of = |value: fn(&CutPoint) -> f64| {
            let points: Vec<[f64; 2]> = told.iter().map(|point| [point.lag_frames, height(value(point))]).collect();
            stretched_rate(&points, 1.0 / near)
        };
        let y = match of(|point| point.data).zip(of(fitted)) {
            Some((data, of_model)) => Some(model * data / of_model),
            None => crossing(&cut.points, level, |point| point.data).map(|found| 1.0 / (found * dt_seconds)),
        };
        // The error of the mean there, over its slope: means at neighbouring lags share their speckles.
        let at = cut.points.partition_point(|point| point.lag_frames < near).clamp(1, cut.points.len() - 1);
        let (before, after) = (&cut.points[at - 1], &cut.points[at]);
        let slope = (fitted(before) - fitted(after)) / (after.lag_frames / before.lag_frames).ln();
        let y_error = after.error.zip(y).map(|(error, y)| y * error / slope.abs());
        Some(CurvePoint { x: picture.phi_degrees, y, y_error, model: Some(model) })
    };
    let points = pictures.iter().zip(&outcome.result.angles).filter_map(of_angle).collect();
    Curve::of(RATES, AXES, points)
}

/// h at an azimuth in degrees, a mean over ages, by the lag in frames.
pub type Joint<'a> = &'a dyn Fn(f64, usize) -> f64;

/// Steps in degrees at which the joint model is asked.
const JOINT_STEP_DEGREES: f64 = 2.0;

/// The joint model's rates from the first angle on, half a turn at least: then they come again.
#[must_use]
pub fn joint_rates(outcome: &FitOutcome, pictures: &[AnglePicture], joint: Joint<'_>) -> Option<Curve> {
    let (dt_seconds, lags) = (outcome.conditions.dt_seconds, lags(pictures));
    let phi = || pictures.iter().map(|picture| picture.phi_degrees);
    let (first, last) = (phi().fold(f64::INFINITY, f64::min), phi().fold(f64::NEG_INFINITY, f64::max));
    let steps = ((last - first).max(180.0) / JOINT_STEP_DEGREES).ceil();
    let mut angles: Vec<f64> =
        (0..=steps as u32).map(|k| first + f64::from(k) * JOINT_STEP_DEGREES).chain(phi()).collect();
    angles.sort_by(f64::total_cmp);
    angles.dedup();
    let rate = |phi_degrees: f64| joint_rate(joint, (phi_degrees, &lags), dt_seconds);
    let point = |x: f64| Some(CurvePoint { x, model: Some(rate(x)?), ..CurvePoint::default() });
    Some(Curve::of(JOINT_RATES, AXES, angles.into_iter().filter_map(point).collect())).filter(|_| !lags.is_empty())
}

/// Of the means over all ages, in frames.
fn lags(pictures: &[AnglePicture]) -> Vec<usize> {
    let cut = pictures.first().and_then(|picture| picture.cuts.first());
    cut.map(|cut| cut.points.iter().map(|point| point.lag_frames.round() as usize).collect()).unwrap_or_default()
}

fn joint_rate(joint: Joint<'_>, (phi_degrees, lags): (f64, &[usize]), dt_seconds: f64) -> Option<f64> {
    let mut cut: Vec<CutPoint> = Vec::new();
    for &lag in lags {
        let h = joint(phi_degrees, lag);
        cut.push(CutPoint { lag_frames: lag as f64, pairs: 0, data: h, error: None, fit: None });
        if h <= 1.0 / E {
            break;
        }
    }
    Some(1.0 / (crossing(&cut, 1.0 / E, |point| point.data)? * dt_seconds))
}

fn fitted(point: &CutPoint) -> f64 {
    point.fit.unwrap_or(f64::NAN)
}

/// The lag at which a mean falls through a level, in frames.
fn crossing(points: &[CutPoint], level: f64, value: fn(&CutPoint) -> f64) -> Option<f64> {
    let two = points.windows(2).find(|two| value(&two[0]) > level && value(&two[1]) <= level)?;
    let share = (value(&two[0]) - level) / (value(&two[0]) - value(&two[1]));
    Some(two[0].lag_frames * (two[1].lag_frames / two[0].lag_frames).powf(share))
}

/// The rate of `exp(-(rate lag)^stretch)` by least squares over (lag, height), from a rate near it; `None` where the points do not tell.
fn stretched_rate(points: &[[f64; 2]], near: f64) -> Option<f64> {
    let residuals = |[log_rate, log_stretch]: [f64; 2]| {
        let (mut squares, mut gradient, mut hessian) = (0.0, [0.0; 2], [0.0; 3]);
        for [lag, height] in points {
            let exponent = log_stretch.exp() * (lag.ln() + log_rate);
            let (power, h) = (exponent.exp(), (-exponent.exp()).exp());
            let residual = h - height;
            let slope = [-h * power * log_stretch.exp(), -h * power * exponent];
            squares += residual * residual;
            gradient = [gradient[0] + slope[0] * residual, gradient[1] + slope[1] * residual];
            hessian =
                [hessian[0] + slope[0] * slope[0], hessian[1] + slope[0] * slope[1], hessian[2] + slope[1] * slope[1]];
        }
        (squares, gradient, hessian)
    };
    let (mut at, mut damping) = ([near.ln(), 0.0], 1e-3);
    let mut here = residuals(at);
    if points.len() < FEWEST || !here.0.is_finite() {
        return None;
    }
    for _ in 0..MOST_STEPS {
        let (squares, gradient, [a, b, c]) = here;
        let (a, c) = (a * (1.0 + damping), c * (1.0 + damping));
        let determinant = a * c - b * b;
        let step =
            [(b * gradient[1] - c * gradient[0]) / determinant, (b * gradient[0] - a * gradient[1]) / determinant];
        let next = [at[0] + step[0], at[1] + step[1]];
        let there = residuals(next);
        // What is no number is no step.
        if there.0 <= squares {
            (at, here, damping) = (next, there, 0.1 * damping);
            if step.iter().all(|step| step.abs() < SMALL_STEP) {
                break;
            }
        } else {
            damping *= 10.0;
        }
    }
    Some(at[0].exp()).filter(|rate| rate.is_finite() && *rate > 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretched_exponential_is_found_from_afar_and_noise_moves_it_little() {
        for (rate, stretch) in [(0.02_f64, 0.6_f64), (0.11, 1.0), (0.3, 1.7)] {
            let height = |lag: f64| (-(rate * lag).powf(stretch)).exp();
            let lags: Vec<f64> = (0..40).map(|k| 1.2_f64.powi(k)).filter(|&lag| height(lag) > TELLING).collect();
            let exact: Vec<[f64; 2]> = lags.iter().map(|&lag| [lag, height(lag)]).collect();
            for near in [0.3 * rate, 2.0 * rate] {
                let found = stretched_rate(&exact, near).expect("told");
                assert!((found / rate - 1.0).abs() < 1e-6, "{rate} {stretch} from {near}: {found}");
            }
            let noise = |k: usize| 0.03 * ((k * 37 % 11) as f64 / 5.0 - 1.0);
            let noisy: Vec<[f64; 2]> = exact.iter().enumerate().map(|(k, [lag, h])| [*lag, h + noise(k)]).collect();
            let found = stretched_rate(&noisy, rate).expect("told");
            assert!((found / rate - 1.0).abs() < 0.05, "{rate} {stretch}: {found}");
        }
        assert_eq!(stretched_rate(&[[1.0, 0.9], [2.0, 0.4]], 0.5), None);
        assert_eq!(stretched_rate(&[[1.0, f64::NAN]; 5], 0.5), None);
    }
}
