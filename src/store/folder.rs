//! The directory of a store, held open: files are opened relative to it, so that all of them belong together whatever takes its
//! place meanwhile. It knows no format.

use crate::error::{Result, io_at};
use crate::machine::file_identity::{FileIdentity, leads_to};
use crate::machine::regular_file::{WITHOUT_WAITING, only_regular};
use rustix::fs::{Mode, OFlags, open, openat};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// A directory.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    handle: File,
}

impl Folder {
    /// Opens a directory.
    ///
    /// # Errors
    /// Io, with the path.
    pub fn open(path: &Path) -> Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let handle = open(path, flags, Mode::empty()).map_err(|error| io_at(path)(error.into()))?;
        Ok(Folder { path: path.to_path_buf(), handle: handle.into() })
    }

    /// The directory as it was named.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where a file lies, for messages.
    #[must_use]
    pub fn place(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Opens a file below it.
    ///
    /// # Errors
    /// Io, with the path.
    pub fn file(&self, name: &str) -> Result<File> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | WITHOUT_WAITING;
        let opened = openat(&self.handle, name, flags, Mode::empty()).map_err(std::io::Error::from);
        opened.map(File::from).and_then(only_regular).map_err(io_at(&self.place(name)))
    }

    /// What the file system says of a file below it, and whether its name is gone.
    ///
    /// # Errors
    /// Io, with the path.
    pub fn identity(&self, name: &str) -> Result<(FileIdentity, bool)> {
        FileIdentity::of_open(&self.file(name)?).map_err(io_at(&self.place(name)))
    }

    /// Reads a small file below it. Bytes that are no text become signs that no format has.
    ///
    /// # Errors
    /// Io, with the path.
    pub fn text(&self, name: &str) -> Result<String> {
        let mut content = Vec::new();
        self.file(name)?.read_to_end(&mut content).map_err(io_at(&self.place(name)))?;
        Ok(String::from_utf8_lossy(&content).into_owned())
    }

    /// Whether its path leads to another directory by now, or nowhere.
    #[must_use]
    pub fn was_replaced(&self) -> bool {
        !leads_to(&self.path, &self.handle)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_those_of_the_directory_that_was_opened() {
        let place = tempfile::tempdir().expect("folder");
        let path = place.path().join("store");
        for content in ["first", "second"] {
            std::fs::create_dir(place.path().join(content)).expect("folder");
            std::fs::write(place.path().join(content).join("file"), content).expect("written");
        }
        std::fs::rename(place.path().join("first"), &path).expect("renamed");
        let folder = Folder::open(&path).expect("there");
        assert!(!folder.was_replaced());
        std::fs::rename(&path, place.path().join("aside")).expect("renamed");
        std::fs::rename(place.path().join("second"), &path).expect("renamed");
        assert_eq!(folder.text("file").expect("there"), "first");
        assert!(folder.was_replaced());
        assert_eq!(Folder::open(&path).and_then(|folder| folder.text("file")).expect("there"), "second");
    }
}
