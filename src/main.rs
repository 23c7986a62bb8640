//! The program `homodyne`: prints one line per error and maps the exit code.
#![deny(missing_docs, unsafe_code)]

mod cli;

use clap::Parser;
use cli::spoken::{has_lost_lines, say};
use homodyne::api::in_one_line;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = match cli::arguments::Arguments::try_parse_from(cli::refusal::words(std::env::args_os().collect()))
    {
        Ok(arguments) => arguments,
        Err(error) if error.use_stderr() => return refuse(&cli::refusal::refusal(&error)),
        // Help and version are no errors.
        Err(help) => {
            return match cli::terminal::print(&help.render().to_string()) {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => refuse(&error),
            };
        }
    };
    // A panic is a broken promise: one line and exit code 3, never a backtrace for a user.
    std::panic::set_hook(Box::new(|_| ()));
    match std::panic::catch_unwind(|| cli::commands::execute(arguments)) {
        Ok(Ok(0 | 1)) if has_lost_lines() => ExitCode::from(3),
        Ok(Ok(code)) => ExitCode::from(code),
        Ok(Err(error)) => refuse(&error),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
            let text = text.unwrap_or("unknown failure");
            say(&format!("error: internal: {}; please report this\n", in_one_line(text)));
            ExitCode::from(3)
        }
    }
}

/// One line for every error.
fn refuse(error: &homodyne::api::Error) -> ExitCode {
    for one in error.each() {
        say(&format!("error: {one}\n"));
    }
    ExitCode::from(error.exit_code())
}
