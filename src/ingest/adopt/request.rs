//! What is to be adopted and how. It reads nothing.

use crate::ingest::request::Reuse;
use crate::store::block::DEFAULT_BLOCK_POINTS;
use crate::store::manifest::StoreFormat;
use std::path::PathBuf;

/// Everything that can be chosen about adopting tables. What tables tell themselves need not be given; what is given must agree with it.
#[derive(Debug, Clone, PartialEq)]
pub struct AdoptSettings {
    /// A folder of tables, or one table.
    pub source: PathBuf,
    /// Directory of the store.
    pub store: PathBuf,
    /// Encoding of the store.
    pub format: StoreFormat,
    /// Arrow partitions with the frames and times of every pair beside the values.
    pub long: bool,
    /// Pairs per block.
    pub block_points: usize,
    /// What is asked of a store that is there already.
    pub reuse: Reuse,
    /// Wavevector in 1/angstrom.
    pub q_per_angstrom: Option<f64>,
    /// Frame interval in seconds.
    pub dt_seconds: Option<f64>,
    /// Gap in angstrom.
    pub gap_angstrom: Option<f64>,
    /// Number of frames.
    pub n_frames: Option<usize>,
}

impl Default for AdoptSettings {
    fn default() -> Self {
        AdoptSettings {
            source: PathBuf::from("tables"),
            store: PathBuf::from("store"),
            format: StoreFormat::Arrow,
            long: false,
            block_points: DEFAULT_BLOCK_POINTS,
            reuse: Reuse::default(),
            q_per_angstrom: None,
            dt_seconds: None,
            gap_angstrom: None,
            n_frames: None,
        }
    }
}
