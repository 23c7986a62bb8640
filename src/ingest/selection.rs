//! Which bins and frames are wanted: q with a tolerance, angles by range, frames by number. It reads no matrix.

use crate::error::catalogue::Code;
use crate::error::{Fault, Result};
use crate::experiment::wrap_degrees;
use crate::ingest::files::hdf5::Source;
use crate::ingest::layouts::bins::{Bin, BinTable, distance_to_next, wavevectors};
use crate::ingest::layouts::detect::Layout;
use crate::units::listed;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::ops::Range;

/// A range of angles in degrees; it wraps if min > max, and [-180, 180] selects all.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PhiRange {
    /// First angle.
    pub min_angle: f64,
    /// Last angle.
    pub max_angle: f64,
}

/// What to do with a matrix whose triangles are both filled and differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Symmetrise {
    /// Mean of both.
    Mean,
    /// Upper triangle.
    Upper,
    /// Lower triangle.
    Lower,
}

impl Symmetrise {
    /// Names in configuration.
    pub const NAMES: [(&'static str, Symmetrise); 3] =
        [("mean", Symmetrise::Mean), ("upper", Symmetrise::Upper), ("lower", Symmetrise::Lower)];
}

/// Everything that decides which numbers enter the store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Selection {
    /// Layout, if not to be detected.
    pub layout: Option<Layout>,
    /// Wavevector in 1/angstrom; may be left out if the file has one only.
    pub q_per_angstrom: Option<f64>,
    /// Largest relative deviation of a bin's q.
    pub q_tolerance: f64,
    /// Ranges of angles; empty selects all.
    pub phi_ranges: Vec<PhiRange>,
    /// Angles nearer than this many degrees to each other become one; 0 merges nothing.
    pub merge_within_degrees: f64,
    /// First frame, 1-based.
    pub start_frame: i64,
    /// Last frame, inclusive; -1 is the last of the file.
    pub end_frame: i64,
    /// Frame interval in seconds as the user has it.
    pub dt_seconds: Option<f64>,
    /// Use the user's frame interval even if the file disagrees.
    pub dt_override: bool,
    /// Leave out the first frame, as the reference does.
    pub exclude_first_frame: bool,
    /// Frames to leave out, 1-based numbers of the file.
    pub masked_frames: Vec<usize>,
    /// Choice for matrices that are not symmetric.
    pub symmetrise: Option<Symmetrise>,
    /// Leave out matrices without data instead of stopping.
    pub skip_bad_bins: bool,
    /// Use matching names where counts differ.
    pub allow_missing: bool,
    /// Largest fraction of values that may be missing.
    pub max_non_finite_fraction: f64,
}

impl Default for Selection {
    fn default() -> Self {
        Selection {
            layout: None,
            q_per_angstrom: None,
            q_tolerance: 0.05,
            phi_ranges: Vec::new(),
            merge_within_degrees: 0.0,
            start_frame: 1,
            end_frame: -1,
            dt_seconds: None,
            dt_override: false,
            exclude_first_frame: true,
            masked_frames: Vec::new(),
            symmetrise: None,
            skip_bad_bins: false,
            allow_missing: false,
            max_non_finite_fraction: 0.01,
        }
    }
}

impl Selection {
    /// The bins at the wanted q and angles, by ascending angle.
    ///
    /// # Errors
    /// E30 no such q, E32 no such angle, E34 one angle twice.
    pub fn bins(&self, source: &Source, table: &BinTable) -> Result<Vec<Bin>> {
        let q = self.nearest_q(source, &table.bins)?;
        let at_q: Vec<&Bin> = table.bins.iter().filter(|bin| bin.q_per_angstrom == q).collect();
        let mut chosen: Vec<Bin> =
            at_q.iter().filter(|bin| self.wants(bin.phi_degrees)).map(|bin| (*bin).clone()).collect();
        if chosen.is_empty() {
            let available: Vec<f64> = at_q.iter().map(|bin| bin.phi_degrees).collect();
            return Err(Fault::at(source.path().display(), format!("no angle in the wanted ranges at q = {q}"))
                .expected(format!("ranges that hold some of the angles {} degrees", listed(&available)))
                .advice("edit phi_filtering.target_ranges")
                .code(Code::E32)
                .layout());
        }
        chosen.sort_by(|a, b| a.phi_degrees.total_cmp(&b.phi_degrees));
        match chosen.windows(2).find(|pair| pair[0].phi_degrees == pair[1].phi_degrees) {
            None => Ok(chosen),
            Some(pair) => Err(Fault::at(source.path().display(), format!("{} and {}", pair[0].path, pair[1].path))
                .expected(format!("one map for q = {q}, phi = {}", pair[0].phi_degrees))
                .code(Code::E34)
                .layout()),
        }
    }

    /// Whether an angle is in the wanted ranges.
    #[must_use]
    pub fn wants(&self, phi: f64) -> bool {
        self.phi_ranges.is_empty() || self.phi_ranges.iter().any(|range| range.contains(phi))
    }

    /// Whether a q, with that distance to the next one, is the one that is asked for, if any is.
    #[must_use]
    pub fn is_wanted_q(&self, q_per_angstrom: f64, next: Option<f64>) -> bool {
        let reach = next.map_or(f64::INFINITY, |distance| 0.5 * distance).min(self.q_tolerance * q_per_angstrom);
        self.q_per_angstrom.is_none_or(|wanted| (q_per_angstrom - wanted).abs() <= reach)
    }

    /// The one of several q that is asked for, if any is: the nearest, within half the local spacing and the relative tolerance.
    #[must_use]
    pub fn nearest_of(&self, available: &[f64]) -> Option<f64> {
        let wanted = self.q_per_angstrom?;
        let nearest = *available.iter().min_by(|a, b| (*a - wanted).abs().total_cmp(&(*b - wanted).abs()))?;
        self.is_wanted_q(nearest, distance_to_next(available, nearest)).then_some(nearest)
    }

    /// The file's q that is asked for.
    fn nearest_q(&self, source: &Source, bins: &[Bin]) -> Result<f64> {
        let mut available = wavevectors(bins);
        let Some(wanted) = self.q_per_angstrom else {
            return match available[..] {
                [only] => Ok(only),
                _ => Err(Fault::at("analyzer_parameters.scattering.wavevector_q", "not given")
                    .expected(format!("one of the file's q in 1/angstrom, here or as --q: {}", shortened(&available)))
                    .code(Code::E62)
                    .config()),
            };
        };
        if let Some(nearest) = self.nearest_of(&available) {
            return Ok(nearest);
        }
        available.sort_by(|a, b| (a - wanted).abs().total_cmp(&(b - wanted).abs()));
        available.truncate(3);
        Err(Fault::at(source.path().display(), format!("no bin at q = {wanted} 1/angstrom"))
            .expected(format!(
                "a q within {} % of a bin; the nearest are {} 1/angstrom",
                self.q_tolerance * 100.0,
                listed(&available)
            ))
            .advice("set analyzer_parameters.scattering.wavevector_q to one of them")
            .code(Code::E30)
            .layout())
    }

    /// The frame interval: the file's, confirmed or replaced by the user's.
    ///
    /// # Errors
    /// E26 if both are given and differ; Config if neither is given.
    pub fn dt_seconds(&self, table: &BinTable) -> Result<f64> {
        match (table.timing, self.dt_seconds) {
            (None, None) => Err(Fault::at(&table.timing_place, "the file has no frame interval")
                .expected("analyzer_parameters.dt in seconds")
                .code(Code::E25)
                .config()),
            (None, Some(dt)) => Ok(dt),
            (Some(timing), None) => Ok(timing.dt_seconds()),
            (Some(_), Some(dt)) if self.dt_override => Ok(dt),
            (Some(timing), Some(dt)) => {
                let in_file = timing.dt_seconds();
                if (dt - in_file).abs() <= 1e-6 * in_file {
                    return Ok(in_file);
                }
                let found = format!(
                    "dt = {in_file} s (frame time {} s x stride {} x average {})",
                    timing.frame_seconds, timing.stride, timing.average
                );
                Err(Fault::at(&table.timing_place, found)
                    .expected(format!("the configuration's dt = {dt} s"))
                    .advice(
                        "correct analyzer_parameters.dt, or set experimental_data.dt_override: true to insist on it",
                    )
                    .code(Code::E26)
                    .config())
            }
        }
    }

    /// The frames of a file with `n_frames`, 0-based and half-open.
    ///
    /// # Errors
    /// E29 if the range or a masked frame is not within the file, or fewer than 3 frames are left.
    pub fn frames(&self, source: &Source, n_frames: usize) -> Result<Range<usize>> {
        let last = if self.end_frame == -1 { n_frames as i64 } else { self.end_frame };
        let wrong = |found: String, expected: String| {
            Err(Fault::at(source.path().display(), found).expected(expected).code(Code::E29).config())
        };
        let beyond = self.masked_frames.iter().find(|frame| !(1..=n_frames).contains(*frame));
        match (self.start_frame, last, beyond) {
            (start, last, _) if start < 1 || last > n_frames as i64 || last < start.saturating_add(2) => wrong(
                format!("frames {start} to {}", self.end_frame),
                format!("start_frame >= 1, end_frame <= {n_frames} (or -1), at least 3 frames"),
            ),
            (.., Some(frame)) => wrong(format!("masked frame {frame}"), format!("frames from 1 to {n_frames}")),
            (start, last, None) => Ok(start as usize - 1..last as usize),
        }
    }

    /// Frames that are to be left out on request, 0-based within the selected range, ascending.
    #[must_use]
    pub fn left_out(&self, frames: &Range<usize>) -> Vec<usize> {
        let listed = self.masked_frames.iter().filter_map(|frame| frame.checked_sub(1 + frames.start));
        let all = listed.chain(self.exclude_first_frame.then_some(0)).filter(|&frame| frame < frames.len());
        all.collect::<BTreeSet<usize>>().into_iter().collect()
    }
}

impl PhiRange {
    /// Whether an angle lies in the range; ends are included.
    #[must_use]
    pub fn contains(&self, phi: f64) -> bool {
        if self.max_angle - self.min_angle >= 360.0 {
            return true;
        }
        let (min, max) = (wrap_degrees(self.min_angle), wrap_degrees(self.max_angle));
        let max = if max == -180.0 && self.max_angle > self.min_angle { 180.0 } else { max };
        let phi = wrap_degrees(phi);
        if min <= max { (min..=max).contains(&phi) } else { phi >= min || phi <= max }
    }
}

fn shortened(values: &[f64]) -> String {
    let shown: Vec<String> = values.iter().take(8).map(f64::to_string).collect();
    let more = if values.len() > 8 { ", .." } else { "" };
    format!("{}{more}", shown.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_wrap() {
        let contains = |min_angle, max_angle, phi| PhiRange { min_angle, max_angle }.contains(phi);
        assert!(contains(170.0, -170.0, 180.0) && contains(170.0, -170.0, -175.0) && !contains(170.0, -170.0, 0.0));
        assert!(contains(-180.0, 180.0, 77.0) && contains(0.0, 180.0, 90.0) && contains(160.0, 200.0, -170.0));
        assert!(!contains(0.0, 180.0, -1.0) && contains(-10.0, 10.0, 10.0));
    }
}
