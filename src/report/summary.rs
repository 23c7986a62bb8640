//! The result as a short table for a terminal.

use crate::outcome::{FitResult, ParameterResult};
use crate::report::json::Context;
use std::fmt::Write;

/// Parameters, quality and verdict.
#[must_use]
pub fn summary(result: &FitResult, context: &Context<'_>) -> String {
    let mut text = String::new();
    let mut line = |content: String| {
        let _ = writeln!(text, "{}", content.trim_end());
    };
    line(format!("{:<20} {:>16} {:>14}  {:<14} {}", "parameter", "value", "uncertainty", "unit", "status"));
    for found in &result.parameters {
        line(row(found));
    }
    let mean =
        |value: &dyn Fn(usize) -> f64| (0..result.angles.len()).map(value).sum::<f64>() / result.angles.len() as f64;
    let n_angles = result.angles.len();
    let (contrast, offset) = (mean(&|k| result.angles[k].contrast), mean(&|k| result.angles[k].offset));
    line(format!(
        "contrast {contrast:.5}, offset {offset:.5} (mean of {n_angles} angles, scaling {})",
        result.scaling_mode
    ));
    let chi = result.reduced_chi_squared.map_or("unknown (the data show no noise)".into(), |chi| format!("{chi:.4}"));
    let condition = result.condition_number.map_or("singular".into(), |condition| format!("{condition:.2e}"));
    line(format!("chi2_nu {chi}, {} pairs, {} sweeps, condition {condition}", result.n_pairs, result.iterations.len()));
    if let (Some(convention), Some(factor)) = (context.shear_convention, context.gamma_dot_conversion) {
        line(format!("gamma_dot in the {convention} convention; times {factor:.4} in the other"));
    }
    line(format!("verdict: {}", result.verdict.name()));
    for reason in &result.reasons {
        line(format!("  - {reason}"));
    }
    text
}

fn row(found: &ParameterResult) -> String {
    let error = found.uncertainty.map_or("-".into(), |error| format!("{error:.3e}"));
    format!("{:<20} {:>16.9e} {:>14}  {:<14} {}", found.name, found.value, error, found.unit, found.status)
}
