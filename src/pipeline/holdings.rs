//! What an output folder holds: stores with what they were made from and what used them, and results. It lists and removes; it makes
//! none and opens no partition.

use crate::config::settings::STORES_FOLDER;
use crate::error::catalogue::Code;
use crate::error::{Error, Fault, Result, io_at};
use crate::ingest::reuse::can_be_made_again;
use crate::ingest::selection::Selection;
use crate::machine::link::{lead_to, leads_to_sibling};
use crate::machine::publish::retire;
use crate::machine::regular_file;
use crate::outcome::verdict::Verdict;
use crate::pipeline::run_directory::{LATEST, RESULTS, TABLE_NAME, has_nothing_foreign};
use crate::pipeline::run_record::{Noted, RECORD_NAME};
use crate::store::manifest::{MANIFEST_NAME, Manifest};
use crate::store::recognise::{STORE, is_ruin, is_store};
use serde::Serialize;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// A store and what is known of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct KeptStore {
    /// Content key; empty if the manifest cannot be read.
    pub key: String,
    /// Where it is.
    pub directory: PathBuf,
    /// On the disk.
    pub bytes: u64,
    /// Angles.
    pub n_angles: usize,
    /// Frames.
    pub n_frames: usize,
    /// Wavevector in 1/angstrom; `None` if the manifest cannot be read.
    pub q_per_angstrom: Option<f64>,
    /// The file it was made from, as it was given then.
    pub source: String,
    /// Whether that file is still there.
    pub source_is_there: bool,
    /// What was selected of it, where that is not the default.
    pub selection: String,
    /// When it was made or its last results were, in seconds since 1970.
    pub last_used_unix_seconds: u64,
    /// Ids of the results that used it.
    pub used_by: Vec<String>,
    /// Why it cannot be used.
    pub damage: Option<String>,
}

/// Results and what is known of them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct KeptRun {
    /// Day, name and some digits of the key: the name of the directory.
    pub id: String,
    /// Where they are.
    pub directory: PathBuf,
    /// When they were written, in seconds since 1970.
    pub finished_unix_seconds: u64,
    /// The judgement; `None` for a table of many q.
    pub verdict: Option<Verdict>,
    /// Key of the result: equal keys have equal numbers.
    pub key: String,
    /// The file that the data came from.
    pub source: String,
    /// Content key of the store.
    pub store_key: String,
    /// The store, if it is where it was.
    pub store: Option<PathBuf>,
    /// Why nothing more is known.
    pub damage: Option<String>,
}

/// Results in an output folder, the oldest first.
///
/// # Errors
/// E01 if there is no such folder; Io if it cannot be read.
pub fn runs(output: &Path) -> Result<Vec<KeptRun>> {
    if output.symlink_metadata().is_err_and(|error| error.kind() == ErrorKind::NotFound) {
        return Err(Fault::at(output.display(), "no such folder")
            .expected("the output folder of earlier runs (output.directory of their configuration)")
            .advice("name it with --output; `homodyne run` makes it")
            .code(Code::E01)
            .io());
    }
    let mut found: Vec<KeptRun> = folders(output)?.into_iter().filter_map(kept_run).collect();
    found.sort_by(|a, b| (a.finished_unix_seconds, &a.id).cmp(&(b.finished_unix_seconds, &b.id)));
    Ok(found)
}

/// Stores of an output folder, those used last at the end.
///
/// # Errors
/// As [`runs`].
pub fn stores(output: &Path) -> Result<Vec<KeptStore>> {
    let runs = runs(output)?;
    let folder = output.join(STORES_FOLDER);
    let mut places = if folder.is_dir() { folders(&folder)? } else { Vec::new() };
    // Stores that were named stand elsewhere: their results know where.
    places.extend(runs.iter().filter_map(|run| run.store.clone()));
    let is_listed = |place: &PathBuf| is_store(place) || is_ruin(place);
    let inside: Vec<PathBuf> = places.iter().filter(|place| !is_listed(place)).cloned().collect();
    places.extend(inside.iter().flat_map(|place| folders(place).unwrap_or_default()));
    let full = |place: &PathBuf| place.canonicalize().unwrap_or_else(|_| place.clone());
    places.sort_by_cached_key(full);
    places.dedup_by_key(|place| full(place));
    let mut found: Vec<KeptStore> =
        places.into_iter().filter(is_listed).map(|place| kept_store(place, &runs)).collect();
    found.sort_by(|a, b| (a.last_used_unix_seconds, &a.key).cmp(&(b.last_used_unix_seconds, &b.key)));
    Ok(found)
}

/// What was removed.
#[derive(Debug, Clone, PartialEq)]
pub struct Removed<T> {
    /// As it was.
    pub kept: T,
    /// What could not be removed of it any more; it is hidden, and the next run of this program in that folder tries again.
    pub left: Option<PathBuf>,
}

/// Removes a store: the one whose content key or directory begins with `key`. Data whose file is gone are removed only if `even_the_last`.
///
/// # Errors
/// E62 if there is not exactly one, or it is the last place of its data; E70 if it holds foreign files; Io if it cannot be removed.
pub fn remove_store(output: &Path, key: &str, even_the_last: bool) -> Result<Removed<KeptStore>> {
    let kept = the_one(stores(output)?, key, |store| [store.key.clone(), name_of(&store.directory)])?;
    let again = Manifest::of(&kept.directory).is_ok_and(|manifest| can_be_made_again(&manifest.provenance));
    if !again && !even_the_last {
        let found = match &kept.damage {
            Some(damage) => format!("what it was made from is not known: {damage}"),
            None => format!("its source {} is not there as it was", kept.source),
        };
        return Err(Fault::at(kept.directory.display(), found)
            .expected("a store that can be made again")
            .advice("to remove it all the same, use --force")
            .code(Code::E62)
            .config());
    }
    let left = retire(&kept.directory, STORE)?;
    Ok(Removed { kept, left })
}

/// Removes results: those whose id or key begins with `key`.
///
/// # Errors
/// E62 if there are not exactly one; E77 if there are foreign files; Io if they cannot be removed.
pub fn remove_run(output: &Path, key: &str) -> Result<Removed<KeptRun>> {
    let kept = the_one(runs(output)?, key, |run| [run.key.clone(), run.id.clone()])?;
    has_nothing_foreign(&kept.directory)?;
    let left = retire(&kept.directory, RESULTS)?;
    let link = output.join(LATEST);
    if leads_to_sibling(&link).is_some_and(|name| name == kept.id.as_str()) {
        match runs(output)?.pop() {
            Some(newest) => drop(lead_to(&link, Path::new(&newest.id))?),
            None => std::fs::remove_file(&link).map_err(io_at(&link))?,
        }
    }
    Ok(Removed { kept, left })
}

/// Directories in a folder; links and hidden ones are none.
fn folders(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(io_at(folder))? {
        let entry = entry.map_err(io_at(folder))?;
        let is_hidden = entry.file_name().to_string_lossy().starts_with('.');
        if !is_hidden && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            found.push(entry.path());
        }
    }
    Ok(found)
}

fn name_of(directory: &Path) -> String {
    directory.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn modified_unix_seconds(path: &Path) -> u64 {
    let modified = path.metadata().and_then(|metadata| metadata.modified()).ok();
    modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok()).map_or(0, |since| since.as_secs())
}

fn kept_run(directory: PathBuf) -> Option<KeptRun> {
    let id = name_of(&directory);
    let Some(noted) = Noted::of(&directory) else {
        let table = directory.join(TABLE_NAME);
        let damage = locked(&directory.join(RECORD_NAME)).or_else(|| locked(&table));
        return (table.is_file() || damage.is_some()).then_some(KeptRun {
            id,
            directory,
            finished_unix_seconds: modified_unix_seconds(&table),
            verdict: None,
            key: String::new(),
            source: String::new(),
            store_key: String::new(),
            store: None,
            damage,
        });
    };
    let store = directory.join(&noted.store);
    // The path goes through the run directory; where that can be resolved, without it.
    let store = store.canonicalize().unwrap_or(store);
    // One whose manifest cannot be read is not gone.
    let is_it =
        Manifest::of(&store).map_or_else(|_| is_store(&store), |found| found.content_key == noted.store_content_key);
    Some(KeptRun {
        id,
        directory,
        finished_unix_seconds: noted.finished_unix_seconds,
        verdict: noted.verdict,
        key: noted.result_key,
        source: noted.source,
        store_key: noted.store_content_key,
        store: is_it.then_some(store),
        damage: None,
    })
}

/// What is to be said of a file that may not be read.
fn locked(path: &Path) -> Option<String> {
    let error = regular_file::open(path).err().filter(|error| error.kind() == ErrorKind::PermissionDenied)?;
    Some(io_at(path)(error).to_string())
}

fn kept_store(directory: PathBuf, runs: &[KeptRun]) -> KeptStore {
    let made_unix_seconds = modified_unix_seconds(&directory.join(MANIFEST_NAME));
    let mut kept = KeptStore {
        key: String::new(),
        directory,
        bytes: 0,
        n_angles: 0,
        n_frames: 0,
        q_per_angstrom: None,
        source: String::new(),
        source_is_there: false,
        selection: String::new(),
        last_used_unix_seconds: made_unix_seconds,
        used_by: Vec::new(),
        damage: None,
    };
    let manifest = match Manifest::of(&kept.directory) {
        Ok(manifest) => manifest,
        Err(error) => return KeptStore { damage: Some(error.to_string()), ..kept },
    };
    let users: Vec<&KeptRun> = runs.iter().filter(|run| run.store_key == manifest.content_key).collect();
    let used = users.iter().map(|run| run.finished_unix_seconds).max().unwrap_or_default();
    kept.last_used_unix_seconds = made_unix_seconds.max(used);
    kept.used_by = users.into_iter().map(|run| run.id.clone()).collect();
    kept.bytes = manifest.partitions.iter().map(|partition| partition.bytes).sum();
    kept.n_angles = manifest.experiment.angles.len();
    kept.n_frames = manifest.experiment.time.n_frames;
    kept.q_per_angstrom = Some(manifest.experiment.q_per_angstrom);
    kept.selection = chosen(&manifest.provenance.selection);
    kept.source_is_there = Path::new(&manifest.provenance.source).exists();
    (kept.key, kept.source) = (manifest.content_key, manifest.provenance.source);
    kept
}

/// What of a selection is not the default, as "name value; ..".
fn chosen(selection: &serde_json::Value) -> String {
    let usual = serde_json::to_value(Selection::default()).unwrap_or_default();
    let entries = selection.as_object().into_iter().flatten().filter(|(name, value)| usual[*name] != **value);
    entries.map(|(name, value)| format!("{name} {value}")).collect::<Vec<String>>().join("; ")
}

/// The only one of which a name begins with some text.
fn the_one<T>(kept: Vec<T>, key: &str, names: impl Fn(&T) -> [String; 2]) -> Result<T> {
    let all: Vec<String> = kept.iter().map(|item| names(item)[1].clone()).collect();
    // A whole name is that one, whatever else begins with it.
    let is_whole = |item: &T| names(item)[1] == key;
    let is_meant = |item: &T| !key.is_empty() && names(item).iter().any(|name| name.starts_with(key));
    let mut meant: Vec<T> = match kept.iter().any(is_whole) {
        true => kept.into_iter().filter(is_whole).collect(),
        false => kept.into_iter().filter(is_meant).collect(),
    };
    match meant.pop() {
        Some(item) if meant.is_empty() => Ok(item),
        found => Err(not_one(key, found.is_some(), &all)),
    }
}

fn not_one(key: &str, several: bool, all: &[String]) -> Error {
    let found = if several { "is the beginning of several names" } else { "is the beginning of no name" };
    let expected = match all {
        [] => "the beginning of a key or name of what is there, and there is nothing".to_owned(),
        all => format!("the beginning of one key or of one of: {}", all.join(", ")),
    };
    Fault::at(format!("KEY {key:?}"), found)
        .expected(expected)
        .advice("list them with `homodyne stores` or `homodyne runs`")
        .code(Code::E62)
        .config()
}
