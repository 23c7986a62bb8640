//! One row per q: parameters, errors, verdicts, and how D0 depends on q. It fits a straight line and nothing else.

use crate::error::Result;
use crate::outcome::Verdict;
use crate::parameters::PHYSICAL;
use crate::report::tables::{numbers, parquet, words};
use serde::Serialize;
use serde_json::Value;
use std::fmt::Write;

/// The result at one q.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct QRow {
    /// Wavevector in 1/angstrom.
    pub q_per_angstrom: f64,
    /// Judgement; `None` if there was no fit.
    pub verdict: Option<Verdict>,
    /// `parameters.json` of the fit.
    pub result: Option<Value>,
    /// Why there was no fit.
    pub error: Option<String>,
}

/// D0 = A q^exponent, fitted to rows with a real error.
#[derive(Debug, Clone, PartialEq, Serialize)]
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
    /// Of a fit.
    #[must_use]
    pub fn finished(q_per_angstrom: f64, verdict: Verdict, parameters: Value) -> Self {
        let found = parameters["q_per_angstrom"].as_f64().unwrap_or(q_per_angstrom);
        QRow { q_per_angstrom: found, verdict: Some(verdict), result: Some(parameters), error: None }
    }

    /// Of a q that could not be fitted.
    #[must_use]
    pub fn failed(q_per_angstrom: f64, error: String) -> Self {
        QRow { q_per_angstrom, verdict: None, result: None, error: Some(error) }
    }

    fn number(&self, pointer: &str) -> Option<f64> {
        self.result.as_ref()?.pointer(pointer)?.as_f64()
    }

    fn parameter(&self, name: &str, what: &str) -> Option<f64> {
        self.number(&format!("/parameters/{name}/{what}"))
    }
}

/// Weighted straight line of ln D0 against ln q; `None` with fewer than two usable rows.
#[must_use]
pub fn power_law_check(rows: &[QRow]) -> Option<PowerLawCheck> {
    let point = |row: &QRow| {
        let (value, error) = (row.parameter("D0", "value")?, row.parameter("D0", "uncertainty")?);
        (value > 0.0 && error > 0.0).then(|| (row.q_per_angstrom.ln(), value.ln(), (value / error).powi(2)))
    };
    let points: Vec<(f64, f64, f64)> = rows.iter().filter_map(point).collect();
    if points.len() < 2 {
        return None;
    }
    let sum = |value: &dyn Fn(&(f64, f64, f64)) -> f64| points.iter().map(value).sum::<f64>();
    let weight = sum(&|p| p.2);
    let (x, y) = (sum(&|p| p.2 * p.0) / weight, sum(&|p| p.2 * p.1) / weight);
    let spread = sum(&|p| p.2 * (p.0 - x).powi(2));
    if spread <= 0.0 {
        return None;
    }
    let exponent = sum(&|p| p.2 * (p.0 - x) * (p.1 - y)) / spread;
    let chi_squared = sum(&|p| p.2 * (p.1 - y - exponent * (p.0 - x)).powi(2));
    let reduced_chi_squared = (points.len() > 2).then(|| chi_squared / (points.len() - 2) as f64);
    let exponent_uncertainty = (reduced_chi_squared.unwrap_or(1.0).max(1.0) / spread).sqrt();
    let conclusion = match exponent.abs() <= 2.0 * exponent_uncertainty {
        true => "D0 does not depend on q, as for diffusion".to_owned(),
        false => format!("D0 depends on q as q^{exponent:.3}: not simple diffusion"),
    };
    Some(PowerLawCheck { exponent, exponent_uncertainty, reduced_chi_squared, n_q: points.len(), conclusion })
}

/// `q_table.parquet`: q_per_angstrom, verdict, chi2_nu, pairs, error, and value, uncertainty and plain uncertainty of every
/// physical parameter.
///
/// # Errors
/// Internal if encoding fails.
pub fn q_parquet(rows: &[QRow]) -> Result<Vec<u8>> {
    let mut columns = vec![
        numbers("q_per_angstrom", rows, |row: &QRow| Some(row.q_per_angstrom)),
        words("verdict", rows, |row| row.verdict.map_or("no_fit", Verdict::name).into()),
        numbers("reduced_chi_squared", rows, |row| row.number("/reduced_chi_squared")),
        numbers("n_pairs", rows, |row| row.number("/n_pairs")),
        words("error", rows, |row| row.error.clone().unwrap_or_default()),
    ];
    for known in PHYSICAL {
        let present = rows.iter().any(|row| row.parameter(known.name, "value").is_some());
        for what in ["value", "uncertainty", "uncertainty_plain"].into_iter().filter(|_| present) {
            let name = if what == "value" { known.name.to_owned() } else { format!("{}_{what}", known.name) };
            columns.push(numbers(&name, rows, |row| row.parameter(known.name, what)));
        }
    }
    parquet(columns)
}

/// The table for a terminal.
#[must_use]
pub fn q_summary(rows: &[QRow], check: Option<&PowerLawCheck>) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "{:>14} {:>14} {:>12} {:>10}  verdict", "q [1/angstrom]", "D0", "uncertainty", "chi2_nu");
    let number = |value: Option<f64>, digits: usize| value.map_or("-".into(), |value| format!("{value:.digits$e}"));
    for row in rows {
        let chi = row.number("/reduced_chi_squared").map_or("-".into(), |chi| format!("{chi:.4}"));
        let verdict = row.verdict.map_or("no fit", Verdict::name);
        let (value, error) = (row.parameter("D0", "value"), row.parameter("D0", "uncertainty"));
        let _ = writeln!(
            text,
            "{:>14} {:>14} {:>12} {chi:>10}  {verdict}{}",
            row.q_per_angstrom,
            number(value, 6),
            number(error, 2),
            row.error.as_ref().map(|error| format!(": {error}")).unwrap_or_default()
        );
    }
    if let Some(check) = check {
        let (exponent, error) = (check.exponent, check.exponent_uncertainty);
        let _ = writeln!(text, "D0 ~ q^({exponent:.3} +- {error:.3}) over {} q: {}", check.n_q, check.conclusion);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_exponent_of_a_power_law_is_found_and_rows_without_error_are_left_out() {
        let row = |q: f64, d0: f64, error: Option<f64>| {
            let parameters = json!({"parameters": {"D0": {"value": d0, "uncertainty": error}}});
            QRow::finished(q, Verdict::Converged, parameters)
        };
        let law = |q: f64| 1e4 * (q / 0.01).powf(-0.5);
        let mut rows: Vec<QRow> = [0.005, 0.01, 0.02].iter().map(|&q| row(q, law(q), Some(0.01 * law(q)))).collect();
        rows.push(row(0.04, 1.0, None));
        rows.push(QRow::failed(0.08, "no".into()));
        let check = power_law_check(&rows).expect("three points");
        assert!((check.exponent + 0.5).abs() < 1e-12 && check.n_q == 3, "{check:?}");
        assert!(check.conclusion.contains("not simple diffusion"));
        assert_eq!(power_law_check(&rows[3..]), None);
    }
}
