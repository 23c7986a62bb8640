//! A whole fit: scaling mode, start, solution by the chosen strategy, global search, uncertainty, verdict. It asks for sweeps
//! and returns plain data.

use crate::error::{Error, Result};
use crate::fit::describe::Described;
use crate::fit::frame_robust::Sharing;
use crate::fit::scaling::{ScalingMap, ScalingMode};
use crate::fit::search::{CmaEs, Found, MultiStart, Starts, cma_es, multi_start};
use crate::fit::solve::{Problem, Solution, minimise};
use crate::fit::spectrum::Spectrum;
use crate::fit::start::{Scales, from_data, weights};
use crate::fit::strategy::Strategy;
use crate::fit::system::System;
use crate::fit::trust_region::Tolerances;
use crate::fit::uncertainty::LastSweep;
use crate::fit::witness::{Evaluated, Witness};
use crate::loss::Loss;
use crate::objective::{FullData, Objective};
use crate::outcome::{FitResult, Search, Stop, Verdict};
use crate::parameters::ParameterSpace;

/// How contrast and offset are asked for.
#[derive(Debug, Clone, PartialEq)]
pub enum ScalingChoice {
    /// One shared pair from this many angles on, else one per angle.
    Auto(usize),
    /// Fixed: given, or estimated from the data where `None`.
    Constant(Option<Vec<(f64, f64)>>),
    /// One pair per angle.
    Individual,
    /// Fourier series of this order.
    Fourier(usize),
}

impl ScalingChoice {
    /// Free scaling numbers for a number of angles.
    #[must_use]
    pub fn n_free(&self, n_angles: usize) -> usize {
        match self {
            ScalingChoice::Auto(threshold) if n_angles >= *threshold => 2,
            ScalingChoice::Auto(_) | ScalingChoice::Individual => 2 * n_angles,
            ScalingChoice::Constant(_) => 0,
            ScalingChoice::Fourier(order) => 2 * (2 * order + 1),
        }
    }
}

/// Everything a fit needs besides data.
#[derive(Debug, Clone, PartialEq)]
pub struct FitSettings {
    /// Parameters and bounds.
    pub space: ParameterSpace,
    /// Start in physical units, or `None` to start from the data.
    pub start: Option<Vec<f64>>,
    /// Scaling.
    pub scaling: ScalingChoice,
    /// When to stop.
    pub tolerances: Tolerances,
    /// Loss of the residuals.
    pub loss: Loss,
    /// Where the loss turns, in units of sigma.
    pub f_scale: f64,
    /// Characteristic sizes of the physical parameters, where given.
    pub x_scale: Vec<Option<f64>>,
    /// Strategy, as chosen by [`crate::fit::strategy::select_strategy`].
    pub strategy: Strategy,
    /// Starts from a design, if asked for.
    pub multi_start: Option<MultiStart>,
    /// CMA-ES.
    pub cma_es: CmaEs,
    /// Largest acceptable chi-square per degree of freedom.
    pub max_reduced_chi_squared: f64,
    /// A parameter is on its bound when it is nearer than this share of the bounds' range.
    pub bounds_tolerance: f64,
    /// Layout of the coarse grid.
    pub scales: Scales,
    /// What pairs are taken to have in common when errors are computed.
    pub sharing: Sharing,
}

/// Condition number of the reduced Hessian above which streaming ends with block QR.
const ILL_CONDITIONED: f64 = 1e6;

/// Fits `full`, with `sample` for the start and the global search.
///
/// # Errors
/// What the sweeps report, and impossible scaling settings; Interrupted if the user asks to stop before there is a result.
pub fn fit(
    full: &dyn FullData,
    sample: &dyn Objective,
    settings: &FitSettings,
    witness: &mut dyn Witness,
) -> Result<FitResult> {
    let n_angles = full.phi_degrees().len();
    let shared = matches!(settings.scaling, ScalingChoice::Auto(threshold) if n_angles >= threshold);
    let coarse_mode = if shared { ScalingMode::Shared } else { ScalingMode::Individual };
    // On the sample plain squares are good enough: it only finds where to begin.
    let coarse = Problem { loss: Loss::Linear, ..problem(sample, settings, &coarse_mode)? };
    let start = start(sample, &coarse, settings, witness)?;
    let mode = match &settings.scaling {
        ScalingChoice::Auto(_) if shared => ScalingMode::Shared,
        ScalingChoice::Auto(_) | ScalingChoice::Individual => ScalingMode::Individual,
        ScalingChoice::Fourier(order) => ScalingMode::Fourier(*order),
        ScalingChoice::Constant(Some(given)) => ScalingMode::Constant(given.clone()),
        ScalingChoice::Constant(None) => ScalingMode::Constant(estimate_scaling(full, sample, settings, &start)?),
    };
    let problem = problem(full, settings, &mode)?;
    let fit = Fit { full, sample, settings, problem: &problem, coarse: &coarse };
    let local = fit.solve(&start, "local", witness)?;
    fit.with_search(local, &start, witness)
}

fn problem<'a>(objective: &dyn Objective, settings: &'a FitSettings, mode: &ScalingMode) -> Result<Problem<'a>> {
    let sigma = objective.sigma();
    Ok(Problem {
        space: &settings.space,
        map: ScalingMap::new(mode, &objective.phi_degrees(), &settings.space)?,
        weights: weights(&sigma),
        noise_is_known: sigma.iter().all(|&sigma| sigma > 0.0),
        tolerances: settings.tolerances,
        t_ref_seconds: settings.scales.t_ref_seconds(),
        loss: settings.loss,
        f_scale: settings.f_scale,
        x_scale: settings.x_scale.clone(),
    })
}

/// The user's start, or the data's: phase 1, on the sample. An interrupted run's start is recalled.
fn start(
    sample: &dyn Objective,
    coarse: &Problem<'_>,
    settings: &FitSettings,
    witness: &mut dyn Witness,
) -> Result<Vec<f64>> {
    if let Some(recalled) = witness.recall("start").pop() {
        return Ok(recalled.theta);
    }
    let start = match &settings.start {
        Some(start) => start.clone(),
        None => from_data(sample, coarse, &settings.scales)?,
    };
    witness.keep("start", &[Evaluated { theta: start.clone(), evaluation: None }])?;
    Ok(start)
}

/// One contrast and offset per angle before the fit: the best at the start's parameters, polished on the sample.
fn estimate_scaling(
    full: &dyn Objective,
    sample: &dyn Objective,
    settings: &FitSettings,
    start: &[f64],
) -> Result<Vec<(f64, f64)>> {
    let individual = problem(sample, settings, &ScalingMode::Individual)?;
    let polished = minimise(System::Gram(sample), &individual, start, "sample", &mut ())?;
    let scaling = problem(full, settings, &ScalingMode::Individual)?.scaling(full, &polished.point.theta)?;
    Ok(scaling.per_angle.iter().map(|(contrast, offset)| (*contrast, offset + 1.0)).collect())
}

/// One fit and its data.
struct Fit<'a> {
    full: &'a dyn FullData,
    sample: &'a dyn Objective,
    settings: &'a FitSettings,
    problem: &'a Problem<'a>,
    coarse: &'a Problem<'a>,
}

impl Fit<'_> {
    /// The minimum next to a start, on all data.
    fn solve(&self, start: &[f64], phase: &str, witness: &mut dyn Witness) -> Result<Solution> {
        match self.settings.strategy {
            Strategy::Stratified => minimise(System::FullBatch(self.full), self.problem, start, phase, witness),
            Strategy::HybridStreaming => self.stream(start, phase, witness),
        }
    }

    /// Streaming Gauss-Newton; an ill-conditioned system ends with block QR.
    fn stream(&self, start: &[f64], phase: &str, witness: &mut dyn Witness) -> Result<Solution> {
        let first = minimise(System::Gram(self.full), self.problem, start, phase, witness)?;
        let free = self.problem.space.free();
        let reduced = self.problem.in_coordinates(&first.point.evaluation, &first.point.theta, &free);
        let condition = Spectrum::of(&reduced).condition_number;
        let well = condition.is_some_and(|condition| condition <= ILL_CONDITIONED);
        if well || free.is_empty() || matches!(first.stop, Stop::Interrupted | Stop::MaxIterations) {
            return Ok(first);
        }
        let told = condition.map_or("singular".into(), |condition| format!("{condition:.1e}"));
        witness.note(&format!("condition number {told} > {ILL_CONDITIONED:.0e}: the last iterations use block QR"));
        let precise = format!("{phase}, block QR");
        let second = minimise(System::Factor(self.full), self.problem, &first.point.theta, &precise, witness)?;
        let mut iterations = first.iterations;
        for iteration in second.iterations {
            iterations.push(crate::outcome::Iteration { iteration: iterations.len(), ..iteration });
        }
        Ok(Solution { iterations, ..second })
    }

    fn describe(&self, mut solution: Solution, start: &[f64]) -> Result<FitResult> {
        let last = match solution.stop {
            Stop::Interrupted => None,
            _ => LastSweep::of(self.full, self.problem, &solution.point, self.settings.sharing)?,
        };
        if last.is_none() {
            solution.stop = Stop::Interrupted;
        }
        let described =
            Described { settings: self.settings, problem: self.problem, last: last.as_ref(), start: start.to_vec() };
        Ok(described.result(self.full, solution))
    }

    /// The local result, or a better one from another basin if a global search is asked for or called for.
    fn with_search(&self, local: Solution, start: &[f64], witness: &mut dyn Witness) -> Result<FitResult> {
        let mut least = local.point.evaluation.cost;
        let mut result = self.describe(local, start)?;
        if result.stop == Stop::Interrupted {
            return Ok(result);
        }
        let begin = Starts { given: start, scales: &self.settings.scales };
        if let Some(settings) = &self.settings.multi_start {
            let found = match multi_start(self.sample, self.coarse, settings, &begin) {
                Err(Error::Interrupted(_)) => return Ok(interrupted(result)),
                found => found?,
            };
            let search = header("multi_start", "asked for".into(), settings.seed);
            let refinement = Refinement {
                count: settings.refine_top_k,
                ftol: settings.refinement_ftol,
                near: settings.degeneracy_threshold,
            };
            (result, least) = self.refined((result, least), (found, search), refinement, witness)?;
            if result.stop == Stop::Interrupted {
                return Ok(result);
            }
        }
        if let Some(reason) = self.settings.cma_es.reason(self.problem, result.verdict) {
            witness.note(&format!("global search by CMA-ES: {reason}"));
            let found = match cma_es(self.sample, self.coarse, &self.settings.cma_es, &begin) {
                Err(Error::Interrupted(_)) => return Ok(interrupted(result)),
                found => found?,
            };
            let search = header("cmaes", reason, self.settings.cma_es.evolution.seed);
            let count = if self.settings.cma_es.refine { 3 } else { 0 };
            let refinement = Refinement { count, ftol: self.settings.tolerances.ftol, near: 0.1 };
            (result, _) = self.refined((result, least), (found, search), refinement, witness)?;
        }
        Ok(result)
    }

    /// Follows the best basins on all data and takes the deepest: its result and cost.
    fn refined(
        &self,
        so_far: (FitResult, f64),
        found: (Found, Search),
        refinement: Refinement,
        witness: &mut dyn Witness,
    ) -> Result<(FitResult, f64)> {
        let ((mut result, mut least), (found, mut search)) = (so_far, found);
        let mut basins = found.basins;
        let tolerances = Tolerances { ftol: refinement.ftol, ..self.settings.tolerances };
        let problem = Problem { tolerances, ..self.problem.clone() };
        let finely = Fit { problem: &problem, ..*self };
        for (k, basin) in basins.iter_mut().take(refinement.count).enumerate() {
            let solution = finely.solve(&basin.theta, &format!("{} {k}", search.method), witness)?;
            let cost = solution.point.evaluation.cost;
            basin.cost = Some(cost);
            let stopped = solution.stop == Stop::Interrupted;
            // Not for less than a tenth of a standard error squared: the local result is as good.
            if cost < least - 0.01 {
                witness.note(&format!("{} basin {k}: cost {cost:.6e} instead of {least:.6e}", search.method));
                result = self.describe(solution, &basin.theta)?;
                (least, search.improved) = (cost, true);
            }
            if stopped {
                result = interrupted(result);
                break;
            }
        }
        let near = |basin: &&crate::outcome::Basin| {
            basin.cost.is_some_and(|cost| cost > least + 0.01 && cost <= least * (1.0 + refinement.near))
        };
        for basin in basins.iter().filter(near) {
            witness.note(&format!(
                "another basin fits nearly as well: cost {:.6e} at {:?}",
                basin.cost.unwrap_or(0.0),
                basin.theta
            ));
        }
        result.search = Some(Search { basins, candidates: found.candidates, evaluations: found.evaluations, ..search });
        Ok((result, least))
    }
}

/// A result that was to be improved when the user asked to stop.
fn interrupted(mut result: FitResult) -> FitResult {
    if result.verdict != Verdict::Interrupted {
        result.reasons.insert(0, "stopped on request during the global search".into());
    }
    (result.verdict, result.stop) = (Verdict::Interrupted, Stop::Interrupted);
    result
}

/// How basins are followed on all data.
struct Refinement {
    count: usize,
    ftol: f64,
    /// Relative difference of the cost up to which another basin is named.
    near: f64,
}

fn header(method: &'static str, reason: String, seed: u64) -> Search {
    Search { method, reason, seed, evaluations: 0, basins: Vec::new(), improved: false, candidates: Vec::new() }
}
