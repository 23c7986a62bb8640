//! What the metadata of a file promise, without reading a matrix: sizes of a selection, available q.

use crate::error::catalogue::Code;
use crate::error::{Fault, Result};
use crate::ingest::files::hdf5::Source;
use crate::ingest::files::signature::check_hdf5;
use crate::ingest::layouts::bins::{Bin, BinTable, wavevectors};
use crate::ingest::layouts::detect::{Layout, bin_table, detect};
use crate::ingest::matrix::{frame_count, value_bytes};
use crate::ingest::merge::groups;
use crate::ingest::selection::Selection;
use crate::machine::memory::available_bytes;
use crate::store::manifest::{SourceExtent, ValueType};
use crate::units::gigabytes;
use std::path::Path;

/// An open file and the table of its bins.
pub(super) struct Survey {
    pub source: Source,
    pub layout: Layout,
    /// Other layouts that the file holds too.
    pub others: Vec<Layout>,
    pub table: BinTable,
}

impl Survey {
    /// Of a file whose first bytes were checked.
    pub fn of(path: &Path, selection: &Selection) -> Result<Self> {
        let source = Source::open(path)?;
        let (layout, others) = detect(&source, selection.layout)?;
        let table = bin_table(&source, layout, selection.allow_missing, selection.dt_override)?;
        Ok(Survey { source, layout, others, table })
    }

    /// The bins that a selection takes, and what the file has at their q.
    ///
    /// # Errors
    /// As [`Selection::bins`]; E16 if the bins have different numbers of frames.
    pub fn selected(&self, selection: &Selection) -> Result<(Vec<Bin>, SourceExtent)> {
        let bins = selection.bins(&self.source, &self.table)?;
        let n_frames = common_frame_count(&self.source, &bins)?;
        let at_q = self.table.bins.iter().filter(|bin| bin.q_per_angstrom == bins[0].q_per_angstrom);
        let mut phi_degrees: Vec<f64> = at_q.map(|bin| bin.phi_degrees).collect();
        phi_degrees.sort_by(f64::total_cmp);
        let dt_seconds = self.table.timing.map(|timing| timing.dt_seconds());
        let is_complete =
            !selection.allow_missing || bin_table(&self.source, self.layout, false, selection.dt_override).is_ok();
        Ok((bins, SourceExtent { n_frames, phi_degrees, dt_seconds, is_complete }))
    }
}

/// Angles, frames and bytes of a value of a selection, from the metadata of a file alone.
///
/// # Errors
/// As [`crate::ingest::convert::ingest`], as far as metadata tell.
pub fn size_of_selection(path: &Path, selection: &Selection) -> Result<(usize, usize, usize)> {
    check_hdf5(path)?;
    let survey = Survey::of(path, selection)?;
    let (bins, extent) = survey.selected(selection)?;
    let Survey { source, table, .. } = survey;
    let frames = selection.frames(&source, extent.n_frames)?;
    selection.dt_seconds(&table)?;
    let width = value_bytes(&source, &bins[0].path)?;
    let groups = groups(bins, |bin| bin.phi_degrees, selection.merge_within_degrees);
    Ok((groups.len(), frames.len(), width))
}

/// Every q of a file, ascending, in 1/angstrom.
///
/// # Errors
/// As [`crate::ingest::convert::ingest`], as far as metadata tell.
pub fn available_q(path: &Path, selection: &Selection) -> Result<Vec<f64>> {
    check_hdf5(path)?;
    Ok(wavevectors(&Survey::of(path, selection)?.table.bins))
}

/// The width that holds the values of all selected matrices.
pub(super) fn common_value_type(source: &Source, bins: &[Bin], warnings: &mut Vec<String>) -> Result<ValueType> {
    let widths = bins.iter().map(|bin| value_bytes(source, &bin.path)).collect::<Result<Vec<usize>>>()?;
    let n_wide = widths.iter().filter(|&&width| width == 8).count();
    if n_wide > 0 && n_wide < widths.len() {
        let what =
            format!("{} of {} matrices are narrower than 64 bits and are widened", widths.len() - n_wide, widths.len());
        warnings.push(format!("[{}] {}: {what}", Code::E19, source.path().display()));
    }
    Ok(if n_wide > 0 { ValueType::F64 } else { ValueType::F32 })
}

/// Values of a matrix.
pub(super) fn points(n_frames: usize) -> u64 {
    (n_frames as u64).saturating_mul(n_frames as u64)
}

/// What reading a matrix holds at a time: it, and what it is decoded from and to.
pub(super) fn bytes_to_read(n_frames: usize, value_type: ValueType) -> u64 {
    points(n_frames).saturating_mul(if value_type == ValueType::F32 { 12 } else { 24 })
}

/// E38 unless so many bytes are there.
pub(super) fn enough_memory(source: &Source, needed: u64) -> Result<()> {
    let available = available_bytes().unwrap_or(u64::MAX);
    if needed <= available {
        return Ok(());
    }
    Err(Fault::at(source.path().display(), format!("reading needs {}", gigabytes(needed)))
        .expected(format!("at most the {} that are available", gigabytes(available)))
        .advice("use fewer --threads, or a machine or memory limit with more")
        .code(Code::E38)
        .config())
}

/// The number of frames that all selected matrices share.
fn common_frame_count(source: &Source, bins: &[Bin]) -> Result<usize> {
    let mut first = None;
    for bin in bins {
        let n = frame_count(source, &bin.path)?;
        match first {
            None => first = Some((n, &bin.path)),
            Some((expected, _)) if expected == n => {}
            Some((expected, path)) => {
                return Err(Fault::at(source.place(&bin.path), format!("{n} frames"))
                    .expected(format!("{expected} frames as in {path}"))
                    .code(Code::E16)
                    .shape());
            }
        }
    }
    Ok(first.map_or(0, |(n, _)| n))
}
