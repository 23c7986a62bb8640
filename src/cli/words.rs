//! Words that several commands share, and the error of one that cannot be used.

use homodyne::api::{Code, Error, Fault, ManyQ, Node, POSSIBLE_Q_PER_ANGSTROM, Result};
use std::path::Path;

/// The error of a word that cannot be used.
pub fn wrong_argument(place: &str, found: &str, expected: &str) -> Error {
    Fault::at(place, found).expected(expected).code(Code::E62).config()
}

/// A path as a value of a key: whole, or refused by name.
pub fn path_node(option: &str, path: &Path) -> Result<Node> {
    let text = path.to_str().ok_or_else(|| wrong_argument(option, &path.to_string_lossy(), "a path in UTF-8"))?;
    Ok(Node::Text(text.to_owned()))
}

/// The same of a path that is relative to where one stands, not to the configuration.
pub fn standing_here(option: &str, path: &Path) -> Result<Node> {
    path_node(option, &std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf()))
}

/// One wavevector in 1/angstrom. The error says what is expected.
pub fn wavevector(text: &str) -> std::result::Result<f64, String> {
    let possible = POSSIBLE_Q_PER_ANGSTROM;
    let given = text.trim().parse().ok().filter(|q| possible.contains(q));
    given.ok_or_else(|| format!("a wavevector in 1/angstrom, from {:e} to {}", possible.start(), possible.end()))
}

/// Several, separated by commas, or `all`.
pub fn many_wavevectors(text: &str) -> std::result::Result<ManyQ, String> {
    if text == "all" {
        return Ok(ManyQ::All);
    }
    let list = text.split(',').map(wavevector).collect::<std::result::Result<Vec<f64>, String>>();
    list.map(ManyQ::List).map_err(|expected| format!("all, or {expected}, or several with commas between them"))
}
