//! Intensities that a file records frame by frame: which frames they leave out, and what is said of it. It reads no file.

use crate::error::catalogue::Code;
use crate::ingest::frames::ranges;
use std::ops::Range;

/// The mean intensity of every frame.
#[derive(Debug, Clone, PartialEq)]
pub struct Intensity {
    /// Frame by frame.
    pub values: Vec<f64>,
    /// File and place in it, for messages.
    pub place: String,
}

impl Intensity {
    /// Frames of a selection of a file of `n_file` frames whose intensity is no positive number, counted from the first of the
    /// selection.
    #[must_use]
    pub fn dark_frames(&self, n_file: usize, frames: &Range<usize>) -> Vec<usize> {
        if self.tells_nothing(n_file).is_some() {
            return Vec::new();
        }
        let is_dark = |frame: &usize| !(self.values[*frame].is_finite() && self.values[*frame] > 0.0);
        frames.clone().filter(is_dark).map(|frame| frame - frames.start).collect()
    }

    /// What is said of them: the frames that are left out, counted from the first of the file, or that none are found.
    #[must_use]
    pub fn warning(&self, n_file: usize, frames: &Range<usize>) -> Option<String> {
        if let Some(why) = self.tells_nothing(n_file) {
            let advice = "frames without intensity are not found by them; name such frames in experimental_data.masked_frames if there are any";
            return Some(format!("[{}] {}: {why}: {advice}", Code::E51, self.place));
        }
        let dark = self.dark_frames(n_file, frames);
        let told = || {
            format!(
                "[{}] {}: frames without intensity are masked: {}",
                Code::E21,
                self.place,
                ranges(&dark, frames.start + 1)
            )
        };
        (!dark.is_empty()).then(told)
    }

    /// Why no frame can be found by them.
    fn tells_nothing(&self, n_file: usize) -> Option<String> {
        let recorded = self.values.len();
        match self.values.iter().any(|value| value.is_finite()) {
            _ if recorded != n_file => Some(format!("intensities are recorded of {recorded} frames, c2 has {n_file}")),
            false => Some("no intensity is a number".into()),
            true => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_found_by_their_intensity_and_told_as_the_file_counts_them() {
        let place = "a.h5:/intensity".to_owned();
        let recorded = |values: &[f64]| Intensity { values: values.to_vec(), place: place.clone() };
        let known = recorded(&[1.0, 0.0, f64::NAN, -1.0, 1.0, f64::INFINITY]);
        assert_eq!(known.dark_frames(6, &(0..6)), [1, 2, 3, 5]);
        assert_eq!(known.dark_frames(6, &(2..5)), [0, 1]);
        let told = known.warning(6, &(2..5)).expect("told");
        assert_eq!(told, "[E21] a.h5:/intensity: frames without intensity are masked: 3-4");
        assert_eq!(known.warning(6, &(4..5)), None);
        for (silent, n_file, why) in
            [(known, 5, "of 6 frames, c2 has 5"), (recorded(&[f64::NAN; 3]), 3, "no intensity is a number")]
        {
            assert!(silent.dark_frames(n_file, &(0..n_file)).is_empty());
            let told = silent.warning(n_file, &(0..n_file)).expect("told");
            assert!(told.contains("[E51]") && told.contains(why), "{told}");
        }
    }
}
