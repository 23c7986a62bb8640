//! The run directory: what is written into it, and whether an equal one is there already.

use crate::config::keys::all;
use crate::config::settings::{Effective, Settings};
use crate::error::catalogue::Code;
use crate::error::{Fault, Result, io_at};
use crate::experiment::Experiment;
use crate::fit::strategy::Decision;
use crate::listener::LogLevel;
use crate::machine::file_identity::content_hash;
use crate::machine::memory::{container_limit_bytes, detect_total_memory, peak_rss_anon_bytes, peak_rss_bytes};
use crate::machine::publish::StagedDirectory;
use crate::outcome::fit::{Conditions, FitOutcome, FitResult, SCHEMA_VERSION, Strategy};
use crate::parameters::definitions::ShearConvention;
use crate::pipeline::plan::decide;
use crate::pipeline::run::{Finished, Run, StageFacts};
use crate::report::tables::json::pretty;
use crate::report::tables::{parquet, summary};
use crate::store::block::BlockSource;
use crate::store::directory::Store;
use crate::sweep::meter::SweepTotals;
use crate::sweep::simd::SimdLevel;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::PoisonError;
use std::time::{SystemTime, UNIX_EPOCH};

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
}

impl Run<'_> {
    /// Equal hashes give equal numbers for equal data.
    pub(super) fn config_hash(&self) -> String {
        let counts = |path: &str| all().any(|key| key.path == path && key.affects_result);
        let entries = self.settings.effective.iter().filter(|entry| counts(&entry.key));
        let values: Vec<(&str, &str)> = entries.map(|entry| (entry.key.as_str(), entry.value.as_str())).collect();
        hash(&json!([env!("CARGO_PKG_VERSION"), values]))
    }

    /// Equal keys give equal results: what is read, every setting that can change a number, and the strategy.
    pub(super) fn result_key(&self, content_key: &str, strategy: Strategy) -> String {
        hash(&json!([self.config_hash(), content_key, strategy.name()]))
    }

    fn run_name(&self, key: &str) -> String {
        format!("{}-{}", self.settings.run.name, &key[..12])
    }

    /// The result of an equal earlier run.
    pub(super) fn earlier_result(&self, store: &Store) -> Result<Option<Finished>> {
        let strategy = decide(&self.settings.fit, store, self.settings.run.threads())?.strategy;
        Ok(self.read_result(&self.result_key(&store.manifest().content_key, strategy)))
    }

    /// Whether the results of a key can be written, which is asked before the work is done.
    pub(super) fn check_place(&self, key: &str) -> Result<()> {
        may_be_replaced(&self.settings.run.output.join(self.run_name(key)))
    }

    fn read_result(&self, key: &str) -> Option<Finished> {
        let directory = self.settings.run.output.join(self.run_name(key));
        let read = |name: &str| std::fs::read_to_string(directory.join(name)).ok();
        let run: Keyed = serde_json::from_str(&read("run.json")?).ok()?;
        if let Some(name) =
            run.files.iter().find_map(|(name, hash)| (!is_whole(&directory.join(name), hash)).then_some(name))
        {
            let changed = directory.join(name);
            self.say(LogLevel::Warning, &format!("{} is not as it was written: fitting anew", changed.display()));
            return None;
        }
        let outcome: FitOutcome = serde_json::from_str(&read("parameters.json")?).ok()?;
        let is_same = run.result_key == key && outcome.schema_version == SCHEMA_VERSION;
        let is_final = outcome.result.verdict.is_final();
        let summary = read("summary.txt")?;
        (is_same && is_final).then_some(Finished { directory, outcome, summary, totals: None })
    }

    pub(super) fn write(&self, result: FitResult, record: Record<'_>) -> Result<Finished> {
        let name = self.run_name(&record.key);
        let outcome = FitOutcome::new(result, conditions(self.settings, record.experiment));
        let (result, summary) = (&outcome.result, summary::summary(&outcome));
        let mut files = vec![
            ("parameters.json", pretty(&outcome)?),
            ("parameters.parquet", parquet::parameters(result)?),
            ("per_angle.parquet", parquet::per_angle(result)?),
            ("transport.parquet", parquet::transport(result)?),
            ("per_lag.parquet", parquet::per_lag(result, record.experiment.time.dt_seconds)?),
            ("iterations.parquet", parquet::iterations(result)?),
            ("summary.txt", summary.clone().into_bytes()),
            ("log.txt", self.log.text().into_bytes()),
        ];
        if let Some(search) = &result.search {
            files.push(("candidates.parquet", parquet::candidates(search, result)?));
        }
        files.push(("run.json", pretty(&self.run_record(&record, &files))?));
        let staged = StagedDirectory::begin(&self.settings.run.output.join(name), may_be_replaced)?;
        for (name, content) in files {
            let path = staged.path().join(name);
            std::fs::write(&path, content).map_err(io_at(&path))?;
        }
        Ok(Finished { directory: staged.publish()?, outcome, summary, totals: Some(record.totals) })
    }

    fn run_record(&self, record: &Record<'_>, files: &[(&str, Vec<u8>)]) -> RunRecord {
        let (manifest, settings) = (record.store.manifest(), self.settings);
        let finished = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs());
        RunRecord {
            program: concat!("homodyne ", env!("CARGO_PKG_VERSION")).into(),
            result_key: record.key.clone(),
            finished_unix_seconds: finished,
            source_blake3: manifest.provenance.source_blake3.clone(),
            store_content_key: manifest.content_key.clone(),
            store: settings.ingest.store.display().to_string(),
            store_kind: record.store.kind(),
            store_verified: record.store.is_verified(),
            files: files.iter().map(|(name, content)| ((*name).into(), content_hash(content))).collect(),
            configuration: settings.effective.iter().map(|entry| (entry.key.clone(), InForce::from(entry))).collect(),
            notes: settings.notes.clone(),
            keys_without_effect: settings.without_effect.clone(),
            threads: settings.run.threads(),
            simd: SimdLevel::Best.name(),
            strategy: record.decision.strategy,
            strategy_decision: record.decision.clone(),
            seeds: Seeds {
                multi_start: settings.fit.multi_start.enable.then_some(settings.fit.multi_start.seed),
                cmaes: settings.fit.cma_es.evolution.seed,
            },
            stages: self.stages.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            sweep: record.totals.clone(),
            memory: MemoryFacts {
                peak_rss_anon_bytes: peak_rss_anon_bytes(),
                peak_rss_bytes: peak_rss_bytes(),
                total_bytes: detect_total_memory(),
                container_limit_bytes: container_limit_bytes(),
            },
        }
    }
}

/// Results may come to a place where nothing is, or where earlier results of this program are and no foreign file.
///
/// # Errors
/// E77 with what is there; Io if it cannot be looked at.
pub(super) fn may_be_replaced(place: &Path) -> Result<()> {
    let Ok(there) = place.symlink_metadata() else { return Ok(()) };
    let taken = |what: String| {
        Fault::at(place.display(), what)
            .expected("a new place, or earlier results without other files")
            .advice("move what is there, or choose another output.directory")
            .code(Code::E77)
            .config()
    };
    if !there.is_dir() {
        return Err(taken("is not a folder".into()));
    }
    let text = |name: &str| std::fs::read_to_string(place.join(name)).unwrap_or_default();
    let is_run = serde_json::from_str::<Keyed>(&text("run.json")).is_ok();
    let is_table = text("q_table.json").contains("\"q_per_angstrom\"");
    for entry in std::fs::read_dir(place).map_err(io_at(place))? {
        let name = entry.map_err(io_at(place))?.file_name();
        if !is_run && !is_table {
            return Err(taken("holds something else than results of this program".into()));
        }
        if !FILES.iter().any(|file| name == *file) {
            return Err(taken(format!("holds {}, which is no result of this program", name.to_string_lossy())));
        }
    }
    Ok(())
}

/// Everything that a run or a table over q writes.
const FILES: [&str; 12] = [
    "parameters.json",
    "parameters.parquet",
    "per_angle.parquet",
    "transport.parquet",
    "per_lag.parquet",
    "iterations.parquet",
    "candidates.parquet",
    "summary.txt",
    "log.txt",
    "run.json",
    "q_table.parquet",
    "q_table.json",
];

/// `run.json`: how a result came about.
#[derive(Debug, Serialize)]
struct RunRecord {
    program: String,
    result_key: String,
    finished_unix_seconds: u64,
    source_blake3: String,
    store_content_key: String,
    store: String,
    store_kind: String,
    store_verified: bool,
    /// BLAKE3 of every other file.
    files: BTreeMap<String, String>,
    configuration: BTreeMap<String, InForce>,
    notes: Vec<String>,
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

/// What is read of an earlier `run.json`.
#[derive(Debug, Deserialize)]
struct Keyed {
    result_key: String,
    #[serde(default)]
    files: BTreeMap<String, String>,
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

fn hash(value: &Value) -> String {
    content_hash(value.to_string().as_bytes())
}

fn is_whole(path: &Path, hash: &str) -> bool {
    std::fs::read(path).is_ok_and(|content| content_hash(&content) == hash)
}

fn conditions(settings: &Settings, experiment: &Experiment) -> Conditions {
    let mode = settings.fit.space.mode;
    let convention = mode.shear().map(|_| settings.model.convention);
    Conditions {
        analysis_mode: mode,
        shear_convention: convention,
        gamma_dot_factor_to_other_convention: convention.map(ShearConvention::conversion_to_other),
        q_per_angstrom: experiment.q_per_angstrom,
        gap_angstrom: experiment.gap_angstrom,
        dt_seconds: experiment.time.dt_seconds,
        n_frames: experiment.time.n_frames,
    }
}
