//! `parameters.json`: the result under the names that users of homodyne know, and everything that qualifies it.

use crate::experiment::Experiment;
use crate::outcome::{ExtremeResidual, FitResult, LagResult, ParameterResult};
use serde_json::{Map, Value, json};

/// What a result must be read with.
#[derive(Debug, Clone)]
pub struct Context<'a> {
    /// Mode.
    pub analysis_mode: &'static str,
    /// Shear convention; `None` in static mode.
    pub shear_convention: Option<&'static str>,
    /// Factor to gamma_dot of the other convention; `None` in static mode.
    pub gamma_dot_conversion: Option<f64>,
    /// What was measured.
    pub experiment: &'a Experiment,
}

const UNCERTAINTY_MEANING: &str = "uncertainty: frame_robust allows for what pairs that share frames or speckles have in \
common (dyadic-robust sandwich with a kernel in time); plain takes pairs as independent. uncertainty_plain is always the latter";

/// The most extreme residuals of all angles, the largest first.
fn extremes(result: &FitResult) -> Vec<&ExtremeResidual> {
    let mut all: Vec<&ExtremeResidual> = result.angles.iter().flat_map(|angle| &angle.extremes).collect();
    all.sort_by(|a, b| b.residual_sigma.abs().total_cmp(&a.residual_sigma.abs()));
    all.truncate(6);
    all
}

/// Chi-square by lag, all angles together.
fn lags(result: &FitResult) -> Vec<LagResult> {
    let mut sums: Vec<LagResult> = Vec::new();
    for lag in result.angles.iter().flat_map(|angle| &angle.lags) {
        match sums.iter_mut().find(|known| known.first_lag_frames == lag.first_lag_frames) {
            Some(known) => {
                known.pairs += lag.pairs;
                known.chi_squared += lag.chi_squared;
            }
            None => sums.push(lag.clone()),
        }
    }
    sums
}

/// The document.
#[must_use]
pub fn parameters_json(result: &FitResult, context: &Context<'_>) -> Value {
    let parameter = |found: &ParameterResult| {
        let value = json!({
            "value": found.value,
            "uncertainty": found.uncertainty,
            "uncertainty_plain": found.uncertainty_plain,
            "unit": found.unit,
            "status": found.status,
            "bounds": [found.lower, found.upper],
        });
        (found.name.clone(), value)
    };
    json!({
        "verdict": result.verdict,
        "reasons": result.reasons,
        "convergence_status": result.verdict,
        "parameters": result.parameters.iter().map(parameter).collect::<Map<String, Value>>(),
        "uncertainty_kind": result.uncertainty_kind,
        "uncertainty_meaning": UNCERTAINTY_MEANING,
        "speckle_renewals": result.renewals,
        "chi_squared": result.chi_squared,
        "reduced_chi_squared": result.reduced_chi_squared,
        "reduced_loss": result.reduced_loss,
        "loss": result.loss,
        "f_scale": result.f_scale,
        "strategy": result.strategy,
        "degrees_of_freedom": result.degrees_of_freedom,
        "n_pairs": result.n_pairs,
        "analysis_mode": context.analysis_mode,
        "shear_convention": context.shear_convention,
        "gamma_dot_factor_to_other_convention": context.gamma_dot_conversion,
        "q_per_angstrom": context.experiment.q_per_angstrom,
        "gap_angstrom": context.experiment.gap_angstrom,
        "dt_seconds": context.experiment.time.dt_seconds,
        "n_frames": context.experiment.time.n_frames,
        "scaling_mode": result.scaling_mode,
        "n_scaling": result.n_scaling,
        "per_angle": result.angles,
        "condition_number": result.condition_number,
        "active_bounds": result.active_bounds,
        "undetermined": result.undetermined,
        "covariance_names": result.covariance_names,
        "covariance": result.covariance,
        "correlation": result.correlation,
        "covariance_plain": result.covariance_plain,
        "identifiability": result.identifiability,
        "residual_extremes": extremes(result),
        "lags": lags(result),
        "global_search": result.search,
        "stop": result.stop,
        "n_iterations": result.iterations.len(),
        "start": result.start,
        "start_from": result.start_from,
    })
}
