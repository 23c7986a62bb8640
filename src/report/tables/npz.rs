//! Arrays as NumPy keeps them: an NPZ file is a ZIP file of members in the format NPY, here not compressed, so that an array of any size
//! is written number by number. It knows no physics.

use std::fs::File;
use std::io::{BufWriter, Result, Write};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// A file that arrays are written into, one after the other.
pub struct NpzWriter<'f> {
    zip: ZipWriter<BufWriter<&'f File>>,
}

impl<'f> NpzWriter<'f> {
    /// Into an empty file.
    #[must_use]
    pub fn new(file: &'f File) -> Self {
        NpzWriter { zip: ZipWriter::new(BufWriter::new(file)) }
    }

    /// Begins an array of f64 with these lengths of its axes; [`NpzWriter::numbers`] follow, the last axis fastest.
    ///
    /// # Errors
    /// What writing reports.
    pub fn begin(&mut self, name: &str, lengths: &[usize]) -> Result<()> {
        self.begin_of("<f8", (name, lengths))
    }

    /// A small array of whole numbers.
    ///
    /// # Errors
    /// What writing reports.
    pub fn counts(&mut self, name: &str, lengths: &[usize], counts: &[usize]) -> Result<()> {
        self.begin_of("<i8", (name, lengths))?;
        let bytes: Vec<u8> = counts.iter().flat_map(|&count| (count as i64).to_le_bytes()).collect();
        self.zip.write_all(&bytes)
    }

    /// Begins an array of numbers of eight bytes.
    fn begin_of(&mut self, kind: &str, (name, lengths): (&str, &[usize])) -> Result<()> {
        let bytes = 8 * lengths.iter().product::<usize>() as u64;
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        // A larger member has other headers, which must be chosen before it is written.
        let options = options.large_file(bytes + HEADER as u64 > u64::from(u32::MAX) / 2);
        self.zip.start_file(format!("{name}.npy"), options)?;
        self.zip.write_all(&header(kind, lengths))
    }

    /// The next numbers of the array.
    ///
    /// # Errors
    /// What writing reports.
    pub fn numbers(&mut self, numbers: &[f64]) -> Result<()> {
        let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        self.zip.write_all(&bytes)
    }

    /// A small array at once.
    ///
    /// # Errors
    /// What writing reports.
    pub fn array(&mut self, name: &str, lengths: &[usize], numbers: &[f64]) -> Result<()> {
        self.begin(name, lengths)?;
        self.numbers(numbers)
    }

    /// A small array of words: characters of four bytes, all words of one length.
    ///
    /// # Errors
    /// What writing reports.
    pub fn words(&mut self, name: &str, lengths: &[usize], words: &[&str]) -> Result<()> {
        let longest = words.iter().map(|word| word.chars().count()).max().unwrap_or(1).max(1);
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        self.zip.start_file(format!("{name}.npy"), options)?;
        self.zip.write_all(&header(&format!("<U{longest}"), lengths))?;
        for word in words {
            let padded = word.chars().map(u32::from).chain(std::iter::repeat(0)).take(longest);
            self.zip.write_all(&padded.flat_map(u32::to_le_bytes).collect::<Vec<u8>>())?;
        }
        Ok(())
    }

    /// Writes the list of members; without it the file is none.
    ///
    /// # Errors
    /// What writing reports.
    pub fn finish(self) -> Result<()> {
        self.zip.finish()?.flush()
    }
}

/// Bytes before the first number.
const HEADER: usize = 128;

/// Version 1.0: magic, version, length of what follows, a dictionary of Python, blanks, a line break.
fn header(kind: &str, lengths: &[usize]) -> Vec<u8> {
    let lengths: String = lengths.iter().map(|length| format!("{length}, ")).collect();
    let dictionary = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': ({}), }}", lengths.trim_end());
    let room = HEADER - MAGIC.len() - 2;
    let mut bytes = MAGIC.to_vec();
    bytes.extend((room as u16).to_le_bytes());
    bytes.extend(format!("{dictionary:<width$}\n", width = room - 1).into_bytes());
    bytes
}

const MAGIC: [u8; 8] = *b"\x93NUMPY\x01\x00";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_those_of_numpy() {
        let bytes = header("<f8", &[3, 4]);
        assert_eq!((bytes.len(), bytes[127]), (HEADER, b'\n'));
        assert!(bytes[10..].starts_with(b"{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4,), } "));
        assert!(String::from_utf8_lossy(&header("<f8", &[])).contains("'shape': (), }"));
    }
}
