//! Settings as validated: everything a run needs, typed. They are made from a configuration and the command line.

use crate::config::builder::Builder;
use crate::config::keys::check;
use crate::config::reader::{Effective, Reader};
use crate::config::tree::{Node, Placed, parse_file};
use crate::error::catalogue::Code;
use crate::error::{Fault, Result};
use crate::fit::analysis::ScalingChoice;
use crate::fit::search::{CmaEs, MultiStart};
use crate::fit::strategy::MemorySettings;
use crate::fit::trust_region::Tolerances;
use crate::ingest::selection::Selection;
use crate::loss::Loss;
use crate::model::catalogue::ShearConvention;
use crate::parameters::{AnalysisMode, ParameterSpace};
use crate::store::manifest::StoreFormat;
use std::path::{Path, PathBuf};

/// Everything a run needs.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Mode.
    pub mode: AnalysisMode,
    /// Shear convention.
    pub convention: ShearConvention,
    /// Gap in angstrom.
    pub gap_angstrom: Option<f64>,
    /// The beamline file, if one is named.
    pub source: Option<PathBuf>,
    /// What of it.
    pub selection: Selection,
    /// Parameters and bounds, fixed values included.
    pub space: ParameterSpace,
    /// Start in physical units, or `None` to start from the data.
    pub start: Option<Vec<f64>>,
    /// Scaling.
    pub scaling: ScalingChoice,
    /// When to stop.
    pub tolerances: Tolerances,
    /// Loss of the residuals.
    pub loss: Loss,
    /// Where the loss turns, in units of sigma.
    pub f_scale: f64,
    /// Characteristic sizes of the physical parameters, where given.
    pub x_scale: Vec<Option<f64>>,
    /// What decides on the strategy.
    pub memory: MemorySettings,
    /// Starts from a design, if asked for.
    pub multi_start: Option<MultiStart>,
    /// CMA-ES.
    pub cma_es: CmaEs,
    /// A parameter is on its bound when it is nearer than this share of the bounds' range.
    pub bounds_tolerance: f64,
    /// Largest acceptable chi-square per degree of freedom.
    pub max_reduced_chi_squared: f64,
    /// Directory of the store.
    pub store: PathBuf,
    /// Encoding of the store.
    pub format: StoreFormat,
    /// Pairs per block.
    pub block_points: usize,
    /// Worker threads.
    pub threads: usize,
    /// Keep workers on the cores of a memory node.
    pub pin_threads: bool,
    /// Parent of run directories.
    pub output: PathBuf,
    /// Log level.
    pub log_level: LogLevel,
    /// Stages of `run`.
    pub stages: Vec<Stage>,
    /// Name of the configuration, for run directories.
    pub name: String,
    /// Every value in force, with its origin.
    pub effective: Vec<Effective>,
    /// Keys without effect, and values that were changed.
    pub notes: Vec<String>,
}

/// What is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Errors only.
    Error,
    /// And warnings.
    Warning,
    /// And what is done.
    Info,
    /// And details.
    Debug,
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

impl Settings {
    /// The beamline file.
    ///
    /// # Errors
    /// Config if none is named.
    pub fn source(&self) -> Result<&Path> {
        self.source.as_deref().ok_or_else(|| {
            Fault::at("experimental_data.file_path", "not given")
                .expected("the path of a beamline file")
                .code(Code::E62)
                .config()
        })
    }

    /// The effective configuration as a tree of plain values.
    #[must_use]
    pub fn effective_json(&self) -> serde_json::Value {
        let entry = |effective: &Effective| {
            (effective.key.clone(), serde_json::json!({"value": effective.value, "origin": effective.origin}))
        };
        serde_json::Value::Object(self.effective.iter().map(entry).collect())
    }
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
