//! stderr: log lines and progress.

use homodyne::config::settings::LogLevel;
use homodyne::pipeline::Listener;
use std::io::{IsTerminal, Write, stderr};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Writes to stderr: one replaced line of progress on a terminal, plain lines otherwise.
pub struct Terminal {
    quiet: bool,
    is_terminal: bool,
    last: Mutex<Option<Instant>>,
}

/// Plain progress lines are written no more often than this.
const PLAIN_INTERVAL: Duration = Duration::from_secs(2);

impl Terminal {
    /// A terminal, or one that shows errors only.
    pub fn new(quiet: bool) -> Self {
        Terminal { quiet, is_terminal: stderr().is_terminal(), last: Mutex::new(None) }
    }

    /// Ends the line of progress.
    pub fn finish(&self) {
        if self.is_terminal && !self.quiet {
            let _ = write!(stderr(), "\r\x1b[K");
        }
    }
}

impl Listener for Terminal {
    fn log(&self, level: LogLevel, text: &str) {
        if !self.quiet {
            self.finish();
            let _ = writeln!(stderr(), "[{}] {text}", format!("{level:?}").to_uppercase());
        }
    }

    fn progress(&self, text: &str) {
        if self.quiet {
            return;
        }
        if self.is_terminal {
            let _ = write!(stderr(), "\r\x1b[K{text}");
            return;
        }
        let mut last = self.last.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if last.is_none_or(|last| last.elapsed() >= PLAIN_INTERVAL) {
            *last = Some(Instant::now());
            let _ = writeln!(stderr(), "{text}");
        }
    }
}
