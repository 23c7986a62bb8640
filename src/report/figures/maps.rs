//! Maps of c2(t1, t2): data, fit and residual of one angle side by side, and small ones for a strip of all angles.

use crate::outcome::pictures::Map;
use crate::report::figures::palette::{Colours, LEVELS, NO_DATA, Palette, Range};
use crate::report::figures::picture::{INK, Image, Picture, Place};
use crate::report::figures::shapes::{anchored, empty, frame, polyline, upwards, words};
use crate::report::figures::style::rounded;
use kuva::render::render::{Scene, TextAnchor};

/// Side of a map in a figure.
const SIDE: f64 = 290.0;
/// Side of a small map.
const SMALL: usize = 64;
const LEFT: f64 = 66.0;
const TOP: f64 = 50.0;
const BELOW: f64 = 54.0;
const PANEL: f64 = 456.0;
const HEIGHT: f64 = TOP + SIDE + BELOW;
/// Type of numbers and axes, of titles, and of what stands below a title: three maps side by side stay legible on a printed page.
const TYPE: u32 = 16;
const TITLE_TYPE: u32 = 17;
const SMALL_TYPE: u32 = 14;
/// Where titles begin, from the left of a map's panel.
const TITLE_LEFT: f64 = 10.0;
/// Width of the line of a frame without pairs, at least.
const THINNEST: f64 = 0.8;
/// Share of a side that such lines may cover.
const MOST_COVERED: f64 = 0.25;
/// Length of such lines where there are more.
const EDGE: f64 = 6.0;

/// Of its file.
#[must_use]
pub fn name(phi_degrees: f64) -> String {
    format!("map_phi={}", crate::units::degrees(phi_degrees))
}

/// What is drawn of a map.
pub struct Triptych<'a> {
    /// The map.
    pub map: &'a Map,
    /// Azimuth in degrees.
    pub phi_degrees: f64,
    /// Noise of one value; `None`: residuals are in units of c2.
    pub sigma: Option<f64>,
    /// Frame interval in seconds.
    pub dt_seconds: f64,
    /// Frames without pairs, ascending.
    pub unseen: Vec<usize>,
    /// How values become colours.
    pub colours: Colours,
    /// What the model's map is called: that of a fit, or the truth of a simulation.
    pub model: &'static str,
}

/// One map of a figure.
struct Panel {
    title: String,
    values: Vec<f32>,
    range: Range,
    palette: Palette,
}

impl Triptych<'_> {
    /// Data, model and residual side by side.
    #[must_use]
    pub fn picture(&self) -> Picture {
        let panels = self.panels();
        let scene = empty([panels.len() as f64 * PANEL, HEIGHT]);
        let phi = crate::units::degrees(self.phi_degrees);
        let mut picture = Picture::of(&format!("c2 at {phi} degrees over both times"), scene);
        panels.iter().enumerate().for_each(|(k, panel)| self.panel(&mut picture, PANEL * k as f64, panel));
        picture
    }

    /// The same one by one: a narrow page has them below each other.
    #[must_use]
    pub fn pictures(&self) -> Vec<Picture> {
        let phi = crate::units::degrees(self.phi_degrees);
        let alone = |panel: &Panel| {
            let title = format!("c2 at {phi} degrees over both times: {}", panel.title);
            let mut picture = Picture::of(&title, empty([PANEL, HEIGHT]));
            self.panel(&mut picture, 0.0, panel);
            picture
        };
        self.panels().iter().map(alone).collect()
    }

    fn panels(&self) -> Vec<Panel> {
        let map = self.map;
        let phi = crate::units::degrees(self.phi_degrees);
        let range = Range::of(map.data.iter().copied(), [0.01, 0.99]);
        let sequential = |title: String, values: &[f32]| Panel {
            title,
            values: values.to_vec(),
            range,
            palette: Palette::Sequential(self.colours),
        };
        let mut panels = vec![sequential(format!("data, {phi} degrees"), &map.data)];
        if !map.fit.is_empty() {
            panels.extend([sequential(self.model.to_owned(), &map.fit), self.residual()]);
        }
        panels
    }

    /// Data less model, in units of sigma where that is known.
    fn residual(&self) -> Panel {
        let unit = self.sigma.filter(|sigma| *sigma > 0.0).unwrap_or(1.0) as f32;
        let values: Vec<f32> = self.map.data.iter().zip(&self.map.fit).map(|(data, fit)| (data - fit) / unit).collect();
        let size = Range::of(values.iter().map(|value| value.abs()), [0.0, 0.99]).high.max(f32::MIN_POSITIVE);
        let what = format!("data - {}", self.model);
        let title = if self.sigma.is_some() { format!("({what}) / sigma") } else { what };
        Panel { title, values, range: Range { low: -size, high: size }, palette: Palette::Diverging }
    }

    fn panel(&self, picture: &mut Picture, left: f64, panel: &Panel) {
        let Panel { title, values, range, palette } = panel;
        let side = self.map.side;
        let place = Place { x: left + LEFT, y: TOP, width: SIDE, height: SIDE };
        let levels = range.levels(values, side);
        picture.images.push(Image { place, size: (side, side), levels, palette: palette.colours() });
        let known: Vec<f32> = values.iter().copied().filter(|value| value.is_finite()).collect();
        let mean = known.iter().map(|&value| f64::from(value)).sum::<f64>() / known.len().max(1) as f64;
        let (low, high) = known.iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(l, h), &v| (l.min(v), h.max(v)));
        let [mean, low, high] = told([mean, f64::from(low), f64::from(high)]);
        let what = if self.map.frames_per_pixel > 1 { "block means" } else { "range" };
        picture.scene.elements.extend([
            words(title, [left + TITLE_LEFT, 20.0], TITLE_TYPE),
            words(format!("mean {mean}, {what} {low} to {high}"), [left + TITLE_LEFT, 40.0], SMALL_TYPE),
            frame(place),
        ]);
        self.unseen(&mut picture.scene, place);
        self.axes(&mut picture.scene, place);
        bar(picture, Place { x: place.x + SIDE + 8.0, width: 10.0, ..place }, *range, *palette);
    }

    /// Means over several frames hide single ones without pairs: each has a line of its own, at the edges only where lines would cover
    /// the map.
    fn unseen(&self, scene: &mut Scene, place: Place) {
        let map = self.map;
        if map.frames_per_pixel < 2 {
            return;
        }
        let frame = SIDE / (map.side * map.frames_per_pixel) as f64;
        let width = frame.max(THINNEST);
        let reach = if width * self.unseen.len() as f64 > MOST_COVERED * SIDE { EDGE } else { SIDE };
        let Place { x, y, .. } = place;
        let bottom = y + SIDE;
        for at in self.unseen.iter().map(|&k| (k as f64 + 0.5) * frame) {
            scene.elements.extend([
                polyline(vec![(x + at, bottom), (x + at, bottom - reach)], NO_DATA, width),
                polyline(vec![(x, bottom - at), (x + reach, bottom - at)], NO_DATA, width),
            ]);
        }
    }

    fn axes(&self, scene: &mut Scene, place: Place) {
        let Place { x, y, .. } = place;
        let bottom = y + SIDE;
        let seconds = (self.map.side * self.map.frames_per_pixel) as f64 * self.dt_seconds;
        for tick in ticks(seconds) {
            let at = tick / seconds * SIDE;
            let (across, up) = (x + at, bottom - at);
            scene.elements.extend([
                polyline(vec![(across, bottom + 1.0), (across, bottom + 4.0)], INK, 1.0),
                polyline(vec![(x - 1.0, up), (x - 4.0, up)], INK, 1.0),
                anchored(tick.to_string(), [across, bottom + 20.0], TYPE, TextAnchor::Middle),
                anchored(tick.to_string(), [x - 6.0, up + 5.0], TYPE, TextAnchor::End),
            ]);
        }
        scene.elements.extend([
            anchored("t1 (s)", [x + 0.5 * SIDE, bottom + 42.0], TYPE, TextAnchor::Middle),
            upwards("t2 (s)", [x - LEFT + 16.0, y + 0.5 * SIDE], TYPE),
        ]);
    }
}

/// What the colours mean.
fn bar(picture: &mut Picture, place: Place, range: Range, palette: Palette) {
    let levels: Vec<u8> = (0..LEVELS).rev().collect();
    picture.images.push(Image { place, size: (1, levels.len()), levels, palette: palette.colours() });
    let x = place.x + 13.0;
    let [high, low] = told([range.high, range.low].map(f64::from));
    picture.scene.elements.extend([words(high, [x, place.y + 12.0], TYPE), words(low, [x, place.y + SIDE], TYPE)]);
}

/// A small map of the data.
#[must_use]
pub fn small(map: &Map, colours: Colours) -> Image {
    let step = map.side.div_ceil(SMALL);
    let side = map.side.div_ceil(step);
    let mean = |row: usize, column: usize| {
        let (mut sum, mut n) = (0.0, 0.0_f32);
        for i in row * step..((row + 1) * step).min(map.side) {
            for j in column * step..((column + 1) * step).min(map.side) {
                let value = map.data[i * map.side + j];
                if value.is_finite() {
                    (sum, n) = (sum + value, n + 1.0);
                }
            }
        }
        sum / n
    };
    let values: Vec<f32> = (0..side * side).map(|k| mean(k / side, k % side)).collect();
    let levels = Range::of(values.iter().copied(), [0.01, 0.99]).levels(&values, side);
    let place = Place { x: 0.0, y: 0.0, width: SMALL as f64, height: SMALL as f64 };
    Image { place, size: (side, side), levels, palette: Palette::Sequential(colours).colours() }
}

/// Numbers on a scale with three digits of what they span, and no fewer than tell them apart where that would be long.
fn told<const N: usize>(values: [f64; N]) -> [String; N] {
    /// Digits behind the point that are usual, and sizes that take a power of ten.
    const USUAL: i32 = 4;
    const SMALL_SIZE: f64 = 1e-3;
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let (span, size) =
        values.iter().fold((0.0_f64, 0.0_f64), |(span, size), value| (span.max(value - low), size.max(value.abs())));
    if !(span > 0.0 && span.is_finite()) {
        return values.map(|value| rounded(value, 4));
    }
    if size < SMALL_SIZE {
        return values.map(|value| rounded(value, 2));
    }
    let power = span.log10().floor() as i32;
    let decimals = (2 - power).min(USUAL.max(1 - power)).max(0) as usize;
    // Means of residuals are small beside what they span, and not nothing.
    let is_lost = |value: f64| value != 0.0 && value.abs() < 0.5 * 10.0_f64.powi(-(decimals as i32));
    values.map(|value| if is_lost(value) { rounded(value, 2) } else { format!("{value:.decimals$}") })
}

/// Round numbers below an end, about five.
fn ticks(end: f64) -> Vec<f64> {
    let rough = end / 5.0;
    let power = 10_f64.powf(rough.log10().floor());
    let step =
        [1.0, 2.0, 5.0, 10.0].into_iter().map(|times| times * power).find(|step| *step >= rough).unwrap_or(rough);
    (0..).map(|k| f64::from(k) * step).take_while(|tick| *tick <= end).map(|tick| (tick * 1e9).round() / 1e9).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use kuva::render::render::Primitive;

    #[test]
    fn the_ends_of_a_scale_keep_their_digits() {
        assert_eq!(told([-2.5e-7, 2.51e-7]), ["-2.5e-7", "2.5e-7"]);
        assert_eq!(told([1.118, 0.996]), ["1.118", "0.996"]);
        assert_eq!(told([-0.007_795, 0.007_795]), ["-0.0078", "0.0078"]);
        assert_eq!(told([0.999_914, 1.000_523]), ["0.99991", "1.00052"]);
        assert_eq!(told([-2.59, 5.4]), ["-2.59", "5.40"]);
        assert_eq!(told([12_345.0, 23_456.0]), ["12345", "23456"]);
        assert_eq!(told([1.0, 1.0]), ["1", "1"]);
        assert_eq!(told([-0.001_41, -4.04, 5.42]), ["-0.0014", "-4.04", "5.42"]);
    }

    #[test]
    fn a_single_frame_without_pairs_stays_visible_where_pixels_hold_several() {
        let lines = |frames_per_pixel: usize, unseen: Vec<usize>| {
            let map = Map { side: 4, frames_per_pixel, data: vec![1.0; 16], fit: Vec::new() };
            let colours = Colours::default();
            let of = Triptych { map: &map, phi_degrees: 0.0, sigma: None, dt_seconds: 1.0, unseen, colours, model: "" };
            let is_line =
                |shape: &&Primitive| matches!(shape, Primitive::PolyLine { stroke, .. } if stroke == &NO_DATA.into());
            let scene = of.picture().scene;
            scene.elements.iter().filter(is_line).cloned().collect::<Vec<Primitive>>()
        };
        assert!(lines(1, vec![2]).is_empty(), "its pixels are grey");
        let found = lines(2, vec![5]);
        let Primitive::PolyLine { points, .. } = &found[0] else { panic!("a line") };
        assert_eq!((found.len(), points[0].0 - LEFT, points[0].1 - points[1].1), (2, 5.5 * SIDE / 8.0, SIDE));
        let many = lines(2, (0..8).collect());
        let Primitive::PolyLine { points, .. } = &many[0] else { panic!("a line") };
        assert_eq!((many.len(), points[0].1 - points[1].1), (16, EDGE), "the map is not covered");
    }

    #[test]
    fn ticks_are_round_and_end_before_the_end() {
        assert_eq!(ticks(100.0), [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
        assert_eq!(ticks(0.7), [0.0, 0.2, 0.4, 0.6]);
    }
}
