//! Whether a file is still the one that was read, by what the file system says of it. It reads no content.

use crate::error::{Result, io_at};
use serde::{Deserialize, Serialize};
use std::fs::{File, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, absolute};
use std::time::UNIX_EPOCH;

/// What a file system says of one content of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileIdentity {
    /// Length in bytes.
    pub bytes: u64,
    /// When it was last written, in nanoseconds since 1970; `None` where the file system does not tell.
    pub modified_nanoseconds: Option<u64>,
    /// When its content or its attributes last changed, in nanoseconds since 1970: nobody can set that back.
    #[serde(default)]
    pub changed_nanoseconds: Option<u64>,
    /// Its number in the file system: another file of that name has another.
    #[serde(default)]
    pub inode: Option<u64>,
}

/// BLAKE3 of some bytes, in hexadecimal.
#[must_use]
pub fn content_hash(content: &[u8]) -> String {
    blake3::hash(content).to_hex().to_string()
}

/// The path from the root, for readers that stand elsewhere.
#[must_use]
pub fn in_full(path: &Path) -> String {
    absolute(path).unwrap_or_else(|_| path.to_path_buf()).display().to_string()
}

/// Whether a path still leads to an open file or directory, and not to another one of that name.
#[must_use]
pub fn leads_to(path: &Path, open: &File) -> bool {
    let identity = |metadata: std::fs::Metadata| (metadata.dev(), metadata.ino());
    let both = open.metadata().and_then(|own| std::fs::metadata(path).map(|there| identity(own) == identity(there)));
    both.unwrap_or(false)
}

/// Whether what is written to a file shows in its times, however it is written: in memory (tmpfs) it does not if the file is mapped.
#[must_use]
pub fn shows_writes(file: &File) -> bool {
    #[cfg(all(target_os = "linux", target_pointer_width = "64"))]
    return !rustix::fs::fstatfs(file).is_ok_and(|told| IN_MEMORY.contains(&(told.f_type & 0xffff_ffff)));
    #[cfg(not(all(target_os = "linux", target_pointer_width = "64")))]
    return file.metadata().is_ok();
}

/// Numbers of tmpfs and ramfs.
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
const IN_MEMORY: [i64; 2] = [0x0102_1994, 0x8584_58f6];

impl FileIdentity {
    /// Of a file as it is now.
    ///
    /// # Errors
    /// Io, with the path.
    pub fn of(path: &Path) -> Result<Self> {
        std::fs::metadata(path).map(|metadata| FileIdentity::told(&metadata)).map_err(io_at(path))
    }

    /// Of an open file as it is now, and whether its name is gone: then it is a file that nobody else will find.
    ///
    /// # Errors
    /// Of the system.
    pub fn of_open(file: &File) -> std::io::Result<(Self, bool)> {
        file.metadata().map(|metadata| (FileIdentity::told(&metadata), metadata.nlink() == 0))
    }

    fn told(metadata: &Metadata) -> Self {
        let since_1970 = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let modified_nanoseconds = since_1970.and_then(|since| u64::try_from(since.as_nanos()).ok());
        let changed = u64::try_from(metadata.ctime()).ok().zip(u64::try_from(metadata.ctime_nsec()).ok());
        FileIdentity {
            bytes: metadata.len(),
            modified_nanoseconds,
            changed_nanoseconds: changed.map(|(seconds, rest)| seconds * 1_000_000_000 + rest),
            inode: Some(metadata.ino()),
        }
    }
}
