//! The directory of a report: what it says of itself, and the result that is read for it. It draws nothing.

use crate::error::catalogue::Code;
use crate::error::{Error, Fault, Result};
use crate::machine::publish::Kind;
use crate::machine::regular_file;
use crate::outcome::fit::{Conditions, FitOutcome};
use crate::parameters::definitions::ShearConvention;
use crate::pipeline::drawing::ReportSettings;
use crate::pipeline::marked_directory::Marked;
use crate::pipeline::run_record::{Noted, RECORD_NAME};
use crate::report::figures::formats::Format;
use crate::report::page::{Facts, Setting};
use crate::report::tables::parquet::Origin;
use crate::report::tables::read::{iterations, transport};
use crate::store::manifest::Manifest;
use crate::units::degrees;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
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
    /// What was warned of on the way.
    pub warnings: Vec<String>,
    /// The configuration in force.
    pub settings: Vec<Setting>,
    /// Seconds that the fit took.
    pub fit_seconds: Option<f64>,
    /// What its record says of it.
    pub noted: Noted,
}

impl Reported {
    /// What tables of it say of themselves.
    #[must_use]
    pub fn origin(&self) -> Origin<'_> {
        Origin::of(&self.name, &self.noted.store_content_key, &self.outcome.conditions)
    }

    /// Of a run directory.
    ///
    /// # Errors
    /// Config with what is missing.
    pub fn read(directory: &Path) -> Result<Self> {
        let missing = |name: &str| {
            no_results(&directory.join(name), "a run directory, as `homodyne run` and `homodyne fit` write it")
        };
        let text = |name: &str| regular_file::read_to_string(&directory.join(name)).map_err(|_| missing(name));
        let mut outcome: FitOutcome =
            serde_json::from_str(&text("parameters.json")?).map_err(|_| missing("parameters.json"))?;
        outcome = outcome.in_present_terms();
        let record: Value = serde_json::from_str(&text(RECORD_NAME)?).map_err(|_| missing(RECORD_NAME))?;
        let noted = Noted::of(directory).ok_or_else(|| missing(RECORD_NAME))?;
        let table = |name: &str| regular_file::read(&directory.join(name)).map_err(|_| missing(name));
        outcome.result.transport =
            transport(table("transport.parquet")?).ok_or_else(|| missing("transport.parquet"))?;
        outcome.result.iterations =
            iterations(table("iterations.parquet")?).ok_or_else(|| missing("iterations.parquet"))?;
        let name = record["run_id"].as_str().unwrap_or_default().to_owned();
        let fit_seconds = record["stages"]["fit"]["wall_seconds"].as_f64();
        let warnings = serde_json::from_value(record["warnings"].clone()).unwrap_or_default();
        let facts = facts(&record, &outcome);
        Ok(Reported { name, outcome, facts, warnings, settings: settings(&record), fit_seconds, noted })
    }
}

/// Stages as they follow one another.
const STAGES: [&str; 4] = ["ingest", "condense", "scattered_pairs", "fit"];

/// What a page says of how a result came about.
fn facts(record: &Value, outcome: &FitOutcome) -> Facts {
    let mut facts = Facts::new();
    let mut say = |what: &str, value: &Value| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        if !value.is_null() && !text.is_empty() && text != "[]" {
            facts.push((what.to_owned(), text));
        }
    };
    say("file", &record["source"]);
    say("BLAKE3 of the file", &record["source_blake3"]);
    let Conditions { q_per_angstrom, gap_angstrom, dt_seconds, n_frames, .. } = &outcome.conditions;
    say("q", &json!(format!("{q_per_angstrom} 1/angstrom")));
    say("gap", &json!(gap_angstrom.map(|gap| format!("{gap} angstrom"))));
    say("frames", &json!(format!("{n_frames}, {dt_seconds} s apart")));
    let phi: Vec<String> = outcome.result.angles.iter().map(|angle| degrees(angle.phi_degrees).to_string()).collect();
    say("angles", &json!(format!("{}: {} degrees", phi.len(), phi.join(", "))));
    say("loss", &serde_json::to_value(outcome.result.loss).unwrap_or_default());
    say("scaling", &json!(outcome.result.scaling_mode.name()));
    let convention = outcome.conditions.shear_convention;
    say("shear convention", &json!(convention.map(ShearConvention::name)));
    say("store", &record["store"]);
    say("content of the store", &record["store_content_key"]);
    say("program", &record["program"]);
    let reason = record["strategy_decision"]["reason"].as_str().unwrap_or_default();
    say("strategy", &json!(reason.trim_start_matches("Strategy: ")));
    say("threads", &record["threads"]);
    say("instructions", &record["simd"]);
    let mut stages: Vec<(&String, &Value)> = record["stages"].as_object().into_iter().flatten().collect();
    stages.sort_by_key(|(stage, _)| STAGES.iter().position(|known| known == stage));
    for (stage, took) in stages {
        let seconds = took["wall_seconds"].as_f64().unwrap_or_default();
        let memory = took["peak_rss_anon_bytes"].as_u64().unwrap_or_default() >> 20;
        say(&stage.replace('_', " "), &json!(format!("{seconds:.2} s, {memory} MiB at most")));
    }
    for what in ["notes", "keys_without_effect"] {
        let lines: Vec<&str> = record[what].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        say(&what.replace('_', " "), &json!(lines.join("; ")));
    }
    facts
}

/// The configuration in force.
fn settings(record: &Value) -> Vec<Setting> {
    let setting = |(key, entry): (&String, &Value)| {
        let words = |part: &str| entry[part].as_str().unwrap_or_default().to_owned();
        Setting { key: key.clone(), value: words("value"), origin: words("origin") }
    };
    record["configuration"].as_object().into_iter().flatten().map(setting).collect()
}

/// What a store tells of its data: what was selected of the file, and what is left out.
pub fn facts_of_store(manifest: &Manifest) -> Facts {
    let mut facts = Facts::new();
    let selection = selected(&manifest.provenance.selection);
    if !selection.is_empty() {
        facts.push(("selection".into(), selection));
    }
    let masked: Vec<&str> = manifest
        .partitions
        .iter()
        .map(|partition| partition.mask_note.as_str())
        .filter(|note| !note.is_empty())
        .collect();
    let time = manifest.experiment.time;
    let frames: BTreeSet<usize> =
        manifest.experiment.angles.iter().flat_map(|angle| angle.masked_frames.iter().copied()).collect();
    if !frames.is_empty() {
        let some: Vec<String> = frames.iter().take(MOST_FRAMES).map(|&frame| time.number(frame).to_string()).collect();
        let more = if frames.len() > MOST_FRAMES { ", .." } else { "" };
        let why = masked.first().map_or_else(String::new, |note| format!(" ({note})"));
        facts.push(("masked frames".into(), format!("{} of some angle: {}{more}{why}", frames.len(), some.join(", "))));
    }
    facts
}

/// Most masked frames that are named.
const MOST_FRAMES: usize = 20;

/// What stands in a description of a selection and is not empty.
fn selected(selection: &Value) -> String {
    let is_said = |value: &Value| {
        !matches!(value, Value::Null | Value::Bool(false)) && value.as_array().is_none_or(|list| !list.is_empty())
    };
    let said = selection.as_object().into_iter().flatten().filter(|(_, value)| is_said(value));
    said.map(|(key, value)| format!("{} {value}", key.replace('_', " "))).collect::<Vec<String>>().join(", ")
}

/// What is asked for, with what the report that is there shows already: its formats stay, and what nobody asks for is as it was.
pub fn as_before(place: &Path, asked: &ReportSettings) -> ReportSettings {
    let told = PICTURES.told(place);
    let has = |format: &Format| {
        let ending = format!(".{}", format.ending());
        told["files"].as_object().is_some_and(|files| files.keys().any(|name| name.ends_with(&ending)))
    };
    let mut formats: Vec<Format> =
        Format::ALL.into_iter().filter(|format| asked.formats.contains(format) || has(format)).collect();
    if formats.is_empty() {
        formats.push(Format::Svg);
    }
    let mut settings = ReportSettings { formats, ..asked.clone() };
    if settings.phi_degrees.is_empty() {
        settings.phi_degrees = serde_json::from_value(told[ANGLES].clone()).unwrap_or_default();
    }
    settings.colours = settings.colours.or_else(|| serde_json::from_value(told[COLOURS].clone()).ok());
    settings
}

/// What a report says of how it was asked for.
pub fn as_asked(settings: &ReportSettings) -> Map<String, Value> {
    let entries = [(ANGLES, json!(settings.phi_degrees)), (COLOURS, json!(settings.colours.unwrap_or_default()))];
    entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The error of results that are not there, or are not of this program.
pub fn no_results(file: &Path, expected: &str) -> Error {
    let (found, code) = match file.symlink_metadata() {
        Ok(_) => ("is no result of this program, or was changed", Code::E77),
        Err(_) => ("is not there", Code::E01),
    };
    Fault::at(file.display(), found).expected(expected).advice("`homodyne runs` lists them").code(code).config()
}

const ANGLES: &str = "angles";
const COLOURS: &str = "colormap";

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
