//! One value of the settings as a key sees it: what it accepts, how it is read and how it is shown. It knows no key by name.

use crate::config::limits::Limits;
use crate::config::reader::Given;
use crate::error::Result;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::PathBuf;

/// A place in the settings, with what may be put there.
pub enum Field<'s> {
    /// A number between limits.
    Number(&'s mut f64, Limits),
    /// The same, or null.
    OptionalNumber(&'s mut Option<f64>, Limits),
    /// A whole number between limits.
    Integer(&'s mut i64, RangeInclusive<i64>),
    /// A whole number, between limits that are not below zero.
    Count(&'s mut usize, RangeInclusive<usize>),
    /// A whole number from zero on.
    Seed(&'s mut u64),
    /// true or false.
    Switch(&'s mut bool),
    /// A path.
    Path(&'s mut PathBuf),
    /// A path, or null.
    OptionalPath(&'s mut Option<PathBuf>),
    /// Text, or null.
    OptionalText(&'s mut Option<String>),
    /// A list of numbers, or null.
    OptionalNumbers(&'s mut Option<Vec<f64>>),
    /// A list of words, or null.
    OptionalWords(&'s mut Option<Vec<String>>),
    /// One of several words.
    Choice(Box<dyn Choice + 's>),
}

/// One of several words.
pub trait Choice {
    /// The words.
    fn words(&self) -> Vec<&'static str>;
    /// The chosen one.
    fn chosen(&self) -> &'static str;
    /// Chooses word `k`.
    fn choose(&mut self, k: usize);
}

/// A value and the names of all values that there are.
struct Named<'s, T: 'static> {
    slot: &'s mut T,
    names: &'static [(&'static str, T)],
}

impl<T: Copy + PartialEq> Choice for Named<'_, T> {
    fn words(&self) -> Vec<&'static str> {
        self.names.iter().map(|(name, _)| *name).collect()
    }

    fn chosen(&self) -> &'static str {
        self.names.iter().find(|(_, value)| value == self.slot).map_or("", |(name, _)| name)
    }

    fn choose(&mut self, k: usize) {
        *self.slot = self.names[k].1;
    }
}

/// The same, where a word stands for the absence of a value.
struct OrNone<'s, T: 'static> {
    slot: &'s mut Option<T>,
    none: &'static str,
    names: &'static [(&'static str, T)],
}

impl<T: Copy + PartialEq> Choice for OrNone<'_, T> {
    fn words(&self) -> Vec<&'static str> {
        std::iter::once(self.none).chain(self.names.iter().map(|(name, _)| *name)).collect()
    }

    fn chosen(&self) -> &'static str {
        let Some(chosen) = self.slot.as_ref() else { return self.none };
        self.names.iter().find(|(_, value)| value == chosen).map_or("", |(name, _)| name)
    }

    fn choose(&mut self, k: usize) {
        *self.slot = k.checked_sub(1).map(|k| self.names[k].1);
    }
}

impl<'s> Field<'s> {
    /// A value with a name.
    pub fn choice<T: Copy + PartialEq>(slot: &'s mut T, names: &'static [(&'static str, T)]) -> Self {
        Field::Choice(Box::new(Named { slot, names }))
    }

    /// A value with a name, or none of them under the name `none`.
    pub fn choice_or<T: Copy + PartialEq>(
        slot: &'s mut Option<T>,
        none: &'static str,
        names: &'static [(&'static str, T)],
    ) -> Self {
        Field::Choice(Box::new(OrNone { slot, none, names }))
    }

    /// What it accepts, in words.
    #[must_use]
    pub fn accepts(&self) -> String {
        match self {
            Field::Number(_, limits) => limits.words(),
            Field::OptionalNumber(_, limits) => format!("{}, or null", limits.words()),
            Field::Integer(_, range) => whole(range.start(), range.end()),
            Field::Count(_, range) => whole(range.start(), range.end()),
            Field::Seed(_) => "a whole number of at least 0".into(),
            Field::Switch(_) => "true or false".into(),
            Field::Path(_) => "a path (a leading ~ is the home directory)".into(),
            Field::OptionalPath(_) => "a path (a leading ~ is the home directory), or null".into(),
            Field::OptionalText(_) => "text, or null".into(),
            Field::OptionalNumbers(_) => "a list of numbers, or null".into(),
            Field::OptionalWords(_) => "a list of names, or null".into(),
            Field::Choice(choice) => format!("one of {}", choice.words().join(", ")),
        }
    }

    /// Of what type it is, in a word or two.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Field::Number(..) | Field::OptionalNumber(..) => "number",
            Field::Integer(..) | Field::Count(..) | Field::Seed(_) => "whole number",
            Field::Switch(_) => "switch",
            Field::Path(_) | Field::OptionalPath(_) => "path",
            Field::OptionalText(_) => "text",
            Field::OptionalNumbers(_) => "list of numbers",
            Field::OptionalWords(_) => "list of words",
            Field::Choice(_) => "word",
        }
    }

    /// Takes a given value.
    ///
    /// # Errors
    /// Config, with the place, if it is not accepted.
    pub fn read(&mut self, given: &Given<'_>) -> Result<()> {
        let accepts = self.accepts();
        let wrong = || given.wrong(&accepts);
        let number = |limits: &Limits| given.number().filter(|value| limits.hold(*value)).ok_or_else(wrong);
        let path = || given.path().ok_or_else(wrong);
        let names_a_file = matches!(self, Field::Path(_) | Field::OptionalPath(_) | Field::OptionalText(_));
        if names_a_file && given.name().is_some_and(|name| name.contains('\0')) {
            return Err(given.wrong("text without the character NUL (\\0), which no path can have"));
        }
        match self {
            Field::Number(slot, limits) => **slot = number(limits)?,
            Field::OptionalNumber(slot, limits) => **slot = Some(number(limits)?),
            Field::Integer(slot, range) => {
                **slot = given.integer().filter(|value| range.contains(value)).ok_or_else(wrong)?;
            }
            Field::Count(slot, range) => {
                **slot = given.count().filter(|value| range.contains(value)).ok_or_else(wrong)?;
            }
            Field::Seed(slot) => **slot = given.count().ok_or_else(wrong)? as u64,
            Field::Switch(slot) => **slot = given.switch().ok_or_else(wrong)?,
            Field::Path(slot) => **slot = path()?,
            Field::OptionalPath(slot) => **slot = Some(path()?),
            Field::OptionalText(slot) => **slot = Some(given.name().ok_or_else(wrong)?),
            Field::OptionalNumbers(slot) => **slot = Some(given.numbers().ok_or_else(wrong)?),
            Field::OptionalWords(slot) => **slot = Some(given.words().ok_or_else(wrong)?),
            Field::Choice(choice) => {
                let word = given.text().map(|text| text.to_lowercase());
                let found = choice.words().into_iter().position(|known| Some(known) == word.as_deref());
                choice.choose(found.ok_or_else(wrong)?);
            }
        }
        Ok(())
    }

    /// The value, as people write it.
    #[must_use]
    pub fn show(&self) -> String {
        let list = |parts: Vec<String>| format!("[{}]", parts.join(", "));
        let null = || "null".to_owned();
        match self {
            Field::Number(value, _) => format!("{value:?}"),
            Field::OptionalNumber(value, _) => value.map_or_else(null, |value| format!("{value:?}")),
            Field::Integer(value, _) => value.to_string(),
            Field::Count(value, _) => value.to_string(),
            Field::Seed(value) => value.to_string(),
            Field::Switch(value) => value.to_string(),
            Field::Path(value) => value.display().to_string(),
            Field::OptionalPath(value) => value.as_ref().map_or_else(null, |path| path.display().to_string()),
            Field::OptionalText(value) => value.as_ref().map_or_else(null, String::clone),
            Field::OptionalNumbers(value) => {
                value.as_ref().map_or_else(null, |all| list(all.iter().map(|value| format!("{value:?}")).collect()))
            }
            Field::OptionalWords(value) => value.as_ref().map_or_else(null, |words| list(words.clone())),
            Field::Choice(choice) => choice.chosen().to_owned(),
        }
    }
}

fn whole<T: Display>(least: &T, most: &T) -> String {
    format!("a whole number of at least {least} and at most {most}")
}
