//! A result under the names of the Python programs: their `parameters.json`, `analysis_results_nlsq.json` and `convergence_metrics.json`.
//! What they have no word for stays in our own `parameters.json`.

use crate::outcome::fit::{AngleResult, FitOutcome, FitResult};
use crate::outcome::verdict::Verdict;
use crate::parameters::scaling::ScalingMode;
use serde_json::{Map, Value, json};

/// Names and contents of all three.
#[must_use]
pub fn files(outcome: &FitOutcome, seconds: Option<f64>) -> [(&'static str, Value); 3] {
    [
        ("parameters.json", parameters(outcome)),
        ("analysis_results_nlsq.json", analysis(outcome, seconds)),
        ("convergence_metrics.json", convergence(&outcome.result, seconds)),
    ]
}

/// Value and uncertainty of every parameter; contrast and offset are the means over all angles.
fn parameters(outcome: &FitOutcome) -> Value {
    let result = &outcome.result;
    let entry = |value: f64, uncertainty: Option<f64>| json!({ "value": value, "uncertainty": uncertainty });
    let mut by_name = Map::new();
    let n = result.angles.len().max(1) as f64;
    let contrast = result.angles.iter().map(|angle| angle.contrast_fitted).sum::<f64>() / n;
    let offset = result.angles.iter().map(|angle| angle.offset).sum::<f64>() / n;
    by_name
        .insert("contrast".into(), entry(contrast, mean_error(result, "contrast", |angle| angle.contrast_uncertainty)));
    by_name.insert("offset".into(), entry(offset, mean_error(result, "offset", |angle| angle.offset_uncertainty)));
    by_name.extend(result.parameters.iter().map(|found| (found.name.clone(), entry(found.value, found.uncertainty))));
    json!({
        "analysis_mode": outcome.conditions.analysis_mode,
        "chi_squared": result.chi_squared,
        "reduced_chi_squared": result.reduced_chi_squared,
        "convergence_status": status(result.verdict),
        "parameters": by_name,
    })
}

/// The standard error of a mean over all angles: that of one angle where all share the number, else from the covariance of all; `None`
/// where that is not known.
fn mean_error(result: &FitResult, name: &str, of_angle: fn(&AngleResult) -> Option<f64>) -> Option<f64> {
    let n_angles = result.angles.len();
    match result.scaling_mode {
        // As it was resolved: one pair for all.
        ScalingMode::Auto => of_angle(result.angles.first()?),
        ScalingMode::Individual => {
            let is_own = |known: &String| known.strip_prefix(name).is_some_and(|rest| rest.starts_with('['));
            let own: Vec<usize> =
                (0..result.covariance_names.len()).filter(|&k| is_own(&result.covariance_names[k])).collect();
            let entry = |row: usize, column: usize| result.covariance.get(row)?.get(column).copied()?;
            let all = own.iter().flat_map(|&row| own.iter().map(move |&column| entry(row, column)));
            let sum = all.sum::<Option<f64>>().filter(|sum| *sum > 0.0 && own.len() == n_angles)?;
            Some(sum.sqrt() / n_angles as f64)
        }
        _ => None,
    }
}

fn analysis(outcome: &FitOutcome, seconds: Option<f64>) -> Value {
    let (result, conditions) = (&outcome.result, &outcome.conditions);
    json!({
        "method": "nlsq",
        "fit_quality": {
            "chi_squared": result.chi_squared,
            "reduced_chi_squared": result.reduced_chi_squared,
            "degrees_of_freedom": result.degrees_of_freedom,
            "quality_flag": quality(result.verdict),
        },
        "dataset_info": {
            "n_angles": result.angles.len(),
            "n_time_points": conditions.n_frames,
            "total_data_points": result.n_pairs,
            "q_value": conditions.q_per_angstrom,
        },
        "optimization_summary": {
            "convergence_status": status(result.verdict),
            "iterations": result.n_iterations,
            "execution_time": seconds,
        },
    })
}

fn convergence(result: &FitResult, seconds: Option<f64>) -> Value {
    json!({
        "convergence": {
            "status": status(result.verdict),
            "iterations": result.n_iterations,
            "execution_time": seconds,
            "final_chi_squared": result.chi_squared,
            "chi_squared_reduction": result.reduced_chi_squared,
        },
        "recovery_actions": [],
        "quality_flag": quality(result.verdict),
        "verdict": result.verdict,
        "reasons": result.reasons,
    })
}

/// The words of the Python programs.
fn status(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::MaxIterations | Verdict::Interrupted => "max_iter",
        Verdict::Failed => "failed",
        Verdict::Converged | Verdict::AtBound | Verdict::Undetermined | Verdict::PoorFit | Verdict::Unchecked => {
            "converged"
        }
    }
}

fn quality(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Converged => "good",
        Verdict::AtBound | Verdict::Undetermined | Verdict::Unchecked => "marginal",
        Verdict::PoorFit | Verdict::MaxIterations | Verdict::Interrupted | Verdict::Failed => "poor",
    }
}
