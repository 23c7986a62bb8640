//! Words that the command line does not know: what the parser has to say, as one error in one line.

use crate::cli::arguments::Arguments;
use crate::cli::words::wrong_argument;
use clap::CommandFactory;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use homodyne::api::Error;
use std::error::Error as _;
use std::ffi::OsString;
use std::path::Path;

/// The words of the command line. Options may stand before the command that they belong to; those who know the Python programs begin
/// with an option and name no command: they mean `run`.
pub fn words(mut given: Vec<OsString>) -> Vec<OsString> {
    // What is no text may be part of an option all the same.
    let words: Vec<String> = given.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let text = |at: usize| words.get(at).map(String::as_str).unwrap_or_default();
    let first = text(1);
    if first == "help" {
        // `help` is the help: it has none of its own.
        let asks = |word: &OsString| word == "-h" || word == "--help";
        let kept = given.iter().enumerate().filter(|(at, word)| *at < 2 || !asks(word));
        return kept.map(|(_, word)| word.clone()).collect();
    }
    if !first.starts_with('-') || ["-h", "--help", "-V", "--version"].contains(&first) {
        return given;
    }
    let mut program = Arguments::command();
    program.build();
    // The value of an option is no command, whatever its name.
    let values = program.find_subcommand("run").map(options_with_values).unwrap_or_default();
    let mut at = 1;
    while text(at).starts_with('-') && text(at) != "--" {
        at += if values.iter().any(|option| option == text(at)) { 2 } else { 1 };
    }
    match program.find_subcommand(text(at)) {
        Some(_) => given[1..=at].rotate_right(1),
        None => given.insert(1, "run".into()),
    }
    given
}

/// Options of a command whose value is a word of its own.
fn options_with_values(command: &clap::Command) -> Vec<String> {
    let with_values = command.get_arguments().filter(|argument| argument.get_action().takes_values());
    with_values
        .flat_map(|argument| argument.get_long_and_visible_aliases().unwrap_or_default())
        .map(|name| format!("--{name}"))
        .collect()
}

/// The parser's error as one of this program.
pub fn refusal(error: &clap::Error) -> Error {
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return wrong_argument("command line", "no command", "one of those that `homodyne --help` lists");
    }
    if error.kind() == ErrorKind::InvalidUtf8 {
        let words: Vec<OsString> = std::env::args_os().filter(|word| word.to_str().is_none()).collect();
        let told: Vec<String> = words.iter().map(|word| format!("`{}`", word.to_string_lossy())).collect();
        return wrong_argument(
            "command line",
            &told.join(", "),
            "text in UTF-8 (only names of files may be other bytes)",
        );
    }
    if let Some(refused) = refused_value(error).or_else(|| file_without_command(error)) {
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

/// A file where a command belongs.
fn file_without_command(error: &clap::Error) -> Option<Error> {
    let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidSubcommand) else { return None };
    let is_configuration = [".yaml", ".yml"].iter().any(|ending| word.ends_with(ending));
    let command = if is_configuration { "run" } else { "inspect" };
    (is_configuration || Path::new(word).exists()).then(|| {
        let expected =
            format!("a command before it: `homodyne {command} {word}`, or another of those that --help lists");
        wrong_argument("command line", &format!("`{word}`, which is no command"), &expected)
    })
}

/// A value that an option does not take: the option, the value, and what it takes instead.
fn refused_value(error: &clap::Error) -> Option<Error> {
    if !matches!(error.kind(), ErrorKind::InvalidValue | ErrorKind::ValueValidation) {
        return None;
    }
    let text = |kind| match error.get(kind)? {
        ContextValue::String(text) => Some(text.clone()),
        ContextValue::Strings(words) if !words.is_empty() => Some(format!("one of {}", words.join(", "))),
        _ => None,
    };
    let (option, value) = (text(ContextKind::InvalidArg)?, text(ContextKind::InvalidValue)?);
    let option = option.split(" <").next().unwrap_or(&option);
    let source = || error.source().map(|source| in_words(&source.to_string()));
    match text(ContextKind::ValidValue).or_else(source) {
        Some(told) => Some(wrong_argument(option, &value, &told)),
        None => value.is_empty().then(|| wrong_argument(option, "\"\" (empty text)", "a value")),
    }
}

/// What a parser of numbers says of text that is none, the other way round.
fn in_words(told: &str) -> String {
    // "0 is not in 1..=100000"
    if let Some((least, most)) = told.split_once(" is not in ").and_then(|(_, range)| range.split_once("..=")) {
        return format!("a whole number from {least} to {most}");
    }
    let expected = match told {
        "invalid float literal" | "cannot parse float from empty string" => "a number",
        "invalid digit found in string" | "cannot parse integer from empty string" => "a whole number",
        "number too large to fit in target type" => "a smaller number",
        other => other,
    };
    expected.to_owned()
}
