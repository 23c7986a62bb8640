//! Line figures, each from the curves of its name.

use crate::outcome::curves::{Curve, CurvePoint};
use crate::report::curves::{
    CHI, CHI_BY_AGE, CHI_BY_LAG, CONTRAST, CONVERGENCE, CUTS, DIFFUSION, DISPLACEMENT, FRAMES, OFFSET, PHI0, RATES,
    RESIDUALS, SHEAR_RATE, SIGMA,
};
use crate::report::figures::style::{Axes, COLOURS, DATA, MODEL, band, line, points, standing_alone, svg};
use crate::report::tables::many_q::{self, Point, PowerLawCheck, QRow};
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

/// A figure of one curve.
struct About {
    curve: &'static str,
    title: &'static str,
    caption: &'static str,
    axes: Axes,
}

const fn about(curve: &'static str, title: &'static str, caption: &'static str, axes: Axes) -> About {
    About { curve, title, caption, axes }
}

const SINGLE: [About; 12] = [
    about(
        RATES,
        "Decay rate against the angle",
        "Points and line agree where one model holds for all directions; the flow is fastest along phi0.",
        LINEAR,
    ),
    about(
        DIFFUSION,
        "Diffusion coefficient D(t)",
        "Bands are 68 and 95 %. A law that is determined has a narrow band over the whole measurement.",
        LOG_BOTH,
    ),
    about(
        DISPLACEMENT,
        "Mean of D(t) from the start",
        "What a measurement of this length would call the diffusion coefficient.",
        LOG_BOTH,
    ),
    about(SHEAR_RATE, "Shear rate gamma_dot(t)", "Bands are 68 and 95 %.", LOG_BOTH),
    about(CONTRAST, "Contrast of every angle", "A trend with the angle speaks against one shared contrast.", LINEAR),
    about(OFFSET, "Offset of every angle", "A trend with the angle speaks against one shared offset.", LINEAR),
    about(
        CHI,
        "chi2 per pair of every angle",
        "An angle that stands out is not described by the model, or its noise is another.",
        LINEAR,
    ),
    about(SIGMA, "Noise of one c2 value at every angle", "It follows the number of pixels of a bin.", LINEAR),
    about(
        CHI_BY_LAG,
        "chi2 per pair by lag",
        "Where the model fails: flat means that all lags are described alike.",
        LOG_X,
    ),
    about(CHI_BY_AGE, "chi2 per pair by age", "A rise says that the sample or the beam has changed.", LINEAR),
    about(
        RESIDUALS,
        "Residuals in units of sigma",
        "The normal curve is what independent noise gives; speckles widen it.",
        LOG_Y,
    ),
    about(CONVERGENCE, "Cost by iteration", "Half of chi-square at every accepted step.", LINEAR),
];

/// All figures of a result but the cuts of single angles.
#[must_use]
pub fn figures(curves: &[Curve]) -> Vec<Figure> {
    let of_curve = |about: &About| {
        let curve = curves.iter().find(|curve| curve.figure == about.curve)?;
        let positive = |point: &&CurvePoint| point.y > Some(0.0);
        let mut plots = match about.curve {
            DIFFUSION | SHEAR_RATE => with_bands(curve),
            DISPLACEMENT | CONVERGENCE => vec![line(&xy(curve, |point| point.y), DATA, None)],
            // A logarithm has no place for bins without residuals.
            RESIDUALS => {
                with_model(&Curve { points: curve.points.iter().filter(positive).copied().collect(), ..curve.clone() })
            }
            _ => with_model(curve),
        };
        let direction = curves.iter().find(|curve| curve.figure == PHI0 && about.curve == RATES);
        plots.extend(direction.map(|curve| line(&xy(curve, |point| point.y), COLOURS[3], Some("phi0"))));
        Some(Figure {
            name: about.curve.to_owned(),
            title: about.title.to_owned(),
            caption: about.caption,
            svg: svg(plots, about.title, [curve.x_label, curve.y_label], about.axes),
        })
    };
    SINGLE.iter().filter_map(of_curve).collect()
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
        let model = xy(curve, |point| point.model);
        plots.extend((!model.is_empty()).then(|| line(&model, colour, None)));
    }
    let phi = degrees(phi_degrees);
    let has_model = own.iter().any(|curve| curve.points.iter().any(|point| point.model.is_some()));
    own.first().map(|curve| Figure {
        name: format!("g2_phi={phi}"),
        title: format!("c2 against the lag at {phi} degrees, data and fit, all ages and five parts by age"),
        caption: match has_model {
            true => "Points are means along diagonals with their standard errors, lines the fit; parts are by age.",
            false => "Points are means along diagonals; parts by age that differ say that the sample ages.",
        },
        svg: svg(plots, &format!("c2 against the lag at {phi} degrees"), [curve.x_label, curve.y_label], LOG_X),
    })
}

/// Mean of c2 of every frame of one angle.
#[must_use]
pub fn frames(curves: &[Curve], phi_degrees: f64) -> Option<Figure> {
    let curve = curves.iter().find(|curve| curve.figure == FRAMES && curve.phi_degrees == Some(phi_degrees))?;
    let phi = degrees(phi_degrees);
    let title = format!("Mean of c2 over the pairs of every frame at {phi} degrees");
    Some(Figure {
        name: format!("frames_phi={phi}"),
        caption: "Frames that stand out are bad frames or flashes of the beam: leave them out with masked_frames.",
        svg: svg(with_model(curve), &title, [curve.x_label, curve.y_label], LINEAR),
        title,
    })
}

/// D0 against q with the straight line that its exponent is told by; `None` with fewer than two points.
#[must_use]
pub fn over_q(rows: &[QRow], law: Option<&PowerLawCheck>) -> Option<String> {
    let known: Vec<Point> = many_q::points(rows).into_iter().filter(|point| point.value > 0.0).collect();
    let data: Vec<(f64, f64)> = known.iter().map(|point| (point.q_per_angstrom, point.value)).collect();
    let errors: Vec<f64> = known.iter().map(|point| point.error).collect();
    let title = law.map_or("D0 against q".to_owned(), |law| {
        format!("D0 against q: exponent {:.3} +- {:.3}", law.exponent, law.exponent_uncertainty)
    });
    let mut plots = vec![points(&data, &errors, DATA, None)];
    plots.extend(law.filter(|_| data.len() > 1).map(|law| {
        // Through the points as a whole, in logarithms.
        let mean = |value: fn(&(f64, f64)) -> f64| data.iter().map(value).sum::<f64>() / data.len() as f64;
        let (q, d0) = (mean(|point| point.0.ln()), mean(|point| point.1.ln()));
        let along = |&(x, _): &(f64, f64)| (x, (d0 + law.exponent * (x.ln() - q)).exp());
        line(&data.iter().map(along).collect::<Vec<(f64, f64)>>(), MODEL, None)
    }));
    (data.len() > 1).then(|| standing_alone(&svg(plots, &title, ["q (1/angstrom)", "D0 (angstrom^2/s)"], LOG_BOTH)))
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
