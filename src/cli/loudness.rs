//! How much the program says on stderr: options, then RUST_LOG, then the configuration. It says nothing itself.

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

impl Loudness {
    /// What is shown.
    ///
    /// # Errors
    /// Config if RUST_LOG decides and cannot be understood.
    pub fn filter(&self, configured: LogLevel) -> Result<EnvFilter> {
        let of = |level: &str| EnvFilter::new(level);
        if self.quiet {
            return Ok(of("error"));
        }
        if self.verbose > 0 {
            return Ok(of("debug"));
        }
        if let Some(given) = std::env::var_os(VARIABLE).filter(|given| !given.is_empty()) {
            let given = given.to_string_lossy();
            let expected = "error, warn, info, debug or off, also of parts: homodyne=debug,warn";
            return EnvFilter::try_new(&*given).map_err(|_| wrong_argument(VARIABLE, &given, expected));
        }
        Ok(of(match configured {
            LogLevel::Error => "error",
            LogLevel::Warning => "warn",
            LogLevel::Info => "info",
            LogLevel::Debug => "debug",
        }))
    }
}
