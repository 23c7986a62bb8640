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
use crate::ingest::chosen::{Held, Part, Sameness};
use crate::ingest::files::signature::check_hdf5;
use crate::ingest::selection::Selection;
use crate::machine::file_identity::FileIdentity;
use crate::store::directory::hash_file;
use crate::store::manifest::Manifest;
use crate::units::listed;
use serde_json::Value;
use std::fmt::Display;
use std::path::{Component, Path, PathBuf};

/// A value of the configuration that is not the store's.
struct Difference {
    key: &'static str,
    configured: String,
    stored: String,
    /// What nobody knows, if it might be no difference.
    unknown: Option<&'static str>,
}

impl Difference {
    fn of(key: &'static str, configured: impl Display, stored: impl Display) -> Self {
        Difference { key, configured: configured.to_string(), stored: stored.to_string(), unknown: None }
    }
}

/// The parts of a selection that have to take the same, their fields and keys. What is resolved with the file (layout, q, frame interval)
/// is compared with what came of it.
const EQUAL: [(Part, &str, &str); 9] = [
    (Part::Angles, "phi_ranges", data::PHI_RANGES),
    (Part::Merging, "merge_within_degrees", data::MERGE),
    (Part::FirstFrame, "start_frame", data::FIRST_FRAME),
    (Part::LastFrame, "end_frame", data::LAST_FRAME),
    (Part::FirstLeftOut, "exclude_first_frame", data::EXCLUDE_FIRST),
    (Part::LeftOut, "masked_frames", data::MASKED),
    (Part::Triangles, "symmetrise", data::SYMMETRISE),
    (Part::BadBins, "skip_bad_bins", data::SKIP_BAD_BINS),
    (Part::Missing, "allow_missing", data::ALLOW_MISSING),
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
        if adopted {
            return Ok(not_compared(selection, directory));
        }
        enough_values(selection, directory, manifest)?;
        return Ok(settings.ingest.source.as_deref().and_then(|source| taken_by_name(source, directory, manifest)));
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
    let told = differences.iter().map(|Difference { key, configured, stored, unknown }| {
        let doubt = unknown.map_or_else(String::new, |what| {
            format!(" (perhaps the same: {what}, neither the store tells nor a source that is there)")
        });
        format!("{key} is {configured} in the configuration and {stored} in the store{doubt}")
    });
    Fault::at(directory.display(), told.collect::<Vec<String>>().join(", "))
        .expected("a store of what the configuration asks for")
        .code(Code::E76)
}

fn differences(settings: &Settings, manifest: &Manifest) -> Result<Vec<Difference>> {
    let selection = &settings.ingest.selection;
    let source = settings.ingest.source.as_deref();
    if manifest.provenance.is_adopted() {
        let mut differences = of_what_was_resolved(selection, manifest, None);
        differences.extend(of_gap(settings, manifest));
        differences.extend(of_angles(selection, manifest));
        differences.extend(of_frames(selection, &manifest.experiment));
        differences.extend(source.filter(|source| source.exists()).and_then(|source| of_tables(source, manifest)));
        return Ok(differences);
    }
    let other_source = source.map(|source| of_source(source, manifest)).transpose()?.flatten();
    let as_it_was = source.filter(|source| other_source.is_none() && source.exists());
    let held = Held::of(manifest, as_it_was.or_else(|| source_as_it_was(manifest)));
    let mut differences = of_what_was_resolved(selection, manifest, held.as_ref());
    differences.extend(of_gap(settings, manifest));
    for (part, mut found) in of_fields(selection, &manifest.provenance.selection) {
        match held.as_ref().map_or(Sameness::Other, |held| held.is_taken_by(selection, part)) {
            Sameness::Same => continue,
            Sameness::Other => {}
            Sameness::Unknown(what) => found.unknown = Some(what),
        }
        differences.push(found);
    }
    differences.extend(other_source);
    Ok(differences)
}

/// What a store was made from, if it is where it was and nobody has written to it.
fn source_as_it_was(manifest: &Manifest) -> Option<&Path> {
    let provenance = &manifest.provenance;
    let source = Path::new(&provenance.source);
    let known = provenance.source_identity?;
    FileIdentity::of(source).is_ok_and(|found| found == known).then_some(source)
}

/// What is written in another way.
fn of_fields(selection: &Selection, stored: &Value) -> Vec<(Part, Difference)> {
    let configured = serde_json::to_value(selection).unwrap_or_default();
    let difference = |&(part, field, key): &(Part, &str, &'static str)| {
        let (configured, stored) = (in_words(field, &configured[field]), in_words(field, &stored[field]));
        (part, Difference { key, configured, stored, unknown: None })
    };
    EQUAL.iter().map(difference).filter(|(_, found)| found.configured != found.stored).collect()
}

/// Layout, wavevector and frame interval: those that the store has, if they are asked for.
fn of_what_was_resolved(selection: &Selection, manifest: &Manifest, held: Option<&Held<'_>>) -> Vec<Difference> {
    let experiment = &manifest.experiment;
    let (q, dt) = (experiment.q_per_angstrom, experiment.time.dt_seconds);
    let mut found = Vec::new();
    let known = !manifest.provenance.is_adopted();
    if let Some(layout) = selection.layout.filter(|layout| known && layout.name() != manifest.provenance.layout) {
        found.push(Difference::of(data::LAYOUT, layout.name(), &manifest.provenance.layout));
    }
    let is_wanted = selection.is_wanted_q(q, manifest.provenance.next_q_per_angstrom);
    if let Some(wanted) = selection.q_per_angstrom.filter(|_| !is_wanted) {
        found.push(Difference::of(data::WAVEVECTOR, wanted, q));
    }
    let is_other = |asked: &f64| (asked - dt).abs() > SAME_INTERVAL * dt;
    if let Some(wanted) = selection.dt_seconds.filter(is_other) {
        found.push(Difference::of(data::FRAME_INTERVAL, wanted, dt));
    }
    // The source's own was asked for, and the store has what its user has insisted on.
    let stored = &manifest.provenance.selection;
    if selection.dt_seconds.is_none() && stored["dt_override"] == true && !stored["dt_seconds"].is_null() {
        let extent = held.and_then(Held::extent);
        let unknown = extent.is_none().then_some("the frame interval of its source");
        if extent.and_then(|extent| extent.dt_seconds).is_none_or(|own| is_other(&own)) {
            found.push(Difference { unknown, ..Difference::of(data::FRAME_INTERVAL, "the file's", dt) });
        }
    }
    found
}

/// One of them may have been written from another folder: then it ends like the other.
fn is_same_path(one: &Path, other: &Path) -> bool {
    let normal = |path: &Path| path.components().filter(|part| *part != Component::CurDir).collect::<PathBuf>();
    let (one, other) = (normal(one), normal(other));
    one.ends_with(&other) || other.ends_with(&one)
}

/// Whether a store was made from a file at this path, as far as that is written in the same way.
pub(super) fn is_made_from(source: &Path, manifest: &Manifest) -> bool {
    is_same_path(source, Path::new(&manifest.provenance.source))
}

/// Whether it was made from a file of this name, wherever that was.
fn has_name_of(source: &Path, manifest: &Manifest) -> bool {
    source.file_name().is_some() && source.file_name() == Path::new(&manifest.provenance.source).file_name()
}

/// What is to be said of a source that is gone and was elsewhere when the store was made.
fn taken_by_name(source: &Path, directory: &Path, manifest: &Manifest) -> Option<String> {
    (!source.exists() && !is_made_from(source, manifest)).then(|| {
        let (store, made_from) = (directory.display(), &manifest.provenance.source);
        format!(
            "{} is gone: that the store {store} was made from it is told by the name alone, of {made_from}",
            source.display()
        )
    })
}

/// A file that is the one that was read needs no look at its content; one that moved is told by it; one that is gone by its name.
fn of_source(source: &Path, manifest: &Manifest) -> Result<Option<Difference>> {
    let provenance = &manifest.provenance;
    if !source.exists() {
        let configured = format!("{} (gone: only its name can be compared)", source.display());
        let is_other = !has_name_of(source, manifest);
        return Ok(is_other.then(|| Difference::of(data::FILE, configured, &provenance.source)));
    }
    if !source.is_file() {
        check_hdf5(source)?;
    }
    if is_made_from(source, manifest) && provenance.source_identity == Some(FileIdentity::of(source)?) {
        return Ok(None);
    }
    let content = hash_file(source)?;
    let named = |place: &str, content: &str| format!("{place} (content {})", &content[..content.len().min(12)]);
    Ok((content != provenance.source_blake3).then(|| {
        let configured = named(&source.display().to_string(), &content);
        Difference::of(data::FILE, configured, named(&provenance.source, &provenance.source_blake3))
    }))
}

/// The gap, if the store has one: it is no part of the data of a beamline file.
fn of_gap(settings: &Settings, manifest: &Manifest) -> Option<Difference> {
    let (configured, stored) = settings.model.gap_angstrom.zip(manifest.experiment.gap_angstrom)?;
    let differs = (configured - stored).abs() > SAME_INTERVAL * stored;
    differs.then(|| Difference::of(parameters::GAP, configured, stored))
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
    (!outside.is_empty()).then(|| Difference::of(data::PHI_RANGES, configured, stored()))
}

/// Frames that adopted tables cannot be: another number of them than was selected, or those that were to be left out.
fn of_frames(selection: &Selection, experiment: &Experiment) -> Vec<Difference> {
    let (first, n) = (selection.start_frame, experiment.time.n_frames);
    let selected = selection.end_frame - first + 1;
    let mut found = Vec::new();
    if selection.end_frame > 0 && usize::try_from(selected) != Ok(n) {
        let configured =
            format!("{} (with frame {first} as the first: {} frames)", selection.end_frame, selected.max(0));
        found.push(Difference::of(data::LAST_FRAME, configured, format!("the last of {n} frames")));
    }
    let place = |frame: usize| usize::try_from(i64::try_from(frame).ok()? - first).ok();
    let is_used =
        |frame: usize| frame >= n || experiment.angles.iter().any(|angle| !angle.masked_frames.contains(&frame));
    let used = selection.masked_frames.iter().copied().filter(|&frame| place(frame).is_some_and(is_used));
    let used: Vec<usize> = used.collect();
    if !used.is_empty() {
        let (configured, used) = (listed(&selection.masked_frames), listed(&used));
        found.push(Difference::of(data::MASKED, configured, format!("with pairs of frames {used}, of {n}")));
    }
    found
}

/// A configured source of an adopted store: the tables that it was made of, whatever their folder is called now.
fn of_tables(source: &Path, manifest: &Manifest) -> Option<Difference> {
    let provenance = &manifest.provenance;
    (!are_the_tables(source, &provenance.files)).then(|| {
        let stored = format!("{} tables of {}", provenance.files.len(), provenance.source);
        Difference::of(data::FILE, source.display(), stored)
    })
}

/// What was configured of a selection and cannot be compared with adopted tables.
fn not_compared(selection: &Selection, directory: &Path) -> Option<String> {
    let usual = serde_json::to_value(Selection::default()).unwrap_or_default();
    let keys = of_fields(selection, &usual).into_iter().filter(|(part, _)| *part != Part::Angles);
    let told: Vec<String> = keys.map(|(_, found)| format!("{} = {}", found.key, found.configured)).collect();
    (!told.is_empty()).then(|| {
        format!(
            "{}: adopted from tables, of which nobody knows whether they are of {}",
            directory.display(),
            told.join(", ")
        )
    })
}
