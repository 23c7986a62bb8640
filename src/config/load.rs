//! A configuration file to settings: parse, check, read key by key, settle. It knows no key by name but the mode's.

use crate::config::draft::Draft;
use crate::config::keys::{all, check, fit, parameters};
use crate::config::reader::Reader;
use crate::config::settings::{Effective, Settings};
use crate::config::settle::settle;
use crate::config::tree::{Node, Placed, parse_file};
use crate::error::Result;
use std::path::Path;

/// Reads, checks and converts a configuration file; `overrides` (dotted paths and values) come from the command line.
///
/// # Errors
/// Config with file, line and key; Parameter for impossible bounds.
pub fn load(path: &Path, overrides: &[(String, Node)]) -> Result<Settings> {
    let file = path.display().to_string();
    let folder = path.parent().unwrap_or(Path::new(""));
    let name = path.file_stem().map_or("run".into(), |stem| stem.to_string_lossy().into_owned());
    read(Reader::new(parse_file(path)?, &file, overrides), folder, name)
}

/// Settings from the command line alone, for work that needs no physics.
///
/// # Errors
/// As [`load`].
pub fn without_file(overrides: &[(String, Node)]) -> Result<Settings> {
    let mut tree = Placed::elsewhere(Node::Map(Vec::new()));
    tree.set(parameters::MODE, Placed::elsewhere(Node::Text("static".into())));
    read(Reader::new(tree, "command line", overrides), Path::new(""), "run".into())
}

fn read(reader: Reader, folder: &Path, name: String) -> Result<Settings> {
    let notes = check(&reader.tree, &reader.file)?;
    let reader = reader.with_variable(fit::MEMORY_FRACTION, "NLSQ_MEMORY_FRACTION");
    let mut draft = Draft::default();
    (draft.settings.run.name, draft.settings.notes) = (name, notes);
    for key in all() {
        reader.given(key.paths()).map_or(Ok(()), |given| key.set(&mut draft, &given))?;
    }
    draft.settings.effective = all().map(|key| in_force(key, &draft, &reader)).collect();
    settle(draft, &reader, folder)
}

/// What holds for a key, and where it comes from.
fn in_force(key: &'static crate::config::key::Key, draft: &Draft, reader: &Reader) -> Effective {
    let origin = reader.given(key.paths()).map_or("default".to_owned(), |given| reader.origin(&given));
    Effective { key: key.path.to_owned(), value: key.get(draft), origin }
}
