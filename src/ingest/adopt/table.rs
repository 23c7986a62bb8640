//! One table of another tool: what kind of file it is, its schema, and its rows batch by batch. It does not know what columns mean.
//!
//! Decoders may panic on damaged files: what they do is done behind a boundary, and a panic is damage (E04).

use crate::error::catalogue::Code;
use crate::error::{Error, Fault, Result, io_at};
use crate::machine::regular_file;
use crate::store::arrow_file::ArrowFile;
use crate::store::map::MappedFile;
use arrow_array::RecordBatch;
use arrow_schema::{Metadata, Schema, SchemaRef};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ParquetRecordBatchReaderBuilder};
use parquet::basic::Compression;
use std::fs::File;
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Rows that are handed on at a time.
const BATCH_ROWS: usize = 65_536;

enum Kind {
    Arrow(Arc<MappedFile>, Box<ArrowFile>),
    Parquet(File, ArrowReaderMetadata),
}

/// An open table.
pub(super) struct Table {
    path: PathBuf,
    kind: Kind,
}

/// What is done with the rows of a batch and the number of its first one.
pub(super) type WithRows<'a> = &'a mut dyn FnMut(usize, &RecordBatch) -> Result<()>;

impl Table {
    /// Opens a Parquet or Arrow IPC file, told by its first bytes.
    ///
    /// # Errors
    /// E02 empty, E03 another kind, E04 damaged, E36 a compression that is not read; Io.
    pub fn open(path: &Path) -> Result<Self> {
        let mut file = regular_file::open(path).map_err(io_at(path))?;
        let mut head = Vec::new();
        file.by_ref().take(8).read_to_end(&mut head).map_err(io_at(path))?;
        let kind = match &head[..] {
            [] => {
                return Err(Fault::at(path.display(), "empty file (0 bytes)").expected(TABLE).code(Code::E02).format());
            }
            head if head.starts_with(b"ARROW1") => {
                let mapped = MappedFile::of(file, path)?;
                let opened = guarded(path, || ArrowFile::of(mapped.bytes()))?;
                Kind::Arrow(mapped, Box::new(opened.map_err(|what| damaged(path, what))?))
            }
            head if head.starts_with(b"PAR1") => {
                let metadata = guarded(path, || ArrowReaderMetadata::load(&file, Default::default()))?;
                let metadata = metadata.map_err(|source| damaged(path, &one_line(&source)))?;
                is_compressed_as_known(path, &metadata)?;
                Kind::Parquet(file, metadata)
            }
            head => return Err(another_kind(path, head)),
        };
        Ok(Table { path: path.to_path_buf(), kind })
    }

    /// Its schema.
    pub fn schema(&self) -> &SchemaRef {
        match &self.kind {
            Kind::Arrow(_, file) => file.schema(),
            Kind::Parquet(_, metadata) => metadata.schema(),
        }
    }

    /// What it says of itself.
    pub fn metadata(&self) -> &Metadata {
        Schema::metadata(self.schema())
    }

    /// Goes through all rows of some columns, which may be named in any order.
    ///
    /// # Errors
    /// E04 if they cannot be decoded; what `job` reports.
    pub fn each_batch(self, columns: &[&str], job: WithRows<'_>) -> Result<()> {
        let schema = self.schema().clone();
        let positions: Vec<usize> = columns.iter().filter_map(|name| schema.index_of(name).ok()).collect();
        let path = self.path;
        let mut next = 0;
        let mut hand_on = |batch: RecordBatch| {
            // A batch may be all of an Arrow table.
            for start in (0..batch.num_rows()).step_by(BATCH_ROWS) {
                job(next + start, &batch.slice(start, BATCH_ROWS.min(batch.num_rows() - start)))?;
            }
            next += batch.num_rows();
            Ok(())
        };
        match self.kind {
            Kind::Arrow(mapped, file) => {
                let file = file.projected(positions, false);
                for k in 0..file.n_batches() {
                    let batch = guarded(&path, || file.batch(k))?;
                    hand_on(batch.ok_or_else(|| damaged(&path, &format!("record batch {k} cannot be decoded")))?)?;
                }
                if mapped.is_whole() { Ok(()) } else { Err(damaged(&path, "was cut short while it was read")) }
            }
            Kind::Parquet(file, metadata) => {
                let mask = ProjectionMask::roots(metadata.metadata().file_metadata().schema_descr(), positions);
                let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata)
                    .with_projection(mask)
                    .with_batch_size(BATCH_ROWS);
                let reader = guarded(&path, || builder.build())?;
                let mut reader = reader.map_err(|source| damaged(&path, &one_line(&source)))?;
                while let Some(batch) = guarded(&path, || reader.next())? {
                    hand_on(batch.map_err(|source| damaged(&path, &one_line(&source)))?)?;
                }
                Ok(())
            }
        }
    }
}

const TABLE: &str = "a Parquet or Arrow IPC (Feather 2) file";

/// Runs a decoder; its panic is damage of the file.
fn guarded<T>(path: &Path, decoder: impl FnOnce() -> T) -> Result<T> {
    catch_unwind(AssertUnwindSafe(decoder)).map_err(|_| damaged(path, "the decoder has failed on it"))
}

fn damaged(path: &Path, what: &str) -> Error {
    Fault::at(path.display(), what)
        .expected(format!("{TABLE} that is whole"))
        .advice("write it again with the tool that made it, or copy it again")
        .code(Code::E04)
        .format()
}

fn one_line(source: &impl std::fmt::Display) -> String {
    let text = source.to_string().replace('\n', " ");
    format!("cannot be decoded: {}", text.chars().take(200).collect::<String>())
}

fn another_kind(path: &Path, head: &[u8]) -> Error {
    let (kind, advice) = match head {
        _ if head.starts_with(b"FEA1") => ("a Feather 1 file", "write Feather 2 (`write_feather(.., version=2)`)"),
        [0xff, 0xff, 0xff, 0xff, ..] => ("an Arrow stream", "write an Arrow file, which ends with a footer"),
        _ if head.starts_with(b"\x89HDF") => ("an HDF5 file", "`homodyne ingest` reads those of beamlines"),
        _ => (
            "another kind of file",
            "name a folder of tables alone, or begin the names of other files with an underscore",
        ),
    };
    Fault::at(path.display(), kind).expected(TABLE).advice(advice).code(Code::E03).format()
}

/// E36 before rows are read.
fn is_compressed_as_known(path: &Path, metadata: &ArrowReaderMetadata) -> Result<()> {
    let groups = metadata.metadata().row_groups().iter();
    let mut all = groups.flat_map(|group| group.columns()).map(|column| column.compression());
    match all.find(|found| matches!(found, Compression::BROTLI(_) | Compression::LZO)) {
        None => Ok(()),
        Some(found) => Err(Fault::at(path.display(), format!("compressed with {found}"))
            .expected("zstd, snappy, gzip, lz4 or no compression")
            .advice("write the table with another compression")
            .code(Code::E36)
            .format()),
    }
}
