//! A run's directory: written aside, published by one rename.

use crate::error::{Result, io_at};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

/// A run directory that nobody sees yet.
#[derive(Debug)]
pub struct StagedRun {
    target: PathBuf,
    staging: PathBuf,
}

impl StagedRun {
    /// Starts the run `name` below `output`.
    ///
    /// # Errors
    /// Io, with the path.
    pub fn begin(output: &Path, name: &str) -> Result<Self> {
        let staging = output.join(format!(".{name}.staging-{}", std::process::id()));
        std::fs::create_dir_all(&staging).map_err(io_at(&staging))?;
        Ok(StagedRun { target: output.join(name), staging })
    }

    /// Writes one file.
    ///
    /// # Errors
    /// Io, with the path.
    pub fn write(&self, name: &str, content: &[u8]) -> Result<()> {
        let path = self.staging.join(name);
        let mut file = File::create(&path).map_err(io_at(&path))?;
        file.write_all(content).and_then(|()| file.sync_all()).map_err(io_at(&path))
    }

    /// Makes the run visible, in place of an earlier one of that name.
    ///
    /// # Errors
    /// Io, with the path.
    pub fn publish(self) -> Result<PathBuf> {
        let aside = self.staging.with_extension("replaced");
        if self.target.exists() {
            std::fs::rename(&self.target, &aside).map_err(io_at(&self.target))?;
        }
        std::fs::rename(&self.staging, &self.target).map_err(io_at(&self.target))?;
        let _ = std::fs::remove_dir_all(&aside);
        Ok(self.target.clone())
    }
}

impl Drop for StagedRun {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.staging);
    }
}
