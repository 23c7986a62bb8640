//! Takes values out of a configuration tree and knows where each came from. It knows no key by name.

use crate::config::tree::{Node, Placed};
use crate::error::catalogue::Code;
use crate::error::{Error, Fault};

/// Reads a tree.
pub struct Reader {
    /// The tree, with everything that stands in no file.
    pub tree: Placed,
    /// Name of the file.
    pub file: String,
    /// Keys whose values come from environment variables, and which.
    variables: Vec<(&'static str, &'static str)>,
}

impl Reader {
    /// Puts values from the command line over those of the file.
    #[must_use]
    pub fn new(mut tree: Placed, file: &str, overrides: &[(String, Node)]) -> Self {
        for (key, value) in overrides {
            tree.set(key, Placed::elsewhere(value.clone()));
        }
        Reader { tree, file: file.to_owned(), variables: Vec::new() }
    }

    /// Takes a key that is not set from an environment variable.
    #[must_use]
    pub fn with_variable(mut self, key: &'static str, variable: &'static str) -> Self {
        if let Some(text) = std::env::var(variable).ok().filter(|_| self.tree.at(key).is_none()) {
            self.tree.set(key, Placed::elsewhere(Node::Text(text)));
            self.variables.push((key, variable));
        }
        self
    }

    /// What is given under the first of some paths that has a value; nulls count as absent.
    #[must_use]
    pub fn given(&self, mut paths: impl Iterator<Item = &'static str>) -> Option<Given<'_>> {
        paths.find_map(|key| Some(Given { key, placed: self.tree.at(key)?, file: &self.file, accepts: "" }))
    }

    /// Where a given value comes from.
    #[must_use]
    pub fn origin(&self, given: &Given<'_>) -> String {
        match self.variables.iter().find(|(key, _)| *key == given.key) {
            Some((_, variable)) => format!("environment {variable}"),
            None if given.placed.line == 0 => "command line".to_owned(),
            None => format!("{}:{}", self.file, given.placed.line),
        }
    }

    /// The error of a key, wherever it stands, or of its absence.
    #[must_use]
    pub fn wrong_at(&self, key: &str, expected: &str) -> Error {
        let missing = Placed::elsewhere(Node::Text("not given".into()));
        let placed = self.tree.at(key).unwrap_or(&missing);
        Given { key, placed, file: &self.file, accepts: "" }.wrong(expected)
    }
}

/// A value that is given, and where.
#[derive(Clone, Copy)]
pub struct Given<'a> {
    key: &'a str,
    placed: &'a Placed,
    file: &'a str,
    /// What is accepted there, in words.
    accepts: &'static str,
}

impl<'a> Given<'a> {
    fn with(&self, placed: &'a Placed) -> Self {
        Given { placed, ..*self }
    }

    /// The error of a value that cannot be used.
    #[must_use]
    pub fn wrong(&self, expected: &str) -> Error {
        let (key, placed) = (self.key, self.placed);
        let place = if placed.line == 0 { key.to_owned() } else { format!("{}:{} {key}", self.file, placed.line) };
        Fault::at(place, placed.text()).expected(expected).code(Code::E62).config()
    }

    /// The same where something particular is accepted.
    #[must_use]
    pub fn expecting(&self, accepts: &'static str) -> Self {
        Given { accepts, ..*self }
    }

    /// The error of a value that is not what is accepted.
    #[must_use]
    pub fn refused(&self) -> Error {
        self.wrong(self.accepts)
    }

    /// A number of either kind.
    #[must_use]
    pub fn number(&self) -> Option<f64> {
        match &self.placed.node {
            Node::Integer(value) => Some(*value as f64),
            Node::Float(value) if value.is_finite() => Some(*value),
            // YAML 1.2 reads 1e-6 as a number and 1e-06 as well; quoted numbers are text.
            Node::Text(text) => text.parse().ok().filter(|value: &f64| value.is_finite()),
            _ => None,
        }
    }

    /// A whole number.
    #[must_use]
    pub fn integer(&self) -> Option<i64> {
        match self.placed.node {
            Node::Integer(value) => Some(value),
            _ => None,
        }
    }

    /// true or false.
    #[must_use]
    pub fn switch(&self) -> Option<bool> {
        match self.placed.node {
            Node::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// Text; whole numbers and switches are taken literally.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        match &self.placed.node {
            Node::Text(text) => Some(text.clone()),
            Node::Bool(value) => Some(value.to_string()),
            Node::Integer(value) => Some(value.to_string()),
            _ => None,
        }
    }

    /// The items of a list; nothing may stand as an empty mapping, too.
    #[must_use]
    pub fn items(&self) -> Option<Vec<Given<'a>>> {
        match &self.placed.node {
            Node::List(items) => Some(items.iter().map(|item| self.with(item)).collect()),
            Node::Map(members) if members.is_empty() => Some(Vec::new()),
            _ => None,
        }
    }

    /// The members of a mapping; nothing may stand as an empty list, too.
    #[must_use]
    pub fn members(&self) -> Option<Vec<(&'a str, Given<'a>)>> {
        match &self.placed.node {
            Node::Map(members) => Some(members.iter().map(|(name, value)| (name.as_str(), self.with(value))).collect()),
            Node::List(items) if items.is_empty() => Some(Vec::new()),
            _ => None,
        }
    }

    /// A member of a mapping; null counts as absent.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<Given<'a>> {
        self.placed.get(name).filter(|member| member.node != Node::Null).map(|member| self.with(member))
    }

    /// A list of numbers.
    #[must_use]
    pub fn numbers(&self) -> Option<Vec<f64>> {
        self.items()?.iter().map(Given::number).collect()
    }

    /// A list of words.
    #[must_use]
    pub fn words(&self) -> Option<Vec<String>> {
        self.items()?.iter().map(Given::text).collect()
    }
}
