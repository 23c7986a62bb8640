//! The part of a page that shows a posterior: whether to believe it, its numbers beside those of least squares, its figures. It computes
//! nothing.

use crate::error::Result;
use crate::outcome::posterior::{PosteriorNumber, PosteriorResult};
use crate::report::figures::formats::Format;
use crate::report::figures::formats::svg::escaped;
use crate::report::figures::lines::Figure;
use crate::report::judgement::list;
use crate::report::shell::put;
use crate::report::tables::measured::{measured, with_error};
use std::fmt::Write;

/// More numbers than this are in `posterior.json` alone.
const MOST_SHOWN: usize = 40;

/// A posterior on a page.
pub struct PosteriorShown<'a> {
    /// What was found.
    pub result: &'a PosteriorResult,
    /// All parameters, marginals, laws, pairs.
    pub results: &'a [Figure],
    /// R-hat, independent draws, walks, ranks, energies.
    pub diagnostics: &'a [Figure],
}

impl<'a> PosteriorShown<'a> {
    /// With its figures.
    #[must_use]
    pub fn of(result: &'a PosteriorResult, results: &'a [Figure], diagnostics: &'a [Figure]) -> Self {
        PosteriorShown { result, results, diagnostics }
    }

    /// Writes the section.
    ///
    /// # Errors
    /// Internal if a picture cannot be encoded.
    pub fn write(&self, html: &mut String, formats: &[Format]) -> Result<()> {
        let result = self.result;
        html.push_str("<h2 id=\"posterior\">Posterior</h2>");
        let class = if result.exit_code() == 0 { "good" } else { "doubt" };
        let draws: usize = result.chains.iter().map(|chain| chain.draws).sum();
        let divergences: usize = result.chains.iter().map(|chain| chain.divergences).sum();
        let widths = match result.allows_for_shared_noise {
            true => "widths allow for what pairs share (speckles, frames)",
            false => "widths take pairs as independent: real ones are larger",
        };
        let _ = write!(
            html,
            "<div class=\"verdict {class}\"><b>posterior: {}</b> <div>{draws} draws of {} chains, {divergences} divergences; {widths}</div>",
            result.verdict.name(),
            result.chains.len()
        );
        if !result.reasons.is_empty() {
            list(html, &result.reasons);
        }
        if let Some(doubt) = result.doubt_of_fit() {
            list(html, &[doubt]);
        }
        html.push_str("</div>\n");
        self.table(html);
        html.push_str("<div class=\"grid\">\n");
        self.results.iter().try_for_each(|figure| put(html, figure, formats))?;
        html.push_str("</div><details><summary>Do the chains agree? R-hat, independent draws, walks, ranks, autocorrelations, energies</summary><div class=\"grid\">\n");
        self.diagnostics.iter().try_for_each(|figure| put(html, figure, formats))?;
        html.push_str("</div></details>\n");
        Ok(())
    }

    fn table(&self, html: &mut String) {
        html.push_str(
            "<div class=\"wide dense\"><table><thead><tr><th>number</th><th>mean</th><th>deviation</th><th>68 %</th><th>95 %</th>\
             <th>least squares</th><th>difference in its errors</th><th>unit</th><th>R-hat</th><th>independent draws (bulk, tail)</th>\
             </tr></thead><tbody>\n",
        );
        for number in self.result.numbers.iter().take(MOST_SHOWN) {
            row(html, number);
        }
        html.push_str("</tbody></table></div>\n");
        let more = self.result.numbers.len().saturating_sub(MOST_SHOWN);
        if more > 0 {
            let _ = writeln!(html, "<p>and {more} numbers more: posterior/posterior.json</p>");
        }
    }
}

fn row(html: &mut String, number: &PosteriorNumber) {
    let dash = || "\u{2013}".to_owned();
    let written = measured(number.mean, [Some(number.deviation), None]);
    let end = |value: f64| measured(value, [Some(number.deviation), None]).value;
    let interval = |[lower, upper]: [f64; 2]| format!("{} to {}", end(lower), end(upper));
    let fitted = match (number.least_squares, number.least_squares_uncertainty) {
        (Some(value), Some(error)) => with_error(value, error).replace("+-", "\u{b1}"),
        (Some(value), None) => end(value),
        (None, _) => dash(),
    };
    let [error, _] = written.errors;
    let of = |value: Option<f64>, digits: usize| value.map_or_else(dash, |value| format!("{value:.digits$}"));
    let _ = writeln!(
        html,
        "<tr><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{error}</td><td class=\"n\">{}</td><td class=\"n\">{}</td>\
         <td class=\"n\">{fitted}</td><td class=\"n\">{}</td><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}, {}</td></tr>",
        escaped(&number.name),
        written.value,
        interval(number.interval_68),
        interval(number.interval_95),
        of(number.difference_in_errors, 2),
        escaped(&number.unit),
        of(number.r_hat, 3),
        of(number.ess_bulk, 0),
        of(number.ess_tail, 0)
    );
}
