//! Which tables a folder holds, and their content. It opens none.

use crate::error::catalogue::Code;
use crate::error::{Fault, Result, io_at};
use crate::ingest::files::signature::unreadable;
use crate::machine::file_identity::content_hash;
use crate::store::directory::hash_file;
use crate::store::manifest::SourceFile;
use std::path::{Path, PathBuf};

/// Folders within folders.
const DEEPEST: usize = 8;

/// Every table of a folder, by name: all files whose names do not begin with a dot or an underscore, which readers of datasets pass by.
///
/// # Errors
/// E01 if there is nothing at the place, E79 if there is no table, Io if it cannot be listed.
pub(super) fn tables(place: &Path) -> Result<Vec<PathBuf>> {
    let metadata = std::fs::metadata(place).map_err(|source| unreadable(place, source))?;
    if !metadata.is_dir() {
        return Ok(vec![place.to_path_buf()]);
    }
    let mut found = Vec::new();
    collect(place, DEEPEST, &mut found)?;
    found.sort();
    if found.is_empty() {
        return Err(Fault::at(place.display(), "no table in this folder")
            .expected("Parquet or Arrow IPC files")
            .advice("name the folder that the other tool has written to")
            .code(Code::E79)
            .layout());
    }
    Ok(found)
}

fn collect(folder: &Path, deeper: usize, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in std::fs::read_dir(folder).map_err(io_at(folder))? {
        let entry = entry.map_err(io_at(folder))?;
        let path = entry.path();
        if entry.file_name().to_string_lossy().starts_with(['.', '_']) {
            continue;
        }
        match std::fs::metadata(&path).map_err(io_at(&path))?.is_dir() {
            true if deeper > 0 => collect(&path, deeper - 1, found)?,
            true => {}
            false => found.push(path),
        }
    }
    Ok(())
}

/// Name and content of tables.
///
/// # Errors
/// Io, with the path.
pub(super) fn contents(place: &Path, tables: &[PathBuf]) -> Result<Vec<SourceFile>> {
    let one = |path: &PathBuf| {
        let bytes = std::fs::metadata(path).map_err(io_at(path))?.len();
        Ok(SourceFile { name: name_of(place, path), bytes, blake3: hash_file(path)? })
    };
    tables.iter().map(one).collect()
}

/// BLAKE3 of the names and contents of some tables.
#[must_use]
pub(super) fn joint_hash(files: &[SourceFile]) -> String {
    let lines: Vec<String> = files.iter().map(|file| format!("{} {}\n", file.blake3, file.name)).collect();
    content_hash(lines.concat().as_bytes())
}

/// BLAKE3 of the names and contents of all tables of a folder: that of the store which was made of them.
///
/// # Errors
/// As listing and reading them.
pub fn content_of(place: &Path) -> Result<String> {
    Ok(joint_hash(&contents(place, &tables(place)?)?))
}

/// The name of a table below the place that was named.
pub(super) fn name_of(place: &Path, path: &Path) -> String {
    let below = path.strip_prefix(place).ok().filter(|below| !below.as_os_str().is_empty());
    below.unwrap_or(path.file_name().map_or(path, Path::new)).display().to_string()
}
