//! The reference of keys, made from their table. It reads nothing.

use crate::config::keys::all;
use serde::Serialize;
use std::fmt::Write;

/// One key of the reference.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct KeyReference {
    /// Dotted path.
    pub key: &'static str,
    /// What it does.
    pub doc: &'static str,
    /// What it accepts, in words.
    pub accepts: String,
    /// Unit; empty without one.
    pub unit: &'static str,
    /// Default, as people write it.
    pub default: String,
    /// Whether it can change a number of a result.
    pub affects_result: bool,
    /// Other paths under which it is read.
    pub spellings: &'static [&'static str],
}

/// Every key whose path begins with `prefix`.
#[must_use]
pub fn reference(prefix: &str) -> Vec<KeyReference> {
    let entry = |key: &'static crate::config::key::Key| KeyReference {
        key: key.path,
        doc: key.doc,
        accepts: key.accepts(),
        unit: key.unit,
        default: key.default(),
        affects_result: key.affects_result,
        spellings: key.spellings,
    };
    all().filter(|key| key.path.starts_with(prefix)).map(entry).collect()
}

/// The same as a page for people.
#[must_use]
pub fn reference_page(keys: &[KeyReference]) -> String {
    let mut text = String::new();
    for key in keys {
        let unit = if key.unit.is_empty() { String::new() } else { format!(" [{}]", key.unit) };
        let _ = writeln!(text, "{}{unit}\n    {}", key.key, key.doc);
        let _ = writeln!(text, "    accepts {}; default {}", key.accepts, key.default);
        if !key.spellings.is_empty() {
            let _ = writeln!(text, "    also read as {}", key.spellings.join(", "));
        }
        if !key.affects_result {
            let _ = writeln!(text, "    changes no number of a result");
        }
    }
    text
}
