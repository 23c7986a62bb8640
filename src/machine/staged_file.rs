//! A file that appears whole or not at all: written aside under a name that nobody else has, published by one rename. It does not know
//! what is in it.

use crate::error::catalogue::Code;
use crate::error::{Fault, Result, io_at};
use crate::machine::claim::Claim;
use crate::machine::folder::parent_of;
use crate::machine::publish::{exchange, is_unsupported, sync_directory};
use crate::machine::regular_file::what_it_is;
use crate::machine::remains::remove_file;
use rustix::fs::RenameFlags;
use std::fs::File;
use std::path::{Path, PathBuf};

/// Whether a file may take the place of an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replace {
    /// Nothing may be there.
    Nothing,
    /// A regular file may be there.
    File,
}

/// A file that nobody sees yet. Dropped without [`StagedFile::publish`], it leaves nothing behind.
#[derive(Debug)]
pub struct StagedFile {
    target: PathBuf,
    staging: PathBuf,
    replace: Replace,
    /// Owns the staging name.
    _claim: Claim,
}

impl StagedFile {
    /// Starts a file that will appear at `target`. What killed processes have left is removed.
    ///
    /// # Errors
    /// E78 if something is there that may not be replaced; Io if the place cannot be written.
    pub fn begin(target: &Path, replace: Replace) -> Result<Self> {
        may_come_to(target, replace)?;
        for left in Claim::abandoned(target) {
            remove_file(&left.path(""));
        }
        let claim = Claim::beside(target)?;
        let staging = claim.path("");
        File::create_new(&staging).map_err(io_at(&staging))?;
        Ok(StagedFile { target: target.to_path_buf(), staging, replace, _claim: claim })
    }

    /// Where to write.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.staging
    }

    /// Makes the file durable and visible.
    ///
    /// # Errors
    /// Io, with the path; E78 if something has come to the place meanwhile.
    pub fn publish(self) -> Result<()> {
        File::open(&self.staging).and_then(|file| file.sync_all()).map_err(io_at(&self.target))?;
        may_come_to(&self.target, self.replace)?;
        let moved = match self.replace {
            Replace::File => std::fs::rename(&self.staging, &self.target),
            Replace::Nothing => match exchange(&self.staging, &self.target, RenameFlags::NOREPLACE) {
                Err(error) if is_unsupported(&error) => std::fs::rename(&self.staging, &self.target),
                other => other,
            },
        };
        moved.map_err(io_at(&self.target))?;
        sync_directory(&parent_of(&self.target));
        Ok(())
    }
}

/// Writes a whole file.
///
/// # Errors
/// What [`StagedFile`] reports; Io, with the path.
pub fn write_file(target: &Path, content: &[u8], replace: Replace) -> Result<()> {
    let staged = StagedFile::begin(target, replace)?;
    std::fs::write(staged.path(), content).map_err(io_at(staged.path()))?;
    staged.publish()
}

impl Drop for StagedFile {
    fn drop(&mut self) {
        remove_file(&self.staging);
    }
}

/// A file comes to a place where nothing is or, where that is allowed, a regular file: never to a link, a folder or a device.
fn may_come_to(target: &Path, replace: Replace) -> Result<()> {
    let Ok(there) = target.symlink_metadata() else { return Ok(()) };
    let kind = there.file_type();
    let advice = match kind {
        _ if kind.is_symlink() => "name the file it leads to",
        _ if kind.is_dir() => "name a file in it",
        _ if !kind.is_file() => "name a file",
        _ if replace == Replace::Nothing => "choose another name, or replace it with --force",
        _ => return Ok(()),
    };
    let found = if kind.is_file() { "exists".into() } else { format!("is {}", what_it_is(kind)) };
    Err(Fault::at(target.display(), found).expected("a new file").advice(advice).code(Code::E78).config())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_only_when_that_is_asked_for_and_never_a_link_or_folder() {
        let folder = tempfile::tempdir().expect("folder");
        let target = folder.path().join("a.h5");
        write_file(&target, b"one", Replace::Nothing).expect("nothing is there");
        assert!(write_file(&target, b"two", Replace::Nothing).expect_err("it is there").to_string().contains("E78"));
        assert_eq!(std::fs::read_to_string(&target).expect("kept"), "one");
        write_file(&target, b"three", Replace::File).expect("asked for");
        assert_eq!(std::fs::read_to_string(&target).expect("replaced"), "three");
        let (link, sub) = (folder.path().join("link"), folder.path().join("sub"));
        std::os::unix::fs::symlink(&target, &link).expect("link");
        std::fs::create_dir(&sub).expect("folder");
        for place in [&link, &sub, Path::new("/dev/null")] {
            assert!(write_file(place, b"four", Replace::File).is_err(), "{}", place.display());
        }
        drop(StagedFile::begin(&folder.path().join("b.h5"), Replace::Nothing).expect("begun"));
        let names = std::fs::read_dir(folder.path()).expect("folder").count();
        assert_eq!(names, 3, "nothing is left of what was not published");
    }
}
