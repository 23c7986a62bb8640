//! Takes values out of a configuration tree and knows where each came from. It knows no key by name.

use crate::config::tree::{Node, Placed};
use crate::error::catalogue::Code;
use crate::error::{Error, Fault};
use crate::machine::folder::from_home;
use std::path::{Path, PathBuf};

/// What values that stand in no file come from.
pub const COMMAND_LINE: &str = "command line";

/// Whole numbers beyond this are not exact as numbers with a fraction.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Characters of a value that an error shows.
const SHOWN: usize = 200;

/// Reads a tree.
pub struct Reader {
    /// The tree, with everything that stands in no file.
    pub tree: Placed,
    /// Name of the file.
    pub file: String,
    /// Keys whose values come from environment variables, and from which.
    variables: Vec<(&'static str, String)>,
}

impl Reader {
    /// Reads a tree with the values of the command line laid over those of a file.
    #[must_use]
    pub fn new(tree: Placed, file: &str) -> Self {
        Reader { tree, file: file.to_owned(), variables: Vec::new() }
    }

    /// Takes a key that is not set from an environment variable.
    #[must_use]
    pub fn with_variable(mut self, key: &'static str, variable: &str) -> Self {
        if let Some(text) = std::env::var(variable).ok().filter(|_| self.tree.at(key).is_none()) {
            self.tree.set(key, Placed::elsewhere(Node::Text(text)));
            self.variables.push((key, format!("environment {variable}")));
        }
        self
    }

    /// What is given under some paths that mean the same; nulls count as absent.
    pub fn all<'r>(&'r self, paths: impl Iterator<Item = &'static str>) -> impl Iterator<Item = Given<'r>> {
        paths.filter_map(|key| Some(self.of(key, self.tree.at(key)?)))
    }

    /// What holds of these: the command line's, or else the first.
    #[must_use]
    pub fn given(&self, paths: impl Iterator<Item = &'static str>) -> Option<Given<'_>> {
        let all: Vec<Given<'_>> = self.all(paths).collect();
        all.iter().find(|given| given.is_from_command_line()).or(all.first()).copied()
    }

    fn of<'r>(&'r self, key: &'r str, placed: &'r Placed) -> Given<'r> {
        let variable = self.variables.iter().find(|(known, _)| *known == key);
        let elsewhere = variable.map_or(COMMAND_LINE, |(_, variable)| variable);
        Given { key, placed, file: &self.file, elsewhere, accepts: "" }
    }

    /// The error of a key, wherever it stands, or of its absence.
    #[must_use]
    pub fn wrong_at(&self, key: &str, expected: &str) -> Error {
        match self.tree.at(key) {
            Some(placed) => self.of(key, placed).wrong(expected),
            None => {
                let place = if self.file.is_empty() { COMMAND_LINE } else { &self.file };
                let fault = Fault::at(format!("{place} {key}"), "not given");
                fault.expected(expected).code(Code::E62).config()
            }
        }
    }
}

/// A value that is given, and where.
#[derive(Clone, Copy)]
pub struct Given<'a> {
    key: &'a str,
    placed: &'a Placed,
    file: &'a str,
    /// What it comes from if it stands in no file.
    elsewhere: &'a str,
    /// What is accepted there, in words.
    accepts: &'static str,
}

impl<'a> Given<'a> {
    fn with(&self, placed: &'a Placed) -> Self {
        Given { placed, ..*self }
    }

    /// The path under which it is given.
    #[must_use]
    pub fn key(&self) -> &'a str {
        self.key
    }

    /// Whether it stands on the command line, at least in part.
    #[must_use]
    pub fn is_from_command_line(&self) -> bool {
        let here = self.placed.line == 0 && self.elsewhere == COMMAND_LINE;
        let is_mapping = matches!(self.placed.node, Node::Map(_));
        here || (is_mapping && self.members().is_some_and(|all| all.iter().any(|(_, one)| one.is_from_command_line())))
    }

    /// Whether it switches something off or names nothing.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.switch() == Some(false) || self.items().is_some_and(|items| items.is_empty())
    }

    /// Where it stands.
    #[must_use]
    pub fn place(&self) -> String {
        match self.placed.line {
            0 => format!("{} {}", self.elsewhere, self.key),
            line => format!("{}:{line}:{} {}", self.file, self.placed.column, self.key),
        }
    }

    /// Where it comes from; of a mapping from several sources, what from where.
    #[must_use]
    pub fn origin(&self) -> String {
        let own = match self.placed.line {
            0 => self.elsewhere.to_owned(),
            line => format!("{}:{line}", self.file),
        };
        let Node::Map(members) = &self.placed.node else { return own };
        let of = |placed: &Placed| if placed.line == 0 { "" } else { self.file };
        let mixed = members.iter().any(|(_, value)| of(value) != of(self.placed));
        let member = |(name, value): &(String, Placed)| format!("{name}: {}", self.with(value).origin());
        if mixed { members.iter().map(member).collect::<Vec<String>>().join(", ") } else { own }
    }

    /// The error of a value that cannot be used.
    #[must_use]
    pub fn wrong(&self, expected: &str) -> Error {
        self.fault(expected).code(Code::E62).config()
    }

    /// The error of bounds, of a fixed value or of a start.
    #[must_use]
    pub fn impossible(&self, expected: &str) -> Error {
        self.fault(expected).code(Code::E63).config()
    }

    fn fault(&self, expected: &str) -> Fault {
        let mut found = self.placed.text();
        if found.trim().is_empty() {
            found = format!("\"{found}\" (empty text)");
        }
        if let Some((end, _)) = found.char_indices().nth(SHOWN) {
            found.replace_range(end.., "..");
        }
        Fault::at(self.place(), found).expected(expected)
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

    /// A whole number; 1e5 is one.
    #[must_use]
    pub fn integer(&self) -> Option<i64> {
        match self.placed.node {
            Node::Integer(value) => Some(value),
            Node::Float(value) if value.fract() == 0.0 && value.abs() <= EXACT => Some(value as i64),
            _ => None,
        }
    }

    /// A whole number from zero on.
    #[must_use]
    pub fn count(&self) -> Option<usize> {
        self.integer().and_then(|value| usize::try_from(value).ok())
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

    /// Text that can be the name of something: not empty.
    #[must_use]
    pub fn name(&self) -> Option<String> {
        self.text().filter(|text| !text.trim().is_empty())
    }

    /// A path: not empty, and with the home directory in place of a leading `~`, as a shell writes it.
    #[must_use]
    pub fn path(&self) -> Option<PathBuf> {
        from_home(Path::new(&self.name()?))
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
