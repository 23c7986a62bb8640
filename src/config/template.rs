//! Starting points for a configuration, made from the table of keys. It reads nothing.

use crate::config::key::{Key, Template};
use crate::config::keys::{all, parameters};
use crate::parameters::definitions::AnalysisMode;

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
            let line = match depth + 1 < parts.len() || value.is_empty() {
                true => format!("{indent}{part}:"),
                false => format!("{indent}{part}: {value}"),
            };
            match depth + 1 < parts.len() {
                true => text += &format!("{line}\n"),
                false => text += &format!("{line:<COMMENTS$} # {}\n", comment(key)),
            }
        }
        for (line, unit) in lines(key, mode) {
            let line = format!("{}{line}", "  ".repeat(parts.len()));
            text += &format!("{line:<COMMENTS$} # {unit}\n");
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
        Template::Lines(_) => Some(String::new()),
    }
}

fn lines(key: &Key, mode: AnalysisMode) -> Vec<(String, &'static str)> {
    match key.template {
        Some(Template::Lines(lines)) => lines(mode),
        _ => Vec::new(),
    }
}

/// What a key does, its unit, its choices.
fn comment(key: &Key) -> String {
    let words = key.choices();
    let choices = (!words.is_empty()).then(|| format!(": {}", words.join(" | ")));
    let unit = if key.unit.is_empty() { String::new() } else { format!(" [{}]", key.unit) };
    format!("{}{unit}{}", key.doc, choices.unwrap_or_default())
}
