//! An Arrow IPC file (Feather 2), mapped: its schema and record batches; and how those of a store are written. It does not know what the columns mean.

use arrow_array::RecordBatch;
use arrow_buffer::Buffer;
use arrow_ipc::convert::try_fb_to_schema;
use arrow_ipc::reader::{FileDecoder, read_footer_length};
use arrow_ipc::writer::{FileWriter, IpcWriteOptions};
use arrow_ipc::{Block, MetadataVersion, root_as_footer, root_as_message};
use arrow_schema::{ArrowError, Schema, SchemaRef};
use bytes::Bytes;
use std::io::Write;
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
    /// Of the bytes of a file.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn of(bytes: Bytes) -> Result<Self, Damage> {
        let bytes = Buffer::from(bytes);
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
            has_believable_lengths(&data, &block).ok_or("a damaged dictionary")?;
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
        has_believable_lengths(&data, block)?;
        self.decoder.read_record_batch(block, &data).ok().flatten()
    }
}

/// Writes such a file: buffers uncompressed and 64-byte aligned, so that values are used where they are mapped.
///
/// # Errors
/// What Arrow reports, which is the operating system's refusal.
pub(super) fn arrow_writer<W: Write>(into: W, schema: &Schema) -> Result<FileWriter<W>, ArrowError> {
    FileWriter::try_new_with_options(into, schema, IpcWriteOptions::try_new(64, false, MetadataVersion::V5)?)
}

/// A compressed buffer says how long it becomes, and the decoder asks for that much memory: a damaged length would end the program.
fn has_believable_lengths(data: &[u8], block: &Block) -> Option<()> {
    let (metadata, body) = data.split_at_checked(usize::try_from(block.metaDataLength()).ok()?)?;
    let prefix = if metadata.starts_with(&[0xff; 4]) { 8 } else { 4 };
    let message = root_as_message(metadata.get(prefix..)?).ok()?;
    let of_dictionary = message.header_as_dictionary_batch().and_then(|dictionary| dictionary.data());
    let Some(batch) = message.header_as_record_batch().or(of_dictionary) else { return Some(()) };
    if batch.compression().is_none() {
        return Some(());
    }
    let rows = u64::try_from(batch.length()).ok()?;
    for buffer in batch.buffers().into_iter().flatten() {
        let (start, len) = (usize::try_from(buffer.offset()).ok()?, usize::try_from(buffer.length()).ok()?);
        let bytes = body.get(start..start.checked_add(len)?)?;
        // Nothing, or bytes as they are (-1), take no more room than there is.
        let Some(told) = bytes.first_chunk().map(|told| i64::from_le_bytes(*told)).filter(|&told| told != -1) else {
            continue;
        };
        let told = u64::try_from(told).ok()?;
        let of_values = WIDEST.saturating_mul(rows.saturating_add(1)).max(MOST_TEXT);
        let of_bytes = (len as u64).saturating_mul(MOST_SHRUNK).saturating_add(SMALL);
        if told > of_values.min(of_bytes) {
            return None;
        }
    }
    Some(())
}

/// Bytes per value of a column of numbers, with room to spare.
const WIDEST: u64 = 64;
/// Most bytes of a column of text.
const MOST_TEXT: u64 = 1 << 31;
/// No compression makes bytes so many times fewer, but for a few.
const MOST_SHRUNK: u64 = 40_000;
/// A few.
const SMALL: u64 = 1 << 20;

/// The bytes of a block, if they lie within the file.
fn slice(bytes: &Buffer, block: &Block) -> Option<Buffer> {
    let len = usize::try_from(block.bodyLength()).ok()?.checked_add(usize::try_from(block.metaDataLength()).ok()?)?;
    let start = usize::try_from(block.offset()).ok()?;
    start.checked_add(len).filter(|&end| end <= bytes.len()).map(|_| bytes.slice_with_length(start, len))
}
