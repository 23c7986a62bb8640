//! Does a store hold what the configuration asks for? A fit of anything else ends here. It changes nothing.

use crate::config::keys::data;
use crate::config::settings::Settings;
use crate::error::catalogue::Code;
use crate::error::{Fault, Result};
use crate::ingest::selection::Selection;
use crate::machine::file_identity::FileIdentity;
use crate::store::directory::hash_file;
use crate::store::manifest::Manifest;
use serde_json::Value;
use std::path::{Component, Path, PathBuf};

/// A value of the configuration that is not the store's.
struct Difference {
    key: &'static str,
    configured: String,
    stored: String,
}

/// The fields of a selection that have to be equal, and their keys. What is resolved with the file (layout, q, frame interval) is
/// compared with what came of it.
const EQUAL: [(&str, &str); 9] = [
    ("phi_ranges", data::PHI_RANGES),
    ("merge_within_degrees", data::MERGE),
    ("start_frame", data::FIRST_FRAME),
    ("end_frame", data::LAST_FRAME),
    ("exclude_first_frame", data::EXCLUDE_FIRST),
    ("masked_frames", data::MASKED),
    ("symmetrise", data::SYMMETRISE),
    ("skip_bad_bins", data::SKIP_BAD_BINS),
    ("allow_missing", data::ALLOW_MISSING),
];

/// Frame intervals that differ by less than this share are one.
const SAME_INTERVAL: f64 = 1e-6;

/// Compares a store with the configuration.
///
/// # Errors
/// E76 with every difference; Io if the source file cannot be read.
pub(super) fn check(settings: &Settings, directory: &Path, manifest: &Manifest) -> Result<()> {
    let selection = &settings.ingest.selection;
    let mut differences = of_fields(selection, &manifest.provenance.selection);
    differences.extend(of_what_was_resolved(selection, manifest));
    if let Some(source) = settings.ingest.source.as_deref() {
        differences.extend(of_source(source, manifest)?);
    }
    if differences.is_empty() {
        return Ok(());
    }
    let told = differences.iter().map(|Difference { key, configured, stored }| {
        format!("{key} is {configured} in the configuration and {stored} in the store")
    });
    Err(Fault::at(directory.display(), told.collect::<Vec<String>>().join(", "))
        .expected("a store of what the configuration asks for")
        .advice("`homodyne run` makes it; a store of another selection needs a --store of its own")
        .code(Code::E76)
        .config())
}

fn of_fields(selection: &Selection, stored: &Value) -> Vec<Difference> {
    let configured = serde_json::to_value(selection).unwrap_or_default();
    let difference = |&(field, key): &(&str, &'static str)| Difference {
        key,
        configured: configured[field].to_string(),
        stored: stored[field].to_string(),
    };
    EQUAL.iter().map(difference).filter(|found| found.configured != found.stored).collect()
}

/// Layout, wavevector and frame interval: those that the store has, if they are asked for.
fn of_what_was_resolved(selection: &Selection, manifest: &Manifest) -> Vec<Difference> {
    let experiment = &manifest.experiment;
    let (q, dt) = (experiment.q_per_angstrom, experiment.time.dt_seconds);
    let mut found = Vec::new();
    if let Some(layout) = selection.layout.filter(|layout| layout.name() != manifest.provenance.layout) {
        let (configured, stored) = (layout.name().into(), manifest.provenance.layout.clone());
        found.push(Difference { key: data::LAYOUT, configured, stored });
    }
    if let Some(wanted) = selection.q_per_angstrom.filter(|wanted| (wanted - q).abs() > selection.q_tolerance * q) {
        found.push(Difference { key: data::WAVEVECTOR, configured: wanted.to_string(), stored: q.to_string() });
    }
    let overridden = manifest.provenance.selection["dt_override"] == true && !selection.dt_override;
    let wanted = selection.dt_seconds.filter(|wanted| (wanted - dt).abs() > SAME_INTERVAL * dt);
    if wanted.is_some() || (overridden && selection.dt_seconds.is_none()) {
        let configured = wanted.map_or("the file's".into(), |dt| dt.to_string());
        found.push(Difference { key: data::FRAME_INTERVAL, configured, stored: dt.to_string() });
    }
    found
}

/// One of them may have been written from another folder: then it ends like the other.
fn is_same_path(one: &Path, other: &Path) -> bool {
    let normal = |path: &Path| path.components().filter(|part| *part != Component::CurDir).collect::<PathBuf>();
    let (one, other) = (normal(one), normal(other));
    one.ends_with(&other) || other.ends_with(&one)
}

/// A file that is the one that was read needs no look at its content; one that moved is told by it; one that is gone by its path.
fn of_source(source: &Path, manifest: &Manifest) -> Result<Option<Difference>> {
    let provenance = &manifest.provenance;
    if !source.exists() {
        let (configured, stored) = (format!("{} (gone)", source.display()), provenance.source.clone());
        return Ok((!is_same_path(source, Path::new(&stored))).then_some(Difference {
            key: data::FILE,
            configured,
            stored,
        }));
    }
    let is_same_place = is_same_path(source, Path::new(&provenance.source));
    if is_same_place && provenance.source_identity == Some(FileIdentity::of(source)?) {
        return Ok(None);
    }
    let content = hash_file(source)?;
    let named = |place: &str, content: &str| format!("{place} (content {})", &content[..content.len().min(12)]);
    Ok((content != provenance.source_blake3).then(|| Difference {
        key: data::FILE,
        configured: named(&source.display().to_string(), &content),
        stored: named(&provenance.source, &provenance.source_blake3),
    }))
}
