//! A configuration while its keys are read: the settings, and what only several keys together decide. It reads nothing.

use crate::config::settings::Settings;
use crate::ingest::selection::PhiRange;
use std::path::PathBuf;

/// Settings in the making.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    /// What is settled key by key.
    pub settings: Settings,
    /// Whether the mode is given: it has no default.
    pub mode_is_given: bool,
    /// Folder and name of the data file, where they are given apart.
    pub data_folder: Option<PathBuf>,
    /// Name of the data file in that folder.
    pub data_name: Option<String>,
    /// Ranges of angles, and whether they are to be used.
    pub phi_ranges: Vec<PhiRange>,
    /// Whether the ranges are not to be used.
    pub ignores_phi_ranges: bool,
    /// Names of the start values, if their order is not the usual one.
    pub names: Option<Vec<String>>,
    /// Start values.
    pub values: Option<Vec<f64>>,
    /// Start values by name, before those of the list.
    pub starts: Vec<(&'static str, f64)>,
    /// Parameters that are fitted, if not all.
    pub active: Option<Vec<String>>,
    /// Given contrasts, one per angle.
    pub contrasts: Option<Vec<f64>>,
    /// Given offsets, one per angle.
    pub offsets: Option<Vec<f64>>,
    /// Directory of the store, if not the usual one.
    pub store: Option<PathBuf>,
}
