//! Words that the command line does not know: what the parser has to say, as one error in one line.

use crate::cli::arguments::wrong_argument;
use clap::error::ErrorKind;
use homodyne::api::Error;
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
    let text = error.render().to_string();
    let told = text.split("\n\nUsage:").next().unwrap_or_default().split("\n\nFor more information").next();
    let line =
        told.unwrap_or_default().trim_start_matches("error: ").split_whitespace().collect::<Vec<&str>>().join(" ");
    wrong_argument("command line", &line, "words that `homodyne --help`, or --help after a command, lists")
}
