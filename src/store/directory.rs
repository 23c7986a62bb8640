//! An open store: checks what is on disk and serves its blocks.

use crate::error::{Error, Result, io_at};
use crate::experiment::{Angle, Experiment};
use crate::machine::file_identity::{FileIdentity, shows_writes};
use crate::machine::regular_file;
use crate::store::arrow_partition::ArrowPartition;
use crate::store::block::{Block, BlockPlan, BlockSource, Values};
use crate::store::condensed_angle::{CondensedAngle, Tally};
use crate::store::condensed_file::{self, CONDENSED_NAME};
use crate::store::described::{Whose, damaged};
use crate::store::folder::Folder;
use crate::store::manifest::{MANIFEST_NAME, Manifest, Partition, StoreFormat, ValueType, checksum};
use crate::store::map::MappedFile;
use crate::store::parquet_partition::ParquetPartition;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The file of an angle, and how its blocks are taken from it.
struct OpenPartition {
    mapped: Arc<MappedFile>,
    /// As it was opened.
    identity: FileIdentity,
    /// Whether that tells everything that was written to it.
    shows_writes: bool,
    blocks: Blocks,
}

impl OpenPartition {
    /// Whether it may have been written to since it was made.
    fn is_touched(&self, told: &Partition) -> bool {
        !self.shows_writes || told.identity != Some(self.identity)
    }

    /// What it is now. That its name was removed is a change of the file, too, but none of its content, which has a time of its own.
    fn now(&self) -> std::io::Result<FileIdentity> {
        let (now, is_unlinked) = self.mapped.identity()?;
        let changed = if is_unlinked { self.identity.changed_nanoseconds } else { now.changed_nanoseconds };
        Ok(FileIdentity { changed_nanoseconds: changed, ..now })
    }
}

enum Blocks {
    Arrow(ArrowPartition),
    Parquet(ParquetPartition),
}

/// Stores that take each other's place so often while one is opened are an error.
const ATTEMPTS: usize = 5;

/// An open store.
pub struct Store {
    folder: Folder,
    manifest: Manifest,
    /// Of the file of the manifest, as it was read.
    manifest_identity: FileIdentity,
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
                Ok((manifest, manifest_identity, partitions)) => {
                    let gap_angstrom = gap_angstrom.or(manifest.experiment.gap_angstrom);
                    let experiment = Experiment { gap_angstrom, ..manifest.experiment.clone() };
                    let known = Some((0..manifest.plan().n_blocks()).map(|_| AtomicBool::new(false)).collect());
                    return Ok(Store { folder, manifest, manifest_identity, experiment, partitions, known });
                }
            }
        }
    }

    /// The manifest and the partitions of one directory: one store, never a mixture of two.
    fn in_folder(folder: &Folder) -> Result<(Manifest, FileIdentity, Vec<OpenPartition>)> {
        let (identity, _) = folder.identity(MANIFEST_NAME)?;
        let manifest = Manifest::parse(&folder.place(MANIFEST_NAME), &folder.text(MANIFEST_NAME)?)?;
        let whose = manifest.whose();
        let open = |(partition, angle)| open_partition(folder, &manifest, partition, (&whose, angle));
        let pairs = manifest.partitions.iter().zip(&manifest.experiment.angles);
        let partitions = pairs.map(open).collect::<Result<Vec<OpenPartition>>>()?;
        Ok((manifest, identity, partitions))
    }

    /// The directory as it was named.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.folder.path()
    }

    /// The manifest.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// What is told of its pseudo-pairs, by whatever rule they are laid out; `None` if it has none.
    ///
    /// # Errors
    /// E72 if they are damaged.
    pub fn condensed_tally(&self) -> Result<Option<Tally>> {
        let found = condensed_file::read(&self.folder, &self.manifest.whose(), None, self.partitions.len())?;
        Ok(found.map(|found| {
            let mut tally = Tally { prediction: found.prediction, ..Tally::none() };
            self.experiment.angles.iter().zip(&found.angles).for_each(|(angle, found)| tally.add(angle, found));
            tally
        }))
    }

    /// Whether it has pseudo-pairs that are laid out by another rule, or are those of other values.
    #[must_use]
    pub fn has_outdated_condensed(&self, rule: &str) -> bool {
        let place = self.folder.place(CONDENSED_NAME);
        condensed_file::is_ours(&place) && !condensed_file::says(&place, &[&self.manifest.content_key, rule])
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
        let (n_pairs, expected) = (self.plan().locate(index).1.len(), self.manifest.value_type);
        if (values.len(), value_type(values)) != (n_pairs, expected) {
            let place = self.folder.place(&self.manifest.partitions[angle].file);
            let found = format!("block {within} holds {} values of type {:?}", values.len(), value_type(values));
            return Err(damaged(&place, &format!("{found}, the manifest says {n_pairs} of {expected:?}")));
        }
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

    /// Reads every partition and compares its checksum with the manifest's; so with pseudo-pairs, if there are any.
    ///
    /// # Errors
    /// Format, naming the first altered file.
    pub fn verify(&self) -> Result<()> {
        self.manifest.partitions.iter().try_for_each(|partition| self.compare(partition))?;
        self.condensed_tally().map(drop)
    }

    /// The same for partitions that may have been written to since they were made, by what the file system says of them: no others are
    /// read. Returns how many there are.
    ///
    /// # Errors
    /// As [`Store::verify`].
    pub fn verify_touched(&self) -> Result<usize> {
        let compared = self.touched().map(|partition| self.compare(partition)).collect::<Result<Vec<()>>>()?;
        Ok(compared.len())
    }

    fn touched(&self) -> impl Iterator<Item = &Partition> {
        let all = self.partitions.iter().zip(&self.manifest.partitions);
        all.filter(|(open, partition)| open.is_touched(partition)).map(|(_, partition)| partition)
    }

    /// Whether its values are compared with their checksums, or nobody can have written to them: then they are those that were condensed.
    #[must_use]
    pub fn is_as_made(&self) -> bool {
        self.is_verified() || self.touched().next().is_none()
    }

    fn compare(&self, partition: &Partition) -> Result<()> {
        let path = self.folder.place(&partition.file);
        match hash(self.folder.file(&partition.file)?, &path)? == partition.blake3 {
            true => Ok(()),
            false => Err(damaged(&path, "checksum differs from the manifest's")),
        }
    }
}

/// BLAKE3 of a file, in hexadecimal.
///
/// # Errors
/// Io, with the path.
pub fn hash_file(path: &Path) -> Result<String> {
    hash(regular_file::open(path).map_err(io_at(path))?, path)
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
    let file = folder.file(&partition.file).map_err(|error| unless_missing(error, &path))?;
    let length = file.metadata().map_err(io_at(&path))?.len();
    if length != partition.bytes {
        return Err(damaged(&path, &format!("{length} bytes, the manifest says {}", partition.bytes)));
    }
    if partition.rows != manifest.plan().pairs_per_angle() {
        return Err(damaged(&path, &format!("{} pairs, the frames make another number", partition.rows)));
    }
    let (identity, _) = FileIdentity::of_open(&file).map_err(io_at(&path))?;
    let shows_writes = shows_writes(&file);
    let mapped = MappedFile::of(file, &path)?;
    let blocks = unless_it_panics(&path, || {
        let bytes = mapped.bytes();
        Ok(match manifest.format {
            StoreFormat::Arrow => Blocks::Arrow(ArrowPartition::open(bytes, &path, whose)?),
            StoreFormat::Parquet => Blocks::Parquet(ParquetPartition::open(bytes, &path, whose)?),
        })
    })?;
    Ok(OpenPartition { mapped, identity, shows_writes, blocks })
}

/// A partition that the manifest tells of and that is not there is damage like any other.
fn unless_missing(error: Error, path: &Path) -> Error {
    let source = error.fault().source.as_ref().and_then(|source| source.downcast_ref::<std::io::Error>());
    match source.is_some_and(|source| source.kind() == ErrorKind::NotFound) {
        true => damaged(path, "is not there"),
        false => error,
    }
}

/// A decoder that stumbles over damage has found damage.
fn unless_it_panics<T>(path: &Path, decode: impl FnOnce() -> Result<T>) -> Result<T> {
    let caught = catch_unwind(AssertUnwindSafe(decode));
    caught.unwrap_or_else(|_| Err(damaged(path, "is damaged where its decoder does not expect it")))
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
        let path = self.folder.place(&self.manifest.partitions[angle].file);
        let read = unless_it_panics(&path, || match &self.partitions[angle].blocks {
            Blocks::Arrow(partition) => partition.read(within),
            Blocks::Parquet(partition) => partition.read(within, pairs.len()),
        });
        let checked = read.and_then(|values| self.check(index, (angle, within), &values).map(|()| values));
        // Whatever was made of a file that is cut short: that is what is wrong.
        self.confirm(angle)?;
        Ok(Block { index, angle, first_pair: pairs.start, values: checked? })
    }

    fn confirm(&self, angle: usize) -> Result<()> {
        let partition = &self.manifest.partitions[angle];
        match self.partitions[angle].mapped.is_whole() {
            true => Ok(()),
            false => Err(damaged(&self.folder.place(&partition.file), "was cut short while it was read")),
        }
    }

    // Blocks are compared with their checksums only when they are first read: what was written into a partition since then would be in
    // some sweeps and not in others.
    fn check_unchanged(&self) -> Result<()> {
        let written_to = |name: &str| damaged(&self.folder.place(name), "was written to while the store was in use");
        // A store that another one has replaced, or that was removed, is whole as long as it is open.
        let is_there = !self.folder.was_replaced();
        if is_there && self.folder.identity(MANIFEST_NAME)?.0 != self.manifest_identity {
            return Err(written_to(MANIFEST_NAME));
        }
        for (open, partition) in self.partitions.iter().zip(&self.manifest.partitions) {
            let now = match is_there {
                true => {
                    let place = self.folder.place(&partition.file);
                    self.folder.identity(&partition.file).map_err(|error| unless_missing(error, &place))?.0
                }
                false => open.now().map_err(io_at(&self.folder.place(&partition.file)))?,
            };
            if now != open.identity {
                return Err(written_to(&partition.file));
            }
        }
        Ok(())
    }

    fn condensed(&self, rule: &str) -> Result<Option<Vec<CondensedAngle>>> {
        if !self.is_as_made() {
            return Ok(None);
        }
        let found = condensed_file::read(&self.folder, &self.manifest.whose(), Some(rule), self.partitions.len())?;
        Ok(found.map(|found| found.angles))
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
