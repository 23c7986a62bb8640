//! One run: its settings, log and timings, which the stages share. It knows no stage.

use crate::config::settings::Settings;
use crate::error::Result;
use crate::listener::{Event, Listener, LogLevel, Watch};
use crate::machine::dataflow::{looked_after, refused_threads};
use crate::machine::memory::{begin_stage, rss_anon_bytes, stage_peak_bytes};
use crate::machine::remains::left_behind;
use crate::outcome::fit::FitOutcome;
use crate::outcome::posterior::PosteriorResult;
use crate::pipeline::agreement::check;
use crate::pipeline::log::RunLog;
use crate::store::directory::Store;
use crate::sweep::meter::SweepTotals;
use crate::units::counted;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Memory that comes and goes faster than this is not seen.
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// One run: its settings, log and timings.
pub struct Run<'a> {
    pub(super) settings: &'a Settings,
    pub(super) log: RunLog<'a>,
    pub(super) resume: bool,
    pub(super) stores_as_they_are: bool,
    pub(super) stages: Mutex<BTreeMap<String, StageFacts>>,
}

/// What a stage took.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct StageFacts {
    /// Seconds.
    pub wall_seconds: f64,
    /// Anonymous memory at its end, in bytes.
    pub rss_anon_bytes: Option<u64>,
    /// Anonymous memory at most, in bytes.
    pub peak_rss_anon_bytes: Option<u64>,
}

/// What a finished run gives back.
#[derive(Debug, Clone)]
pub struct Finished {
    /// The run directory.
    pub directory: PathBuf,
    /// What was found: `parameters.json`.
    pub outcome: FitOutcome,
    /// The page of its report, if there is one.
    pub report: Option<PathBuf>,
    /// Why there is none, though one was wanted.
    pub not_drawn: Option<String>,
    /// Table for a terminal.
    pub summary: String,
    /// The posterior, if it was sampled.
    pub posterior: Option<FinishedPosterior>,
    /// Sweep statistics; `None` if an earlier result was reused.
    pub totals: Option<SweepTotals>,
}

/// A posterior beside its fit.
#[derive(Debug, Clone)]
pub struct FinishedPosterior {
    /// `posterior` in the run directory.
    pub directory: PathBuf,
    /// What was found: `posterior.json`.
    pub result: PosteriorResult,
    /// Table for a terminal.
    pub summary: String,
}

impl Finished {
    /// Exit code of the program: of the posterior, if it was sampled and is not to be believed, or else of the fit.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        let of_fit = || self.outcome.result.verdict.exit_code();
        self.posterior.as_ref().map_or_else(of_fit, |posterior| posterior.result.exit_code())
    }
}

impl<'a> Run<'a> {
    /// A run with these settings, watched by its user; keys without effect are reported once.
    #[must_use]
    pub fn new(settings: &'a Settings, user: &Watch<'a>) -> Self {
        let log = RunLog::new(settings, user);
        let run = Run { settings, log, resume: false, stores_as_they_are: false, stages: Mutex::default() };
        for note in &settings.notes {
            run.say(LogLevel::Warning, note);
        }
        if let Some(line) = settings.without_effect_in_one_line("listed in log.txt") {
            run.say(LogLevel::Warning, &line);
        }
        settings.without_effect.iter().for_each(|key| run.log.keep(key));
        settings.remarks.iter().for_each(|remark| run.say(LogLevel::Info, remark));
        run
    }

    /// Goes on from the checkpoint of an interrupted run.
    #[must_use]
    pub fn resuming(mut self, resume: bool) -> Self {
        self.resume = resume;
        self
    }

    /// Fits a store that is named as it is, or not at all: it is not made anew for a later state of the data file.
    #[must_use]
    pub fn with_stores_as_they_are(mut self, stores_as_they_are: bool) -> Self {
        self.stores_as_they_are = stores_as_they_are;
        self
    }

    /// What stages carry with them.
    pub(super) fn watch(&self) -> Watch<'_> {
        Watch::new(&self.log, self.log.stop())
    }

    pub(super) fn say(&self, level: LogLevel, text: &str) {
        self.log.hear(&Event::Log { level, text });
    }

    /// Runs a stage and notes its time and memory; one that fails says nothing of them, as its error is the last word.
    pub(super) fn timed<T>(&self, stage: &str, job: impl FnOnce() -> Result<T>) -> Result<T> {
        begin_stage();
        let start = Instant::now();
        let look = || {
            let _ = rss_anon_bytes();
        };
        let result = looked_after(BETWEEN_LOOKS, look, job);
        self.log.hear(&Event::Ended);
        refused_threads().iter().for_each(|warning| self.say(LogLevel::Warning, warning));
        self.say_remains();
        let result = result?;
        let (seconds, now, peak) = (start.elapsed().as_secs_f64(), rss_anon_bytes(), stage_peak_bytes());
        let mebibytes = |bytes: Option<u64>| bytes.map_or("?".into(), |bytes| (bytes >> 20).to_string());
        let took =
            format!("{stage}: {seconds:.2} s, memory {} MiB now, {} MiB at most", mebibytes(now), mebibytes(peak));
        // What took no time is nothing that anybody waited for.
        self.say(if seconds < 0.005 { LogLevel::Debug } else { LogLevel::Info }, &took);
        let facts = StageFacts { wall_seconds: seconds, rss_anon_bytes: now, peak_rss_anon_bytes: peak };
        self.stages.lock().unwrap_or_else(PoisonError::into_inner).insert(stage.into(), facts);
        Ok(result)
    }

    /// Warns of what could not be removed.
    pub(super) fn say_remains(&self) {
        left_behind().iter().for_each(|warning| self.say(LogLevel::Warning, warning));
    }

    /// Opens a store for fitting.
    ///
    /// # Errors
    /// What opening reports; E76 if it holds other data than the configuration asks for.
    pub fn open(&self, directory: &Path) -> Result<Store> {
        let store = Store::open(directory, self.settings.model.gap_angstrom)?;
        if let Some(note) = check(self.settings, directory, store.manifest())? {
            self.say(LogLevel::Warning, &note);
        }
        self.say_adopted(&store);
        if self.settings.run.verify {
            return Ok(store);
        }
        let store = store.unverified();
        let more = match store.is_as_made() {
            true => "",
            false => ", and somebody may have written to them: condensed data of the store are not used",
        };
        let what = "the blocks of the store are not compared with their checksums (store.verify)";
        self.say(LogLevel::Warning, &format!("{what}{more}"));
        Ok(store)
    }

    /// A result of edited tables is not one of a beamline file.
    fn say_adopted(&self, store: &Store) {
        let provenance = &store.manifest().provenance;
        if provenance.is_adopted() {
            let (tables, source) = (counted(provenance.files.len(), "table"), &provenance.source);
            self.say(LogLevel::Info, &format!("the store was adopted from {tables} of {source}"));
        }
    }
}
