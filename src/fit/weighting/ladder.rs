//! Which ridge the weights have: the one with the smallest predicted errors. It makes no estimate.

use crate::error::Result;
use crate::fit::weighting::predicted::{Predicted, Solved};

/// Ridges in units of the contrast: below, weights rest on pairs of neighbouring frames and on the noise model; above, they are those of
/// least squares.
const LEAST: f64 = 0.5;
const MOST: f64 = 30.0;
/// From one to the next.
const STEP: f64 = 2.0;
/// Angles whose grids tell the ridge.
const GRIDS: usize = 5;
/// What was found on the ladder.
pub struct Found {
    /// Ridges with which no number has a larger error than by least squares, in units of the contrast, the best first.
    pub ridges: Vec<f64>,
    /// The smallest errors of all numbers that the noise allows.
    pub bound: Vec<Option<f64>>,
}

impl Found {
    /// Looks at all ridges from that of the white noise on; the best has the smallest product of the errors of physical parameters.
    ///
    /// # Errors
    /// Interrupted if the user has asked to stop.
    pub fn of(solved: &Solved<'_>) -> Result<Self> {
        let mut ridge = solved.white_ratio().max(LEAST);
        let (mut known, mut bound) = (Vec::new(), None);
        loop {
            let predicted = Predicted::sketched(solved, ridge, GRIDS)?;
            bound.get_or_insert_with(|| solved.bound(&predicted.scores));
            let gains = predicted.gains();
            let physical = gains[..solved.uncertainty.moving.len()].iter().flatten();
            let volume: f64 = physical.map(|gain| gain.ln()).sum();
            if !predicted.is_worse(solved.uncertainty.moving.len()) {
                known.push((volume, ridge));
            }
            ridge *= STEP;
            if ridge > MOST {
                break;
            }
        }
        known.sort_by(|a, b| b.0.total_cmp(&a.0));
        Ok(Found { ridges: known.into_iter().map(|(_, ridge)| ridge).collect(), bound: bound.unwrap_or_default() })
    }
}
