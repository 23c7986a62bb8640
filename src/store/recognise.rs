//! Whether a directory is a store that this program has made, and nothing else. It opens no partition.

use crate::error::catalogue::Code;
use crate::error::{Error, Fault, Result, io_at};
use crate::machine::claim::prefix;
use crate::machine::folder::is_empty;
use crate::machine::publish::Kind;
use crate::machine::regular_file::{self, what_it_is};
use crate::store::condensed_file::{CONDENSED_NAME, is_ours};
use crate::store::manifest::{DATA_FOLDER, MANIFEST_NAME, StoreFormat};
use serde_json::Value;
use std::fs::DirEntry;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Digits of a content key.
const KEY_DIGITS: usize = 64;

/// Stores of a folder that an error names.
const SHOWN: usize = 5;

/// The kind of directory that stores are.
pub const STORE: Kind = Kind { may_replace: may_be_replaced, is_ours: holds_only_parts };

/// A store may come to a place where nothing is, where a folder is empty, or where a store is and no foreign file.
///
/// # Errors
/// E70 with what is there; Io if it cannot be looked at.
pub fn may_be_replaced(place: &Path) -> Result<()> {
    // A reader of the outer one would take it for a part of it, and a new one in its place would lose it.
    if let Some(outer) = place.ancestors().skip(1).find(|folder| manifest_of(folder).is_some()) {
        let advice = "choose a directory outside of it";
        return Err(taken(place, &format!("lies inside the store {}", outer.display()), advice));
    }
    let Ok(there) = place.symlink_metadata() else { return Ok(()) };
    if !there.is_dir() {
        return Err(taken(place, &format!("is {}", what_it_is(there.file_type())), "name a directory"));
    }
    if is_locked(place) {
        let advice = format!("make it readable (`chmod u+r {}`)", place.join(MANIFEST_NAME).display());
        return Err(taken(place, &format!("{MANIFEST_NAME} in it cannot be read: permission denied"), &advice));
    }
    let mut entries = std::fs::read_dir(place).map_err(io_at(place))?;
    let Some(manifest) = manifest_of(place) else {
        return match entries.next().map(|_| stores_in(place)) {
            Some(_) if is_ruin(place) => Err(ruin(place)),
            Some(stores) if !stores.is_empty() => Err(folder_of_stores(place, &stores)),
            Some(_) => {
                let advice =
                    "choose another directory (--store, store.directory, or --out of adopt), for instance one below it";
                Err(taken(place, "holds files and is no store of this program", advice))
            }
            None => Ok(()),
        };
    };
    let partitions = manifest["partitions"].as_array().into_iter().flatten();
    let parts: Vec<&str> = partitions.filter_map(|partition| partition["file"].as_str()).collect();
    let is_part = |file: &Path| {
        file == Path::new(MANIFEST_NAME)
            || is_condensed(place, file)
            || parts.iter().any(|part| file == Path::new(part))
    };
    let is_folder = |folder: &Path| parts.iter().any(|part| Path::new(part).starts_with(folder));
    match foreign(place, &is_part, &is_folder) {
        Some(file) => {
            let found = format!("holds {}, which is no part of the store", file.display());
            Err(taken(place, &found, "move it elsewhere"))
        }
        None => Ok(()),
    }
}

/// Whether a store that was never finished holds nothing but partitions and a manifest.
fn holds_only_parts(place: &Path) -> bool {
    let is_part = |file: &Path| {
        let mut steps = file.components().map(|step| step.as_os_str().to_string_lossy().into_owned());
        match [steps.next(), steps.next(), steps.next(), steps.next()] {
            [Some(name), None, ..] => name == MANIFEST_NAME || is_condensed(place, file),
            [Some(data), Some(phi), Some(name), None] => {
                let is_partition = StoreFormat::NAMES.iter().any(|(_, format)| name == format.partition_file());
                data == DATA_FOLDER && phi.starts_with("phi=") && is_partition
            }
            _ => false,
        }
    };
    // One that was begun has folders without files.
    place.symlink_metadata().is_ok_and(|there| there.is_dir()) && foreign(place, &is_part, &|_| true).is_none()
}

/// Whether a file, named from its store, holds pseudo-pairs by its own words, or is what is left of writing them.
fn is_condensed(place: &Path, file: &Path) -> bool {
    let name = file.as_os_str().to_string_lossy();
    match name == CONDENSED_NAME {
        true => is_ours(&place.join(file)),
        false => name.starts_with(&prefix(Path::new(CONDENSED_NAME))),
    }
}

/// The first file or folder below a place that is no part of it, named from there: somebody made an empty one, too. Whatever is neither
/// file nor folder is none.
fn foreign(place: &Path, is_part: &dyn Fn(&Path) -> bool, is_folder: &dyn Fn(&Path) -> bool) -> Option<PathBuf> {
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        let mut entries: Vec<DirEntry> = std::fs::read_dir(place.join(&folder)).ok()?.flatten().collect();
        entries.sort_by_key(DirEntry::file_name);
        for entry in entries {
            let name = folder.join(entry.file_name());
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && (is_folder(&name) || !is_empty(&place.join(&name))) => folders.push(name),
                Ok(kind) if kind.is_file() && is_part(&name) => {}
                _ => return Some(name),
            }
        }
    }
    None
}

/// Whether a directory has the manifest of a store, of any version, or one that may not be read: only its owner can tell.
#[must_use]
pub fn is_store(place: &Path) -> bool {
    manifest_of(place).is_some() || is_locked(place)
}

/// Whether the manifest of a directory may not be read.
fn is_locked(place: &Path) -> bool {
    regular_file::open(&place.join(MANIFEST_NAME)).is_err_and(|error| error.kind() == ErrorKind::PermissionDenied)
}

/// Whether a directory holds what a store holds, but a manifest that tells nothing.
#[must_use]
pub fn is_ruin(place: &Path) -> bool {
    place.join(MANIFEST_NAME).is_file() && !is_store(place) && holds_only_parts(place)
}

/// E70 of a place where only its owner can say what was there.
fn ruin(place: &Path) -> Error {
    Fault::at(place.display(), format!("holds partitions of a store, but its {MANIFEST_NAME} is damaged"))
        .expected("a new place, or a store that tells what it was made from")
        .advice(format!("if nothing in it is needed, remove {} and run the same command again", place.display()))
        .code(Code::E70)
        .config()
}

/// Names of the stores in a folder, in order.
fn stores_in(place: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(place).into_iter().flatten().flatten();
    let stores = entries.filter(|entry| is_store(&entry.path()));
    let mut names: Vec<String> = stores.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// E70 of a folder of stores, as a fit of several q makes one.
fn folder_of_stores(place: &Path, names: &[String]) -> Error {
    let what = if names.iter().all(|name| name.starts_with("q=")) { "stores of several q" } else { "stores" };
    let shown = names.iter().take(SHOWN).map(String::as_str).chain((names.len() > SHOWN).then_some(".."));
    let found = format!("holds {what} and is none itself: {}", shown.collect::<Vec<&str>>().join(", "));
    let advice = format!("name one of them, for instance {}, or another directory", place.join(&names[0]).display());
    taken(place, &found, &advice)
}

/// What has the marks of a manifest, of any version, its seal broken or not.
#[must_use]
pub fn manifest_of(place: &Path) -> Option<Value> {
    let value: Value = serde_json::from_str(&regular_file::read_to_string(&place.join(MANIFEST_NAME)).ok()?).ok()?;
    let key = value["content_key"].as_str().unwrap_or_default();
    let is_key = key.len() == KEY_DIGITS && key.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_it =
        is_key && value["format_version"].is_u64() && value["partitions"].is_array() && value["provenance"].is_object();
    is_it.then_some(value)
}

fn taken(place: &Path, what: &str, advice: &str) -> Error {
    Fault::at(place.display(), what)
        .expected("nothing, an empty directory, or a store and nothing else")
        .advice(advice)
        .code(Code::E70)
        .config()
}
