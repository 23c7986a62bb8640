//! Words that several commands share, and the error of one that cannot be used.

use clap::ValueEnum;
use homodyne::api::{Code, Error, Fault, Node, Result};
use std::path::Path;

/// Physics.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Mode {
    /// Anomalous diffusion.
    Static,
    /// Anomalous diffusion under laminar shear flow.
    #[value(alias = "laminar_flow")]
    LaminarFlow,
}

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
