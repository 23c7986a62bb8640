//! The log of a run: hears everything, keeps what goes into log.txt, hands all of it on. It does not know what the user wants to see.

use crate::config::settings::Settings;
use crate::error::in_one_line;
use crate::listener::{Event, Listener, LogLevel, StopFlag, Watch};
use crate::pipeline::progress::Progress;
use crate::units::{now_unix_seconds, time_stamp};
use std::sync::{Mutex, PoisonError};

/// A line of any log of this program, from now: time (UTC), level, text. It is one line, whatever names of files and datasets hold.
#[must_use]
pub fn log_line(level: LogLevel, text: &str) -> String {
    format!("{} {:<7} {}", time_stamp(now_unix_seconds()), level.label(), in_one_line(text))
}

/// The log of one run.
pub struct RunLog<'a> {
    user: Watch<'a>,
    level: LogLevel,
    progress: Progress,
    lines: Mutex<Vec<String>>,
    /// Every warning, whatever is logged.
    warnings: Mutex<Vec<String>>,
}

impl<'a> RunLog<'a> {
    /// Of a run with these settings, whose user watches.
    #[must_use]
    pub fn new(settings: &Settings, user: &Watch<'a>) -> Self {
        let level = settings.run.log_level;
        RunLog {
            user: user.clone(),
            level,
            progress: Progress::default(),
            lines: Mutex::default(),
            warnings: Mutex::default(),
        }
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

    /// What was warned of so far.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A detail that log.txt has whatever is logged.
    pub fn keep(&self, text: &str) {
        self.push(LogLevel::Debug, text);
        self.user.log(LogLevel::Debug, text);
    }

    fn write(&self, level: LogLevel, text: &str) {
        if level == LogLevel::Warning {
            self.warnings.lock().unwrap_or_else(PoisonError::into_inner).push(text.to_owned());
        }
        if level <= self.level {
            self.push(level, text);
        }
        self.user.log(level, text);
    }

    fn push(&self, level: LogLevel, text: &str) {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).push(log_line(level, text));
    }
}

impl Listener for RunLog<'_> {
    fn hear(&self, event: &Event<'_>) {
        let standing = self.progress.standing(event);
        match (event, standing) {
            (Event::Log { level, text }, _) => self.write(*level, text),
            (Event::Iteration { .. }, Some(standing)) => {
                self.user.tell(event);
                self.write(LogLevel::Debug, &standing.line(usize::MAX));
            }
            _ => self.user.tell(event),
        }
    }
}
