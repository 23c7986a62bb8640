//! A result under the names of the Python programs: their `parameters.json`, `analysis_results_nlsq.json` and `convergence_metrics.json`.
//! What they have no word for stays in our own `parameters.json`.

use crate::outcome::fit::{AngleResult, FitOutcome, FitResult};
use crate::outcome::verdict::Verdict;
use crate::parameters::scaling::{ScalingMode, harmonics};
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

/// The standard error of a mean over all angles: that of one angle where all share the number, else from the covariance of all free
/// numbers behind it; `None` where that is not known.
fn mean_error(result: &FitResult, name: &str, of_angle: fn(&AngleResult) -> Option<f64>) -> Option<f64> {
    // As it was resolved: one pair for all.
    if result.scaling_mode == ScalingMode::Auto {
        return of_angle(result.angles.first()?);
    }
    let is_own = |known: &String| known.strip_prefix(name).is_some_and(|rest| rest.starts_with('['));
    let own: Vec<usize> = (0..result.covariance_names.len()).filter(|&k| is_own(&result.covariance_names[k])).collect();
    let n_angles = result.angles.len();
    // What each of them adds to the mean.
    let weights: Vec<f64> = match result.scaling_mode {
        ScalingMode::Fourier => {
            let series = result.angles.iter().map(|angle| harmonics(own.len() / 2, angle.phi_degrees));
            let sum = series.reduce(|sum, of_angle| sum.iter().zip(&of_angle).map(|(sum, one)| sum + one).collect())?;
            sum.into_iter().map(|sum| sum / n_angles as f64).collect()
        }
        _ => vec![1.0 / n_angles as f64; n_angles],
    };
    let entry = |row: usize, column: usize| result.covariance.get(row)?.get(column).copied()?;
    let weighted = |(&row, by): (&usize, &f64)| {
        let of = |(&column, with): (&usize, &f64)| Some(by * with * entry(row, column)?);
        own.iter().zip(&weights).map(of).sum::<Option<f64>>()
    };
    let variance = own.iter().zip(&weights).map(weighted).sum::<Option<f64>>();
    variance.filter(|variance| *variance > 0.0 && own.len() == weights.len()).map(f64::sqrt)
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
            "chi_squared_reduction": result.reduced_chi_squared.map(below_one),
        },
        "recovery_actions": [],
        "quality_flag": quality(result.verdict),
        "verdict": result.verdict,
        "reasons": result.reasons,
    })
}

/// What the Python programs call a reduction.
fn below_one(reduced_chi_squared: f64) -> f64 {
    f64::max(1.0 - reduced_chi_squared, 0.0)
}

/// The words of the Python programs where they have one. Their readers take "converged" for success and look no further: it is said of
/// accepted fits alone, and what else is wrong at a minimum has our own word.
fn status(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::MaxIterations | Verdict::Interrupted => "max_iter",
        Verdict::Converged
        | Verdict::AtBound
        | Verdict::Undetermined
        | Verdict::PoorFit
        | Verdict::Unchecked
        | Verdict::Failed => verdict.name(),
    }
}

fn quality(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Converged => "good",
        Verdict::AtBound | Verdict::Undetermined | Verdict::Unchecked => "marginal",
        Verdict::PoorFit | Verdict::MaxIterations | Verdict::Interrupted | Verdict::Failed => "poor",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_accepted_fit_is_called_converged() {
        for (name, verdict) in Verdict::NAMES {
            assert_eq!(status(verdict) == "converged", verdict == Verdict::Converged, "{name}");
            assert_eq!(quality(verdict) == "good", verdict == Verdict::Converged, "{name}");
        }
        let theirs = [Verdict::MaxIterations, Verdict::Interrupted, Verdict::Failed].map(status);
        assert_eq!(theirs, ["max_iter", "max_iter", "failed"]);
    }
}
