//! What is known of a solution besides its place, and what becomes of it at the weighted one. It examines nothing.

use crate::fit::errors::last_sweep::LastSweep;
use crate::fit::errors::profile::Profile;
use crate::fit::errors::uncertainty::Uncertainty;
use crate::fit::solver::problem::{Point, Problem};
use crate::fit::verdict::describe::Found;
use crate::fit::weighting::intervals::all_brought;
use crate::fit::weighting::weigh::Taken;

/// What is known of a solution besides its place.
pub struct Examined {
    /// Residuals there.
    pub last: Option<LastSweep>,
    /// Errors.
    pub uncertainty: Uncertainty,
    /// Noise and test of fit.
    pub found: Found,
    /// Intervals from the cost itself.
    pub profiles: Vec<Profile>,
    /// Whether the user has stopped it.
    pub is_stopped: bool,
}

impl Examined {
    /// What it is at the weighted solution.
    pub fn follow(&mut self, problem: &Problem<'_>, before: &Point, taken: &Taken) {
        self.found.follow(problem, &taken.point, &self.uncertainty);
        let from = (&before.theta[..], self.uncertainty.errors());
        self.uncertainty.set_covariance(problem, taken.covariance.clone());
        let to = (&taken.point.theta[..], self.uncertainty.errors());
        self.profiles = all_brought(&self.profiles, &problem.space.physical, from, to);
        if let Some(last) = &mut self.last {
            last.sums.clone_from(&taken.sums);
        }
    }
}
