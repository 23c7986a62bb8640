//! Whether two selections take the same of a source, however they are written: what the store of one of them tells decides, and the
//! source itself, where it is there, of what the store does not tell. It compares no values but the triangles of a matrix.

use crate::error::Result;
use crate::ingest::files::hdf5::Source;
use crate::ingest::matrix::read_pairs;
use crate::ingest::merge::groups;
use crate::ingest::selection::{PhiRange, Selection, Symmetrise};
use crate::ingest::survey::Survey;
use crate::store::manifest::{Manifest, Partition, SourceExtent};
use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;

/// What of a selection decides which numbers a store holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Ranges of angles.
    Angles,
    /// Angles that become one.
    Merging,
    /// The first frame.
    FirstFrame,
    /// The last frame.
    LastFrame,
    /// Whether the first frame is left out.
    FirstLeftOut,
    /// Frames that are left out.
    LeftOut,
    /// What is taken of two triangles.
    Triangles,
    /// Whether matrices without data are left out.
    BadBins,
    /// Whether what has no counterpart is left out.
    Missing,
}

/// Whether two selections take the same in one part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sameness {
    /// They do.
    Same,
    /// They do not.
    Other,
    /// Nobody knows, with what is not known.
    Unknown(&'static str),
}

/// What a store holds, and what is known of what it was made from.
pub struct Held<'a> {
    manifest: &'a Manifest,
    source: Option<&'a Path>,
    selection: Selection,
    /// Frames of the source, 0-based and half-open.
    frames: Range<usize>,
    /// Angles of the source, before some of them became one.
    phi_degrees: Vec<f64>,
    /// Read when it is asked for.
    extent: OnceCell<Option<SourceExtent>>,
}

impl<'a> Held<'a> {
    /// Of a store; `source` is what it was made from, if that is there as it was. `None` if the store tells of no selection.
    #[must_use]
    pub fn of(manifest: &'a Manifest, source: Option<&'a Path>) -> Option<Self> {
        let selection: Selection = serde_json::from_value(manifest.provenance.selection.clone()).ok()?;
        let begin = usize::try_from(selection.start_frame).ok()?.checked_sub(1)?;
        let own = |(phi, partition): (f64, &Partition)| match &partition.merged_from[..] {
            [] => vec![phi],
            members => members.iter().map(|member| member.phi_degrees).collect(),
        };
        let angles = manifest.experiment.angles.iter().map(|angle| angle.phi_degrees);
        let mut phi_degrees: Vec<f64> = angles.zip(&manifest.partitions).flat_map(own).collect();
        phi_degrees.sort_by(f64::total_cmp);
        let frames = begin..begin + manifest.experiment.time.n_frames;
        Some(Held { manifest, source, selection, frames, phi_degrees, extent: OnceCell::new() })
    }

    /// What the source has, if that is known.
    #[must_use]
    pub fn extent(&self) -> Option<&SourceExtent> {
        let selected = |path| Survey::of(path, &self.selection).and_then(|survey| survey.selected(&self.selection));
        let read = || selected(self.source?).ok().map(|(_, extent)| extent);
        self.extent.get_or_init(|| self.manifest.provenance.extent.clone().or_else(read)).as_ref()
    }

    /// Whether another selection takes the same in one part.
    #[must_use]
    pub fn is_taken_by(&self, other: &Selection, part: Part) -> Sameness {
        let own = &self.selection;
        let same = |is_same: bool| if is_same { Sameness::Same } else { Sameness::Other };
        match part {
            Part::Angles => self.angles(other),
            Part::Merging => self.merging(other),
            Part::FirstFrame => same(other.start_frame == own.start_frame),
            Part::LastFrame => self.last_frame(other),
            Part::FirstLeftOut => {
                same(other.exclude_first_frame == own.exclude_first_frame || self.leaves_out_the_same(other))
            }
            Part::LeftOut => same(self.lists_the_same(other) || self.leaves_out_the_same(other)),
            Part::Triangles => self.triangles(other.symmetrise),
            Part::BadBins if other.skip_bad_bins || !own.skip_bad_bins => Sameness::Same,
            Part::BadBins => match self.extent().map(|extent| &extent.phi_degrees) {
                None => Sameness::Unknown("whether its source has matrices without data"),
                Some(all) => same(all.iter().all(|phi| !own.wants(*phi) || self.phi_degrees.contains(phi))),
            },
            Part::Missing if other.allow_missing || !own.allow_missing => Sameness::Same,
            Part::Missing => match self.extent() {
                None => Sameness::Unknown("whether matrices and bins of its source match"),
                Some(extent) => same(extent.is_complete),
            },
        }
    }

    /// Angles that the source has and the store has not are those without data, or those that its selection does not want.
    fn angles(&self, other: &Selection) -> Sameness {
        let has_all = self.phi_degrees.iter().all(|&phi| other.wants(phi));
        let has_no_more = match self.extent() {
            Some(extent) => extent.phi_degrees.iter().all(|&phi| !other.wants(phi) || self.selection.wants(phi)),
            None => is_within(&other.phi_ranges, &self.selection.phi_ranges),
        };
        match (has_all, has_no_more, self.extent()) {
            (true, true, _) => Sameness::Same,
            (true, false, None) => Sameness::Unknown("which other angles its source has"),
            _ => Sameness::Other,
        }
    }

    fn merging(&self, other: &Selection) -> Sameness {
        let own = &self.selection;
        let taken = match self.extent() {
            Some(extent) => extent.phi_degrees.iter().copied().filter(|&phi| own.wants(phi)).collect(),
            None if own.skip_bad_bins => return Sameness::Unknown("whether its source has matrices without data"),
            None => self.phi_degrees.clone(),
        };
        let grouped = |within| groups(taken.clone(), |phi| *phi, within);
        match grouped(other.merge_within_degrees) == grouped(own.merge_within_degrees) {
            true => Sameness::Same,
            false => Sameness::Other,
        }
    }

    fn last_frame(&self, other: &Selection) -> Sameness {
        match self.end_of(other) {
            None => Sameness::Unknown("how many frames its source has"),
            Some(end) if end == self.frames.end => Sameness::Same,
            Some(_) => Sameness::Other,
        }
    }

    /// Where the frames of a selection of the source end, if that is known.
    fn end_of(&self, selection: &Selection) -> Option<usize> {
        let own = (self.selection.end_frame == -1).then_some(self.frames.end);
        let n_frames = self.extent().map(|extent| extent.n_frames).or(own);
        if selection.end_frame == -1 { n_frames } else { usize::try_from(selection.end_frame).ok() }
    }

    /// Whether the same frames are listed to be left out, of those that both take.
    fn lists_the_same(&self, other: &Selection) -> bool {
        let begin = usize::try_from(other.start_frame).unwrap_or(usize::MAX).max(self.frames.start + 1);
        let end = self.end_of(other).unwrap_or(self.frames.end).min(self.frames.end);
        let listed = |selection: &Selection| {
            let in_both = selection.masked_frames.iter().copied().filter(|frame| (begin..=end).contains(frame));
            in_both.collect::<BTreeSet<usize>>()
        };
        listed(other) == listed(&self.selection)
    }

    /// Whether the same frames are taken, and the same of them left out.
    fn leaves_out_the_same(&self, other: &Selection) -> bool {
        let is_same_range = other.start_frame == self.selection.start_frame && self.last_frame(other) == Sameness::Same;
        is_same_range && other.left_out(&self.frames) == self.selection.left_out(&self.frames)
    }

    fn triangles(&self, other: Option<Symmetrise>) -> Sameness {
        let own = self.selection.symmetrise;
        // Where triangles that differ are refused, the upper one was taken.
        if own == other || (own.is_none() && other == Some(Symmetrise::Upper)) {
            return Sameness::Same;
        }
        let told: Option<Vec<bool>> = self.manifest.partitions.iter().map(|told| told.triangles_agree).collect();
        let told = told.map(|told| told.iter().all(|agrees| *agrees));
        match told.or_else(|| triangles_agree(self.source?, &self.selection).ok()) {
            Some(true) => Sameness::Same,
            Some(false) => Sameness::Other,
            None => Sameness::Unknown("whether both triangles of its matrices hold the same"),
        }
    }
}

/// Whether it does not matter which triangles of the matrices of a file are taken.
fn triangles_agree(path: &Path, selection: &Selection) -> Result<bool> {
    let survey = Survey::of(path, selection)?;
    let (bins, extent) = survey.selected(selection)?;
    let frames = selection.frames(&survey.source, extent.n_frames)?;
    let agrees = |source: &Source, bin: &str| {
        read_pairs(source, bin, &frames, Some(Symmetrise::Upper)).map(|pairs| pairs.triangles_agree)
    };
    bins.iter().try_fold(true, |all, bin| Ok(all && agrees(&survey.source, &bin.path)?))
}

/// Whether every angle of one list of ranges is in the other.
fn is_within(one: &[PhiRange], other: &[PhiRange]) -> bool {
    let holds = |ranges: &[PhiRange], phi: f64| ranges.is_empty() || ranges.iter().any(|range| range.contains(phi));
    let ends = one.iter().chain(other).flat_map(|range| [range.min_angle, range.max_angle]);
    let mut ends: Vec<f64> = ends.map(|end| end.rem_euclid(360.0)).collect();
    ends.sort_by(f64::total_cmp);
    // What is held changes at ends of ranges only: those and one angle between any two of them tell all.
    let next = ends.iter().skip(1).copied().chain(ends.first().map(|first| first + 360.0));
    let between: Vec<f64> = ends.iter().zip(next).map(|(end, next)| 0.5 * (end + next)).collect();
    ends.iter().chain(&between).chain([&0.0]).all(|&phi| !holds(one, phi) || holds(other, phi))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_compared_by_what_they_hold() {
        let range = |min_angle, max_angle| PhiRange { min_angle, max_angle };
        let are_same = |one: &[PhiRange], other: &[PhiRange]| is_within(one, other) && is_within(other, one);
        assert!(are_same(&[], &[range(-180.0, 180.0)]));
        assert!(are_same(&[range(-10.0, 10.0), range(80.0, 100.0)], &[range(80.0, 100.0), range(350.0, 370.0)]));
        assert!(are_same(&[range(0.0, 20.0), range(10.0, 30.0)], &[range(0.0, 30.0)]));
        assert!(is_within(&[range(-10.0, 10.0)], &[range(-10.0, 11.0)]) && is_within(&[range(0.0, 90.0)], &[]));
        assert!(!is_within(&[range(-10.0, 11.0)], &[range(-10.0, 10.0)]) && !is_within(&[], &[range(0.0, 90.0)]));
    }
}
