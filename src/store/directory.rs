//! An open store: checks what is on disk and serves its blocks.

use crate::error::catalogue::Code;
use crate::error::{Fault, Result, io_at};
use crate::experiment::{Angle, Experiment};
use crate::store::arrow_partition::ArrowPartition;
use crate::store::block::{Block, BlockPlan, BlockSource, Values};
use crate::store::described::{Whose, damaged};
use crate::store::folder::Folder;
use crate::store::manifest::{MANIFEST_NAME, Manifest, Partition, StoreFormat, ValueType, checksum};
use crate::store::parquet_partition::ParquetPartition;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

enum OpenPartition {
    Arrow(ArrowPartition),
    Parquet(ParquetPartition),
}

/// Stores that take each other's place so often while one is opened are an error.
const ATTEMPTS: usize = 5;

/// An open store.
pub struct Store {
    folder: Folder,
    manifest: Manifest,
    experiment: Experiment,
    partitions: Vec<OpenPartition>,
    /// Per block, whether its values are known to be those that were written; `None` if that is not asked.
    known: Option<Vec<AtomicBool>>,
}

impl Store {
    /// Opens a store and checks that every partition is there in full length. The gap is not part of the data of
    /// a beamline file: it is given here, in angstrom, or that of adopted tables is taken.
    ///
    /// # Errors
    /// Io or Format, naming the manifest or partition.
    pub fn open(directory: &Path, gap_angstrom: Option<f64>) -> Result<Self> {
        let mut attempts = 0;
        loop {
            let folder = Folder::open(directory)?;
            match Store::in_folder(&folder) {
                // Another ingest has just put a new store here, and is removing this one.
                Err(_) if folder.was_replaced() && attempts < ATTEMPTS => attempts += 1,
                Err(error) => return Err(error),
                Ok((manifest, partitions)) => {
                    let gap_angstrom = gap_angstrom.or(manifest.experiment.gap_angstrom);
                    let experiment = Experiment { gap_angstrom, ..manifest.experiment.clone() };
                    let known = Some((0..manifest.plan().n_blocks()).map(|_| AtomicBool::new(false)).collect());
                    return Ok(Store { folder, manifest, experiment, partitions, known });
                }
            }
        }
    }

    /// The manifest and the partitions of one directory: one store, never a mixture of two.
    fn in_folder(folder: &Folder) -> Result<(Manifest, Vec<OpenPartition>)> {
        let manifest = Manifest::parse(&folder.place(MANIFEST_NAME), &folder.text(MANIFEST_NAME)?)?;
        let whose = manifest.whose();
        let open = |(partition, angle)| open_partition(folder, &manifest, partition, (&whose, angle));
        let pairs = manifest.partitions.iter().zip(&manifest.experiment.angles);
        let partitions = pairs.map(open).collect::<Result<Vec<OpenPartition>>>()?;
        Ok((manifest, partitions))
    }

    /// The manifest.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Believes the values as they are: blocks are not compared with their checksums when they are first read.
    #[must_use]
    pub fn unverified(mut self) -> Self {
        self.known = None;
        self
    }

    /// Whether blocks are compared with their checksums.
    #[must_use]
    pub fn is_verified(&self) -> bool {
        self.known.is_some()
    }

    /// E72 unless the values of a block are those that were written.
    fn check(&self, index: usize, (angle, within): (usize, usize), values: &Values) -> Result<()> {
        let Some(known) = self.known.as_ref().map(|known| &known[index]).filter(|known| !known.load(Ordering::Relaxed))
        else {
            return Ok(());
        };
        let partition = &self.manifest.partitions[angle];
        if partition.block_checksums.get(within) != Some(&checksum(values)) {
            let what = format!("the values of block {within} are not those that were written (checksum)");
            return Err(damaged(&self.folder.place(&partition.file), &what));
        }
        known.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Reads every partition and compares its checksum with the manifest's.
    ///
    /// # Errors
    /// Format, naming the first altered partition.
    pub fn verify(&self) -> Result<()> {
        for partition in &self.manifest.partitions {
            let path = self.folder.place(&partition.file);
            if hash(self.folder.file(&partition.file)?, &path)? != partition.blake3 {
                return Err(damaged(&path, "checksum differs from the manifest's"));
            }
        }
        Ok(())
    }
}

/// BLAKE3 of a file, in hexadecimal.
///
/// # Errors
/// Io, with the path.
pub fn hash_file(path: &Path) -> Result<String> {
    hash(File::open(path).map_err(io_at(path))?, path)
}

fn hash(mut file: File, path: &Path) -> Result<String> {
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer).map_err(io_at(path))? {
            0 => return Ok(hasher.finalize().to_hex().to_string()),
            len => hasher.update(&buffer[..len]),
        };
    }
}

fn open_partition(
    folder: &Folder,
    manifest: &Manifest,
    partition: &Partition,
    whose: (&Whose, &Angle),
) -> Result<OpenPartition> {
    let path = folder.place(&partition.file);
    let file = folder.file(&partition.file)?;
    let length = file.metadata().map_err(io_at(&path))?.len();
    if length != partition.bytes {
        return Err(damaged(&path, &format!("{length} bytes, the manifest says {}", partition.bytes)));
    }
    if partition.rows != manifest.plan().pairs_per_angle() {
        return Err(damaged(&path, &format!("{} pairs, the frames make another number", partition.rows)));
    }
    Ok(match manifest.format {
        StoreFormat::Arrow => OpenPartition::Arrow(ArrowPartition::open(&file, &path, whose)?),
        StoreFormat::Parquet => OpenPartition::Parquet(ParquetPartition::open(&file, &path, whose)?),
    })
}

impl BlockSource for Store {
    fn experiment(&self) -> &Experiment {
        &self.experiment
    }

    fn plan(&self) -> BlockPlan {
        self.manifest.plan()
    }

    fn read(&self, index: usize) -> Result<Block> {
        let (angle, pairs) = self.plan().locate(index);
        let within = pairs.start / self.manifest.block_points;
        let values = match &self.partitions[angle] {
            OpenPartition::Arrow(partition) => partition.read(within)?,
            OpenPartition::Parquet(partition) => partition.read(within)?,
        };
        let expected = (pairs.len(), self.manifest.value_type);
        if (values.len(), value_type(&values)) != expected {
            let place =
                format!("{} block {within}", self.folder.place(&self.manifest.partitions[angle].file).display());
            let found = format!("{} values of type {:?}", values.len(), value_type(&values));
            return Err(Fault::at(place, found)
                .expected(format!("{} of {:?}", expected.0, expected.1))
                .code(Code::E72)
                .format());
        }
        self.check(index, (angle, within), &values)?;
        Ok(Block { index, angle, first_pair: pairs.start, values })
    }

    fn kind(&self) -> String {
        format!("{:?} {:?}", self.manifest.format, self.manifest.value_type).to_lowercase()
    }
}

/// Width of values.
#[must_use]
pub fn value_type(values: &Values) -> ValueType {
    match values {
        Values::F32(_) => ValueType::F32,
        Values::F64(_) => ValueType::F64,
    }
}
