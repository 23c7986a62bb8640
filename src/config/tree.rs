//! A YAML document as a tree that remembers where everything stands. It knows no key.

use crate::error::catalogue::Code;
use crate::error::{Fault, Result};
use crate::machine::regular_file;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;
use serde_saphyr::options::NonFiniteFloatPolicy;
use std::fmt;
use std::io::Read;
use std::path::Path;

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// Nothing.
    Null,
    /// true or false.
    Bool(bool),
    /// A number without fraction.
    Integer(i64),
    /// A number.
    Float(f64),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Placed>),
    /// A mapping, in the order of the file.
    Map(Vec<(String, Placed)>),
}

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Placed {
    /// The value.
    pub node: Node,
    /// Line, from 1; 0 for values that stand in no file.
    pub line: u64,
    /// Column, from 1.
    pub column: u64,
}

impl Placed {
    /// A value that stands in no file.
    #[must_use]
    pub fn elsewhere(node: Node) -> Self {
        Placed { node, line: 0, column: 0 }
    }

    /// The same, standing in no file.
    #[must_use]
    fn without_places(self) -> Self {
        Placed::elsewhere(match self.node {
            Node::List(items) => Node::List(items.into_iter().map(Placed::without_places).collect()),
            Node::Map(members) => {
                Node::Map(members.into_iter().map(|(name, value)| (name, value.without_places())).collect())
            }
            plain => plain,
        })
    }

    /// The member of a mapping.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Placed> {
        match &self.node {
            Node::Map(members) => members.iter().find(|(name, _)| name == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The value below a dotted path; nulls count as absent.
    #[must_use]
    pub fn at(&self, path: &str) -> Option<&Placed> {
        let found = path.split('.').try_fold(self, |node, key| node.get(key))?;
        (found.node != Node::Null).then_some(found)
    }

    /// Sets the value below a dotted path, making mappings on the way.
    pub fn set(&mut self, path: &str, value: Placed) {
        let (key, rest) = path.split_once('.').map_or((path, None), |(key, rest)| (key, Some(rest)));
        if !matches!(self.node, Node::Map(_)) {
            self.node = Node::Map(Vec::new());
        }
        let Node::Map(members) = &mut self.node else { return };
        let position = members.iter().position(|(name, _)| name == key).unwrap_or_else(|| {
            members.push((key.to_owned(), Placed::elsewhere(Node::Null)));
            members.len() - 1
        });
        match rest {
            None => members[position].1 = value,
            Some(rest) => members[position].1.set(rest, value),
        }
    }

    /// The value as compact text, for `config show`.
    #[must_use]
    pub fn text(&self) -> String {
        let list = |parts: Vec<String>, open: char, close: char| format!("{open}{}{close}", parts.join(", "));
        match &self.node {
            Node::Null => "null".into(),
            Node::Bool(value) => value.to_string(),
            Node::Integer(value) => value.to_string(),
            Node::Float(value) => format!("{value:?}"),
            Node::Text(value) => value.clone(),
            Node::List(items) => list(items.iter().map(Placed::text).collect(), '[', ']'),
            Node::Map(members) => {
                list(members.iter().map(|(key, value)| format!("{key}: {}", value.text())).collect(), '{', '}')
            }
        }
    }
}

impl<'de> Deserialize<'de> for Placed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let spanned = Spanned::<Node>::deserialize(deserializer)?;
        Ok(Placed { node: spanned.value, line: spanned.referenced.line(), column: spanned.referenced.column() })
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a YAML value")
    }

    fn visit_unit<E>(self) -> std::result::Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_none<E>(self) -> std::result::Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> std::result::Result<Node, D::Error> {
        Node::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> std::result::Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> std::result::Result<Node, E> {
        Ok(Node::Integer(value))
    }

    fn visit_u64<E>(self, value: u64) -> std::result::Result<Node, E> {
        Ok(i64::try_from(value).map_or(Node::Float(value as f64), Node::Integer))
    }

    fn visit_f64<E>(self, value: f64) -> std::result::Result<Node, E> {
        Ok(Node::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> std::result::Result<Node, E> {
        Ok(Node::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> std::result::Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element::<Placed>()? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> std::result::Result<Node, A::Error> {
        let mut map = Vec::new();
        while let Some((key, value)) = members.next_entry::<Spanned<String>, Placed>()? {
            // The place of a member is the place of its key: that is what a reader has to edit.
            let place = Placed { line: key.referenced.line(), column: key.referenced.column(), ..value };
            map.push((key.value, place));
        }
        Ok(Node::Map(map))
    }
}

/// No configuration is longer.
const MOST_BYTES: u64 = 4 << 20;

/// A document as a tree. What is no finite number is text, which the keys refuse where it stands.
fn parse(text: &str) -> std::result::Result<Placed, serde_saphyr::Error> {
    let as_text = serde_saphyr::options! { non_finite_float_policy: NonFiniteFloatPolicy::AsString };
    serde_saphyr::from_str_with_options(text, as_text)
}

/// Parses a configuration file.
///
/// # Errors
/// Config with line and column if the text is not YAML or not a mapping; Io if it cannot be read.
pub fn parse_file(path: &Path) -> Result<Placed> {
    let mut text = String::new();
    // A pipe is a configuration like any other; one that nobody writes to, and a device, have no end.
    let opened =
        regular_file::open_or_live_pipe(path).and_then(|file| file.take(MOST_BYTES + 1).read_to_string(&mut text));
    opened.map_err(|source| {
        Fault::at(path.display(), "cannot be read").expected("a YAML configuration").code(Code::E01).source(source).io()
    })?;
    if text.len() as u64 > MOST_BYTES {
        return Err(Fault::at(path.display(), format!("more than {MOST_BYTES} bytes"))
            .expected("a YAML configuration")
            .code(Code::E60)
            .config());
    }
    let tree: Placed = parse(&text).map_err(|source| {
        let (place, told) = yaml_error(&source.to_string());
        Fault::at(format!("{}{place}", path.display()), format!("not valid YAML: {told}"))
            .expected("a YAML configuration")
            .code(Code::E60)
            .config()
    })?;
    match tree.node {
        Node::Map(_) => Ok(tree),
        _ => Err(Fault::at(path.display(), "no mapping at the top")
            .expected("`analysis_mode: ..` and so on")
            .code(Code::E60)
            .config()),
    }
}

/// What the parser says to programmers, by how it begins, and the same to people.
const PARSER_WORDS: [(&str, &str); 7] = [
    ("cannot deserialize null into string", "a key is null, and that is no name"),
    ("expected string scalar", "a key is a list or a mapping, and that is no name"),
    ("multiple YAML documents", "a second document begins here (after ---), and a configuration is one"),
    ("recursion limit", "too many lists or mappings within each other"),
    ("budget breached", "more lists, mappings or aliases (*name) than any configuration has"),
    ("alias replay", "aliases (*name) of aliases, more than any configuration has"),
    ("alias expansion", "aliases (*name) of aliases, more than any configuration has"),
];

/// ":line:column" and what is wrong, from what the parser says: "error: line 2 column 1: what is wrong, and more".
fn yaml_error(said: &str) -> (String, String) {
    let line = said.lines().next().unwrap_or_default().trim_start_matches("error: ");
    // Advice to programmers is none to users.
    let line = line.split(", set ").next().unwrap_or_default();
    let in_words = |told: &str| {
        let known = PARSER_WORDS.iter().find(|(begins, _)| told.starts_with(begins));
        known.map_or(told, |(_, words)| words).to_owned()
    };
    let placed = line.strip_prefix("line ").and_then(|rest| rest.split_once(": ")).and_then(|(place, told)| {
        let (line, column) = place.split_once(" column ")?;
        Some((format!(":{line}:{column}"), in_words(told)))
    });
    placed.unwrap_or_else(|| (String::new(), in_words(line)))
}

/// A value of the command line: null, switches, numbers, lists, mappings and text in quotes as in a file, anything else as text.
#[must_use]
pub fn override_node(text: &str) -> Node {
    let number = text.parse::<f64>().ok().filter(|value| value.is_finite());
    match (text.parse::<i64>(), number, text) {
        (Ok(value), _, _) => Node::Integer(value),
        (_, Some(value), _) => Node::Float(value),
        (_, _, "null" | "~") => Node::Null,
        (_, _, "true") => Node::Bool(true),
        (_, _, "false") => Node::Bool(false),
        _ if text.starts_with(['[', '{', '"', '\'']) => {
            let parsed: Option<Placed> = parse(text).ok();
            parsed.map_or_else(|| Node::Text(text.to_owned()), |parsed| parsed.without_places().node)
        }
        _ => Node::Text(text.to_owned()),
    }
}
