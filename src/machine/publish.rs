//! A directory that appears whole or not at all: written aside, published by one rename. It does not know what is in it.

use crate::error::{Result, io_at};
use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};
use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use sysinfo::System;

/// A directory that nobody sees yet. Dropped without [`StagedDirectory::publish`], it leaves nothing behind.
#[derive(Debug)]
pub struct StagedDirectory {
    target: PathBuf,
    staging: PathBuf,
}

impl StagedDirectory {
    /// Starts a directory that will appear at `target`. What killed processes of this machine have left is removed.
    ///
    /// # Errors
    /// Io if the place cannot be written.
    pub fn begin(target: &Path) -> Result<Self> {
        let parent = parent_of(target);
        std::fs::create_dir_all(&parent).map_err(io_at(&parent))?;
        remove_remains(target, &parent);
        let staging = parent.join(format!("{}{}", staging_prefix(target), std::process::id()));
        std::fs::create_dir_all(&staging).map_err(io_at(&staging))?;
        Ok(StagedDirectory { target: target.to_path_buf(), staging })
    }

    /// Where to write.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.staging
    }

    /// Makes the directory durable and visible, in place of an earlier one. Returns its path.
    ///
    /// # Errors
    /// Io, with the path.
    pub fn publish(self) -> Result<PathBuf> {
        for entry in std::fs::read_dir(&self.staging).map_err(io_at(&self.staging))?.flatten() {
            sync_directory(&entry.path());
        }
        sync_directory(&self.staging);
        self.swap().map_err(io_at(&self.target))?;
        sync_directory(&parent_of(&self.target));
        Ok(self.target.clone())
    }

    /// One rename publishes; an earlier directory is moved aside first and removed afterwards.
    fn swap(&self) -> std::io::Result<()> {
        let mut aside = OsString::from(&self.staging);
        aside.push(".replaced");
        if self.target.exists() {
            std::fs::rename(&self.target, &aside)?;
        }
        std::fs::rename(&self.staging, &self.target)?;
        // Not worth failing for: the next run removes what is left.
        let _ = std::fs::remove_dir_all(&aside);
        Ok(())
    }
}

impl Drop for StagedDirectory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.staging);
    }
}

fn parent_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
        _ => PathBuf::from("."),
    }
}

/// Hidden, so that no reader takes it for the real thing. The number of a process that follows means nothing on another
/// machine that shares the disk: hence the machine's name.
fn staging_prefix(target: &Path) -> String {
    let name = target.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let machine = System::host_name().unwrap_or_default();
    format!(".{name}.staging-{machine}-")
}

/// Removes what processes of this machine that no longer run have left.
fn remove_remains(target: &Path, parent: &Path) {
    let prefix = staging_prefix(target);
    for entry in std::fs::read_dir(parent).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let process = name.strip_prefix(&prefix).and_then(|rest| rest.split('.').next());
        if process.is_some_and(|number| !may_run(number)) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

/// Whether a process of this number may be running: only the kernel's word that there is none counts.
fn may_run(number: &str) -> bool {
    let process = number.parse().ok().filter(|&number| number > 0).and_then(Pid::from_raw);
    process.is_none_or(|process| test_kill_process(process) != Err(Errno::SRCH))
}

/// Makes a directory's entries durable where the file system can.
fn sync_directory(path: &Path) {
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

    #[test]
    fn remains_are_removed_only_where_no_process_can_own_them() {
        let folder = tempfile::tempdir().expect("folder");
        let target = folder.path().join("store");
        let prefix = staging_prefix(&target);
        assert!(prefix.contains(&System::host_name().expect("name of this machine")));
        let mut kept = vec![
            format!("{prefix}1"),
            format!("{prefix}{}.replaced", std::process::id()),
            format!("{prefix}of nobody"),
            format!(".store.staging-elsewhere-{}", i32::MAX),
            format!("{}{}", staging_prefix(Path::new("other")), i32::MAX),
        ];
        kept.sort();
        // No process has a number as large.
        let removed = [format!("{prefix}{}", i32::MAX), format!("{prefix}{}.replaced", i32::MAX)];
        for name in kept.iter().chain(&removed) {
            std::fs::create_dir_all(folder.path().join(name).join("phi=0.0")).expect("remains");
        }
        drop(StagedDirectory::begin(&target).expect("place"));
        assert_eq!(names(folder.path()), kept);
    }

    #[test]
    fn a_directory_takes_the_place_of_an_earlier_one_whatever_lies_beside() {
        let folder = tempfile::tempdir().expect("folder");
        let target = folder.path().join("run");
        for content in ["first", "second"] {
            let staged = StagedDirectory::begin(&target).expect("place");
            std::fs::write(staged.path().join(content), content).expect("written");
            assert_eq!(staged.publish().expect("published"), target);
            assert_eq!(names(&target), [content]);
            std::fs::create_dir_all(folder.path().join(".run.replaced/anything")).expect("written");
        }
        assert_eq!(names(folder.path()), [".run.replaced", "run"]);
    }
}
