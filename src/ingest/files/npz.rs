//! Arrays of NumPy: an NPZ file is a ZIP file whose members are arrays, NPY. It reads numbers of floating point, row by row, and knows
//! no physics.

use crate::error::catalogue::Code;
use crate::error::{Error, Fault, Result, io_at};
use crate::machine::memory::available_bytes;
use crate::machine::regular_file;
use crate::units::lengths;
use flate2::read::DeflateDecoder;
use lzma_rust2::LzmaReader;
use std::fs::File;
use std::io::{BufReader, Cursor, Read, Seek, SeekFrom};
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
        format!("{}, f{}", lengths(&self.lengths), self.width)
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
            CompressionMethod::LZMA => Box::new(lzma(raw, size).map_err(|source| refused(source.to_string()))?),
            other => return Err(refused(format!("compressed by {other}"))),
        };
        let (shape, is_fortran) = shape(&mut content).map_err(refused)?;
        if (shape.lengths.iter().product::<usize>() * shape.width) as u64 > size {
            return Err(refused(format!("{} in {size} bytes", shape.words())));
        }
        if is_fortran && shape.lengths.len() > 1 {
            // Rows lie scattered over all of it.
            if available_bytes().is_some_and(|available| 2 * size > available) {
                return Err(refused(format!(
                    "{} in Fortran order, which is more than fits into memory",
                    shape.words()
                )));
            }
            content = Box::new(Cursor::new(in_c_order(content, &shape).map_err(io_at(&self.path))?));
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

/// What LZMA has compressed: a version and the length of five bytes of properties, these, and then the stream. The dictionary is no
/// larger than the content, whatever the properties say.
fn lzma<R: Read>(mut raw: R, size: u64) -> std::io::Result<LzmaReader<R>> {
    let mut head = [0; 9];
    raw.read_exact(&mut head)?;
    let [_, _, 5, 0, properties, dictionary @ ..] = head else {
        return Err(std::io::Error::other("LZMA with other properties than five bytes"));
    };
    let most = u32::try_from(size).unwrap_or(u32::MAX);
    LzmaReader::new_with_props(raw, size, properties, u32::from_le_bytes(dictionary).min(most), None)
}

/// Reads the header: magic, version, length, and a dictionary of Python.
fn shape(content: &mut impl Read) -> std::result::Result<(Shape, bool), String> {
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

/// The bytes of an array whose first axis runs fastest, with the last one running fastest.
fn in_c_order(mut content: impl Read, shape: &Shape) -> std::io::Result<Vec<u8>> {
    let (lengths, width) = (&shape.lengths, shape.width);
    let mut bytes = vec![0; lengths.iter().product::<usize>() * width];
    content.read_exact(&mut bytes)?;
    let steps: Vec<usize> = (0..lengths.len()).map(|axis| lengths[..axis].iter().product()).collect();
    let (mut index, mut from) = (vec![0; lengths.len()], 0);
    let mut ordered = Vec::with_capacity(bytes.len());
    while ordered.len() < bytes.len() {
        ordered.extend_from_slice(&bytes[from * width..(from + 1) * width]);
        for axis in (0..lengths.len()).rev() {
            (index[axis], from) = (index[axis] + 1, from + steps[axis]);
            if index[axis] < lengths[axis] {
                break;
            }
            (index[axis], from) = (0, from - lengths[axis] * steps[axis]);
        }
    }
    Ok(ordered)
}

/// {'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }: the shape, and whether the first axis runs fastest.
fn described(header: &str) -> std::result::Result<(Shape, bool), String> {
    let after = |key: &str| header.split_once(&format!("'{key}':")).map(|(_, rest)| rest.trim_start());
    let unknown = || format!("an array that is not one of f4 or f8: {}", header.trim());
    let width = match after("descr").and_then(|rest| rest.split('\'').nth(1)).ok_or_else(unknown)? {
        "<f4" => 4,
        "<f8" => 8,
        _ => return Err(unknown()),
    };
    let is_fortran = match after("fortran_order").ok_or_else(unknown)? {
        rest if rest.starts_with("False") => false,
        rest if rest.starts_with("True") => true,
        _ => return Err(unknown()),
    };
    let inside = after("shape").and_then(|rest| rest.strip_prefix('(')?.split(')').next()).ok_or_else(unknown)?;
    let lengths = inside.split(',').map(str::trim).filter(|length| !length.is_empty());
    let lengths: Vec<usize> = lengths.map(str::parse).collect::<std::result::Result<_, _>>().map_err(|_| unknown())?;
    lengths.iter().try_fold(width, |product: usize, length| product.checked_mul(*length)).ok_or_else(unknown)?;
    Ok((Shape { lengths, width }, is_fortran))
}

fn no_array(place: &Path, what: String) -> Error {
    Fault::at(place.display(), what).expected("arrays of f4 or f8, as numpy.savez writes them").code(Code::E03).format()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_in_fortran_order_is_turned_round() {
        // [[[0, 1], [2, 3], [4, 5]], [[6, 7], [8, 9], [10, 11]]], the first axis running fastest.
        let fortran: Vec<u8> = [0.0_f32, 6.0, 2.0, 8.0, 4.0, 10.0, 1.0, 7.0, 3.0, 9.0, 5.0, 11.0]
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        let shape = Shape { lengths: vec![2, 3, 2], width: 4 };
        let ordered = in_c_order(&fortran[..], &shape).expect("whole");
        let values: Vec<f32> = ordered.as_chunks::<4>().0.iter().map(|four| f32::from_le_bytes(*four)).collect();
        assert_eq!(values, (0..12_u8).map(f32::from).collect::<Vec<f32>>());
        assert!(in_c_order(&fortran[..20], &shape).is_err());
    }

    #[test]
    fn headers_tell_shape_and_width_and_others_are_refused() {
        let header = |descr: &str, order: &str| {
            described(&format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': (3, 4), }}   \n"))
        };
        assert_eq!(header("<f4", "False"), Ok((Shape { lengths: vec![3, 4], width: 4 }, false)));
        assert_eq!(header("<f4", "True").map(|(_, is_fortran)| is_fortran), Ok(true));
        assert!(header("<f8", "Maybe").is_err() && header("|O", "False").is_err() && header(">f8", "False").is_err());
        assert_eq!(
            described("{'descr': '<f8', 'fortran_order': False, 'shape': ()}"),
            Ok((Shape { lengths: vec![], width: 8 }, false))
        );
        assert!(described("{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999, 99999999999)}").is_err());
    }
}
