//! How much the program says on stderr: options, then RUST_LOG, then the configuration. It says nothing itself.

use crate::cli::log_lines::TARGET;
use crate::cli::words::wrong_argument;
use clap::{ArgAction, Args};
use homodyne::api::{LogLevel, Result};
use tracing_subscriber::EnvFilter;

/// How much is said.
#[derive(Debug, Clone, Default, Args)]
pub struct Loudness {
    /// No progress and no log on stderr but errors.
    #[arg(long, short)]
    pub quiet: bool,
    /// More on stderr: details, and why keys have no effect; -vv: also what every stage of a fit did.
    #[arg(long, short, action = ArgAction::Count, conflicts_with = "quiet")]
    pub verbose: u8,
}

/// What users of many programs set.
const VARIABLE: &str = "RUST_LOG";

/// Words that are levels.
const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

impl Loudness {
    /// What is shown, and what is to be said of RUST_LOG where it does not say so.
    ///
    /// # Errors
    /// Config if RUST_LOG decides and cannot be understood.
    pub fn filter(&self, configured: LogLevel) -> Result<(EnvFilter, Option<String>)> {
        let of = |level: &str| (EnvFilter::new(level), None);
        if self.quiet {
            return Ok(of("error"));
        }
        if self.verbose > 0 {
            return Ok(of("debug"));
        }
        let level = match configured {
            LogLevel::Error => "error",
            LogLevel::Warning => "warn",
            LogLevel::Info => "info",
            LogLevel::Debug => "debug",
        };
        match std::env::var_os(VARIABLE).filter(|given| !given.is_empty()) {
            Some(given) => of_variable(&given.to_string_lossy(), level),
            None => Ok(of(level)),
        }
    }
}

/// All lines have one target: what is said of parts of this program is said of it, and what is said of others leaves it as configured.
fn of_variable(given: &str, configured: &str) -> Result<(EnvFilter, Option<String>)> {
    let expected = "error, warn, info, debug or off, also of parts: homodyne=debug,warn";
    let whole = |directive: &str| match directive.trim().split_once('=') {
        Some((target, level)) if target.split_once("::").is_some_and(|(of, _)| of == TARGET) => {
            format!("{TARGET}={level}")
        }
        _ => directive.trim().to_owned(),
    };
    let directives: Vec<String> = given.split(',').map(whole).collect();
    let is_level = |word: &str| LEVELS.contains(&word.to_lowercase().as_str()) || word.parse::<u8>().is_ok();
    let decides = |directive: &String| is_level(directive) || directive.split('=').next() == Some(TARGET);
    let mut all = directives.join(",");
    let is_silent = !directives.iter().any(decides);
    if is_silent {
        all = format!("{all},{configured}");
    }
    let filter = EnvFilter::try_new(&all).map_err(|_| wrong_argument(VARIABLE, given, expected))?;
    let warning =
        || format!("{VARIABLE}={given} says nothing of this program: {configured} holds; expected {expected}");
    Ok((filter, is_silent.then(warning)))
}
