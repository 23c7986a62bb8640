//! What kind of file it is, decided by its first bytes, never by its name. It opens no HDF5 object.

use crate::error::catalogue::Code;
use crate::error::{Error, Fault, Result, io_at, remedy};
use crate::machine::regular_file::{self, what_it_is};
use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;

const HDF5: [u8; 8] = [0x89, b'H', b'D', b'F', 0x0d, 0x0a, 0x1a, 0x0a];

/// Checks that `path` is an HDF5 file that is worth opening. Returns where its HDF5 part begins.
///
/// # Errors
/// E01 missing, E02 empty, E03 another kind of file, E04 still being written, E05 not permitted.
pub fn check_hdf5(path: &Path) -> Result<u64> {
    let metadata = std::fs::metadata(path).map_err(|source| unreadable(path, source))?;
    if !metadata.is_file() {
        let advice = match metadata.is_dir() {
            true => format!("name a file in it{}", near_matches(&path.join("x"))),
            false => "name a file: data are read at several places, which only a file allows".into(),
        };
        return Err(Fault::at(path.display(), format!("is {}", what_it_is(metadata.file_type())))
            .expected("an HDF5 file")
            .advice(advice)
            .code(Code::E01)
            .io());
    }
    if metadata.len() == 0 {
        return Err(Fault::at(path.display(), "empty file (0 bytes)")
            .expected("an HDF5 file")
            .code(Code::E02)
            .format());
    }
    let mut file = regular_file::open(path).map_err(|source| unreadable(path, source))?;
    let mut head = Vec::new();
    file.by_ref().take(4096).read_to_end(&mut head).map_err(io_at(path))?;
    if let Some(begin) = beginning(&mut file, metadata.len()).map_err(io_at(path))? {
        return match path.extension().is_some_and(|extension| extension == "temp") {
            true => Err(Fault::at(path.display(), "the name ends in .temp: the file is still being written")
                .advice("wait until the beamline program has renamed it")
                .code(Code::E04)
                .format()),
            false => Ok(begin),
        };
    }
    let (kind, advice) = kind_of(&head);
    Err(Fault::at(path.display(), kind).expected("an HDF5 file").advice(advice).code(Code::E03).format())
}

/// The signature may follow a user block of 512, 1024, 2048 .. bytes.
fn beginning(file: &mut File, len: u64) -> std::io::Result<Option<u64>> {
    let mut offset = 0;
    while offset + 8 <= len {
        let mut bytes = [0; 8];
        file.seek(SeekFrom::Start(offset))?;
        file.read_exact(&mut bytes)?;
        if bytes == HDF5 {
            return Ok(Some(offset));
        }
        offset = if offset == 0 { 512 } else { 2 * offset };
    }
    Ok(None)
}

fn kind_of(head: &[u8]) -> (&'static str, &'static str) {
    let zip_names = String::from_utf8_lossy(head);
    match head {
        _ if head.starts_with(b"PK\x03\x04") && zip_names.contains("data.pkl") => {
            ("a PyTorch archive", "save the array with numpy.savez or h5py instead; pickles are never read")
        }
        _ if head.starts_with(b"PK\x03\x04") => (
            "a NumPy .npz archive",
            "only HDF5 layouts are fitted; `homodyne inspect FILE --plot DIR` shows fitted arrays of homodyne",
        ),
        _ if head.starts_with(b"\x93NUMPY") => ("a NumPy .npy array", "only HDF5 layouts are read so far"),
        _ if head.starts_with(b"MATLAB 5.0 MAT-file") => {
            ("a MATLAB v5 file", "save it with save(..., '-v7.3') or convert it with scipy.io.loadmat and h5py")
        }
        [0x80, 2..=5, ..] => {
            ("a Python pickle", "load it yourself and save the array with h5py; pickles are never read")
        }
        _ if head.starts_with(b"version https://git-lfs") => ("a git-lfs pointer, not the data", "run `git lfs pull`"),
        [b'{', ..] if zip_names.contains("\"schema_version\"") => (
            "results of this program in JSON",
            "`homodyne report` with the folder of the run draws them, `homodyne runs` lists all, `homodyne inspect` with the store shows \
             the data",
        ),
        _ if head.iter().all(|byte| byte.is_ascii() && (!byte.is_ascii_control() || byte.is_ascii_whitespace())) => {
            ("a text file", "name the HDF5 result file of the beamline")
        }
        _ => ("an unknown kind of file", "name the HDF5 result file of the beamline"),
    }
}

/// A path that cannot be opened: missing, not permitted, or neither.
pub(in crate::ingest) fn unreadable(path: &Path, source: std::io::Error) -> Error {
    let fault = match source.kind() {
        ErrorKind::NotFound => Fault::at(path.display(), "no such file")
            .advice(format!("check the path{}", near_matches(path)))
            .code(Code::E01),
        ErrorKind::PermissionDenied => Fault::at(path.display(), "permission denied")
            .advice("check the file's permissions; on a network disk try a local copy")
            .code(Code::E05),
        _ => Fault::at(path.display(), "cannot be read").advice(remedy(&source)).code(Code::E01),
    };
    fault.source(source).io()
}

/// Files in the same folder whose names look alike, as text.
fn near_matches(path: &Path) -> String {
    let wanted = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<(usize, String)> = entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .map(|name| (strsim::levenshtein(&name, &wanted), name))
        .collect();
    names.sort();
    let near: Vec<String> = names.into_iter().take(3).map(|(_, name)| name).collect();
    if near.is_empty() { String::new() } else { format!("; nearby: {}", near.join(", ")) }
}
