//! What a selection takes of a file, from its metadata alone: two selections that take the same are one, however they are written. It
//! reads no matrix.

use crate::error::Result;
use crate::ingest::files::signature::check_hdf5;
use crate::ingest::selection::{PhiRange, Selection};
use crate::ingest::survey::{Survey, common_frame_count};
use std::ops::Range;
use std::path::Path;

/// What a selection takes.
#[derive(Debug, Clone, PartialEq)]
pub struct Chosen {
    /// Angles in degrees, ascending.
    pub phi_degrees: Vec<f64>,
    /// Frames of the file, 0-based and half-open.
    pub frames: Range<usize>,
    /// Frames to leave out, 0-based within these.
    pub left_out: Vec<usize>,
}

impl Chosen {
    /// Of a file.
    ///
    /// # Errors
    /// As [`crate::ingest::convert::ingest`], as far as metadata tell.
    pub fn of(path: &Path, selection: &Selection) -> Result<Self> {
        check_hdf5(path)?;
        let Survey { source, table, .. } = Survey::of(path, selection)?;
        let bins = selection.bins(&source, &table)?;
        let frames = selection.frames(&source, common_frame_count(&source, &bins)?)?;
        let left_out = selection.left_out(&frames);
        Ok(Chosen { phi_degrees: bins.iter().map(|bin| bin.phi_degrees).collect(), frames, left_out })
    }
}

/// Whether two lists of ranges hold the same angles, of any file.
#[must_use]
pub fn are_same_ranges(one: &[PhiRange], other: &[PhiRange]) -> bool {
    let holds = |ranges: &[PhiRange], phi: f64| ranges.is_empty() || ranges.iter().any(|range| range.contains(phi));
    let ends = one.iter().chain(other).flat_map(|range| [range.min_angle, range.max_angle]);
    let mut ends: Vec<f64> = ends.map(|end| end.rem_euclid(360.0)).collect();
    ends.sort_by(f64::total_cmp);
    // What is held changes at ends of ranges only: those and one angle between any two of them tell all.
    let next = ends.iter().skip(1).copied().chain(ends.first().map(|first| first + 360.0));
    let between: Vec<f64> = ends.iter().zip(next).map(|(end, next)| 0.5 * (end + next)).collect();
    ends.iter().chain(&between).chain([&0.0]).all(|&phi| holds(one, phi) == holds(other, phi))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_compared_by_what_they_hold() {
        let range = |min_angle, max_angle| PhiRange { min_angle, max_angle };
        assert!(are_same_ranges(&[], &[range(-180.0, 180.0)]));
        assert!(are_same_ranges(&[range(-10.0, 10.0), range(80.0, 100.0)], &[range(80.0, 100.0), range(350.0, 370.0)]));
        assert!(are_same_ranges(&[range(0.0, 20.0), range(10.0, 30.0)], &[range(0.0, 30.0)]));
        assert!(!are_same_ranges(&[range(-10.0, 10.0)], &[range(-10.0, 11.0)]));
        assert!(!are_same_ranges(&[], &[range(0.0, 90.0)]));
    }
}
