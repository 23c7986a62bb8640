//! What a page says of a result in words and tables: verdict, parameters, correlations, largest residuals. It computes nothing.

use crate::outcome::fit::{FitOutcome, FitResult};
use crate::outcome::verdict::Verdict;
use crate::report::figures::formats::svg::escaped;
use crate::report::tables::advice::advice;
use crate::report::tables::intervals::intervals;
use crate::report::tables::measured::{Measured, measured, p_value, with_error};
use crate::report::tables::summary::{convention, expectation, scaling};
use crate::units::degrees;
use std::fmt::Write;

/// Most numbers in the table of correlations.
const MOST_CORRELATED: usize = 12;
/// Most angles whose table is shown at once.
const MOST_ANGLES: usize = 12;
/// Most rows in the table of residuals.
const MOST_EXTREMES: usize = 8;

/// The judgement with its reasons, and what to do.
pub fn verdict(html: &mut String, result: &FitResult) {
    let class = match result.verdict {
        Verdict::Converged => "good",
        Verdict::Interrupted => "doubt",
        _ => "bad",
    };
    let _ = write!(
        html,
        "<div class=\"verdict {class}\"><b>verdict: {}</b><div>{}</div>",
        result.verdict.name(),
        meaning(result.verdict)
    );
    list(html, &result.reasons);
    if let Some(chi) = result.reduced_chi_squared {
        let expected =
            expectation(result).map_or_else(String::new, |expected| format!(" ({})", expected.replace("+-", "\u{b1}")));
        let _ = write!(html, "<div>chi2_nu {chi:.4}{expected}, {} pairs", result.n_pairs);
        if let Some(test) = &result.lack_of_fit {
            let _ = write!(html, "; test of fit: {}", p_value(test.p_value));
        }
        html.push_str("</div>");
    }
    if let Some(found) = &result.weighting {
        let _ = write!(html, "<div>weights of pairs: {}: {}</div>", found.weights.name(), escaped(&found.reason));
    }
    let advice = advice(result);
    if !advice.is_empty() {
        html.push_str("<b>what to do:</b>");
    }
    list(html, &advice);
    html.push_str("</div>\n");
}

/// What a verdict means, in one sentence.
fn meaning(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Converged => "The model describes the data, and they determine every number.",
        Verdict::AtBound => "A number lies on its bound: it is the choice of the bound, not of the data.",
        Verdict::Undetermined => "The data do not determine all numbers.",
        Verdict::PoorFit => "The model does not describe the data within their noise.",
        Verdict::Unchecked => "The noise is not known: nothing tells whether the model describes the data.",
        Verdict::MaxIterations => "Not at a minimum: the limit of iterations came first.",
        Verdict::Interrupted => {
            "Stopped on request: the numbers that were known by then, perhaps not those of a minimum."
        }
        Verdict::Failed => "No minimum was found.",
    }
}

/// Lines as a list.
pub fn list(html: &mut String, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    html.push_str("<ul>");
    lines.iter().for_each(|line| {
        let _ = write!(html, "<li>{}</li>", escaped(line));
    });
    html.push_str("</ul>");
}

/// The parameters as a table.
pub fn parameters(html: &mut String, FitOutcome { result, conditions, .. }: &FitOutcome) {
    html.push_str(
        "<h2>Parameters</h2><div class=\"wide\"><table><thead><tr><th>parameter</th><th>value</th><th>uncertainty</th>\
         <th>pairs independent</th><th>95 % interval</th><th>unit</th><th>bounds</th><th>status</th></tr></thead><tbody>\n",
    );
    for found in &result.parameters {
        let written = measured(found.value, [found.uncertainty, found.uncertainty_plain]);
        let [error, plain] = written.errors.map(dashed);
        let _ = writeln!(
            html,
            "<tr><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td>\
             <td>{}</td><td class=\"n\">{} to {}</td><td>{}</td></tr>",
            found.name,
            written.value,
            error,
            plain,
            intervals(found).map_or(DASH.into(), |[_, outer]| outer),
            escaped(&found.unit),
            found.bounds[0],
            found.bounds[1],
            found.status.name()
        );
    }
    html.push_str("</tbody></table></div>");
    for line in [scaling(result)].into_iter().chain(convention(conditions)) {
        let _ = writeln!(html, "<p>{}</p>", escaped(&line));
    }
}

/// What is not known.
const DASH: &str = "\u{2013}";

fn dashed(text: String) -> String {
    if text == "-" { DASH.into() } else { text }
}

/// What every angle has of its own; of many angles when it is asked for.
pub fn by_angle(html: &mut String, result: &FitResult) {
    let is_long = result.angles.len() > MOST_ANGLES;
    html.push_str(if is_long { "<details><summary>Table of all angles</summary>" } else { "<h2>By angle</h2>" });
    html.push_str(
        "<div class=\"wide\"><table><thead><tr><th>phi (degree)</th><th>contrast</th><th>uncertainty</th><th>offset</th><th>uncertainty</th>\
         <th>sigma of one c2 value</th><th>chi2 per pair</th><th>expected</th><th>pairs</th></tr></thead><tbody>\n",
    );
    for angle in &result.angles {
        let numbers = |value: f64, error: Option<f64>| {
            let Measured { value, errors: [error, _] } = measured(value, [error, None]);
            [value, dashed(error)]
        };
        let per_pair = |sum: f64| sum / angle.pairs.max(1) as f64;
        let known = |text: Option<String>| text.unwrap_or(DASH.into());
        let expected = angle.expected_chi_squared;
        let mut cells = vec![degrees(angle.phi_degrees).to_string()];
        cells.extend(numbers(angle.contrast, angle.contrast_uncertainty));
        cells.extend(numbers(angle.offset, angle.offset_uncertainty));
        cells.extend([
            known(angle.sigma.map(|sigma| format!("{sigma:.3e}"))),
            known(angle.chi_squared.map(|chi| format!("{:.4}", per_pair(chi)))),
            known(expected.map(|expected| with_error(per_pair(expected.value), per_pair(expected.spread)))),
            angle.pairs.to_string(),
        ]);
        html.push_str("<tr>");
        cells.iter().for_each(|cell| {
            let _ = write!(html, "<td class=\"n\">{cell}</td>");
        });
        html.push_str("</tr>\n");
    }
    html.push_str("</tbody></table></div>");
    html.push_str(if is_long { "</details>\n" } else { "\n" });
}

/// Correlations as a table whose cells are the redder or bluer the stronger they are.
pub fn correlations(html: &mut String, result: &FitResult) {
    // Contrast and offset of a hundred angles would be no table.
    let n = result.covariance_names.len().min(MOST_CORRELATED);
    if n == 0 || result.correlation.len() < n {
        return;
    }
    html.push_str("<h2>Correlations</h2><div class=\"wide\"><table><thead><tr><th></th>");
    for name in &result.covariance_names[..n] {
        let _ = write!(html, "<th>{}</th>", escaped(name));
    }
    html.push_str("</tr></thead><tbody>\n");
    for (name, row) in result.covariance_names.iter().zip(&result.correlation).take(n) {
        let _ = write!(html, "<tr><th>{}</th>", escaped(name));
        for cell in row.iter().take(n) {
            let _ = match cell {
                Some(value) => {
                    write!(html, "<td class=\"n\" style=\"background:{}\">{value:.2}</td>", tint(*value))
                }
                None => write!(html, "<td class=\"n\">{DASH}</td>"),
            };
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</tbody></table></div><p>Beyond 0.95 in size two numbers can hardly be told apart.");
    if result.covariance_names[..n].iter().any(|name| name.ends_with("[1]")) {
        html.push_str(" Those of angles count from 0, in the order of the table by angle.");
    }
    html.push_str("</p>\n");
}

/// Red for one sign, blue for the other, see-through: text stays legible on light and dark pages.
fn tint(correlation: f64) -> String {
    let colour = if correlation < 0.0 { "0,114,178" } else { "213,94,0" };
    format!("rgba({colour},{:.2})", 0.6 * correlation.abs().min(1.0))
}

/// The most extreme residuals and where they are.
pub fn largest_residuals(html: &mut String, result: &FitResult) {
    // Without sigma there is nothing to measure them by.
    if result.residual_extremes.is_empty() || result.reduced_chi_squared.is_none() {
        return;
    }
    html.push_str(
        "<h2>Largest residuals</h2><div class=\"wide\"><table><thead><tr><th>phi (degree)</th><th>frames (from 1)</th>\
         <th>(data - model) / sigma</th></tr></thead><tbody>\n",
    );
    for found in result.residual_extremes.iter().take(MOST_EXTREMES) {
        let (phi, sigma) = (degrees(found.phi_degrees), found.residual_sigma);
        let _ = writeln!(
            html,
            "<tr><td class=\"n\">{phi}</td><td class=\"n\">{}, {}</td><td class=\"n\">{sigma:+.1}</td></tr>",
            found.frame_1, found.frame_2
        );
    }
    html.push_str(
        "</tbody></table></div><p>Frames have their numbers in the file, from 1; i and j of stores and of <code>fitted/</code> count from 0.</p>\n",
    );
}
