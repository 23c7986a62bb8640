//! A whole fit: scaling mode, start, solution, uncertainty, verdict. It asks for sweeps and returns plain data.

use crate::error::Result;
use crate::fit::reduced::angle_cost;
use crate::fit::scaling::{ScalingMap, ScalingMode};
use crate::fit::solve::{Problem, Solution, minimise};
use crate::fit::start::{Scales, from_data, weights};
use crate::fit::trust_region::Tolerances;
use crate::fit::uncertainty::Uncertainty;
use crate::fit::verdict::{judge, physical_bounds, scaling_bounds};
use crate::objective::Objective;
use crate::outcome::{ActiveBound, AngleResult, FitResult, Iteration, ParameterResult};
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
    /// Largest acceptable chi-square per degree of freedom.
    pub max_reduced_chi_squared: f64,
    /// Layout of the coarse grid.
    pub scales: Scales,
}

/// Fits `full`, starting from `sample` where the settings give no start.
///
/// # Errors
/// What the sweeps report, and impossible scaling settings.
pub fn fit(
    full: &dyn Objective,
    sample: &dyn Objective,
    settings: &FitSettings,
    observe: &mut dyn FnMut(&Iteration),
) -> Result<FitResult> {
    let n_angles = full.phi_degrees().len();
    let shared = matches!(settings.scaling, ScalingChoice::Auto(threshold) if n_angles >= threshold);
    let start = match &settings.start {
        Some(start) => start.clone(),
        None => from_data(sample, &settings.space, shared, &settings.scales)?,
    };
    let mode = match &settings.scaling {
        ScalingChoice::Auto(_) if shared => ScalingMode::Shared,
        ScalingChoice::Auto(_) | ScalingChoice::Individual => ScalingMode::Individual,
        ScalingChoice::Fourier(order) => ScalingMode::Fourier(*order),
        ScalingChoice::Constant(Some(given)) => ScalingMode::Constant(given.clone()),
        ScalingChoice::Constant(None) => ScalingMode::Constant(estimate_scaling(full, sample, settings, &start)?),
    };
    let problem = problem(full, settings, &mode)?;
    let solution = minimise(full, &problem, &start, observe)?;
    Ok(describe(full, settings, &problem, solution, start))
}

fn problem<'a>(objective: &dyn Objective, settings: &'a FitSettings, mode: &ScalingMode) -> Result<Problem<'a>> {
    Ok(Problem {
        space: &settings.space,
        map: ScalingMap::new(mode, &objective.phi_degrees(), &settings.space)?,
        weights: weights(&objective.sigma()),
        tolerances: settings.tolerances,
        t_ref_seconds: settings.scales.t_ref_seconds(),
    })
}

/// One contrast and offset per angle before the fit: the best at the start's parameters, polished on the sample.
fn estimate_scaling(
    full: &dyn Objective,
    sample: &dyn Objective,
    settings: &FitSettings,
    start: &[f64],
) -> Result<Vec<(f64, f64)>> {
    let polished = minimise(sample, &problem(sample, settings, &ScalingMode::Individual)?, start, &mut |_| ())?;
    let scaling = problem(full, settings, &ScalingMode::Individual)?.scaling(full, &polished.theta)?;
    Ok(scaling.per_angle.iter().map(|(contrast, offset)| (*contrast, offset + 1.0)).collect())
}

fn describe(
    objective: &dyn Objective,
    settings: &FitSettings,
    problem: &Problem<'_>,
    solution: Solution,
    start: Vec<f64>,
) -> FitResult {
    let uncertainty = Uncertainty::of(problem, &solution);
    let mut active = physical_bounds(problem, &solution, &uncertainty);
    active.extend(scaling_bounds(problem, &solution, &objective.phi_degrees()));
    let n_pairs: u64 = solution.grams.iter().map(|gram| gram.pairs).sum();
    let pinned: usize = solution.scaling.active.iter().map(Vec::len).sum();
    let n_free = uncertainty.moving.len() + problem.map.n_free().saturating_sub(pinned);
    let degrees_of_freedom = n_pairs.saturating_sub(n_free as u64);
    let noise_is_known = objective.sigma().iter().all(|&sigma| sigma > 0.0);
    let chi_squared = noise_is_known.then_some(2.0 * solution.evaluation.cost);
    let reduced_chi_squared = chi_squared.map(|chi| chi / degrees_of_freedom.max(1) as f64);
    let (verdict, reasons) =
        judge(solution.stop, &uncertainty, &active, reduced_chi_squared, settings.max_reduced_chi_squared);
    let names: Vec<String> = uncertainty
        .moving
        .iter()
        .map(|&k| problem.space.physical[k].name.clone())
        .chain(scaling_names(problem))
        .collect();
    let (covariance, correlation) = tables(&uncertainty);
    FitResult {
        verdict,
        reasons,
        stop: solution.stop,
        parameters: parameters(problem, &solution, &uncertainty, &active),
        angles: angles(objective, &solution, &uncertainty),
        scaling_mode: problem.map.name.into(),
        n_scaling: problem.map.n_free(),
        n_pairs,
        degrees_of_freedom,
        chi_squared,
        reduced_chi_squared,
        covariance_names: names,
        covariance,
        correlation,
        condition_number: uncertainty.condition_number,
        active_bounds: active,
        undetermined: uncertainty.directions,
        start,
        start_from: if settings.start.is_some() { "configuration" } else { "data" },
        iterations: solution.iterations,
    }
}

fn parameters(
    problem: &Problem<'_>,
    solution: &Solution,
    uncertainty: &Uncertainty,
    active: &[ActiveBound],
) -> Vec<ParameterResult> {
    let status = |k: usize| {
        let parameter = &problem.space.physical[k];
        let on_bound = active.iter().find(|bound| bound.name == parameter.name && !bound.within_one_standard_error);
        let moving = uncertainty.moving.iter().position(|&moving| moving == k);
        match (parameter.fixed, on_bound, moving) {
            (Some(_), _, _) => "fixed",
            (_, Some(bound), _) if bound.side == "lower" => "at_lower_bound",
            (_, Some(_), _) => "at_upper_bound",
            (_, _, Some(moving)) if uncertainty.undetermined.contains(&moving) => "undetermined",
            _ => "free",
        }
    };
    let result = |(k, parameter): (usize, &crate::parameters::Parameter)| ParameterResult {
        name: parameter.name.clone(),
        unit: parameter.unit.clone(),
        value: solution.theta[k],
        uncertainty: uncertainty.standard_error(k).filter(|_| status(k) == "free"),
        lower: parameter.lower,
        upper: parameter.upper,
        status: status(k),
    };
    problem.space.physical.iter().enumerate().map(result).collect()
}

fn angles(objective: &dyn Objective, solution: &Solution, uncertainty: &Uncertainty) -> Vec<AngleResult> {
    let error = |variance: f64| (variance > 0.0 && variance.is_finite()).then(|| variance.sqrt());
    let (phi, sigma) = (objective.phi_degrees(), objective.sigma());
    let result = |k: usize| {
        let ((contrast, offset), variances) = (solution.scaling.per_angle[k], uncertainty.scaling_variances[k]);
        let known_noise = Some(sigma[k]).filter(|&sigma| sigma > 0.0);
        AngleResult {
            phi_degrees: phi[k],
            contrast,
            contrast_uncertainty: error(variances.0),
            offset: offset + 1.0,
            offset_uncertainty: error(variances.1),
            sigma: known_noise,
            pairs: solution.grams[k].pairs,
            chi_squared: known_noise.map(|_| 2.0 * angle_cost(&solution.grams[k], (contrast, offset)).0.max(0.0)),
        }
    };
    (0..phi.len()).map(result).collect()
}

fn scaling_names(problem: &Problem<'_>) -> Vec<String> {
    let block_names = |(index, block): (usize, &crate::fit::scaling::ScalingBlock)| {
        let name = move |what: &str, k: usize| format!("{what}[{}]", index + k);
        let m = block.order();
        (0..m).map(move |k| name("contrast", k)).chain((0..m).map(move |k| name("offset", k))).collect::<Vec<String>>()
    };
    problem.map.blocks.iter().enumerate().flat_map(block_names).collect()
}

type Table = Vec<Vec<Option<f64>>>;

/// Covariance and correlation, without entries for what is not determined.
fn tables(uncertainty: &Uncertainty) -> (Table, Table) {
    let full = &uncertainty.covariance;
    let known = |k: usize| !uncertainty.undetermined.contains(&k) && full.get(k, k) > 0.0 && full.get(k, k).is_finite();
    let entry = |row: usize, col: usize| (known(row) && known(col)).then(|| full.get(row, col));
    let correlation = |row: usize, col: usize| {
        entry(row, col).map(|covariance| covariance / (full.get(row, row).sqrt() * full.get(col, col).sqrt()))
    };
    let table = |of: &dyn Fn(usize, usize) -> Option<f64>| {
        (0..full.n_rows).map(|row| (0..full.n_rows).map(|col| of(row, col)).collect()).collect()
    };
    (table(&entry), table(&correlation))
}
