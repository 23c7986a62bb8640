//! From results to the curves of all line figures. It draws nothing.

use crate::outcome::curves::{Curve, CurvePoint};
use crate::outcome::fit::{AngleResult, Conditions, FitOutcome};
use crate::outcome::pictures::{AnglePicture, BINS_PER_SIGMA, Cut, CutPoint, FrameMean, MOST_SIGMA};
use crate::outcome::search::Basin;
use crate::outcome::transport::{Rate, TransportPoint};
use crate::report::decay::{Joint, PHI, joint_rates, rates};
use crate::report::pairs::{ellipses, together};

/// c2 against the lag.
pub const CUTS: &str = "g2";
/// Direction of the flow.
pub const PHI0: &str = "phi0";
/// D(t), which is J(t).
pub const DIFFUSION: &str = "diffusion";
/// Mean of D(t) from the start: mean square displacement along one axis over its time.
pub const DISPLACEMENT: &str = "mean_diffusion";
/// gamma_dot(t).
pub const SHEAR_RATE: &str = "shear_rate";
/// Of every angle.
pub const CONTRAST: &str = "contrast";
/// Of every angle.
pub const OFFSET: &str = "offset";
/// chi-square per pair of every angle.
pub const CHI: &str = "chi2_by_angle";
/// Of every angle.
pub const SIGMA: &str = "sigma";
/// chi-square per pair by lag.
pub const CHI_BY_LAG: &str = "chi2_by_lag";
/// chi-square per pair by age.
pub const CHI_BY_AGE: &str = "chi2_by_age";
/// Histogram of residuals.
pub const RESIDUALS: &str = "residuals";
/// Mean of c2 over the pairs of every frame; the model is what is expected of the same pairs.
pub const FRAMES: &str = "frames";
/// Cost by iteration.
pub const CONVERGENCE: &str = "convergence";
/// Cost of the basins of a global search.
pub const BASINS: &str = "basins";

/// Of a result and what was seen of its angles; `joint` is h of the model at any azimuth in degrees, a mean over ages, by the lag in
/// frames.
#[must_use]
pub fn curves(outcome: &FitOutcome, pictures: &[AnglePicture], joint: Joint<'_>) -> Vec<Curve> {
    let dt_seconds = outcome.conditions.dt_seconds;
    let mut all = curves_of_data(pictures, dt_seconds);
    let rates = rates(outcome, pictures, joint);
    let direction = flow_direction(outcome, pictures, &rates);
    all.extend(joint_rates(outcome, pictures, joint));
    all.push(rates);
    all.extend(direction);
    all.extend(laws(&outcome.result.transport));
    all.extend(by_angle(&outcome.result.angles));
    all.push(by_lag(outcome));
    all.extend(by_age(pictures, &outcome.conditions));
    all.extend(residuals(pictures));
    let step = |(k, iteration): (usize, &crate::outcome::fit::Iteration)| CurvePoint {
        x: k as f64,
        y: Some(iteration.cost).filter(|_| iteration.accepted),
        ..CurvePoint::default()
    };
    let costs = outcome.result.iterations.iter().enumerate().map(step).filter(|point| point.y.is_some());
    all.push(Curve::of(CONVERGENCE, ["iteration", "cost"], costs.collect()));
    all.extend(basins(outcome));
    all.extend(ellipses(&together(&outcome.result)));
    all.retain(|curve| !curve.points.is_empty());
    all
}

fn cuts(picture: &AnglePicture, dt_seconds: f64) -> Vec<Curve> {
    let of_cut = |cut: &Cut| {
        let point = |point: &CutPoint| CurvePoint {
            x: point.lag_frames * dt_seconds,
            y: Some(point.data),
            y_error: point.error,
            model: point.fit,
        };
        Curve {
            phi_degrees: Some(picture.phi_degrees),
            segment: cut.segment.map(|segment| segment + 1),
            ..Curve::of(CUTS, ["lag (s)", "c2"], cut.points.iter().map(point).collect())
        }
    };
    picture.cuts.iter().map(of_cut).collect()
}

/// Of what was seen of one angle: cuts and frames.
#[must_use]
pub fn curves_of_angle(picture: &AnglePicture, dt_seconds: f64) -> Vec<Curve> {
    let mut curves = cuts(picture, dt_seconds);
    curves.push(frames(picture, dt_seconds));
    curves
}

/// The same of all angles: all there is without a fit.
#[must_use]
pub fn curves_of_data(pictures: &[AnglePicture], dt_seconds: f64) -> Vec<Curve> {
    pictures.iter().flat_map(|picture| curves_of_angle(picture, dt_seconds)).collect()
}

fn frames(picture: &AnglePicture, dt_seconds: f64) -> Curve {
    let point = |(k, mean): (usize, &Option<FrameMean>)| {
        let FrameMean { data, expected } = (*mean)?;
        Some(CurvePoint { x: k as f64 * dt_seconds, y: Some(data), y_error: None, model: Some(expected) })
    };
    let points = picture.frames.iter().enumerate().filter_map(point).collect();
    let phi_degrees = Some(picture.phi_degrees);
    Curve { phi_degrees, ..Curve::of(FRAMES, ["time of the frame (s)", "mean of c2 over its pairs"], points) }
}

/// A line at phi0, or where it comes again after 180 degrees among the angles.
fn flow_direction(outcome: &FitOutcome, pictures: &[AnglePicture], rates: &Curve) -> Option<Curve> {
    let found = outcome.result.parameters.iter().find(|found| found.name == "phi0")?;
    let most = rates.points.iter().filter_map(|point| point.y).fold(0.0, f64::max);
    let inside = |phi: f64| {
        let all = || pictures.iter().map(|picture| picture.phi_degrees);
        all().any(|other| other <= phi) && all().any(|other| other >= phi)
    };
    let x = [0.0, 180.0, -180.0].map(|turn| found.value + turn).into_iter().find(|phi| inside(*phi))?;
    let end = |y: f64| CurvePoint { x, y: Some(y), ..CurvePoint::default() };
    Some(Curve::of(PHI0, [PHI, "1/s"], vec![end(0.0), end(most)]))
}

/// D(t), its mean so far and gamma_dot(t).
#[must_use]
pub fn laws(transport: &[TransportPoint]) -> Vec<Curve> {
    let point = |t_seconds: f64, rate: Rate| CurvePoint {
        x: t_seconds,
        y: Some(rate.value),
        y_error: rate.uncertainty,
        model: None,
    };
    let diffusion = transport.iter().map(|at| point(at.t_seconds, at.diffusion)).collect();
    let shear = transport.iter().filter_map(|at| Some(point(at.t_seconds, at.shear_rate?))).collect();
    let mean = transport.iter().filter_map(|at| Some(point(at.t_seconds, at.mean_diffusion?))).collect();
    vec![
        Curve::of(DIFFUSION, ["time (s)", "D (angstrom^2/s)"], diffusion),
        Curve::of(DISPLACEMENT, ["time (s)", "mean of D (angstrom^2/s)"], mean),
        Curve::of(SHEAR_RATE, ["time (s)", "gamma_dot (1/s)"], shear),
    ]
}

/// A value and its standard error.
type WithError = (f64, Option<f64>);

fn by_angle(angles: &[AngleResult]) -> Vec<Curve> {
    let curve = |figure, label, of: fn(&AngleResult) -> Option<WithError>| {
        let point = |angle: &AngleResult| {
            of(angle).map(|(y, y_error)| CurvePoint { x: angle.phi_degrees, y: Some(y), y_error, model: None })
        };
        Curve::of(figure, [PHI, label], angles.iter().filter_map(point).collect())
    };
    vec![
        curve(CONTRAST, "contrast", |angle| Some((angle.contrast, angle.contrast_uncertainty))),
        curve(OFFSET, "offset", |angle| Some((angle.offset, angle.offset_uncertainty))),
        Curve::of(CHI, [PHI, "chi2 per pair"], angles.iter().filter_map(chi_of_angle).collect()),
        curve(SIGMA, "sigma of one c2 value", |angle| Some((angle.sigma?, None))),
    ]
}

/// Chi-square per pair; the model is what the noise lets expect, the error what it lets vary.
fn chi_of_angle(angle: &AngleResult) -> Option<CurvePoint> {
    let per_pair = |sum: f64| sum / angle.pairs.max(1) as f64;
    let expected = angle.expected_chi_squared;
    Some(CurvePoint {
        x: angle.phi_degrees,
        y: Some(per_pair(angle.chi_squared?)),
        y_error: expected.map(|expected| per_pair(expected.spread)),
        model: expected.map(|expected| per_pair(expected.value)),
    })
}

fn by_lag(outcome: &FitOutcome) -> Curve {
    let dt_seconds = outcome.conditions.dt_seconds;
    let point = |lag: &crate::outcome::fit::LagResult| CurvePoint {
        x: ((lag.first_lag_frames * lag.last_lag_frames) as f64).sqrt() * dt_seconds,
        y: Some(lag.chi_squared / lag.pairs.max(1) as f64),
        ..CurvePoint::default()
    };
    Curve::of(CHI_BY_LAG, ["lag (s)", "chi2 per pair"], outcome.result.lags.iter().map(point).collect())
}

fn by_age(pictures: &[AnglePicture], conditions: &Conditions) -> Option<Curve> {
    let n_ages = pictures.iter().map(|picture| picture.ages.len()).max().filter(|n| *n > 0)?;
    let seconds = conditions.n_frames as f64 * conditions.dt_seconds;
    let at_age = |k: usize| {
        let known = pictures.iter().filter_map(|picture| picture.ages.get(k));
        let (pairs, squares) = known.fold((0, 0.0), |(pairs, squares), (n, chi)| (pairs + n, squares + chi));
        let middle = (k as f64 + 0.5) / n_ages as f64 * seconds;
        (pairs > 0).then(|| CurvePoint { x: middle, y: Some(squares / pairs as f64), ..CurvePoint::default() })
    };
    let points = (0..n_ages).filter_map(at_age).collect();
    Some(Curve::of(CHI_BY_AGE, ["age (s)", "chi2 per pair"], points))
}

/// How much more the basins cost than the best one, on the sample that was searched; `None` where there is one only.
fn basins(outcome: &FitOutcome) -> Option<Curve> {
    let basins = &outcome.result.search.as_ref()?.basins;
    let best = basins.first().filter(|_| basins.len() > 1)?.sample_cost;
    let point = |(k, basin): (usize, &Basin)| CurvePoint {
        x: (k + 1) as f64,
        y: Some(basin.sample_cost - best),
        ..CurvePoint::default()
    };
    let points = basins.iter().enumerate().map(point).collect();
    Some(Curve::of(BASINS, ["basin, the best first", "cost above the best"], points))
}

/// Density of residuals of all angles, and that of the normal distribution.
fn residuals(pictures: &[AnglePicture]) -> Option<Curve> {
    let mut counts = vec![0_u64; 2 * MOST_SIGMA * BINS_PER_SIGMA];
    for picture in pictures {
        counts.iter_mut().zip(&picture.residuals).for_each(|(sum, count)| *sum += count);
    }
    let all: u64 = counts.iter().sum();
    let width = 1.0 / BINS_PER_SIGMA as f64;
    let point = |(k, count): (usize, &u64)| {
        let x = (k as f64 + 0.5) * width - MOST_SIGMA as f64;
        let normal = (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt();
        CurvePoint { x, y: Some(*count as f64 / (all as f64 * width)), y_error: None, model: Some(normal) }
    };
    (all > 0).then(|| {
        let points = counts.iter().enumerate().map(point).collect();
        Curve::of(RESIDUALS, ["residual (sigma)", "density"], points)
    })
}
