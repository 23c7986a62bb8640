//! Maps of c2(t1, t2): data, fit and residual of one angle side by side, and small ones for a strip of all angles.

use crate::error::{Fault, Result};
use crate::outcome::pictures::Map;
use crate::report::figures::style::FONT;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kuva::prelude::ColorMap;
use std::fmt::Write;

/// How values become colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Colours {
    /// Perceptually even, and for colour-blind people too.
    #[default]
    Viridis,
    /// The habit.
    Jet,
}

/// Sequential colours, or those of a sign.
#[derive(Debug, Clone, Copy)]
enum Palette {
    Sequential(Colours),
    /// Blue below zero, red above.
    Diverging,
}

impl Palette {
    fn colour(self, share: f64) -> [u8; 3] {
        let found = match self {
            Palette::Sequential(Colours::Jet) => return jet(share),
            Palette::Sequential(Colours::Viridis) => ColorMap::Viridis.map_rgb(share),
            Palette::Diverging => ColorMap::RedBlue.map_rgb(1.0 - share),
        };
        found.map_or(GREY, |(red, green, blue)| [red, green, blue])
    }
}

/// Masked pairs, and pixels without any.
const GREY: [u8; 3] = [160, 160, 160];
/// Side of a map in a figure.
const SIDE: f64 = 300.0;
/// Side of a small map.
const SMALL: usize = 64;
const LEFT: f64 = 52.0;
const TOP: f64 = 44.0;
const PANEL: f64 = 420.0;

/// Data, fit and residual.
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
    /// How values become colours.
    pub colours: Colours,
}

/// Values from low to high.
#[derive(Debug, Clone, Copy)]
struct Range {
    low: f32,
    high: f32,
}

/// One map of a figure.
struct Panel {
    title: String,
    values: Vec<f32>,
    range: Range,
    colours: Palette,
}

impl Triptych<'_> {
    /// As SVG with its maps inside.
    ///
    /// # Errors
    /// Internal if a picture cannot be encoded.
    pub fn svg(&self) -> Result<String> {
        let map = self.map;
        let phi = crate::units::degrees(self.phi_degrees);
        let range = percentiles(map.data.iter().copied(), [0.01, 0.99]);
        let sequential = |title: String, values: &[f32]| Panel {
            title,
            values: values.to_vec(),
            range,
            colours: Palette::Sequential(self.colours),
        };
        let mut panels = vec![sequential(format!("data, {phi} degrees"), &map.data)];
        if !map.fit.is_empty() {
            panels.extend([sequential("fit".to_owned(), &map.fit), self.residual()]);
        }
        let (width, height) = (panels.len() as f64 * PANEL, TOP + SIDE + 46.0);
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
             height=\"{height}\" style=\"max-width:100%;height:auto\" font-family=\"{FONT}\" font-size=\"12\" \
             fill=\"currentColor\"><title>c2 at {phi} degrees over both times</title>"
        );
        for (k, panel) in panels.iter().enumerate() {
            self.panel(&mut svg, PANEL * k as f64, panel)?;
        }
        svg.push_str("</svg>");
        Ok(svg)
    }

    /// Data less fit, in units of sigma where that is known.
    fn residual(&self) -> Panel {
        let unit = self.sigma.filter(|sigma| *sigma > 0.0).unwrap_or(1.0) as f32;
        let values: Vec<f32> = self.map.data.iter().zip(&self.map.fit).map(|(data, fit)| (data - fit) / unit).collect();
        let size = percentiles(values.iter().map(|value| value.abs()), [0.0, 0.99]).high.max(f32::MIN_POSITIVE);
        let title = if self.sigma.is_some() { "(data - fit) / sigma" } else { "data - fit" }.to_owned();
        Panel { title, values, range: Range { low: -size, high: size }, colours: Palette::Diverging }
    }

    fn panel(&self, svg: &mut String, left: f64, panel: &Panel) -> Result<()> {
        let Panel { title, values, range, colours } = panel;
        let side = self.map.side;
        let picture = data_url(&png(&levels(values, side, *range), (side, side), *colours)?);
        let (x, bottom) = (left + LEFT, TOP + SIDE);
        let known: Vec<f32> = values.iter().copied().filter(|value| value.is_finite()).collect();
        let mean = known.iter().map(|&value| f64::from(value)).sum::<f64>() / known.len().max(1) as f64;
        let (low, high) = known.iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(l, h), &v| (l.min(v), h.max(v)));
        let mut write = |text: String| svg.push_str(&text);
        write(format!("<text x=\"{x}\" y=\"18\" font-size=\"14\">{title}</text>"));
        write(format!(
            "<image x=\"{x}\" y=\"{TOP}\" width=\"{SIDE}\" height=\"{SIDE}\" preserveAspectRatio=\"none\" \
             style=\"image-rendering:pixelated\" href=\"{picture}\"/><rect x=\"{x}\" y=\"{TOP}\" width=\"{SIDE}\" \
             height=\"{SIDE}\" fill=\"none\" stroke=\"currentColor\"/>"
        ));
        let seconds = (self.map.side * self.map.frames_per_pixel) as f64 * self.dt_seconds;
        for tick in ticks(seconds) {
            let at = tick / seconds * SIDE;
            let (across, up) = (x + at, bottom - at);
            write(format!(
                "<path d=\"M{across:.1} {bottom}v4M{x} {up:.1}h-4\" stroke=\"currentColor\"/><text x=\"{across:.1}\" \
                 y=\"{}\" text-anchor=\"middle\">{tick}</text>",
                bottom + 17.0
            ));
            write(format!("<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{tick}</text>", x - 6.0, up + 4.0));
        }
        let middle = x + 0.5 * SIDE;
        write(format!("<text x=\"{middle}\" y=\"{}\" text-anchor=\"middle\">t1 (s)</text>", bottom + 34.0));
        write(format!(
            "<text transform=\"translate({} {}) rotate(-90)\" text-anchor=\"middle\">t2 (s)</text>",
            left + 12.0,
            TOP + 0.5 * SIDE
        ));
        write(format!(
            "<text x=\"{x}\" y=\"36\" font-size=\"11\" opacity=\"0.75\">mean {}, range {} to {}</text>",
            short(mean),
            short(f64::from(low)),
            short(f64::from(high))
        ));
        let ramp: Vec<u8> = (0..LEVELS).rev().collect();
        let bar = data_url(&png(&ramp, (1, usize::from(LEVELS)), *colours)?);
        let at = x + SIDE + 8.0;
        write(format!(
            "<image x=\"{at}\" y=\"{TOP}\" width=\"10\" height=\"{SIDE}\" preserveAspectRatio=\"none\" href=\"{bar}\"/>\
             <text x=\"{}\" y=\"{}\">{}</text><text x=\"{}\" y=\"{bottom}\">{}</text>",
            at + 13.0,
            TOP + 10.0,
            short(f64::from(range.high)),
            at + 13.0,
            short(f64::from(range.low))
        ));
        Ok(())
    }
}

/// A small map of the data as an address that holds it.
///
/// # Errors
/// Internal if it cannot be encoded.
pub fn small(map: &Map, colours: Colours) -> Result<String> {
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
    let range = percentiles(values.iter().copied(), [0.01, 0.99]);
    Ok(data_url(&png(&levels(&values, side, range), (side, side), Palette::Sequential(colours))?))
}

/// Two percentiles of the finite values.
fn percentiles(values: impl Iterator<Item = f32>, shares: [f64; 2]) -> Range {
    let mut known: Vec<f32> = values.filter(|value| value.is_finite()).collect();
    if known.is_empty() {
        return Range { low: 0.0, high: 1.0 };
    }
    let last = known.len() - 1;
    let [low, high] = shares.map(|share| {
        let place = (share * last as f64).round() as usize;
        *known.select_nth_unstable_by(place, f32::total_cmp).1
    });
    if low < high { Range { low, high } } else { Range { low: low - 1e-6, high: high + 1e-6 } }
}

/// Levels of colour of a map; the one behind them is for pixels without pairs.
const LEVELS: u8 = 128;

/// The picture of a map, the first frame at the lower left: a level for every pixel.
fn levels(values: &[f32], side: usize, range: Range) -> Vec<u8> {
    let of_value = |value: f32| {
        let share = ((value - range.low) / (range.high - range.low)).clamp(0.0, 1.0);
        if value.is_finite() { (share * f32::from(LEVELS - 1)).round() as u8 } else { LEVELS }
    };
    (0..side).rev().flat_map(|row| &values[row * side..(row + 1) * side]).map(|&value| of_value(value)).collect()
}

/// Blue, cyan, yellow, red.
fn jet(share: f64) -> [u8; 3] {
    let part = |middle: f64| (255.0 * (1.5 - (4.0 * share - middle).abs()).clamp(0.0, 1.0)) as u8;
    [part(3.0), part(2.0), part(1.0)]
}

/// A picture of levels of a palette as PNG.
fn png(levels: &[u8], (width, height): (usize, usize), colours: Palette) -> Result<Vec<u8>> {
    let share = |level: u8| f64::from(level) / f64::from(LEVELS - 1);
    let palette: Vec<u8> = (0..LEVELS).flat_map(|level| colours.colour(share(level))).chain(GREY).collect();
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width as u32, height as u32);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_palette(palette);
    encoder.set_compression(png::Compression::Fast);
    let written = encoder.write_header().and_then(|mut writer| {
        writer.write_image_data(levels)?;
        writer.finish()
    });
    written.map_err(|source| Fault::at("picture", "cannot be encoded").source(source).internal())?;
    Ok(bytes)
}

fn data_url(png: &[u8]) -> String {
    let mut url = String::from("data:image/png;base64,");
    let _ = write!(url, "{}", STANDARD.encode(png));
    url
}

/// Four digits at most.
fn short(value: f64) -> String {
    let digits = if value.abs() < 1e-9 { 3 } else { (3 - value.abs().log10().floor() as i32).clamp(0, 6) as usize };
    format!("{value:.digits$}")
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

    #[test]
    fn ticks_are_round_and_end_before_the_end() {
        assert_eq!(ticks(100.0), [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
        assert_eq!(ticks(0.7), [0.0, 0.2, 0.4, 0.6]);
    }

    #[test]
    fn the_first_frame_is_at_the_lower_left_and_unknown_pixels_are_grey() {
        let values = [0.0, f32::NAN, 0.5, 1.0];
        let range = Range { low: 0.0, high: 1.0 };
        assert_eq!(levels(&values, 2, range), [64, 127, 0, LEVELS]);
        let picture = png(&levels(&values, 2, range), (2, 2), Palette::Diverging).expect("a picture");
        assert_eq!(picture[1..4], *b"PNG");
        assert_eq!(Palette::Sequential(Colours::Viridis).colour(0.0), [68, 1, 84]);
    }
}
