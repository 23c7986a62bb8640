//! The log of a run: hears everything, keeps what goes into log.txt, hands on what the user wants to hear.

use crate::config::settings::Settings;
use crate::listener::{Event, Listener, LogLevel, StopFlag, Watch};
use crate::pipeline::progress::Progress;
use std::sync::{Mutex, PoisonError};

/// The log of one run.
pub struct RunLog<'a> {
    user: Watch<'a>,
    level: LogLevel,
    progress: Progress,
    lines: Mutex<Vec<String>>,
}

impl<'a> RunLog<'a> {
    /// Of a run with these settings, whose user watches.
    #[must_use]
    pub fn new(settings: &Settings, user: &Watch<'a>) -> Self {
        let level = settings.run.log_level;
        RunLog { user: user.clone(), level, progress: Progress::default(), lines: Mutex::default() }
    }

    /// The user's wish to stop.
    #[must_use]
    pub fn stop(&self) -> &StopFlag {
        self.user.stop()
    }

    /// The content of log.txt.
    #[must_use]
    pub fn text(&self) -> String {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().map(|line| format!("{line}\n")).collect()
    }

    /// A detail that log.txt has whatever is logged; the user hears it among the details.
    pub fn keep(&self, text: &str) {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).push(format!("[{:?}] {text}", LogLevel::Debug));
        if self.level >= LogLevel::Debug {
            self.user.log(LogLevel::Debug, text);
        }
    }

    fn write(&self, level: LogLevel, text: &str) {
        if level <= self.level {
            self.lines.lock().unwrap_or_else(PoisonError::into_inner).push(format!("[{level:?}] {text}"));
            self.user.log(level, text);
        }
    }
}

impl Listener for RunLog<'_> {
    fn hear(&self, event: &Event<'_>) {
        let line = self.progress.line(event);
        match (event, line) {
            (Event::Log { level, text }, _) => self.write(*level, text),
            (Event::Iteration { .. }, Some(line)) => {
                self.user.tell(event);
                self.write(LogLevel::Debug, &line);
            }
            _ => self.user.tell(event),
        }
    }
}
