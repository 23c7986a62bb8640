//! Who follows a fit: who hears of it, and what keeps it for a later run. It writes nothing itself.

use crate::error::Result;
use crate::likelihood::reduced::Evaluation;
use crate::listener::{Event, LogLevel, Watch};
use serde::{Deserialize, Serialize};

/// One evaluated point. The solver is deterministic: telling it the same evaluations again leads it to the same place
/// without a sweep, so these are all that a checkpoint holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluated {
    /// Physical parameters.
    pub theta: Vec<f64>,
    /// The reduced system there; `None` where the model overflows.
    pub evaluation: Option<Evaluation>,
}

/// Keeps what is known, phase by phase. A phase is one run of the solver ("local", "multi_start 3 of 10"); "start" holds the start
/// alone.
pub trait Journal {
    /// What an interrupted run knew of a phase.
    fn recall(&self, phase: &str) -> Vec<Evaluated>;

    /// Keeps what is known of a phase, after every accepted iteration.
    ///
    /// # Errors
    /// What storing reports.
    fn keep(&mut self, phase: &str, known: &[Evaluated]) -> Result<()>;
}

/// A fit, followed.
pub struct Following<'a> {
    /// Who hears of it.
    pub watch: Watch<'a>,
    /// Who keeps it, if anybody does.
    pub journal: Option<&'a mut dyn Journal>,
}

/// Nobody follows.
impl Default for Following<'_> {
    fn default() -> Self {
        Following { watch: Watch::nobody(), journal: None }
    }
}

impl Following<'_> {
    /// Tells an event.
    pub fn tell(&self, event: &Event<'_>) {
        self.watch.tell(event);
    }

    /// Tells a log line.
    pub fn note(&self, text: &str) {
        self.watch.log(LogLevel::Info, text);
    }

    /// What an interrupted run knew of a phase.
    #[must_use]
    pub fn recall(&self, phase: &str) -> Vec<Evaluated> {
        self.journal.as_ref().map(|journal| journal.recall(phase)).unwrap_or_default()
    }

    /// Keeps what is known of a phase.
    ///
    /// # Errors
    /// What storing reports.
    pub fn keep(&mut self, phase: &str, known: &[Evaluated]) -> Result<()> {
        self.journal.as_mut().map_or(Ok(()), |journal| journal.keep(phase, known))
    }
}
