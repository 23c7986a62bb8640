//! The judgement of a fit and why its solver stopped.

use serde::{Deserialize, Serialize};

/// The one judgement that summary, JSON and exit code share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// A minimum inside the bounds, every parameter determined, residuals as the noise explains them.
    Converged,
    /// A minimum, but a parameter or scaling number lies on its bound: its value is the bound's, not the data's.
    AtBound,
    /// A minimum, but the data do not determine some direction of parameter space.
    Undetermined,
    /// A minimum, but the model does not describe the data within their noise.
    PoorFit,
    /// A minimum, but the noise of some data is not known, so that nothing tells whether the model describes them.
    Unchecked,
    /// Stopped by the limit of iterations, not at a minimum.
    MaxIterations,
    /// Stopped by the user; the best parameters so far.
    Interrupted,
    /// No step lowers the cost although the gradient is not zero.
    Failed,
}

impl Verdict {
    /// Names in results.
    pub const NAMES: [(&'static str, Verdict); 8] = [
        ("converged", Verdict::Converged),
        ("at_bound", Verdict::AtBound),
        ("undetermined", Verdict::Undetermined),
        ("poor_fit", Verdict::PoorFit),
        ("unchecked", Verdict::Unchecked),
        ("max_iterations", Verdict::MaxIterations),
        ("interrupted", Verdict::Interrupted),
        ("failed", Verdict::Failed),
    ];

    /// Name in results.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize].0
    }

    /// Whether the same fit again would end the same way.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Converged | Self::AtBound | Self::Undetermined | Self::PoorFit | Self::Unchecked)
    }

    /// Process exit code: 0 accepted, 1 finished but not trustworthy, 130 interrupted.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Verdict::Converged => 0,
            Verdict::Interrupted => 130,
            _ => 1,
        }
    }
}

/// Why the solver stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    /// Projected gradient below `gtol`.
    Gradient,
    /// Predicted decrease below `ftol` times the cost per pair.
    Cost,
    /// Every component of the step below `xtol`.
    Step,
    /// Steps and costs have reached the rounding of the sums.
    Rounding,
    /// Limit of iterations.
    MaxIterations,
    /// The trust region has shrunk to nothing without a decrease.
    NoProgress,
    /// Nothing was free to move.
    NothingFree,
    /// The user has asked to stop.
    Interrupted,
}

impl Stop {
    /// Whether the search has ended at a minimum.
    #[must_use]
    pub fn is_minimum(self) -> bool {
        !matches!(self, Stop::MaxIterations | Stop::NoProgress | Stop::Interrupted)
    }
}
