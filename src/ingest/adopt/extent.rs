//! One pass over a table without its values: which angles it holds, how far its frames go, what its columns of facts say.

use crate::error::Result;
use crate::ingest::adopt::columns::Columns;
use crate::ingest::adopt::facts::{Claim, Fact, contradiction, same};
use crate::ingest::adopt::numbers::numbers;
use crate::ingest::adopt::rows::Rows;
use crate::ingest::adopt::table::Table;
use crate::store::long_table::VALUE_COLUMN;
use arrow_array::RecordBatch;

/// How far the rows of an angle go.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Extent {
    /// Number of rows.
    pub rows: usize,
    /// The largest frame, from 0, if rows tell frames.
    pub last_frame: Option<f64>,
    /// The latest time in seconds, if rows tell times.
    pub last_seconds: Option<f64>,
}

/// What a pass over a table has found.
#[derive(Debug, Default)]
pub(super) struct Scanned {
    /// Angles by a column, or one `None`.
    pub angles: Vec<(Option<f64>, Extent)>,
    /// What columns tell.
    pub claims: Vec<(Fact, Claim)>,
}

impl Extent {
    /// Of both.
    pub fn joined(self, other: Extent) -> Extent {
        Extent {
            rows: self.rows + other.rows,
            last_frame: self.last_frame.max_of(other.last_frame),
            last_seconds: self.last_seconds.max_of(other.last_seconds),
        }
    }
}

/// The larger of two numbers that may be missing.
pub(super) trait MaxOf {
    /// Of both, or the one that is there.
    fn max_of(self, other: Self) -> Self;
}

impl MaxOf for Option<f64> {
    fn max_of(self, other: Self) -> Self {
        match (self, other) {
            (Some(a), Some(b)) => Some(a.max(b)),
            (a, b) => a.or(b),
        }
    }
}

/// Goes through a table at `place`.
///
/// # Errors
/// E04 if it cannot be decoded, E79 for columns without numbers, E80 for an angle that is none or facts that change within the table.
pub(super) fn scan(table: Table, columns: &Columns, place: &str) -> Result<Scanned> {
    let mut names = columns.of_pairs();
    names.extend(columns.facts.iter().map(|(_, name)| *name));
    if columns.is_dense() {
        names.push(VALUE_COLUMN);
    }
    let mut scanned = Scanned::default();
    table.each_batch(&names, &mut |first, batch| {
        scanned.facts_of(batch, columns, place)?;
        let rows = Rows::of(batch, columns, place, first)?;
        for k in 0..batch.num_rows() {
            let (last_frame, last_seconds) = rows.latest(k);
            scanned.add(rows.phi(k)?, Extent { rows: 1, last_frame, last_seconds });
            if let Some(dt) = last_frame.zip(last_seconds).and_then(interval).filter(|_| k == batch.num_rows() - 1) {
                let place = format!("columns of frames and times of {place}");
                scanned.claim(Fact::Interval, Claim { value: dt, place });
            }
        }
        Ok(())
    })?;
    Ok(scanned)
}

/// The frame interval of a frame and its time, without the digits that their quotient has lost.
fn interval((frame, seconds): (f64, f64)) -> Option<f64> {
    let dt = format!("{:.11e}", seconds / frame).parse::<f64>().ok()?;
    (frame > 0.0 && dt.is_finite()).then_some(dt)
}

impl Scanned {
    fn add(&mut self, phi: Option<f64>, extent: Extent) {
        // Neighbouring rows are of one angle, mostly.
        let known = self.angles.iter_mut().rev().find(|(known, _)| *known == phi);
        match known {
            Some((_, so_far)) => *so_far = so_far.joined(extent),
            None => self.angles.push((phi, extent)),
        }
    }

    fn claim(&mut self, fact: Fact, claim: Claim) {
        if !self.claims.iter().any(|(known, other)| *known == fact && same(other.value, claim.value)) {
            self.claims.push((fact, claim));
        }
    }

    fn facts_of(&mut self, batch: &RecordBatch, columns: &Columns, place: &str) -> Result<()> {
        for (fact, name) in &columns.facts {
            let place = format!("column {name} of {place}");
            let values = batch.column_by_name(name).and_then(numbers).unwrap_or_default();
            let Some(&value) = values.first() else { continue };
            if let Some(other) = values.iter().find(|other| !same(**other, value)) {
                return Err(contradiction(&place, &format!("{value} and {other}"), "one number"));
            }
            self.claim(*fact, Claim { value, place });
        }
        Ok(())
    }
}
