//! A directory that appears whole or not at all: written aside, published by one rename. It does not know what is in it.

use crate::error::{Result, io_at};
use std::fs::File;
use std::path::{Path, PathBuf};

/// A directory that nobody sees yet. Dropped without [`StagedDirectory::publish`], it leaves nothing behind.
#[derive(Debug)]
pub struct StagedDirectory {
    target: PathBuf,
    staging: PathBuf,
}

impl StagedDirectory {
    /// Starts a directory that will appear at `target`. Remains of killed processes are removed.
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
        let aside = self.staging.with_extension("replaced");
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

/// Hidden, so that no reader takes it for the real thing.
fn staging_prefix(target: &Path) -> String {
    let name = target.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    format!(".{name}.staging-")
}

/// Removes staging directories of processes that no longer run.
fn remove_remains(target: &Path, parent: &Path) {
    let prefix = staging_prefix(target);
    for entry in std::fs::read_dir(parent).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if let Some(process) = name.strip_prefix(&prefix) {
            let process = process.split('.').next().unwrap_or_default();
            // Where the kernel does not list processes, remains stay: better than removing another run's work.
            if Path::new("/proc/self").exists() && !Path::new("/proc").join(process).exists() {
                let _ = std::fs::remove_dir_all(entry.path());
            }
        }
    }
}

/// Makes a directory's entries durable where the file system can.
fn sync_directory(path: &Path) {
    let _ = File::open(path).and_then(|directory| directory.sync_all());
}
