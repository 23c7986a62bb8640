//! One map, whatever it was read from: which of its frames and values are data, and how they scatter. It reads no file.

use crate::error::catalogue::Code;
use crate::error::{Fault, Result};
use crate::experiment::AngleNoise;
use crate::ingest::diagonal::Diagonal;
use crate::ingest::frames::{dead_frames, examine, joined_masks, ranges, with_baseline, without_living};
use crate::ingest::lines::Lines;
use crate::ingest::sigma::measured_sigma;
use crate::ingest::white::Whiteness;
use crate::store::block::Values;

/// Fewest frames that make a fit.
const FEWEST: usize = 3;

/// A map as it was read.
pub(super) struct Read {
    /// Values in pair order.
    pub values: Values,
    /// c2(t, t), frame by frame; empty where it is not known.
    pub diagonal: Vec<f64>,
    /// File and place in it, for messages.
    pub place: String,
    /// What reading it has told.
    pub warnings: Vec<String>,
}

/// Frames that are left out whatever the values say, from 0.
#[derive(Default)]
pub(super) struct LeftOut<'a> {
    /// Frames of the file before the first of the map.
    pub before: usize,
    /// Without intensity.
    pub dark: &'a [usize],
    /// On request.
    pub asked: &'a [usize],
}

/// Number and share of values that are missing.
pub(super) type NonFinite = (usize, f64);

/// What of a map is data.
pub(super) struct Usable {
    /// Values, with baseline 1.
    pub values: Values,
    /// Frames that are not data, from 0.
    pub masked_frames: Vec<usize>,
    /// Why, in words.
    pub mask_note: String,
    /// Standard deviation of a value; 0 if it is not known.
    pub sigma: f64,
    /// What else is told of the noise.
    pub noise: AngleNoise,
    /// Pairs of frames that are data, without a finite value.
    pub non_finite: NonFinite,
    /// What deserves a warning.
    pub warnings: Vec<String>,
}

impl LeftOut<'_> {
    /// Frames as they are numbered in the file, from 1.
    fn named(&self, frames: &[usize]) -> String {
        ranges(frames, self.before + 1)
    }
}

impl Read {
    /// Looks at the values of `n` frames, of which a share may be missing.
    ///
    /// # Errors
    /// E18 without enough frames, E20 with too many missing values, E22 if the values are no correlation.
    pub fn examined(self, n: usize, left_out: &LeftOut<'_>, max_non_finite_fraction: f64) -> Result<Usable> {
        let Read { values, mut diagonal, place, mut warnings } = self;
        let dead = dead_frames(&values, n);
        let (values, dead) = match with_baseline(&values, n, &dead, &place, &mut warnings) {
            None => (values, dead),
            Some(shifted) => {
                diagonal.iter_mut().for_each(|value| *value += 1.0);
                // What was -1 is zero now.
                let dead = dead_frames(&shifted, n);
                (shifted, dead)
            }
        };
        let dead = without_living(dead, &diagonal, &values);
        let examined = examine(&values, n, &dead, &place, max_non_finite_fraction)?;
        if !dead.is_empty() {
            warnings.push(format!("[{}] {place}: empty frames are masked: {}", Code::E21, left_out.named(&dead)));
        }
        warnings.extend(examined.warnings);
        let masked_frames = joined_masks([&dead, left_out.dark, left_out.asked]);
        let mask_note = mask_note(&dead, left_out);
        enough_frames(n, &masked_frames, &place, &mask_note)?;
        let lines = Lines::of(&values, n, &masked_frames);
        let sigma = measured_sigma(&lines).unwrap_or_else(|why| {
            warnings.push(format!("{place}: no white noise was measured, sigma is not known: {}", why.words()));
            0.0
        });
        let raw = Diagonal::of(&diagonal, &values, &masked_frames).raw();
        let noise = with_whiteness(AngleNoise { diagonal: raw, ..AngleNoise::default() }, &lines);
        let non_finite = examined.non_finite;
        Ok(Usable { values, masked_frames, mask_note, sigma, noise, non_finite, warnings })
    }
}

/// E18 unless frames are left that make a fit, whatever the reasons for which the others are masked.
pub(super) fn enough_frames(n: usize, masked_frames: &[usize], place: &str, mask_note: &str) -> Result<()> {
    let left = n - masked_frames.len().min(n);
    if left >= FEWEST.min(n - 1) {
        return Ok(());
    }
    Err(Fault::at(place, format!("{left} of {n} frames are left ({mask_note})"))
        .expected(format!("at least {FEWEST} frames that are data"))
        .advice("leave out fewer frames (experimental_data.masked_frames, analyzer_parameters.end_frame)")
        .code(Code::E18)
        .layout())
}

/// The same noise, with what the map itself tells of its white part.
pub(super) fn with_whiteness(noise: AngleNoise, lines: &Lines<'_>) -> AngleNoise {
    let found = Whiteness::of(lines);
    AngleNoise {
        white_correlation: found.map(|found| found.along_frames),
        white_correlation_diagonal: found.map(|found| found.along_diagonal),
        ..noise
    }
}

fn mask_note(dead: &[usize], left_out: &LeftOut<'_>) -> String {
    let parts = [("empty", dead), ("no intensity", left_out.dark), ("left out on request", left_out.asked)];
    let parts = parts.iter().filter(|(_, frames)| !frames.is_empty());
    parts.map(|(why, frames)| format!("{why}: {}", left_out.named(frames))).collect::<Vec<String>>().join("; ")
}
