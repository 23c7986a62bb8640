//! The conductor: stages in order, their times and memory, and the run directory. It prints nothing and decides nothing
//! about physics or data.

use crate::block::BlockSource;
use crate::config::settings::{LogLevel, Settings, Stage};
use crate::error::{Fault, Result, io_at};
use crate::experiment::Experiment;
use crate::fit::analysis::{FitSettings, fit};
use crate::fit::start::Scales;
use crate::ingest::convert::{Ingested, Request, ingest};
use crate::memory::{peak_rss_anon_bytes, peak_rss_bytes, rss_anon_bytes};
use crate::model::catalogue::Model;
use crate::outcome::{FitResult, Iteration, Verdict};
use crate::parameters::AnalysisMode;
use crate::publish::StagedDirectory;
use crate::report::json::{Context, parameters_json};
use crate::report::{summary, tables};
use crate::store::directory::Store;
use crate::sweep::level::SimdLevel;
use crate::sweep::meter::SweepTotals;
use crate::sweep::pass::Sweep;
use crate::sweep::sample::Sample;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Hears what happens. The command line writes it to stderr; a library user may do as he likes.
pub trait Listener: Sync {
    /// A line for the log.
    fn log(&self, level: LogLevel, text: &str);
    /// The state of long work; each call replaces the last.
    fn progress(&self, text: &str);
}

/// One run: its settings, log and timings.
pub struct Run<'a> {
    settings: &'a Settings,
    listener: &'a dyn Listener,
    log: Mutex<Vec<String>>,
    stages: Mutex<Map<String, Value>>,
}

/// What a finished run gives back.
#[derive(Debug, Clone)]
pub struct Finished {
    /// The run directory.
    pub directory: PathBuf,
    /// Judgement.
    pub verdict: Verdict,
    /// Table for a terminal.
    pub summary: String,
    /// `parameters.json`.
    pub parameters: Value,
    /// Sweep statistics; `None` if an earlier result was reused.
    pub totals: Option<SweepTotals>,
}

impl<'a> Run<'a> {
    /// A run with these settings; keys without effect are reported once.
    #[must_use]
    pub fn new(settings: &'a Settings, listener: &'a dyn Listener) -> Self {
        let run = Run { settings, listener, log: Mutex::default(), stages: Mutex::default() };
        for note in &settings.notes {
            run.say(LogLevel::Warning, note);
        }
        run
    }

    fn say(&self, level: LogLevel, text: &str) {
        if level <= self.settings.log_level {
            self.log.lock().unwrap_or_else(PoisonError::into_inner).push(format!("[{level:?}] {text}"));
            self.listener.log(level, text);
        }
    }

    fn timed<T>(&self, stage: &str, job: impl FnOnce() -> Result<T>) -> Result<T> {
        let start = Instant::now();
        let result = job();
        let facts = json!({"wall_seconds": start.elapsed().as_secs_f64(), "rss_anon_bytes": rss_anon_bytes()});
        self.stages.lock().unwrap_or_else(PoisonError::into_inner).insert(stage.into(), facts);
        result
    }

    /// Ingest and fit as the stages say; an equal earlier result is reused.
    ///
    /// # Errors
    /// What the stages report.
    pub fn run(&self) -> Result<Option<Finished>> {
        if self.settings.stages.contains(&Stage::Ingest) {
            self.ingest(false)?;
        }
        if !self.settings.stages.contains(&Stage::Fit) {
            return Ok(None);
        }
        let store = self.open(&self.settings.store)?;
        match self.earlier_result(&store) {
            Some(finished) => {
                self.say(LogLevel::Info, &format!("nothing changed: reusing {}", finished.directory.display()));
                Ok(Some(finished))
            }
            None => self.fit(store).map(Some),
        }
    }

    /// Makes or reuses the store.
    ///
    /// # Errors
    /// What the ingest reports.
    pub fn ingest(&self, verify: bool) -> Result<Ingested> {
        let settings = self.settings;
        let request = Request {
            source: settings.source()?.to_path_buf(),
            selection: settings.selection.clone(),
            store: settings.store.clone(),
            format: settings.format,
            block_points: settings.block_points,
            threads: settings.threads,
            verify,
        };
        let progress = |done: usize, all: usize| self.listener.progress(&format!("ingest: {done} of {all} angles"));
        let ingested = self.timed("ingest", || ingest(&request, &progress))?;
        if let Some(damage) = &ingested.damage {
            self.say(LogLevel::Warning, &format!("the earlier store was damaged and is made anew: {damage}"));
        }
        for warning in &ingested.manifest.provenance.warnings {
            self.say(LogLevel::Warning, warning);
        }
        let what = if ingested.reused { "store is up to date" } else { "store written" };
        let experiment = &ingested.manifest.experiment;
        self.say(
            LogLevel::Info,
            &format!(
                "{what}: {} ({} angles, {} frames, dt = {} s, q = {} 1/angstrom)",
                settings.store.display(),
                experiment.angles.len(),
                experiment.time.n_frames,
                experiment.time.dt_seconds,
                experiment.q_per_angstrom
            ),
        );
        Ok(ingested)
    }

    /// Opens a store for fitting.
    ///
    /// # Errors
    /// What opening reports.
    pub fn open(&self, directory: &Path) -> Result<Store> {
        let store = Store::open(directory, self.settings.gap_angstrom)?;
        let selection = serde_json::to_value(&self.settings.selection).unwrap_or_default();
        if store.manifest().provenance.selection != selection {
            let text =
                format!("{}: the store was made with another selection than this configuration's", directory.display());
            self.say(LogLevel::Warning, &text);
        }
        Ok(store)
    }

    /// Fits a store and writes the run directory.
    ///
    /// # Errors
    /// What sweeps and writing report.
    pub fn fit(&self, store: Store) -> Result<Finished> {
        let settings = self.settings;
        let store = Arc::new(store);
        let experiment = store.experiment().clone();
        let model = Model::new(settings.mode, settings.convention, &experiment)?;
        let sample = self.timed("sample", || Sample::draw(store.as_ref(), &model))?;
        let sweep = Sweep::new(Arc::clone(&store) as Arc<dyn BlockSource>, model, settings.threads).with_heartbeat(
            Box::new(|| {
                let _ = rss_anon_bytes();
            }),
        );
        let fit_settings = fit_settings(settings, &experiment);
        let mut observe = |iteration: &Iteration| self.report_iteration(iteration, &sweep.totals());
        let result = self.timed("fit", || fit(&sweep, &sample, &fit_settings, &mut observe))?;
        self.say(LogLevel::Info, &format!("verdict: {}", result.verdict.name()));
        let context = context(settings, &experiment);
        let record = Record {
            result: &result,
            context: &context,
            totals: sweep.totals(),
            key: self.result_key(&store.manifest().content_key),
            store: &store,
        };
        self.write(&record)
    }

    fn report_iteration(&self, iteration: &Iteration, totals: &SweepTotals) {
        let text = format!(
            "iteration {:>3}  cost {:.6e}  chi2_nu {:.5}  {}  {:.0} M pairs/s  {} MiB",
            iteration.iteration,
            iteration.cost,
            iteration.reduced_chi_squared,
            if iteration.accepted { "accepted" } else { "rejected" },
            totals.pairs_per_second / 1e6,
            rss_anon_bytes().unwrap_or(0) >> 20
        );
        self.listener.progress(&text);
        self.say(LogLevel::Debug, &text);
    }

    /// Equal keys give equal results: what is read, and every setting that can change a number.
    fn result_key(&self, content_key: &str) -> String {
        const WITHOUT_INFLUENCE: [&str; 5] = [
            "performance.computation.cpu_threads",
            "output.directory",
            "logging.level",
            "store.directory",
            "pipeline.stages",
        ];
        let values: Vec<(&str, &str)> = self
            .settings
            .effective
            .iter()
            .filter(|entry| !WITHOUT_INFLUENCE.contains(&entry.key.as_str()))
            .map(|entry| (entry.key.as_str(), entry.value.as_str()))
            .collect();
        let text = json!([env!("CARGO_PKG_VERSION"), content_key, values]).to_string();
        blake3::hash(text.as_bytes()).to_hex().to_string()
    }

    fn run_name(&self, key: &str) -> String {
        format!("{}-{}", self.settings.name, &key[..12])
    }

    fn earlier_result(&self, store: &Store) -> Option<Finished> {
        let key = self.result_key(&store.manifest().content_key);
        let directory = self.settings.output.join(self.run_name(&key));
        let read = |name: &str| std::fs::read_to_string(directory.join(name)).ok();
        let run: Value = serde_json::from_str(&read("run.json")?).ok()?;
        let parameters: Value = serde_json::from_str(&read("parameters.json")?).ok()?;
        let verdicts = [Verdict::Converged, Verdict::AtBound, Verdict::Undetermined, Verdict::PoorFit];
        let verdict = verdicts.into_iter().find(|verdict| parameters["verdict"] == verdict.name())?;
        let summary = read("summary.txt")?;
        (run["result_key"] == key.as_str()).then_some(Finished {
            directory,
            verdict,
            summary,
            parameters,
            totals: None,
        })
    }

    fn write(&self, record: &Record<'_>) -> Result<Finished> {
        let name = self.run_name(&record.key);
        let parameters = parameters_json(record.result, record.context);
        let summary = summary::summary(record.result, record.context);
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner).join("\n");
        let files = [
            ("parameters.json", pretty(&parameters)?),
            ("parameters.parquet", tables::parameters(record.result)?),
            ("per_angle.parquet", tables::per_angle(record.result)?),
            ("iterations.parquet", tables::iterations(record.result)?),
            ("summary.txt", summary.clone().into_bytes()),
            ("log.txt", format!("{log}\n").into_bytes()),
            ("run.json", pretty(&self.run_json(record))?),
        ];
        let staged = StagedDirectory::begin(&self.settings.output.join(name))?;
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
            "store": self.settings.store.display().to_string(),
            "store_kind": record.store.kind(),
            "configuration": self.settings.effective_json(),
            "notes": self.settings.notes,
            "threads": self.settings.threads,
            "simd": SimdLevel::Best.name(),
            "strategy": "hybrid_streaming",
            "stages": stages,
            "sweep": record.totals,
            "memory": {
                "peak_rss_anon_bytes": peak_rss_anon_bytes(),
                "peak_rss_bytes": peak_rss_bytes(),
            },
        })
    }
}

/// What is written.
struct Record<'a> {
    result: &'a FitResult,
    context: &'a Context<'a>,
    totals: SweepTotals,
    key: String,
    store: &'a Store,
}

fn pretty(value: &Value) -> Result<Vec<u8>> {
    let mut text =
        serde_json::to_vec_pretty(value).map_err(|source| Fault::at("results", "no JSON").source(source).internal())?;
    text.push(b'\n');
    Ok(text)
}

fn fit_settings(settings: &Settings, experiment: &Experiment) -> FitSettings {
    FitSettings {
        space: settings.space.clone(),
        start: settings.start.clone(),
        scaling: settings.scaling.clone(),
        tolerances: settings.tolerances,
        max_reduced_chi_squared: settings.max_reduced_chi_squared,
        scales: scales(experiment),
    }
}

/// The scales by which a data-driven start is laid out.
#[must_use]
pub fn scales(experiment: &Experiment) -> Scales {
    Scales {
        q_per_angstrom: experiment.q_per_angstrom,
        gap_angstrom: experiment.gap_angstrom.unwrap_or(0.0),
        dt_seconds: experiment.time.dt_seconds,
        duration_seconds: experiment.time.dt_seconds * experiment.time.n_frames as f64,
    }
}

fn context<'a>(settings: &Settings, experiment: &'a Experiment) -> Context<'a> {
    let sheared = (settings.mode == AnalysisMode::LaminarFlow).then_some(settings.convention);
    Context {
        analysis_mode: settings.mode.name(),
        shear_convention: sheared.map(|convention| convention.name()),
        gamma_dot_conversion: sheared.map(|convention| convention.conversion_to_other()),
        experiment,
    }
}
