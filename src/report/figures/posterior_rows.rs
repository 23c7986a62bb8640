//! Figures with a row for every parameter of a posterior: intervals beside least squares, and whether the chains are to be believed.

use crate::outcome::curves::{Curve, CurvePoint};
use crate::report::figures::lines::Figure;
use crate::report::figures::picture::{INK, Picture};
use crate::report::figures::shapes::{anchored, area, dot, empty, polyline, words};
use crate::report::figures::style::{COLOURS, DATA, MODEL, SIZE, rounded};
use crate::report::posterior_curves::{FOREST, INDEPENDENT, R_HAT};
use kuva::render::render::{Scene, TextAnchor};
use kuva::render::render_utils::generate_ticks;

const LEFT: f64 = 150.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 40.0;
const ROW: f64 = 28.0;
/// Below the last row: numbers and what they are.
const BOTTOM: f64 = 44.0;
const GRID: &str = "#88888855";

/// 68 and 95 % of the draws of every parameter, beside least squares; `None` where it has no errors.
#[must_use]
pub fn forest(curves: &[Curve]) -> Option<Figure> {
    let rows = of(curves, FOREST)?;
    let all = || rows.iter().flat_map(|row| row.points.iter().filter_map(|point| point.y));
    let range = [all().fold(-1.0, f64::min), all().fold(1.0, f64::max)];
    let mut sheet = Sheet::new(&rows, "Posterior of all parameters beside least squares", range);
    sheet.between([-1.0, 1.0]);
    for (k, row) in rows.iter().enumerate() {
        let ends: Vec<f64> = row.points.iter().filter_map(|point| point.y).collect();
        let [outer, inner, median, to_inner, to_outer] = ends[..] else { continue };
        sheet.line(k, [outer, to_outer], 1.5);
        sheet.line(k, [inner, to_inner], 5.0);
        sheet.dot(k, median, DATA);
    }
    let caption = "Medians with 68 % (thick) and 95 % (thin) of the draws; the band is the standard error of least squares. Where they differ, \
                   the cost is no parabola and the draws are right.";
    Some(sheet.figure(FOREST, caption))
}

/// Whether chains agree.
#[must_use]
pub fn r_hat(curves: &[Curve]) -> Option<Figure> {
    limited(curves, R_HAT, "R-hat of every parameter", "Chains that agree lie left of the line.", 1.0)
}

/// Whether they have drawn enough.
#[must_use]
pub fn independent_draws(curves: &[Curve]) -> Option<Figure> {
    let caption =
        "Bars are independent draws of the mean, orange ones of the ends of intervals: both have to reach the line.";
    limited(curves, INDEPENDENT, "Independent draws of every parameter", caption, 0.0)
}

/// Bars from where nothing is wrong, or nothing is there, and the limit.
fn limited(curves: &[Curve], name: &'static str, title: &str, caption: &'static str, from: f64) -> Option<Figure> {
    let rows = of(curves, name)?;
    let limit = rows.iter().find_map(|row| row.points.first()?.model)?;
    let both = |point: &CurvePoint| [point.y, point.model];
    let most = rows.iter().flat_map(|row| row.points.iter().flat_map(both)).flatten().fold(limit, f64::max);
    let mut sheet = Sheet::new(&rows, title, [from, from + 1.05 * (most - from)]);
    for (k, row) in rows.iter().enumerate() {
        let colours = [DATA, COLOURS[4]];
        for ((point, colour), beside) in row.points.iter().zip(colours).zip([-3.0, 3.0]) {
            let Some(y) = point.y else { continue };
            sheet.bar(k, [from, y], colour, if row.points.len() == 1 { 0.0 } else { beside });
        }
    }
    sheet.limit(limit);
    Some(sheet.figure(name, caption))
}

/// The curves of a name, one per parameter.
fn of<'c>(curves: &'c [Curve], name: &'static str) -> Option<Vec<&'c Curve>> {
    let rows: Vec<&Curve> = curves.iter().filter(|curve| curve.figure == name).collect();
    (!rows.is_empty()).then_some(rows)
}

/// Rows below one another over one axis.
struct Sheet {
    scene: Scene,
    title: String,
    range: [f64; 2],
    rows: usize,
}

impl Sheet {
    fn new(rows: &[&Curve], title: &str, [from, to]: [f64; 2]) -> Self {
        let free = 0.03 * (to - from);
        let range = [from - free, to + free];
        let scene = empty([SIZE[0], TOP + ROW * rows.len() as f64 + BOTTOM]);
        let mut sheet = Sheet { scene, title: title.to_owned(), range, rows: rows.len() };
        let bottom = sheet.bottom();
        for tick in generate_ticks(from, to, 5).into_iter().filter(|tick| (range[0]..=range[1]).contains(tick)) {
            let x = sheet.x(tick);
            let number = anchored(rounded(tick, 6), [x, bottom + 16.0], 12, TextAnchor::Middle);
            sheet.scene.elements.extend([polyline(vec![(x, TOP), (x, bottom)], GRID, 1.0), number]);
        }
        for (k, row) in rows.iter().enumerate() {
            sheet.scene.elements.push(anchored(row.x_label, [LEFT - 10.0, sheet.y(k) + 4.0], 12, TextAnchor::End));
        }
        let label = rows.first().map_or("", |row| row.y_label);
        let middle = 0.5 * (LEFT + SIZE[0] - RIGHT);
        sheet.scene.elements.extend([
            polyline(vec![(LEFT, bottom), (SIZE[0] - RIGHT, bottom)], INK, 1.0),
            anchored(label, [middle, bottom + 36.0], 12, TextAnchor::Middle),
            anchored(title, [SIZE[0] / 2.0, 22.0], 15, TextAnchor::Middle),
        ]);
        sheet
    }

    fn bottom(&self) -> f64 {
        TOP + ROW * self.rows as f64
    }

    fn x(&self, value: f64) -> f64 {
        let [from, to] = self.range;
        LEFT + (SIZE[0] - RIGHT - LEFT) * (value - from) / (to - from)
    }

    fn y(&self, row: usize) -> f64 {
        TOP + ROW * (row as f64 + 0.5)
    }

    fn line(&mut self, row: usize, ends: [f64; 2], width: f64) {
        let y = self.y(row);
        self.scene.elements.push(polyline(ends.map(|end| (self.x(end), y)).to_vec(), DATA, width));
    }

    fn dot(&mut self, row: usize, value: f64, colour: &str) {
        self.scene.elements.push(dot((self.x(value), self.y(row)), 4.0, colour));
    }

    fn bar(&mut self, row: usize, ends: [f64; 2], colour: &str, beside: f64) {
        let y = self.y(row) + beside;
        self.scene.elements.push(polyline(ends.map(|end| (self.x(end), y)).to_vec(), colour, 5.0));
    }

    fn between(&mut self, ends: [f64; 2]) {
        let ([left, right], bottom) = (ends.map(|end| self.x(end)), self.bottom());
        self.scene.elements.push(area(&[(left, TOP), (right, TOP), (right, bottom), (left, bottom)], MODEL, 0.18));
        let zero = self.x(0.0);
        self.scene.elements.push(polyline(vec![(zero, TOP), (zero, bottom)], MODEL, 1.0));
    }

    fn limit(&mut self, limit: f64) {
        let (x, bottom) = (self.x(limit), self.bottom());
        self.scene.elements.push(polyline(vec![(x, TOP), (x, bottom)], MODEL, 1.5));
        self.scene.elements.push(words(rounded(limit, 4), [x + 4.0, TOP + 2.0], 11));
    }

    fn figure(self, name: &str, caption: &'static str) -> Figure {
        Figure { name: name.to_owned(), caption, picture: Picture::of(&self.title, self.scene) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kuva::render::render::Primitive;

    fn texts(figure: &Figure) -> Vec<String> {
        let text = |shape: &Primitive| match shape {
            Primitive::Text { content, .. } => Some(content.clone()),
            _ => None,
        };
        figure.picture.scene.elements.iter().filter_map(text).collect()
    }

    fn point(x: f64, y: f64, model: Option<f64>) -> CurvePoint {
        CurvePoint { x, y: Some(y), y_error: None, model }
    }

    #[test]
    fn every_parameter_has_a_row_and_limits_are_in_sight() {
        let ends = |y: f64| [-2.0, -1.0, 0.0, 1.0, 2.0].map(|end| point(0.5, y + end, None)).to_vec();
        let row = |name, y| Curve::of(FOREST, [name, "less least squares"], ends(y));
        let drawn = forest(&[row("D0", 0.0), row("alpha", 4.0)]).expect("rows");
        assert!(["D0", "alpha"].iter().all(|name| texts(&drawn).contains(&(*name).to_owned())), "{:?}", texts(&drawn));
        let inside = |shape: &Primitive| match shape {
            Primitive::Circle { cx, .. } => (LEFT..=SIZE[0] - RIGHT).contains(cx),
            _ => true,
        };
        assert!(drawn.picture.scene.elements.iter().all(inside), "medians lie on the sheet");
        let row = |r_hat| Curve::of(R_HAT, ["D0", "R-hat"], vec![point(1.0, r_hat, Some(1.01))]);
        for value in [1.001, 1.4] {
            let told = texts(&r_hat(&[row(value)]).expect("a row"));
            assert!(told.contains(&"1.01".to_owned()), "{told:?}");
        }
        assert!(forest(&[]).is_none() && independent_draws(&[]).is_none());
    }
}
