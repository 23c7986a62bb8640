//! Which layout a file has, decided by its content. It reads no matrix.

use crate::error::catalogue::Code;
use crate::error::{Error, Fault, Result};
use crate::ingest::files::hdf5::Source;
use crate::ingest::layouts::bins::BinTable;
use crate::ingest::layouts::{aps_legacy, aps_u};
use crate::units::listed;
use serde::{Deserialize, Serialize};

/// The layouts that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    /// APS-U, boost_corr.
    ApsU,
    /// APS before the upgrade: xpcs-eigen, boost_corr, MATLAB.
    ApsLegacy,
}

impl Layout {
    /// Names, as in configuration and results.
    pub const NAMES: [(&'static str, Layout); 2] = [("aps_u", Layout::ApsU), ("aps_legacy", Layout::ApsLegacy)];

    /// Name.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize].0
    }
}

/// Finds the layout; the second value says what else would have matched.
///
/// # Errors
/// E06 if none is known, E07 if the file has g2 only, Layout if the wanted one is not there.
pub fn detect(source: &Source, wanted: Option<Layout>) -> Result<(Layout, Vec<Layout>)> {
    let mut found = Vec::new();
    if source.group(aps_u::CORRELATION_MAP)?.is_some() {
        found.push(Layout::ApsU);
    }
    if aps_legacy::matrix_group(source)?.is_some() {
        found.push(Layout::ApsLegacy);
    }
    if let Some(wanted) = wanted {
        return match found.contains(&wanted) {
            true => Ok((wanted, found.into_iter().filter(|other| *other != wanted).collect())),
            false => Err(Fault::at(source.path().display(), format!("no data in layout {}", wanted.name()))
                .expected(format!(
                    "one of {}",
                    listed(&found.iter().map(|layout| layout.name()).collect::<Vec<&str>>())
                ))
                .code(Code::E06)
                .layout()),
        };
    }
    match found.split_first() {
        Some((first, others)) => Ok((*first, others.to_vec())),
        None => Err(unknown(source)?),
    }
}

fn unknown(source: &Source) -> Result<Error> {
    let mut multitau = source.group("/xpcs/multitau")?.is_some();
    for path in ["/exchange/norm-0-g2", "/exchange/g2_all"] {
        multitau |= source.optional_dataset(path)?.is_some();
    }
    if multitau {
        return Ok(Fault::at(source.path().display(), "this file has g2 only, no two-time correlation")
            .advice("run boost_corr again with -t Twotime or -t Both")
            .code(Code::E07)
            .layout());
    }
    Ok(Fault::at(
        source.path().display(),
        format!("no two-time data in a known layout; the file holds {}", source.outline()),
    )
    .expected("/xpcs/twotime/correlation_map (aps_u) or <group>/C2T_all (aps_legacy)")
    .advice("check that this is a two-time result file; `homodyne inspect FILE` lists what it holds")
    .code(Code::E06)
    .layout())
}

/// Reads the table of bins of a layout.
///
/// # Errors
/// See the layouts.
pub fn bin_table(source: &Source, layout: Layout, allow_missing: bool, dt_override: bool) -> Result<BinTable> {
    match layout {
        Layout::ApsU => aps_u::bin_table(source, allow_missing, dt_override),
        Layout::ApsLegacy => {
            let group = aps_legacy::matrix_group(source)?.unwrap_or_else(|| "/exchange/C2T_all".into());
            aps_legacy::bin_table(source, &group, dt_override)
        }
    }
}

/// Pixels of every bin by label, where the layout is known to have a map of them.
///
/// # Errors
/// E04 if the map is there and cannot be read.
pub fn pixel_counts(source: &Source, layout: Layout) -> Result<Option<Vec<u64>>> {
    match layout {
        Layout::ApsU => aps_u::pixel_counts(source),
        Layout::ApsLegacy => Ok(None),
    }
}
