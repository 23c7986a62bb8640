//! A shard: some pairs of all angles in an Arrow file of its own, mapped by whoever samples it. A record batch holds pairs of one angle:
//! columns angle, i, j, c2. It does not know which pairs.

use crate::error::{Error, Fault, Result, io_at};
use crate::store::arrow_file::{ArrowFile, arrow_writer};
use crate::store::block::Values;
use crate::store::described::refused;
use crate::store::long_table::{FRAME_COLUMNS, VALUE_COLUMN, array_values, value_array};
use crate::store::map::MappedFile;
use arrow_array::types::UInt32Type;
use arrow_array::{RecordBatch, UInt32Array, cast::AsArray};
use arrow_buffer::ScalarBuffer;
use arrow_ipc::writer::FileWriter;
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Pairs of a record batch.
const BATCH_PAIRS: usize = 4096;
/// Name of the column of angles, by their place in the store.
const ANGLE_COLUMN: &str = "angle";

/// A file on its way.
pub struct ShardWriter {
    path: PathBuf,
    schema: SchemaRef,
    writer: FileWriter<BufWriter<File>>,
    narrow: bool,
    angle: u32,
    frames: [Vec<u32>; 2],
    values: Vec<f64>,
}

/// Some pairs of one angle.
pub struct ShardBatch {
    /// Which angle.
    pub angle: usize,
    /// The earlier and the later frame of every pair.
    pub frames: [ScalarBuffer<u32>; 2],
    /// c2.
    pub values: Values,
}

/// An open, mapped shard.
pub struct ShardFile {
    path: PathBuf,
    mapped: Arc<MappedFile>,
    file: ArrowFile,
}

impl ShardWriter {
    /// At a place, with values of 32 bits if they are `narrow`.
    ///
    /// # Errors
    /// Io, with the path.
    pub fn begin(path: PathBuf, narrow: bool) -> Result<Self> {
        let value = if narrow { DataType::Float32 } else { DataType::Float64 };
        let frames = [ANGLE_COLUMN, FRAME_COLUMNS[0], FRAME_COLUMNS[1]];
        let fields = frames.map(|name| Field::new(name, DataType::UInt32, false));
        let fields: Vec<Field> = fields.into_iter().chain([Field::new(VALUE_COLUMN, value, false)]).collect();
        let schema = Arc::new(Schema::new(fields));
        let file = File::create(&path).map_err(io_at(&path))?;
        let writer = arrow_writer(BufWriter::new(file), &schema).map_err(|error| refused(&path, error.into()))?;
        Ok(ShardWriter { path, schema, writer, narrow, angle: 0, frames: Default::default(), values: Vec::new() })
    }

    /// Adds a pair; angles come one after the other.
    ///
    /// # Errors
    /// Io, with the path.
    pub fn push(&mut self, angle: usize, pair: (usize, usize), value: f64) -> Result<()> {
        if angle as u32 != self.angle || self.values.len() == BATCH_PAIRS {
            self.flush()?;
            self.angle = angle as u32;
        }
        self.frames[0].push(pair.0 as u32);
        self.frames[1].push(pair.1 as u32);
        self.values.push(value);
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        if self.values.is_empty() {
            return Ok(());
        }
        let values = std::mem::take(&mut self.values);
        let values = match self.narrow {
            true => Values::from_f32(values.into_iter().map(|value| value as f32).collect()),
            false => Values::from_f64(values),
        };
        let frames = |k: usize| Arc::new(UInt32Array::from(self.frames[k].clone()));
        let angles = Arc::new(UInt32Array::from(vec![self.angle; values.len()]));
        let batch =
            RecordBatch::try_new(Arc::clone(&self.schema), vec![angles, frames(0), frames(1), value_array(&values)]);
        let written = batch.and_then(|batch| self.writer.write(&batch));
        self.frames.iter_mut().for_each(Vec::clear);
        written.map_err(|error| refused(&self.path, error.into()))
    }

    /// Writes what is left, and the footer.
    ///
    /// # Errors
    /// Io, with the path.
    pub fn finish(mut self) -> Result<()> {
        self.flush()?;
        self.writer.finish().map_err(|error| refused(&self.path, error.into()))?;
        let file = self.writer.into_inner().map_err(|error| refused(&self.path, error.into()))?;
        // Shards need not outlive the program: they are not waited for until they are on the disk.
        file.into_inner().map(drop).map_err(|error| io_at(&self.path)(error.into_error()))
    }
}

impl ShardFile {
    /// Maps the shard at a place.
    ///
    /// # Errors
    /// Io, with the path; Format if it is no such file.
    pub fn open(path: &Path) -> Result<Self> {
        let mapped = MappedFile::of(File::open(path).map_err(io_at(path))?, path)?;
        let file = ArrowFile::of(mapped.bytes()).map_err(|what| damaged(path, what))?;
        let file = file.projected((0..4).collect(), true);
        Ok(ShardFile { path: path.to_path_buf(), mapped, file })
    }

    /// Record batches.
    #[must_use]
    pub fn n_batches(&self) -> usize {
        self.file.n_batches()
    }

    /// Record batch `k`: views of the mapped file.
    ///
    /// # Errors
    /// Format if it is damaged.
    pub fn batch(&self, k: usize) -> Result<ShardBatch> {
        let batch = self.file.batch(k).filter(|batch| batch.num_columns() == 4 && batch.num_rows() > 0);
        let read = |batch: RecordBatch| {
            let column = |k: usize| batch.column(k).as_primitive_opt::<UInt32Type>().map(|c| c.values().clone());
            let angle = *column(0)?.first()? as usize;
            Some(ShardBatch { angle, frames: [column(1)?, column(2)?], values: array_values(batch.column(3))? })
        };
        batch.and_then(read).ok_or_else(|| damaged(&self.path, "a record batch is damaged"))
    }

    /// Whether all that was read was the file's.
    ///
    /// # Errors
    /// Format if it was cut short meanwhile.
    pub fn confirm(&self) -> Result<()> {
        if self.mapped.is_whole() { Ok(()) } else { Err(damaged(&self.path, "was cut short")) }
    }
}

fn damaged(path: &Path, what: &str) -> Error {
    Fault::at(path.display(), what).expected("the shard that was written").advice("sample again").format()
}
