//! stderr: log lines and progress.

use homodyne::listener::{Event, Listener};
use homodyne::pipeline::progress::Progress;
use std::io::{IsTerminal, Write, stderr};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Writes to stderr: one replaced line of progress on a terminal, plain lines otherwise.
pub struct Terminal {
    quiet: bool,
    is_terminal: bool,
    progress: Progress,
    last: Mutex<Option<Instant>>,
}

/// Plain progress lines are written no more often than this.
const PLAIN_INTERVAL: Duration = Duration::from_secs(2);

impl Terminal {
    /// A terminal, or one that shows errors only.
    pub fn new(quiet: bool) -> Self {
        Terminal { quiet, is_terminal: stderr().is_terminal(), progress: Progress::default(), last: Mutex::new(None) }
    }

    /// Ends the line of progress.
    pub fn finish(&self) {
        if self.is_terminal && !self.quiet {
            let _ = write!(stderr(), "\r\x1b[K");
        }
    }
}

impl Listener for Terminal {
    fn hear(&self, event: &Event<'_>) {
        if self.quiet {
            return;
        }
        let line = self.progress.line(event);
        match (event, line) {
            (Event::Log { level, text }, _) => {
                self.finish();
                let _ = writeln!(stderr(), "[{}] {text}", format!("{level:?}").to_uppercase());
            }
            (_, Some(line)) => self.show(&line),
            _ => {}
        }
    }
}

impl Terminal {
    fn show(&self, line: &str) {
        if self.is_terminal {
            let _ = write!(stderr(), "\r\x1b[K{line}");
            return;
        }
        let mut last = self.last.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if last.is_none_or(|last| last.elapsed() >= PLAIN_INTERVAL) {
            *last = Some(Instant::now());
            let _ = writeln!(stderr(), "{line}");
        }
    }
}
