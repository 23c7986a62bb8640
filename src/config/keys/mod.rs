//! The table of keys: everything that can be configured, each once. Reading, checking, `config show`, templates, the key reference
//! and the hash of a result all go through it. It reads no file.

pub mod data;
pub mod fit;
pub mod parameters;
pub mod run;
pub mod search;
pub mod without_effect;

use crate::config::key::{Key, Meaning};
use crate::config::keys::without_effect::WITHOUT_EFFECT;
use crate::config::tree::{Node, Placed};
use crate::error::catalogue::Code;
use crate::error::{Error, Fault, Result};

/// Every key, in the order in which they are read and shown.
pub fn all() -> impl Iterator<Item = &'static Key> {
    [data::KEYS, parameters::KEYS, fit::KEYS, search::KEYS, run::KEYS].into_iter().flatten()
}

use Meaning::{Later, NoEffect, Used};

/// Keys by dotted path; `[]` stands for the items of a list, a trailing `*` for everything below.
#[must_use]
pub fn patterns() -> Vec<(String, Meaning)> {
    let used = all().flat_map(Key::patterns).map(|pattern| (pattern, Used));
    used.chain(WITHOUT_EFFECT.iter().map(|(pattern, meaning)| ((*pattern).to_owned(), *meaning))).collect()
}

/// What a path does; the most exact entry wins.
#[must_use]
pub fn meaning(path: &str) -> Option<Meaning> {
    let fits = |pattern: &str| match pattern.strip_suffix('*') {
        Some(prefix) => path.starts_with(prefix) || path == prefix.trim_end_matches('.'),
        None => path == pattern,
    };
    let fitting = patterns().into_iter().filter(|(pattern, _)| fits(pattern));
    fitting.max_by_key(|(pattern, _)| pattern.len()).map(|(_, meaning)| meaning)
}

/// Checks every key of a tree. Returns one line for every key (or group of keys) without effect.
///
/// # Errors
/// Config for a key that is not known, with line, column and the nearest known key.
pub fn check(tree: &Placed, file: &str) -> Result<Vec<String>> {
    let mut notes = Vec::new();
    visit(tree, "", file, &mut notes)?;
    notes.dedup();
    Ok(notes)
}

fn visit(node: &Placed, path: &str, file: &str, notes: &mut Vec<String>) -> Result<()> {
    match &node.node {
        Node::Map(members) => {
            for (key, value) in members {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                visit_member(value, &path, file, notes)?;
            }
            Ok(())
        }
        Node::List(items) => items.iter().try_for_each(|item| match item.node {
            Node::Map(_) => visit(item, &format!("{path}[]"), file, notes),
            _ => Ok(()),
        }),
        _ => Ok(()),
    }
}

fn visit_member(value: &Placed, path: &str, file: &str, notes: &mut Vec<String>) -> Result<()> {
    if has_member(path, |meaning| meaning == Used) {
        return visit(value, path, file, notes);
    }
    match meaning(path) {
        Some(Used) => {}
        Some(_) if value.node == Node::Null => {}
        Some(NoEffect(reason)) => notes.push(format!("{path}: no effect here: {reason}")),
        Some(Later(reason)) => notes.push(format!("{path}: no effect in this version: {reason}")),
        None if has_member(path, |_| true) => return visit(value, path, file, notes),
        None => return Err(unknown(value, path, file)),
    }
    Ok(())
}

fn has_member(path: &str, wanted: impl Fn(Meaning) -> bool) -> bool {
    let below =
        |known: &str| known.strip_prefix(path).is_some_and(|rest| rest.starts_with('.') || rest.starts_with('['));
    patterns().iter().any(|(known, meaning)| below(known) && wanted(*meaning) && !known.ends_with('*'))
}

/// E61: a path that nobody knows, and the nearest one that is known.
fn unknown(value: &Placed, path: &str, file: &str) -> Error {
    let name = |path: &str| path.rsplit('.').next().unwrap_or_default().to_owned();
    let patterns = patterns();
    let known = patterns.iter().map(|(known, _)| known.trim_end_matches(".*")).filter(|known| !known.contains('*'));
    let distance = |known: &&str| {
        (strsim::damerau_levenshtein(&name(known), &name(path)), strsim::damerau_levenshtein(known, path))
    };
    let nearest = known.min_by_key(distance).unwrap_or_default();
    Fault::at(place(value, file), format!("unknown key `{path}`"))
        .expected(format!("a known key; the nearest is `{nearest}`"))
        .advice("correct or remove it; `homodyne config keys` lists all")
        .code(Code::E61)
        .config()
}

fn place(value: &Placed, file: &str) -> String {
    if value.line == 0 { "command line".to_owned() } else { format!("{file}:{}:{}", value.line, value.column) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_exact_entry_wins() {
        assert_eq!(meaning("optimization.nlsq.quality_validation.reduced_chi_squared_threshold"), Some(Used));
        assert!(matches!(meaning("optimization.nlsq.quality_validation.warn_on_bounds_hit"), Some(NoEffect(_))));
        assert!(matches!(meaning("experimental_data.cache_compression"), Some(NoEffect(_))));
        assert_eq!(meaning("optimization.nlsq.max_iteration"), None);
        assert_eq!(meaning("optimization.nlsq.tolerance"), Some(Used));
    }
}
