//! Every wanted q of a file, one after another, into one table. One q that fails does not stop the rest.
//!
//! A directory that is named for the store becomes a folder with one store per q, `q=<1/angstrom>/c2/phi=<degrees>/c2.arrow`: one
//! dataset, partitioned by both.

use crate::config::keys::data;
use crate::config::settings::{Settings, Stage};
use crate::error::catalogue::Code;
use crate::error::{Error, Fault, Result};
use crate::ingest::selection::Selection;
use crate::ingest::survey::available_q;
use crate::listener::{LogLevel, Watch};
use crate::machine::file_identity::content_hash;
use crate::outcome::verdict::Verdict;
use crate::pipeline::drawing::ReportSettings;
use crate::pipeline::run::Run;
use crate::pipeline::run_directory::{TABLE_FIGURE, TABLE_NAME, lead_latest_to, publish, run_id};
use crate::pipeline::run_record::Noted;
use crate::pipeline::run_record::hashes;
use crate::pipeline::stages::report_table::report_table;
use crate::report::figures::formats::{Format, written};
use crate::report::figures::lines;
use crate::report::tables::json::pretty;
use crate::report::tables::many_q::{PowerLawCheck, QRow, over_q, power_law_check, q_parquet, q_summary};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Which q are wanted.
#[derive(Debug, Clone, PartialEq)]
pub enum ManyQ {
    /// Every q of the file.
    All,
    /// These, in 1/angstrom.
    List(Vec<f64>),
}

/// How many q are gone through.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Manner {
    /// Go on from checkpoints of interrupted fits.
    pub resume: bool,
    /// Stores that are named are fitted as they are, and not made anew for a later state of the data file.
    pub stores_as_they_are: bool,
}

/// All fits of a file.
#[derive(Debug, Clone, Serialize)]
pub struct FinishedTable {
    /// The directory with the table.
    #[serde(skip)]
    pub directory: PathBuf,
    /// One row per q.
    pub rows: Vec<QRow>,
    /// D0 against q.
    #[serde(rename = "D0_power_law")]
    pub check: Option<PowerLawCheck>,
    /// Table for a terminal.
    #[serde(skip)]
    pub summary: String,
    /// The page of its report, if there is one.
    #[serde(skip)]
    pub report: Option<PathBuf>,
    /// Results whose report could not be drawn, and why.
    #[serde(skip)]
    pub not_drawn: Vec<(PathBuf, String)>,
}

impl FinishedTable {
    /// 0 if every fit was accepted, 130 if the work was interrupted, else 1.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        let interrupted = |row: &QRow| row.verdict == Some(Verdict::Interrupted);
        match &self.rows[..] {
            rows if rows.iter().any(interrupted) => Verdict::Interrupted.exit_code(),
            rows if rows.iter().all(|row| row.verdict == Some(Verdict::Converged)) => 0,
            _ => 1,
        }
    }
}

/// Ingests and fits every wanted q.
///
/// # Errors
/// What opening the file reports; what goes wrong at one q is written into its row, and is an error if no q was fitted.
pub fn run_many(settings: &Settings, wanted: &ManyQ, user: &Watch<'_>, manner: Manner) -> Result<FinishedTable> {
    let list = match wanted {
        ManyQ::All => available_q(settings.ingest.source()?, &settings.ingest.selection)?,
        ManyQ::List(list) => each_once(settings, list, user),
    };
    let (mut rows, mut errors, mut not_drawn) = (Vec::new(), Vec::new(), Vec::new());
    for (k, &q) in list.iter().enumerate() {
        user.log(LogLevel::Info, &format!("q = {q} 1/angstrom ({} of {})", k + 1, list.len()));
        let own = settings_of(settings, q);
        let run = Run::new(&own, user).resuming(manner.resume).with_stores_as_they_are(manner.stores_as_they_are);
        match run.run() {
            Ok(Some(finished)) => {
                let store = Noted::of(&finished.directory).map(|noted| noted.store_content_key);
                rows.push(QRow::finished(finished.outcome, name_of(&finished.directory), store));
                not_drawn.extend(finished.not_drawn.map(|why| (finished.directory, why)));
            }
            Ok(None) => return Err(no_fit()),
            Err(error @ Error::Interrupted(_)) if rows.is_empty() => return Err(error),
            Err(Error::Interrupted(_)) => break,
            Err(error @ Error::Internal(_)) => return Err(error),
            Err(error) => {
                rows.push(QRow::failed(q, error.to_string()));
                errors.push(error.within(&format!("q = {q}")));
            }
        }
        if rows.last().is_some_and(|row| row.verdict == Some(Verdict::Interrupted)) {
            break;
        }
    }
    if rows.iter().all(|row| row.verdict.is_none()) {
        // Nothing was found: earlier tables stay, and so does what `latest` leads to.
        Error::together(errors)?;
    }
    let mut table = write(settings, rows, user)?;
    lead_latest_to(&table.directory, user);
    if settings.run.stages.contains(&Stage::Report) && user.check().is_ok() {
        // What keeps it from being drawn takes nothing from the numbers.
        match report_table(&table.directory, &ReportSettings::default(), user) {
            Ok(page) => table.report = Some(page),
            Err(error) => not_drawn.push((table.directory.clone(), error.to_string())),
        }
    }
    Ok(FinishedTable { not_drawn, ..table })
}

/// Of a directory.
fn name_of(directory: &Path) -> Option<String> {
    Some(directory.file_name()?.to_string_lossy().into_owned())
}

/// A list of q without those that are another one of the list, by the file if that is there: a fit counts once.
fn each_once(settings: &Settings, list: &[f64], user: &Watch<'_>) -> Vec<f64> {
    let selection = &settings.ingest.selection;
    // What is wrong with the file is said where it is read.
    let available = settings.ingest.source().and_then(|source| available_q(source, selection)).unwrap_or_default();
    let in_file =
        |q: f64| Selection { q_per_angstrom: Some(q), ..selection.clone() }.nearest_of(&available).unwrap_or(q);
    let mut kept: Vec<f64> = Vec::new();
    for &q in list {
        match kept.iter().find(|&&earlier| in_file(earlier) == in_file(q)) {
            None => kept.push(q),
            Some(earlier) => {
                let both = format!("q = {q} and q = {earlier} of the list are one");
                user.log(LogLevel::Warning, &format!("{both}, {} of the file: fitted once", in_file(q)));
            }
        }
    }
    kept
}

/// The settings of one q, with names and places of its own.
fn settings_of(settings: &Settings, q: f64) -> Settings {
    let mut own = settings.clone();
    own.ingest.selection.q_per_angstrom = Some(q);
    own.ingest.store = settings.ingest.store.at_q(q);
    own.run.name = format!("{}-q={q:?}", settings.run.name);
    for entry in own.effective.iter_mut().filter(|entry| entry.key == data::WAVEVECTOR) {
        (entry.value, entry.origin) = (format!("{q:?}"), "list of q".into());
    }
    own
}

fn no_fit() -> Error {
    Fault::at("pipeline.stages", "no fit")
        .expected("a list with fit, because many q are asked for")
        .code(Code::E62)
        .config()
}

/// A table, and what its files are.
#[derive(Serialize)]
struct WithFiles<'a> {
    #[serde(flatten)]
    table: &'a FinishedTable,
    files: BTreeMap<String, String>,
}

fn write(settings: &Settings, rows: Vec<QRow>, user: &Watch<'_>) -> Result<FinishedTable> {
    let check = power_law_check(&rows);
    let summary = q_summary(&rows, check.as_ref());
    let mut table =
        FinishedTable { directory: PathBuf::new(), rows, check, summary, report: None, not_drawn: Vec::new() };
    let id = run_id(&format!("{}-q_table", settings.run.name), &content_hash(&pretty(&table)?));
    let mut files =
        vec![("q_table.parquet", q_parquet(&table.rows, &id)?), ("summary.txt", table.summary.clone().into_bytes())];
    if let Some(curve) = over_q(&table.rows, table.check.as_ref()) {
        let figure = lines::over_q(&curve, table.check.as_ref());
        files.push((TABLE_FIGURE, written(&figure.picture, Format::Svg)?));
    }
    files.push((TABLE_NAME, pretty(&WithFiles { table: &table, files: hashes(&files) })?));
    table.directory = publish(&settings.run.output.join(id), files, user)?;
    Ok(table)
}
