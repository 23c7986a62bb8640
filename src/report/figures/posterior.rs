//! Figures of a posterior, each from the curves of its name.

use crate::outcome::curves::Curve;
use crate::parameters::definitions::find;
use crate::report::curves::CUTS;
use crate::report::figures::lines::Figure;
use crate::report::figures::picture::Picture;
use crate::report::figures::posterior_rows::{forest, independent_draws, r_hat};
use crate::report::figures::style::{Axes, COLOURS, DATA, LINEAR, LOG_X, MODEL, band, line, points, scene};
use crate::report::posterior_curves::{
    AUTOCORRELATION, DRAWN_DIFFUSION, DRAWN_PAIRS, DRAWN_SHEAR_RATE, ENERGY, MARGINAL, RANK, TRACE,
};
use crate::report::posterior_cuts::DRAWN_CUTS;
use kuva::prelude::Plot;

/// Pairs whose draws are shown: the most correlated ones.
const MOST_PAIRS: usize = 6;

/// What is looked at first: all parameters in rows, marginals, laws, pairs.
#[must_use]
pub fn results(curves: &[Curve]) -> Vec<Figure> {
    let mut figures: Vec<Figure> = forest(curves).into_iter().chain(named(curves, MARGINAL).map(marginal)).collect();
    figures.extend(
        [(DRAWN_DIFFUSION, "D(t)"), (DRAWN_SHEAR_RATE, "gamma_dot(t)")]
            .into_iter()
            .filter_map(|law| bands(curves, law)),
    );
    figures
        .extend(named(curves, DRAWN_CUTS).filter(|curve| curve.segment == Some(50)).filter_map(|of| cut(curves, of)));
    let mut pairs: Vec<&Curve> = named(curves, DRAWN_PAIRS).collect();
    pairs.sort_by(|one, other| correlation(other).abs().total_cmp(&correlation(one).abs()));
    figures.extend(pairs.into_iter().take(MOST_PAIRS).map(pair));
    figures
}

/// Whether to believe it: R-hat and independent draws, walks, ranks, autocorrelations, energies.
#[must_use]
pub fn diagnostics(curves: &[Curve]) -> Vec<Figure> {
    let names: Vec<&'static str> = named(curves, MARGINAL).map(|curve| curve.x_label).collect();
    let mut figures: Vec<Figure> = [r_hat(curves), independent_draws(curves)].into_iter().flatten().collect();
    for name in names {
        figures.extend(of_chains(curves, TRACE, name));
        figures.extend(of_chains(curves, RANK, name));
    }
    let all: Vec<&Curve> = named(curves, AUTOCORRELATION).collect();
    let plots =
        all.iter().enumerate().map(|(k, curve)| line(&xy(curve), COLOURS[k % COLOURS.len()], Some(curve.y_label)));
    let plots: Vec<Plot> = plots.collect();
    if !plots.is_empty() {
        let caption = "How long a chain remembers: the sooner it falls to zero, the more its draws tell.";
        figures.push(figure(
            AUTOCORRELATION,
            "Autocorrelation of the draws",
            (plots, ["lag (draws)", "correlation"]),
            caption,
        ));
    }
    let energies: Vec<&Curve> = named(curves, ENERGY).collect();
    if let [levels, steps] = energies[..] {
        let plots = vec![line(&xy(levels), DATA, Some("energy")), line(&xy(steps), MODEL, Some("its step"))];
        let caption = "Steps that are much narrower than the energy itself say that chains explore it slowly.";
        figures.push(figure(ENERGY, "Energy of the walks", (plots, [levels.x_label, levels.y_label]), caption));
    }
    figures
}

fn named<'c>(curves: &'c [Curve], name: &'static str) -> impl Iterator<Item = &'c Curve> {
    curves.iter().filter(move |curve| curve.figure == name)
}

fn xy(curve: &Curve) -> Vec<(f64, f64)> {
    curve.points.iter().filter_map(|point| Some((point.x, point.y?))).collect()
}

/// A parameter with its unit; other words as they are.
fn axis(name: &str) -> String {
    match find(name).map(|known| known.unit) {
        None | Some("1") => name.to_owned(),
        Some(unit) => format!("{name} ({unit})"),
    }
}

fn figure(name: &str, title: &str, (plots, labels): (Vec<Plot>, [&str; 2]), caption: &'static str) -> Figure {
    let [x, y] = labels.map(axis);
    let drawn = scene(plots, title, [&x, &y], LINEAR);
    Figure { name: name.to_owned(), caption, picture: Picture::of(title, drawn) }
}

fn marginal(curve: &Curve) -> Figure {
    let model: Vec<(f64, f64)> = curve.points.iter().filter_map(|point| Some((point.x, point.model?))).collect();
    let mut plots = vec![line(&steps(curve), DATA, Some("draws"))];
    plots.extend((!model.is_empty()).then(|| line(&model, MODEL, Some("least squares"))));
    let (name, title) = (format!("{MARGINAL}_{}", curve.x_label), format!("Posterior of {}", curve.x_label));
    let caption = "Where the draws lean away from the normal curve, the interval of the posterior is the better one.";
    figure(&name, &title, (plots, [curve.x_label, curve.y_label]), caption)
}

/// A histogram as a line.
fn steps(curve: &Curve) -> Vec<(f64, f64)> {
    let points = xy(curve);
    let half = points.get(1).map_or(0.0, |next| 0.5 * (next.0 - points[0].0));
    points.iter().flat_map(|&(x, y)| [(x - half, y), (x + half, y)]).collect()
}

/// The curve of a name, an angle (if it has one) and a segment.
fn of_segment<'c>(
    curves: &'c [Curve],
    name: &'static str,
    (phi_degrees, segment): (Option<f64>, Option<usize>),
) -> Option<&'c Curve> {
    named(curves, name).find(|curve| curve.phi_degrees == phi_degrees && curve.segment == segment)
}

/// Another percentile of the same draws as a median.
fn edge(curves: &[Curve], median: &Curve, percent: usize) -> Option<Vec<f64>> {
    let curve = of_segment(curves, median.figure, (median.phi_degrees, Some(percent)))?;
    Some(xy(curve).into_iter().map(|point| point.1).collect())
}

/// Bands of 68 and 95 % of the draws around their median.
fn bands(curves: &[Curve], (name, law): (&'static str, &str)) -> Option<Figure> {
    let median = of_segment(curves, name, (None, Some(50)))?;
    let x: Vec<f64> = median.points.iter().map(|point| point.x).collect();
    let edge = |percent: usize| edge(curves, median, percent);
    let is_positive = edge(3)?.iter().all(|value| *value > 0.0);
    let mut plots = vec![band(&x, &edge(3)?, &edge(97)?, DATA), band(&x, &edge(16)?, &edge(84)?, DATA)];
    plots.push(line(&xy(median), DATA, None));
    let title = format!("Posterior of {law}");
    let drawn = scene(plots, &title, [median.x_label, median.y_label], Axes { log_y: is_positive, ..LOG_X });
    let caption = "Median of the draws with bands that hold 68 and 95 % of them.";
    Some(Figure { name: name.to_owned(), caption, picture: Picture::of(&title, drawn) })
}

/// Bands of c2 against the lag at one angle, over its data.
fn cut(curves: &[Curve], median: &Curve) -> Option<Figure> {
    let phi = median.phi_degrees?;
    let x: Vec<f64> = median.points.iter().map(|point| point.x).collect();
    let edge = |percent: usize| edge(curves, median, percent);
    let data = points(&xy(of_segment(curves, CUTS, (Some(phi), None))?), &[], DATA, Some("data"));
    let plots = vec![data, band(&x, &edge(3)?, &edge(97)?, MODEL), line(&xy(median), MODEL, Some("draws"))];
    let title = format!("Posterior of c2 at {phi:.1} degrees");
    let drawn = scene(plots, &title, [median.x_label, median.y_label], LOG_X);
    let caption =
        "Mean over ages, and the band that holds 95 % of the draws; data beside it are not what the model says.";
    Some(Figure { name: format!("{DRAWN_CUTS}_{phi:.1}"), caption, picture: Picture::of(&title, drawn) })
}

fn pair(curve: &Curve) -> Figure {
    let (name, title) = (
        format!("{DRAWN_PAIRS}_{}_{}", curve.x_label, curve.y_label),
        format!("{} against {}: correlation {:.2}", curve.y_label, curve.x_label, correlation(curve)),
    );
    let plots = vec![points(&xy(curve), &[], DATA, None)];
    let caption = "Draws of two parameters; a bent cloud is what an error bar cannot say.";
    figure(&name, &title, (plots, [curve.x_label, curve.y_label]), caption)
}

fn correlation(curve: &Curve) -> f64 {
    let points = xy(curve);
    let n = points.len().max(1) as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / n;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let sum = |of: &dyn Fn(f64, f64) -> f64| points.iter().map(|point| of(point.0 - x, point.1 - y)).sum::<f64>();
    sum(&|a, b| a * b) / (sum(&|a, _| a * a) * sum(&|_, b| b * b)).sqrt().max(f64::MIN_POSITIVE)
}

fn of_chains(curves: &[Curve], name: &'static str, parameter: &str) -> Option<Figure> {
    let own: Vec<&Curve> = named(curves, name).filter(|curve| curve.y_label == parameter).collect();
    let first = own.first()?;
    let plot = |(k, curve): (usize, &&Curve)| {
        let data = if name == RANK { steps(curve) } else { xy(curve) };
        line(&data, COLOURS[k % COLOURS.len()], None)
    };
    let plots = own.iter().enumerate().map(plot).collect();
    let (title, y_label, caption) = match name {
        RANK => (
            format!("Ranks of {parameter} in every chain"),
            "over what is expected",
            "Chains that agree are flat around one; a slope or a peak says that a chain was elsewhere.",
        ),
        _ => (
            format!("Walks of {parameter}"),
            first.y_label,
            "Chains that lie over one another and cross often have found the same; drifts and steps say that they have not.",
        ),
    };
    Some(figure(&format!("{name}_{parameter}"), &title, (plots, [first.x_label, y_label]), caption))
}
