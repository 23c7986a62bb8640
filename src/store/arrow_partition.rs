//! One angle as an Arrow IPC file: one column `c2`, one record batch per block, 64-byte aligned, uncompressed.

use crate::error::Result;
use crate::experiment::Angle;
use crate::store::block::{Values, blocks};
use crate::store::described::{Whose, damaged};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type};
use arrow_array::{ArrayRef, Float32Array, Float64Array, RecordBatch};
use arrow_buffer::Buffer;
use arrow_ipc::convert::try_fb_to_schema;
use arrow_ipc::reader::{FileDecoder, read_footer_length};
use arrow_ipc::writer::{FileWriter, IpcWriteOptions};
use arrow_ipc::{Block, MetadataVersion, root_as_footer};
use arrow_schema::{ArrowError, DataType, Field, Schema};
use bytes::Bytes;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Name of the value column.
pub const VALUE_COLUMN: &str = "c2";

/// An open, mapped partition.
pub struct ArrowPartition {
    path: PathBuf,
    bytes: Buffer,
    decoder: FileDecoder,
    batches: Vec<Block>,
}

/// A column of values, without copying.
#[must_use]
pub fn value_array(values: &Values) -> ArrayRef {
    match values {
        Values::F32(values) => Arc::new(Float32Array::new(values.clone(), None)),
        Values::F64(values) => Arc::new(Float64Array::new(values.clone(), None)),
    }
}

/// The values of a column, without copying.
#[must_use]
pub fn array_values(array: &ArrayRef) -> Option<Values> {
    match array.data_type() {
        DataType::Float32 => Some(Values::F32(array.as_primitive::<Float32Type>().values().clone())),
        DataType::Float64 => Some(Values::F64(array.as_primitive::<Float64Type>().values().clone())),
        _ => None,
    }
}

/// Writes all pairs of an angle, `block_points` per record batch.
///
/// # Errors
/// What Arrow reports, which is the operating system's refusal.
pub fn write<W: Write>(
    values: &Values,
    (whose, angle): (&Whose, &Angle),
    into: W,
) -> std::result::Result<W, ArrowError> {
    let data_type = value_array(values).data_type().clone();
    let fields = vec![Field::new(VALUE_COLUMN, data_type, false)];
    let schema = Arc::new(Schema::new_with_metadata(fields, whose.description(angle)));
    let options = IpcWriteOptions::try_new(64, false, MetadataVersion::V5)?;
    let mut writer = FileWriter::try_new_with_options(into, &schema, options)?;
    for block in blocks(values, whose.block_points) {
        writer.write(&RecordBatch::try_new(Arc::clone(&schema), vec![value_array(&block)])?)?;
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
        let bytes = Buffer::from(bytes);
        let damaged = |what: &str| damaged(path, what);
        let trailer = bytes.len().checked_sub(10).ok_or_else(|| damaged("too short for an Arrow file"))?;
        let tail: [u8; 10] = bytes[trailer..].try_into().expect("ten bytes were left");
        let footer_len = read_footer_length(tail).map_err(|_| damaged("no Arrow footer"))?;
        let start = trailer.checked_sub(footer_len).ok_or_else(|| damaged("footer length beyond the file"))?;
        let footer = root_as_footer(&bytes[start..trailer]).map_err(|_| damaged("unreadable footer"))?;
        let schema = footer.schema().ok_or_else(|| damaged("no schema"))?;
        let schema = try_fb_to_schema(schema).map_err(|_| damaged("unreadable schema"))?;
        whose.check(angle, schema.metadata(), path)?;
        let batches = footer.recordBatches().map(|list| list.iter().copied().collect()).unwrap_or_default();
        let decoder = FileDecoder::new(Arc::new(schema), footer.version()).with_require_alignment(true);
        Ok(ArrowPartition { path: path.to_path_buf(), bytes, decoder, batches })
    }

    /// The values of block `within`: a view of the mapped file.
    ///
    /// # Errors
    /// Format if the record batch is damaged.
    pub fn read(&self, within: usize) -> Result<Values> {
        let damaged = || damaged(&self.path, &format!("record batch {within} is damaged"));
        let block = self.batches.get(within).ok_or_else(damaged)?;
        let number = |value: i64| usize::try_from(value).map_err(|_| damaged());
        let (start, metadata) = (number(block.offset())?, number(block.metaDataLength().into())?);
        let len = metadata.checked_add(number(block.bodyLength())?).ok_or_else(damaged)?;
        if start.checked_add(len).is_none_or(|end| end > self.bytes.len()) {
            return Err(damaged());
        }
        let data = self.bytes.slice_with_length(start, len);
        let batch = self.decoder.read_record_batch(block, &data).map_err(|_| damaged())?.ok_or_else(damaged)?;
        batch.columns().first().and_then(array_values).ok_or_else(damaged)
    }
}
