//! One row per q: parameters, errors, verdicts, and how D0 depends on q. It fits a straight line and nothing else.

use crate::error::Result;
use crate::outcome::curves::{Curve, CurvePoint};
use crate::outcome::fit::FitOutcome;
use crate::outcome::parameter::ParameterResult;
use crate::outcome::verdict::Verdict;
use crate::parameters::definitions::{DIFFUSION, PHYSICAL};
use crate::report::tables::measured::{measured, with_error};
use crate::report::tables::parquet::{Origin, described, numbers, words};
use serde::{Deserialize, Serialize};
use std::fmt::Write;

/// The result at one q.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QRow {
    /// Wavevector in 1/angstrom.
    pub q_per_angstrom: f64,
    /// Judgement; `None` if there was no fit.
    pub verdict: Option<Verdict>,
    /// What the fit has found.
    pub result: Option<FitOutcome>,
    /// Why there was no fit.
    pub error: Option<String>,
    /// Directory of the run, beside that of the table.
    #[serde(default)]
    pub run: Option<String>,
    /// Of the store that was fitted; tables of earlier versions do not tell.
    #[serde(default)]
    pub store_content_key: Option<String>,
}

/// D0 = A q^exponent, fitted to accepted rows with a real error.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PowerLawCheck {
    /// Exponent; 0 for a diffusion that does not depend on q.
    pub exponent: f64,
    /// Its standard error, not smaller than the scatter of the points allows.
    pub exponent_uncertainty: f64,
    /// Chi-square per degree of freedom of the straight line in ln D0, ln q; `None` with two points.
    pub reduced_chi_squared: Option<f64>,
    /// Rows used.
    pub n_q: usize,
    /// In words.
    pub conclusion: String,
}

impl QRow {
    /// Of a fit, the directory of its run and the content of its store.
    #[must_use]
    pub fn finished(outcome: FitOutcome, run: Option<String>, store_content_key: Option<String>) -> Self {
        let (q_per_angstrom, verdict) = (outcome.conditions.q_per_angstrom, outcome.result.verdict);
        QRow { q_per_angstrom, verdict: Some(verdict), result: Some(outcome), error: None, run, store_content_key }
    }

    /// Of a q that could not be fitted.
    #[must_use]
    pub fn failed(q_per_angstrom: f64, error: String) -> Self {
        QRow { q_per_angstrom, verdict: None, result: None, error: Some(error), run: None, store_content_key: None }
    }

    fn parameter(&self, name: &str) -> Option<&ParameterResult> {
        self.result.as_ref()?.result.parameters.iter().find(|known| known.name == name)
    }

    /// D0, if there was a fit.
    #[must_use]
    pub fn d0(&self) -> Option<&ParameterResult> {
        self.parameter(D0)
    }

    /// Whether there was a fit that can be believed.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        self.verdict == Some(Verdict::Converged)
    }

    /// The verdict, or why there is none.
    #[must_use]
    pub fn judgement(&self) -> String {
        let verdict = self.verdict.map_or("no fit", Verdict::name);
        let why = self.error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
        format!("{verdict}{why}")
    }

    /// Chi-square per degree of freedom, if it is known.
    #[must_use]
    pub fn reduced_chi_squared(&self) -> Option<f64> {
        self.result.as_ref()?.result.reduced_chi_squared
    }
}

/// The parameter whose dependence on q is looked at.
const D0: &str = PHYSICAL[DIFFUSION.amplitude].name;

/// Weighted straight line of ln D0 against ln q; `None` with fewer than two usable rows.
#[must_use]
pub fn power_law_check(rows: &[QRow]) -> Option<PowerLawCheck> {
    power_law(&points(rows))
}

/// Of its figure.
pub const OVER_Q: &str = "d0_over_q";

/// D0 against q, and the straight line through the points as a whole, in logarithms; `None` with fewer than two points.
#[must_use]
pub fn over_q(rows: &[QRow], law: Option<&PowerLawCheck>) -> Option<Curve> {
    let known: Vec<Point> = points(rows).into_iter().filter(|point| point.value > 0.0).collect();
    let mean = |value: fn(&Point) -> f64| known.iter().map(value).sum::<f64>() / known.len() as f64;
    let (q, d0) = (mean(|point| point.q_per_angstrom.ln()), mean(|point| point.value.ln()));
    let along = |law: &PowerLawCheck, x: f64| (d0 + law.exponent * (x.ln() - q)).exp();
    let point = |point: &Point| CurvePoint {
        x: point.q_per_angstrom,
        y: Some(point.value),
        y_error: Some(point.error),
        model: law.map(|law| along(law, point.q_per_angstrom)),
    };
    let points: Vec<CurvePoint> = known.iter().map(point).collect();
    (points.len() > 1).then(|| Curve::of(OVER_Q, ["q (1/angstrom)", "D0 (angstrom^2/s)"], points))
}

/// D0 of the accepted fits that have it with an error: of a model that is refused no number is quoted.
#[must_use]
pub fn points(rows: &[QRow]) -> Vec<Point> {
    let point = |row: &QRow| {
        let d0 = row.parameter(D0)?;
        Some(Point { q_per_angstrom: row.q_per_angstrom, value: d0.value, error: d0.uncertainty? })
    };
    rows.iter().filter(|row| row.is_accepted()).filter_map(point).collect()
}

/// D0 at one q.
#[derive(Debug, Clone, Copy)]
pub struct Point {
    /// Wavevector in 1/angstrom.
    pub q_per_angstrom: f64,
    /// D0.
    pub value: f64,
    /// Its standard error.
    pub error: f64,
}

fn power_law(points: &[Point]) -> Option<PowerLawCheck> {
    let usable: Vec<&Point> = points.iter().filter(|point| point.value > 0.0 && point.error > 0.0).collect();
    if usable.len() < 2 {
        return None;
    }
    let sum = |value: &dyn Fn(f64, f64) -> f64| -> f64 {
        let term =
            |point: &&Point| (point.value / point.error).powi(2) * value(point.q_per_angstrom.ln(), point.value.ln());
        usable.iter().map(term).sum()
    };
    let weight = sum(&|_, _| 1.0);
    let (x, y) = (sum(&|x, _| x) / weight, sum(&|_, y| y) / weight);
    let spread = sum(&|q, _| (q - x).powi(2));
    if spread <= 0.0 {
        return None;
    }
    let exponent = sum(&|q, d0| (q - x) * (d0 - y)) / spread;
    let chi_squared = sum(&|q, d0| (d0 - y - exponent * (q - x)).powi(2));
    let reduced_chi_squared = (usable.len() > 2).then(|| chi_squared / (usable.len() - 2) as f64);
    let exponent_uncertainty = (reduced_chi_squared.unwrap_or(1.0).max(1.0) / spread).sqrt();
    let conclusion = match exponent.abs() <= 2.0 * exponent_uncertainty {
        true => "D0 does not depend on q, as for diffusion".to_owned(),
        false => format!("D0 depends on q as q^{exponent:.3}: not simple diffusion"),
    };
    Some(PowerLawCheck { exponent, exponent_uncertainty, reduced_chi_squared, n_q: usable.len(), conclusion })
}

/// `q_table.parquet`: q_per_angstrom, verdict, reduced_chi_squared, pairs, error, run, content of the store, and value, uncertainty and plain uncertainty of every
/// physical parameter.
///
/// # Errors
/// Internal if encoding fails.
pub fn q_parquet(rows: &[QRow], run_id: &str) -> Result<Vec<u8>> {
    let mut units = "q_per_angstrom: 1/angstrom; reduced_chi_squared, n_pairs: 1".to_owned();
    let mut columns = vec![
        numbers("q_per_angstrom", rows, |row: &QRow| Some(row.q_per_angstrom)),
        words("verdict", rows, |row| row.verdict.map_or("no_fit", Verdict::name).into()),
        numbers("reduced_chi_squared", rows, QRow::reduced_chi_squared),
        numbers("n_pairs", rows, |row| row.result.as_ref().map(|found| found.result.n_pairs as f64)),
        words("error", rows, |row| row.error.clone().unwrap_or_default()),
        words("run_id", rows, |row| row.run.clone().unwrap_or_default()),
        words("store_content_key", rows, |row| row.store_content_key.clone().unwrap_or_default()),
    ];
    for known in PHYSICAL {
        if rows.iter().all(|row| row.parameter(known.name).is_none()) {
            continue;
        }
        let column = |suffix: &str, what: fn(&ParameterResult) -> Option<f64>| {
            numbers(&format!("{}{suffix}", known.name), rows, |row| row.parameter(known.name).and_then(what))
        };
        columns.push(column("", |found| Some(found.value)));
        columns.push(column("_uncertainty", |found| found.uncertainty));
        columns.push(column("_uncertainty_plain", |found| found.uncertainty_plain));
        let _ = write!(units, "; {} and its uncertainties: {}", known.name, known.unit);
    }
    described(origin(rows, run_id).metadata(&units), columns)
}

/// What tables of many q say of themselves: the first result's equation and frame interval are those of all, its q and its store are not.
#[must_use]
pub fn origin<'a>(rows: &'a [QRow], run_id: &'a str) -> Origin<'a> {
    let conditions = rows.iter().find_map(|row| Some(&row.result.as_ref()?.conditions));
    Origin { run_id, store_content_key: "", q_per_angstrom: None, conditions }
}

/// The table for a terminal.
#[must_use]
pub fn q_summary(rows: &[QRow], check: Option<&PowerLawCheck>) -> String {
    let title = ["q [1/angstrom]", "D0 [angstrom^2/s]", "+- error", "chi2_nu"];
    let mut text = format!("{:>14} {:>18} {:<12} {:>9}  verdict\n", title[0], title[1], title[2], title[3]);
    for row in rows {
        let chi = row.reduced_chi_squared().map_or("-".into(), |chi| format!("{chi:.4}"));
        let written =
            row.parameter(D0).map(|found| measured(found.value, [found.uncertainty, found.uncertainty_plain]));
        let value = written.as_ref().map_or("-", |written| written.value.as_str());
        let error = written.as_ref().map_or("-", |written| written.errors[0].as_str());
        let error = if error == "-" { error.to_owned() } else { format!("+- {error}") };
        let (q, judgement) = (row.q_per_angstrom, row.judgement());
        let _ = writeln!(text, "{q:>14} {value:>18} {error:<12} {chi:>9}  {judgement}");
    }
    let _ = writeln!(text, "{}", check_words(rows, check));
    let refused = rows.iter().filter(|row| !row.is_accepted()).count();
    if refused > 0 {
        let n = rows.len();
        let _ = writeln!(
            text,
            "{refused} of {n} q have no accepted fit: what to do is in the summary and the report of each"
        );
    }
    text
}

/// How D0 depends on q in words, or why nothing is said of it.
#[must_use]
pub fn check_words(rows: &[QRow], check: Option<&PowerLawCheck>) -> String {
    match check {
        Some(check) => {
            let exponent = with_error(check.exponent, check.exponent_uncertainty);
            format!("D0 ~ q^({exponent}) over {} q: {}", check.n_q, check.conclusion)
        }
        None => {
            let known = points(rows).iter().filter(|point| point.value > 0.0 && point.error > 0.0).count();
            format!("how D0 depends on q takes two accepted fits with a D0 above zero and its error; there are {known}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exponent_of_a_power_law_is_found_and_points_without_error_are_left_out() {
        let law = |q: f64| 1e4 * (q / 0.01).powf(-0.5);
        let point = |q_per_angstrom: f64| Point {
            q_per_angstrom,
            value: law(q_per_angstrom),
            error: 0.01 * law(q_per_angstrom),
        };
        let mut points = [0.005, 0.01, 0.02].map(point).to_vec();
        points.push(Point { q_per_angstrom: 0.04, value: 1.0, error: 0.0 });
        let check = power_law(&points).expect("three points");
        assert!((check.exponent + 0.5).abs() < 1e-12 && check.n_q == 3, "{check:?}");
        assert!(check.conclusion.contains("not simple diffusion"));
        assert_eq!(power_law(&points[2..]), None);
        let failed = [QRow::failed(0.08, "no".into())];
        assert_eq!(power_law_check(&failed), None);
        let told = q_summary(&failed, None);
        assert!(told.contains("there are 0") && told.contains("1 of 1 q have no accepted fit"), "{told}");
    }
}
