//! Which tables a folder holds, and their content. It opens none.

use crate::error::catalogue::Code;
use crate::error::{Fault, Result, io_at};
use crate::ingest::files::signature::unreadable;
use crate::machine::file_identity::content_hash;
use crate::machine::regular_file::what_it_is;
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
    let mut found = Vec::new();
    let metadata = std::fs::metadata(place).map_err(|source| unreadable(place, source))?;
    match metadata.is_dir() {
        true => collect(place, DEEPEST, &mut found)?,
        false => found.push(place.to_path_buf()),
    }
    found.sort();
    for path in &found {
        let kind = std::fs::metadata(path).map_err(|source| unreadable(path, source))?.file_type();
        if !kind.is_file() {
            let what = format!("is {}", what_it_is(kind));
            return Err(Fault::at(path.display(), what).expected("a table").code(Code::E03).format());
        }
    }
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

/// Whether the tables of a folder are those that a store was made of. Contents are looked at only where names and sizes are the same.
#[must_use]
pub fn are_the_tables(place: &Path, files: &[SourceFile]) -> bool {
    let Ok(tables) = tables(place) else { return false };
    let bytes = |path: &PathBuf| std::fs::metadata(path).map(|metadata| metadata.len()).unwrap_or_default();
    let is_like =
        |(path, file): (&PathBuf, &SourceFile)| name_of(place, path) == file.name && bytes(path) == file.bytes;
    tables.len() == files.len()
        && tables.iter().zip(files).all(is_like)
        && contents(place, &tables).is_ok_and(|found| found == files)
}

/// A store may not come to a place within the tables that it is made of, nor around them: they would become part of it, or go.
///
/// # Errors
/// E70 if it would.
pub(super) fn is_apart(source: &Path, store: &Path) -> Result<()> {
    let real = |path: &Path| {
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
        let there = absolute.ancestors().find_map(|above| above.canonicalize().ok().map(|real| (above, real)));
        there.map_or(absolute.clone(), |(above, real)| real.join(absolute.strip_prefix(above).unwrap_or(Path::new(""))))
    };
    let (from, to) = (real(source), real(store));
    if !(from.starts_with(&to) || to.starts_with(&from)) {
        return Ok(());
    }
    Err(Fault::at(store.display(), format!("lies within the tables {}, or they within it", source.display()))
        .expected("a place apart from the tables")
        .advice("choose another --out")
        .code(Code::E70)
        .config())
}

/// The name of a table below the place that was named.
pub(super) fn name_of(place: &Path, path: &Path) -> String {
    let below = path.strip_prefix(place).ok().filter(|below| !below.as_os_str().is_empty());
    below.unwrap_or(path.file_name().map_or(path, Path::new)).display().to_string()
}
