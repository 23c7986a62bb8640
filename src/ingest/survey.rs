//! What the metadata of a file promise, without reading a matrix: sizes of a selection, available q.

use crate::error::{Fault, Result};
use crate::ingest::bins::{Bin, BinTable};
use crate::ingest::hdf5::Source;
use crate::ingest::layout::{bin_table, detect};
use crate::ingest::matrix::{frame_count, value_bytes};
use crate::ingest::merge::groups;
use crate::ingest::selection::Selection;
use crate::ingest::signature::check_hdf5;
use std::path::Path;

fn open(path: &Path, selection: &Selection) -> Result<(Source, BinTable)> {
    check_hdf5(path)?;
    let source = Source::open(path)?;
    let (layout, _) = detect(&source, selection.layout)?;
    let table = bin_table(&source, layout, selection.allow_missing, selection.dt_override)?;
    Ok((source, table))
}

/// Angles, frames and bytes of a value of a selection, from the metadata of a file alone.
///
/// # Errors
/// As [`crate::ingest::convert::ingest`], as far as metadata tell.
pub fn size_of_selection(path: &Path, selection: &Selection) -> Result<(usize, usize, usize)> {
    let (source, table) = open(path, selection)?;
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
    let (_, table) = open(path, selection)?;
    let mut q: Vec<f64> = table.bins.iter().map(|bin| bin.q_per_angstrom).collect();
    q.sort_by(f64::total_cmp);
    q.dedup();
    Ok(q)
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
                    .code("E16")
                    .shape());
            }
        }
    }
    Ok(first.map_or(0, |(n, _)| n))
}
