//! The table of bins: which matrix belongs to which q and phi. It is made from metadata alone.

use crate::error::catalogue::Code;
use crate::error::{Fault, Result};
use crate::experiment::{MOST_DEGREES, POSSIBLE_DT_SECONDS, POSSIBLE_Q_PER_ANGSTROM, wrap_degrees};
use crate::ingest::files::hdf5::Source;
use crate::ingest::intensity::Intensity;
use crate::ingest::layouts::units::{Quantity, to_used_unit};

/// One matrix of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Bin {
    /// HDF5 path of the matrix.
    pub path: String,
    /// Label in the bin map (1-based).
    pub label: i64,
    /// Wavevector in 1/angstrom.
    pub q_per_angstrom: f64,
    /// Azimuth in degrees, in [-180, 180).
    pub phi_degrees: f64,
}

impl Bin {
    /// Its pixels, of counts by label; a bin without any is not in that map.
    #[must_use]
    pub fn pixels(&self, counts: Option<&[u64]>) -> Option<u64> {
        let count = counts?.get(usize::try_from(self.label).ok()?).copied();
        count.filter(|&count| count > 0)
    }
}

/// How the frames of a file follow each other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FrameTiming {
    /// Time between detector frames in seconds.
    pub frame_seconds: f64,
    /// Every which frame was used.
    pub stride: f64,
    /// How many frames were averaged.
    pub average: f64,
}

/// What the metadata of a file say.
#[derive(Debug, Clone, PartialEq)]
pub struct BinTable {
    /// Every matrix.
    pub bins: Vec<Bin>,
    /// Frame timing, if the file has it.
    pub timing: Option<FrameTiming>,
    /// Where the timing was read.
    pub timing_place: String,
    /// Mean intensity per frame, if the file has it.
    pub intensity: Option<Intensity>,
    /// What deserves a warning.
    pub warnings: Vec<String>,
}

impl FrameTiming {
    /// Time between the frames of the correlation maps in seconds.
    #[must_use]
    pub fn dt_seconds(&self) -> f64 {
        self.frame_seconds * self.stride * self.average
    }
}

/// Every q of some bins, ascending, in 1/angstrom.
#[must_use]
pub fn wavevectors(bins: &[Bin]) -> Vec<f64> {
    let mut q: Vec<f64> = bins.iter().map(|bin| bin.q_per_angstrom).collect();
    q.sort_by(f64::total_cmp);
    q.dedup();
    q
}

/// Distance of a q to the nearest other one of a file, if there is one.
#[must_use]
pub fn distance_to_next(available: &[f64], q_per_angstrom: f64) -> Option<f64> {
    let others = available.iter().map(|q| (q - q_per_angstrom).abs()).filter(|&distance| distance > 0.0);
    others.min_by(f64::total_cmp)
}

/// Checks q and phi of a used bin and wraps phi.
///
/// # Errors
/// E33 if one of them is not a number, or none that is possible.
pub fn checked_bin(source: &Source, path: String, label: i64, q_phi: (f64, f64)) -> Result<Bin> {
    let (q, phi) = q_phi;
    if !(POSSIBLE_Q_PER_ANGSTROM.contains(&q) && phi.abs() <= MOST_DEGREES) {
        return Err(Fault::at(source.place(&path), format!("bin {label} has q = {q}, phi = {phi}"))
            .expected("q between 1e-7 and 100 1/angstrom and phi in degrees for a bin that is used")
            .code(Code::E33)
            .layout());
    }
    Ok(Bin { path, label, q_per_angstrom: q, phi_degrees: wrap_degrees(phi) })
}

/// Reads stride or average; a missing one is 1, with a warning.
///
/// # Errors
/// E25 if it is not a positive number.
pub fn factor_or_one(source: &Source, paths: &[String], warnings: &mut Vec<String>) -> Result<f64> {
    for path in paths {
        if let Some(value) = source.number(path)? {
            if value.fract() != 0.0 && value.is_finite() {
                return Err(Fault::at(source.place(path), value.to_string())
                    .expected("a whole number of frames")
                    .code(Code::E25)
                    .layout());
            }
            return positive(source, path, value);
        }
    }
    warnings.push(format!("[{}] {} is missing: 1 is assumed", Code::E27, source.place(&paths[0])));
    Ok(1.0)
}

/// A frame interval in seconds, a stride or a number of averaged frames that is possible.
///
/// # Errors
/// E25 otherwise.
pub fn positive(source: &Source, path: &str, value: f64) -> Result<f64> {
    if POSSIBLE_DT_SECONDS.contains(&value) {
        return Ok(value);
    }
    Err(Fault::at(source.place(path), value.to_string())
        .expected("a positive number between 1e-9 and 1e6")
        .advice("give analyzer_parameters.dt and set experimental_data.dt_override: true")
        .code(Code::E25)
        .layout())
}

/// The frame time, or `None` if the file has none; an unusable one is an error unless the user gives dt instead.
///
/// # Errors
/// E25 if it is not a positive number and `dt_override` is off.
pub fn frame_seconds(
    source: &Source,
    path: &str,
    dt_override: bool,
    warnings: &mut Vec<String>,
) -> Result<Option<f64>> {
    match source.number(path)? {
        None => Ok(None),
        Some(value) if dt_override && !(value.is_finite() && value > 0.0) => Ok(None),
        Some(value) => {
            let factor = to_used_unit(source, (path, Quantity::Time), None, warnings)?;
            positive(source, path, value * factor).map(Some)
        }
    }
}

/// Numbers that are there for people and other programs, and decide nothing here: what cannot be read of them shows that the file is damaged,
/// wherever else.
///
/// # Errors
/// E04 if one is there and cannot be read.
pub fn check_legible(source: &Source, paths: &[&str]) -> Result<()> {
    paths.iter().try_for_each(|path| source.numbers(path).map(drop))
}

/// Labels of bins, which are whole numbers.
///
/// # Errors
/// E10 if one is not.
pub fn whole_labels(source: &Source, path: &str, labels: Vec<f64>) -> Result<Vec<i64>> {
    match labels.iter().find(|label| label.fract() != 0.0) {
        None => Ok(labels.into_iter().map(|label| label as i64).collect()),
        Some(label) => Err(Fault::at(source.place(path), format!("bin label {label}"))
            .expected("whole numbers")
            .code(Code::E10)
            .layout()),
    }
}
