//! The decay rate around the circle of directions: what the flow adds to diffusion is longest along it.

use crate::outcome::curves::{Curve, CurvePoint};
use crate::report::figures::picture::{INK, Picture};
use crate::report::figures::shapes::{anchored, dot, empty, polyline, words};
use crate::report::figures::style::{COLOURS, DATA, MANY, MODEL, SIZE, number};
use kuva::render::render::{Scene, TextAnchor};

/// Of its file.
pub const NAME: &str = "decay_rate_polar";
/// Rings with a number each.
const RINGS: u32 = 4;
const RADIUS: f64 = 112.0;
const TITLE: &str = "Decay rate around the circle of directions";

/// Rates by angle, those of the joint model between them, and the direction of the flow if there is one; `None` without at least two
/// angles.
#[must_use]
pub fn polar(rates: &Curve, joint: Option<&Curve>, flow_degrees: Option<f64>) -> Option<Picture> {
    let known: Vec<&CurvePoint> = rates.points.iter().filter(|point| point.y.is_some()).collect();
    let model = &joint.unwrap_or(rates).points;
    let longest =
        known.iter().copied().chain(model).flat_map(|point| [point.y, point.model]).flatten().fold(0.0, f64::max);
    if known.len() < 2 || longest <= 0.0 {
        return None;
    }
    let circle = Circle { middle: [SIZE[0] / 2.0, 172.0], per_unit: RADIUS / longest };
    let mut scene = empty(SIZE);
    circle.rings(&mut scene, longest);
    if let Some(phi) = flow_degrees {
        scene.elements.push(polyline(vec![circle.at(phi, longest), circle.at(phi + 180.0, longest)], COLOURS[3], 1.5));
        // Outside the numbers, and in the upper half: below stands what the rings are.
        let end = circle.at(phi.rem_euclid(180.0), 1.28 * longest);
        scene.elements.push(anchored("phi0", [end.0, end.1 + 4.0], 12, TextAnchor::Middle));
    }
    // Directions that differ by half a turn are the same: each is drawn twice.
    let mut around: Vec<(f64, f64)> = model
        .iter()
        .filter_map(|point| Some((point.x.rem_euclid(180.0), point.model?)))
        .flat_map(|(phi, model)| [(phi, model), (phi + 180.0, model)])
        .collect();
    around.sort_by(|one, other| one.0.total_cmp(&other.0));
    around.extend(around.first().copied());
    let size = if known.len() < MANY { 2.5 } else { 1.5 };
    for point in known {
        for turn in [0.0, 180.0] {
            scene.elements.push(dot(circle.at(point.x + turn, point.y.unwrap_or_default()), size, DATA));
        }
    }
    // As many angles as there may be hide a line below them, and large dots one above them.
    let line = around.iter().map(|(phi, model)| circle.at(*phi, *model)).collect();
    scene.elements.push(polyline(line, MODEL, 1.5));
    let legend = [("data", DATA), ("model", MODEL), ("phi0", COLOURS[3])];
    for (k, (name, colour)) in legend.into_iter().take(2 + usize::from(flow_degrees.is_some())).enumerate() {
        let y = 60.0 + 20.0 * k as f64;
        scene
            .elements
            .extend([polyline(vec![(420.0, y - 4.0), (436.0, y - 4.0)], colour, 3.0), words(name, [442.0, y], 12)]);
    }
    scene.elements.push(anchored(TITLE, [SIZE[0] / 2.0, 22.0], 15, TextAnchor::Middle));
    Some(Picture::of(TITLE, scene))
}

/// Where directions and rates lie.
struct Circle {
    middle: [f64; 2],
    per_unit: f64,
}

impl Circle {
    /// Directions run against the clock, from the right.
    fn at(&self, phi_degrees: f64, rate: f64) -> (f64, f64) {
        let (sin, cos) = phi_degrees.to_radians().sin_cos();
        let [x, y] = self.middle;
        (x + rate * self.per_unit * cos, y - rate * self.per_unit * sin)
    }

    fn rings(&self, scene: &mut Scene, longest: f64) {
        const GRID: &str = "#88888855";
        for ring in 1..=RINGS {
            let rate = longest * f64::from(ring) / f64::from(RINGS);
            let colour = if ring == RINGS { INK } else { GRID };
            scene.elements.push(polyline((0..=72).map(|k| self.at(5.0 * f64::from(k), rate)).collect(), colour, 1.0));
        }
        for phi in (0..180).step_by(30).map(f64::from) {
            scene.elements.push(polyline(vec![self.at(phi, longest), self.at(phi + 180.0, longest)], GRID, 1.0));
        }
        for phi in (0..360).step_by(30) {
            let (x, y) = self.at(f64::from(phi), 1.12 * longest);
            scene.elements.push(anchored(phi.to_string(), [x, y + 4.0], 11, TextAnchor::Middle));
        }
        let outer = format!("outer ring: {} 1/s; rings are a quarter of it apart", number(rounded(longest)));
        scene.elements.push(anchored(outer, [SIZE[0] / 2.0, SIZE[1] - 8.0], 12, TextAnchor::Middle));
    }
}

/// To three digits.
fn rounded(value: f64) -> f64 {
    format!("{value:.2e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directions_run_against_the_clock_from_the_right() {
        let circle = Circle { middle: [100.0, 100.0], per_unit: 10.0 };
        let near = |found: (f64, f64), expected: (f64, f64)| {
            (found.0 - expected.0).abs() < 1e-9 && (found.1 - expected.1).abs() < 1e-9
        };
        assert!(near(circle.at(0.0, 2.0), (120.0, 100.0)) && near(circle.at(90.0, 2.0), (100.0, 80.0)));
    }
}
