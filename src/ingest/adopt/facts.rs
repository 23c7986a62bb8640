//! What all tables share: q, frame interval, frames, gap. Options, schema metadata, names of folders and columns may tell them, and must
//! not contradict each other. It reads no table.

use crate::error::catalogue::Code;
use crate::error::{Error, Fault, Result};
use crate::experiment::{POSSIBLE_DT_SECONDS, POSSIBLE_GAP_ANGSTROM, POSSIBLE_Q_PER_ANGSTROM};
use crate::store::described::told;
use arrow_schema::Metadata;
use std::ops::RangeInclusive;
use std::path::Path;

/// Relative difference up to which two numbers are one: what 32 bits leave of it.
pub(super) const SAME: f64 = 1e-6;

/// Whether two numbers are one.
pub(super) fn same(a: f64, b: f64) -> bool {
    (a - b).abs() <= SAME * a.abs()
}

/// Something that holds for all tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fact {
    /// Wavevector in 1/angstrom.
    Wavevector,
    /// Frame interval in seconds.
    Interval,
    /// Number of frames.
    Frames,
    /// Gap in angstrom.
    Gap,
}

/// All of them.
pub(super) const FACTS: [Fact; 4] = [Fact::Wavevector, Fact::Interval, Fact::Frames, Fact::Gap];

impl Fact {
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Fact::Wavevector => ("q [1/angstrom]", "--q"),
            Fact::Interval => ("dt [s]", "--dt"),
            Fact::Frames => ("the number of frames", "--frames"),
            Fact::Gap => ("the gap [angstrom]", "--gap"),
        }
    }

    /// Its name, with the unit.
    pub fn name(self) -> &'static str {
        self.words().0
    }

    /// What it can be.
    fn possible(self) -> RangeInclusive<f64> {
        match self {
            Fact::Wavevector => POSSIBLE_Q_PER_ANGSTROM,
            Fact::Interval => POSSIBLE_DT_SECONDS,
            Fact::Frames => 1.0..=1e9,
            Fact::Gap => POSSIBLE_GAP_ANGSTROM,
        }
    }

    /// Names of a column that tells it.
    pub fn columns(self) -> &'static [&'static str] {
        match self {
            Fact::Wavevector => &["q_per_angstrom", "q"],
            Fact::Interval => &["dt_seconds", "dt"],
            Fact::Frames => &["n_frames"],
            Fact::Gap => &["gap_angstrom", "gap"],
        }
    }
}

/// A number and who tells it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Claim {
    /// The number.
    pub value: f64,
    /// Who tells it.
    pub place: String,
}

/// What is told of every fact, the most exact first.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Claims(Vec<(Fact, Claim)>);

impl Claims {
    /// Adds what an option says, if it is given.
    pub fn of_option(&mut self, fact: Fact, value: Option<f64>) {
        self.0.extend(value.map(|value| (fact, Claim { value, place: format!("the option {}", fact.words().1) })));
    }

    /// Adds what a table says of itself and what the names of its folders say.
    ///
    /// # Errors
    /// E80 if that is no number.
    pub fn of_table(&mut self, path: &Path, metadata: &Metadata) -> Result<()> {
        for fact in FACTS {
            let name = fact.columns()[0];
            let of_metadata =
                told(metadata, name).map(|text| (text.to_owned(), format!("the schema of {}", path.display())));
            let of_folder =
                folder(path, fact.columns()).map(|text| (text, format!("the folders of {}", path.display())));
            for (text, place) in of_metadata.into_iter().chain(of_folder) {
                let value =
                    number(&text).ok_or_else(|| contradiction(&place, &format!("{name} = {text}"), "a number"))?;
                self.add(fact, Claim { value, place });
            }
        }
        Ok(())
    }

    /// Adds a claim, unless an equal one is known: there may be thousands of tables.
    pub fn add(&mut self, fact: Fact, claim: Claim) {
        if !self.0.iter().any(|(known, other)| *known == fact && other.value == claim.value) {
            self.0.push((fact, claim));
        }
    }

    /// What all agree on; `None` if nobody tells.
    ///
    /// # Errors
    /// E80 if they do not agree, or if it is no positive number (a whole one, for frames).
    pub fn agreed(&self, fact: Fact) -> Result<Option<f64>> {
        let mut claims = self.0.iter().filter(|(known, _)| *known == fact).map(|(_, claim)| claim);
        let Some(first) = claims.next() else { return Ok(None) };
        let name = fact.name();
        if let Some(other) = claims.find(|other| (other.value - first.value).abs() > SAME * first.value.abs()) {
            let expected = format!("{} as {} says", first.value, first.place);
            return Err(contradiction(&other.place, &format!("{name} = {}", other.value), &expected));
        }
        let is_whole = fact != Fact::Frames || first.value.fract() == 0.0;
        let possible = fact.possible();
        match possible.contains(&first.value) && is_whole {
            true => Ok(Some(first.value)),
            false => {
                let (least, most) = (possible.start(), possible.end());
                let expected = match fact {
                    Fact::Frames => format!("a whole number from {least} to {most}"),
                    _ => format!("a number from {least:e} to {most:e}"),
                };
                Err(contradiction(&first.place, &format!("{name} = {}", first.value), &expected))
            }
        }
    }

    /// What all agree on, of something that is never guessed.
    ///
    /// # Errors
    /// E80 also if nobody tells.
    pub fn required(&self, fact: Fact, place: &Path) -> Result<f64> {
        let (name, option) = fact.words();
        self.agreed(fact)?.ok_or_else(|| {
            Fault::at(place.display(), format!("nothing tells {name}"))
                .expected(format!("a column {}, or schema metadata homodyne.{}", fact.columns()[0], fact.columns()[0]))
                .advice(format!("give it with {option}"))
                .code(Code::E80)
                .config()
        })
    }
}

/// E80: something said that cannot be, beside what is known.
pub(super) fn contradiction(place: &str, found: &str, expected: &str) -> Error {
    Fault::at(place, found)
        .expected(expected)
        .advice("correct what is wrong of the two; options of the command must agree with the tables")
        .code(Code::E80)
        .config()
}

/// The value of the innermost folder `name=value` of a path.
pub(super) fn folder(path: &Path, names: &[&str]) -> Option<String> {
    let parts: Vec<String> = path.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    let value = |part: &String| {
        let (name, value) = part.split_once('=')?;
        names.contains(&name).then(|| value.to_owned())
    };
    parts.iter().rev().skip(1).find_map(value)
}

/// A finite number.
pub(super) fn number(text: &str) -> Option<f64> {
    text.trim().parse::<f64>().ok().filter(|number| number.is_finite())
}
