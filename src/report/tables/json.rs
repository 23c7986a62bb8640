//! Results as JSON for people and programs: the written form of plain data.

use crate::error::{Fault, Result};
use serde::Serialize;

/// Indented, with a last line break.
///
/// # Errors
/// Internal if it cannot be encoded.
pub fn pretty(value: &impl Serialize) -> Result<Vec<u8>> {
    let mut text =
        serde_json::to_vec_pretty(value).map_err(|source| Fault::at("results", "no JSON").source(source).internal())?;
    text.push(b'\n');
    Ok(text)
}
