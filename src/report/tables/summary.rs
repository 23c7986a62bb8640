//! The result as a short table for a terminal, 80 columns wide wherever it can be.

use crate::outcome::fit::Conditions;
use crate::outcome::fit::{FitOutcome, FitResult};
use crate::outcome::parameter::{IntervalMethod, ParameterResult};
use crate::outcome::verdict::Verdict;
use crate::report::tables::advice::advice;
use crate::report::tables::intervals::intervals;
use crate::report::tables::measured::{measured, p_value, with_error};
use crate::report::tables::weights::weights;
use crate::units::counted;
use std::fmt::Write;

/// Columns of a terminal.
const WIDTH: usize = 80;

/// Parameters, quality, verdict, and what to do about it.
#[must_use]
pub fn summary(outcome: &FitOutcome) -> String {
    let FitOutcome { result, conditions, .. } = outcome;
    let mut text = table(&result.parameters);
    let mut line = |content: String| text += &wrapped(&content);
    line(scaling(result));
    chi_squared(result, &mut line);
    convention(conditions).into_iter().for_each(&mut line);
    if let Some(renewals) = result.renewals {
        line(format!(
            "uncertainty: {} (speckles renew {renewals:.1} times by diffusion{}); plain: pairs independent",
            result.uncertainty_method.name(),
            if result.angles.len() > 1 { format!(" at each of {} angles", result.angles.len()) } else { String::new() }
        ));
    }
    if let Some(found) = &result.weighting {
        weights(found).into_iter().for_each(&mut line);
    }
    quality(result, &mut line);
    line(format!("verdict: {}", result.verdict.name()));
    result.reasons.iter().for_each(|reason| line(format!("  - {reason}")));
    let advice = advice(result);
    if !advice.is_empty() {
        line("what to do:".into());
    }
    advice.iter().for_each(|advice| line(format!("  - {advice}")));
    text
}

/// Columns of the table of parameters.
const TITLES: [&str; 6] = ["parameter", "value", "+- uncertainty", "plain", "unit", "status"];

/// The parameters, aligned; intervals from the cost itself below their row.
fn table(parameters: &[ParameterResult]) -> String {
    let rows: Vec<[String; 6]> = std::iter::once(TITLES.map(str::to_owned)).chain(parameters.iter().map(row)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: [usize; 6] = std::array::from_fn(width);
    let gap = " ".repeat(if widths.iter().sum::<usize>() + 9 <= WIDTH { 2 } else { 1 });
    let mut text = String::new();
    for (k, [name, value, error, plain, unit, status]) in rows.iter().enumerate() {
        let [names, values, errors, plains, units, _] = widths;
        let line = format!(
            "{name:<names$}{gap}{value:>values$} {error:<errors$}{gap}{plain:>plains$}{gap}{unit:<units$}{gap}{status}"
        );
        let _ = writeln!(text, "{}", line.trim_end());
        if let Some(intervals) = k.checked_sub(1).and_then(|k| profile(&parameters[k])) {
            text += &wrapped(&format!("  {intervals}"));
        }
    }
    text
}

fn row(found: &ParameterResult) -> [String; 6] {
    let written = measured(found.value, [found.uncertainty, found.uncertainty_plain]);
    let [error, plain] = written.errors;
    let error = if error == "-" { error } else { format!("+- {error}") };
    let unit = if found.unit == "1" { String::new() } else { found.unit.clone() };
    [found.name.clone(), written.value, error, plain, unit, found.status.name().into()]
}

/// Intervals that come from the cost itself.
fn profile(found: &ParameterResult) -> Option<String> {
    let [inner, outer] = intervals(found)?;
    let is_profile = found.interval_method == Some(IntervalMethod::Profile);
    is_profile.then(|| format!("{}: 68 % {inner}; 95 % {outer}; from the cost itself", found.name))
}

/// Contrast and offset in one line.
#[must_use]
pub fn scaling(result: &FitResult) -> String {
    let n_angles = result.angles.len();
    let mean = |value: &dyn Fn(usize) -> f64| (0..n_angles).map(value).sum::<f64>() / n_angles as f64;
    let (contrast, offset) = (mean(&|k| result.angles[k].contrast), mean(&|k| result.angles[k].offset));
    let mode = result.scaling_mode.name();
    let of = if n_angles == 1 { "1 angle".to_owned() } else { format!("mean of {n_angles} angles") };
    // Of a faint contrast five digits behind the point would be two.
    let decimals = if contrast.abs() < 0.01 { 7 } else { 5 };
    format!("contrast {contrast:.decimals$}, offset {offset:.decimals$} ({of}, scaling {mode})")
}

/// What gamma_dot means, and what it is in the other convention; `None` without shear.
#[must_use]
pub fn convention(conditions: &Conditions) -> Option<String> {
    let convention = conditions.shear_convention?.name();
    let factor = conditions.gamma_dot_factor_to_other_convention?;
    Some(format!("gamma_dot in the {convention} convention; times {factor:.4} in the other"))
}

/// What noise lets expect of chi2_nu. Of a model that is refused, the noise that is found has taken in some of the misfit.
#[must_use]
pub fn expectation(result: &FitResult) -> Option<String> {
    let expected = result.expected_reduced_chi_squared?;
    let what = with_error(expected.value, expected.spread);
    let is_refused = result.verdict == Verdict::PoorFit;
    Some(format!("expected {what}{}", if is_refused { " if the misfit were noise" } else { "" }))
}

fn chi_squared(result: &FitResult, line: &mut dyn FnMut(String)) {
    line(match (result.reduced_chi_squared, expectation(result)) {
        (None, _) if result.reduced_loss.is_some() => "chi2_nu not known: a robust loss, and no last sweep".into(),
        (None, _) => "chi2_nu unknown (the data show no noise)".into(),
        (Some(chi), None) => format!("chi2_nu {chi:.4} (chi-square per degree of freedom)"),
        (Some(chi), Some(expected)) => {
            format!("chi2_nu {chi:.4} (chi-square per degree of freedom; {expected})")
        }
    });
    let condition = match result.condition_number {
        Some(condition) => format!("condition number {condition:.1e}"),
        None => "singular: some combination of parameters has no effect".into(),
    };
    let iterations = counted(result.iterations.len(), "iteration");
    line(format!("{} pairs, {iterations}, {condition}", result.n_pairs));
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
        line(format!("test of fit: {}: {what}", p_value(test.p_value)));
    }
    if let Some(correlation) = result.identifiability.shear_scaling_correlation {
        line(format!("correlation of gamma_dot_t0 with the scaling {correlation:.3}"));
    }
    if let Some(test) = &result.identifiability.scaling_test {
        line(format!("F-test of one scaling against many: {}: {}", p_value(test.p_value), test.conclusion));
    }
    if let Some(search) = &result.search {
        let found = if search.improved { "a deeper basin was found" } else { "no deeper basin was found" };
        line(format!("global search ({}, {}): {found}", search.method.name(), counted(search.basins.len(), "basin")));
    }
}

/// Least and largest of some numbers.
fn range(numbers: impl Iterator<Item = f64> + Clone) -> Option<String> {
    let least = numbers.clone().min_by(f64::total_cmp)?;
    let most = numbers.max_by(f64::total_cmp)?;
    let shown = |number: f64| if number < 10.0 { format!("{number:.3}") } else { format!("{number:.0}") };
    Some(match most - least < 5e-3 * most {
        true => shown(most),
        false => format!("{} to {}", shown(least), shown(most)),
    })
}

/// A line in several, each of up to `WIDTH` columns where its words allow; further ones stand below the first word of the first.
fn wrapped(content: &str) -> String {
    let first = content.find(|c: char| c != ' ' && c != '-').unwrap_or_default();
    let indent = " ".repeat(if content.starts_with(' ') { first } else { 2 });
    let (mut text, mut line) = (String::new(), content[..first].to_owned());
    let mut is_empty = true;
    for word in content[first..].split_whitespace() {
        if !is_empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
            let _ = writeln!(text, "{line}");
            line.clone_from(&indent);
            is_empty = true;
        }
        line += if is_empty { "" } else { " " };
        line += word;
        is_empty = false;
    }
    let _ = writeln!(text, "{line}");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_go_on_below_their_first_word() {
        let text = wrapped(&format!("  - {}", "word ".repeat(40)));
        assert!(text.lines().all(|line| line.len() <= WIDTH), "{text}");
        assert!(text.lines().skip(1).all(|line| line.starts_with("    word")), "{text}");
        assert_eq!(text.split_whitespace().filter(|word| *word == "word").count(), 40);
        assert_eq!(wrapped("-1 is short"), "-1 is short\n");
    }
}
