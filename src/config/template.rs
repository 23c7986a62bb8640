//! Starting points for a configuration, made from the table of keys. It reads nothing.

use crate::config::key::{Key, Template};
use crate::config::keys::{all, parameters};
use crate::parameters::definitions::AnalysisMode;
use std::fmt::Write;

const HEAD: &str = "\
# homodyne configuration. `homodyne config keys` lists every key; `homodyne config show FILE` prints the values in force.
";

/// Column of the comments.
const COMMENTS: usize = 37;

/// A commented configuration for a mode.
#[must_use]
pub fn template(mode: AnalysisMode) -> String {
    let mut entries: Vec<(&Key, String)> = all().filter_map(|key| Some((key, value(key, mode)?))).collect();
    // Keys of one section stand together, sections in the order of their first key.
    let mut sections: Vec<&str> = Vec::new();
    for (key, _) in &entries {
        let section = section(key);
        if !sections.contains(&section) {
            sections.push(section);
        }
    }
    entries.sort_by_key(|(key, _)| sections.iter().position(|known| *known == section(key)));
    let mut text = format!("{HEAD}{}: {}\n", parameters::MODE, mode.name());
    let mut above: Vec<&str> = Vec::new();
    for (key, value) in entries {
        let parts: Vec<&str> = key.path.split('.').collect();
        let shared = parts.iter().zip(&above).take_while(|(a, b)| a == b).count();
        if shared == 0 {
            text.push('\n');
        }
        for (depth, part) in parts.iter().enumerate().skip(shared) {
            let indent = "  ".repeat(depth);
            if depth + 1 < parts.len() {
                let _ = writeln!(text, "{indent}{part}:");
            } else {
                let line = format!("{indent}{part}: {value}");
                let _ = writeln!(text, "{line:<COMMENTS$} # {}", comment(key));
            }
        }
        above = parts[..parts.len() - 1].to_vec();
    }
    text
}

fn section(key: &Key) -> &'static str {
    key.path.split('.').next().unwrap_or_default()
}

fn value(key: &Key, mode: AnalysisMode) -> Option<String> {
    match key.template? {
        Template::Default => Some(key.default()),
        Template::Value(value) => Some(value.to_owned()),
        Template::LaminarFlow(value) => mode.shear().map(|_| value.to_owned()),
    }
}

/// What a key does, its unit, its choices.
fn comment(key: &Key) -> String {
    let choices = key.accepts();
    let choices = choices.strip_prefix("one of ").map(|words| format!(": {}", words.replace(", ", " | ")));
    let unit = if key.unit.is_empty() { String::new() } else { format!(" [{}]", key.unit) };
    format!("{}{unit}{}", key.doc, choices.unwrap_or_default())
}
