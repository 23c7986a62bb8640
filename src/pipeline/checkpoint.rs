//! What a killed or interrupted fit leaves behind to go on from: the evaluations so far, in one file that is replaced by one
//! rename and bears the key of its fit in its name. It knows nothing of how a fit uses them.

use crate::error::catalogue::Code;
use crate::error::{Fault, Result, io_at};
use crate::fit::solver::journal::{Evaluated, Journal};
use crate::machine::claim::free_name;
use crate::machine::file_identity::content_hash;
use crate::machine::folder::{make_folder, parent_of};
use crate::machine::regular_file;
use crate::machine::remains::remove_file;
use crate::machine::staged_file::{Replace, write_file};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The file: what was kept, and a checksum of it.
#[derive(Debug, Serialize, Deserialize)]
struct Sealed<C> {
    /// BLAKE3 of the content as JSON.
    blake3: String,
    content: C,
}

fn checksum<C: Serialize>(content: &C) -> serde_json::Result<String> {
    Ok(content_hash(&serde_json::to_vec(content)?))
}

/// Writes a file with a checksum, whole or not at all.
///
/// # Errors
/// Io, with the path.
pub(super) fn write_sealed<C: Serialize>(path: &Path, content: &C) -> Result<()> {
    let sealed = |blake3| serde_json::to_vec(&Sealed { blake3, content });
    let text = checksum(content)
        .and_then(sealed)
        .map_err(|source| Fault::at(path.display(), "no JSON").source(source).internal())?;
    make_folder(&parent_of(path))?;
    write_file(path, &text, Replace::File)
}

/// What a file with a checksum holds, if it is whole.
///
/// # Errors
/// E74 if it is not.
pub(super) fn read_sealed<C: Serialize + DeserializeOwned>(path: &Path) -> Result<C> {
    let damaged =
        |fault: Fault| fault.advice("move it away, and run without --resume to start again").code(Code::E74).format();
    let text = regular_file::read(path).map_err(io_at(path))?;
    let sealed: Sealed<C> = serde_json::from_slice(&text)
        .map_err(|source| damaged(Fault::at(path.display(), "not a readable checkpoint").source(source)))?;
    match checksum(&sealed.content) {
        Ok(found) if found == sealed.blake3 => Ok(sealed.content),
        _ => Err(damaged(Fault::at(path.display(), "the checksum differs from what was kept"))),
    }
}

/// What was kept. `phases` holds everything; the rest is for reading by people and for refusing what does not belong.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Content {
    program: String,
    config_hash: String,
    store_hash: String,
    iteration: usize,
    theta: Vec<f64>,
    phases: BTreeMap<String, Vec<Evaluated>>,
}

/// The checkpoint of one fit.
#[derive(Debug)]
pub struct Checkpoint {
    path: PathBuf,
    content: Content,
}

/// What a fit must share with the checkpoint that it goes on from.
#[derive(Debug, Clone, Copy)]
pub struct Hashes<'a> {
    /// Of the effective configuration.
    pub config: &'a str,
    /// Of the store's content.
    pub store: &'a str,
}

impl Checkpoint {
    /// Where the checkpoint of a fit lies: hidden, so that all that is visible among the results is whole.
    #[must_use]
    pub fn path_of(folder: &Path, name: &str, hashes: Hashes<'_>) -> PathBuf {
        let key = content_hash(format!("{} {}", hashes.config, hashes.store).as_bytes());
        folder.join(format!(".{name}-{}{ENDING}", &key[..KEY_DIGITS]))
    }

    /// A checkpoint at `path`, of nothing yet.
    #[must_use]
    pub fn new(path: PathBuf, hashes: Hashes<'_>) -> Self {
        let content = Content {
            program: concat!("homodyne ", env!("CARGO_PKG_VERSION")).into(),
            config_hash: hashes.config.into(),
            store_hash: hashes.store.into(),
            ..Content::default()
        };
        Checkpoint { path, content }
    }

    /// Reads what an interrupted run has left; `None` if it has left nothing.
    ///
    /// # Errors
    /// Format if the file is damaged; Config if there are only those of another configuration, store or version.
    pub fn resume(path: &Path, hashes: Hashes<'_>) -> Result<Option<Self>> {
        match (path.is_file(), others(path).first()) {
            (true, _) => Checkpoint::read(path, hashes).map(Some),
            (false, Some(other)) => Checkpoint::read(other, hashes).map(Some),
            (false, None) => Ok(None),
        }
    }

    /// Moves a file aside that is no checkpoint and would be replaced. Returns where it is.
    ///
    /// # Errors
    /// Io if it cannot be moved.
    pub fn set_damaged_aside(&self) -> Result<Option<PathBuf>> {
        if !self.path.is_file() || read_sealed::<Content>(&self.path).is_ok() {
            return Ok(None);
        }
        let aside = free_name(&self.path, "damaged");
        std::fs::rename(&self.path, &aside).map_err(io_at(&self.path))?;
        Ok(Some(aside))
    }

    fn read(path: &Path, hashes: Hashes<'_>) -> Result<Self> {
        let content: Content = read_sealed(path)?;
        let fresh = Checkpoint::new(path.to_path_buf(), hashes);
        let checks = [
            ("configuration", &content.config_hash, &fresh.content.config_hash),
            ("store", &content.store_hash, &fresh.content.store_hash),
            ("program", &content.program, &fresh.content.program),
        ];
        match checks.iter().find(|(_, found, expected)| found != expected) {
            None => Ok(Checkpoint { content, ..fresh }),
            Some((what, found, expected)) => {
                Err(Fault::at(path.display(), format!("a checkpoint of another {what} ({})", shortened(found)))
                    .expected(shortened(expected))
                    .advice("run without --resume to start again, or with what the checkpoint was made with")
                    .code(Code::E75)
                    .config())
            }
        }
    }

    /// Iterations and parameters at which the interrupted run had arrived.
    #[must_use]
    pub fn place(&self) -> (usize, &[f64]) {
        (self.content.iteration, &self.content.theta)
    }

    /// Removes the file: the fit is done.
    pub fn remove(&self) {
        remove_file(&self.path);
    }
}

impl Journal for Checkpoint {
    fn recall(&self, phase: &str) -> Vec<Evaluated> {
        self.content.phases.get(phase).cloned().unwrap_or_default()
    }

    /// A new file takes the old one's place, whole or not at all.
    fn keep(&mut self, phase: &str, known: &[Evaluated]) -> Result<()> {
        self.content.phases.insert(phase.into(), known.to_vec());
        self.content.iteration = self.content.phases.values().map(Vec::len).sum();
        self.content.theta = known.last().map(|last| last.theta.clone()).unwrap_or_default();
        write_sealed(&self.path, &self.content)
    }
}

/// Ending of the name, behind some digits of the key.
const ENDING: &str = ".checkpoint.json";
const KEY_DIGITS: usize = 12;

/// Checkpoints of other fits of the same name, beside the path of one.
fn others(path: &Path) -> Vec<PathBuf> {
    let own = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let Some(prefix) = own.strip_suffix(ENDING).and_then(|stem| stem.get(..stem.len().checked_sub(KEY_DIGITS)?)) else {
        return Vec::new();
    };
    let is_other = |entry: &Path| {
        let name = entry.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let key = name.strip_prefix(prefix).and_then(|rest| rest.strip_suffix(ENDING));
        key.is_some_and(|key| key.len() == KEY_DIGITS && key.bytes().all(|byte| byte.is_ascii_hexdigit()))
    };
    let entries = std::fs::read_dir(parent_of(path)).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|entry| is_other(entry)).collect();
    found.sort();
    found
}

fn shortened(hash: &str) -> String {
    hash.chars().take(20).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::likelihood::reduced::Evaluation;

    const HASHES: Hashes<'_> = Hashes { config: "c", store: "s" };

    #[test]
    fn evaluations_come_back_with_every_bit_and_other_hashes_are_refused() {
        let folder = tempfile::tempdir().expect("folder");
        let path = Checkpoint::path_of(folder.path(), "fit", HASHES);
        assert!(Checkpoint::resume(&path, HASHES).expect("no file is no error").is_none());
        let mut evaluation = Evaluation::impossible(2);
        (evaluation.cost, evaluation.gradient) = (0.1 + 0.2, vec![1.0 / 3.0, -5e-324]);
        let known = vec![
            Evaluated { theta: vec![1e300, -0.0], evaluation: Some(evaluation) },
            Evaluated { theta: vec![f64::MIN_POSITIVE, 2.0_f64.sqrt()], evaluation: None },
        ];
        Checkpoint::new(path.clone(), HASHES).keep("local", &known).expect("written");
        let back = Checkpoint::resume(&path, HASHES).expect("readable").expect("there");
        assert_eq!(back.recall("local"), known);
        assert_eq!(back.recall("other"), []);
        for other in [Hashes { config: "x", store: "s" }, Hashes { config: "c", store: "x" }] {
            assert_eq!(Checkpoint::resume(&path, other).expect_err("refused").exit_code(), 2);
        }
        let other = Hashes { config: "x", store: "s" };
        let of_other = Checkpoint::path_of(folder.path(), "fit", other);
        assert_eq!(Checkpoint::resume(&of_other, other).expect_err("only another's").exit_code(), 2);
        let text = std::fs::read_to_string(&path).expect("written");
        for damage in ["{".to_string(), text.replace("0.3333333333333333", "0.3333333333333334")] {
            assert_ne!(damage, text);
            std::fs::write(&path, damage).expect("written");
            assert!(Checkpoint::resume(&path, HASHES).expect_err("damaged").to_string().contains("E74"));
        }
        let aside = Checkpoint::new(path.clone(), HASHES).set_damaged_aside().expect("moved").expect("damaged");
        assert!(aside.is_file() && !path.exists());
        assert!(Checkpoint::resume(&path, HASHES).expect("none").is_none());
    }
}
