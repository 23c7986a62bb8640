//! An Arrow IPC file (Feather 2), mapped: its schema and record batches. It does not know what the columns mean.

use crate::error::Result;
use crate::store::map::map_file;
use arrow_array::RecordBatch;
use arrow_buffer::Buffer;
use arrow_ipc::convert::try_fb_to_schema;
use arrow_ipc::reader::{FileDecoder, read_footer_length};
use arrow_ipc::{Block, root_as_footer};
use arrow_schema::SchemaRef;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

/// An open, mapped file.
pub struct ArrowFile {
    bytes: Buffer,
    schema: SchemaRef,
    decoder: FileDecoder,
    batches: Vec<Block>,
}

/// Why a file is no Arrow file, in words.
pub type Damage = &'static str;

impl ArrowFile {
    /// Maps a file that was opened at `path`. What cannot be read as Arrow is told inside.
    ///
    /// # Errors
    /// Io if it cannot be mapped.
    pub fn open(file: &File, path: &Path) -> Result<std::result::Result<Self, Damage>> {
        Ok(ArrowFile::of(Buffer::from(map_file(file, path)?)))
    }

    fn of(bytes: Buffer) -> std::result::Result<Self, Damage> {
        let trailer = bytes.len().checked_sub(10).ok_or("too short for an Arrow file")?;
        let tail: [u8; 10] = bytes[trailer..].try_into().expect("ten bytes were left");
        let footer_len = read_footer_length(tail).map_err(|_| "no Arrow footer")?;
        let start = trailer.checked_sub(footer_len).ok_or("footer length beyond the file")?;
        let footer = root_as_footer(&bytes[start..trailer]).map_err(|_| "unreadable footer")?;
        let schema = footer.schema().ok_or("no schema")?;
        let schema = Arc::new(try_fb_to_schema(schema).map_err(|_| "unreadable schema")?);
        let mut decoder = FileDecoder::new(Arc::clone(&schema), footer.version());
        for block in footer.dictionaries().into_iter().flatten().copied().collect::<Vec<Block>>() {
            let data = slice(&bytes, &block).ok_or("a dictionary beyond the file")?;
            decoder.read_dictionary(&block, &data).map_err(|_| "an unreadable dictionary")?;
        }
        let batches = footer.recordBatches().into_iter().flatten().copied().collect();
        Ok(ArrowFile { bytes, schema, decoder, batches })
    }

    /// Only these columns, by position; values as they lie in the file or not at all.
    #[must_use]
    pub fn projected(mut self, columns: Vec<usize>, in_place: bool) -> Self {
        self.decoder = self.decoder.with_projection(columns).with_require_alignment(in_place);
        self
    }

    /// The schema of the whole file.
    #[must_use]
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Record batches.
    #[must_use]
    pub fn n_batches(&self) -> usize {
        self.batches.len()
    }

    /// Record batch `k`; `None` if it is damaged or not there.
    #[must_use]
    pub fn batch(&self, k: usize) -> Option<RecordBatch> {
        let block = self.batches.get(k)?;
        let data = slice(&self.bytes, block)?;
        self.decoder.read_record_batch(block, &data).ok().flatten()
    }
}

/// The bytes of a block, if they lie within the file.
fn slice(bytes: &Buffer, block: &Block) -> Option<Buffer> {
    let len = usize::try_from(block.bodyLength()).ok()?.checked_add(usize::try_from(block.metaDataLength()).ok()?)?;
    let start = usize::try_from(block.offset()).ok()?;
    start.checked_add(len).filter(|&end| end <= bytes.len()).map(|_| bytes.slice_with_length(start, len))
}
