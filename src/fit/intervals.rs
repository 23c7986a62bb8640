//! Which numbers get intervals from the cost itself, and of which data it is asked. It walks along no cost.

use crate::error::Result;
use crate::fit::condensing::Condensing;
use crate::fit::errors::profile::{Profile, Walked};
use crate::fit::errors::surroundings::Surroundings;
use crate::fit::errors::uncertainty::Uncertainty;
use crate::fit::errors::walking::Walking;
use crate::fit::settings::Profiles;
use crate::fit::solver::journal::Following;
use crate::fit::solver::problem::{Point, Problem};
use crate::sums::objective::Objective;

/// A minimum around which intervals are wanted.
pub struct Wanted<'a, 'b, 'c> {
    /// All pairs.
    pub raw: &'a dyn Objective,
    /// What stands for them where it is believed.
    pub condensing: &'a Condensing<'b>,
    /// What was solved.
    pub problem: &'a Problem<'c>,
    /// The minimum.
    pub point: &'a Point,
    /// Its errors.
    pub uncertainty: &'a Uncertainty,
}

impl Wanted<'_, '_, '_> {
    /// Intervals from the cost itself, where they are needed or asked for. The cost of a model that is refused tells none: there it is
    /// asked only whether the data determine a power law at all.
    ///
    /// # Errors
    /// What the sweeps report; Interrupted if the user asks to stop.
    pub fn intervals(&self, which: Profiles, is_refused: bool, following: &Following<'_>) -> Result<Vec<Profile>> {
        let Wanted { raw: objective, problem, point, uncertainty, .. } = *self;
        let suspected = uncertainty.suspected();
        if which == Profiles::Never || (which == Profiles::Auto && is_refused && suspected.is_empty()) {
            return Ok(Vec::new());
        }
        let unheard = &Walking::new(&following.watch, 0);
        let least = point.evaluation.cost;
        let around = Surroundings { objective, least, problem, point, uncertainty, walking: unheard };
        // All costs on the way are asked of condensed data where these are believed: all pairs answer for the ends alone.
        let condensed = self.condensing.believed()?;
        let least = condensed.as_deref().map(|data| problem.cost(data, &point.theta)).transpose()?;
        let quick =
            condensed.as_deref().zip(least).map(|(objective, least)| Surroundings { objective, least, ..around });
        let mut parameters = match which {
            Profiles::All => uncertainty.moving.clone(),
            _ if is_refused => suspected,
            _ => [suspected, quick.unwrap_or(around).bent()?].concat(),
        };
        parameters.sort_unstable();
        parameters.dedup();
        let of = |parameter: &usize| Some((*parameter, uncertainty.standard_error(*parameter)?));
        let wanted: Vec<(usize, f64)> = parameters.iter().filter_map(of).collect();
        for &(parameter, _) in &wanted {
            let name = &problem.space.physical[parameter].name;
            following.note(&format!("{name}: its intervals are taken from the cost itself"));
        }
        let walks = |around: Surroundings<'_>| -> Result<Vec<Walked>> {
            let walking = &Walking::new(&following.watch, wanted.len());
            let around = Surroundings { walking, ..around };
            wanted.iter().map(|&(parameter, error)| around.walk(parameter, error)).collect()
        };
        if let Some((quick, data)) = quick.zip(condensed.as_deref()) {
            let quickly = walks(quick)?;
            if around.confirms(&quickly, |theta| data.floor_frame(theta).is_some())? {
                return Ok(quickly.into_iter().map(|walked| walked.profile).collect());
            }
        }
        Ok(walks(around)?.into_iter().map(|walked| walked.profile).collect())
    }
}
