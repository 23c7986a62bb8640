//! Settings as validated: everything a run needs, typed. They are made from a configuration and the command line.

use crate::fit::settings::FitSettings;
use crate::ingest::request::IngestSettings;
use crate::listener::LogLevel;
use crate::machine::cores::usable_cores;
use crate::model::catalogue::ModelSettings;
use crate::sample::settings::SampleSettings;
use serde::Serialize;
use std::path::PathBuf;

/// Everything that can be chosen, by whose business it is; each part stands with its defaults where it is used.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The physics besides mode and parameters.
    pub model: ModelSettings,
    /// The way into the store.
    pub ingest: IngestSettings,
    /// The fit.
    pub fit: FitSettings,
    /// The posterior.
    pub sample: SampleSettings,
    /// The run as a whole.
    pub run: RunSettings,
    /// Every value in force, with its origin.
    pub effective: Vec<Effective>,
    /// What the user should know: values that were changed, keys that mean something else here.
    pub notes: Vec<String>,
    /// Keys without effect, each with the reason.
    pub without_effect: Vec<String>,
    /// What was decided on the way, such as where the data file was found.
    pub remarks: Vec<String>,
}

impl Settings {
    /// One line on the keys without effect, if there are any, with words on where they are listed.
    #[must_use]
    pub fn without_effect_in_one_line(&self, listed: &str) -> Option<String> {
        match self.without_effect.len() {
            0 => None,
            1 => Some(format!("1 key without effect, {listed}")),
            count => Some(format!("{count} keys without effect, {listed}")),
        }
    }
}

/// A value in force and its origin.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Effective {
    /// Dotted key.
    pub key: String,
    /// Value, as text.
    pub value: String,
    /// "file:line", "command line", "environment NAME" or "default".
    pub origin: String,
}

/// Folder of the stores below the parent of run directories.
pub const STORES_FOLDER: &str = "stores";

/// What can be chosen about a run as a whole.
#[derive(Debug, Clone, PartialEq)]
pub struct RunSettings {
    /// Name of the configuration, for run directories.
    pub name: String,
    /// Worker threads; `None`: all cores.
    pub threads: Option<usize>,
    /// Keep workers on the cores of a memory node.
    pub pin_threads: bool,
    /// Compare the values of every block with its checksum when it is first read.
    pub verify: bool,
    /// Parent of run directories.
    pub output: PathBuf,
    /// What is logged.
    pub log_level: LogLevel,
    /// Stages of `run`.
    pub stages: Vec<Stage>,
    /// How parameters are found.
    pub method: Method,
    /// What is kept of chains while they walk.
    pub chains: KeptChains,
}

/// Checkpoints of a sampling. What it draws does not depend on them.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptChains {
    /// Whether there are any.
    pub are_kept: bool,
    /// Where; `None`: beside the results.
    pub folder: Option<PathBuf>,
    /// Whether to go on from them, where there are some of the same, also without `--resume`.
    pub go_on: bool,
}

impl Default for KeptChains {
    fn default() -> Self {
        KeptChains { are_kept: true, folder: None, go_on: false }
    }
}

impl Default for RunSettings {
    fn default() -> Self {
        RunSettings {
            name: "run".into(),
            threads: None,
            pin_threads: false,
            verify: true,
            output: PathBuf::from("results"),
            log_level: LogLevel::Info,
            stages: vec![Stage::Ingest, Stage::Fit, Stage::Report],
            method: Method::LeastSquares,
            chains: KeptChains::default(),
        }
    }
}

impl RunSettings {
    /// Whether draws of the posterior are wanted.
    #[must_use]
    pub fn samples(&self) -> bool {
        self.method != Method::LeastSquares || self.stages.contains(&Stage::Sample)
    }

    /// Worker threads.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.threads.unwrap_or_else(usable_cores)
    }
}

/// A stage of `run`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Beamline file to store.
    Ingest,
    /// Store to pseudo-pairs that stand for all pairs, kept in it.
    Condense,
    /// Store to parameters.
    Fit,
    /// Parameters to draws of the posterior.
    Sample,
    /// Parameters to figures.
    Report,
}

impl Stage {
    /// Names in configuration.
    pub const NAMES: [(&'static str, Stage); 5] = [
        ("ingest", Stage::Ingest),
        ("condense", Stage::Condense),
        ("fit", Stage::Fit),
        ("sample", Stage::Sample),
        ("report", Stage::Report),
    ];
}

/// How parameters are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// By least squares.
    LeastSquares,
    /// By draws of the posterior, around a fit.
    Posterior,
    /// By both, and both are shown.
    Both,
}

impl Method {
    /// Names in configuration, those of today before an older one.
    pub const NAMES: [(&'static str, Method); 4] = [
        ("nlsq", Method::LeastSquares),
        ("cmc", Method::Posterior),
        ("both", Method::Both),
        ("mcmc", Method::Posterior),
    ];
}
