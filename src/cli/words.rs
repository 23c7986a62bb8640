//! Words that several commands share, and the error of one that cannot be used.

use clap::builder::{PathBufValueParser, TypedValueParser};
use homodyne::api::{Code, Error, Fault, ManyQ, Node, POSSIBLE_Q_PER_ANGSTROM, Result, from_home, in_one_line};
use std::path::{Path, PathBuf};

/// The error of a word that cannot be used.
pub fn wrong_argument(place: &str, found: &str, expected: &str) -> Error {
    Fault::at(place, found).expected(expected).code(Code::E62).config()
}

/// A path of the command line. Shells put the home directory in place of `~` in `--out ~/x` and not in `--out=~/x`.
pub fn path() -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().try_map(|path| {
        from_home(&path).ok_or("a path without ~: the variable HOME, which says where that is, is not set")
    })
}

/// A path in a line of its own words.
pub fn shown(path: &Path) -> String {
    in_one_line(&path.display().to_string())
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
