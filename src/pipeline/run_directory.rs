//! The run directory: what is written into it, and whether an equal one is there already.

use crate::block::BlockSource;
use crate::config::settings::Settings;
use crate::error::{Fault, Result, io_at};
use crate::experiment::Experiment;
use crate::fit::settings::Strategy;
use crate::fit::strategy::Decision;
use crate::memory::{container_limit_bytes, detect_total_memory, peak_rss_anon_bytes, peak_rss_bytes};
use crate::outcome::{FitResult, Verdict};
use crate::pipeline::plan::decide;
use crate::pipeline::{Finished, Run};
use crate::publish::StagedDirectory;
use crate::report::json::{Context, parameters_json};
use crate::report::{summary, tables};
use crate::store::directory::Store;
use crate::sweep::level::SimdLevel;
use crate::sweep::meter::SweepTotals;
use serde_json::{Value, json};
use std::sync::PoisonError;
use std::time::{SystemTime, UNIX_EPOCH};

/// What is written.
pub struct Record<'a> {
    /// What the fit has found.
    pub result: &'a FitResult,
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

/// Keys that change no number of a result.
const WITHOUT_INFLUENCE: [&str; 9] = [
    "performance.computation.cpu_threads",
    "performance.computation.pin_threads",
    "optimization.nlsq.memory_fraction",
    "optimization.nlsq.memory_threshold_gb",
    "output.directory",
    "logging.level",
    "store.directory",
    "pipeline.stages",
    "experimental_data.file_path",
];

impl Run<'_> {
    /// Equal hashes give equal numbers for equal data.
    pub(super) fn config_hash(&self) -> String {
        let counts = |key: &str| !WITHOUT_INFLUENCE.contains(&key);
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
        let strategy = decide(self.settings, store)?.strategy;
        Ok(self.read_result(&self.result_key(&store.manifest().content_key, strategy)))
    }

    fn read_result(&self, key: &str) -> Option<Finished> {
        let directory = self.settings.run.output.join(self.run_name(key));
        let read = |name: &str| std::fs::read_to_string(directory.join(name)).ok();
        let run: Value = serde_json::from_str(&read("run.json")?).ok()?;
        let parameters: Value = serde_json::from_str(&read("parameters.json")?).ok()?;
        let verdicts = [Verdict::Converged, Verdict::AtBound, Verdict::Undetermined, Verdict::PoorFit];
        let verdict = verdicts.into_iter().find(|verdict| parameters["verdict"] == verdict.name())?;
        let summary = read("summary.txt")?;
        let same = run["result_key"] == key;
        same.then_some(Finished { directory, verdict, summary, parameters, totals: None })
    }

    pub(super) fn write(&self, record: &Record<'_>) -> Result<Finished> {
        let name = self.run_name(&record.key);
        let context = context(self.settings, record.experiment);
        let parameters = parameters_json(record.result, &context);
        let summary = summary::summary(record.result, &context);
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner).join("\n");
        let mut files = vec![
            ("parameters.json", pretty(&parameters)?),
            ("parameters.parquet", tables::parameters(record.result)?),
            ("per_angle.parquet", tables::per_angle(record.result)?),
            ("per_lag.parquet", tables::per_lag(record.result, record.experiment.time.dt_seconds)?),
            ("iterations.parquet", tables::iterations(record.result)?),
            ("summary.txt", summary.clone().into_bytes()),
            ("log.txt", format!("{log}\n").into_bytes()),
            ("run.json", pretty(&self.run_json(record))?),
        ];
        if let Some(search) = &record.result.search {
            files.push(("candidates.parquet", tables::candidates(search, record.result)?));
        }
        let staged = StagedDirectory::begin(&self.settings.run.output.join(name))?;
        for (name, content) in files {
            let path = staged.path().join(name);
            std::fs::write(&path, content).map_err(io_at(&path))?;
        }
        let directory = staged.publish()?;
        let totals = Some(record.totals.clone());
        Ok(Finished { directory, verdict: record.result.verdict, summary, parameters, totals })
    }

    fn run_json(&self, record: &Record<'_>) -> Value {
        let manifest = record.store.manifest();
        let stages = self.stages.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let finished = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs());
        json!({
            "program": concat!("homodyne ", env!("CARGO_PKG_VERSION")),
            "result_key": record.key,
            "finished_unix_seconds": finished,
            "source_blake3": manifest.provenance.source_blake3,
            "store_content_key": manifest.content_key,
            "store": self.settings.ingest.store.display().to_string(),
            "store_kind": record.store.kind(),
            "configuration": self.settings.effective_json(),
            "notes": self.settings.notes,
            "threads": self.settings.run.threads,
            "simd": SimdLevel::Best.name(),
            "strategy": record.decision.strategy,
            "strategy_decision": record.decision,
            "seeds": {
                "multi_start": self.settings.fit.multi_start.enable.then_some(self.settings.fit.multi_start.seed),
                "cmaes": self.settings.fit.cma_es.evolution.seed,
            },
            "stages": stages,
            "sweep": record.totals,
            "memory": {
                "peak_rss_anon_bytes": peak_rss_anon_bytes(),
                "peak_rss_bytes": peak_rss_bytes(),
                "total_bytes": detect_total_memory(),
                "container_limit_bytes": container_limit_bytes(),
            },
        })
    }
}

fn hash(value: &Value) -> String {
    blake3::hash(value.to_string().as_bytes()).to_hex().to_string()
}

/// JSON for reading by people.
///
/// # Errors
/// Internal if it cannot be encoded.
pub(super) fn pretty(value: &Value) -> Result<Vec<u8>> {
    let mut text =
        serde_json::to_vec_pretty(value).map_err(|source| Fault::at("results", "no JSON").source(source).internal())?;
    text.push(b'\n');
    Ok(text)
}

fn context<'a>(settings: &Settings, experiment: &'a Experiment) -> Context<'a> {
    let sheared = settings.fit.space.mode.shear().map(|_| settings.model.convention);
    Context {
        analysis_mode: settings.fit.space.mode.name(),
        shear_convention: sheared.map(|convention| convention.name()),
        gamma_dot_conversion: sheared.map(|convention| convention.conversion_to_other()),
        experiment,
    }
}
