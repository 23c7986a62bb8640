//! What happens during long work, told once, and the wish to end it. It knows neither who tells nor who hears.

use crate::error::{Fault, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// How much a log line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Something failed.
    Error,
    /// The user should know.
    Warning,
    /// What is done.
    Info,
    /// Details.
    Debug,
}

impl LogLevel {
    /// Names in configuration.
    pub const NAMES: [(&'static str, LogLevel); 4] = [
        ("error", LogLevel::Error),
        ("warning", LogLevel::Warning),
        ("info", LogLevel::Info),
        ("debug", LogLevel::Debug),
    ];

    /// How every log writes it.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            LogLevel::Error => "ERROR",
            LogLevel::Warning => "WARNING",
            LogLevel::Info => "INFO",
            LogLevel::Debug => "DEBUG",
        }
    }
}

/// How chains walk: what one looks at while they do.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Walking {
    /// Mean acceptance of the last hundred draws or so of all chains.
    pub acceptance: f64,
    /// Step size of the last draw.
    pub step_size: f64,
    /// Draws behind the warm-up that have diverged.
    pub divergences: usize,
}

/// Something that has happened.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Event<'a> {
    /// Worth a line in the log.
    Log {
        /// How much it matters.
        level: LogLevel,
        /// One line.
        text: &'a str,
    },
    /// Some of the angles of a file are done.
    Angles {
        /// "ingest", "adopt", "simulate" or "report".
        work: &'a str,
        /// Done.
        done: usize,
        /// In all.
        all: usize,
    },
    /// A sweep has come this far.
    Sweep {
        /// Share of its pairs; 1 at its end.
        fraction: f64,
        /// Pairs in all.
        pairs: u64,
        /// Since its beginning.
        seconds: f64,
    },
    /// A chain has made a draw.
    Draws {
        /// Draws of all chains so far, those of the warm-up included.
        done: usize,
        /// In all.
        all: usize,
        /// Gradients so far.
        gradients: u64,
        /// Since the chains began.
        seconds: f64,
        /// How chains walk; `None` where none does.
        walking: Option<Walking>,
    },
    /// Intervals that are taken from the cost itself have come this far. With nothing done and before all sweeps: these will come. None
    /// in all: how many there will be is not known yet, and after all sweeps that is being looked for.
    Intervals {
        /// Parameters that are done, with a share of the present one.
        done: f64,
        /// Parameters in all.
        all: usize,
    },
    /// Of the basins of a global search so many were followed to their minimum.
    Basins {
        /// Done.
        done: usize,
        /// In all.
        all: usize,
    },
    /// Work whose progress was told has ended: a line that follows it has nothing more to show.
    Ended,
    /// The solver has evaluated a point.
    Iteration {
        /// Which of its runs: "local", "multi_start 3 of 10" ..
        phase: &'a str,
        /// Number, from 0.
        iteration: usize,
        /// Half of chi-square there.
        cost: f64,
        /// Chi-square per degree of freedom, as in results; `None` where it is not known yet: without known noise, or under a robust
        /// loss.
        reduced_chi_squared: Option<f64>,
        /// Whether the step was accepted.
        accepted: bool,
        /// Steps that are probably left.
        steps_left: f64,
    },
}

/// Hears what happens, details too. The command line writes to stderr what its user wants to see; a library user may do as he likes.
pub trait Listener: Sync {
    /// Hears one event, now and then from several threads at a time.
    fn hear(&self, event: &Event<'_>);
}

/// Hears nothing.
impl Listener for () {
    fn hear(&self, _: &Event<'_>) {}
}

/// The wish to end long work: all clones are one flag.
#[derive(Debug, Clone, Default)]
pub struct StopFlag(Arc<AtomicBool>);

impl StopFlag {
    /// Asks the work to end.
    pub fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// The flag itself, for signal handlers.
    #[must_use]
    pub fn shared(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.0)
    }

    /// Whether to go on.
    ///
    /// # Errors
    /// Interrupted once the flag is set.
    pub fn check(&self) -> Result<()> {
        if self.0.load(Ordering::Relaxed) { Err(Fault::stopped()) } else { Ok(()) }
    }
}

/// What long work carries with it: who hears, and whether to go on.
#[derive(Clone)]
pub struct Watch<'l> {
    listener: &'l dyn Listener,
    stop: StopFlag,
}

impl<'l> Watch<'l> {
    /// With both.
    #[must_use]
    pub fn new(listener: &'l dyn Listener, stop: &StopFlag) -> Self {
        Watch { listener, stop: stop.clone() }
    }

    /// Nobody hears, and nobody wants it to end.
    #[must_use]
    pub fn nobody() -> Watch<'static> {
        Watch { listener: &(), stop: StopFlag::default() }
    }

    /// The wish to stop.
    #[must_use]
    pub fn stop(&self) -> &StopFlag {
        &self.stop
    }

    /// Tells an event.
    pub fn tell(&self, event: &Event<'_>) {
        self.listener.hear(event);
    }

    /// Tells a log line.
    pub fn log(&self, level: LogLevel, text: &str) {
        self.tell(&Event::Log { level, text });
    }

    /// Whether to go on.
    ///
    /// # Errors
    /// Interrupted once the stop flag is set.
    pub fn check(&self) -> Result<()> {
        self.stop.check()
    }
}
