//! One correlation matrix to pairs in pair order: shape, number type, triangle. It does not judge the values.

use crate::error::catalogue::Code;
use crate::error::{Error, Fault, Result};
use crate::ingest::files::hdf5::Source;
use crate::ingest::files::numbers::kind_in_words;
use crate::ingest::selection::Symmetrise;
use crate::store::block::Values;
use crate::units::lengths;
use hdf5_reader::{Dataset, Datatype, H5Type};
use std::ops::Range;

/// Largest number of frames that is believed.
pub(super) const MAX_FRAMES: u64 = 100_000;
/// Relative difference up to which two triangles count as equal.
const SYMMETRY_TOLERANCE: f64 = 1e-6;

/// Which triangle of a matrix holds data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Triangle {
    /// Row < column.
    Upper,
    /// Row > column, as column-major writers leave it.
    Lower,
    /// Both, and equal.
    Full,
    /// None.
    Empty,
}

/// The pairs of a matrix.
#[derive(Debug, Clone)]
pub struct Pairs {
    /// Values in pair order.
    pub values: Values,
    /// What stands on the diagonal; seldom data.
    pub diagonal: Vec<f64>,
    /// Where they were.
    pub triangle: Triangle,
    /// Whether the other triangle holds the same, or nothing.
    pub triangles_agree: bool,
    /// What deserves a warning.
    pub warnings: Vec<String>,
}

/// Number of frames of a matrix, from its shape alone.
///
/// # Errors
/// E15 if it is not square, E39 if it is absurdly large.
pub fn frame_count(source: &Source, path: &str) -> Result<usize> {
    let dataset = source.dataset(path)?;
    match *dataset.shape() {
        [n, m] if n == m && n <= MAX_FRAMES => Ok(n as usize),
        [n, m] if n == m => Err(Fault::at(source.place(path), format!("{n} frames"))
            .expected(format!("at most {MAX_FRAMES} frames"))
            .code(Code::E39)
            .shape()),
        ref shape => Err(Fault::at(source.place(path), format!("shape {}", lengths(shape)))
            .expected("a square matrix, N x N")
            .code(Code::E15)
            .shape()),
    }
}

/// Bytes per stored value of a matrix.
///
/// # Errors
/// As [`Source::dataset`].
pub fn value_bytes(source: &Source, path: &str) -> Result<usize> {
    Ok(match source.dataset(path)?.dtype() {
        Datatype::FloatingPoint { size: 2 | 4, .. } => 4,
        _ => 8,
    })
}

/// Reads a whole matrix and keeps the pairs of `frames`.
///
/// # Errors
/// E17 asymmetric, E18 empty, E19 not real numbers, and what decoding reports.
pub fn read_pairs(source: &Source, path: &str, frames: &Range<usize>, symmetrise: Option<Symmetrise>) -> Result<Pairs> {
    let n = frame_count(source, path)?;
    let dataset = source.dataset(path)?;
    let mut warnings = Vec::new();
    let mut converted =
        |what: &str| warnings.push(format!("[{}] {}: {what} values are widened", Code::E19, source.place(path)));
    let cut = Cut { n, frames, symmetrise, place: source.place(path) };
    let failed = |error| source.decode_error(path, error);
    let mut pairs = match dataset.dtype() {
        Datatype::FloatingPoint { size: 4, .. } => {
            cut.pack(read::<f32>(&dataset).map_err(failed)?, Values::from_f32)?
        }
        Datatype::FloatingPoint { size: 8, .. } => {
            cut.pack(read::<f64>(&dataset).map_err(failed)?, Values::from_f64)?
        }
        Datatype::FloatingPoint { size: 2, .. } => {
            converted("16-bit float");
            cut.pack(read_half(&dataset).map_err(failed)?, Values::from_f32)?
        }
        Datatype::FixedPoint { .. } => {
            converted("integer");
            let numbers = source.numbers(path)?.unwrap_or_default();
            cut.pack(numbers, Values::from_f64)?
        }
        other => return Err(not_real(source, path, other)),
    };
    pairs.warnings = warnings;
    Ok(pairs)
}

fn not_real(source: &Source, path: &str, kind: &Datatype) -> Error {
    Fault::at(source.place(path), kind_in_words(kind)).expected("real numbers (f32 or f64)").code(Code::E19).layout()
}

/// `read_array`, because `read_into` of hdf5-reader 0.12 keeps a copy of every dataset while the file is open.
fn read<T: H5Type>(dataset: &Dataset) -> std::result::Result<Vec<T>, hdf5_reader::error::Error> {
    Ok(dataset.read_array::<T>()?.into_raw_vec_and_offset().0)
}

fn read_half(dataset: &Dataset) -> std::result::Result<Vec<f32>, hdf5_reader::error::Error> {
    let bytes = dataset.read_native_bytes()?;
    Ok(bytes.chunks_exact(2).map(|pair| half::f16::from_ne_bytes([pair[0], pair[1]]).to_f32()).collect())
}

/// How a matrix of `n` frames is cut to the pairs of `frames`.
struct Cut<'a> {
    n: usize,
    frames: &'a Range<usize>,
    symmetrise: Option<Symmetrise>,
    place: String,
}

/// The two widths of values.
trait Real: Copy + PartialEq + Into<f64> {
    const ZERO: Self;
    fn mean(self, other: Self) -> Self;
    fn is_nan(self) -> bool;
}

impl Real for f32 {
    const ZERO: Self = 0.0;
    fn mean(self, other: Self) -> Self {
        f32::midpoint(self, other)
    }
    fn is_nan(self) -> bool {
        self.is_nan()
    }
}

impl Real for f64 {
    const ZERO: Self = 0.0;
    fn mean(self, other: Self) -> Self {
        f64::midpoint(self, other)
    }
    fn is_nan(self) -> bool {
        self.is_nan()
    }
}

impl Cut<'_> {
    fn pack<T: Real>(&self, matrix: Vec<T>, wrap: fn(Vec<T>) -> Values) -> Result<Pairs> {
        let (triangle, triangles_agree) = self.triangle(&matrix)?;
        if triangle == Triangle::Empty {
            return Err(Fault::at(&self.place, "all values are zero or missing")
                .expected("correlation values")
                .advice("set experimental_data.skip_bad_bins: true to go on without this bin")
                .code(Code::E18)
                .layout());
        }
        let diagonal = self.frames.clone().map(|i| matrix[i * self.n + i].into()).collect();
        let packed = match (triangle, self.symmetrise) {
            (Triangle::Full, Some(Symmetrise::Mean)) => {
                self.gather(|i, j| matrix[i * self.n + j].mean(matrix[j * self.n + i]))
            }
            (Triangle::Full, Some(Symmetrise::Lower)) | (Triangle::Lower, _) => {
                self.gather(|i, j| matrix[j * self.n + i])
            }
            _ => self.compact(matrix),
        };
        Ok(Pairs { values: wrap(packed), diagonal, triangle, triangles_agree, warnings: Vec::new() })
    }

    /// Which triangles hold anything, looking at the whole matrix, and whether it does not matter which is taken; two filled ones must be
    /// equal, but for their last digits.
    fn triangle<T: Real>(&self, matrix: &[T]) -> Result<(Triangle, bool)> {
        let filled =
            |values: &[T]| values.iter().fold(false, |any, &value| any | !(value == T::ZERO || value.is_nan()));
        let row = |i: usize| &matrix[i * self.n..(i + 1) * self.n];
        let lower = (0..self.n).any(|i| filled(&row(i)[..i]));
        let upper = (0..self.n).any(|i| filled(&row(i)[i + 1..]));
        match (upper, lower) {
            (true, true) => self.check_symmetric(matrix).map(|is_exact| (Triangle::Full, is_exact)),
            (true, false) => Ok((Triangle::Upper, true)),
            (false, true) => Ok((Triangle::Lower, true)),
            (false, false) => Ok((Triangle::Empty, true)),
        }
    }

    /// Whether both triangles are equal to the last digit.
    fn check_symmetric<T: Real>(&self, matrix: &[T]) -> Result<bool> {
        const TILE: usize = 64;
        let (mut worst, mut is_exact) = ((0.0, 0, 0), true);
        let tiles = || (0..self.n).step_by(TILE);
        for (row, col) in tiles().flat_map(|row| tiles().filter(move |&col| col >= row).map(move |col| (row, col))) {
            for i in row..(row + TILE).min(self.n) {
                for j in col.max(i + 1)..(col + TILE).min(self.n) {
                    let (upper, lower): (f64, f64) = (matrix[i * self.n + j].into(), matrix[j * self.n + i].into());
                    is_exact &= upper == lower || (upper.is_nan() && lower.is_nan());
                    let difference = (upper - lower).abs() / upper.abs().max(lower.abs()).max(f64::MIN_POSITIVE);
                    if difference > worst.0 {
                        worst = (difference, i, j);
                    }
                }
            }
        }
        if worst.0 <= SYMMETRY_TOLERANCE || self.symmetrise.is_some() {
            return Ok(is_exact);
        }
        Err(Fault::at(
            &self.place,
            format!("both triangles are filled and differ by {:.1e} at ({}, {})", worst.0, worst.1, worst.2),
        )
        .expected(format!("a relative difference up to {SYMMETRY_TOLERANCE:.0e}"))
        .advice("set experimental_data.symmetrise to mean, upper or lower")
        .code(Code::E17)
        .shape())
    }

    /// Moves the upper triangle to the front of the matrix's own memory.
    fn compact<T: Real>(&self, mut matrix: Vec<T>) -> Vec<T> {
        let mut next = 0;
        for i in self.frames.clone() {
            let row = i * self.n + i + 1..i * self.n + self.frames.end;
            let len = row.len();
            matrix.copy_within(row, next);
            next += len;
        }
        matrix.truncate(next);
        matrix.shrink_to_fit();
        matrix
    }

    fn gather<T>(&self, value: impl Fn(usize, usize) -> T) -> Vec<T> {
        let pairs = self.frames.clone().flat_map(|i| (i + 1..self.frames.end).map(move |j| (i, j)));
        pairs.map(|(i, j)| value(i, j)).collect()
    }
}
