//! A posterior as a table for a terminal and as the table of its draws.

use crate::error::Result;
use crate::outcome::posterior::{Draw, PosteriorNumber, PosteriorResult};
use crate::report::tables::consensus::lines;
use crate::report::tables::measured::{measured, with_error};
use crate::report::tables::parquet::{Column, Origin, counts, described, flags, numbers};
use std::fmt::Write;

/// More numbers of the scaling than this are in `posterior.json` alone.
const MOST_SHOWN: usize = 24;

/// `draws.parquet`: chain, draw, a column per number in physical units, lp (log density), diverging, depth, steps, energy, acceptance;
/// units in the metadata of the schema, chains one after the other.
///
/// # Errors
/// Internal if encoding fails.
pub fn draws(result: &PosteriorResult, origin: &Origin<'_>) -> Result<Vec<u8>> {
    let of_chains = result.draws.iter().enumerate();
    let rows: Vec<(u64, u64, &Draw)> = of_chains.flat_map(|(chain, draws)| numbered(chain, draws)).collect();
    let mut columns: Vec<Column> =
        vec![counts("chain", &rows, |row| Some(row.0)), counts("draw", &rows, |row| Some(row.1))];
    for (place, number) in result.numbers.iter().enumerate() {
        columns.push(numbers(&number.name, &rows, |row| Some(row.2.values[place])));
    }
    columns.extend([
        numbers("lp", &rows, |row| Some(row.2.log_density)),
        flags("diverging", &rows, |row| row.2.diverging),
        counts("depth", &rows, |row| Some(row.2.depth)),
        counts("steps", &rows, |row| Some(row.2.steps)),
        numbers("energy", &rows, |row| Some(row.2.energy)),
        numbers("acceptance", &rows, |row| Some(row.2.acceptance)),
    ]);
    let units: Vec<String> = result.numbers.iter().map(|number| format!("{}: {}", number.name, number.unit)).collect();
    described(origin.metadata(&units.join("; ")), columns)
}

fn numbered(chain: usize, draws: &[Draw]) -> impl Iterator<Item = (u64, u64, &Draw)> {
    draws.iter().enumerate().map(move |(draw, values)| (chain as u64, draw as u64, values))
}

/// Means and deviations with diagnostics, least squares beside them, then quality and verdict.
#[must_use]
pub fn summary(result: &PosteriorResult) -> String {
    let shown = &result.numbers[..result.numbers.len().min(MOST_SHOWN)];
    let titles = ["number", "mean", "+- deviation", "95 % interval", "least squares", "unit", "R-hat", "ESS"];
    let mut rows = vec![titles.map(str::to_owned)];
    rows.extend(shown.iter().map(row));
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: [usize; 8] = std::array::from_fn(width);
    let mut text = String::new();
    for row in &rows {
        let [name, value, error, interval, fitted, unit, r_hat, ess] = row;
        let [a, b, c, d, e, f, g, h] = widths;
        let line = format!(
            "{name:<a$}  {value:>b$} {error:<c$}  {interval:<d$}  {fitted:<e$}  {unit:<f$}  {r_hat:>g$}  {ess:>h$}"
        );
        let _ = writeln!(text, "{}", line.trim_end());
    }
    if shown.len() < result.numbers.len() {
        let _ = writeln!(text, "and {} numbers more: posterior.json", result.numbers.len() - shown.len());
    }
    let draws: usize = result.chains.iter().map(|chain| chain.draws).sum();
    let divergences: usize = result.chains.iter().map(|chain| chain.divergences).sum();
    let _ = writeln!(
        text,
        "{draws} draws of {} chains in {:.1} s, {:.0} gradients/s, {divergences} divergences",
        result.chains.len(),
        result.seconds,
        result.gradients_per_second
    );
    let _ = match result.allows_for_shared_noise {
        true => writeln!(
            text,
            "widths allow for what pairs share (speckles, frames): log likelihood times {:.3e}",
            result.magnitude
        ),
        false => writeln!(text, "widths take pairs as independent: real ones are larger"),
    };
    if let Some(condensed) = &result.condensed {
        let _ = writeln!(
            text,
            "{} pseudo-pairs stood for {} pairs: log likelihood of {} draws equal to {:.1e}",
            condensed.pseudo_pairs, result.n_pairs, condensed.compared_draws, condensed.largest_difference
        );
    }
    text.push_str(&result.consensus.as_ref().map(lines).unwrap_or_default());
    let _ = writeln!(text, "posterior: {}", result.verdict.name());
    result.reasons.iter().for_each(|reason| {
        let _ = writeln!(text, "  - {reason}");
    });
    text
}

fn row(number: &PosteriorNumber) -> [String; 8] {
    let written = measured(number.mean, [Some(number.deviation), None]);
    let end = |value: f64| measured(value, [Some(number.deviation), None]).value;
    let [lower, upper] = number.interval_95;
    let fitted = match (number.least_squares, number.least_squares_uncertainty) {
        (Some(value), Some(error)) => with_error(value, error),
        (Some(value), None) => measured(value, [Some(number.deviation), None]).value,
        (None, _) => "-".into(),
    };
    let [error, _] = written.errors;
    [
        number.name.clone(),
        written.value,
        format!("+- {error}"),
        format!("{} to {}", end(lower), end(upper)),
        fitted,
        if number.unit == "1" { String::new() } else { number.unit.clone() },
        number.r_hat.map_or("-".into(), |r_hat| format!("{r_hat:.3}")),
        number.ess_bulk.map_or("-".into(), |ess| format!("{ess:.0}")),
    ]
}
