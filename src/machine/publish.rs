//! A directory that appears whole or not at all: written aside, published by one exchange of names. What is in its place is replaced
//! only if it is of the same kind, which its maker has to say; this file does not know what is in it.

use crate::error::catalogue::Code;
use crate::error::{Fault, Result, io_at};
use crate::machine::claim::Claim;
use crate::machine::folder::{make_folder, parent_of};
use crate::machine::remains::remove_directory;
use rustix::fs::{Access, AtFlags, CWD, RenameFlags, accessat, renameat_with};
use rustix::io::Errno;
use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// A kind of directory, as its maker knows it.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// Says whether what stands at a place may be replaced: nothing does, or something of the same kind without foreign files.
    pub may_replace: fn(&Path) -> Result<()>,
    /// Whether an unfinished one holds nothing but what its maker writes.
    pub is_ours: fn(&Path) -> bool,
}

/// A directory that nobody sees yet. Dropped without [`StagedDirectory::publish`], it leaves nothing behind.
#[derive(Debug)]
pub struct StagedDirectory {
    target: PathBuf,
    staging: PathBuf,
    claim: Claim,
    kind: Kind,
}

impl StagedDirectory {
    /// Starts a directory that will appear at `target`. What killed processes have left is removed.
    ///
    /// # Errors
    /// Io if the place cannot be written; what `may_replace` says.
    pub fn begin(target: &Path, kind: Kind) -> Result<Self> {
        (kind.may_replace)(target)?;
        let parent = parent_of(target);
        make_folder(&parent)?;
        tidy_up(&parent, kind);
        let claim = Claim::beside(target)?;
        let staging = claim.path("");
        std::fs::create_dir(&staging).map_err(io_at(&staging))?;
        Ok(StagedDirectory { target: target.to_path_buf(), staging, claim, kind })
    }

    /// Where to write.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.staging
    }

    /// Where it will appear.
    #[must_use]
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// Makes the directory durable and visible, in place of an earlier one. Returns its path.
    ///
    /// # Errors
    /// Io, with the path; what `may_replace` says of what has come there meanwhile.
    pub fn publish(self) -> Result<PathBuf> {
        sync_directories(&self.staging).map_err(io_at(&self.staging))?;
        (self.kind.may_replace)(&self.target)?;
        self.swap().map_err(io_at(&self.target))?;
        sync_directory(&parent_of(&self.target));
        Ok(self.target.clone())
    }

    /// One exchange of names: at no time is there neither the earlier directory nor the new one. What was there is removed with the
    /// staging name.
    fn swap(&self) -> std::io::Result<()> {
        let rename = |flags| exchange(&self.staging, &self.target, flags);
        match rename(RenameFlags::NOREPLACE) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => match rename(RenameFlags::EXCHANGE) {
                Err(error) if is_unsupported(&error) => self.swap_in_steps(),
                other => other,
            },
            Err(error) if is_unsupported(&error) => self.swap_in_steps(),
            other => other,
        }
    }

    /// Where the file system cannot exchange names: what was there is aside for a moment, and put back by the next run if this one is
    /// killed meanwhile.
    fn swap_in_steps(&self) -> std::io::Result<()> {
        let aside = self.claim.path(ASIDE);
        if self.target.exists() {
            std::fs::rename(&self.target, &aside)?;
        }
        if let Err(error) = std::fs::rename(&self.staging, &self.target) {
            let _ = std::fs::rename(&aside, &self.target);
            return Err(error);
        }
        remove_directory(&aside);
        Ok(())
    }
}

/// Removes a directory of a kind: by one rename it is gone from its place, whole, and then from the disk. Returns what is left of it on the
/// disk, under a name by which later runs find and remove it; `None` if nothing is.
///
/// # Errors
/// What `may_replace` says; Io if it cannot be moved: then it stays as it is.
pub fn retire(target: &Path, kind: Kind) -> Result<Option<PathBuf>> {
    (kind.may_replace)(target)?;
    if let Some(locked) = locked_folder(target) {
        let found = format!("is kept: {} may not be written to", locked.display());
        let advice = format!("`chmod -R u+w {}` makes it removable", target.display());
        let kept = Fault::at(target.display(), found).expected("folders that may be written to");
        return Err(kept.advice(advice).code(Code::E73).io());
    }
    tidy_up(&parent_of(target), kind);
    let mut claim = Claim::beside(target)?;
    let aside = claim.path("");
    std::fs::rename(target, &aside).map_err(io_at(target))?;
    sync_directory(&parent_of(target));
    remove(&aside, &mut claim);
    Ok(aside.symlink_metadata().is_ok().then_some(aside))
}

/// The first folder in a directory out of which nothing may be removed.
fn locked_folder(folder: &Path) -> Option<PathBuf> {
    // By the rights in force, not by those of whoever started the program.
    if accessat(CWD, folder, Access::WRITE_OK | Access::EXEC_OK, AtFlags::EACCESS).is_err() {
        return Some(folder.to_path_buf());
    }
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let inner = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    inner.into_iter().find_map(|entry| locked_folder(&entry.path()))
}

impl Drop for StagedDirectory {
    fn drop(&mut self) {
        remove(&self.staging, &mut self.claim);
    }
}

/// Removes a directory. What cannot be removed keeps its lock file, by which a later run finds it.
fn remove(place: &Path, claim: &mut Claim) {
    if !remove_directory(place) {
        claim.leave();
    }
}

/// Ending of the name of what is replaced.
const ASIDE: &str = ".replaced";

/// Removes what killed processes have left of directories of a kind in a folder, and puts back what they had moved aside. Where somebody
/// has put other files there, all stays as it is.
pub fn tidy_up(folder: &Path, kind: Kind) {
    for mut left in Claim::abandoned_in(folder) {
        let (staging, aside) = (left.path(""), left.path(ASIDE));
        if [&staging, &aside].into_iter().any(|place| place.symlink_metadata().is_ok() && !(kind.is_ours)(place)) {
            left.leave();
            continue;
        }
        if aside.exists() && !left.target().exists() {
            let _ = std::fs::rename(&aside, left.target());
        }
        remove(&aside, &mut left);
        remove(&staging, &mut left);
    }
}

/// A rename that says what may be at the target.
pub(super) fn exchange(from: &Path, to: &Path, flags: RenameFlags) -> std::io::Result<()> {
    renameat_with(CWD, from, CWD, to, flags).map_err(std::io::Error::from)
}

/// Whether the file system or the kernel knows no such rename.
pub(super) fn is_unsupported(error: &std::io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP))
}

/// Makes the entries of a directory and of all below it durable.
fn sync_directories(folder: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync_directories(&entry.path())?;
        }
    }
    sync_directory(folder);
    Ok(())
}

/// Makes a directory's entries durable where the file system can.
pub(super) fn sync_directory(path: &Path) {
    let _ = File::open(path).and_then(|directory| directory.sync_all());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).expect("folder").flatten();
        let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    const ANYTHING: Kind = Kind { may_replace: |_| Ok(()), is_ours: |place| !place.join("thesis.tex").exists() };

    const PRECIOUS: Kind = Kind { may_replace: nothing_precious, is_ours: |_| true };

    fn nothing_precious(place: &Path) -> Result<()> {
        match place.join("precious").exists() {
            true => Err(Fault::at(place.display(), "holds something precious").config()),
            false => Ok(()),
        }
    }

    #[test]
    fn what_killed_processes_have_left_is_removed_or_put_back() {
        let folder = tempfile::tempdir().expect("folder");
        let target = folder.path().join("store");
        let left = ".store.staging-0123456789abcdef";
        for name in [left.to_owned(), format!("{left}.replaced"), ".store.staging-of-nobody".into()] {
            std::fs::create_dir_all(folder.path().join(name).join("phi=0.0")).expect("remains");
        }
        std::fs::write(folder.path().join(format!("{left}.lock")), b"").expect("written");
        drop(StagedDirectory::begin(&target, ANYTHING).expect("place"));
        assert_eq!(names(folder.path()), [".store.staging-of-nobody", "store"], "killed between two renames");
        let staging = folder.path().join(left);
        std::fs::create_dir(&staging).expect("remains");
        std::fs::write(staging.join("thesis.tex"), "a thesis").expect("written");
        std::fs::write(folder.path().join(format!("{left}.lock")), b"").expect("written");
        let before = names(folder.path());
        drop(StagedDirectory::begin(&target, ANYTHING).expect("place"));
        assert_eq!(names(folder.path()), before, "somebody has put a file there");
        assert_eq!(std::fs::read_to_string(staging.join("thesis.tex")).expect("kept"), "a thesis");
    }

    #[test]
    fn a_directory_takes_the_place_of_an_earlier_one_by_one_exchange_or_in_steps() {
        let folder = tempfile::tempdir().expect("folder");
        let target = folder.path().join("run");
        for (content, in_steps) in [("first", false), ("second", false), ("third", true)] {
            let staged = StagedDirectory::begin(&target, ANYTHING).expect("place");
            std::fs::write(staged.path().join(content), content).expect("written");
            match in_steps {
                true => staged.swap_in_steps().expect("published"),
                false => assert_eq!(staged.publish().expect("published"), target),
            }
            assert_eq!(names(&target), [content]);
        }
        assert_eq!(names(folder.path()), ["run"]);
    }

    #[test]
    fn several_at_a_time_do_not_disturb_each_other_and_the_last_one_stays() {
        let folder = tempfile::tempdir().expect("folder");
        let target = folder.path().join("store");
        let all: Vec<StagedDirectory> =
            (0..4).map(|_| StagedDirectory::begin(&target, ANYTHING).expect("place")).collect();
        for (k, staged) in all.into_iter().enumerate() {
            std::fs::write(staged.path().join(k.to_string()), b"x").expect("its own place");
            staged.publish().expect("published");
        }
        assert_eq!(names(&target), ["3"]);
        assert_eq!(names(folder.path()), ["store"]);
    }

    #[test]
    fn what_may_not_be_replaced_is_not_also_if_it_comes_meanwhile() {
        let folder = tempfile::tempdir().expect("folder");
        let target = folder.path().join("store");
        let staged = StagedDirectory::begin(&target, PRECIOUS).expect("place");
        std::fs::create_dir(&target).expect("folder");
        std::fs::write(target.join("precious"), b"thesis").expect("written");
        assert_eq!(staged.publish().expect_err("refused").exit_code(), 2);
        assert_eq!(StagedDirectory::begin(&target, PRECIOUS).expect_err("refused").exit_code(), 2);
        assert_eq!((names(folder.path()), names(&target)), (vec!["store".into()], vec!["precious".into()]));
    }
}
