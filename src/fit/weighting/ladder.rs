//! Which ridge the weights have: the one with the smallest predicted errors. It makes no estimate.

use crate::error::Result;
use crate::fit::weighting::predicted::{LEAST_RIDGE, Predicted, Solved};

/// Largest ridge in units of the contrast: above, weights are those of least squares.
const MOST: f64 = 30.0;
/// From one to the next.
const STEP: f64 = 2.0;
/// Angles whose grids tell the ridge.
const GRIDS: usize = 5;

/// What was found on the ladder.
pub struct Found {
    /// Ridges with which no number has a larger error than by least squares, in units of the contrast, the best first.
    pub ridges: Vec<f64>,
    /// The largest gain of a physical parameter with any of them.
    pub most_gain: f64,
}

impl Found {
    /// Looks at all ridges from that of the white noise on; the best has the smallest product of the errors of physical parameters.
    ///
    /// # Errors
    /// Interrupted if the user has asked to stop.
    pub fn of(solved: &Solved<'_>) -> Result<Self> {
        let (first, n_physical) = (solved.white_ratio().max(LEAST_RIDGE), solved.uncertainty.moving.len());
        let further = |ridge: &f64| Some(ridge * STEP).filter(|ridge| *ridge <= MOST);
        let ridges: Vec<f64> = std::iter::successors(Some(first), further).collect();
        let (mut known, mut most_gain) = (Vec::new(), 0.0_f64);
        for predicted in Predicted::sketched(solved, &ridges, GRIDS)? {
            if predicted.is_worse(n_physical) {
                continue;
            }
            let gains = predicted.gains();
            let physical = || gains[..n_physical].iter().flatten();
            most_gain = physical().copied().fold(most_gain, f64::max);
            known.push((physical().map(|gain| gain.ln()).sum::<f64>(), predicted.ridge));
        }
        known.sort_by(|a, b| b.0.total_cmp(&a.0));
        Ok(Found { ridges: known.into_iter().map(|(_, ridge)| ridge).collect(), most_gain })
    }
}
