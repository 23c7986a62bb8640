//! `run.json`: how a result came about, and what is read of it later. It knows no other file of a result.

use crate::config::settings::Effective;
use crate::error::{Fault, Result};
use crate::experiment::Experiment;
use crate::fit::strategy::Decision;
use crate::machine::file_identity::{FileIdentity, content_hash};
use crate::machine::memory::{container_limit_bytes, detect_total_memory, peak_rss_anon_bytes, peak_rss_bytes};
use crate::machine::regular_file;
use crate::outcome::fit::Strategy;
use crate::outcome::verdict::Verdict;
use crate::pipeline::run::{Run, StageFacts};
use crate::report::tables::json::pretty;
use crate::store::block::BlockSource;
use crate::store::directory::Store;
use crate::sweep::meter::SweepTotals;
use crate::sweep::simd::SimdLevel;
use crate::units::now_unix_seconds;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf, absolute};
use std::sync::PoisonError;

/// What is written.
pub struct Record<'a> {
    /// What was measured.
    pub experiment: &'a Experiment,
    /// Sweep statistics.
    pub totals: SweepTotals,
    /// Key of the result.
    pub key: String,
    /// The data.
    pub store: &'a Store,
    /// Strategy and why.
    pub decision: Decision,
    /// The record that was there before.
    pub earlier: Option<FileIdentity>,
}

/// Name of the file.
pub const RECORD_NAME: &str = "run.json";

impl Run<'_> {
    pub(super) fn record(&self, run_id: &str, verdict: Verdict, about: &Record<'_>, files: &[File]) -> RunRecord {
        let (manifest, settings) = (about.store.manifest(), self.settings);
        RunRecord {
            run_id: run_id.into(),
            name: settings.run.name.clone(),
            program: concat!("homodyne ", env!("CARGO_PKG_VERSION")).into(),
            verdict,
            result_key: about.key.clone(),
            finished_unix_seconds: now_unix_seconds(),
            source: manifest.provenance.source.clone(),
            source_blake3: manifest.provenance.source_blake3.clone(),
            store_content_key: manifest.content_key.clone(),
            store: as_seen_from_results(about.store.directory(), &settings.run.output),
            store_kind: about.store.kind(),
            store_verified: about.store.is_verified(),
            files: hashes(files),
            configuration: settings.effective.iter().map(|entry| (entry.key.clone(), InForce::from(entry))).collect(),
            notes: settings.notes.clone(),
            warnings: self.log.warnings(),
            keys_without_effect: settings.without_effect.clone(),
            threads: settings.run.threads(),
            simd: SimdLevel::Best.name(),
            strategy: about.decision.strategy,
            strategy_decision: about.decision.clone(),
            seeds: Seeds {
                multi_start: settings.fit.multi_start.enable.then_some(settings.fit.multi_start.seed),
                cmaes: settings.fit.cma_es.evolution.seed,
            },
            stages: self.stages.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            sweep: about.totals.clone(),
            memory: MemoryFacts {
                peak_rss_anon_bytes: peak_rss_anon_bytes(),
                peak_rss_bytes: peak_rss_bytes(),
                total_bytes: detect_total_memory(),
                container_limit_bytes: container_limit_bytes(),
            },
        }
    }
}

/// Name and content of a file of a result.
pub(super) type File = (&'static str, Vec<u8>);

/// A store beside the results is named from the run directory, so that both can move together; any other one in full.
fn as_seen_from_results(store: &Path, output: &Path) -> PathBuf {
    let full = absolute(store).unwrap_or_else(|_| store.to_path_buf());
    let below = absolute(output).ok().and_then(|output| full.strip_prefix(output).ok().map(Path::to_path_buf));
    below.map_or(full, |rest| Path::new("..").join(rest))
}

/// `run.json`: how a result came about.
#[derive(Debug, Serialize)]
pub(super) struct RunRecord {
    run_id: String,
    name: String,
    program: String,
    verdict: Verdict,
    result_key: String,
    finished_unix_seconds: u64,
    source: String,
    source_blake3: String,
    store_content_key: String,
    /// From the run directory, or in full.
    store: PathBuf,
    store_kind: String,
    store_verified: bool,
    /// BLAKE3 of every other file.
    files: BTreeMap<String, String>,
    configuration: BTreeMap<String, InForce>,
    notes: Vec<String>,
    /// What was warned of until the result was written.
    warnings: Vec<String>,
    keys_without_effect: Vec<String>,
    threads: usize,
    simd: &'static str,
    strategy: Strategy,
    strategy_decision: Decision,
    seeds: Seeds,
    stages: BTreeMap<String, StageFacts>,
    sweep: SweepTotals,
    memory: MemoryFacts,
}

/// BLAKE3 of files, by name.
pub(super) fn hashes(files: &[File]) -> BTreeMap<String, String> {
    files.iter().map(|(name, content)| ((*name).into(), content_hash(content))).collect()
}

/// The text of `run.json`: sealed with a checksum of all the rest, as no other file tells of it.
///
/// # Errors
/// Internal if it cannot be written as JSON.
pub(super) fn sealed(record: &RunRecord) -> Result<Vec<u8>> {
    let no_json = |source| Fault::at(RECORD_NAME, "cannot be written").source(source).internal();
    pretty(&Sealed { seal: seal(&serde_json::to_value(record).map_err(no_json)?), record })
}

#[derive(Serialize)]
struct Sealed<'a> {
    #[serde(flatten)]
    record: &'a RunRecord,
    seal: String,
}

fn seal(value: &Value) -> String {
    content_hash(value.to_string().as_bytes())
}

/// What is read of an earlier `run.json`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Noted {
    pub result_key: String,
    /// Whether every block was compared with its checksum.
    #[serde(default)]
    pub store_verified: bool,
    /// Whether it is as it was written.
    #[serde(skip)]
    pub is_whole: bool,
    #[serde(default)]
    pub files: BTreeMap<String, String>,
    #[serde(default)]
    pub verdict: Option<Verdict>,
    #[serde(default)]
    pub finished_unix_seconds: u64,
    #[serde(default)]
    pub source: String,
    #[serde(default)]
    pub store_content_key: String,
    #[serde(default)]
    pub store: PathBuf,
}

impl Noted {
    /// What a run directory says of itself.
    pub(super) fn of(directory: &Path) -> Option<Noted> {
        let mut value: Value =
            serde_json::from_str(&regular_file::read_to_string(&directory.join(RECORD_NAME)).ok()?).ok()?;
        let told = value.as_object_mut().and_then(|entries| entries.remove("seal"));
        let is_whole = told.is_some_and(|told| told == seal(&value));
        let noted: Noted = serde_json::from_value(value).ok()?;
        Some(Noted { is_whole, ..noted })
    }
}

/// A value of the configuration.
#[derive(Debug, Serialize)]
struct InForce {
    value: String,
    origin: String,
}

impl From<&Effective> for InForce {
    fn from(entry: &Effective) -> Self {
        InForce { value: entry.value.clone(), origin: entry.origin.clone() }
    }
}

#[derive(Debug, Serialize)]
struct Seeds {
    multi_start: Option<u64>,
    cmaes: u64,
}

#[derive(Debug, Serialize)]
struct MemoryFacts {
    peak_rss_anon_bytes: Option<u64>,
    peak_rss_bytes: Option<u64>,
    total_bytes: Option<u64>,
    container_limit_bytes: Option<u64>,
}
