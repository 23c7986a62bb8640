//! The program `homodyne`: prints one line per error and maps the exit code.
#![deny(missing_docs, unsafe_code)]

mod cli;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = cli::arguments::Arguments::parse();
    // A panic is a broken promise: one line and exit code 3, never a backtrace for a user.
    std::panic::set_hook(Box::new(|_| ()));
    match std::panic::catch_unwind(|| cli::commands::execute(arguments)) {
        Ok(Ok(code)) => ExitCode::from(code),
        Ok(Err(error)) => {
            eprintln!("error: {error}");
            ExitCode::from(error.exit_code())
        }
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
            eprintln!("error: internal: {}; please report this", text.unwrap_or("unknown failure"));
            ExitCode::from(3)
        }
    }
}
