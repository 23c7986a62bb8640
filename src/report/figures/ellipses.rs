//! Every pair of parameters with the ellipses that hold both in 68 and 95 % of measurements. It takes them from their curves.

use crate::outcome::curves::Curve;
use crate::report::figures::picture::{Picture, Place};
use crate::report::figures::shapes::{anchored, area, empty, frame, upwards, words};
use crate::report::figures::style::COLOURS;
use crate::report::pairs::{PAIRS, Together};
use kuva::render::render::TextAnchor;

const PANEL: f64 = 96.0;
const GAP: f64 = 10.0;
const LEFT: f64 = 62.0;
const TOP: f64 = 34.0;
const BELOW: f64 = 56.0;
/// Type of names and numbers.
const TYPE: u32 = 13;
const SMALL_TYPE: u32 = 12;
/// Between lines of the latter.
const LINE: f64 = 15.0;
const TITLE: &str = "Parameters in pairs: ellipses hold both in 68 and 95 % of measurements";

/// Room that the title takes in any type of a page.
const TITLE_WIDTH: f64 = 520.0;

/// The figure; `None` with fewer than two free parameters.
#[must_use]
pub fn pairs(curves: &[Curve], together: &[Together]) -> Option<Picture> {
    let n = together.len().checked_sub(1).filter(|n| *n > 0)?;
    let side = n as f64 * (PANEL + GAP);
    let mut scene = empty([(LEFT + side).max(LEFT + TITLE_WIDTH) + 8.0, TOP + side + BELOW]);
    scene.elements.push(words(TITLE, [LEFT, 18.0], 13));
    for (row, vertical) in together.iter().enumerate().skip(1) {
        for (column, horizontal) in together.iter().enumerate().take(row) {
            let (x, y) = (LEFT + column as f64 * (PANEL + GAP), TOP + (row - 1) as f64 * (PANEL + GAP));
            let place = Place { x, y, width: PANEL, height: PANEL };
            let own = |curve: &&Curve| {
                curve.figure == PAIRS && curve.x_label == horizontal.name && curve.y_label == vertical.name
            };
            for curve in curves.iter().filter(own) {
                let points = curve.points.iter().filter_map(|point| Some((point.x, point.y?)));
                let at = |(a, b)| (horizontal.along(a, x, PANEL), vertical.along(b, y + PANEL, -PANEL));
                let corners: Vec<(f64, f64)> = points.map(at).collect();
                scene.elements.push(area(&corners, COLOURS[2], 0.4));
            }
            scene.elements.push(frame(place));
            // In the corner that the ellipse leans away from.
            let correlation = vertical.correlations[column];
            let (at, anchor) =
                if correlation > 0.0 { (4.0, TextAnchor::Start) } else { (PANEL - 4.0, TextAnchor::End) };
            scene.elements.push(anchored(format!("{correlation:.2}"), [x + at, y + 14.0], SMALL_TYPE, anchor));
        }
        let middle = TOP + (row as f64 - 0.5) * (PANEL + GAP) - 0.5 * GAP;
        let [value, error] = vertical.in_two_lines();
        scene.elements.extend([
            upwards(vertical.name, [14.0, middle], TYPE),
            upwards(value, [14.0 + LINE, middle], SMALL_TYPE),
            upwards(error, [14.0 + 2.0 * LINE, middle], SMALL_TYPE),
        ]);
    }
    for (column, horizontal) in together.iter().enumerate().take(n) {
        let (x, y) = (LEFT + column as f64 * (PANEL + GAP) + 0.5 * PANEL, TOP + side + 5.0);
        let [value, error] = horizontal.in_two_lines();
        scene.elements.extend([
            anchored(value, [x, y], SMALL_TYPE, TextAnchor::Middle),
            anchored(error, [x, y + LINE], SMALL_TYPE, TextAnchor::Middle),
            anchored(horizontal.name, [x, y + 2.0 * LINE + 2.0], TYPE, TextAnchor::Middle),
        ]);
    }
    Some(Picture::of(TITLE, scene))
}
