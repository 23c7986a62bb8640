//! The program `homodyne`: prints one line per error and maps the exit code.
#![deny(missing_docs, unsafe_code)]

mod cli;

use clap::Parser;
use cli::terminal::{has_lost_lines, say};
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = cli::arguments::Arguments::parse();
    // A panic is a broken promise: one line and exit code 3, never a backtrace for a user.
    std::panic::set_hook(Box::new(|_| ()));
    match std::panic::catch_unwind(|| cli::commands::execute(arguments)) {
        Ok(Ok(0 | 1)) if has_lost_lines() => ExitCode::from(3),
        Ok(Ok(code)) => ExitCode::from(code),
        Ok(Err(error)) => {
            say(&format!("error: {error}\n"));
            ExitCode::from(error.exit_code())
        }
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
            say(&format!("error: internal: {}; please report this\n", text.unwrap_or("unknown failure")));
            ExitCode::from(3)
        }
    }
}
