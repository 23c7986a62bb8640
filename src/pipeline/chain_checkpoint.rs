//! What a killed or interrupted sampling leaves behind to go on from: a file for every piece of every chain, in a hidden folder that bears
//! the key of its sampling in its name. It knows nothing of how chains use them.

use crate::error::catalogue::Code;
use crate::error::{Fault, Result, io_at};
use crate::machine::claim::free_name;
use crate::pipeline::checkpoint::{read_sealed, write_sealed};
use crate::sample::journal::Kept;
use crate::sample::outlook::Outlook;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// What a file holds.
#[derive(Serialize, Deserialize)]
struct Content<K> {
    program: String,
    /// Of store, configuration, seed and the fit that chains start from.
    key: String,
    kept: K,
}

/// The pieces of one sampling.
#[derive(Debug)]
pub(super) struct ChainCheckpoint {
    folder: PathBuf,
    key: String,
    is_kept: bool,
    resumes: bool,
}

/// Whether a sampling goes on from pieces that are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GoingOn {
    /// The user has asked for it: pieces of another sampling are an error.
    Asked,
    /// If there are pieces of the same.
    WherePossible,
    /// It begins anew.
    Anew,
}

/// Ending of the folder's name, behind some digits of the key.
const ENDING: &str = ".chains";
const KEY_DIGITS: usize = 12;
/// How it is to be sampled, beside the pieces.
const OUTLOOK: &str = "outlook.json";

impl ChainCheckpoint {
    /// Of the sampling of a name and key, in a folder, if they are to be kept. Going on as asked needs pieces of the same key; starting anew takes
    /// those away that are there. Returns also what is to be said.
    ///
    /// # Errors
    /// E75 if there are only pieces of another sampling; Io, with the path.
    pub fn open(
        (output, is_kept): (&Path, bool),
        name: &str,
        key: &str,
        going_on: GoingOn,
    ) -> Result<(Self, Option<String>)> {
        let folder = output.join(format!(".{name}-{}{ENDING}", &key[..KEY_DIGITS]));
        let resumes = going_on != GoingOn::Anew;
        let checkpoint = ChainCheckpoint { folder, key: key.to_owned(), is_kept, resumes };
        let said = match going_on {
            GoingOn::Asked => checkpoint.find(output, name)?,
            GoingOn::WherePossible => None,
            GoingOn::Anew => checkpoint.clear()?,
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
            if is_piece && !is_whole(&path) {
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
        self.read(&self.path(data, chain, piece))
    }

    /// How it is to be sampled, if that was kept and it is to be gone on with.
    ///
    /// # Errors
    /// E74 if it is damaged; E75 if it is of another sampling.
    pub fn recall_outlook(&self) -> Result<Option<Outlook>> {
        self.read(&self.folder.join(OUTLOOK))
    }

    fn read<K: Serialize + DeserializeOwned>(&self, path: &Path) -> Result<Option<K>> {
        if !self.resumes || !path.is_file() {
            return Ok(None);
        }
        let content: Content<K> = read_sealed(path)?;
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
        self.write(&self.path(data, chain, piece), kept)
    }

    /// Keeps how it is to be sampled.
    ///
    /// # Errors
    /// Io, with the path.
    pub fn keep_outlook(&self, outlook: &Outlook) -> Result<()> {
        self.write(&self.folder.join(OUTLOOK), outlook)
    }

    fn write<K: Serialize>(&self, path: &Path, kept: &K) -> Result<()> {
        if !self.is_kept {
            return Ok(());
        }
        let program = concat!("homodyne ", env!("CARGO_PKG_VERSION")).into();
        write_sealed(path, &Content { program, key: self.key.clone(), kept })
    }

    /// Removes all pieces: the sampling is done. What was left aside stays.
    pub fn remove(&self) {
        let _ = self.clear();
        let _ = std::fs::remove_dir(&self.folder);
    }
}

/// Whether a file of the folder can be read.
fn is_whole(path: &Path) -> bool {
    match path.ends_with(OUTLOOK) {
        true => read_sealed::<Content<Outlook>>(path).is_ok(),
        false => read_sealed::<Content<Kept>>(path).is_ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outlook() -> Outlook {
        Outlook { is_direct: true, reason: "few pairs".into(), direct_seconds: 1.0, gradient_seconds: 0.5 }
    }

    #[test]
    fn what_is_kept_lies_where_it_is_wanted_and_is_gone_on_with_as_asked() {
        let place = tempfile::tempdir().expect("folder");
        let key = "0123456789abcdef";
        let open = |is_kept: bool, going_on| ChainCheckpoint::open((place.path(), is_kept), "my", key, going_on);
        let is_empty = || std::fs::read_dir(place.path()).expect("folder").next().is_none();
        let (unkept, said) = open(false, GoingOn::Anew).expect("a place");
        unkept.keep_outlook(&outlook()).expect("nothing to write");
        assert!(said.is_none() && is_empty());
        let (kept, said) = open(true, GoingOn::WherePossible).expect("a place");
        assert!(
            said.is_none() && kept.recall_outlook().expect("readable").is_none(),
            "nothing is there, and nobody asked for it"
        );
        kept.keep_outlook(&outlook()).expect("written");
        assert!(place.path().join(".my-0123456789ab.chains").join(OUTLOOK).is_file());
        for going_on in [GoingOn::Asked, GoingOn::WherePossible] {
            let (again, said) = open(true, going_on).expect("a place");
            assert_eq!((again.recall_outlook().expect("readable"), said), (Some(outlook()), None));
        }
        // Those of another sampling are an error only where somebody asks to go on.
        let other = |going_on| ChainCheckpoint::open((place.path(), true), "my", "fedcba9876543210", going_on);
        assert_eq!(other(GoingOn::Asked).expect_err("of another").fault().code, Some(Code::E75));
        assert!(other(GoingOn::WherePossible).expect("a place").0.recall_outlook().expect("readable").is_none());
        let (anew, _) = open(true, GoingOn::Anew).expect("a place");
        assert!(anew.recall_outlook().expect("readable").is_none());
        anew.remove();
        assert!(is_empty());
    }
}
