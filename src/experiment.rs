//! What was measured: wavevector, gap, time grid, angles. It knows no data and no model.

use crate::error::catalogue::Code;
use crate::error::{Fault, Result};
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

/// A uniform axis of frames, `t_k = start_seconds + k dt_seconds`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TimeGrid {
    /// Number of frames.
    pub n_frames: usize,
    /// Frame interval in seconds.
    pub dt_seconds: f64,
    /// Time of the first frame in seconds.
    pub start_seconds: f64,
    /// Number of the first frame in its file, from 1: what people are told of frames counts as the keys that select them.
    #[serde(default = "one")]
    pub first_frame: usize,
}

const fn one() -> usize {
    1
}

/// What the data of an angle tell of their noise, beside sigma. `None` where they do not tell.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct AngleNoise {
    /// Mean of c2(t, t) - 1 over usable frames, where the diagonal is raw self-correlation: contrast and white part of one
    /// intensity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diagonal: Option<f64>,
    /// Detector pixels of the bin (of all bins, where several became one angle).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pixels: Option<u64>,
    /// Correlation of the white part of c2(i, j) and c2(i+1, j): 0 for frames that were recorded one by one, (m - 1) / m for running
    /// means over m frames.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub white_correlation: Option<f64>,
    /// The same of c2(i, j) and c2(i+1, j+1), on which sigma rests: up to that, and down to its square.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub white_correlation_diagonal: Option<f64>,
}

/// One azimuthal angle of the measurement.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Angle {
    /// Azimuth in degrees, in [-180, 180).
    pub phi_degrees: f64,
    /// Standard deviation of one c2 value, estimated from the data.
    pub sigma: f64,
    /// Frames that are not data (0-based, ascending).
    pub masked_frames: Vec<usize>,
    /// What is told of the noise; stores of earlier versions say nothing.
    #[serde(default)]
    pub noise: AngleNoise,
}

/// One fit's experiment: a single wavevector magnitude, gap and time grid, and its angles.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Experiment {
    /// Magnitude of the scattering vector in 1/angstrom.
    pub q_per_angstrom: f64,
    /// Stator-rotor gap in angstrom; needed under laminar flow only.
    pub gap_angstrom: Option<f64>,
    /// The frames.
    pub time: TimeGrid,
    /// The angles, in stored order.
    pub angles: Vec<Angle>,
}

impl TimeGrid {
    /// Time of frame `k` in seconds.
    #[must_use]
    pub fn seconds(&self, k: usize) -> f64 {
        self.start_seconds + k as f64 * self.dt_seconds
    }

    /// Number of frame `k` in its file, from 1.
    #[must_use]
    pub fn number(&self, k: usize) -> usize {
        self.first_frame + k
    }

    /// Number of pairs `t1 < t2`.
    #[must_use]
    pub fn n_pairs(&self) -> usize {
        self.n_frames * self.n_frames.saturating_sub(1) / 2
    }
}

impl Angle {
    /// Whether each frame is usable.
    #[must_use]
    pub fn usable_frames(&self, n_frames: usize) -> Vec<bool> {
        let mut usable = vec![true; n_frames];
        self.masked_frames.iter().filter(|&&frame| frame < n_frames).for_each(|&frame| usable[frame] = false);
        usable
    }

    /// Runs of usable frames, as half-open ranges.
    #[must_use]
    pub fn frame_runs(&self, n_frames: usize) -> Vec<std::ops::Range<usize>> {
        let mut runs = Vec::new();
        let mut start = 0;
        for &masked in self.masked_frames.iter().filter(|&&frame| frame < n_frames) {
            if masked > start {
                runs.push(start..masked);
            }
            start = masked + 1;
        }
        if start < n_frames {
            runs.push(start..n_frames);
        }
        runs
    }
}

impl Experiment {
    /// Checks that every number is usable.
    ///
    /// # Errors
    /// [`crate::error::Error::Parameter`] names the first impossible number.
    pub fn check(&self) -> Result<()> {
        possible("q [1/angstrom]", self.q_per_angstrom, POSSIBLE_Q_PER_ANGSTROM)?;
        possible("dt [s]", self.time.dt_seconds, POSSIBLE_DT_SECONDS)?;
        if let Some(gap) = self.gap_angstrom {
            possible("gap [angstrom]", gap, POSSIBLE_GAP_ANGSTROM)?;
        }
        if self.time.n_frames < 3 || self.angles.is_empty() {
            let found = format!("{} frames, {} angles", self.time.n_frames, self.angles.len());
            return Err(Fault::at("experiment", found)
                .expected("at least 3 frames and 1 angle")
                .code(Code::E62)
                .shape());
        }
        Ok(())
    }
}

/// Wavevectors of X-ray measurements, in 1/angstrom.
pub const POSSIBLE_Q_PER_ANGSTROM: RangeInclusive<f64> = 1e-7..=100.0;
/// Frame intervals in seconds.
pub const POSSIBLE_DT_SECONDS: RangeInclusive<f64> = 1e-9..=1e6;
/// Gaps in angstrom; one in another unit is told as such (`model/advice.rs`).
pub const POSSIBLE_GAP_ANGSTROM: RangeInclusive<f64> = 1e-6..=1e12;
/// Angles are wrapped; more turns than that are no angle.
pub const MOST_DEGREES: f64 = 3600.0;

fn possible(name: &str, value: f64, range: RangeInclusive<f64>) -> Result<()> {
    if range.contains(&value) {
        return Ok(());
    }
    let expected = format!("a number from {:e} to {:e}", range.start(), range.end());
    Err(Fault::at(name, value.to_string()).expected(expected).code(Code::E62).parameter())
}

/// Wraps an angle to [-180, 180) degrees.
#[must_use]
pub fn wrap_degrees(phi: f64) -> f64 {
    if (-180.0..180.0).contains(&phi) {
        // Already there: no digit may change.
        return phi;
    }
    (phi + 180.0).rem_euclid(360.0) - 180.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn angles_wrap_to_half_open_range() {
        assert_eq!(wrap_degrees(180.0), -180.0);
        assert_eq!(wrap_degrees(-190.0), 170.0);
        assert_eq!(wrap_degrees(12.5), 12.5);
    }

    #[test]
    fn frame_runs_leave_out_masked_frames() {
        let angle = Angle { phi_degrees: 0.0, sigma: 1.0, masked_frames: vec![0, 3, 4], ..Angle::default() };
        assert_eq!(angle.frame_runs(7), vec![1..3, 5..7]);
    }
}
