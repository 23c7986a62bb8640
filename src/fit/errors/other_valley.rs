//! The other valley of a power law whose amplitude is held: where the cost is least there. It makes no interval.
//!
//! D(t) = D0 t^alpha + D_offset with D0 held has two pairs of alpha and D_offset of one value and slope at a time, and a cost that is least
//! near either of them or near one alone.

use crate::error::Result;
use crate::fit::errors::surroundings::Surroundings;
use crate::fit::solver::problem::{Point, Problem, System};
use crate::likelihood::reduced::Evaluation;
use crate::parameters::definitions::LawPlaces;
use crate::sums::algebra::{Algebra, SINGULAR, dot};
use ndarray::Array2;

/// Times at which two laws of one amplitude may agree: so many on either side of the middle of the measurement ..
const MIRRORS: i32 = 1;
/// .. each so many times the one before.
const BETWEEN_MIRRORS: f64 = 8.0;
/// Places closer than this, in errors, lie in one valley.
const ALIKE: f64 = 0.5;
/// No cost is expected to fall by more than so many times what its quadratic form tells.
const MOST_BELOW: f64 = 4.0;

impl Surroundings<'_> {
    /// Where the cost is least in the other valley of the power law whose amplitude is held, if the law is free otherwise and that is at most
    /// `most` errors away; `None` where there is no other, or the way from there leads back to `known`.
    ///
    /// # Errors
    /// What the sweeps report.
    pub fn lower_in_the_other_valley(&self, parameter: usize, known: &[f64], most: f64) -> Result<Option<Point>> {
        let Some(start) = self.mirrored(parameter, known)? else { return Ok(None) };
        let space = self.holding(parameter, known[parameter]);
        let held = Problem { space: &space, tolerances: self.settled(parameter), ..self.problem.clone() };
        let free = space.free();
        let mut search = held.trust_region(&free, &start);
        let (mut from, mut least) = (start, None);
        while let Some(asked) = search.ask() {
            let (theta, coordinates) = held.theta_of(&free, asked, &from);
            let point = System::Gram(self.objective).point(&held, theta)?;
            let evaluation = held.in_coordinates(&point.evaluation, &point.theta, &free);
            let lowest = point.evaluation.cost - MOST_BELOW * lowering(&evaluation);
            let told = search.tell(coordinates, evaluation);
            if told.accepted {
                let is_back = self.errors_between(parameter, (&point, &free), known) <= ALIKE;
                if is_back || self.errors_away(parameter, lowest) > most {
                    return Ok(None);
                }
                from.clone_from(&point.theta);
                least = Some(point);
            }
        }
        Ok(least.filter(|point| self.errors_away(parameter, point.evaluation.cost) <= most))
    }

    /// How many errors of a held parameter the cost tells places apart, by its Hessian at one of them.
    fn errors_between(&self, parameter: usize, (here, free): (&Point, &[usize]), there: &[f64]) -> f64 {
        let away: Vec<f64> = free.iter().map(|&k| there[k] - here.theta[k]).collect();
        let squared = dot(&here.evaluation.hessian.among(free).times(&away), &away);
        (0.5 * squared / self.rise(parameter)).max(0.0).sqrt()
    }

    /// The best of laws that have the same value and slope at some time, between the bounds.
    fn mirrored(&self, parameter: usize, theta: &[f64]) -> Result<Option<Vec<f64>>> {
        let Surroundings { objective, problem, .. } = self;
        let free = problem.space.free();
        let is_free = |law: &&LawPlaces| law.all().iter().all(|place| free.contains(place));
        let laws = problem.space.mode.power_laws().iter();
        let Some(law) = laws.filter(|law| law.amplitude == parameter).find(is_free) else { return Ok(None) };
        let mut best: Option<(f64, Vec<f64>)> = None;
        for step in -MIRRORS..=MIRRORS {
            let time_seconds = problem.t_ref_seconds * BETWEEN_MIRRORS.powi(step);
            let Some(other) = law.of(theta).mirrored(time_seconds) else { continue };
            let mut mirrored = theta.to_vec();
            (mirrored[law.exponent], mirrored[law.constant]) = (other.exponent, other.constant);
            if problem.between_bounds(&mirrored) == mirrored {
                let cost = problem.cost(*objective, &mirrored)?;
                best = best.filter(|(least, _)| *least <= cost).or(Some((cost, mirrored)));
            }
        }
        Ok(best.map(|(_, theta)| theta))
    }
}

/// By how much the quadratic form of a cost falls to its least.
fn lowering(evaluation: &Evaluation) -> f64 {
    let along = |white: Array2<f64>| white.t().times(&evaluation.gradient);
    evaluation.hessian.whitened(SINGULAR).map(along).map_or(f64::INFINITY, |along| 0.5 * dot(&along, &along))
}
