//! The deepest minimum of a search, and how basins are followed to it. It follows none.

use crate::outcome::fit::FitResult;
use crate::outcome::verdict::{Stop, Verdict};

/// The deepest minimum so far.
pub struct Deepest {
    /// Its cost.
    pub cost: f64,
    /// What is known of it.
    pub result: FitResult,
}

impl Deepest {
    /// Whether the user has stopped it.
    #[must_use]
    pub fn is_interrupted(&self) -> bool {
        self.result.stop == Stop::Interrupted
    }

    /// It was to be improved when the user asked to stop.
    #[must_use]
    pub fn interrupted(mut self) -> Self {
        if self.result.verdict != Verdict::Interrupted {
            self.result.reasons.insert(0, "stopped on request during the global search".into());
        }
        (self.result.verdict, self.result.stop) = (Verdict::Interrupted, Stop::Interrupted);
        self
    }
}

/// How basins are followed on all data.
#[derive(Clone, Copy)]
pub struct Refinement {
    /// Most basins.
    pub count: usize,
    /// Tolerance of the cost.
    pub ftol: f64,
    /// Relative difference of the cost up to which another basin is named.
    pub near: f64,
}
