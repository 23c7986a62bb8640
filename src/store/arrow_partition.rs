//! One angle as an Arrow IPC file: a column `c2`, and i, j, t1, t2 beside it if that is wanted; one record batch per block, 64-byte
//! aligned, uncompressed. Only the values are read.

use crate::error::Result;
use crate::experiment::Angle;
use crate::store::arrow_file::{ArrowFile, arrow_writer};
use crate::store::block::{Values, blocks};
use crate::store::described::{Whose, damaged};
use crate::store::long_table::{VALUE_COLUMN, array_values, columns, fields, value_array, value_field};
use arrow_array::RecordBatch;
use arrow_schema::{ArrowError, Schema};
use bytes::Bytes;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// An open, mapped partition.
pub struct ArrowPartition {
    path: PathBuf,
    file: ArrowFile,
}

/// Writes all pairs of an angle, `block_points` per record batch, with the frames and times of every pair if the table is to be `long`.
///
/// # Errors
/// What Arrow reports, which is the operating system's refusal.
pub fn write<W: Write>(
    values: &Values,
    (whose, angle): (&Whose, &Angle),
    long: bool,
    into: W,
) -> std::result::Result<W, ArrowError> {
    let fields = if long { fields(values) } else { vec![value_field(values)] };
    let schema = Arc::new(Schema::new_with_metadata(fields, whose.description(angle)));
    let mut writer = arrow_writer(into, &schema)?;
    for (k, block) in blocks(values, whose.block_points).enumerate() {
        let table = if long { columns(&block, &whose.time, k * whose.block_points) } else { vec![value_array(&block)] };
        writer.write(&RecordBatch::try_new(Arc::clone(&schema), table)?)?;
    }
    writer.finish()?;
    writer.into_inner()
}

impl ArrowPartition {
    /// Takes the mapped partition that lies at `path`, and checks whose it is.
    ///
    /// # Errors
    /// Format if it is not an Arrow file or another's.
    pub fn open(bytes: Bytes, path: &Path, (whose, angle): (&Whose, &Angle)) -> Result<Self> {
        let file = ArrowFile::of(bytes).map_err(|what| damaged(path, what))?;
        whose.check(angle, file.schema().metadata(), path)?;
        let column = file.schema().index_of(VALUE_COLUMN).map_err(|_| damaged(path, "no column c2"))?;
        Ok(ArrowPartition { path: path.to_path_buf(), file: file.projected(vec![column], true) })
    }

    /// The values of block `within`: a view of the mapped file.
    ///
    /// # Errors
    /// Format if the record batch is damaged.
    pub fn read(&self, within: usize) -> Result<Values> {
        let batch = self.file.batch(within);
        let values = batch.and_then(|batch| batch.columns().first().and_then(|column| array_values(column)));
        values.ok_or_else(|| damaged(&self.path, &format!("record batch {within} is damaged")))
    }
}
