//! One value of the settings as a key sees it: what it accepts, how it is read and how it is shown. It knows no key by name.

use crate::config::reader::Given;
use crate::error::Result;
use std::path::PathBuf;

/// A place in the settings, with what may be put there.
pub enum Field<'s> {
    /// Any number.
    Number(&'s mut f64),
    /// Above zero.
    Positive(&'s mut f64),
    /// A number, or null.
    OptionalNumber(&'s mut Option<f64>),
    /// A positive number, or null.
    OptionalPositive(&'s mut Option<f64>),
    /// A whole number.
    Integer(&'s mut i64),
    /// A whole number of at least so much.
    Count(&'s mut usize, usize),
    /// A whole number of at least so much, or null.
    OptionalCount(&'s mut Option<usize>, usize),
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
            Field::Number(_) => "a number".into(),
            Field::Positive(_) => "a positive number".into(),
            Field::OptionalNumber(_) => "a number, or null".into(),
            Field::OptionalPositive(_) => "a positive number, or null".into(),
            Field::Integer(_) => "a whole number".into(),
            Field::Count(_, least) => format!("a whole number of at least {least}"),
            Field::OptionalCount(_, least) => format!("a whole number of at least {least}, or null"),
            Field::Seed(_) => "a whole number of at least 0".into(),
            Field::Switch(_) => "true or false".into(),
            Field::Path(_) => "a path".into(),
            Field::OptionalPath(_) => "a path, or null".into(),
            Field::OptionalText(_) => "text, or null".into(),
            Field::OptionalNumbers(_) => "a list of numbers, or null".into(),
            Field::OptionalWords(_) => "a list of names, or null".into(),
            Field::Choice(choice) => format!("one of {}", choice.words().join(", ")),
        }
    }

    /// Takes a given value.
    ///
    /// # Errors
    /// Config, with the place, if it is not accepted.
    pub fn read(&mut self, given: &Given<'_>) -> Result<()> {
        let accepts = self.accepts();
        let wrong = || given.wrong(&accepts);
        let count = |least: usize| {
            let count = given.integer().and_then(|value| usize::try_from(value).ok());
            count.filter(|count| *count >= least).ok_or_else(wrong)
        };
        let number = || given.number().ok_or_else(wrong);
        let positive = || given.number().filter(|value| *value > 0.0).ok_or_else(wrong);
        match self {
            Field::Number(slot) => **slot = number()?,
            Field::Positive(slot) => **slot = positive()?,
            Field::OptionalNumber(slot) => **slot = Some(number()?),
            Field::OptionalPositive(slot) => **slot = Some(positive()?),
            Field::Integer(slot) => **slot = given.integer().ok_or_else(wrong)?,
            Field::Count(slot, least) => **slot = count(*least)?,
            Field::OptionalCount(slot, least) => **slot = Some(count(*least)?),
            Field::Seed(slot) => **slot = count(0)? as u64,
            Field::Switch(slot) => **slot = given.switch().ok_or_else(wrong)?,
            Field::Path(slot) => **slot = given.text().map(PathBuf::from).ok_or_else(wrong)?,
            Field::OptionalPath(slot) => **slot = Some(given.text().map(PathBuf::from).ok_or_else(wrong)?),
            Field::OptionalText(slot) => **slot = Some(given.text().ok_or_else(wrong)?),
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
            Field::Number(value) | Field::Positive(value) => format!("{value:?}"),
            Field::OptionalNumber(value) | Field::OptionalPositive(value) => {
                value.map_or_else(null, |value| format!("{value:?}"))
            }
            Field::Integer(value) => value.to_string(),
            Field::Count(value, _) => value.to_string(),
            Field::OptionalCount(value, _) => value.map_or_else(null, |value| value.to_string()),
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
