//! Line figures, each from the curves of its name.

use crate::outcome::curves::{Curve, CurvePoint};
use crate::report::curves::{
    CHI, CHI_BY_AGE, CHI_BY_LAG, CONTRAST, CONVERGENCE, CUTS, DIFFUSION, DISPLACEMENT, OFFSET, RATES, RESIDUALS,
    SHEAR_RATE, SIGMA,
};
use crate::report::figures::style::{Axes, COLOURS, DATA, MODEL, band, line, points, svg};
use crate::units::degrees;
use kuva::prelude::Plot;

/// A figure with what to look for.
#[derive(Debug, Clone)]
pub struct Figure {
    /// Name of its file.
    pub name: String,
    /// What it shows: its text alternative.
    pub title: String,
    /// What to look for.
    pub caption: &'static str,
    /// The picture.
    pub svg: String,
}

const LOG_X: Axes = Axes { log_x: true, log_y: false };
const LOG_BOTH: Axes = Axes { log_x: true, log_y: true };
const LINEAR: Axes = Axes { log_x: false, log_y: false };
const LOG_Y: Axes = Axes { log_x: false, log_y: true };

/// Title, caption and axes of the figures of one curve.
const SINGLE: [(&str, &str, &str, Axes); 10] = [
    (
        RATES,
        "Decay rate against the angle",
        "Points and line agree where one model holds for all directions; the flow is fastest along phi0.",
        LINEAR,
    ),
    (
        DIFFUSION,
        "Diffusion coefficient D(t)",
        "Bands are 68 and 95 %. A law that is determined has a narrow band over the whole measurement.",
        LOG_BOTH,
    ),
    (
        DISPLACEMENT,
        "Mean of D(t) from the start",
        "What a measurement of this length would call the diffusion coefficient.",
        LOG_BOTH,
    ),
    (SHEAR_RATE, "Shear rate gamma_dot(t)", "Bands are 68 and 95 %.", LOG_BOTH),
    (CONTRAST, "Contrast of every angle", "A trend with the angle speaks against one shared contrast.", LINEAR),
    (OFFSET, "Offset of every angle", "A trend with the angle speaks against one shared offset.", LINEAR),
    (
        CHI,
        "chi2 per pair of every angle",
        "An angle that stands out is not described by the model, or its noise is another.",
        LINEAR,
    ),
    (SIGMA, "Noise of one c2 value at every angle", "It follows the number of pixels of a bin.", LINEAR),
    (CHI_BY_LAG, "chi2 per pair by lag", "Where the model fails: flat means that all lags are described alike.", LOG_X),
    (CHI_BY_AGE, "chi2 per pair by age", "A rise says that the sample or the beam has changed.", LINEAR),
];

/// All figures of a result but the cuts of single angles.
#[must_use]
pub fn figures(curves: &[Curve]) -> Vec<Figure> {
    let mut all = Vec::new();
    for (name, title, caption, axes) in SINGLE {
        let Some(curve) = curves.iter().find(|curve| curve.figure == name) else { continue };
        let plots = if matches!(name, DIFFUSION | SHEAR_RATE) { with_bands(curve) } else { with_model(curve) };
        all.push(figure(curve, (name, title, caption), plots, axes));
    }
    if let Some(curve) = curves.iter().find(|curve| curve.figure == RESIDUALS) {
        let about = (
            RESIDUALS,
            "Residuals in units of sigma",
            "The normal curve is what independent noise gives; speckles widen it.",
        );
        let positive = Curve {
            points: curve.points.iter().filter(|point| point.y > Some(0.0)).copied().collect(),
            ..curve.clone()
        };
        all.push(figure(curve, about, with_model(&positive), LOG_Y));
    }
    if let Some(curve) = curves.iter().find(|curve| curve.figure == CONVERGENCE) {
        let about = (CONVERGENCE, "Cost by iteration", "Half of chi-square at every accepted step.");
        all.push(figure(curve, about, vec![line(&xy(curve, |point| point.y), DATA, None)], LINEAR));
    }
    all
}

/// c2 against the lag at one angle: all ages and the segments.
#[must_use]
pub fn cuts(curves: &[Curve], phi_degrees: f64) -> Option<Figure> {
    let own: Vec<&Curve> =
        curves.iter().filter(|curve| curve.figure == CUTS && curve.phi_degrees == Some(phi_degrees)).collect();
    let mut plots = Vec::new();
    for curve in &own {
        let name = curve.segment.map_or("all ages".to_owned(), |segment| format!("fifth {segment}"));
        let colour = COLOURS[curve.segment.unwrap_or(0) % COLOURS.len()];
        let errors: Vec<f64> = curve.points.iter().map(|point| point.y_error.unwrap_or(0.0)).collect();
        plots.push(points(&xy(curve, |point| point.y), &errors, colour, Some(&name)));
        plots.push(line(&xy(curve, |point| point.model), colour, None));
    }
    let phi = degrees(phi_degrees);
    own.first().map(|curve| Figure {
        name: format!("g2_phi={phi}"),
        title: format!("c2 against the lag at {phi} degrees, data and fit, all ages and five parts by age"),
        caption: "Points are means along diagonals with their standard errors, lines the fit.",
        svg: svg(plots, &format!("c2 against the lag at {phi} degrees"), [curve.x_label, curve.y_label], LOG_X),
    })
}

fn figure(curve: &Curve, (name, title, caption): (&str, &str, &'static str), plots: Vec<Plot>, axes: Axes) -> Figure {
    Figure {
        name: name.to_owned(),
        title: title.to_owned(),
        caption,
        svg: svg(plots, title, [curve.x_label, curve.y_label], axes),
    }
}

fn xy(curve: &Curve, value: fn(&CurvePoint) -> Option<f64>) -> Vec<(f64, f64)> {
    curve.points.iter().filter_map(|point| Some((point.x, value(point)?))).collect()
}

fn with_model(curve: &Curve) -> Vec<Plot> {
    let known: Vec<&CurvePoint> = curve.points.iter().filter(|point| point.y.is_some()).collect();
    let errors: Vec<f64> = known.iter().map(|point| point.y_error.unwrap_or(0.0)).collect();
    let (data, model) = (xy(curve, |point| point.y), xy(curve, |point| point.model));
    let mut plots = vec![points(&data, &errors, DATA, (!model.is_empty()).then_some("data"))];
    if !model.is_empty() {
        plots.push(line(&model, MODEL, Some("model")));
    }
    plots
}

/// A law with its 68 and 95 % bands.
fn with_bands(curve: &Curve) -> Vec<Plot> {
    let known: Vec<(f64, f64, f64)> =
        curve.points.iter().filter_map(|point| Some((point.x, point.y?, point.y_error?))).collect();
    let x: Vec<f64> = known.iter().map(|known| known.0).collect();
    // Logarithmic axes have no place for what is not positive.
    let edge = |times: f64| -> Vec<f64> { known.iter().map(|(_, y, e)| (y + times * e).max(1e-3 * y.abs())).collect() };
    let mut plots: Vec<Plot> = Vec::new();
    if !x.is_empty() {
        plots.extend([1.96, 1.0].map(|times| band(&x, &edge(-times), &edge(times), DATA)));
    }
    plots.push(line(&xy(curve, |point| point.y), DATA, None));
    plots
}
