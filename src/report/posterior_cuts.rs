//! From the draws of a posterior to bands of c2 against the lag. It draws nothing.

use crate::outcome::curves::{Curve, CurvePoint};
use crate::outcome::fit::{AngleResult, FitOutcome};
use crate::outcome::pictures::{AnglePicture, CutPoint};
use crate::outcome::posterior::{Draw, PosteriorResult};
use crate::parameters::scaling::ScalingMode;
use crate::report::posterior_curves::{percentiles, some, theta};

/// c2 against the lag, of draws: segment is the percentile, as of the laws.
pub const DRAWN_CUTS: &str = "posterior_g2";

/// Draws that are followed.
const MOST_DRAWS: usize = 100;

/// The mean over ages of h at a theta, an azimuth in degrees and a lag in frames, for some lags.
pub type MeanH<'a> = &'a dyn Fn(&[f64], f64, &[usize]) -> Vec<f64>;

/// Bands of some angles, by their numbers. Draws add to the line of the fit what they differ from it by.
#[must_use]
pub fn drawn_cuts(
    posterior: &PosteriorResult,
    outcome: &FitOutcome,
    pictures: &[(usize, &AnglePicture)],
    mean_h: MeanH<'_>,
) -> Vec<Curve> {
    let fitted: Vec<f64> = outcome.result.parameters.iter().map(|found| found.value).collect();
    let mut curves = Vec::new();
    for (angle, picture) in pictures {
        let Some(cut) = picture.cuts.iter().find(|cut| cut.segment.is_none()) else { continue };
        let points: Vec<(&CutPoint, f64)> = cut.points.iter().filter_map(|point| Some((point, point.fit?))).collect();
        let lags: Vec<usize> = points.iter().map(|(point, _)| point.lag_frames.round() as usize).collect();
        let own = &outcome.result.angles[*angle];
        let line = |theta: &[f64], (contrast, offset): (f64, f64)| -> Vec<f64> {
            mean_h(theta, picture.phi_degrees, &lags).iter().map(|h| offset + contrast * h).collect()
        };
        let at_fit = line(&fitted, (own.contrast_fitted, own.offset));
        let drawn = some(posterior, MOST_DRAWS).filter_map(|draw| {
            Some(line(&theta(posterior, outcome, draw), scaling(posterior, (outcome, own, *angle), draw)?))
        });
        let drawn: Vec<Vec<f64>> = drawn.collect();
        let at = |k: usize| -> Vec<f64> { drawn.iter().map(|line| points[k].1 + line[k] - at_fit[k]).collect() };
        let columns =
            points.iter().enumerate().map(|(k, (point, _))| (point.lag_frames * outcome.conditions.dt_seconds, at(k)));
        for (percent, values) in percentiles(columns.collect()) {
            let points = values.into_iter().map(|(x, y)| CurvePoint { x, y: Some(y), ..CurvePoint::default() });
            curves.push(Curve {
                phi_degrees: Some(picture.phi_degrees),
                segment: Some(percent),
                ..Curve::of(DRAWN_CUTS, ["lag (s)", "c2"], points.collect())
            });
        }
    }
    curves
}

/// Contrast and offset of a draw at an angle; `None` where they are a series.
fn scaling(
    posterior: &PosteriorResult,
    (outcome, own, angle): (&FitOutcome, &AngleResult, usize),
    draw: &Draw,
) -> Option<(f64, f64)> {
    let value = |what: &str, index: usize| {
        let name = format!("{what}[{index}]");
        posterior.numbers.iter().position(|number| number.name == name).map(|k| draw.values[k])
    };
    let n = posterior.numbers.iter().filter(|number| number.name.starts_with("contrast[")).count();
    let index = match n {
        0 => return Some((own.contrast_fitted, own.offset)),
        1 => 0,
        n if n == outcome.result.angles.len() && outcome.result.scaling_mode != ScalingMode::Fourier => angle,
        _ => return None,
    };
    Some((value("contrast", index)?, value("offset", index)?))
}
