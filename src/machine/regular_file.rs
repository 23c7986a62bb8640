//! Opening files to read: regular ones only. A pipe or a device in place of one would have a reader wait for ever. It does not know what
//! is in them.

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use std::fs::{File, FileType};
use std::io::{Cursor, Error, ErrorKind, Read, Result};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

/// Flags under which opening a pipe does not wait for a writer.
pub const WITHOUT_WAITING: OFlags = OFlags::NONBLOCK;

/// Opens a regular file, or what a link to one leads to.
///
/// # Errors
/// Of the system; `InvalidInput` if it is something else.
pub fn open(path: &Path) -> Result<File> {
    let flags = i32::try_from(WITHOUT_WAITING.bits()).unwrap_or_default();
    File::options().read(true).custom_flags(flags).open(path).and_then(only_regular)
}

/// Opens a regular file, or a pipe that somebody writes to, as shells make them of commands.
///
/// # Errors
/// As [`open`]; `InvalidInput` also if nobody writes to the pipe.
pub fn open_or_live_pipe(path: &Path) -> Result<Box<dyn Read>> {
    let flags = i32::try_from(WITHOUT_WAITING.bits()).unwrap_or_default();
    let file = File::options().read(true).custom_flags(flags).open(path)?;
    if !file.metadata()?.file_type().is_fifo() {
        return Ok(Box::new(only_regular(file)?));
    }
    let mut first = [0; 1];
    let read = match (&file).read(&mut first) {
        Ok(0) => return Err(Error::new(ErrorKind::InvalidInput, "is a pipe that nobody writes to")),
        Ok(read) => read,
        Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
        Err(error) => return Err(error),
    };
    fcntl_setfl(&file, fcntl_getfl(&file)? - WITHOUT_WAITING)?;
    Ok(Box::new(Cursor::new(first[..read].to_vec()).chain(file)))
}

/// The file, if it is a regular one.
///
/// # Errors
/// Of the system; `InvalidInput` if it is something else.
pub fn only_regular(file: File) -> Result<File> {
    match file.metadata()?.file_type() {
        kind if kind.is_file() => Ok(file),
        kind if kind.is_dir() => Err(Error::from(ErrorKind::IsADirectory)),
        kind => Err(Error::new(ErrorKind::InvalidInput, format!("is {}", what_it_is(kind)))),
    }
}

/// What stands at a path, in words.
#[must_use]
pub fn what_it_is(kind: FileType) -> &'static str {
    match kind {
        _ if kind.is_file() => "a file",
        _ if kind.is_dir() => "a folder",
        _ if kind.is_symlink() => "a symbolic link",
        _ if kind.is_fifo() => "a named pipe",
        _ if kind.is_socket() => "a socket",
        _ => "a device",
    }
}

/// All of a regular file.
///
/// # Errors
/// As [`open`].
pub fn read(path: &Path) -> Result<Vec<u8>> {
    let mut content = Vec::new();
    open(path)?.read_to_end(&mut content)?;
    Ok(content)
}

/// All of a regular file that is text.
///
/// # Errors
/// As [`open`]; `InvalidData` if it is not UTF-8.
pub fn read_to_string(path: &Path) -> Result<String> {
    let mut content = String::new();
    open(path)?.read_to_string(&mut content)?;
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{CWD, FileType as Kind, Mode, mknodat};
    use std::io::Write;

    #[test]
    fn a_pipe_is_refused_at_once_and_a_link_is_followed() {
        let folder = tempfile::tempdir().expect("folder");
        let [pipe, file, link] = ["pipe", "file", "link"].map(|name| folder.path().join(name));
        mknodat(CWD, &pipe, Kind::Fifo, Mode::from_raw_mode(0o600), 0).expect("made");
        std::fs::write(&file, "text").expect("written");
        std::os::unix::fs::symlink(&file, &link).expect("linked");
        assert_eq!(read_to_string(&link).expect("text"), "text");
        assert_eq!(open(&pipe).expect_err("no file").kind(), ErrorKind::InvalidInput);
        assert_eq!(open(folder.path()).expect_err("no file").kind(), ErrorKind::IsADirectory);
        let told = open_or_live_pipe(&pipe).err().expect("nobody writes").to_string();
        assert!(told.contains("nobody writes"), "{told}");
        let mut writer = File::options().read(true).write(true).open(&pipe).expect("opened");
        let mut live = open_or_live_pipe(&pipe).expect("somebody writes");
        writer.write_all(b"text").expect("written");
        drop(writer);
        let mut content = String::new();
        live.read_to_string(&mut content).expect("text");
        assert_eq!(content, "text");
    }
}
