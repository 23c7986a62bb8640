//! A posterior as a table for a terminal and as the table of its draws.

use crate::error::{Error, Fault, Result};
use crate::outcome::posterior::{Draw, PosteriorNumber, PosteriorResult};
use crate::report::tables::consensus::lines;
use crate::report::tables::measured::{measured, with_error};
use crate::report::tables::parquet::{Column, Origin, counts, flags, numbers};
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use parquet::arrow::ArrowWriter;
use std::fmt::Write;
use std::fs::File;
use std::sync::Arc;

/// More numbers of the scaling than this are in `posterior.json` alone.
const MOST_SHOWN: usize = 24;

/// `draws.parquet` while it is written: chain, draw, a column per number in physical units, lp (log density), diverging, depth, steps,
/// energy, acceptance; units in the metadata of the schema.
pub struct DrawTable {
    writer: ArrowWriter<File>,
    schema: SchemaRef,
    names: Vec<String>,
}

/// The name of a column and its unit.
pub type NamedUnit = (String, String);

impl DrawTable {
    /// Begins a file.
    ///
    /// # Errors
    /// Internal if encoding fails.
    pub fn begin(file: File, numbers: &[NamedUnit], origin: &Origin<'_>) -> Result<Self> {
        let units: Vec<String> = numbers.iter().map(|(name, unit)| format!("{name}: {unit}")).collect();
        let names: Vec<String> = numbers.iter().map(|(name, _)| name.clone()).collect();
        let schema = RecordBatch::try_from_iter(columns(&names, &[])).map_err(not_encoded)?.schema();
        let schema = Arc::new(schema.as_ref().clone().with_metadata(origin.metadata(&units.join("; "))));
        let writer = ArrowWriter::try_new(file, Arc::clone(&schema), None).map_err(not_encoded)?;
        Ok(DrawTable { writer, schema, names })
    }

    /// Adds draws of a chain, of which so many come before.
    ///
    /// # Errors
    /// Internal if encoding fails.
    pub fn add(&mut self, chain: usize, before: usize, draws: &[Draw]) -> Result<()> {
        let rows: Vec<Row<'_>> =
            draws.iter().enumerate().map(|(k, draw)| (chain as u64, (before + k) as u64, draw)).collect();
        let batch = RecordBatch::try_from_iter(columns(&self.names, &rows)).map_err(not_encoded)?;
        let batch = batch.with_schema(Arc::clone(&self.schema)).map_err(not_encoded)?;
        self.writer.write(&batch).map_err(not_encoded)
    }

    /// What was added is a row group of its own, and in the file.
    ///
    /// # Errors
    /// Internal if encoding fails.
    pub fn flush(&mut self) -> Result<()> {
        self.writer.flush().map_err(not_encoded)
    }

    /// Ends the file.
    ///
    /// # Errors
    /// Internal if encoding fails.
    pub fn close(self) -> Result<()> {
        self.writer.close().map(|_| ()).map_err(not_encoded)
    }
}

/// Chain, number in the chain, draw.
type Row<'a> = (u64, u64, &'a Draw);

fn columns(names: &[String], rows: &[Row<'_>]) -> Vec<Column> {
    let mut columns: Vec<Column> =
        vec![counts("chain", rows, |row| Some(row.0)), counts("draw", rows, |row| Some(row.1))];
    for (place, name) in names.iter().enumerate() {
        columns.push(numbers(name, rows, |row| Some(row.2.values[place])));
    }
    columns.extend([
        numbers("lp", rows, |row| Some(row.2.log_density)),
        flags("diverging", rows, |row| row.2.diverging),
        counts("depth", rows, |row| Some(row.2.depth)),
        counts("steps", rows, |row| Some(row.2.steps)),
        numbers("energy", rows, |row| Some(row.2.energy)),
        numbers("acceptance", rows, |row| Some(row.2.acceptance)),
    ]);
    columns
}

fn not_encoded(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    let mut fault = Fault::at("draws.parquet", "cannot be encoded");
    fault.source = Some(source.into());
    fault.internal()
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
            "widths allow for what pairs share (speckles, frames): log likelihood times {}",
            measured(result.magnitude, [Some(1e-2 * result.magnitude), None]).value
        ),
        false => writeln!(text, "widths take pairs as independent: real ones are larger"),
    };
    if let Some(condensed) = &result.condensed {
        let compared = match condensed.compared_draws {
            0 => "not compared with them: stopped before".to_owned(),
            draws => format!("log likelihood of {draws} draws equal to {:.1e}", condensed.largest_difference),
        };
        let _ =
            writeln!(text, "{} pseudo-pairs stood for {} pairs: {compared}", condensed.pseudo_pairs, result.n_pairs);
    }
    text.push_str(&result.consensus.as_ref().map(lines).unwrap_or_default());
    let _ = writeln!(text, "posterior: {}", result.verdict.name());
    result.reasons.iter().for_each(|reason| {
        let _ = writeln!(text, "  - {reason}");
    });
    let _ = result.doubt_of_fit().map(|doubt| writeln!(text, "{doubt}"));
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
