//! Units that files declare: in an attribute of a list, `unit` or `units`, or beside it. It reads no values.

use crate::error::catalogue::Code;
use crate::error::{Fault, Result};
use crate::ingest::files::hdf5::Source;

/// What a list is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantity {
    /// q, used in 1/angstrom.
    Wavevector,
    /// phi, used in degrees.
    Angle,
    /// Frame times, used in seconds.
    Time,
}

impl Quantity {
    /// Unit in use, and what else is known.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Quantity::Wavevector => ("1/angstrom", "1/nm, 1/um or 1/m"),
            Quantity::Angle => ("degree", "rad or gon"),
            Quantity::Time => ("s", "ms, us or ns"),
        }
    }

    /// What a value in a unit is multiplied with; `None` if the unit is not known.
    fn factor(self, unit: &str) -> Option<f64> {
        // What stands in no unit is a sign of damage: without it, what is left may be another unit.
        if !unit.chars().all(is_sign) {
            return None;
        }
        let is_letter = |sign: &char| sign.is_alphabetic() || *sign == '\u{b0}';
        let letters: String = unit.to_lowercase().chars().filter(is_letter).collect();
        let inverse = ["inverse", "reciprocal", "inv", "per"];
        let letters = match self {
            Quantity::Wavevector => inverse.iter().fold(letters, |letters, word| letters.replace(word, "")),
            _ => letters,
        };
        let known: &[(&[&str], f64)] = match self {
            Quantity::Wavevector => &[
                (&["a", "aa", "\u{e5}", "ang", "angstrom", "angstroms", "\u{e5}ngstr\u{f6}m"], 1.0),
                (&["nm", "nanometer", "nanometers", "nanometre", "nanometres"], 0.1),
                (&["um", "\u{b5}m", "\u{3bc}m"], 1e-4),
                (&["m"], 1e-10),
            ],
            Quantity::Angle => &[
                (&["deg", "degs", "degree", "degrees", "\u{b0}", "\u{ba}"], 1.0),
                (&["rad", "rads", "radian", "radians"], 180.0 / std::f64::consts::PI),
                (&["grad", "grads", "gon"], 0.9),
            ],
            Quantity::Time => &[
                (&["s", "sec", "secs", "second", "seconds"], 1.0),
                (&["ms", "msec", "millisecond", "milliseconds"], 1e-3),
                (&["us", "\u{b5}s", "\u{3bc}s", "usec", "microsecond", "microseconds"], 1e-6),
                (&["ns", "nanosecond", "nanoseconds"], 1e-9),
            ],
        };
        known.iter().find(|(names, _)| names.contains(&letters.as_str())).map(|(_, factor)| *factor)
    }
}

/// Whether a sign may stand in a unit: letters and digits, raised or not, what is printed between them, and the ring of a letter that is
/// written in two signs.
fn is_sign(sign: char) -> bool {
    let printed =
        ['\u{a0}', '\u{b0}', '\u{b7}', '\u{22c5}', '\u{2212}', '\u{207b}', '\u{2010}', '\u{2013}', '\u{30a}', ' '];
    sign.is_alphanumeric() || sign.is_ascii_punctuation() || printed.contains(&sign)
}

/// The factor that takes values of a dataset to the unit in use; 1 where no unit is declared, by an attribute or beside the list.
///
/// # Errors
/// E31 if a declared unit is not known, or two declarations differ; E04 if an attribute cannot be read.
pub fn to_used_unit(
    source: &Source,
    (path, quantity): (&str, Quantity),
    beside: Option<&str>,
    warnings: &mut Vec<String>,
) -> Result<f64> {
    let own = source.text_attributes(path, &["unit", "units"])?;
    let declared = own.iter().map(String::as_str).chain(beside).filter(|unit| !unit.trim().is_empty());
    let (used, others) = quantity.names();
    let mut found: Option<f64> = None;
    for unit in declared {
        let refused = |what: String| {
            Fault::at(source.place(path), what)
                .expected(format!("{used}, {others}"))
                .advice("correct the units in the file: its values would be wrong by their ratio")
                .code(Code::E31)
                .layout()
        };
        let factor = quantity.factor(unit).ok_or_else(|| refused(format!("declared in {unit:?}")))?;
        if found.is_some_and(|earlier| earlier != factor) {
            return Err(refused(format!("declared in two units, {unit:?} one of them")));
        }
        if found.is_none() && factor != 1.0 {
            warnings.push(format!("{} is declared in {unit}: converted to {used}", source.place(path)));
        }
        found = Some(factor);
    }
    Ok(found.unwrap_or(1.0))
}

/// q that looks like a slip of units is worth a warning.
pub fn looks_like_a_slip(place: &str, q_per_angstrom: &[f64]) -> Option<String> {
    let is_odd = |q: &f64| q.is_finite() && !(1e-5..=10.0).contains(q);
    let found = q_per_angstrom.iter().any(is_odd);
    found.then(|| format!("[{}] {place}: q outside 1e-5 .. 10 1/angstrom looks like a slip of units", Code::E31))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_known_in_all_their_spellings_and_others_are_not() {
        for (quantity, unit, factor) in [
            (Quantity::Wavevector, "1/A", Some(1.0)),
            (Quantity::Wavevector, "\u{212b}^-1", Some(1.0)),
            (Quantity::Wavevector, "Angstrom\u{207b}\u{b9}", Some(1.0)),
            (Quantity::Wavevector, "nm-1", Some(0.1)),
            (Quantity::Wavevector, "degree", None),
            (Quantity::Wavevector, "furlong", None),
            (Quantity::Angle, "Deg", Some(1.0)),
            (Quantity::Angle, "grad", Some(0.9)),
            (Quantity::Angle, "1/A", None),
            (Quantity::Time, "ms", Some(1e-3)),
            (Quantity::Time, "m", None),
            (Quantity::Wavevector, "A\u{30a}^(\u{2212}1)", Some(1.0)),
            (Quantity::Wavevector, r"$\AA^{-1}$", Some(1.0)),
            // One changed byte of "nm^-1", "ms", "deg".
            (Quantity::Wavevector, "\u{2}m^-1", None),
            (Quantity::Wavevector, "\u{fffd}m^-1", None),
            (Quantity::Time, "\u{200b}s", None),
            (Quantity::Time, "m\u{7f}s", None),
            (Quantity::Angle, "\u{1b}deg", None),
        ] {
            assert_eq!(quantity.factor(unit), factor, "{quantity:?} {unit}");
        }
    }
}
