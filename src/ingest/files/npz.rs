//! Arrays of NumPy: an NPZ file is a ZIP file whose members are arrays, NPY. It reads numbers of floating point, row by row, and knows
//! no physics.

use crate::error::catalogue::Code;
use crate::error::{Error, Fault, Result, io_at};
use crate::machine::regular_file;
use flate2::read::DeflateDecoder;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use zip::{CompressionMethod, ZipArchive};

const SIGNATURE: [u8; 4] = *b"PK\x03\x04";
const MAGIC: &[u8; 6] = b"\x93NUMPY";
/// Longest header of an array.
const MOST_HEADER: usize = 1 << 16;

/// An open file.
pub struct Npz {
    path: PathBuf,
    archive: ZipArchive<BufReader<File>>,
}

/// The shape of an array, and whether its numbers are f64 or f32.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    /// Lengths of its axes, the last of which runs fastest.
    pub lengths: Vec<usize>,
    /// Bytes of a number.
    pub width: usize,
}

impl Shape {
    /// For people: 8 x 1000 x 1000, f8.
    #[must_use]
    pub fn words(&self) -> String {
        let lengths: Vec<String> = self.lengths.iter().map(usize::to_string).collect();
        format!("{}, f{}", if lengths.is_empty() { "a number".into() } else { lengths.join(" x ") }, self.width)
    }
}

impl Npz {
    /// Whether a file begins as one.
    #[must_use]
    pub fn is_one(path: &Path) -> bool {
        let mut head = [0; 4];
        let read = |mut file: File| file.read_exact(&mut head).is_ok();
        regular_file::open(path).is_ok_and(read) && head == SIGNATURE
    }

    /// Opens a file.
    ///
    /// # Errors
    /// Io; E03 if it is no ZIP file or a damaged one.
    pub fn open(path: &Path) -> Result<Self> {
        let file = regular_file::open(path).map_err(io_at(path))?;
        let archive = ZipArchive::new(BufReader::new(file)).map_err(|source| no_array(path, source.to_string()))?;
        Ok(Npz { path: path.to_path_buf(), archive })
    }

    /// Names of all arrays.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.archive.file_names().flatten().map(|name| name.trim_end_matches(".npy").to_owned()).collect()
    }

    /// All numbers of a small array.
    ///
    /// # Errors
    /// As [`Npz::array`].
    pub fn all(&mut self, name: &str) -> Result<Vec<f64>> {
        let mut array = self.array(name)?;
        let count = array.shape.lengths.iter().product();
        array.numbers(count)
    }

    /// An array to be read from its first number on; it has the file open for itself.
    ///
    /// # Errors
    /// Io; E03 if it is not there, damaged, or of another type.
    pub fn array(&mut self, name: &str) -> Result<Array> {
        let refused = |what: String| no_array(&self.path.join(name), what);
        let member = self.archive.by_name(&format!("{name}.npy")).map_err(|source| refused(source.to_string()))?;
        let (method, bytes, size) = (member.compression(), member.compressed_size(), member.size());
        let start = member.data_start().ok_or_else(|| refused("a member without a place".into()))?;
        let mut file = regular_file::open(&self.path).map_err(io_at(&self.path))?;
        file.seek(SeekFrom::Start(start)).map_err(io_at(&self.path))?;
        let raw = BufReader::new(file.take(bytes));
        let mut content: Box<dyn Read + Send> = match method {
            CompressionMethod::Stored => Box::new(raw),
            CompressionMethod::Deflated => Box::new(DeflateDecoder::new(raw)),
            other => return Err(refused(format!("compressed by {other}"))),
        };
        let shape = shape(&mut content).map_err(refused)?;
        if (shape.lengths.iter().product::<usize>() * shape.width) as u64 > size {
            return Err(refused(format!("{} in {size} bytes", shape.words())));
        }
        Ok(Array { place: self.path.join(name), content, shape })
    }
}

/// An array whose header was read.
pub struct Array {
    place: PathBuf,
    content: Box<dyn Read + Send>,
    /// Its shape.
    pub shape: Shape,
}

impl Array {
    /// Passes over numbers.
    ///
    /// # Errors
    /// Io if the file is cut short.
    pub fn skip(&mut self, count: usize) -> Result<()> {
        let bytes = (count * self.shape.width) as u64;
        std::io::copy(&mut self.content.by_ref().take(bytes), &mut std::io::sink()).map_err(io_at(&self.place))?;
        Ok(())
    }

    /// The next numbers.
    ///
    /// # Errors
    /// Io if the file is cut short.
    pub fn numbers(&mut self, count: usize) -> Result<Vec<f64>> {
        let expected = count * self.shape.width;
        // Memory grows with what is there, not with what a header says.
        let mut bytes = Vec::new();
        self.content.by_ref().take(expected as u64).read_to_end(&mut bytes).map_err(io_at(&self.place))?;
        if bytes.len() < expected {
            return Err(no_array(&self.place, format!("ends {} bytes too early", expected - bytes.len())));
        }
        let (fours, eights) = (bytes.as_chunks::<4>().0, bytes.as_chunks::<8>().0);
        Ok(match self.shape.width {
            4 => fours.iter().map(|four| f64::from(f32::from_le_bytes(*four))).collect(),
            _ => eights.iter().map(|eight| f64::from_le_bytes(*eight)).collect(),
        })
    }
}

/// Reads the header: magic, version, length, and a dictionary of Python.
fn shape(content: &mut impl Read) -> std::result::Result<Shape, String> {
    let mut begin = [0; 8];
    content.read_exact(&mut begin).map_err(|source| source.to_string())?;
    if !begin.starts_with(MAGIC) {
        return Err("no array of NumPy".into());
    }
    // Version 1 has two bytes of length, later ones four.
    let mut length = [0; 4];
    let digits = if begin[6] == 1 { 2 } else { 4 };
    content.read_exact(&mut length[..digits]).map_err(|source| source.to_string())?;
    let mut header = vec![0; (u32::from_le_bytes(length) as usize).min(MOST_HEADER)];
    content.read_exact(&mut header).map_err(|source| source.to_string())?;
    described(&String::from_utf8_lossy(&header))
}

/// {'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }
fn described(header: &str) -> std::result::Result<Shape, String> {
    let after = |key: &str| header.split_once(&format!("'{key}':")).map(|(_, rest)| rest.trim_start());
    let unknown = || format!("an array that is not one of f4 or f8 in C order: {}", header.trim());
    let width = match after("descr").and_then(|rest| rest.split('\'').nth(1)).ok_or_else(unknown)? {
        "<f4" => 4,
        "<f8" => 8,
        _ => return Err(unknown()),
    };
    if !after("fortran_order").is_some_and(|rest| rest.starts_with("False")) {
        return Err(unknown());
    }
    let inside = after("shape").and_then(|rest| rest.strip_prefix('(')?.split(')').next()).ok_or_else(unknown)?;
    let lengths = inside.split(',').map(str::trim).filter(|length| !length.is_empty());
    let lengths: Vec<usize> = lengths.map(str::parse).collect::<std::result::Result<_, _>>().map_err(|_| unknown())?;
    lengths.iter().try_fold(width, |product: usize, length| product.checked_mul(*length)).ok_or_else(unknown)?;
    Ok(Shape { lengths, width })
}

fn no_array(place: &Path, what: String) -> Error {
    Fault::at(place.display(), what).expected("arrays of f4 or f8, as numpy.savez writes them").code(Code::E03).format()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_tell_shape_and_width_and_others_are_refused() {
        let header = |descr: &str, order: &str| {
            described(&format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': (3, 4), }}   \n"))
        };
        assert_eq!(header("<f4", "False"), Ok(Shape { lengths: vec![3, 4], width: 4 }));
        assert!(header("<f8", "True").is_err() && header("|O", "False").is_err() && header(">f8", "False").is_err());
        assert_eq!(
            described("{'descr': '<f8', 'fortran_order': False, 'shape': ()}"),
            Ok(Shape { lengths: vec![], width: 8 })
        );
        assert!(described("{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999, 99999999999)}").is_err());
    }
}
