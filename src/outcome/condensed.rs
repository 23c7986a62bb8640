//! What condensed data did in a fit.

use serde::{Deserialize, Serialize};

/// Pseudo-pairs that brought a fit near its minimum, and how near.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CondensedFit {
    /// Pseudo-pairs of all angles.
    pub pseudo_pairs: u64,
    /// Whether they were made finer because the prediction asked for it.
    pub is_fine: bool,
    /// Distance of their minimum from that of all pairs, in standard errors of independent pairs, as the model predicts it; up to ten
    /// times as much is allowed for.
    pub predicted_shift: f64,
    /// The same as it was found in the end.
    pub measured_shift: Option<f64>,
    /// A frame at which a rate meets its floor at their minimum, by its number in the file, from 1: there nothing is predicted.
    pub floor_frame: Option<usize>,
    /// Whether they also answered for intervals from the cost itself: not where the shift that was found refutes the prediction.
    pub is_believed: bool,
    /// Sweeps of all pairs that led from their minimum to that of all pairs; the last of a fit, which looks at residuals, is not
    /// among them.
    pub raw_sweeps: usize,
}

impl CondensedFit {
    /// How near they lead, in words.
    #[must_use]
    pub fn in_words(&self) -> String {
        let told = format!("minimum predicted to {:.0e} errors", self.predicted_shift);
        match self.floor_frame {
            Some(frame) => format!("{told}, but a rate meets its floor at frame {frame}: all pairs decide"),
            None if self.is_believed => told,
            None => format!("{told}: not believed, all pairs decide"),
        }
    }
}
