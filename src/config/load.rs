//! A configuration file to settings: parse, check, read key by key, settle. It knows no key by name but the mode's.

use crate::config::check::{Findings, assignments};
use crate::config::draft::Draft;
use crate::config::key::Key;
use crate::config::keys::{all, data, fit, parameters};
use crate::config::reader::{Given, Reader};
use crate::config::settings::{Effective, Settings};
use crate::config::settle::settle;
use crate::config::tree::{Node, Placed, override_node, parse_file};
use crate::error::{Error, Result};
use std::path::{Path, PathBuf};

/// Reads, checks and converts a configuration file; `overrides` (dotted paths and values) come from the command line.
///
/// # Errors
/// Config with file, line, column and key, Parameter for impossible bounds: one error that carries all others.
pub fn load(path: &Path, overrides: &[(String, Node)]) -> Result<Settings> {
    let file = path.display().to_string();
    let folder = path.parent().unwrap_or(Path::new(""));
    let name = path.file_stem().map_or("run".into(), |stem| stem.to_string_lossy().into_owned());
    read((parse_file(path)?, &file), overrides, folder, name)
}

/// Settings from the command line alone. What needs no physics may leave out the mode; the data file gives the name.
///
/// # Errors
/// As [`load`].
pub fn without_file(overrides: &[(String, Node)]) -> Result<Settings> {
    let mut tree = Placed::elsewhere(Node::Map(Vec::new()));
    tree.set(parameters::MODE, Placed::elsewhere(Node::Text("static".into())));
    let source = overrides.iter().rev().find(|(key, _)| key == data::FILE).map(|(_, node)| match node {
        Node::Text(text) => PathBuf::from(text),
        _ => PathBuf::new(),
    });
    let stem = source.as_deref().and_then(Path::file_stem);
    let name = stem.map_or("run".into(), |stem| stem.to_string_lossy().into_owned());
    read((tree, ""), overrides, Path::new(""), name)
}

/// Settings of a fit from a data file and the two numbers that no file tells: q in 1/angstrom and, under shear, the gap in angstrom
/// (without one the fit is static). `more` are keys of a configuration with values as YAML; all else has its default.
///
/// # Errors
/// As [`load`].
pub fn settings_of(
    source: &Path,
    q_per_angstrom: f64,
    gap_angstrom: Option<f64>,
    more: &[(&str, &str)],
) -> Result<Settings> {
    let mode = if gap_angstrom.is_some() { "laminar_flow" } else { "static" };
    let mut list: Vec<(&str, Node)> = vec![
        (parameters::MODE, Node::Text(mode.into())),
        (data::FILE, Node::Text(source.display().to_string())),
        (data::WAVEVECTOR, Node::Float(q_per_angstrom)),
    ];
    list.extend(gap_angstrom.map(|gap| (parameters::GAP, Node::Float(gap))));
    let mut list: Vec<(String, Node)> = list.into_iter().map(|(key, node)| (key.to_owned(), node)).collect();
    list.extend(more.iter().map(|(key, value)| ((*key).to_owned(), override_node(value))));
    without_file(&list)
}

fn read(
    (mut tree, file): (Placed, &str),
    overrides: &[(String, Node)],
    folder: &Path,
    name: String,
) -> Result<Settings> {
    let mut found = Findings::default();
    found.visit(&tree, file);
    for (path, value) in assignments(overrides) {
        let mut own = Placed::elsewhere(Node::Map(Vec::new()));
        own.set(&path, Placed::elsewhere(value.clone()));
        let before = found.errors.len();
        found.visit(&own, file);
        // What is no section must not take the place of one.
        if found.errors.len() == before {
            tree.set(&path, Placed::elsewhere(value));
        }
    }
    let reader = Reader::new(tree, file).with_variable(fit::MEMORY_FRACTION, "NLSQ_MEMORY_FRACTION");
    let Findings { mut errors, warnings, without_effect } = found;
    let mut draft = Draft::default();
    // Names of folders are printed in lines.
    let name = name.replace(char::is_control, "_");
    (draft.settings.run.name, draft.settings.notes, draft.settings.without_effect) = (name, warnings, without_effect);
    for key in all() {
        errors.extend(take(key, &mut draft, &reader).err());
    }
    draft.settings.effective = all().map(|key| in_force(key, &draft, &reader)).collect();
    settle(&mut draft, &reader, folder, &mut errors);
    Error::together(errors).map(|()| draft.settings)
}

/// What is given for a key goes into the draft. Without a mode, nothing can be said of keys that depend on it.
fn take(key: &Key, draft: &mut Draft, reader: &Reader) -> Result<()> {
    let Some(given) = reader.given(key.paths()).filter(|_| draft.mode_is_given || !key.needs_mode) else {
        return Ok(());
    };
    key.set(draft, &given)?;
    // The mode is the one key of which `false` is a value of its own: not static.
    let says = |other: &Given<'_>| !other.is_nothing() || key.path == parameters::MODE;
    for other in reader.all(key.paths()).filter(|other| is_rival(other, &given) && says(other)) {
        let mut instead = draft.clone();
        let is_same = key.set(&mut instead, &other).is_ok() && key.get(&instead) == key.get(draft);
        if !is_same {
            let (used, unused) = (given.place(), other.place());
            draft.settings.notes.push(format!("{used} and {unused} are one key: the value of {} is used", given.key()));
        }
    }
    Ok(())
}

/// Whether a value stands beside another for the same key. The command line is there to replace what a file says. (What switches
/// nothing on is no rival either.)
fn is_rival(other: &Given<'_>, given: &Given<'_>) -> bool {
    other.key() != given.key() && other.is_from_command_line() == given.is_from_command_line()
}

/// What holds for a key, and where it comes from.
fn in_force(key: &'static Key, draft: &Draft, reader: &Reader) -> Effective {
    let origin = reader.given(key.paths()).map_or("default".to_owned(), |given| given.origin());
    Effective { key: key.path.to_owned(), value: key.get(draft), origin }
}
