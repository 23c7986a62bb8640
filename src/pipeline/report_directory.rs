//! The directory of a report: a result is read for it, and it appears whole. It draws nothing.

use crate::error::catalogue::Code;
use crate::error::{Fault, Result, io_at};
use crate::listener::{LogLevel, Watch};
use crate::machine::claim::free_name;
use crate::machine::file_identity::content_hash;
use crate::machine::publish::{Kind, StagedDirectory};
use crate::machine::regular_file;
use crate::outcome::fit::FitOutcome;
use crate::pipeline::drawing::Files;
use crate::pipeline::marked_directory::Marked;
use crate::pipeline::run_record::{Noted, RECORD_NAME};
use crate::report::page::Facts;
use crate::report::tables::read::{iterations, transport};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// The directory in a run directory.
pub const REPORT: &str = "report";
/// The page in it.
pub const PAGE: &str = "report.html";
/// What it says of itself: the hash of every file.
pub(super) const PICTURES: Marked =
    Marked { marker: "report.json", endings: &["svg", "png", "pdf", "parquet", "html", "json"], what: "report" };

/// A result as a report needs it.
pub struct Reported {
    /// Name of the run.
    pub name: String,
    /// What was found, with the tables that are files of their own.
    pub outcome: FitOutcome,
    /// How it came about.
    pub facts: Facts,
    /// Seconds that the fit took.
    pub fit_seconds: Option<f64>,
    /// What its record says of it.
    pub noted: Noted,
}

impl Reported {
    /// Of a run directory.
    ///
    /// # Errors
    /// Config with what is missing.
    pub fn read(directory: &Path) -> Result<Self> {
        let missing = |name: &str| {
            Fault::at(directory.join(name).display(), "not there, or no result of this program")
                .expected("a run directory, as `homodyne run` and `homodyne fit` write it")
                .advice("`homodyne runs` lists them")
                .code(Code::E77)
                .config()
        };
        let text = |name: &str| regular_file::read_to_string(&directory.join(name)).map_err(|_| missing(name));
        let mut outcome: FitOutcome =
            serde_json::from_str(&text("parameters.json")?).map_err(|_| missing("parameters.json"))?;
        let record: Value = serde_json::from_str(&text(RECORD_NAME)?).map_err(|_| missing(RECORD_NAME))?;
        let noted = Noted::of(directory).ok_or_else(|| missing(RECORD_NAME))?;
        let table = |name: &str| regular_file::read(&directory.join(name)).map_err(|_| missing(name));
        outcome.result.transport =
            transport(table("transport.parquet")?).ok_or_else(|| missing("transport.parquet"))?;
        outcome.result.iterations =
            iterations(table("iterations.parquet")?).ok_or_else(|| missing("iterations.parquet"))?;
        let name = record["run_id"].as_str().unwrap_or_default().to_owned();
        let fit_seconds = record["stages"]["fit"]["wall_seconds"].as_f64();
        Ok(Reported { name, outcome, facts: facts(&record), fit_seconds, noted })
    }
}

/// What a page says of how a result came about.
fn facts(record: &Value) -> Facts {
    let mut facts = Facts::new();
    let mut say = |what: &str, value: &Value| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        if !value.is_null() && !text.is_empty() && text != "[]" {
            facts.push((what.to_owned(), text));
        }
    };
    say("file", &record["source"]);
    say("BLAKE3 of the file", &record["source_blake3"]);
    say("store", &record["store"]);
    say("content of the store", &record["store_content_key"]);
    say("program", &record["program"]);
    let reason = record["strategy_decision"]["reason"].as_str().unwrap_or_default();
    say("strategy", &json!(reason.trim_start_matches("Strategy: ")));
    say("threads", &record["threads"]);
    say("instructions", &record["simd"]);
    for (stage, took) in record["stages"].as_object().into_iter().flatten() {
        let seconds = took["wall_seconds"].as_f64().unwrap_or_default();
        let memory = took["peak_rss_anon_bytes"].as_u64().unwrap_or_default() >> 20;
        say(stage, &json!(format!("{seconds:.2} s, {memory} MiB at most")));
    }
    say("notes", &record["notes"]);
    for (key, entry) in record["configuration"].as_object().into_iter().flatten() {
        if entry["origin"] != "default" {
            let words = |part: &str| entry[part].as_str().unwrap_or_default().to_owned();
            say(key, &json!(format!("{} ({})", words("value"), words("origin"))));
        }
    }
    facts
}

/// Writes the files of a report into a directory that appears whole; a report that was changed is kept aside.
pub fn publish(place: &Path, result_key: &str, files: Files, watch: &Watch<'_>) -> Result<PathBuf> {
    check_place(place)?;
    if place.join(PICTURES.marker).is_file() && !PICTURES.is_as_written(place) {
        let aside = free_name(place, "changed");
        std::fs::rename(place, &aside).map_err(io_at(place))?;
        watch.log(LogLevel::Warning, &format!("the report that was changed is kept as {}", aside.display()));
    }
    let staged = StagedDirectory::begin(place, KIND)?;
    let plots = staged.path().join("plots");
    std::fs::create_dir(&plots).map_err(io_at(&plots))?;
    for (name, content) in &files {
        let path = staged.path().join(name);
        std::fs::write(&path, content).map_err(io_at(&path))?;
    }
    let hashes = files.iter().map(|(name, content)| (name.clone(), content_hash(content).into())).collect();
    PICTURES.mark(staged.path(), [("result_key".to_owned(), result_key.into())].into_iter().collect(), hashes)?;
    Ok(staged.publish()?.join(PAGE))
}

/// Pictures may come to a place where nothing is, or where earlier ones are.
///
/// # Errors
/// E77 with what is there.
pub fn check_place(place: &Path) -> Result<()> {
    PICTURES.may_come_to(place)
}

/// The kind of directory that reports are.
pub const KIND: Kind =
    Kind { may_replace: |place| PICTURES.may_replace(place), is_ours: |place| PICTURES.is_unfinished(place) };

/// The page of a report that was drawn from a result and is as it was written.
pub fn page_of(run: &Path, result_key: &str) -> Option<PathBuf> {
    let place = run.join(REPORT);
    (PICTURES.told(&place)["result_key"] == result_key && PICTURES.is_as_written(&place)).then(|| place.join(PAGE))
}
