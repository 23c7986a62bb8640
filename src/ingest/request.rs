//! What is to be ingested and how, and what became of it. It reads nothing.

use crate::error::catalogue::Code;
use crate::error::{Fault, Result};
use crate::ingest::selection::Selection;
use crate::store::block::DEFAULT_BLOCK_POINTS;
use crate::store::manifest::{Manifest, StoreFormat};
use std::path::{Path, PathBuf};

/// Everything that can be chosen about an ingest.
#[derive(Debug, Clone, PartialEq)]
pub struct IngestSettings {
    /// The beamline file, if one is named.
    pub source: Option<PathBuf>,
    /// What of it.
    pub selection: Selection,
    /// Directory of the store.
    pub store: PathBuf,
    /// Encoding of the store.
    pub format: StoreFormat,
    /// Arrow partitions with the frames and times of every pair beside the values; Parquet ones always have them.
    pub long: bool,
    /// Pairs per block.
    pub block_points: usize,
    /// Compare checksums when a store is reused.
    pub verify: bool,
}

impl Default for IngestSettings {
    fn default() -> Self {
        IngestSettings {
            source: None,
            selection: Selection::default(),
            store: PathBuf::from("store"),
            format: StoreFormat::Arrow,
            long: false,
            block_points: DEFAULT_BLOCK_POINTS,
            verify: false,
        }
    }
}

impl IngestSettings {
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
}

/// What an ingest did.
#[derive(Debug, Clone)]
pub struct Ingested {
    /// The store was there already.
    pub reused: bool,
    /// Damage of an earlier store, which was therefore made anew.
    pub damage: Option<String>,
    /// The store's manifest.
    pub manifest: Manifest,
}
