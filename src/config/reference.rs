//! The reference of keys, made from their table. It reads nothing.

use crate::config::check::nearest;
use crate::config::key::Meaning::{Differs, Later, NoEffect, Used};
use crate::config::keys::{all, patterns};
use crate::error::catalogue::Code;
use crate::error::{Fault, Result};
use serde::Serialize;
use std::fmt::Write;

/// One key of the reference.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct KeyReference {
    /// Dotted path.
    pub key: &'static str,
    /// What it does.
    pub doc: &'static str,
    /// Of what type it is.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// What it accepts, in words.
    pub accepts: String,
    /// The words of which it accepts one; empty where it accepts something else.
    pub choices: Vec<&'static str>,
    /// Unit; empty without one.
    pub unit: &'static str,
    /// Default, as people write it.
    pub default: String,
    /// Whether it can change a number of a result.
    pub affects_result: bool,
    /// Other paths under which it is read.
    pub spellings: &'static [&'static str],
}

/// The same for a prefix that somebody asks for.
///
/// # Errors
/// E61 if no key, with or without effect, begins like that; its line names the nearest.
pub fn reference_of(prefix: &str) -> Result<Vec<KeyReference>> {
    let found = reference(prefix);
    if found.is_empty() && without_effect_page(prefix).is_empty() {
        return Err(Fault::at("config keys", format!("no key begins with `{prefix}`"))
            .expected(nearest(prefix).map_or("the beginning of a key".into(), |near| {
                format!("the beginning of a key; the nearest is `{near}`")
            }))
            .advice("`homodyne config keys` lists all")
            .code(Code::E61)
            .config());
    }
    Ok(found)
}

/// The keys of other programs that begin like that and have no effect, each with the reason.
#[must_use]
pub fn without_effect_page(prefix: &str) -> String {
    let begins = |path: &str| path.starts_with(prefix) || prefix.starts_with(path.trim_end_matches('*'));
    let mut text = String::new();
    for (path, meaning) in patterns().iter().filter(|(path, meaning)| *meaning != Used && begins(path)) {
        let (NoEffect(reason) | Later(reason) | Differs(_, reason)) = meaning else { continue };
        let _ = writeln!(text, "{path}\n    no effect: {reason}");
    }
    text
}

/// Every key whose path begins with `prefix`.
#[must_use]
pub fn reference(prefix: &str) -> Vec<KeyReference> {
    let entry = |key: &'static crate::config::key::Key| KeyReference {
        key: key.path,
        doc: key.doc,
        kind: key.kind(),
        accepts: key.accepts(),
        choices: key.choices(),
        unit: key.unit,
        default: key.default(),
        affects_result: key.affects_result,
        spellings: key.spellings,
    };
    all().filter(|key| key.path.starts_with(prefix)).map(entry).collect()
}

/// The same as a page for people.
#[must_use]
pub fn reference_page(keys: &[KeyReference]) -> String {
    let mut text = String::new();
    for key in keys {
        let unit = if key.unit.is_empty() { String::new() } else { format!(" [{}]", key.unit) };
        let _ = writeln!(text, "{}{unit}\n    {}", key.key, key.doc);
        let _ = writeln!(text, "    {}: {}; default {}", key.kind, key.accepts, key.default);
        if !key.spellings.is_empty() {
            let _ = writeln!(text, "    also read as {}", key.spellings.join(", "));
        }
        if !key.affects_result {
            let _ = writeln!(text, "    changes no number of a result");
        }
    }
    text
}

/// The same as a table in Markdown.
#[must_use]
pub fn reference_markdown(keys: &[KeyReference]) -> String {
    let mut text = "| key | type | unit | default | accepts | meaning | also read as |\n".to_owned();
    text += "| --- | --- | --- | --- | --- | --- | --- |\n";
    let code = |word: &str| if word.is_empty() { String::new() } else { format!("`{}`", cell(word)) };
    for key in keys {
        let spellings = key.spellings.iter().map(|word| code(word)).collect::<Vec<String>>().join(", ");
        let meaning = if key.affects_result { "" } else { "; changes no number of a result" };
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {}{meaning} | {spellings} |",
            code(key.key),
            key.kind,
            cell(key.unit),
            code(&key.default),
            cell(&key.accepts),
            cell(key.doc),
        );
    }
    text
}

/// Text that does not end its cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
