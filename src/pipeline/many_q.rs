//! Every wanted q of a file, one after another, into one table. One q that fails does not stop the rest.
//!
//! The store is a folder with one store per q, `q=<1/angstrom>/phi=<degrees>/c2.arrow`: one dataset, partitioned by both.

use crate::config::settings::{LogLevel, Settings};
use crate::error::catalogue::Code;
use crate::error::{Error, Fault, Result, io_at};
use crate::ingest::survey::available_q;
use crate::outcome::Verdict;
use crate::pipeline::run_directory::pretty;
use crate::pipeline::{Listener, Run};
use crate::publish::StagedDirectory;
use crate::report::q_table::{PowerLawCheck, QRow, power_law_check, q_parquet, q_summary};
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Which q are wanted.
#[derive(Debug, Clone, PartialEq)]
pub enum ManyQ {
    /// Every q of the file.
    All,
    /// These, in 1/angstrom.
    List(Vec<f64>),
}

/// All fits of a file.
#[derive(Debug, Clone)]
pub struct FinishedTable {
    /// The directory with the table.
    pub directory: PathBuf,
    /// One row per q.
    pub rows: Vec<QRow>,
    /// D0 against q.
    pub check: Option<PowerLawCheck>,
    /// Table for a terminal.
    pub summary: String,
}

impl FinishedTable {
    /// 0 if every fit was accepted, 130 if the work was interrupted, 2 if no q could be fitted, else 1.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        let interrupted = |row: &QRow| row.verdict == Some(Verdict::Interrupted);
        match &self.rows[..] {
            rows if rows.iter().any(interrupted) => Verdict::Interrupted.exit_code(),
            rows if rows.iter().all(|row| row.verdict == Some(Verdict::Converged)) => 0,
            rows if rows.iter().all(|row| row.verdict.is_none()) => 2,
            _ => 1,
        }
    }
}

/// Ingests and fits every wanted q.
///
/// # Errors
/// What opening the file reports; what goes wrong at one q is written into its row.
pub fn run_many(
    settings: &Settings,
    wanted: &ManyQ,
    listener: &dyn Listener,
    stop: &Arc<AtomicBool>,
    resume: bool,
) -> Result<FinishedTable> {
    let list = match wanted {
        ManyQ::All => available_q(settings.source()?, &settings.selection)?,
        ManyQ::List(list) => list.clone(),
    };
    let mut rows = Vec::new();
    for (k, &q) in list.iter().enumerate() {
        listener.log(LogLevel::Info, &format!("q = {q} 1/angstrom ({} of {})", k + 1, list.len()));
        let own = settings_of(settings, q);
        let run = Run::new(&own, listener).stopped_by(Arc::clone(stop)).resuming(resume);
        match run.run() {
            Ok(Some(finished)) => rows.push(QRow::finished(q, finished.verdict, finished.parameters)),
            Ok(None) => return Err(no_fit()),
            Err(error @ Error::Interrupted(_)) if rows.is_empty() => return Err(error),
            Err(Error::Interrupted(_)) => break,
            Err(error @ Error::Internal(_)) => return Err(error),
            Err(error) => {
                listener.log(LogLevel::Warning, &format!("q = {q}: {error}"));
                rows.push(QRow::failed(q, error.to_string()));
            }
        }
        if rows.last().is_some_and(|row| row.verdict == Some(Verdict::Interrupted)) {
            break;
        }
    }
    write(settings, rows)
}

/// The settings of one q, with names and places of its own.
fn settings_of(settings: &Settings, q: f64) -> Settings {
    let mut own = settings.clone();
    own.selection.q_per_angstrom = Some(q);
    own.store = settings.store.join(format!("q={q:?}"));
    own.name = format!("{}-q={q:?}", settings.name);
    for entry in own.effective.iter_mut().filter(|entry| entry.key == "analyzer_parameters.scattering.wavevector_q") {
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

fn write(settings: &Settings, rows: Vec<QRow>) -> Result<FinishedTable> {
    let check = power_law_check(&rows);
    let summary = q_summary(&rows, check.as_ref());
    let staged = StagedDirectory::begin(&settings.output.join(format!("{}-q_table", settings.name)))?;
    let files = [
        ("q_table.parquet", q_parquet(&rows)?),
        ("q_table.json", pretty(&json!({"rows": rows, "D0_power_law": check}))?),
        ("summary.txt", summary.clone().into_bytes()),
    ];
    for (name, content) in files {
        let path = staged.path().join(name);
        std::fs::write(&path, content).map_err(io_at(&path))?;
    }
    Ok(FinishedTable { directory: staged.publish()?, rows, check, summary })
}
