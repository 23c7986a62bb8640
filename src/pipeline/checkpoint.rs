//! What a killed or interrupted fit leaves behind to go on from: the evaluations so far, in one file that is replaced by one
//! rename. It knows nothing of how a fit uses them.

use crate::error::catalogue::Code;
use crate::error::{Fault, Result, io_at};
use crate::fit::solver::journal::{Evaluated, Journal};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The file's content. `phases` holds everything; the rest is for reading by people and for refusing what does not belong.
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
    /// Format if the file is damaged; Config if it belongs to another configuration, store or version.
    pub fn resume(path: &Path, hashes: Hashes<'_>) -> Result<Option<Self>> {
        if !path.is_file() {
            return Ok(None);
        }
        let text = std::fs::read_to_string(path).map_err(io_at(path))?;
        let content: Content = serde_json::from_str(&text).map_err(|source| {
            let fault = Fault::at(path.display(), "not a readable checkpoint").source(source);
            fault.advice("run without --resume").code(Code::E74).format()
        })?;
        let fresh = Checkpoint::new(path.to_path_buf(), hashes);
        let checks = [
            ("configuration", &content.config_hash, &fresh.content.config_hash),
            ("store", &content.store_hash, &fresh.content.store_hash),
            ("program", &content.program, &fresh.content.program),
        ];
        match checks.iter().find(|(_, found, expected)| found != expected) {
            None => Ok(Some(Checkpoint { content, ..fresh })),
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
        let _ = std::fs::remove_file(&self.path);
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
        let text = serde_json::to_vec(&self.content)
            .map_err(|source| Fault::at(self.path.display(), "no JSON").source(source).internal())?;
        if let Some(parent) = self.path.parent() {
            std::fs::create_dir_all(parent).map_err(io_at(parent))?;
        }
        let staging = self.path.with_extension(format!("staging-{}", std::process::id()));
        let written = std::fs::File::create(&staging)
            .and_then(|mut file| file.write_all(&text).and_then(|()| file.sync_all()))
            .and_then(|()| std::fs::rename(&staging, &self.path));
        if written.is_err() {
            let _ = std::fs::remove_file(&staging);
        }
        written.map_err(io_at(&self.path))
    }
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
        let path = folder.path().join("fit.checkpoint.json");
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
        std::fs::write(&path, "{").expect("written");
        assert!(Checkpoint::resume(&path, HASHES).is_err());
    }
}
