//! The rows of a batch as pairs of frames and values. One rule each: frames count from 0, times from the first frame, i > j is the same
//! pair as j < i, the diagonal is no pair, null is a missing value.

use crate::error::catalogue::Code;
use crate::error::{Error, Fault, Result};
use crate::experiment::{MOST_DEGREES, wrap_degrees};
use crate::ingest::adopt::columns::{Columns, SIGMA_COLUMN, USED_COLUMN};
use crate::ingest::adopt::numbers::numbers;
use crate::store::long_table::{FRAME_COLUMNS, TIME_COLUMNS, VALUE_COLUMN};
use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;

/// A time may be this many frames off the grid: what 32 bits leave of the times of 10^5 frames.
const OFF_GRID: f64 = 0.02;

/// The frames, times, angles and values of some rows, not a number where there is none.
pub(super) struct Rows<'a> {
    place: &'a str,
    first: usize,
    frames: Option<[Vec<f64>; 2]>,
    times: Option<[Vec<f64>; 2]>,
    phi: Option<Vec<f64>>,
    values: Vec<f64>,
    is_null: Vec<bool>,
    sigma: Option<Vec<f64>>,
    sigma_is_null: Vec<bool>,
}

/// Which pair a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pair {
    /// The next of the pair order.
    Next,
    /// A frame with itself.
    Diagonal,
    /// Two frames, the earlier one first.
    Of(usize, usize),
}

impl<'a> Rows<'a> {
    /// The rows of a batch of a table at `place`, counted from `first`. Columns that were not read say nothing.
    ///
    /// # Errors
    /// E79 if a column holds no numbers.
    pub fn of(batch: &RecordBatch, columns: &Columns, place: &'a str, first: usize) -> Result<Self> {
        let read = |name: &str| match batch.column_by_name(name) {
            None => Ok(Vec::new()),
            Some(column) => numbers(column).ok_or_else(|| no_numbers(place, name, &column.data_type().to_string())),
        };
        let both = |there: bool, names: [&str; 2]| match there {
            true => Ok(Some([read(names[0])?, read(names[1])?])),
            false => Ok(None),
        };
        let nulls = |name: &str| match batch.column_by_name(name).and_then(|column| column.nulls()) {
            None => Vec::new(),
            Some(nulls) => nulls.iter().map(|valid| !valid).collect(),
        };
        // Of a pair that is not used the value does not count, whatever it is.
        let mut is_null = nulls(VALUE_COLUMN);
        if let Some(column) = batch.column_by_name(USED_COLUMN) {
            let used = column.as_boolean_opt();
            let used = used.ok_or_else(|| no_truths(place, &column.data_type().to_string()))?;
            is_null.resize(batch.num_rows(), false);
            is_null.iter_mut().zip(used).for_each(|(is_null, used)| *is_null |= used != Some(true));
        }
        let phi_of_folder = columns.phi_of_folder.and_then(|name| numbers(batch.column_by_name(name)?));
        let rows = Rows {
            place,
            first,
            frames: both(columns.frames, FRAME_COLUMNS)?,
            times: both(columns.times, TIME_COLUMNS)?,
            phi: columns.phi.map(read).transpose()?,
            values: read(VALUE_COLUMN)?,
            is_null,
            sigma_is_null: nulls(SIGMA_COLUMN),
            sigma: columns.sigma.then(|| read(SIGMA_COLUMN)).transpose()?.filter(|sigma| !sigma.is_empty()),
        };
        let differs = |(one, other): (&f64, &f64)| wrapped(*one) != wrapped(*other);
        let mut both = rows.phi.iter().flatten().zip(phi_of_folder.iter().flatten());
        match both.position(differs) {
            Some(k) => {
                Err(rows.wrong(k, "two columns of phi that differ", "phi and phi_degrees that agree, or one of them"))
            }
            None => Ok(rows),
        }
    }

    /// The angle of row `k` in degrees, in [-180, 180); `None` without a column of angles.
    ///
    /// # Errors
    /// E80 if it is no number.
    pub fn phi(&self, k: usize) -> Result<Option<f64>> {
        let Some(phi) = &self.phi else { return Ok(None) };
        match wrapped(phi[k]) {
            Some(wrapped) => Ok(Some(wrapped)),
            None => Err(self.wrong(k, &format!("phi = {}", phi[k]), "degrees")),
        }
    }

    /// The value of row `k`; `None` if it is null.
    pub fn value(&self, k: usize) -> Option<f64> {
        (!self.is_null.get(k).copied().unwrap_or(false)).then(|| self.values[k])
    }

    /// The standard deviation that row `k` tells, if it does; `None` if it is null.
    pub fn sigma(&self, k: usize) -> Option<f64> {
        let is_null = self.sigma_is_null.get(k).copied().unwrap_or(false);
        self.sigma.as_ref().map(|sigma| sigma[k]).filter(|_| !is_null)
    }

    /// The larger frame of row `k`, and the later time.
    pub fn latest(&self, k: usize) -> (Option<f64>, Option<f64>) {
        let larger = |pair: &Option<[Vec<f64>; 2]>| pair.as_ref().map(|[a, b]| a[k].max(b[k]));
        (larger(&self.frames), larger(&self.times))
    }

    /// Which pair row `k` is, of `n` frames every `dt_seconds`.
    ///
    /// # Errors
    /// E80 if a frame is none of them, if a time is off the grid, or if frames and times differ.
    pub fn pair(&self, k: usize, n: usize, dt_seconds: f64) -> Result<Pair> {
        let of_times = match &self.times {
            None => None,
            Some([a, b]) => Some((self.on_grid(k, a[k], dt_seconds)?, self.on_grid(k, b[k], dt_seconds)?)),
        };
        let of_frames = match &self.frames {
            None => None,
            Some([a, b]) => Some((self.frame(k, a[k])?, self.frame(k, b[k])?)),
        };
        if let Some((frames, times)) = of_frames.zip(of_times).filter(|(frames, times)| frames != times) {
            let found = format!("frames {} and {}, times of frames {} and {}", frames.0, frames.1, times.0, times.1);
            return Err(self.wrong(k, &found, &format!("t = frame x dt, with dt = {dt_seconds} s")));
        }
        let Some((i, j)) = of_frames.or(of_times) else { return Ok(Pair::Next) };
        if i.max(j) >= n {
            return Err(self.wrong(k, &format!("frame {}", i.max(j)), &format!("frames 0 to {}", n - 1)));
        }
        Ok(if i == j { Pair::Diagonal } else { Pair::Of(i.min(j), i.max(j)) })
    }

    fn frame(&self, k: usize, number: f64) -> Result<usize> {
        match number >= 0.0 && number.fract() == 0.0 && number < f64::from(u32::MAX) {
            true => Ok(number as usize),
            false => Err(self.wrong(k, &format!("frame {number}"), "a whole number from 0")),
        }
    }

    fn on_grid(&self, k: usize, seconds: f64, dt_seconds: f64) -> Result<usize> {
        let frames = seconds / dt_seconds;
        match (frames - frames.round()).abs() <= OFF_GRID && frames.round() >= 0.0 && frames < f64::from(u32::MAX) {
            true => Ok(frames.round() as usize),
            false => Err(self.wrong(
                k,
                &format!("time {seconds} s"),
                &format!("a multiple of dt = {dt_seconds} s, counted from the first frame"),
            )),
        }
    }

    /// E80 of row `k`.
    pub fn wrong(&self, k: usize, found: &str, expected: &str) -> Error {
        Fault::at(format!("{} row {} (from 0)", self.place, self.first + k), found)
            .expected(expected)
            .advice("correct the rows and write the table again")
            .code(Code::E80)
            .layout()
    }
}

/// An angle in [-180, 180), with one zero; `None` if it is none.
pub(super) fn wrapped(phi_degrees: f64) -> Option<f64> {
    (phi_degrees.abs() <= MOST_DEGREES).then(|| wrap_degrees(phi_degrees) + 0.0)
}

fn no_truths(place: &str, found: &str) -> Error {
    Fault::at(format!("{place} column {USED_COLUMN}"), format!("of type {found}"))
        .expected("true or false (boolean): whether the pair counts")
        .advice("cast the column and write the table again")
        .code(Code::E79)
        .layout()
}

fn no_numbers(place: &str, name: &str, found: &str) -> Error {
    Fault::at(format!("{place} column {name}"), format!("of type {found}"))
        .expected("numbers")
        .advice("cast the column and write the table again")
        .code(Code::E79)
        .layout()
}
