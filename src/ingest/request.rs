//! What is to be ingested and how, and what became of it. It reads nothing.

use crate::error::catalogue::Code;
use crate::error::{Fault, Result};
use crate::ingest::selection::Selection;
use crate::store::block::DEFAULT_BLOCK_POINTS;
use crate::store::manifest::{Manifest, StoreFormat};
use std::path::{Path, PathBuf};

/// Where a store comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StorePlace {
    /// This directory, whatever selection it held before.
    Directory(PathBuf),
    /// Below a folder, under a name that ends with digits of the content key: another selection is another store.
    Keyed {
        /// Folder of stores.
        folder: PathBuf,
        /// What the name begins with.
        name: String,
    },
}

impl StorePlace {
    /// Digits of the key in a name.
    pub const KEY_DIGITS: usize = 12;

    /// The directory of the store with a content key.
    #[must_use]
    pub fn of(&self, content_key: &str) -> PathBuf {
        match self {
            StorePlace::Directory(path) => path.clone(),
            StorePlace::Keyed { folder, name } => folder.join(format!("{name}-{}", &content_key[..Self::KEY_DIGITS])),
        }
    }

    /// The place of the same data at one of several wavevectors, in 1/angstrom.
    #[must_use]
    pub fn at_q(&self, q_per_angstrom: f64) -> StorePlace {
        let part = format!("q={q_per_angstrom:?}");
        match self {
            StorePlace::Directory(path) => StorePlace::Directory(path.join(part)),
            StorePlace::Keyed { folder, name } => {
                StorePlace::Keyed { folder: folder.clone(), name: format!("{name}-{part}") }
            }
        }
    }
}

impl<P: Into<PathBuf>> From<P> for StorePlace {
    fn from(directory: P) -> Self {
        StorePlace::Directory(directory.into())
    }
}

/// What is asked of a store that is there already. One that does not stand the test is an error: it may have been edited on purpose.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Reuse {
    /// Nothing: its values are believed.
    Believed,
    /// That partitions have their checksums, if the file system says that they were written to since they were made.
    #[default]
    Untouched,
    /// That all partitions have their checksums.
    Verified,
    /// It is made anew, whatever has become of it.
    Never,
}

/// Everything that can be chosen about an ingest.
#[derive(Debug, Clone, PartialEq)]
pub struct IngestSettings {
    /// The beamline file, if one is named.
    pub source: Option<PathBuf>,
    /// What of it.
    pub selection: Selection,
    /// Where the store comes to.
    pub store: StorePlace,
    /// Encoding of the store.
    pub format: StoreFormat,
    /// Arrow partitions with the frames and times of every pair beside the values; Parquet ones always have them.
    pub long: bool,
    /// Pairs per block.
    pub block_points: usize,
    /// What is asked of a store that is there already.
    pub reuse: Reuse,
}

impl Default for IngestSettings {
    fn default() -> Self {
        IngestSettings {
            source: None,
            selection: Selection::default(),
            store: StorePlace::Directory("store".into()),
            format: StoreFormat::Arrow,
            long: false,
            block_points: DEFAULT_BLOCK_POINTS,
            reuse: Reuse::default(),
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
                .advice("or name a store that is there with --store")
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
    /// Partitions of it that were compared with their checksums.
    pub compared: usize,
    /// What became of another store in its place, or of a damaged one, in words.
    pub earlier: Option<String>,
    /// Directory of the store.
    pub store: PathBuf,
    /// The store's manifest.
    pub manifest: Manifest,
}
