//! One angle as a Parquet file: a long table (i, j, t1, t2, c2, phi_degrees, q_per_angstrom), one row group per block. Readers take what
//! names of folders say for text; the last two columns are numbers, and cost next to nothing where they do not change.

use crate::error::Result;
use crate::experiment::Angle;
use crate::store::block::{Values, blocks};
use crate::store::described::{Whose, damaged};
use crate::store::long_table::{FRAME_COLUMNS, VALUE_COLUMN, array_values, columns, fields};
use arrow_array::{ArrayRef, Float64Array, RecordBatch};
use arrow_schema::{DataType, Field, Schema};
use bytes::Bytes;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ParquetRecordBatchReaderBuilder};
use parquet::arrow::{ArrowWriter, ProjectionMask};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::SortingColumn;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// An open partition; row groups are decoded when they are read.
pub struct ParquetPartition {
    path: PathBuf,
    bytes: Bytes,
    metadata: ArrowReaderMetadata,
}

fn properties() -> std::result::Result<WriterProperties, ParquetError> {
    let plain = |builder: parquet::file::properties::WriterPropertiesBuilder, name: &str, encoding: Encoding| {
        let column = ColumnPath::from(name);
        builder.set_column_dictionary_enabled(column.clone(), false).set_column_encoding(column, encoding)
    };
    let builder = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_sorting_columns(Some(vec![sorted_by(0), sorted_by(1)]))
        .set_max_row_group_row_count(None);
    let builder =
        FRAME_COLUMNS.iter().fold(builder, |builder, name| plain(builder, name, Encoding::DELTA_BINARY_PACKED));
    Ok(plain(builder, VALUE_COLUMN, Encoding::BYTE_STREAM_SPLIT).build())
}

fn sorted_by(column_idx: i32) -> SortingColumn {
    SortingColumn { column_idx, descending: false, nulls_first: false }
}

/// Writes all pairs of an angle, `block_points` per row group, sorted by i and j.
///
/// # Errors
/// What Parquet reports, which is the operating system's refusal.
pub fn write<W: Write + Send>(
    values: &Values,
    (whose, angle): (&Whose, &Angle),
    into: W,
) -> std::result::Result<W, ParquetError> {
    let constant = [("phi_degrees", angle.phi_degrees), ("q_per_angstrom", whose.q_per_angstrom)];
    let of_constant = constant.map(|(name, _)| Field::new(name, DataType::Float64, false));
    let all: Vec<Field> = fields(values).into_iter().chain(of_constant).collect();
    let schema = Arc::new(Schema::new_with_metadata(all, whose.description(angle)));
    let mut writer = ArrowWriter::try_new(into, Arc::clone(&schema), Some(properties()?))?;
    for (k, block) in blocks(values, whose.block_points).enumerate() {
        let mut table = columns(&block, &whose.time, k * whose.block_points);
        let all_rows = |(_, value): (&str, f64)| Arc::new(Float64Array::from_value(value, block.len())) as ArrayRef;
        table.extend(constant.map(all_rows));
        writer.write(&RecordBatch::try_new(Arc::clone(&schema), table)?)?;
        writer.flush()?;
    }
    writer.into_inner()
}

impl ParquetPartition {
    /// Takes the mapped partition that lies at `path`, reads its footer and checks whose it is.
    ///
    /// # Errors
    /// Format if it is not a Parquet file or another's.
    pub fn open(bytes: Bytes, path: &Path, (whose, angle): (&Whose, &Angle)) -> Result<Self> {
        let metadata = ArrowReaderMetadata::load(&bytes, Default::default())
            .map_err(|_| damaged(path, "not a readable Parquet file"))?;
        whose.check(angle, metadata.schema().metadata(), path)?;
        Ok(ParquetPartition { path: path.to_path_buf(), bytes, metadata })
    }

    /// Decodes the `rows` values of block `within`, and no other column.
    ///
    /// # Errors
    /// Format if the row group is damaged.
    pub fn read(&self, within: usize, rows: usize) -> Result<Values> {
        let damaged = || damaged(&self.path, &format!("row group {within} is damaged"));
        let parquet = self.metadata.metadata();
        // A number of rows that is not the right one may ask for any amount of memory.
        if within >= parquet.num_row_groups() || parquet.row_group(within).num_rows() != rows as i64 {
            return Err(damaged());
        }
        let mask = ProjectionMask::columns(parquet.file_metadata().schema_descr(), [VALUE_COLUMN]);
        let mut reader = ParquetRecordBatchReaderBuilder::new_with_metadata(self.bytes.clone(), self.metadata.clone())
            .with_row_groups(vec![within])
            .with_projection(mask)
            .with_batch_size(rows)
            .build()
            .map_err(|_| damaged())?;
        let batch = reader.next().ok_or_else(damaged)?.map_err(|_| damaged())?;
        let values = batch.columns().first().and_then(|column| array_values(column)).ok_or_else(damaged)?;
        if values.len() == rows { Ok(values) } else { Err(damaged()) }
    }
}
