//! Maps a partition into memory. The one file with `unsafe`.
#![allow(unsafe_code)]

use crate::error::{Result, io_at};
use bytes::Bytes;
use std::fs::File;
use std::path::Path;

/// The bytes of a file that was opened at `path`, mapped read-only and shared by reference count.
pub fn map_file(file: &File, path: &Path) -> Result<Bytes> {
    // SAFETY: the mapping is read-only and private to this process's view; a published store is never written again (it
    // is replaced as a whole directory by rename), so the bytes do not change while they are mapped. If another program
    // truncates the file all the same, the read ends in SIGBUS, which is the documented risk of any mapped file. Tables that are
    // adopted are not ours: for them that risk is all there is, and `ingest/adopt` looks at their size and time before and after.
    let map = unsafe { memmap2::Mmap::map(file) }.map_err(io_at(path))?;
    Ok(Bytes::from_owner(map))
}
