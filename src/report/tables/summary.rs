//! The result as a short table for a terminal.

use crate::outcome::fit::{FitOutcome, FitResult};
use crate::outcome::parameter::{IntervalMethod, ParameterResult};
use std::fmt::Write;

/// Parameters, quality and verdict.
#[must_use]
pub fn summary(outcome: &FitOutcome) -> String {
    let FitOutcome { result, conditions, .. } = outcome;
    let mut text = String::new();
    let mut line = |content: String| {
        let _ = writeln!(text, "{}", content.trim_end());
    };
    let title = ["parameter", "value", "uncertainty", "plain", "unit", "status"];
    line(format!("{:<20} {:>16} {:>12} {:>12}  {:<14} {}", title[0], title[1], title[2], title[3], title[4], title[5]));
    for found in &result.parameters {
        line(row(found));
        profile(found).into_iter().for_each(&mut line);
    }
    let mean =
        |value: &dyn Fn(usize) -> f64| (0..result.angles.len()).map(value).sum::<f64>() / result.angles.len() as f64;
    let n_angles = result.angles.len();
    let (contrast, offset) = (mean(&|k| result.angles[k].contrast), mean(&|k| result.angles[k].offset));
    line(format!(
        "contrast {contrast:.5}, offset {offset:.5} (mean of {n_angles} angles, scaling {})",
        result.scaling_mode.name()
    ));
    let chi = result.reduced_chi_squared.map_or("unknown (the data show no noise)".into(), |chi| format!("{chi:.4}"));
    let chi = match result.expected_reduced_chi_squared {
        Some(expected) => format!("{chi} (expected {:.4} +- {:.4})", expected.value, expected.spread),
        None => chi,
    };
    let condition = result.condition_number.map_or("singular".into(), |condition| format!("{condition:.2e}"));
    line(format!("chi2_nu {chi}, {} pairs, {} sweeps, condition {condition}", result.n_pairs, result.iterations.len()));
    if let (Some(convention), Some(factor)) =
        (conditions.shear_convention, conditions.gamma_dot_factor_to_other_convention)
    {
        let convention = convention.name();
        line(format!("gamma_dot in the {convention} convention; times {factor:.4} in the other"));
    }
    if let Some(renewals) = result.renewals {
        line(format!(
            "uncertainty: {} (speckles renew {renewals:.1} times by diffusion at each of {n_angles} angles); plain: pairs independent",
            result.uncertainty_method.name()
        ));
    }
    quality(result, &mut line);
    line(format!("verdict: {}", result.verdict.name()));
    for reason in &result.reasons {
        line(format!("  - {reason}"));
    }
    text
}

/// Whether the model fits, what the data tell apart, and what a search has found.
fn quality(result: &FitResult, line: &mut dyn FnMut(String)) {
    let speckles = result.angles.iter().filter_map(|angle| angle.noise.speckles);
    let white = result.angles.iter().filter_map(|angle| angle.noise.white_variance);
    if let (Some(speckles), Some(white)) = (range(speckles), range(white)) {
        line(format!(
            "noise: {speckles} independent speckles per angle, white part of an intensity's variance {white}"
        ));
    }
    if let Some(test) = &result.lack_of_fit {
        let what = if test.stands_out.is_empty() { "nothing stands out".into() } else { test.stands_out.join("; ") };
        line(format!("test of fit: p = {:.2e}: {what}", test.p_value));
    }
    if let Some(correlation) = result.identifiability.shear_scaling_correlation {
        line(format!("correlation of gamma_dot_t0 with the scaling {correlation:.3}"));
    }
    if let Some(test) = &result.identifiability.scaling_test {
        line(format!("F-test of one scaling against many: p = {:.2e}: {}", test.p_value, test.conclusion));
    }
    if let Some(search) = &result.search {
        let found = if search.improved { "a deeper basin was found" } else { "no deeper basin was found" };
        line(format!("global search ({}, {} basins): {found}", search.method.name(), search.basins.len()));
    }
}

/// Least and largest of some numbers.
fn range(numbers: impl Iterator<Item = f64> + Clone) -> Option<String> {
    let least = numbers.clone().min_by(f64::total_cmp)?;
    let most = numbers.max_by(f64::total_cmp)?;
    Some(match most - least < 5e-3 * most {
        true => format!("{most:.3}"),
        false => format!("{least:.3} to {most:.3}"),
    })
}

/// Intervals that come from the cost itself.
fn profile(found: &ParameterResult) -> Option<String> {
    let [inner, outer] = [found.interval_68?, found.interval_95?].map(|ends| {
        let [lower, upper] = ends.map(|end| end.map_or("bound".into(), |end| format!("{end:.4e}")));
        format!("[{lower}, {upper}]")
    });
    let is_profile = found.interval_method == Some(IntervalMethod::Profile);
    is_profile.then(|| format!("{:<20} 68 % {inner}, 95 % {outer}: from the cost itself", ""))
}

fn row(found: &ParameterResult) -> String {
    let error = |error: Option<f64>| error.map_or("-".into(), |error| format!("{error:.3e}"));
    let (reported, plain) = (error(found.uncertainty), error(found.uncertainty_plain));
    let (name, value, unit, status) = (&found.name, found.value, &found.unit, found.status.name());
    format!("{name:<20} {value:>16.9e} {reported:>12} {plain:>12}  {unit:<14} {status}")
}
