//! Who a fit tells what it does, and what it needs to go on later. It writes nothing itself.

use crate::error::Result;
use crate::fit::reduced::Evaluation;
use crate::outcome::Iteration;
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

/// Follows a fit. A phase is one run of the solver ("local", "polish 3"); "start" holds the start alone.
pub trait Witness {
    /// Sees every iteration.
    fn iteration(&mut self, iteration: &Iteration) {
        let _ = iteration;
    }

    /// Hears a line for the log.
    fn note(&mut self, text: &str) {
        let _ = text;
    }

    /// What an interrupted run knew of a phase.
    fn recall(&mut self, phase: &str) -> Vec<Evaluated> {
        let _ = phase;
        Vec::new()
    }

    /// Keeps what is known of a phase, after every accepted iteration.
    ///
    /// # Errors
    /// What storing reports.
    fn keep(&mut self, phase: &str, known: &[Evaluated]) -> Result<()> {
        let _ = (phase, known);
        Ok(())
    }
}

impl Witness for () {}

/// For callers that only want to see iterations.
pub struct Watching<F>(pub F);

impl<F: FnMut(&Iteration)> Witness for Watching<F> {
    fn iteration(&mut self, iteration: &Iteration) {
        (self.0)(iteration);
    }
}
