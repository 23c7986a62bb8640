//! Words that the command line does not know: what the parser has to say, as one error in one line.

use crate::cli::words::wrong_argument;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use homodyne::api::Error;
use std::error::Error as _;
use std::ffi::OsString;

/// The words of the command line. Those who know the Python programs begin with an option: they mean `run`.
pub fn words(mut given: Vec<OsString>) -> Vec<OsString> {
    let first = given.get(1).and_then(|word| word.to_str()).unwrap_or_default();
    let is_of_the_program = ["-h", "--help", "-V", "--version"].contains(&first);
    if first.starts_with('-') && !is_of_the_program {
        given.insert(1, "run".into());
    }
    given
}

/// The parser's error as one of this program.
pub fn refusal(error: &clap::Error) -> Error {
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return wrong_argument("command line", "no command", "one of those that `homodyne --help` lists");
    }
    if let Some(refused) = refused_value(error) {
        return refused;
    }
    let text = error.render().to_string();
    // Paragraphs of what is wrong, then tips, then the usage.
    let told = text.split("\n\nUsage:").next().and_then(|told| told.split("\n\nFor more information").next());
    let told = told.unwrap_or_default().trim_start_matches("error: ");
    let one_line = |part: &str| part.split_whitespace().collect::<Vec<&str>>().join(" ");
    // That a word which looks like an option can be a value after `--` is no advice: nobody meant that.
    let parts = told.split("\n\n").filter(|part| !part.trim_start().starts_with("tip: to pass"));
    let line = parts.map(one_line).collect::<Vec<String>>().join("; ");
    wrong_argument("command line", &line, "words that --help lists")
}

/// A value that an option does not take: the option, the value, and what it takes instead.
fn refused_value(error: &clap::Error) -> Option<Error> {
    if !matches!(error.kind(), ErrorKind::InvalidValue | ErrorKind::ValueValidation) {
        return None;
    }
    let text = |kind| match error.get(kind)? {
        ContextValue::String(text) => Some(text.clone()),
        ContextValue::Strings(words) => Some(format!("one of {}", words.join(", "))),
        _ => None,
    };
    let (option, value) = (text(ContextKind::InvalidArg)?, text(ContextKind::InvalidValue)?);
    let told = text(ContextKind::ValidValue).or_else(|| error.source().map(|source| in_words(&source.to_string())))?;
    Some(wrong_argument(option.split(" <").next().unwrap_or(&option), &value, &told))
}

/// What a parser of numbers says of text that is none, the other way round.
fn in_words(told: &str) -> String {
    let expected = match told {
        "invalid float literal" | "cannot parse float from empty string" => "a number",
        "invalid digit found in string" | "cannot parse integer from empty string" => "a whole number",
        "number too large to fit in target type" => "a smaller number",
        other => other,
    };
    expected.to_owned()
}
