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
}

/// Angles, frames and bytes of a value of a selection, from the metadata of a file alone.
///
/// # Errors
/// As [`crate::ingest::convert::ingest`], as far as metadata tell.
pub fn size_of_selection(path: &Path, selection: &Selection) -> Result<(usize, usize, usize)> {
    check_hdf5(path)?;
    let Survey { source, table, .. } = Survey::of(path, selection)?;
    let bins = selection.bins(&source, &table)?;
    let frames = selection.frames(&source, common_frame_count(&source, &bins)?)?;
    let width = value_bytes(&source, &bins[0].path)?;
    Ok((groups(bins, selection.merge_within_degrees).len(), frames.len(), width))
}

/// Every q of a file, ascending, in 1/angstrom.
///
/// # Errors
/// As [`crate::ingest::convert::ingest`], as far as metadata tell.
pub fn available_q(path: &Path, selection: &Selection) -> Result<Vec<f64>> {
    check_hdf5(path)?;
    Ok(wavevectors(&Survey::of(path, selection)?.table.bins))
}

/// The number of frames that all selected matrices share.
pub(super) fn common_frame_count(source: &Source, bins: &[Bin]) -> Result<usize> {
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
