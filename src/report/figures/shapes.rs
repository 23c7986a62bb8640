//! Shapes that figures of our own are made of. They know no figure.

use crate::report::figures::picture::{INK, Place};
use crate::report::figures::style::FONT;
use kuva::render::render::{PathData, Primitive, Scene, TextAnchor};

/// Nothing yet, in the colours and type of the page.
pub fn empty([width, height]: [f64; 2]) -> Scene {
    Scene {
        background_color: None,
        text_color: Some(INK.into()),
        font_family: Some(FONT.into()),
        ..Scene::new(width, height)
    }
}

/// Words from a place to the right.
pub fn words(content: impl Into<String>, [x, y]: [f64; 2], size: u32) -> Primitive {
    anchored(content, [x, y], size, TextAnchor::Start)
}

/// Words that begin, end or have their middle at a place.
pub fn anchored(content: impl Into<String>, [x, y]: [f64; 2], size: u32, anchor: TextAnchor) -> Primitive {
    Primitive::Text { x, y, content: content.into(), size, anchor, rotate: None, bold: false, color: None }
}

/// Words from below to above, their middle at a place.
pub fn upwards(content: impl Into<String>, [x, y]: [f64; 2], size: u32) -> Primitive {
    let (anchor, rotate) = (TextAnchor::Middle, Some(-90.0));
    Primitive::Text { x, y, content: content.into(), size, anchor, rotate, bold: false, color: None }
}

/// A line through points.
pub fn polyline(points: Vec<(f64, f64)>, colour: &str, width: f64) -> Primitive {
    Primitive::PolyLine { points, stroke: colour.into(), stroke_width: width, stroke_dasharray: None }
}

/// The edge of a rectangle, around it: a picture in it stays whole.
pub fn frame(place: Place) -> Primitive {
    const WIDTH: f64 = 1.0;
    let [left, top] = [place.x, place.y].map(|from| from - 0.5 * WIDTH);
    let (right, bottom) = (left + place.width + WIDTH, top + place.height + WIDTH);
    polyline(vec![(left, top), (right, top), (right, bottom), (left, bottom), (left, top)], INK, WIDTH)
}

/// A filled dot.
pub fn dot((cx, cy): (f64, f64), r: f64, colour: &str) -> Primitive {
    Primitive::Circle { cx, cy, r, fill: colour.into(), fill_opacity: None, stroke: None, stroke_width: None }
}

/// A filled area that what is below shines through.
pub fn area(corners: &[(f64, f64)], colour: &str, opacity: f64) -> Primitive {
    let step = |(k, (x, y)): (usize, &(f64, f64))| format!("{} {x:.2} {y:.2} ", if k == 0 { "M" } else { "L" });
    let d = corners.iter().enumerate().map(step).collect::<String>() + "Z";
    Primitive::Path(Box::new(PathData {
        d,
        fill: Some(colour.into()),
        stroke: "none".into(),
        stroke_width: 0.0,
        opacity: Some(opacity),
        stroke_dasharray: None,
    }))
}
