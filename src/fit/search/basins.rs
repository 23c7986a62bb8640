//! Global search on the sample: starts from a design or from CMA-ES, a polish of each, and the basins they lead to. It never
//! touches the full data; [`crate::fit::course`] refines the best basins there.

use crate::error::Result;
use crate::fit::search::evolution::evolve;
use crate::fit::search::start::from_data;
use crate::fit::settings::{CmaEs, Enable, MultiStart, Tolerances};
use crate::fit::solver::journal::Following;
use crate::fit::solver::minimise::minimise;
use crate::fit::solver::problem::{Problem, System};
use crate::outcome::search::{Basin, Candidate, Origin, Search, SearchMethod};
use crate::outcome::verdict::Verdict;
use crate::sums::algebra::{Algebra, dot};
use crate::sums::objective::Objective;
use ndarray::Array2;

/// Two minima nearer than this many standard errors (of the sample) are one basin.
const SAME_BASIN: f64 = 5.0;

/// Whether CMA-ES runs after a local fit, and why.
#[must_use]
pub fn reason(settings: &CmaEs, problem: &Problem<'_>, verdict: Verdict) -> Option<String> {
    let ratio = scale_ratio(problem);
    match settings.enable {
        Enable::No => None,
        Enable::Yes => Some("asked for".into()),
        Enable::Auto if verdict == Verdict::Converged || verdict == Verdict::Interrupted => None,
        Enable::Auto if ratio <= settings.scale_threshold => None,
        Enable::Auto => Some(format!(
            "the local fit is {} and the scale ratio {ratio:.1e} exceeds {}",
            verdict.name(),
            settings.scale_threshold
        )),
    }
}

/// Largest over smallest range of the bounds of free parameters.
#[must_use]
pub fn scale_ratio(problem: &Problem<'_>) -> f64 {
    let ranges = problem.space.free().into_iter().map(|k| {
        let parameter = &problem.space.physical[k];
        parameter.upper - parameter.lower
    });
    let (smallest, largest) = ranges.fold((f64::INFINITY, 0.0_f64), |(s, l), range| (s.min(range), l.max(range)));
    if smallest > 0.0 && smallest.is_finite() { largest / smallest } else { 1.0 }
}

/// The cube in which free parameters are searched: their search coordinates, but constant parts of power laws by the inverse
/// hyperbolic sine, because their bounds reach far beyond the sizes that matter.
struct Cube<'a> {
    problem: &'a Problem<'a>,
    free: Vec<usize>,
    base: &'a [f64],
}

/// Constant parts below this share of their bounds are told apart linearly.
const LINEAR_SHARE: f64 = 1e-3;

impl<'a> Cube<'a> {
    fn new(problem: &'a Problem<'a>, base: &'a [f64]) -> Self {
        Cube { problem, free: problem.space.free(), base }
    }

    /// The size at which a constant part's coordinate turns from linear to logarithmic; `None` for other parameters.
    fn turn(&self, k: usize) -> Option<f64> {
        let parameter = &self.problem.space.physical[k];
        let is_constant_part = self.problem.space.mode.power_laws().iter().any(|law| law.constant == k);
        is_constant_part.then(|| LINEAR_SHARE * parameter.lower.abs().max(parameter.upper.abs()))
    }

    fn coordinate(&self, k: usize, value: f64) -> f64 {
        match self.turn(k) {
            Some(turn) => (value / turn).asinh(),
            None => self.problem.space.physical[k].coordinate(value),
        }
    }

    fn theta(&self, u: &[f64]) -> Vec<f64> {
        let mut theta = self.base.to_vec();
        for (&k, &u) in self.free.iter().zip(u) {
            let parameter = &self.problem.space.physical[k];
            let (lower, upper) = (self.coordinate(k, parameter.lower), self.coordinate(k, parameter.upper));
            let coordinate = lower + u * (upper - lower);
            theta[k] = match self.turn(k) {
                Some(turn) => (turn * coordinate.sinh()).clamp(parameter.lower, parameter.upper),
                None => parameter.value(coordinate),
            };
        }
        theta
    }

    fn point(&self, theta: &[f64]) -> Vec<f64> {
        let share = |&k: &usize| {
            let parameter = &self.problem.space.physical[k];
            let (lower, upper) = (self.coordinate(k, parameter.lower), self.coordinate(k, parameter.upper));
            ((self.coordinate(k, theta[k]) - lower) / (upper - lower)).clamp(0.0, 1.0)
        };
        self.free.iter().map(share).collect()
    }
}

/// Where a search begins, besides what it finds itself.
pub struct Starts<'a> {
    /// The local fit's start.
    pub given: &'a [f64],
    /// The model's candidates, among which the data's own start is found.
    pub candidates: &'a [Vec<f64>],
}

/// Starts from a design, screened by their cost and polished.
///
/// # Errors
/// What sweeps of the sample report.
pub fn multi_start(
    sample: &dyn Objective,
    problem: &Problem<'_>,
    settings: &MultiStart,
    begin: &Starts<'_>,
) -> Result<Search> {
    let cube = Cube::new(problem, begin.given);
    let mut starts = vec![begin.given.to_vec(), from_data(sample, problem, begin.candidates)?];
    starts.extend(settings.custom_starts.iter().cloned());
    let spread = settings.design.points(settings.n_starts, cube.free.len(), settings.seed);
    starts.extend(spread.iter().map(|u| cube.theta(u)));
    let mut screened = Vec::new();
    for start in starts {
        screened.push((problem.cost(sample, &start)?, start));
    }
    let evaluations = screened.len();
    screened.sort_by(|a, b| a.0.total_cmp(&b.0));
    let kept = match settings.use_screening {
        true => (settings.screen_keep_fraction * evaluations as f64).ceil() as usize,
        false => evaluations,
    };
    let origin = Origin::Search(SearchMethod::MultiStart);
    let candidates = screened.into_iter().map(|(cost, start)| candidate(origin, start, cost)).collect();
    let search = Search { seed: settings.seed, evaluations, candidates, ..header(SearchMethod::MultiStart) };
    polish(sample, problem, search, kept.max(1))
}

/// Runs of CMA-ES, the first from the given start, polished.
///
/// # Errors
/// What sweeps of the sample report.
pub fn cma_es(sample: &dyn Objective, problem: &Problem<'_>, settings: &CmaEs, begin: &Starts<'_>) -> Result<Search> {
    let cube = Cube::new(problem, begin.given);
    let mut cost = |u: &[f64]| problem.cost(sample, &cube.theta(u));
    let (runs, evaluations) = evolve(&settings.evolution, &cube.point(begin.given), &mut cost)?;
    let from_data = from_data(sample, problem, begin.candidates)?;
    let mut candidates = Vec::new();
    for (origin, start) in [(Origin::Start, begin.given.to_vec()), (Origin::Data, from_data)] {
        candidates.push(candidate(origin, start.clone(), problem.cost(sample, &start)?));
    }
    candidates
        .extend(runs.into_iter().map(|(u, cost)| candidate(Origin::Search(SearchMethod::CmaEs), cube.theta(&u), cost)));
    let kept = candidates.len();
    let search = Search { seed: settings.evolution.seed, evaluations, candidates, ..header(SearchMethod::CmaEs) };
    polish(sample, problem, search, kept)
}

fn candidate(origin: Origin, start: Vec<f64>, screened_cost: f64) -> Candidate {
    Candidate { origin, start, screened_cost, polished: None, polished_cost: None, basin: None }
}

fn header(method: SearchMethod) -> Search {
    let reason = "asked for".into();
    Search { method, reason, seed: 0, evaluations: 0, basins: Vec::new(), improved: false, candidates: Vec::new() }
}

/// Polishes the first `kept` candidates and sorts them into basins on the sample, the best first.
fn polish(sample: &dyn Objective, problem: &Problem<'_>, mut search: Search, kept: usize) -> Result<Search> {
    let quick = Problem { tolerances: Tolerances { max_iterations: 150, ..problem.tolerances }, ..problem.clone() };
    let free = problem.space.free();
    let mut minima: Vec<(Vec<f64>, f64, Array2<f64>)> = Vec::new();
    let worth = |candidate: &&mut Candidate| candidate.screened_cost.is_finite();
    for candidate in search.candidates.iter_mut().take(kept).filter(worth) {
        let solution = minimise(System::Gram(sample), &quick, &candidate.start, "sample", &mut Following::default())?;
        search.evaluations += solution.iterations.len();
        let reduced = problem.in_coordinates(&solution.point.evaluation, &solution.point.theta, &free);
        candidate.polished = Some(solution.point.theta.clone());
        candidate.polished_cost = Some(reduced.cost);
        minima.push((solution.point.theta, reduced.cost, reduced.hessian));
    }
    minima.sort_by(|a, b| a.1.total_cmp(&b.1));
    let mut basins: Vec<(Basin, Array2<f64>)> = Vec::new();
    for (theta, cost, hessian) in minima {
        match basins.iter_mut().find(|(basin, wide)| is_same(problem, (&basin.theta, wide), &theta)) {
            Some((basin, _)) => basin.candidates += 1,
            None => basins.push((Basin { theta, sample_cost: cost, cost: None, candidates: 1 }, hessian)),
        }
    }
    for candidate in &mut search.candidates {
        let Some(polished) = &candidate.polished else { continue };
        candidate.basin = basins.iter().position(|(basin, wide)| is_same(problem, (&basin.theta, wide), polished));
    }
    search.basins = basins.into_iter().map(|(basin, _)| basin).collect();
    Ok(search)
}

/// Mahalanobis distance in search coordinates, with the Hessian of the deeper minimum.
fn is_same(problem: &Problem<'_>, basin: (&[f64], &Array2<f64>), theta: &[f64]) -> bool {
    let difference = |k: usize| {
        let parameter = &problem.space.physical[k];
        parameter.coordinate(theta[k]) - parameter.coordinate(basin.0[k])
    };
    let step: Vec<f64> = problem.space.free().into_iter().map(difference).collect();
    dot(&step, &basin.1.times(&step)) <= SAME_BASIN * SAME_BASIN
}
