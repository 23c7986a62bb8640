//! A whole fit: scaling mode, start, solution by the chosen strategy, global search, uncertainty, verdict. It asks for sweeps
//! and returns plain data.

use crate::error::catalogue::Code;
use crate::error::{Result, unless_stopped};
use crate::fit::condensing::{Condensing, foreseen};
use crate::fit::errors::last_sweep::LastSweep;
use crate::fit::errors::uncertainty::Uncertainty;
use crate::fit::examined::Examined;
use crate::fit::intervals::Wanted;
use crate::fit::search::start::from_data;
use crate::fit::settings::{FitSettings, Profiles, Weighting};
use crate::fit::solver::journal::{Evaluated, Following};
use crate::fit::solver::minimise::{Solution, joined, minimise};
use crate::fit::solver::problem::{Problem, System};
use crate::fit::verdict::describe::{Described, Found};
use crate::fit::weighting::intervals::bent;
use crate::fit::weighting::predicted::Solved;
use crate::fit::weighting::weigh::{Weighed, weigh};
use crate::likelihood::scaling::{ScalingMap, ScalingSettings, weights};
use crate::likelihood::spectrum::Spectrum;
use crate::listener::Event;
use crate::outcome::condensed::CondensedFit;
use crate::outcome::fit::{FitResult, Strategy};
use crate::outcome::verdict::Stop;
use crate::outcome::weighting::WeightingFound;
use crate::parameters::scaling::{AngleScaling, ScalingMode};
use crate::sums::loss::Loss;
use crate::sums::objective::{CondensedData, Objective, RawData};

/// Condition number of the reduced Hessian above which streaming ends with block QR.
const ILL_CONDITIONED: f64 = 1e6;

/// What a fit begins with besides its settings: how to go through the data, and what the model suggests.
#[derive(Debug, Clone, PartialEq)]
pub struct Outset {
    /// How the data are gone through.
    pub strategy: Strategy,
    /// Points of parameter space from which to look for a start.
    pub candidates: Vec<Vec<f64>>,
    /// Time in seconds at which power laws are held while their parameters trade off.
    pub t_ref_seconds: f64,
    /// Times in seconds at which D(t) and gamma_dot(t) are wanted.
    pub curve_times_seconds: Vec<f64>,
    /// What the model says of settings that may make a fit impossible: told with a verdict that is not accepted.
    pub advice: Vec<String>,
}

impl Outset {
    /// From its parts.
    #[must_use]
    pub fn new(strategy: Strategy, candidates: Vec<Vec<f64>>, t_ref_seconds: f64) -> Self {
        Outset { strategy, candidates, t_ref_seconds, curve_times_seconds: Vec::new(), advice: Vec::new() }
    }

    /// With curves at some times in seconds.
    #[must_use]
    pub fn with_curves(self, curve_times_seconds: Vec<f64>) -> Self {
        Outset { curve_times_seconds, ..self }
    }

    /// With what the model says of its settings.
    #[must_use]
    pub fn with_advice(self, advice: Vec<String>) -> Self {
        Outset { advice, ..self }
    }
}

/// Fits: `explore` (all data, or some that stand for all) finds the start and other basins, `raw` has the last word.
///
/// # Errors
/// What the sweeps report, and impossible scaling settings; Interrupted if the user asks to stop before there is a result.
pub fn fit(
    explore: &dyn Objective,
    raw: &dyn RawData,
    settings: &FitSettings,
    outset: &Outset,
    following: &mut Following<'_>,
) -> Result<FitResult> {
    let ask = Ask { settings, outset };
    if settings.profiles != Profiles::Never {
        // How quick condensed data are is not known before.
        let is_known = settings.profiles == Profiles::All && outset.strategy != Strategy::Condensed;
        let all = if is_known { settings.space.free().len() } else { 0 };
        following.watch.tell(&Event::Intervals { done: 0.0, all });
    }
    let (mode, coarse) = (&settings.scaling, ask.coarse(explore)?);
    let start = ask.start(explore, &coarse, following)?;
    let is_unknown = mode.mode == ScalingMode::Constant && mode.given.is_none();
    let condensing = Condensing::new(raw, outset.strategy == Strategy::Condensed);
    let given = if is_unknown {
        Some(ask.estimate_scaling(explore, (raw, &condensing), &start, following)?)
    } else {
        mode.given.clone()
    };
    let problem = ask.problem(raw, &ScalingSettings { given, ..mode.clone() })?;
    let map =
        if is_unknown { ScalingMap::estimated(raw.phi_degrees().len(), &settings.space) } else { problem.map.clone() };
    let described = Problem { map, ..problem.clone() };
    let fit =
        Fit { explore, raw, ask, problem: &problem, described: &described, coarse: &coarse, condensing: &condensing };
    let local = fit.solve(&start, "local", following)?;
    fit.with_search(local, &start, following)
}

/// How near condensed data lead a fit to the minimum of all pairs, as the model predicts it at theirs; `explore` finds the start.
///
/// # Errors
/// What the sweeps report, and impossible scaling settings; Interrupted if the user asks to stop.
pub fn foresee(
    explore: &dyn Objective,
    condensed: &dyn CondensedData,
    settings: &FitSettings,
    outset: &Outset,
) -> Result<CondensedFit> {
    let ask = Ask { settings, outset };
    let start = ask.start(explore, &ask.coarse(explore)?, &mut Following::default())?;
    let problem = ask.coarse(condensed)?;
    foreseen(condensed, &problem, &start)
}

/// What is asked for.
#[derive(Clone, Copy)]
pub(super) struct Ask<'a> {
    pub settings: &'a FitSettings,
    pub outset: &'a Outset,
}

impl<'a> Ask<'a> {
    fn problem(&self, objective: &dyn Objective, scaling: &ScalingSettings) -> Result<Problem<'a>> {
        let (settings, sigma) = (self.settings, objective.sigma());
        Ok(Problem {
            space: &settings.space,
            map: ScalingMap::new(scaling, &objective.phi_degrees(), &settings.space)?,
            weights: weights(&sigma),
            noise_is_known: sigma.iter().all(|&sigma| sigma > 0.0),
            tolerances: settings.tolerances,
            t_ref_seconds: self.outset.t_ref_seconds,
            loss: settings.loss,
            f_scale: settings.f_scale,
            x_scale: settings.x_scale.clone(),
        })
    }

    /// What only finds where to begin: plain squares, and scaling that follows the data, are good enough for it.
    fn coarse(&self, explore: &dyn Objective) -> Result<Problem<'a>> {
        let scaling = &self.settings.scaling;
        let is_shared = scaling.is_shared(explore.phi_degrees().len());
        let mode = if is_shared { ScalingMode::Auto } else { ScalingMode::Individual };
        Ok(Problem { loss: Loss::Linear, ..self.problem(explore, &ScalingSettings { mode, ..scaling.clone() })? })
    }

    /// The user's start, or the data's: phase 1, on the sample. An interrupted run's start is recalled.
    fn start(&self, explore: &dyn Objective, coarse: &Problem<'_>, following: &mut Following<'_>) -> Result<Vec<f64>> {
        if let Some(recalled) = following.recall("start").pop() {
            return Ok(recalled.theta);
        }
        let start = match &self.settings.start {
            Some(start) => start.clone(),
            None => from_data(explore, coarse, &self.candidates())?,
        };
        following.keep("start", &[Evaluated { theta: start.clone(), evaluation: None }])?;
        Ok(start)
    }

    /// Points from which to look for a start, with the start values that are known.
    fn candidates(&self) -> Vec<Vec<f64>> {
        let mut candidates = self.outset.candidates.clone();
        for theta in &mut candidates {
            for (value, known) in theta.iter_mut().zip(&self.settings.known_starts) {
                *value = known.unwrap_or(*value);
            }
        }
        candidates.dedup();
        candidates
    }

    /// One contrast and offset per angle before the fit: the best of all data, with parameters of their own.
    fn estimate_scaling(
        &self,
        explore: &dyn Objective,
        (raw, condensing): (&dyn RawData, &Condensing<'_>),
        start: &[f64],
        following: &Following<'_>,
    ) -> Result<Vec<AngleScaling>> {
        let individual = ScalingSettings::from(ScalingMode::Individual);
        let polish = self.problem(explore, &individual)?;
        let polished = minimise(System::Gram(explore), &polish, start, "sample", &mut Following::default())?;
        let all = self.problem(raw, &individual)?;
        let near = condensing.nearer(&all, &polished.point.theta, &Following::default())?;
        let start = near.map_or(polished.point.theta, |near| near.theta);
        // Heard of, and not kept: a resumed run estimates them again.
        let mut heard = Following { watch: following.watch.clone(), journal: None };
        let best = minimise(System::Gram(raw), &all, &start, "scaling", &mut heard)?;
        Ok(best.point.scaling.per_angle)
    }
}

/// One fit and its data.
pub(super) struct Fit<'a, 'r> {
    pub explore: &'a dyn Objective,
    pub raw: &'a dyn RawData,
    pub ask: Ask<'a>,
    pub problem: &'a Problem<'a>,
    /// With the scaling that the data have told before the fit: errors know that it is not given.
    pub described: &'a Problem<'a>,
    pub coarse: &'a Problem<'a>,
    pub condensing: &'a Condensing<'r>,
}

impl Fit<'_, '_> {
    /// The minimum next to a start, on all data.
    pub fn solve(&self, start: &[f64], phase: &str, following: &mut Following<'_>) -> Result<Solution> {
        match self.ask.outset.strategy {
            Strategy::Stratified => minimise(System::FullBatch(self.raw), self.problem, start, phase, following),
            Strategy::HybridStreaming | Strategy::Condensed => self.stream(start, phase, following),
        }
    }

    /// Streaming Gauss-Newton, from the minimum of condensed data where there are any; an ill-conditioned system ends with block QR.
    fn stream(&self, start: &[f64], phase: &str, following: &mut Following<'_>) -> Result<Solution> {
        let near = self.condensing.nearer(self.problem, start, following)?;
        let first = match &near {
            Some(near) if near.is_believed() => self.condensing.confirmed(self.problem, near, phase, following)?,
            _ => {
                let start = near.as_ref().map_or(start, |near| &near.theta[..]);
                minimise(System::Gram(self.raw), self.problem, start, phase, following)?
            }
        };
        let free = self.problem.space.free();
        let reduced = self.problem.in_coordinates(&first.point.evaluation, &first.point.theta, &free);
        let condition = Spectrum::of(&reduced).condition_number;
        let well = condition.is_some_and(|condition| condition <= ILL_CONDITIONED);
        if well || free.is_empty() || matches!(first.stop, Stop::Interrupted | Stop::MaxIterations) {
            return Ok(first);
        }
        let told = match condition {
            Some(condition) => format!("condition number {condition:.1e} > {ILL_CONDITIONED:.0e}"),
            None => "the normal equations are singular".into(),
        };
        following.note(&format!("{told}: the last iterations use block QR"));
        let precise = format!("{phase}, block QR");
        let second = minimise(System::Factor(self.raw), self.problem, &first.point.theta, &precise, following);
        if second.as_ref().is_err_and(|error| error.fault().code == Some(Code::E64)) {
            following.note("block QR finds no finite system there: what the normal equations have found stays");
            return Ok(first);
        }
        joined(first, second)
    }

    /// What is to be said of a solution.
    pub fn describe(&self, mut solution: Solution, start: &[f64], following: &Following<'_>) -> Result<FitResult> {
        let problem = self.described;
        if problem.map.n_free() > self.problem.map.n_free() {
            solution.point.free_scaling(&problem.map);
        }
        self.condensing.compare(problem, &solution.point, following);
        // Kept, they would add to what the noise takes.
        self.condensing.let_go_if_large();
        let mut examined = self.examined(&solution, following)?;
        let weighed = self.weighed(&solution, &mut examined, following)?;
        if examined.is_stopped {
            solution.stop = Stop::Interrupted;
        }
        let Some(Weighed { found: mut weighting, taken }) = weighed else {
            return Ok(self.told((&solution, start), &examined, None));
        };
        if let Some(taken) = taken {
            let plain = self.told((&solution, start), &examined, None);
            weighting.least_squares = Some(plain.least_squares());
            examined.follow(problem, &solution.point, &taken);
            solution.point = taken.point;
        }
        Ok(self.told((&solution, start), &examined, Some(weighting)))
    }

    /// A solution as plain data.
    fn told(
        &self,
        (solution, start): (&Solution, &[f64]),
        examined: &Examined,
        weighting: Option<WeightingFound>,
    ) -> FitResult {
        let described = Described {
            settings: self.ask.settings,
            strategy: self.ask.outset.strategy,
            advice: &self.ask.outset.advice,
            problem: self.described,
            last: examined.last.as_ref(),
            uncertainty: &examined.uncertainty,
            profiles: &examined.profiles,
            weighting: weighting.as_ref(),
            start: start.to_vec(),
            curve_times_seconds: &self.ask.outset.curve_times_seconds,
        };
        let condensed = self.condensing.told(solution.iterations.len());
        let result = described.result(self.raw, solution, &examined.found);
        FitResult { condensed, weighting, ..result }
    }

    /// Errors, intervals and the test of fit.
    fn examined(&self, solution: &Solution, following: &Following<'_>) -> Result<Examined> {
        let problem = self.described;
        let sweep = || unless_stopped(LastSweep::of(self.raw, problem, &solution.point, self.ask.settings.sharing));
        let mut last = if solution.stop == Stop::Interrupted { None } else { sweep()? };
        let phi_degrees = self.raw.phi_degrees();
        let mut uncertainty = Uncertainty::of(problem, &solution.point, last.as_ref());
        let tell = |last: Option<&LastSweep>, uncertainty: &Uncertainty| {
            Found::of((problem, &solution.point), &phi_degrees, last, uncertainty)
        };
        let mut found = tell(last.as_ref(), &uncertainty);
        let profiles = match &mut last {
            Some(last) => {
                // Its memory is wanted for condensed data.
                last.speckles.let_go();
                // Beside a minimum the cost tells no interval.
                let ask = self.ask.settings;
                let which = if solution.stop.is_minimum() { ask.profiles } else { Profiles::Never };
                if which == Profiles::Auto {
                    following.watch.tell(&Event::Intervals { done: 0.0, all: 0 });
                }
                let (condensing, point) = (self.condensing, &solution.point);
                let wanted = Wanted { raw: self.raw, condensing, problem, point, uncertainty: &uncertainty };
                let intervals = wanted.intervals(which, found.is_refused(&ask.quality), following);
                unless_stopped(intervals)?
            }
            None => None,
        };
        let mut is_stopped = profiles.is_none();
        let profiles = profiles.unwrap_or_default();
        let known = uncertainty.undetermined.clone();
        uncertainty.settle(&|parameter| profiles.iter().any(|found| found.parameter == parameter && found.is_closed()));
        if uncertainty.undetermined != known && last.is_some() {
            // What the cost itself has shown not to be determined is no pattern to look for.
            last = sweep()?;
            is_stopped |= last.is_none();
            found = tell(last.as_ref(), &uncertainty);
        }
        Ok(Examined { last, uncertainty, found, profiles, is_stopped })
    }

    /// The solution with weights that know speckles, where that is asked for and worth it.
    fn weighed(
        &self,
        solution: &Solution,
        examined: &mut Examined,
        following: &Following<'_>,
    ) -> Result<Option<Weighed>> {
        let (problem, settings, point) = (self.described, self.ask.settings, &solution.point);
        let Examined { last: Some(last), uncertainty, found, .. } = &*examined else { return Ok(None) };
        let noise = uncertainty.noise.as_ref().filter(|_| settings.weighting != Weighting::Uniform);
        let Some(noise) = noise.filter(|_| !examined.is_stopped) else { return Ok(None) };
        let bent = bent(&examined.profiles, &problem.space.physical, (&point.theta, uncertainty.errors()));
        let solved = Solved { data: self.raw, problem, point, uncertainty, last, noise, bent: &bent };
        let weighed = unless_stopped(weigh(&solved, settings.weighting, found.is_refused(&settings.quality)))?;
        match &weighed {
            Some(Weighed { found, .. }) => {
                following.note(&format!("weights of pairs: {}: {}", found.weights.name(), found.reason));
            }
            None => examined.is_stopped = true,
        }
        Ok(weighed)
    }
}
