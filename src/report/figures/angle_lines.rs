//! Line figures of one angle, from its own curves: c2 against the lag, and its frames.

use crate::outcome::curves::{Curve, CurvePoint};
use crate::outcome::pictures::SEGMENTS;
use crate::report::curves::{CUTS, FRAMES};
use crate::report::figures::lines::{Figure, xy};
use crate::report::figures::picture::{Image, Picture, Place};
use crate::report::figures::shapes::{area, frame};
use crate::report::figures::style::{COLOURS, DATA, LINEAR, LOG_X, MODEL, SIZE, line, points, scene};
use crate::units::degrees;

/// c2 against the lag at one angle: all ages and the parts by age, which are bands on a small map beside them.
#[must_use]
pub fn cuts(curves: &[Curve], phi_degrees: f64, small: &Image) -> Option<Figure> {
    let mut own: Vec<&Curve> =
        curves.iter().filter(|curve| curve.figure == CUTS && curve.phi_degrees == Some(phi_degrees)).collect();
    // Parts would hide the whole, which lies between them.
    own.sort_by_key(|curve| curve.segment.is_none());
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
    let has_model = own.iter().any(|curve| has_model(curve));
    let has_errors = own.iter().any(|curve| curve.points.iter().any(|point| point.y_error.is_some()));
    own.first().map(|curve| {
        let title = format!("c2 against the lag at {phi} degrees");
        let drawn = scene(plots, &title, [curve.x_label, curve.y_label], LOG_X);
        let mut picture = Picture::of(&format!("{title}, all ages and five parts by age"), drawn);
        bands(&mut picture, small);
        let caption = match (has_model, has_errors) {
            (true, true) => "Points are means along diagonals with their standard errors, lines the model; parts are by age.",
            (true, false) => "Points are means along diagonals, lines the model; parts are by age. Errors are not known.",
            (false, true) => {
                "Points are means along diagonals with standard errors of independent noise; parts by age that differ by more say that the \
                 sample ages, or that few speckles were seen."
            }
            (false, false) => "Points are means along diagonals; parts by age that differ say that the sample ages.",
        };
        Figure { name: format!("g2_phi={phi}"), caption, picture }
    })
}

/// Which pairs the parts by age are, on the map: those whose middle lies in a fifth of the time.
fn bands(picture: &mut Picture, small: &Image) {
    let side = 72.0;
    let place = Place { x: SIZE[0] - side - 8.0, y: SIZE[1] - side - 46.0, width: side, height: side };
    picture.images.push(Image { place, ..small.clone() });
    // The line of pairs of one age runs from edge to edge, across the diagonal.
    let edge = |part: usize| {
        let reach = 2.0 * part as f64 / SEGMENTS as f64;
        let (far, near) = (reach.min(1.0), (reach - 1.0).max(0.0));
        [(far, near), (near, far)].map(|(t1, t2)| (place.x + side * t1, place.y + side * (1.0 - t2)))
    };
    for part in 0..SEGMENTS {
        let ([a, b], [d, c]) = (edge(part), edge(part + 1));
        // The band around the middle has the two corners off the diagonal besides.
        let is_middle = part == SEGMENTS / 2;
        let corner = |t1: f64, t2: f64| is_middle.then_some((place.x + side * t1, place.y + side * (1.0 - t2)));
        let band: Vec<(f64, f64)> =
            [a].into_iter().chain(corner(1.0, 0.0)).chain([d, c]).chain(corner(0.0, 1.0)).chain([b]).collect();
        picture.scene.elements.push(area(&band, COLOURS[part + 1], 0.55));
    }
    picture.scene.elements.push(frame(place));
}

/// Mean of c2 of every frame of one angle, less what is expected of its pairs: only so ends and gaps do not stand out.
#[must_use]
pub fn frames(curves: &[Curve], phi_degrees: f64) -> Option<Figure> {
    let named = |name: &str| curves.iter().find(|one| one.figure == name && one.phi_degrees == Some(phi_degrees));
    let (curve, phi) = (named(FRAMES)?, degrees(phi_degrees));
    let difference = |point: &CurvePoint| Some((point.x, point.y? - point.model?));
    let differences: Vec<(f64, f64)> = curve.points.iter().filter_map(difference).collect();
    let zero = [differences.first()?.0, differences.last()?.0].map(|x| (x, 0.0));
    let plots = vec![points(&differences, &[], DATA, None), line(&zero, MODEL, None)];
    let (less, caption) = match named(CUTS).is_some_and(has_model) {
        true => (
            "the model",
            "Mean over all pairs of a frame, less the model's mean over the same pairs. Slow waves are speckles that neighbours share; \
             single frames that stand out are bad frames or flashes of the beam: leave them out with masked_frames.",
        ),
        false => (
            "all ages",
            "Mean over all pairs of a frame, less that of all ages at the same lags. Slow waves are speckles that neighbours share, or a \
             sample that ages; single frames that stand out are bad frames or flashes of the beam: leave them out with masked_frames.",
        ),
    };
    let title = format!("Mean of c2 of every frame at {phi} degrees, less {less}");
    let drawn = scene(plots, &title, [curve.x_label, "difference of c2"], LINEAR);
    Some(Figure { name: format!("frames_phi={phi}"), caption, picture: Picture::of(&title, drawn) })
}

/// Whether points have one.
fn has_model(curve: &Curve) -> bool {
    curve.points.iter().any(|point| point.model.is_some())
}
