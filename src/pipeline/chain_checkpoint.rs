//! What a killed or interrupted sampling leaves behind to go on from: a file for every piece of every chain, in a hidden folder that bears
//! the key of its sampling in its name. It knows nothing of how chains use them.

use crate::error::catalogue::Code;
use crate::error::{Fault, Result, io_at};
use crate::machine::claim::free_name;
use crate::machine::file_identity::content_hash;
use crate::pipeline::checkpoint::{read_sealed, write_sealed};
use crate::sample::journal::Kept;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// What a file holds.
#[derive(Serialize, Deserialize)]
struct Content {
    program: String,
    /// Of store, configuration, seed and the fit that chains start from.
    key: String,
    kept: Kept,
}

/// The pieces of one sampling.
#[derive(Debug)]
pub(super) struct ChainCheckpoint {
    folder: PathBuf,
    key: String,
    resumes: bool,
}

/// Ending of the folder's name, behind some digits of the key.
const ENDING: &str = ".chains";
const KEY_DIGITS: usize = 12;

impl ChainCheckpoint {
    /// Of the sampling of a name and key, in the folder of results. Going on needs pieces of the same key; starting anew takes those away that
    /// are there. Returns also what is to be said.
    ///
    /// # Errors
    /// E75 if there are only pieces of another sampling; Io, with the path.
    pub fn open(output: &Path, name: &str, key: &str, resumes: bool) -> Result<(Self, Option<String>)> {
        let key = content_hash(format!("{} {key}", concat!("homodyne ", env!("CARGO_PKG_VERSION"))).as_bytes());
        let folder = output.join(format!(".{name}-{}{ENDING}", &key[..KEY_DIGITS]));
        let checkpoint = ChainCheckpoint { folder, key, resumes };
        let said = match resumes {
            true => checkpoint.find(output, name)?,
            false => checkpoint.clear()?,
        };
        Ok((checkpoint, said))
    }

    fn find(&self, output: &Path, name: &str) -> Result<Option<String>> {
        if self.folder.is_dir() {
            return Ok(None);
        }
        let is_other = |path: &PathBuf| {
            let own = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let key = own.strip_prefix(&format!(".{name}-")).and_then(|rest| rest.strip_suffix(ENDING));
            key.is_some_and(|key| key.len() == KEY_DIGITS && key.bytes().all(|byte| byte.is_ascii_hexdigit()))
        };
        let entries = std::fs::read_dir(output).into_iter().flatten().flatten();
        match entries.map(|entry| entry.path()).filter(is_other).min() {
            None => Ok(Some(format!("{}: no checkpoint of chains; starting from the beginning", self.folder.display()))),
            Some(other) => Err(Fault::at(other.display(), "checkpoints of another sampling")
                .expected(self.folder.display().to_string())
                .advice("run without --resume to start again, or with the configuration, data and program that they were made with")
                .code(Code::E75)
                .config()),
        }
    }

    /// Removes the pieces that are there; damaged ones are left under another name.
    fn clear(&self) -> Result<Option<String>> {
        let mut said = None;
        for entry in std::fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let is_piece = path.extension().is_some_and(|ending| ending == "json");
            if is_piece && read_sealed::<Content>(&path).is_err() {
                let aside = free_name(&path, "damaged");
                std::fs::rename(&path, &aside).map_err(io_at(&path))?;
                said = Some(format!("a damaged checkpoint was left as {}", aside.display()));
            } else if is_piece {
                std::fs::remove_file(&path).map_err(io_at(&path))?;
            }
        }
        Ok(said)
    }

    fn path(&self, data: &str, chain: usize, piece: usize) -> PathBuf {
        self.folder.join(format!("{data}-chain-{chain}-piece-{piece:04}.json"))
    }

    /// A piece, if it was kept and is to be gone on from.
    ///
    /// # Errors
    /// E74 if it is damaged; E75 if it is of another sampling.
    pub fn recall(&self, data: &str, chain: usize, piece: usize) -> Result<Option<Kept>> {
        let path = self.path(data, chain, piece);
        if !self.resumes || !path.is_file() {
            return Ok(None);
        }
        let content: Content = read_sealed(&path)?;
        if content.key == self.key {
            return Ok(Some(content.kept));
        }
        Err(Fault::at(path.display(), "a checkpoint of another sampling")
            .expected(self.key[..KEY_DIGITS].to_owned())
            .advice("run without --resume to start again")
            .code(Code::E75)
            .config())
    }

    /// Keeps a piece.
    ///
    /// # Errors
    /// Io, with the path.
    pub fn keep(&self, data: &str, (chain, piece): (usize, usize), kept: &Kept) -> Result<()> {
        let program = concat!("homodyne ", env!("CARGO_PKG_VERSION")).into();
        write_sealed(&self.path(data, chain, piece), &Content { program, key: self.key.clone(), kept: kept.clone() })
    }

    /// Removes all pieces: the sampling is done. What was left aside stays.
    pub fn remove(&self) {
        let _ = self.clear();
        let _ = std::fs::remove_dir(&self.folder);
    }
}
