//! Is every key of a tree one that is known, at its level, with a section where sections belong? It reads no value.

use crate::config::key::Meaning::{Differs, Later, NoEffect, Used};
use crate::config::keys::{is_key, is_section, meaning, patterns};
use crate::config::reader::COMMAND_LINE;
use crate::config::tree::{Node, Placed};
use crate::error::catalogue::Code;
use crate::error::{Error, Fault};

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// Keys that nobody knows, and what is no section.
    pub errors: Vec<Error>,
    /// Keys that mean something else here.
    pub warnings: Vec<String>,
    /// Keys without effect, each with the reason.
    pub without_effect: Vec<String>,
}

/// Values of the command line by the path of one key each: a mapping for a section is taken apart.
pub(super) fn assignments(overrides: &[(String, Node)]) -> Vec<(String, Node)> {
    let parts = |(path, node): &(String, Node)| match node {
        Node::Map(members) if is_section(path) && !is_key(path) => {
            let below: Vec<(String, Node)> =
                members.iter().map(|(name, value)| (format!("{path}.{name}"), value.node.clone())).collect();
            assignments(&below)
        }
        _ => vec![(path.clone(), node.clone())],
    };
    overrides.iter().flat_map(parts).collect()
}

impl Findings {
    /// Looks at every key of a tree; `file` is where those stand that have a line.
    pub(super) fn visit(&mut self, tree: &Placed, file: &str) {
        self.members(tree, "", file);
    }

    fn members(&mut self, node: &Placed, above: &str, file: &str) {
        match &node.node {
            Node::Map(members) => {
                for (name, value) in members {
                    self.member((above, name), value, file);
                }
            }
            Node::List(items) => {
                for item in items.iter().filter(|item| matches!(item.node, Node::Map(_))) {
                    self.members(item, &format!("{above}[]"), file);
                }
            }
            _ => {}
        }
    }

    fn member(&mut self, (above, name): (&str, &str), value: &Placed, file: &str) {
        let path = if above.is_empty() { name.to_owned() } else { format!("{above}.{name}") };
        if name.starts_with('_') {
            return self.idle(value, &path, "a name that begins with _ is a comment");
        }
        if name.contains('.') && !matches!(meaning(above), Some(NoEffect(_) | Later(_))) {
            return self.errors.push(dotted(name, value, file));
        }
        if is_section(&path) {
            return match &value.node {
                Node::Map(_) | Node::Null => self.members(value, &path, file),
                Node::List(_) if is_key(&path) => self.members(value, &path, file),
                // What stands for a key is read, and refused, by the key.
                _ if is_key(&path) => {}
                _ => self.errors.push(no_section(value, &path, file)),
            };
        }
        match meaning(&path) {
            Some(Used) => {}
            Some(NoEffect(reason)) => self.idle(value, &path, reason),
            Some(Later(reason)) => self.idle(value, &path, &format!("not in this version: {reason}")),
            Some(Differs(neutral, reason)) => self.differing(value, &path, (neutral, reason)),
            None => self.errors.push(unknown(value, &path, file)),
        }
    }

    /// Every value below a key without effect; nulls say nothing.
    fn idle(&mut self, value: &Placed, path: &str, reason: &str) {
        match &value.node {
            Node::Null => {}
            Node::Map(members) if !members.is_empty() => {
                members.iter().for_each(|(name, value)| self.idle(value, &format!("{path}.{name}"), reason));
            }
            _ => {
                let line = format!("{path}: {reason}");
                if !self.without_effect.contains(&line) {
                    self.without_effect.push(line);
                }
            }
        }
    }

    fn differing(&mut self, value: &Placed, path: &str, (neutral, reason): (&str, &str)) {
        let written = value.text();
        let is_neutral = match (written.parse::<f64>(), neutral.parse::<f64>()) {
            (Ok(written), Ok(neutral)) => written == neutral,
            _ => neutral.split(' ').any(|word| word.eq_ignore_ascii_case(&written)),
        };
        match value.node {
            Node::Null => {}
            _ if is_neutral => self.idle(value, path, reason),
            _ => self.warnings.push(format!("{path}: {written} has no effect: {reason}")),
        }
    }
}

/// E61: a path that nobody knows, and the nearest one that is known.
fn unknown(value: &Placed, path: &str, file: &str) -> Error {
    Fault::at(place(value, file), format!("unknown key `{path}`"))
        .expected(nearest(path).map_or("a known key".into(), |near| format!("a known key; the nearest is `{near}`")))
        .advice("correct or remove it; `homodyne config keys` lists all")
        .code(Code::E61)
        .config()
}

/// The nearest known path or section, by its last name and by all of it, if one is near: at most one letter of three differs.
pub(super) fn nearest(path: &str) -> Option<String> {
    let name = |path: &str| path.rsplit('.').next().unwrap_or_default().to_owned();
    let own = name(path);
    let section = |path: &str| path.rsplit_once('.').map(|(above, _)| above.to_owned());
    let distance = |known: &&str| {
        let whole = strsim::damerau_levenshtein(known, path);
        // The last word of a name in its own section is that name: gap for stator_rotor_gap.
        let is_part = section(known) == section(path) && name(known).rsplit('_').next() == Some(&own);
        let of_name = if is_part { 0 } else { strsim::damerau_levenshtein(&name(known), &own) };
        (of_name.min(whole), whole)
    };
    let known = patterns().iter().flat_map(|(known, _)| {
        let known = known.trim_end_matches(".*");
        let sections = known.match_indices(['.', '[']).map(|(at, _)| &known[..at]);
        sections.chain([known]).filter(|path| !path.contains('*') && !path.ends_with(']'))
    });
    let is_near = |known: &&str| {
        let (least, whole) = distance(known);
        let length = if least == whole { path.chars().count() } else { own.chars().count() };
        3 * least <= length
    };
    known.min_by_key(distance).filter(is_near).map(str::to_owned)
}

/// E61: a path in one word.
fn dotted(name: &str, value: &Placed, file: &str) -> Error {
    let parts: Vec<&str> = name.split('.').collect();
    let nested = format!("{}: {}{}", parts.join(": {"), value.text(), "}".repeat(parts.len() - 1));
    Fault::at(place(value, file), format!("dotted key `{name}`"))
        .expected(format!("sections within each other, as in {nested}"))
        .advice("only --set takes dotted keys")
        .code(Code::E61)
        .config()
}

/// E62: a value in place of a section.
fn no_section(value: &Placed, path: &str, file: &str) -> Error {
    let inside = format!("{path}.");
    let below =
        patterns().iter().filter_map(|(known, meaning)| known.strip_prefix(&inside).filter(|_| *meaning == Used));
    let mut names: Vec<&str> = Vec::new();
    for name in below.filter_map(|rest| rest.split(['.', '[']).next()) {
        if !names.contains(&name) && names.len() < 4 {
            names.push(name);
        }
    }
    Fault::at(format!("{} {path}", place(value, file)), value.text())
        .expected(format!("a section with keys such as {}", names.join(", ")))
        .code(Code::E62)
        .config()
}

fn place(value: &Placed, file: &str) -> String {
    if value.line == 0 { COMMAND_LINE.to_owned() } else { format!("{file}:{}:{}", value.line, value.column) }
}
