//! What a partition says of itself in the metadata of its schema: enough to be read without the manifest, and to be told from any other.

use crate::error::catalogue::Code;
use crate::error::{Error, Fault, Result};
use crate::experiment::{Angle, TimeGrid};
use arrow_schema::Metadata;
use std::collections::HashMap;
use std::path::Path;

/// What all partitions of a store share.
#[derive(Debug, Clone, PartialEq)]
pub struct Whose {
    /// Content key of the store.
    pub content_key: String,
    /// Wavevector in 1/angstrom.
    pub q_per_angstrom: f64,
    /// Frames.
    pub time: TimeGrid,
    /// Pairs per record batch or row group.
    pub block_points: usize,
}

/// Name of the rule by which pseudo-pairs are laid out.
pub const CONDENSED: &str = "condensed";
/// Name of what a model has predicted of them.
pub const PREDICTION: &str = "prediction";
/// Pair order of every store of this version.
pub const PAIR_ORDER: &str = "upper triangle t1 < t2 without the diagonal, row-major in t1";

impl Whose {
    /// Names and values for the schema of the partition of an angle.
    #[must_use]
    pub fn description(&self, angle: &Angle) -> HashMap<String, String> {
        let entries = [
            ("store_key", self.content_key.clone()),
            ("phi_degrees", format!("{:?}", angle.phi_degrees)),
            ("q_per_angstrom", format!("{:?}", self.q_per_angstrom)),
            ("n_frames", self.time.n_frames.to_string()),
            ("dt_seconds", format!("{:?}", self.time.dt_seconds)),
            ("sigma", format!("{:?}", angle.sigma)),
            ("masked_frames", format!("{:?}", angle.masked_frames)),
            ("pair_order", PAIR_ORDER.into()),
            ("block_points", self.block_points.to_string()),
            (
                "units",
                "c2: 1, t1 and t2: s, i and j and masked_frames: frames from 0; c2 is NaN where it is not data".into(),
            ),
        ];
        entries.into_iter().map(|(name, value)| named(name, value)).collect()
    }

    /// Names and values for the schema of pseudo-pairs that are laid out by a rule.
    #[must_use]
    pub fn description_of_condensed(&self, rule: &str) -> HashMap<String, String> {
        let entries = [
            ("store_key", self.content_key.clone()),
            ("n_frames", self.time.n_frames.to_string()),
            (CONDENSED, rule.into()),
            ("units", "moments: sums of c2 - 1 over all pairs, dealt out to pseudo-pairs; frames from 0".into()),
        ];
        entries.into_iter().map(|(name, value)| named(name, value)).collect()
    }

    /// Whether a partition is the one that an angle should have.
    ///
    /// # Errors
    /// E72 with the first difference.
    pub fn check(&self, angle: &Angle, found: &Metadata, path: &Path) -> Result<()> {
        let mut expected: Vec<(String, String)> = self.description(angle).into_iter().collect();
        expected.sort();
        match expected.iter().find(|(name, value)| found.get(name) != Some(value)) {
            None => Ok(()),
            Some((name, value)) => {
                let what = match found.get(name) {
                    None => format!("its schema has no {name}: the partition of another program or version"),
                    Some(other) => format!(
                        "its {name} is {other}, the manifest's is {value}: the partition of another angle or store"
                    ),
                };
                Err(damaged(path, &what))
            }
        }
    }
}

/// Before every name.
const PREFIX: &str = "homodyne.";

/// What stands in every file of pseudo-pairs.
#[must_use]
pub fn mark_of_condensed() -> String {
    format!("{PREFIX}{CONDENSED}")
}

/// What a schema says under one of these names, as it stands there.
pub(crate) fn named(name: &str, value: impl Into<String>) -> (String, String) {
    (format!("{PREFIX}{name}"), value.into())
}

/// What the schema of a table says under one of these names; `None` if it says nothing.
#[must_use]
pub fn told<'a>(metadata: &'a Metadata, name: &str) -> Option<&'a str> {
    metadata.get(&format!("{PREFIX}{name}")).map(String::as_str)
}

/// A partition that does not hold what the manifest promises.
pub(crate) fn damaged(path: &Path, what: &str) -> Error {
    Fault::at(path.display(), what)
        .expected("the partition that was written")
        .advice("make the store anew with --force (`homodyne ingest` or `adopt`); what was edited on purpose, copy and `homodyne adopt` first")
        .code(Code::E72)
        .format()
}

/// A file of a store that the system does not take.
pub(crate) fn refused(path: &Path, source: Box<dyn std::error::Error + Send + Sync>) -> Error {
    let mut fault = Fault::at(path.display(), "could not be written").advice("check the free space").code(Code::E73);
    fault.source = Some(source);
    fault.io()
}
