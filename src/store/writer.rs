//! Writes a store: partitions into a temporary sibling, then everything published by one rename.

use crate::error::catalogue::Code;
use crate::error::{Fault, Result, io_at};
use crate::experiment::Angle;
use crate::machine::file_identity::FileIdentity;
use crate::machine::publish::StagedDirectory;
use crate::store::block::{Values, blocks, pair_position};
use crate::store::described::{Whose, refused};
use crate::store::manifest::{MANIFEST_NAME, Manifest, StoreFormat, checksum, partition_directory};
use crate::store::recognise::STORE;
use crate::store::{arrow_partition, parquet_partition};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// A store that nobody sees yet. Dropped without [`StagedStore::publish`], it leaves nothing behind.
#[derive(Debug)]
pub struct StagedStore {
    staged: StagedDirectory,
    format: StoreFormat,
    whose: Whose,
    long: bool,
}

/// What was written of one angle.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    /// Path below the store.
    pub file: String,
    /// Length in bytes.
    pub bytes: u64,
    /// BLAKE3 of the file.
    pub blake3: String,
    /// What the file system says of it.
    pub identity: FileIdentity,
    /// Of the values of every block.
    pub block_checksums: Vec<String>,
}

impl StagedStore {
    /// Starts a store that will appear at `target`. Remains of interrupted runs are removed.
    ///
    /// # Errors
    /// Io if the place cannot be written; E70 if `target` is something other than a store.
    pub fn begin(target: &Path, format: StoreFormat, whose: Whose) -> Result<Self> {
        Ok(StagedStore { staged: StagedDirectory::begin(target, STORE)?, format, whose, long: false })
    }

    /// Arrow partitions get the frames and times of every pair beside the values; Parquet ones always have them.
    #[must_use]
    pub fn long(mut self, long: bool) -> Self {
        self.long = long;
        self
    }

    /// Writes all pairs of one angle; those with a masked frame as NaN. May be called from several threads.
    ///
    /// # Errors
    /// Io, with the path.
    pub fn write_partition(&self, angle: &Angle, values: &Values) -> Result<Written> {
        let name = self.format.partition_file();
        let file = format!("{}/{name}", partition_directory(angle.phi_degrees));
        let folder = self.staged.path().join(partition_directory(angle.phi_degrees));
        let values = &without_masked(values, self.whose.time.n_frames, &angle.masked_frames);
        std::fs::create_dir_all(&folder).map_err(io_at(&folder))?;
        let path = folder.join(name);
        let refused = |source: Box<dyn std::error::Error + Send + Sync>| refused(&path, source);
        let sink = HashingFile::create(&path)?;
        let sink = match self.format {
            StoreFormat::Arrow => arrow_partition::write(values, (&self.whose, angle), self.long, sink)
                .map_err(|source| refused(source.into()))?,
            StoreFormat::Parquet => {
                parquet_partition::write(values, (&self.whose, angle), sink).map_err(|source| refused(source.into()))?
            }
        };
        let (identity, blake3) = sink.finish().map_err(io_at(&path))?;
        let block_checksums = blocks(values, self.whose.block_points).map(|block| checksum(&block)).collect();
        Ok(Written { file, bytes: identity.bytes, blake3, identity, block_checksums })
    }

    /// Writes the manifest and makes the store visible, in place of an earlier one, once every partition is known to be there.
    ///
    /// # Errors
    /// Io, with the path; E73 if a partition is not as it was written.
    pub fn publish(self, manifest: &Manifest) -> Result<()> {
        for partition in &manifest.partitions {
            let path = self.staged.path().join(&partition.file);
            let bytes = std::fs::metadata(&path).map_err(io_at(&path))?.len();
            if bytes != partition.bytes {
                let found = format!("{bytes} bytes instead of the {} that were written", partition.bytes);
                return Err(Fault::at(path.display(), found).advice("check the disk").code(Code::E73).io());
            }
        }
        let path = self.staged.path().join(MANIFEST_NAME);
        let text = manifest.sealed(&path)?;
        let mut file = File::create(&path).map_err(io_at(&path))?;
        file.write_all(&text).and_then(|()| file.sync_all()).map_err(io_at(&path))?;
        self.staged.publish().map(drop)
    }
}

/// Values of frames that are not data never look like data.
fn without_masked(values: &Values, n_frames: usize, masked_frames: &[usize]) -> Values {
    if are_blank(values, n_frames, masked_frames) {
        return values.clone();
    }
    let pairs = (0..n_frames).flat_map(|i| (i + 1..n_frames).map(move |j| (i, j)));
    let is_masked: Vec<bool> = (0..n_frames).map(|frame| masked_frames.contains(&frame)).collect();
    let blanks = pairs.map(|(i, j)| is_masked[i] || is_masked[j]);
    match values {
        Values::F32(values) => {
            let blank = |(&value, blank): (&f32, bool)| if blank { f32::NAN } else { value };
            Values::from_f32(values.iter().zip(blanks).map(blank).collect())
        }
        Values::F64(values) => {
            let blank = |(&value, blank): (&f64, bool)| if blank { f64::NAN } else { value };
            Values::from_f64(values.iter().zip(blanks).map(blank).collect())
        }
    }
}

/// Whether all pairs with a masked frame are NaN already: then nothing is copied.
fn are_blank(values: &Values, n_frames: usize, masked_frames: &[usize]) -> bool {
    let others = |frame: usize| (0..n_frames).filter(move |&other| other != frame).map(move |other| (frame, other));
    let pairs = masked_frames.iter().filter(|&&frame| frame < n_frames).flat_map(|&frame| others(frame));
    let mut places = pairs.map(|(a, b)| pair_position(n_frames, a.min(b), a.max(b)));
    places.all(|place| values.get(place).is_nan())
}

/// A file that is hashed while it is written.
struct HashingFile {
    file: BufWriter<File>,
    hasher: blake3::Hasher,
}

impl HashingFile {
    fn create(path: &Path) -> Result<Self> {
        let file = BufWriter::with_capacity(1 << 18, File::create(path).map_err(io_at(path))?);
        Ok(HashingFile { file, hasher: blake3::Hasher::new() })
    }

    fn finish(mut self) -> std::io::Result<(FileIdentity, String)> {
        self.file.flush()?;
        self.file.get_ref().sync_all()?;
        let (identity, _) = FileIdentity::of_open(self.file.get_ref())?;
        Ok((identity, self.hasher.finalize().to_hex().to_string()))
    }
}

impl Write for HashingFile {
    fn write(&mut self, buffer: &[u8]) -> std::io::Result<usize> {
        let written = self.file.write(buffer)?;
        self.hasher.update(&buffer[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}
