//! `_manifest.json`: what a store holds and where it came from. It knows nothing of how partitions are encoded.

use crate::error::catalogue::Code;
use crate::error::{Fault, Result, io_at};
use crate::experiment::Experiment;
use crate::machine::file_identity::{FileIdentity, content_hash};
use crate::machine::regular_file;
use crate::store::block::{BlockPlan, Values};
use crate::store::described::Whose;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Version of the layout on disk; another version is rebuilt.
pub const FORMAT_VERSION: u32 = 2;
/// File name. Readers of datasets pass by names with an underscore.
pub const MANIFEST_NAME: &str = "_manifest.json";
/// Folder of the partitions: a dataset for any reader, with nothing else in it.
pub const DATA_FOLDER: &str = "c2";

/// How partitions are encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoreFormat {
    /// Arrow IPC, mapped.
    Arrow,
    /// Parquet.
    Parquet,
}

impl StoreFormat {
    /// Names in configuration.
    pub const NAMES: [(&'static str, StoreFormat); 2] =
        [("arrow", StoreFormat::Arrow), ("parquet", StoreFormat::Parquet)];

    /// Name of the file of a partition.
    #[must_use]
    pub fn partition_file(self) -> &'static str {
        match self {
            StoreFormat::Arrow => "c2.arrow",
            StoreFormat::Parquet => "c2.parquet",
        }
    }
}

/// Width of the stored values: the source's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ValueType {
    /// 32 bit.
    F32,
    /// 64 bit.
    F64,
}

/// One angle's file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Partition {
    /// Path below the store.
    pub file: String,
    /// Pairs.
    pub rows: usize,
    /// Length in bytes.
    pub bytes: u64,
    /// BLAKE3 of the file.
    pub blake3: String,
    /// What the file system said of it when it was written; stores of earlier versions do not tell.
    #[serde(default)]
    pub identity: Option<FileIdentity>,
    /// Of the values of every block, little-endian: see [`checksum`].
    pub block_checksums: Vec<String>,
    /// Where the values came from (HDF5 path).
    pub source: String,
    /// Frames that are not data, with the reason, for reading by people.
    pub mask_note: String,
    /// Single values that are not finite.
    pub non_finite_values: usize,
    /// Their share of the values of all frames with data; stores of earlier versions do not tell.
    #[serde(default)]
    pub non_finite_share: f64,
    /// Angles of the source that became this one, if there were several.
    #[serde(default)]
    pub merged_from: Vec<MergedAngle>,
    /// Whether it does not matter which triangle of the matrix is taken: both hold the same, or one holds nothing. Stores of earlier
    /// versions do not tell, nor do adopted ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub triangles_agree: Option<bool>,
}

/// An angle that was merged with others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MergedAngle {
    /// Azimuth in degrees.
    pub phi_degrees: f64,
    /// Its weight in the mean, 1 / sigma^2.
    pub weight: f64,
}

/// A table that a store was adopted from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SourceFile {
    /// Path below the folder that was adopted.
    pub name: String,
    /// Length in bytes.
    pub bytes: u64,
    /// BLAKE3 of the file.
    pub blake3: String,
}

/// What a source has at the wavevector of a store, taken or not: selections of it can be compared when it is gone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SourceExtent {
    /// Frames.
    pub n_frames: usize,
    /// Angles in degrees, ascending.
    pub phi_degrees: Vec<f64>,
    /// Its own frame interval in seconds, if it tells one.
    pub dt_seconds: Option<f64>,
    /// Whether every matrix has a bin and every bin a matrix.
    pub is_complete: bool,
}

/// The layout of tables of another Arrow tool.
pub const ADOPTED: &str = "adopted";

/// Where the data came from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// Program and version.
    pub program: String,
    /// Source file as given.
    pub source: String,
    /// BLAKE3 of the source file.
    pub source_blake3: String,
    /// What the file system said of it; stores of earlier versions do not tell.
    #[serde(default)]
    pub source_identity: Option<FileIdentity>,
    /// The tables of a folder that was adopted; then the BLAKE3 above is that of their names and contents.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<SourceFile>,
    /// Layout of the source.
    pub layout: String,
    /// What was selected.
    pub selection: serde_json::Value,
    /// Distance to the nearest other wavevector of the source in 1/angstrom, if it has several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_q_per_angstrom: Option<f64>,
    /// What else the source has at that wavevector; stores of earlier versions do not tell, nor do adopted ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extent: Option<SourceExtent>,
    /// Warnings given at ingest.
    pub warnings: Vec<String>,
}

/// The whole manifest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`FORMAT_VERSION`].
    pub format_version: u32,
    /// Hash of source content, selection and encoding: equal keys hold equal stores.
    pub content_key: String,
    /// Encoding.
    pub format: StoreFormat,
    /// Width of the values.
    pub value_type: ValueType,
    /// Pair order, in words.
    pub pair_order: String,
    /// Pairs per block.
    pub block_points: usize,
    /// What was measured (the gap is not part of the data, but tables may tell it).
    pub experiment: Experiment,
    /// One per angle, in the experiment's order.
    pub partitions: Vec<Partition>,
    /// Where it came from.
    pub provenance: Provenance,
}

impl Provenance {
    /// Whether the store was adopted from tables: of the selection that they rest on nothing is known.
    #[must_use]
    pub fn is_adopted(&self) -> bool {
        self.layout == ADOPTED
    }
}

impl Manifest {
    /// How the pairs are cut.
    #[must_use]
    pub fn plan(&self) -> BlockPlan {
        let n_angles = self.experiment.angles.len();
        BlockPlan { n_frames: self.experiment.time.n_frames, n_angles, block_points: self.block_points }
    }

    /// Reads the manifest of a store.
    ///
    /// # Errors
    /// Io, with the path; as [`Manifest::parse`].
    pub fn of(directory: &Path) -> Result<Self> {
        let path = directory.join(MANIFEST_NAME);
        let content = regular_file::read(&path).map_err(io_at(&path))?;
        Manifest::parse(&path, &String::from_utf8_lossy(&content))
    }

    /// Checks the text of a manifest that lies at `path`.
    ///
    /// # Errors
    /// Format if it is damaged or of another version.
    pub fn parse(path: &Path, text: &str) -> Result<Self> {
        let damaged = |fault: Fault| fault.advice("run `homodyne ingest` again").code(Code::E71).format();
        let mut version: serde_json::Value = serde_json::from_str(text)
            .map_err(|source| damaged(Fault::at(path.display(), "not a store manifest").source(source)))?;
        if version["format_version"] != FORMAT_VERSION {
            let found = format!("store format version {}", version["format_version"]);
            return Err(damaged(Fault::at(path.display(), found).expected(FORMAT_VERSION.to_string())));
        }
        let sealed = version.as_object_mut().and_then(|entries| entries.remove(SEAL));
        if sealed.is_none_or(|sealed| sealed != seal(&version)) {
            return Err(damaged(Fault::at(path.display(), "was changed since it was written (checksum)")));
        }
        let mut manifest: Manifest = serde_json::from_value(version)
            .map_err(|source| damaged(Fault::at(path.display(), "incomplete manifest").source(source)))?;
        // Stores of earlier versions tell it by their selection alone.
        if let Some(first) = manifest.provenance.selection["start_frame"].as_u64() {
            manifest.experiment.time.first_frame = first as usize;
        }
        let consistent = manifest.partitions.len() == manifest.experiment.angles.len() && manifest.block_points > 0;
        manifest.experiment.check()?;
        match consistent {
            true => Ok(manifest),
            false => Err(damaged(Fault::at(path.display(), "angles and partitions do not match"))),
        }
    }

    /// The text of the file: sealed with a checksum of all the rest.
    ///
    /// # Errors
    /// Internal if it cannot be written as JSON.
    pub fn sealed(&self, path: &Path) -> Result<Vec<u8>> {
        let no_json = |source| Fault::at(path.display(), "manifest cannot be written").source(source).internal();
        let mut value = serde_json::to_value(self).map_err(no_json)?;
        value[SEAL] = seal(&value).into();
        serde_json::to_vec_pretty(&value).map_err(no_json)
    }

    /// What all partitions share.
    #[must_use]
    pub fn whose(&self) -> Whose {
        Whose {
            content_key: self.content_key.clone(),
            q_per_angstrom: self.experiment.q_per_angstrom,
            time: self.experiment.time,
            block_points: self.block_points,
        }
    }
}

/// Entry of the manifest with a checksum of all others.
const SEAL: &str = "seal";

fn seal(value: &serde_json::Value) -> String {
    content_hash(value.to_string().as_bytes())
}

/// Of the values of a block: 64 bits of BLAKE3, which costs 1 % of the time of a sweep.
#[must_use]
pub fn checksum(values: &Values) -> String {
    let bytes = match values {
        Values::F32(values) => values.inner().as_slice(),
        Values::F64(values) => values.inner().as_slice(),
    };
    content_hash(bytes)[..16].into()
}

/// Directory of an angle's partition below the store. A decimal point is always written, so that readers infer one type.
#[must_use]
pub fn partition_directory(phi_degrees: f64) -> String {
    format!("{DATA_FOLDER}/phi={phi_degrees:?}")
}
