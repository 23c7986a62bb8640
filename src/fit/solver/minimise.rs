//! The loop that reads like the method: ask, sweep, eliminate the scaling, tell. It decides nothing about the result.

use crate::error::catalogue::Code;
use crate::error::{Error, Fault, Result, unless_stopped};
use crate::fit::solver::journal::{Evaluated, Following};
use crate::fit::solver::problem::{Point, Problem, System};
use crate::fit::solver::trust_region::Told;
use crate::likelihood::reduced::Evaluation;
use crate::listener::Event;
use crate::outcome::fit::Iteration;
use crate::outcome::verdict::Stop;
use crate::sums::loss::Loss;
use crate::units::listed;

/// Where the solver ended.
pub struct Solution {
    /// The best point.
    pub point: Point,
    /// Why it stopped.
    pub stop: Stop,
    /// The way.
    pub iterations: Vec<Iteration>,
}

/// Minimises the reduced cost from `start` (physical units). Evaluations of an interrupted run are recalled and told without a
/// sweep.
///
/// # Errors
/// What the sweeps report; Parameter if the model overflows at the start; Config if what is recalled belongs elsewhere.
pub fn minimise(
    system: System<'_>,
    problem: &Problem<'_>,
    start: &[f64],
    phase: &str,
    following: &mut Following<'_>,
) -> Result<Solution> {
    let start = problem.between_bounds(start);
    let mut walk = Walk::new(system, problem, &start, following.recall(phase));
    let mut solver = problem.trust_region(&walk.free, &start);
    let mut iterations = Vec::new();
    while let Some(asked) = solver.ask().map(<[f64]>::to_vec) {
        let Some(found) = walk.evaluate(&asked)? else { return walk.solution(Stop::Interrupted, iterations) };
        let told = solver.tell(found.coordinates.clone(), found.reduced(problem, &walk.free));
        let iteration = found.iteration(iterations.len(), &told, problem);
        let left = steps_left(told.projected_gradient, problem.tolerances.ftol);
        following.tell(&event(phase, &iteration, left));
        iterations.push(iteration);
        if walk.take(found, told.accepted) {
            following.keep(phase, &walk.known)?;
        }
    }
    walk.solution(solver.stop().unwrap_or(Stop::NothingFree), iterations)
}

/// The way through parameter space: from point to point, each recalled or swept.
struct Walk<'a> {
    system: System<'a>,
    problem: &'a Problem<'a>,
    free: Vec<usize>,
    /// Where the way has come to, and what was swept there in this process.
    theta: Vec<f64>,
    point: Option<Point>,
    recalled: Vec<Evaluated>,
    known: Vec<Evaluated>,
}

/// What was found where the solver has asked.
struct Found {
    theta: Vec<f64>,
    /// Free search coordinates of theta.
    coordinates: Vec<f64>,
    evaluation: Evaluation,
    point: Option<Point>,
}

impl<'a> Walk<'a> {
    fn new(system: System<'a>, problem: &'a Problem<'a>, start: &[f64], recalled: Vec<Evaluated>) -> Self {
        let free = problem.space.free();
        Walk { system, problem, free, theta: start.to_vec(), point: None, recalled, known: Vec::new() }
    }

    /// The reduced system where the solver asks; `None` if the user wants to stop and something is known already.
    fn evaluate(&self, asked: &[f64]) -> Result<Option<Found>> {
        let (theta, coordinates) = self.problem.theta_of(&self.free, asked, &self.theta);
        let (evaluation, point) = match self.recalled.get(self.known.len()) {
            Some(earlier) => (recall(earlier, &theta)?, None),
            None => match self.system.point(self.problem, theta.clone()) {
                Ok(point) => (point.evaluation.clone(), Some(point)),
                Err(Error::Interrupted(_)) if !self.known.is_empty() => return Ok(None),
                Err(error) => return Err(error),
            },
        };
        if self.known.is_empty() && !evaluation.cost.is_finite() {
            return Err(overflow(&theta));
        }
        Ok(Some(Found { theta, coordinates, evaluation, point }))
    }

    /// Takes what was found, as the place from which to go on if it was accepted; returns whether it is worth keeping.
    fn take(&mut self, found: Found, accepted: bool) -> bool {
        let Found { theta, evaluation, point, .. } = found;
        let is_possible = evaluation.cost.is_finite();
        self.known.push(Evaluated { theta: theta.clone(), evaluation: is_possible.then_some(evaluation) });
        if accepted {
            (self.theta, self.point) = (theta, point);
        }
        accepted && self.known.len() > self.recalled.len()
    }

    fn solution(self, stop: Stop, iterations: Vec<Iteration>) -> Result<Solution> {
        let point = match self.point {
            Some(point) => point,
            None => self.system.point(self.problem, self.theta)?,
        };
        Ok(Solution { point, stop, iterations })
    }
}

/// A recalled evaluation, if it is the one that is asked for.
fn recall(earlier: &Evaluated, theta: &[f64]) -> Result<Evaluation> {
    if earlier.theta != theta {
        return Err(Fault::at("checkpoint", format!("an evaluation at {}", listed(&earlier.theta)))
            .expected(format!("one at {}", listed(theta)))
            .advice("run without --resume")
            .code(Code::E75)
            .config());
    }
    Ok(earlier.evaluation.clone().unwrap_or_else(|| Evaluation::impossible(theta.len())))
}

impl Found {
    fn reduced(&self, problem: &Problem<'_>, free: &[usize]) -> Evaluation {
        problem.in_coordinates(&self.evaluation, &self.theta, free)
    }

    fn iteration(&self, number: usize, told: &Told, problem: &Problem<'_>) -> Iteration {
        Iteration {
            iteration: number,
            cost: self.evaluation.cost,
            reduced_chi_squared: self.reduced_chi_squared(problem),
            projected_gradient: told.projected_gradient,
            radius: told.radius,
            accepted: told.accepted,
            theta: self.theta.clone(),
        }
    }

    /// As results have it: the cost is half of chi-square where sigma is known and the loss is the square.
    fn reduced_chi_squared(&self, problem: &Problem<'_>) -> Option<f64> {
        let n_free = (self.coordinates.len() + problem.map.n_free()) as u64;
        let degrees = self.evaluation.pairs.saturating_sub(n_free).max(1);
        let is_chi_squared = problem.noise_is_known && problem.loss == Loss::Linear;
        is_chi_squared.then(|| 2.0 * self.evaluation.cost / degrees as f64)
    }
}

fn event<'a>(phase: &'a str, iteration: &Iteration, steps_left: f64) -> Event<'a> {
    Event::Iteration {
        phase,
        iteration: iteration.iteration,
        cost: iteration.cost,
        reduced_chi_squared: iteration.reduced_chi_squared,
        accepted: iteration.accepted,
        steps_left,
    }
}

/// An estimate: near a minimum the scaled gradient falls by about a factor of 30 per step, and it is to fall below
/// sqrt(ftol / 100).
fn steps_left(gradient: f64, ftol: f64) -> f64 {
    let goal = (0.01 * ftol).sqrt();
    if gradient > goal && gradient.is_finite() { ((gradient / goal).ln() / 30.0_f64.ln()).ceil() } else { 1.0 }
}

fn overflow(theta: &[f64]) -> Error {
    Fault::at("initial_parameters", format!("the model overflows at the start ({})", listed(theta)))
        .expected("finite values of D(t) and gamma_dot(t)")
        .advice("choose other values or tighter bounds")
        .code(Code::E64)
        .parameter()
}

/// Two walks, one after the other. Where the second was stopped before it began, the first is what there is.
///
/// # Errors
/// What the second reports.
pub fn joined(first: Solution, second: Result<Solution>) -> Result<Solution> {
    let Some(second) = unless_stopped(second)? else { return Ok(Solution { stop: Stop::Interrupted, ..first }) };
    let mut iterations = first.iterations;
    for iteration in second.iterations {
        iterations.push(Iteration { iteration: iterations.len(), ..iteration });
    }
    Ok(Solution { iterations, ..second })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fewer_steps_are_left_near_the_minimum() {
        assert!(steps_left(1.0, 1e-8) > steps_left(1e-3, 1e-8));
        assert_eq!(steps_left(1e-9, 1e-8), 1.0);
    }
}
