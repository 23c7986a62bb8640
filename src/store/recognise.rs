//! Whether a directory is a store that this program has made, and nothing else. It opens no partition.

use crate::error::catalogue::Code;
use crate::error::{Error, Fault, Result, io_at};
use crate::store::manifest::{DATA_FOLDER, MANIFEST_NAME, StoreFormat};
use std::ffi::OsString;
use std::fs::DirEntry;
use std::path::Path;

/// Digits of a content key.
const KEY_DIGITS: usize = 64;

/// A store may come to a place where nothing is, where a folder is empty, or where a store is and no foreign file.
///
/// # Errors
/// E70 with what is there; Io if it cannot be looked at.
pub fn may_be_replaced(place: &Path) -> Result<()> {
    // A reader of the outer one would take it for a part of it, and a new one in its place would lose it.
    if let Some(outer) = place.ancestors().skip(1).find(|folder| is_store(folder)) {
        return Err(taken(place, &format!("lies inside the store {}", outer.display())));
    }
    let Ok(there) = place.symlink_metadata() else { return Ok(()) };
    if !there.is_dir() {
        let what = if there.is_symlink() { "is a symbolic link" } else { "is a file" };
        return Err(taken(place, what));
    }
    let is_store = is_manifest(&place.join(MANIFEST_NAME));
    for entry in std::fs::read_dir(place).map_err(io_at(place))? {
        let entry = entry.map_err(io_at(place))?;
        let name = entry.file_name();
        let is_part = name == MANIFEST_NAME || (name == DATA_FOLDER && holds_only_partitions(&entry.path()));
        if !is_store {
            return Err(taken(place, "exists and is not a store of this program"));
        }
        if !is_part {
            return Err(taken(place, &format!("holds {}, which is no part of a store", name.to_string_lossy())));
        }
    }
    Ok(())
}

/// Whether a directory has the manifest of a store, of any version.
#[must_use]
pub fn is_store(place: &Path) -> bool {
    is_manifest(&place.join(MANIFEST_NAME))
}

fn is_manifest(path: &Path) -> bool {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let value: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    let key = value["content_key"].as_str().unwrap_or_default();
    let is_key = key.len() == KEY_DIGITS && key.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_key && value["format_version"].is_u64() && value["partitions"].is_array() && value["provenance"].is_object()
}

fn holds_only_partitions(folder: &Path) -> bool {
    let mut entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let is_partition =
        |entry: DirEntry| entry.file_name().to_string_lossy().starts_with("phi=") && is_partition(&entry.path());
    folder.is_dir() && entries.all(is_partition)
}

fn is_partition(folder: &Path) -> bool {
    let mut entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let is_part = |name: OsString| StoreFormat::NAMES.iter().any(|(_, format)| name == format.partition_file());
    folder.is_dir() && entries.all(|entry| is_part(entry.file_name()))
}

fn taken(place: &Path, what: &str) -> Error {
    Fault::at(place.display(), what)
        .expected("a new place, or an earlier store without other files")
        .advice("choose another --store directory, or move what is there")
        .code(Code::E70)
        .config()
}
