//! Folders that are written into. What refuses is told by the folder: names that are claimed in it for a moment mean nothing to people.
//! It does not know what is written.

use crate::error::catalogue::Code;
use crate::error::{Error, Fault, Result, remedy};
use crate::machine::regular_file::what_it_is;
use std::io::ErrorKind;
use std::path::{Path, PathBuf, absolute};

/// Makes a folder and those above it, if need be.
///
/// # Errors
/// E73, naming the folder that refuses or what is in its place.
pub fn make_folder(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).map_err(|error| not_writable(folder, error))
}

/// Whether there is a folder with nothing in it.
#[must_use]
pub fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none())
}

/// The path with the home directory in place of a leading `~`, as a shell writes it; `None` if nobody tells where that is.
#[must_use]
pub fn from_home(path: &Path) -> Option<PathBuf> {
    let Ok(rest) = path.strip_prefix("~") else { return Some(path.to_path_buf()) };
    let home = std::env::var_os("HOME").filter(|home| !home.is_empty())?;
    Some(Path::new(&home).join(rest))
}

/// The folder of a path.
#[must_use]
pub fn parent_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
        _ => PathBuf::from("."),
    }
}

/// E73 of a folder in which nothing can be made. Of a folder that is not there yet the first one above it refuses, or what is in its place.
pub(super) fn not_writable(folder: &Path, source: std::io::Error) -> Error {
    let there = folder.ancestors().find(|above| above.metadata().is_ok()).unwrap_or(Path::new("."));
    // One's own place has no name that people know.
    let refusing = if there == Path::new(".") { absolute(there).unwrap_or_default() } else { there.to_path_buf() };
    let elsewhere = |first: &str| format!("{first}, or choose another place");
    let (place, found, advice) = match (there.metadata().map(|metadata| metadata.file_type()), source.kind()) {
        (Ok(kind), _) if !kind.is_dir() => {
            (there.to_path_buf(), format!("is {}", what_it_is(kind)), elsewhere("name a folder"))
        }
        (_, ErrorKind::PermissionDenied) => {
            let advice = elsewhere(&format!("make it writable (`chmod u+w {}`)", refusing.display()));
            (refusing, "permission denied: nothing may be written into this folder".into(), advice)
        }
        (_, ErrorKind::ReadOnlyFilesystem) => {
            (refusing, "is on a disk that can only be read".into(), "choose another place".into())
        }
        _ => {
            let advice = elsewhere(remedy(&source));
            (folder.to_path_buf(), "nothing can be written into this folder".into(), advice)
        }
    };
    let fault = Fault::at(place.display(), found).expected("a folder to write into").advice(advice);
    fault.code(Code::E73).source(source).io()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::write;

    #[test]
    fn what_is_in_the_place_of_a_folder_is_named() {
        let place = tempfile::tempdir().expect("folder");
        let file = place.path().join("file");
        write(&file, "text").expect("written");
        for folder in [file.clone(), file.join("below/it")] {
            let told = make_folder(&folder).expect_err("no folder").to_string();
            assert!(told.contains(&format!("[E73] {}: is a file; expected a folder", file.display())), "{told}");
        }
        make_folder(&place.path().join("a/b")).expect("made");
        make_folder(&place.path().join("a/b")).expect("there");
    }
}
