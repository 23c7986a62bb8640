//! One key of the configuration: what it is called, what it means, and where its value goes. It knows no other key.

use crate::config::draft::Draft;
use crate::config::field::Field;
use crate::config::reader::Given;
use crate::error::Result;
use crate::parameters::definitions::AnalysisMode;

/// One key.
pub struct Key {
    /// Dotted path.
    pub path: &'static str,
    /// What it does, in one line.
    pub doc: &'static str,
    /// Unit of its value; empty without one.
    pub unit: &'static str,
    /// Whether it can change a number of a result.
    pub affects_result: bool,
    /// Whether what it accepts depends on the analysis mode.
    pub needs_mode: bool,
    /// Other paths under which it is read; the path itself has precedence.
    pub spellings: &'static [&'static str],
    /// What a template says in place of the default; `None` keeps the key out of templates.
    pub template: Option<Template>,
    /// Where its value goes.
    pub access: Access,
}

/// How a key stands in a template.
#[derive(Clone, Copy)]
pub enum Template {
    /// With its default.
    Default,
    /// With this value.
    Value(&'static str),
    /// With this value, for laminar flow only.
    LaminarFlow(&'static str),
    /// With these lines, each with a comment, for a mode.
    Lines(fn(AnalysisMode) -> Vec<(String, &'static str)>),
}

/// Where a key's value goes.
pub enum Access {
    /// Into one field.
    Field(for<'d> fn(&'d mut Draft) -> Field<'d>),
    /// Into a structure of its own.
    Own {
        /// What is accepted, in words.
        accepts: &'static str,
        /// Its members: names, "[].name" for those of the items of a list, "*" for any.
        members: &'static [&'static str],
        /// Takes a value.
        set: fn(&mut Draft, &Given<'_>) -> Result<()>,
        /// Shows it.
        get: fn(&Draft) -> String,
    },
}

impl Key {
    /// A key that changes results, without unit, other spellings or a place in templates.
    pub(super) const fn new(path: &'static str, doc: &'static str, access: Access) -> Self {
        Key { path, doc, unit: "", affects_result: true, needs_mode: false, spellings: &[], template: None, access }
    }

    /// The same with a unit.
    pub(super) const fn unit(self, unit: &'static str) -> Self {
        Key { unit, ..self }
    }

    /// The same, changing no number of a result.
    pub(super) const fn without_influence(self) -> Self {
        Key { affects_result: false, ..self }
    }

    /// The same, where what is accepted depends on the mode.
    pub(super) const fn of_the_mode(self) -> Self {
        Key { needs_mode: true, ..self }
    }

    /// The same in templates.
    pub(super) const fn in_template(self, template: Template) -> Self {
        Key { template: Some(template), ..self }
    }

    /// The same with other spellings.
    pub(super) const fn also(self, spellings: &'static [&'static str]) -> Self {
        Key { spellings, ..self }
    }

    /// What it accepts, in words.
    #[must_use]
    pub fn accepts(&self) -> String {
        match self.access {
            Access::Field(field) => field(&mut Draft::default()).accepts(),
            Access::Own { accepts, .. } => accepts.to_owned(),
        }
    }

    /// Of what type it is; that of a structure of its own follows from the words that say what it accepts.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        const KINDS: [(&str, &str); 4] =
            [("true or false", "switch"), ("list", "list"), ("by name", "numbers by name"), ("number", "number")];
        match self.access {
            Access::Field(field) => field(&mut Draft::default()).kind(),
            Access::Own { accepts, .. } => {
                KINDS.iter().find(|(word, _)| accepts.contains(word)).map_or("word", |(_, kind)| kind)
            }
        }
    }

    /// The words of which it accepts one; empty where it accepts something else.
    #[must_use]
    pub fn choices(&self) -> Vec<&'static str> {
        match self.access {
            Access::Field(field) => match field(&mut Draft::default()) {
                Field::Choice(choice) => choice.words(),
                _ => Vec::new(),
            },
            Access::Own { accepts, .. } => {
                accepts.strip_prefix("one of ").map(|words| words.split(", ").collect()).unwrap_or_default()
            }
        }
    }

    /// Takes a given value.
    ///
    /// # Errors
    /// Config, with the place, if it is not accepted; one error may carry others.
    pub fn set(&self, draft: &mut Draft, given: &Given<'_>) -> Result<()> {
        match self.access {
            Access::Field(field) => field(draft).read(given),
            Access::Own { accepts, set, .. } => set(draft, &given.expecting(accepts)),
        }
    }

    /// The value of a draft.
    #[must_use]
    pub fn get(&self, draft: &Draft) -> String {
        match self.access {
            Access::Field(field) => field(&mut draft.clone()).show(),
            Access::Own { get, .. } => get(draft),
        }
    }

    /// The default.
    #[must_use]
    pub fn default(&self) -> String {
        self.get(&Draft::default())
    }

    /// The paths under which it is read, its own first.
    pub fn paths(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.path).chain(self.spellings.iter().copied())
    }

    /// The paths that a file may name for it, members included.
    pub(super) fn patterns(&self) -> Vec<String> {
        let below = |path: &'static str| match self.access {
            Access::Own { members, .. } if !members.is_empty() => {
                let member = |name: &&str| {
                    if name.starts_with('[') { format!("{path}{name}") } else { format!("{path}.{name}") }
                };
                members.iter().map(member).collect::<Vec<String>>()
            }
            _ => vec![path.to_owned()],
        };
        self.paths().flat_map(below).collect()
    }
}

/// What a key of a file does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// It is used.
    Used,
    /// Known from the homodyne program, without effect here.
    NoEffect(&'static str),
    /// Planned, without effect in this version.
    Later(&'static str),
    /// Known from there with another meaning, but for the values (separated by spaces) that mean the same here.
    Differs(&'static str, &'static str),
}
