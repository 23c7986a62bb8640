//! Which columns of a table say what, by their names. It reads no row.

use crate::error::catalogue::Code;
use crate::error::{Error, Fault, Result};
use crate::ingest::adopt::facts::{FACTS, Fact};
use crate::store::long_table::{FRAME_COLUMNS, TIME_COLUMNS, VALUE_COLUMN};
use arrow_schema::{DataType, Schema};

/// Names of the column of angles.
const PHI_COLUMNS: [&str; 2] = ["phi_degrees", "phi"];
/// Name of the column of standard deviations.
pub(super) const SIGMA_COLUMN: &str = "sigma";

/// Name of the column that says which pairs count.
pub(super) const USED_COLUMN: &str = "used";

/// The columns of a table.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Columns {
    /// i and j are there.
    pub frames: bool,
    /// t1 and t2 are there.
    pub times: bool,
    /// The column of angles.
    pub phi: Option<&'static str>,
    /// The one that readers of datasets make of the names of folders, beside a column of the table itself.
    pub phi_of_folder: Option<&'static str>,
    /// Columns of facts, each of one value.
    pub facts: Vec<(Fact, &'static str)>,
    /// sigma is there.
    pub sigma: bool,
    /// used is there.
    pub used: bool,
    /// Values are of 32 bit.
    pub narrow: bool,
    /// Columns that say nothing here.
    pub others: Vec<String>,
}

impl Columns {
    /// Of a table at `place`.
    ///
    /// # Errors
    /// E79 without values, with half of a pair of columns or two of one name; E19 if values are no real numbers.
    pub fn of(schema: &Schema, place: &str) -> Result<Self> {
        let of_pairs = FRAME_COLUMNS.into_iter().chain(TIME_COLUMNS).chain(PHI_COLUMNS);
        let known = of_pairs.chain([VALUE_COLUMN, SIGMA_COLUMN, USED_COLUMN]);
        let count = |name: &str| schema.fields().iter().filter(|field| field.name() == name).count();
        let told = FACTS.into_iter().flat_map(|fact| fact.columns().iter().copied());
        let known: Vec<&str> = known.chain(told).collect();
        if let Some(name) = known.iter().find(|name| count(name) > 1) {
            return Err(wrong(schema, place, &format!("{} columns {name}", count(name))));
        }
        let value = schema.field_with_name(VALUE_COLUMN).map_err(|_| wrong(schema, place, "no column c2"))?;
        let narrow = match value.data_type() {
            DataType::Float32 => true,
            DataType::Float64 => false,
            other => {
                return Err(Fault::at(format!("{place} column c2"), format!("values of type {other}"))
                    .expected("real numbers (f32 or f64)")
                    .advice("cast the column and write the table again")
                    .code(Code::E19)
                    .layout());
            }
        };
        let has = |name: &str| schema.index_of(name).is_ok();
        let both = |names: [&'static str; 2]| match names.map(has) {
            [true, true] => Ok(true),
            [false, false] => Ok(false),
            _ => Err(wrong(schema, place, &format!("one of the columns {} and {} alone", names[0], names[1]))),
        };
        // The first name says its unit; readers of datasets add the second, from the names of folders, as text or as a number.
        let first = |names: &[&'static str]| names.iter().copied().find(|name| has(name));
        let facts = FACTS.into_iter().filter_map(|fact| first(fact.columns()).map(|name| (fact, name))).collect();
        let (frames, times, phi) = (both(FRAME_COLUMNS)?, both(TIME_COLUMNS)?, first(&PHI_COLUMNS));
        let phi_of_folder = PHI_COLUMNS.into_iter().find(|name| Some(*name) != phi && has(name));
        let (sigma, used) = (has(SIGMA_COLUMN), has(USED_COLUMN));
        let says_nothing = |name: &&String| !known.contains(&name.as_str());
        let others = schema.fields().iter().map(|field| field.name()).filter(says_nothing).cloned().collect();
        Ok(Columns { frames, times, phi, phi_of_folder, facts, sigma, used, narrow, others })
    }

    /// Whether rows are pairs by their order alone.
    pub fn is_dense(&self) -> bool {
        !self.frames && !self.times
    }

    /// Names of the columns that say which pair a row is.
    pub fn of_pairs(&self) -> Vec<&'static str> {
        let frames = self.frames.then_some(FRAME_COLUMNS);
        let times = self.times.then_some(TIME_COLUMNS);
        frames.into_iter().chain(times).flatten().chain(self.phi).chain(self.phi_of_folder).collect()
    }
}

/// E79, with what is there.
fn wrong(schema: &Schema, place: &str, what: &str) -> Error {
    let names: Vec<&str> = schema.fields().iter().take(12).map(|field| field.name().as_str()).collect();
    Fault::at(place, format!("{what} (columns: {})", names.join(", ")))
        .expected(
            "c2 with i and j (frames from 0) or t1 and t2 (seconds), or c2 alone in pair order; phi, sigma, used if you like",
        )
        .advice("rename the columns and write the table again")
        .code(Code::E79)
        .layout()
}
