//! Line figures of all angles together, each from the curves of its name.

use crate::outcome::curves::{Curve, CurvePoint};
use crate::report::curves::{
    BASINS, CHI, CHI_BY_AGE, CHI_BY_LAG, CONTRAST, CONVERGENCE, DIFFUSION, DISPLACEMENT, OFFSET, PHI0, RESIDUALS,
    SHEAR_RATE, SIGMA,
};
use crate::report::decay::{JOINT_RATES, PHI, RATES};
use crate::report::figures::ellipses::pairs;
use crate::report::figures::picture::Picture;
use crate::report::figures::polar::{self, polar};
use crate::report::figures::style::{
    Axes, COLOURS, COUNTS, DATA, LAW, LINEAR, LOG_X, LOG_Y, MANY, MODEL, SLOPE, band, line, points, scene,
};
use crate::report::pairs::{PAIRS, Together};
use crate::report::tables::many_q::PowerLawCheck;
use kuva::prelude::Plot;

/// A figure with what to look for.
#[derive(Debug)]
pub struct Figure {
    /// Name of its file, without the ending.
    pub name: String,
    /// What to look for.
    pub caption: &'static str,
    /// What is drawn.
    pub picture: Picture,
}

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

const SINGLE: [About; 13] = [
    about(
        RATES,
        "Decay rate against the angle",
        "Points are fits of each angle alone (a stretched exponential of its mean over all ages); they lie on the line where one \
         model holds for all directions.",
        LINEAR,
    ),
    about(
        DIFFUSION,
        "Transport coefficient D(t) = J(t)",
        "Bands are 68 and 95 %; the time that was measured is shaded. c2 falls as exp(-q^2 int D dt): D is twice the diffusion \
         coefficient of simple diffusion.",
        LAW,
    ),
    about(
        DISPLACEMENT,
        "Mean of D(t) from the start",
        "The mean square displacement along one axis over the time it took: what a measurement of this length would call D. Bands are \
         68 and 95 %, the time that was measured is shaded.",
        LAW,
    ),
    about(SHEAR_RATE, "Shear rate gamma_dot(t)", "Bands are 68 and 95 %; the time that was measured is shaded.", LAW),
    about(
        CONTRAST,
        "Contrast of every angle",
        "With standard errors. A trend with the angle speaks against one shared contrast.",
        LINEAR,
    ),
    about(
        OFFSET,
        "Offset of every angle",
        "With standard errors. A trend with the angle speaks against one shared offset.",
        LINEAR,
    ),
    about(
        CHI,
        "chi2 per pair of every angle",
        "Bands hold at least 68 and 95 % of angles if their noise is what was found; one far beyond is not described by the model.",
        LINEAR,
    ),
    about(
        SIGMA,
        "Noise of one c2 value at every angle",
        "It follows the number of pixels of a bin. Without errors: values share frames, and what that does to chi2 is in its bands.",
        LINEAR,
    ),
    about(
        CHI_BY_LAG,
        "chi2 per pair by lag",
        "Where the model fails: flat means that all lags are described alike. Neighbouring lags share frames and speckles: smooth waves \
         are noise too, and the test of fit, which knows that, decides.",
        LOG_X,
    ),
    about(
        CHI_BY_AGE,
        "chi2 per pair by age",
        "A rise says that the sample or the beam has changed. Neighbouring ages share frames and speckles: smooth waves are noise too, \
         and the test of fit, which knows that, decides.",
        LINEAR,
    ),
    about(
        RESIDUALS,
        "Residuals in units of sigma",
        "The normal curve is what independent noise gives; speckles widen it. The outermost bins hold all beyond 6 sigma.",
        LOG_Y,
    ),
    about(
        CONVERGENCE,
        "Cost by iteration",
        "At every accepted step: half of chi-square, or of what a robust loss makes of it.",
        COUNTS,
    ),
    about(
        BASINS,
        "Basins of the global search",
        "A second basin as deep as the first says that the data do not choose between them.",
        COUNTS,
    ),
];

/// All figures of a result but those of single angles; of a simulation those of its laws.
#[must_use]
pub fn figures(curves: &[Curve], together: &[Together]) -> Vec<Figure> {
    let mut figures: Vec<Figure> = SINGLE.iter().filter_map(|about| single(curves, about)).collect();
    let named = |name: &'static str| move |curve: &&Curve| curve.figure == name;
    let flow = curves.iter().find(named(PHI0)).map(|curve| curve.points[0].x);
    let joint = curves.iter().find(named(JOINT_RATES));
    let around = curves.iter().find(named(RATES)).and_then(|rates| polar(rates, joint, flow));
    let add = |name: &str, caption: &'static str, picture: Picture| Figure { name: name.to_owned(), caption, picture };
    let around = around.map(|picture| {
        add(polar::NAME, "Points beside the line are angles that the joint model does not describe.", picture)
    });
    // Beside the same rates on straight axes.
    around.into_iter().for_each(|figure| figures.insert(1.min(figures.len()), figure));
    figures.extend(pairs(curves, together).map(|picture| {
        let caption = "Numbers are correlations; a thin slanted ellipse is a pair that the data hardly tell apart.";
        add(PAIRS, caption, picture)
    }));
    figures
}

/// The same of a simulation, whose laws are exact.
#[must_use]
pub fn figures_of_truth(curves: &[Curve]) -> Vec<Figure> {
    let mut figures = figures(curves, &[]);
    for figure in figures.iter_mut().filter(|figure| is_law(&figure.name)) {
        figure.caption = "The truth of the simulation, which has no uncertainty.";
    }
    figures
}

fn is_law(name: &str) -> bool {
    matches!(name, DIFFUSION | SHEAR_RATE | DISPLACEMENT)
}

fn single(curves: &[Curve], about: &About) -> Option<Figure> {
    let curve = curves.iter().find(|curve| curve.figure == about.curve)?;
    // What there is of a single angle stands in tables; a figure would be a dot.
    if curve.x_label == PHI && curve.points.len() < 2 {
        return None;
    }
    let positive = |point: &CurvePoint| point.y > Some(0.0);
    // A logarithm has no place for a flow that turns back.
    let is_straight = is_law(about.curve) && !curve.points.iter().all(positive);
    let axes = Axes { log_y: about.axes.log_y && !is_straight, ..about.axes };
    let mut plots = match about.curve {
        law if is_law(law) => with_bands(curve, axes),
        CONVERGENCE => vec![line(&xy(curve, |point| point.y), DATA, None)],
        RESIDUALS => beside_the_normal(curve),
        RATES => beside_the_joint(curve, curves),
        CHI => beside_the_expected(curve),
        _ => with_model(curve),
    };
    let direction = curves.iter().find(|curve| curve.figure == PHI0 && about.curve == RATES);
    plots.extend(direction.map(|curve| line(&xy(curve, |point| point.y), COLOURS[3], Some("phi0"))));
    let drawn = scene(plots, about.title, [curve.x_label, curve.y_label], axes);
    let (name, picture) = (about.curve.to_owned(), Picture::of(about.title, drawn));
    let has_bands = curve.points.iter().any(|point| point.y_error.is_some());
    let caption = match about.curve {
        law if is_law(law) && !has_bands => "Without bands: its uncertainty is not known.",
        CHI if !has_bands => "An angle that stands out is not described by the model, or its noise is another.",
        CONTRAST | OFFSET if is_shared(curve) => {
            "One number with its standard error for all angles: per_angle_mode individual shows whether they differ."
        }
        RATES if direction.is_some() => {
            "Points and line agree where one model holds for all directions; the flow is fastest along phi0."
        }
        _ => about.caption,
    };
    Some(Figure { name, caption, picture })
}

/// Longest error on a logarithmic axis, as a share of its value.
const LONGEST: f64 = 0.9;

/// D0 against q with the straight line that its exponent is told by.
#[must_use]
pub fn over_q(curve: &Curve, law: Option<&PowerLawCheck>) -> Figure {
    let title = law.map_or("D0 against q".to_owned(), |law| {
        format!("D0 against q: exponent {:.3} +- {:.3}", law.exponent, law.exponent_uncertainty)
    });
    // A logarithm has no place for errors that reach zero.
    let error = |point: &CurvePoint| point.y_error.unwrap_or(0.0).min(LONGEST * point.y.unwrap_or(0.0));
    let errors: Vec<f64> = curve.points.iter().map(error).collect();
    let (data, model) = (xy(curve, |point| point.y), xy(curve, |point| point.model));
    let mut plots = vec![points(&data, &errors, DATA, None)];
    plots.extend((!model.is_empty()).then(|| line(&model, MODEL, None)));
    let drawn = scene(plots, &title, [curve.x_label, curve.y_label], SLOPE);
    Figure {
        name: curve.figure.to_owned(),
        caption: "Simple diffusion does not depend on q: an exponent of zero within its error.",
        picture: Picture::of(&title, drawn),
    }
}

/// Points of a curve that have a value.
pub(super) fn xy(curve: &Curve, value: fn(&CurvePoint) -> Option<f64>) -> Vec<(f64, f64)> {
    curve.points.iter().filter_map(|point| Some((point.x, value(point)?))).collect()
}

/// Whether several angles have one number.
fn is_shared(curve: &Curve) -> bool {
    curve.points.len() > 1 && curve.points.iter().all(|point| point.y == curve.points[0].y)
}

fn with_model(curve: &Curve) -> Vec<Plot> {
    let model = xy(curve, |point| point.model);
    let mut plots = named_data(curve, (!model.is_empty()).then_some("data"));
    if !model.is_empty() {
        plots.push(line(&model, MODEL, Some("model")));
    }
    plots
}

/// Points with their errors: a band around many, bars of few.
fn named_data(curve: &Curve, name: Option<&str>) -> Vec<Plot> {
    let known: Vec<&CurvePoint> = curve.points.iter().filter(|point| point.y.is_some()).collect();
    let errors: Vec<f64> = known.iter().map(|point| point.y_error.unwrap_or(0.0)).collect();
    let data = xy(curve, |point| point.y);
    if known.len() < MANY || errors.iter().all(|error| *error <= 0.0) {
        return vec![points(&data, &errors, DATA, name)];
    }
    let around = |point: &&CurvePoint| Some((point.x, point.y?, point.y_error?));
    vec![band_around(known.iter().filter_map(around).collect(), 1.0, DATA), points(&data, &[], DATA, name)]
}

/// Rates of the angles, and between them the joint model's.
fn beside_the_joint(rates: &Curve, curves: &[Curve]) -> Vec<Plot> {
    let alone = Curve {
        points: rates.points.iter().map(|point| CurvePoint { model: None, ..*point }).collect(),
        ..rates.clone()
    };
    let Some(joint) = curves.iter().find(|curve| curve.figure == JOINT_RATES) else { return with_model(rates) };
    let last = rates.points.iter().map(|point| point.x).fold(f64::NEG_INFINITY, f64::max);
    let within: Vec<(f64, f64)> = xy(joint, |point| point.model).into_iter().filter(|(phi, _)| *phi <= last).collect();
    // As many angles as there may be hide a line below them, and as many bars.
    let mut plots = named_data(&alone, Some("data"));
    plots.push(line(&within, MODEL, Some("model")));
    plots
}

/// A band some errors wide around (x, y, error).
fn band_around(mut known: Vec<(f64, f64, f64)>, times: f64, colour: &str) -> Plot {
    known.sort_by(|one, other| one.0.total_cmp(&other.0));
    let of = |value: &dyn Fn(&(f64, f64, f64)) -> f64| known.iter().map(value).collect::<Vec<f64>>();
    band(&of(&|at| at.0), &of(&|at| at.1 - times * at.2), &of(&|at| at.1 + times * at.2), colour)
}

/// Chi-square of every angle, and the bands that hold 68 and 95 % of what the noise lets expect.
fn beside_the_expected(curve: &Curve) -> Vec<Plot> {
    let of = |point: &CurvePoint| Some((point.x, point.model?, point.y_error?));
    let mut known: Vec<(f64, f64, f64)> = curve.points.iter().filter_map(of).collect();
    known.sort_by(|one, other| one.0.total_cmp(&other.0));
    let data = points(&xy(curve, |point| point.y), &[], DATA, (!known.is_empty()).then_some("data"));
    if known.is_empty() {
        return vec![data];
    }
    let expected: Vec<(f64, f64)> = known.iter().map(|known| (known.0, known.1)).collect();
    let bands = [1.96, 1.0].map(|times| band_around(known.clone(), times, MODEL));
    bands.into_iter().chain([line(&expected, MODEL, Some("expected")), data]).collect()
}

/// Residuals, and the normal curve as far down as there are any: a logarithm has no place for bins without.
fn beside_the_normal(curve: &Curve) -> Vec<Plot> {
    let data: Vec<(f64, f64)> = xy(curve, |point| point.y.filter(|y| *y > 0.0));
    let least = data.iter().map(|point| point.1).fold(f64::INFINITY, f64::min);
    let mut normal = xy(curve, |point| point.model);
    normal.retain(|point| point.1 > BELOW_THE_LEAST * least);
    vec![line(&normal, MODEL, Some("normal")), points(&data, &[], DATA, Some("data"))]
}

/// How far below the least bin of residuals the normal curve is followed.
const BELOW_THE_LEAST: f64 = 0.5;

/// A law with its 68 and 95 % bands.
fn with_bands(curve: &Curve, axes: Axes) -> Vec<Plot> {
    let known: Vec<(f64, f64, f64)> =
        curve.points.iter().filter_map(|point| Some((point.x, point.y?, point.y_error?))).collect();
    let x: Vec<f64> = known.iter().map(|known| known.0).collect();
    // Logarithmic axes have no place for what is not positive.
    let least = |y: f64| if axes.log_y { 1e-3 * y.abs() } else { f64::NEG_INFINITY };
    let edge = |times: f64| -> Vec<f64> { known.iter().map(|(_, y, e)| (y + times * e).max(least(*y))).collect() };
    let mut plots: Vec<Plot> = Vec::new();
    if !x.is_empty() {
        plots.extend([1.96, 1.0].map(|times| band(&x, &edge(-times), &edge(times), DATA)));
    }
    plots.push(line(&xy(curve, |point| point.y), DATA, None));
    plots
}

#[cfg(test)]
mod tests {
    use super::*;
    use kuva::render::render::Primitive;

    #[test]
    fn an_exponent_is_read_from_logarithmic_axes_however_little_they_span() {
        let d0 = |k: f64| CurvePoint { x: 0.004 + 0.0004 * k, y: Some(1.9e4 + k), y_error: Some(3e4), model: None };
        let figure = over_q(&curve("d0_over_q", 4, d0), None);
        let texts: Vec<String> = figure.picture.scene.elements.iter().filter_map(text).collect();
        for mark in ["2000", "5000", "20000"] {
            assert!(texts.iter().any(|text| text == mark), "{mark}: {texts:?}");
        }
    }

    fn text(shape: &Primitive) -> Option<String> {
        match shape {
            Primitive::Text { content, .. } => Some(content.clone()),
            _ => None,
        }
    }

    fn curve(name: &'static str, n: usize, point: impl Fn(f64) -> CurvePoint) -> Curve {
        Curve::of(name, ["phi (degree)", "value"], (0..n).map(|k| point(k as f64)).collect())
    }

    fn bands(plots: &[Plot]) -> usize {
        plots.iter().filter(|plot| matches!(plot, Plot::Band(_))).count()
    }

    #[test]
    fn what_noise_lets_expect_of_every_angle_is_two_bands() {
        let chi = |x: f64| CurvePoint { x, y: Some(1.3), y_error: Some(0.1), model: Some(1.0) };
        for n in [2, 60] {
            let plots = beside_the_expected(&curve(CHI, n, chi));
            let Plot::Band(wide) = &plots[0] else { panic!("a band") };
            assert_eq!((bands(&plots), wide.x.len()), (2, n));
            assert!((wide.y_lower[0] - 0.804).abs() < 1e-9 && (wide.y_upper[0] - 1.196).abs() < 1e-9);
            assert!(matches!(plots.last(), Some(Plot::Scatter(_))), "the angles lie on top");
        }
        let unknown = curve(CHI, 3, |x| CurvePoint { y_error: None, model: None, ..chi(x) });
        assert_eq!(beside_the_expected(&unknown).len(), 1);
        let about = SINGLE.iter().find(|about| about.curve == CHI).expect("a figure");
        let figure = |curve: Curve| single(&[curve], about).expect("drawn").caption;
        assert!(figure(curve(CHI, 3, chi)).contains("95 %") && !figure(unknown).contains("95 %"));
        assert!(single(&[curve(CHI, 1, chi)], about).is_none(), "one angle stands in the table");
    }

    #[test]
    fn errors_of_many_angles_are_a_band_and_those_of_few_are_bars() {
        let contrast = |x: f64| CurvePoint { x, y: Some(0.1 + 1e-4 * x), y_error: Some(0.01), model: None };
        assert_eq!([6, 100].map(|n| bands(&with_model(&curve(CONTRAST, n, contrast)))), [0, 1]);
        let without = curve(SIGMA, 100, |x| CurvePoint { y_error: None, ..contrast(x) });
        assert_eq!(bands(&with_model(&without)), 0);
    }

    #[test]
    fn one_contrast_for_all_angles_has_no_trend_to_look_for() {
        let about = SINGLE.iter().find(|about| about.curve == CONTRAST).expect("a figure");
        let caption = |slope: f64| {
            let point = |x: f64| CurvePoint { x, y: Some(0.1 + slope * x), y_error: Some(0.01), model: None };
            single(&[curve(CONTRAST, 6, point)], about).expect("drawn").caption
        };
        assert!(caption(0.0).contains("for all angles") && caption(1e-3).contains("trend"));
    }

    #[test]
    fn the_joint_model_lies_over_the_rates_of_the_angles() {
        let rates = curve(RATES, 100, |x| CurvePoint { x, y: Some(1.0), y_error: Some(0.1), model: Some(1.0) });
        let joint = curve(JOINT_RATES, 100, |x| CurvePoint { x, model: Some(1.0), ..CurvePoint::default() });
        let plots = beside_the_joint(&rates, &[joint]);
        assert!(matches!(plots.last(), Some(Plot::Line(_))), "a hundred points would hide it");
        assert_eq!(bands(&plots), 1, "and a hundred bars");
    }
}
