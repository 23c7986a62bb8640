//! Settings as validated: everything a run needs, typed. They are made from a configuration and the command line.

use crate::config::builder::Builder;
use crate::config::keys::check;
use crate::config::reader::{Effective, Reader};
use crate::config::tree::{Node, Placed, parse_file};
use crate::error::Result;
use crate::fit::settings::FitSettings;
use crate::ingest::request::IngestSettings;
use crate::listener::LogLevel;
use crate::machine::cores::usable_cores;
use crate::model::catalogue::ModelSettings;
use std::path::{Path, PathBuf};

/// Everything that can be chosen, by whose business it is; each part stands with its defaults where it is used.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The physics besides mode and parameters.
    pub model: ModelSettings,
    /// The way into the store.
    pub ingest: IngestSettings,
    /// The fit.
    pub fit: FitSettings,
    /// The run as a whole.
    pub run: RunSettings,
    /// Every value in force, with its origin.
    pub effective: Vec<Effective>,
    /// Keys without effect, and values that were changed.
    pub notes: Vec<String>,
}

/// What can be chosen about a run as a whole.
#[derive(Debug, Clone, PartialEq)]
pub struct RunSettings {
    /// Name of the configuration, for run directories.
    pub name: String,
    /// Worker threads.
    pub threads: usize,
    /// Keep workers on the cores of a memory node.
    pub pin_threads: bool,
    /// Parent of run directories.
    pub output: PathBuf,
    /// What is logged.
    pub log_level: LogLevel,
    /// Stages of `run`.
    pub stages: Vec<Stage>,
}

impl Default for RunSettings {
    fn default() -> Self {
        RunSettings {
            name: "run".into(),
            threads: usable_cores(),
            pin_threads: false,
            output: PathBuf::from("results"),
            log_level: LogLevel::Info,
            stages: vec![Stage::Ingest, Stage::Fit],
        }
    }
}

/// A stage of `run`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Beamline file to store.
    Ingest,
    /// Store to parameters.
    Fit,
}

/// Reads, checks and converts a configuration file; `overrides` come from the command line.
///
/// # Errors
/// Config with file, line and key; Parameter for impossible bounds.
pub fn load(path: &Path, overrides: &[(String, Node)]) -> Result<Settings> {
    let file = path.display().to_string();
    let tree = parse_file(path)?;
    let notes = check(&tree, &file)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let name = path.file_stem().map_or("run".into(), |stem| stem.to_string_lossy().into_owned());
    let mut settings = from_tree(reader(tree, &file, overrides), folder, name)?;
    settings.notes.splice(0..0, notes);
    Ok(settings)
}

fn reader(tree: Placed, file: &str, overrides: &[(String, Node)]) -> Reader {
    Reader::new(tree, file, overrides).with_variable("optimization.nlsq.memory_fraction", "NLSQ_MEMORY_FRACTION")
}

/// Settings from the command line alone, for work that needs no physics.
///
/// # Errors
/// As [`load`].
pub fn without_file(overrides: &[(String, Node)]) -> Result<Settings> {
    let mut tree = Placed::elsewhere(Node::Map(Vec::new()));
    tree.set("analysis_mode", Placed::elsewhere(Node::Text("static".into())));
    from_tree(reader(tree, "command line", overrides), Path::new(""), "run".into())
}

fn from_tree(reader: Reader, folder: &Path, name: String) -> Result<Settings> {
    let settings = Builder { reader: &reader, folder }.settings(name)?;
    Ok(Settings { effective: reader.effective(), ..settings })
}

/// A command-line value as a node.
#[must_use]
pub fn override_node(text: &str) -> Node {
    match (text.parse::<i64>(), text.parse::<f64>(), text) {
        (Ok(value), _, _) => Node::Integer(value),
        (_, Ok(value), _) => Node::Float(value),
        (_, _, "true") => Node::Bool(true),
        (_, _, "false") => Node::Bool(false),
        _ => Node::Text(text.to_owned()),
    }
}
