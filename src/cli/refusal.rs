//! Words that the command line does not know: what the parser has to say, as one error in one line.

use crate::cli::words::wrong_argument;
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
    // Paragraphs of what is wrong, then tips, then the usage.
    let told = text.split("\n\nUsage:").next().and_then(|told| told.split("\n\nFor more information").next());
    let told = told.unwrap_or_default().trim_start_matches("error: ");
    let one_line = |part: &str| part.split_whitespace().collect::<Vec<&str>>().join(" ");
    let line = told.split("\n\n").map(one_line).collect::<Vec<String>>().join("; ");
    wrong_argument("command line", &line, "words that --help lists")
}
