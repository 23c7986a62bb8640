//! Takes values out of a configuration tree and remembers where each came from. It knows no key by name.

use crate::config::tree::{Node, Placed};
use crate::error::catalogue::Code;
use crate::error::{Error, Fault, Result};
use serde::Serialize;
use std::cell::RefCell;

/// A value in force and its origin.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Effective {
    /// Dotted key.
    pub key: String,
    /// Value, as text.
    pub value: String,
    /// "file:line", "command line", "environment NAME" or "default".
    pub origin: String,
}

/// Reads a tree.
pub struct Reader {
    tree: Placed,
    file: String,
    /// Keys that do not stand in the file, and where their values come from.
    elsewhere: Vec<(String, String)>,
    effective: RefCell<Vec<Effective>>,
}

impl Reader {
    /// Puts values from the command line over those of the file.
    #[must_use]
    pub fn new(mut tree: Placed, file: &str, overrides: &[(String, Node)]) -> Self {
        for (key, value) in overrides {
            tree.set(key, Placed::elsewhere(value.clone()));
        }
        let elsewhere = overrides.iter().map(|(key, _)| (key.clone(), "command line".to_owned())).collect();
        Reader { tree, file: file.to_owned(), elsewhere, effective: RefCell::default() }
    }

    /// Takes a key that is not set from an environment variable.
    #[must_use]
    pub fn with_variable(mut self, key: &str, variable: &str) -> Self {
        if let Some(text) = std::env::var(variable).ok().filter(|_| self.tree.at(key).is_none()) {
            self.tree.set(key, Placed::elsewhere(Node::Text(text)));
            self.elsewhere.push((key.to_owned(), format!("environment {variable}")));
        }
        self
    }

    /// Everything read so far.
    #[must_use]
    pub fn effective(&self) -> Vec<Effective> {
        self.effective.borrow().clone()
    }

    fn record(&self, key: &str, found: Option<&Placed>, default: &str) {
        let elsewhere = self.elsewhere.iter().find(|(known, _)| known == key).map(|(_, origin)| origin.clone());
        let origin = match (found, elsewhere) {
            (None, _) => "default".to_owned(),
            (Some(_), Some(origin)) => origin,
            (Some(placed), None) => format!("{}:{}", self.file, placed.line),
        };
        let value = found.map_or(default.to_owned(), Placed::text);
        let mut effective = self.effective.borrow_mut();
        effective.retain(|earlier| earlier.key != key);
        effective.push(Effective { key: key.to_owned(), value, origin });
    }

    /// The value at a key, converted; `None` if it is absent or null.
    ///
    /// # Errors
    /// Config with the place if it is of another type.
    fn convert<T>(&self, key: &str, expected: &str, from: impl Fn(&Node) -> Option<T>) -> Result<Option<T>> {
        let Some(found) = self.tree.at(key) else { return Ok(None) };
        from(&found.node).map(Some).ok_or_else(|| self.wrong(key, found, expected))
    }

    /// The error of a value that cannot be used.
    #[must_use]
    pub fn wrong(&self, key: &str, found: &Placed, expected: &str) -> Error {
        let place = if found.line == 0 { key.to_owned() } else { format!("{}:{} {key}", self.file, found.line) };
        Fault::at(place, found.text()).expected(expected).code(Code::E62).config()
    }

    /// The error of a key, wherever it stands.
    #[must_use]
    pub fn wrong_at(&self, key: &str, expected: &str) -> Error {
        let missing = Placed::elsewhere(Node::Text("not given".into()));
        self.wrong(key, self.tree.at(key).unwrap_or(&missing), expected)
    }

    /// A number.
    ///
    /// # Errors
    /// Config if it is something else.
    pub fn number(&self, key: &str) -> Result<Option<f64>> {
        let value = self.convert(key, "a number", as_number)?;
        self.record(key, self.tree.at(key), "null");
        Ok(value)
    }

    /// A positive number with a default.
    ///
    /// # Errors
    /// Config if it is something else.
    pub fn positive_or(&self, key: &str, default: f64) -> Result<f64> {
        let value = self.convert(key, "a positive number", |node| as_number(node).filter(|value| *value > 0.0))?;
        self.record(key, self.tree.at(key), &format!("{default:?}"));
        Ok(value.unwrap_or(default))
    }

    /// A whole number with a default.
    ///
    /// # Errors
    /// Config if it is something else.
    pub fn integer_or(&self, key: &str, default: i64) -> Result<i64> {
        let value = self.convert(key, "a whole number", |node| match node {
            Node::Integer(value) => Some(*value),
            _ => None,
        })?;
        self.record(key, self.tree.at(key), &default.to_string());
        Ok(value.unwrap_or(default))
    }

    /// A whole number of at least `least`, with a default.
    ///
    /// # Errors
    /// Config if it is something else.
    pub fn count_or(&self, key: &str, default: usize, least: usize) -> Result<usize> {
        let value = self.integer_or(key, default as i64)?;
        let count = usize::try_from(value).ok().filter(|count| *count >= least);
        count.ok_or_else(|| self.wrong_at(key, &format!("a whole number of at least {least}")))
    }

    /// true or false, with a default.
    ///
    /// # Errors
    /// Config if it is something else.
    pub fn switch_or(&self, key: &str, default: bool) -> Result<bool> {
        let value = self.convert(key, "true or false", |node| match node {
            Node::Bool(value) => Some(*value),
            _ => None,
        })?;
        self.record(key, self.tree.at(key), &default.to_string());
        Ok(value.unwrap_or(default))
    }

    /// Text.
    ///
    /// # Errors
    /// Config if it is something else.
    pub fn text(&self, key: &str) -> Result<Option<String>> {
        let value = self.convert(key, "text", as_text)?;
        self.record(key, self.tree.at(key), "null");
        Ok(value)
    }

    /// One of several words, with a default.
    ///
    /// # Errors
    /// Config if it is something else.
    pub fn choice_or<T: Copy>(&self, key: &str, choices: &[(&str, T)], default: &str) -> Result<T> {
        let text = self.convert(key, "a word", as_text)?;
        self.record(key, self.tree.at(key), default);
        let wanted = text.unwrap_or(default.to_owned()).to_lowercase();
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        let found = choices.iter().find(|(name, _)| *name == wanted).map(|(_, value)| *value);
        found.ok_or_else(|| self.wrong_at(key, &format!("one of {}", names.join(", "))))
    }

    /// A list of numbers.
    ///
    /// # Errors
    /// Config if it is something else.
    pub fn numbers(&self, key: &str) -> Result<Option<Vec<f64>>> {
        let value = self.convert(key, "a list of numbers", |node| match node {
            Node::List(items) => items.iter().map(|item| as_number(&item.node)).collect(),
            _ => None,
        })?;
        self.record(key, self.tree.at(key), "null");
        Ok(value)
    }

    /// A list of words.
    ///
    /// # Errors
    /// Config if it is something else.
    pub fn words(&self, key: &str) -> Result<Option<Vec<String>>> {
        let value = self.convert(key, "a list of names", |node| match node {
            Node::List(items) => items.iter().map(|item| as_text(&item.node)).collect(),
            _ => None,
        })?;
        self.record(key, self.tree.at(key), "null");
        Ok(value)
    }

    /// The members of a mapping or items of a list, for keys with structure; empty if absent.
    #[must_use]
    pub fn items(&self, key: &str) -> Vec<&Placed> {
        let found = self.tree.at(key);
        self.record(key, found, "[]");
        match found.map(|placed| &placed.node) {
            Some(Node::List(items)) => items.iter().collect(),
            _ => Vec::new(),
        }
    }

    /// The members of a mapping; empty if absent.
    #[must_use]
    pub fn members(&self, key: &str) -> Vec<(&str, &Placed)> {
        let found = self.tree.at(key);
        self.record(key, found, "{}");
        match found.map(|placed| &placed.node) {
            Some(Node::Map(members)) => members.iter().map(|(name, value)| (name.as_str(), value)).collect(),
            _ => Vec::new(),
        }
    }
}

/// A number of either kind.
#[must_use]
pub fn as_number(node: &Node) -> Option<f64> {
    match node {
        Node::Integer(value) => Some(*value as f64),
        Node::Float(value) if value.is_finite() => Some(*value),
        // YAML 1.2 reads 1e-6 as a number and 1e-06 as well; quoted numbers are text.
        Node::Text(text) => text.parse().ok().filter(|value: &f64| value.is_finite()),
        _ => None,
    }
}

/// Text; numbers and switches are taken literally.
#[must_use]
pub fn as_text(node: &Node) -> Option<String> {
    match node {
        Node::Text(text) => Some(text.clone()),
        Node::Bool(value) => Some(value.to_string()),
        Node::Integer(value) => Some(value.to_string()),
        _ => None,
    }
}
