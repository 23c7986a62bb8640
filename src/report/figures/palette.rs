//! How values become colours: levels, and the colour of each. It knows no figure.

use kuva::prelude::ColorMap;
use serde::{Deserialize, Serialize};

/// How values become colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Colours {
    /// Perceptually even, and for colour-blind people too.
    #[default]
    Viridis,
    /// The habit.
    Jet,
}

/// Sequential colours, or those of a sign.
#[derive(Debug, Clone, Copy)]
pub enum Palette {
    /// From low to high.
    Sequential(Colours),
    /// Blue below zero, red above.
    Diverging,
}

/// Values from low to high.
#[derive(Debug, Clone, Copy)]
pub struct Range {
    /// The first colour.
    pub low: f32,
    /// The last one.
    pub high: f32,
}

/// Levels of colour of a map; the one behind them is for pixels without pairs.
pub const LEVELS: u8 = 128;
/// Masked pairs, and pixels without any.
const GREY: [u8; 3] = [160, 160, 160];
/// The same for lines.
pub const NO_DATA: &str = "#a0a0a0";

impl Palette {
    /// Red, green and blue of every level, and grey.
    #[must_use]
    pub fn colours(self) -> Vec<u8> {
        let share = |level: u8| f64::from(level) / f64::from(LEVELS - 1);
        (0..LEVELS).flat_map(|level| self.colour(share(level))).chain(GREY).collect()
    }

    fn colour(self, share: f64) -> [u8; 3] {
        let found = match self {
            Palette::Sequential(Colours::Jet) => return jet(share),
            Palette::Sequential(Colours::Viridis) => ColorMap::Viridis.map_rgb(share),
            Palette::Diverging => ColorMap::RedBlue.map_rgb(1.0 - share),
        };
        found.map_or(GREY, |(red, green, blue)| [red, green, blue])
    }
}

impl Range {
    /// Two percentiles of the finite values.
    #[must_use]
    pub fn of(values: impl Iterator<Item = f32>, shares: [f64; 2]) -> Range {
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

    /// A level for every pixel of a map, the first frame at the lower left.
    #[must_use]
    pub fn levels(self, values: &[f32], side: usize) -> Vec<u8> {
        let of_value = |value: f32| {
            let share = ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0);
            if value.is_finite() { (share * f32::from(LEVELS - 1)).round() as u8 } else { LEVELS }
        };
        (0..side).rev().flat_map(|row| &values[row * side..(row + 1) * side]).map(|&value| of_value(value)).collect()
    }
}

/// Blue, cyan, yellow, red.
fn jet(share: f64) -> [u8; 3] {
    let part = |middle: f64| (255.0 * (1.5 - (4.0 * share - middle).abs()).clamp(0.0, 1.0)) as u8;
    [part(3.0), part(2.0), part(1.0)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_frame_is_at_the_lower_left_and_unknown_pixels_are_grey() {
        let values = [0.0, f32::NAN, 0.5, 1.0];
        let range = Range { low: 0.0, high: 1.0 };
        assert_eq!(range.levels(&values, 2), [64, 127, 0, LEVELS]);
        let colours = Palette::Sequential(Colours::Viridis).colours();
        assert_eq!((&colours[..3], &colours[3 * 128..]), (&[68, 1, 84][..], &GREY[..]));
    }
}
