//! Does a store hold what the configuration asks for? A fit of anything else ends here. It changes nothing.
//!
//! Of a store that was adopted from tables nobody knows which frames and angles of which beamline file they are. There the rule is: q,
//! frame interval, gap and the number of frames must agree if they are configured, every angle must lie in the configured ranges, frames
//! that are to be left out have no pairs, `experimental_data.file_path` is left out or names the adopted tables as they were, and what else was configured is told not to have been compared.

use crate::config::keys::{data, parameters};
use crate::config::settings::Settings;
use crate::error::catalogue::Code;
use crate::error::{Fault, Result};
use crate::experiment::Experiment;
use crate::ingest::adopt::sources::are_the_tables;
use crate::ingest::chosen::{Chosen, are_same_ranges};
use crate::ingest::selection::Selection;
use crate::machine::file_identity::FileIdentity;
use crate::store::directory::hash_file;
use crate::store::manifest::Manifest;
use crate::units::listed;
use serde_json::Value;
use std::ops::Range;
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

/// Compares a store with the configuration. Returns what deserves a warning: what could not be compared.
///
/// # Errors
/// E76 with every difference, E20 with too many missing values; Io if the source file cannot be read.
pub(super) fn check(settings: &Settings, directory: &Path, manifest: &Manifest) -> Result<Option<String>> {
    let (selection, adopted) = (&settings.ingest.selection, manifest.provenance.is_adopted());
    let differences = differences(settings, manifest)?;
    if differences.is_empty() {
        // Tables may leave pairs out on purpose.
        if !adopted {
            enough_values(selection, directory, manifest)?;
        }
        return Ok(adopted.then(|| not_compared(selection, directory)).flatten());
    }
    Err(told(directory, &differences)
        .advice(match adopted {
            true => "the store was adopted from tables: leave the file out (--set experimental_data.file_path=null)",
            false => {
                "`homodyne run` without --store (and store.directory) finds or makes the store that the configuration asks for, or give \
                 that one a --store of its own"
            }
        })
        .config())
}

/// E20, as an ingest gives it: the store may have been made with another limit.
fn enough_values(selection: &Selection, directory: &Path, manifest: &Manifest) -> Result<()> {
    let most = selection.max_non_finite_fraction;
    let Some(partition) = manifest.partitions.iter().find(|partition| partition.non_finite_share > most) else {
        return Ok(());
    };
    let (count, percent) = (partition.non_finite_values, 100.0 * partition.non_finite_share);
    let place = directory.join(&partition.file);
    Err(Fault::at(place.display(), format!("{count} values ({percent:.2} %) are not finite"))
        .expected(format!("at most {} %", 100.0 * most))
        .advice("leave the angle out, or raise experimental_data.max_non_finite_fraction")
        .code(Code::E20)
        .non_finite())
}

/// Whether the store at a place that was named may be made anew for the configuration: it may be of an earlier state of the same
/// file, or cut and encoded in another way, but not of anything else. Data are not lost by a name.
///
/// # Errors
/// E76 with every difference; Io if the source file cannot be read.
pub(super) fn may_be_made_anew(settings: &Settings, directory: &Path, manifest: &Manifest) -> Result<()> {
    let full = |path: &Path| path.canonicalize().ok();
    let is_own =
        |source: &Path| full(source).is_some_and(|own| full(Path::new(&manifest.provenance.source)) == Some(own));
    let is_of_same_file = settings.ingest.source.as_deref().is_some_and(is_own);
    let mut differences = differences(settings, manifest)?;
    differences.retain(|found| !(found.key == data::FILE && is_of_same_file));
    if differences.is_empty() {
        return Ok(());
    }
    let name = directory.file_name().unwrap_or_default().to_string_lossy();
    Err(told(directory, &differences)
        .advice(format!("choose another --store directory, or remove this one first (`homodyne stores remove {name}`)"))
        .config())
}

fn told(directory: &Path, differences: &[Difference]) -> Fault {
    let told = differences.iter().map(|Difference { key, configured, stored }| {
        format!("{key} is {configured} in the configuration and {stored} in the store")
    });
    Fault::at(directory.display(), told.collect::<Vec<String>>().join(", "))
        .expected("a store of what the configuration asks for")
        .code(Code::E76)
}

fn differences(settings: &Settings, manifest: &Manifest) -> Result<Vec<Difference>> {
    let selection = &settings.ingest.selection;
    let source = settings.ingest.source.as_deref();
    let mut differences = of_what_was_resolved(selection, manifest);
    differences.extend(of_gap(settings, manifest));
    if manifest.provenance.is_adopted() {
        differences.extend(of_angles(selection, manifest));
        differences.extend(of_frames(selection, &manifest.experiment));
        differences.extend(source.filter(|source| source.exists()).and_then(|source| of_tables(source, manifest)));
    } else {
        let spelt = of_fields(selection, &manifest.provenance.selection);
        let same = if spelt.is_empty() { Same::default() } else { Same::of(selection, manifest, source) };
        differences.extend(spelt.into_iter().filter(|found| !same.holds_of(found.key)));
        differences.extend(source.map(|source| of_source(source, manifest)).transpose()?.flatten());
    }
    Ok(differences)
}

fn of_fields(selection: &Selection, stored: &Value) -> Vec<Difference> {
    let configured = serde_json::to_value(selection).unwrap_or_default();
    let difference = |&(field, key): &(&str, &'static str)| Difference {
        key,
        configured: in_words(field, &configured[field]),
        stored: in_words(field, &stored[field]),
    };
    EQUAL.iter().map(difference).filter(|found| found.configured != found.stored).collect()
}

/// Layout, wavevector and frame interval: those that the store has, if they are asked for.
fn of_what_was_resolved(selection: &Selection, manifest: &Manifest) -> Vec<Difference> {
    let experiment = &manifest.experiment;
    let (q, dt) = (experiment.q_per_angstrom, experiment.time.dt_seconds);
    let mut found = Vec::new();
    let known = !manifest.provenance.is_adopted();
    if let Some(layout) = selection.layout.filter(|layout| known && layout.name() != manifest.provenance.layout) {
        let (configured, stored) = (layout.name().into(), manifest.provenance.layout.clone());
        found.push(Difference { key: data::LAYOUT, configured, stored });
    }
    let is_wanted = selection.is_wanted_q(q, manifest.provenance.next_q_per_angstrom);
    if let Some(wanted) = selection.q_per_angstrom.filter(|_| !is_wanted) {
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

/// The gap, if the store has one: it is no part of the data of a beamline file.
fn of_gap(settings: &Settings, manifest: &Manifest) -> Option<Difference> {
    let (configured, stored) = settings.model.gap_angstrom.zip(manifest.experiment.gap_angstrom)?;
    let differs = (configured - stored).abs() > SAME_INTERVAL * stored;
    differs.then(|| Difference { key: parameters::GAP, configured: configured.to_string(), stored: stored.to_string() })
}

/// Which parts of two selections take the same of the data, though they are written in other ways.
#[derive(Debug, Default)]
struct Same {
    angles: bool,
    frames: bool,
    left_out: bool,
}

impl Same {
    /// By the file, if it is there; otherwise as far as the store tells.
    fn of(configured: &Selection, manifest: &Manifest, source: Option<&Path>) -> Self {
        let Ok(stored) = serde_json::from_value::<Selection>(manifest.provenance.selection.clone()) else {
            return Same::default();
        };
        let chosen = |selection: &Selection| Chosen::of(source.filter(|source| source.exists())?, selection).ok();
        if let (Some(one), Some(other)) = (chosen(configured), chosen(&stored)) {
            let angles = one.phi_degrees == other.phi_degrees;
            return Same { angles, frames: one.frames == other.frames, left_out: one.left_out == other.left_out };
        }
        let frames = frames_of(configured, &stored, manifest.experiment.time.n_frames);
        Same {
            angles: are_same_ranges(&configured.phi_ranges, &stored.phi_ranges),
            frames: frames.is_some(),
            left_out: frames.is_some_and(|frames| configured.left_out(&frames) == stored.left_out(&frames)),
        }
    }

    fn holds_of(&self, key: &str) -> bool {
        match key {
            data::PHI_RANGES => self.angles,
            data::FIRST_FRAME | data::LAST_FRAME => self.frames,
            data::MASKED | data::EXCLUDE_FIRST => self.left_out,
            _ => false,
        }
    }
}

/// The frames of a store with `n_frames`, 0-based and half-open, if both selections take them. Of which number the last of the file is,
/// the store tells only if it holds it.
fn frames_of(configured: &Selection, stored: &Selection, n_frames: usize) -> Option<Range<usize>> {
    let first = usize::try_from(stored.start_frame).ok()?.checked_sub(1)?;
    let last = i64::try_from(first + n_frames).ok()?;
    let is_last = configured.end_frame == stored.end_frame || (stored.end_frame == -1 && configured.end_frame == last);
    (configured.start_frame == stored.start_frame && is_last).then(|| first..first + n_frames)
}

/// A value of a selection, as people write it.
fn in_words(field: &str, value: &Value) -> String {
    let range = |range: &Value| format!("{} to {} degrees", range["min_angle"], range["max_angle"]);
    match (field, value) {
        (_, Value::Null) => "not given".into(),
        ("phi_ranges", Value::Array(ranges)) if ranges.is_empty() => "all angles".into(),
        ("phi_ranges", Value::Array(ranges)) => listed(&ranges.iter().map(range).collect::<Vec<String>>()),
        (_, Value::Array(values)) if values.is_empty() => "none".into(),
        (_, Value::Array(values)) => listed(values),
        (_, Value::String(text)) => text.clone(),
        (_, value) => value.to_string(),
    }
}

/// Adopted angles outside the configured ranges.
fn of_angles(selection: &Selection, manifest: &Manifest) -> Option<Difference> {
    let ranges = &selection.phi_ranges;
    let is_wanted = |phi: f64| ranges.is_empty() || ranges.iter().any(|range| range.contains(phi));
    let phi = manifest.experiment.angles.iter().map(|angle| angle.phi_degrees);
    let outside: Vec<f64> = phi.filter(|&phi| !is_wanted(phi)).collect();
    let configured = in_words("phi_ranges", &serde_json::to_value(ranges).unwrap_or_default());
    let stored = || format!("with angles {} degrees", listed(&outside));
    (!outside.is_empty()).then(|| Difference { key: data::PHI_RANGES, configured, stored: stored() })
}

/// Frames that adopted tables cannot be: another number of them than was selected, or those that were to be left out.
fn of_frames(selection: &Selection, experiment: &Experiment) -> Vec<Difference> {
    let (first, n) = (selection.start_frame, experiment.time.n_frames);
    let selected = selection.end_frame - first + 1;
    let mut found = Vec::new();
    if selection.end_frame > 0 && usize::try_from(selected) != Ok(n) {
        let configured =
            format!("{} (with frame {first} as the first: {} frames)", selection.end_frame, selected.max(0));
        found.push(Difference { key: data::LAST_FRAME, configured, stored: format!("the last of {n} frames") });
    }
    let place = |frame: usize| usize::try_from(i64::try_from(frame).ok()? - first).ok();
    let is_used =
        |frame: usize| frame >= n || experiment.angles.iter().any(|angle| !angle.masked_frames.contains(&frame));
    let used = selection.masked_frames.iter().copied().filter(|&frame| place(frame).is_some_and(is_used));
    let used: Vec<usize> = used.collect();
    if !used.is_empty() {
        let (configured, used) = (listed(&selection.masked_frames), listed(&used));
        found.push(Difference {
            key: data::MASKED,
            configured,
            stored: format!("with pairs of frames {used}, of {n}"),
        });
    }
    found
}

/// A configured source of an adopted store: the tables that it was made of, whatever their folder is called now.
fn of_tables(source: &Path, manifest: &Manifest) -> Option<Difference> {
    let provenance = &manifest.provenance;
    (!are_the_tables(source, &provenance.files)).then(|| Difference {
        key: data::FILE,
        configured: source.display().to_string(),
        stored: format!("{} tables of {}", provenance.files.len(), provenance.source),
    })
}

/// What was configured of a selection and cannot be compared with adopted tables.
fn not_compared(selection: &Selection, directory: &Path) -> Option<String> {
    let usual = serde_json::to_value(Selection::default()).unwrap_or_default();
    let keys = of_fields(selection, &usual).into_iter().filter(|found| found.key != data::PHI_RANGES);
    let told: Vec<String> = keys.map(|found| format!("{} = {}", found.key, found.configured)).collect();
    (!told.is_empty()).then(|| {
        format!(
            "{}: adopted from tables, of which nobody knows whether they are of {}",
            directory.display(),
            told.join(", ")
        )
    })
}
