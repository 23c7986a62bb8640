//! The run directory: what is written into it, and whether an equal one is there already.

use crate::config::keys::all;
use crate::config::settings::Settings;
use crate::error::catalogue::Code;
use crate::error::{Fault, Result, io_at};
use crate::experiment::Experiment;
use crate::listener::{LogLevel, Watch};
use crate::machine::claim::{check_name, free_name, is_held};
use crate::machine::file_identity::{FileIdentity, content_hash};
use crate::machine::link::lead_to;
use crate::machine::publish::{Kind, StagedDirectory, tidy_up};
use crate::machine::regular_file;
use crate::outcome::fit::{Conditions, FitOutcome, FitResult, SCHEMA_VERSION, Strategy};
use crate::parameters::definitions::ShearConvention;
use crate::pipeline::fitted::{self, FITTED};
use crate::pipeline::marked_directory::Marked;
use crate::pipeline::peers_draws::{self, PEERS_DRAWS};
use crate::pipeline::peers_files::{self, PEERS};
use crate::pipeline::plan::decide;
use crate::pipeline::posterior_directory::{self, POSTERIOR};
use crate::pipeline::report_directory::{self, REPORT, page_of};
use crate::pipeline::run::{Finished, Run};
use crate::pipeline::run_record::{File, Noted, RECORD_NAME, Record, sealed};
use crate::report::tables::json::pretty;
use crate::report::tables::parquet::Origin;
use crate::report::tables::{parquet, summary};
use crate::store::directory::Store;
use crate::units::{date_and_time, now_unix_seconds};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::DirEntry;
use std::path::{Path, PathBuf};

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

    /// The result of an equal earlier run, of any day. It is one of the store as it was made: what was written to it since must be equal.
    pub(super) fn earlier_result(&self, store: &Store) -> Result<Option<Finished>> {
        let strategy = decide(&self.settings.fit, store, self.settings.run.threads())?.strategy;
        let key = self.result_key(&store.manifest().content_key, strategy);
        let ending = without_day(&run_id(&self.settings.run.name, &key)).to_owned();
        let entries = std::fs::read_dir(&self.settings.run.output).into_iter().flatten().flatten();
        let is_called_so =
            |entry: &DirEntry| entry.file_name().to_str().is_some_and(|name| without_day(name) == ending);
        let mut directories: Vec<PathBuf> = entries.filter(is_called_so).map(|entry| entry.path()).collect();
        directories.sort();
        tidy_up(&self.settings.run.output, RESULTS);
        directories.iter().for_each(|directory| tidy(directory));
        let found = directories.into_iter().rev().find_map(|directory| self.read_result(directory, &key));
        if found.is_some() && self.settings.run.verify {
            store.verify_touched()?;
        }
        Ok(found)
    }

    /// Whether the results of a key can be written, which is asked before the work is done. Returns the record that is there already.
    pub(super) fn check_place(&self, key: &str) -> Result<Option<FileIdentity>> {
        let place = self.settings.run.output.join(run_id(&self.settings.run.name, key));
        check_name(&place)?;
        tidy(&place);
        may_be_replaced(&place).map(|()| record_at(&place))
    }

    fn read_result(&self, directory: PathBuf, key: &str) -> Option<Finished> {
        let read = |name: &str| regular_file::read_to_string(&directory.join(name)).ok();
        let run = Noted::of(&directory)?;
        if let Some(name) = changed_file(&directory, &run) {
            let changed = directory.join(name);
            self.say(LogLevel::Warning, &format!("{} is not as it was written: fitting anew", changed.display()));
            return None;
        }
        let outcome: FitOutcome = serde_json::from_str(&read("parameters.json")?).ok()?;
        let is_same = run.result_key == key && outcome.schema_version == SCHEMA_VERSION;
        if is_same && self.settings.run.verify && !run.store_verified {
            let what = "was fitted without comparing the store with its checksums: fitting anew";
            self.say(LogLevel::Warning, &format!("{} {what}", directory.display()));
            return None;
        }
        let is_final = outcome.result.verdict.is_final();
        let summary = read("summary.txt")?;
        let report = page_of(&directory, key);
        (is_same && is_final).then_some(Finished {
            directory,
            outcome,
            report,
            not_drawn: None,
            summary,
            posterior: None,
            totals: None,
        })
    }

    /// Writes the results; those that another command has written meanwhile are the same, and maybe in use.
    pub(super) fn write(&self, result: FitResult, record: Record<'_>) -> Result<Finished> {
        let id = run_id(&self.settings.run.name, &record.key);
        let place = self.settings.run.output.join(&id);
        if record_at(&place) != record.earlier
            && let Some(same) = self.read_result(place.clone(), &record.key)
        {
            return Ok(Finished { totals: Some(record.totals), ..same });
        }
        let outcome = FitOutcome::new(result, conditions(self.settings, record.experiment));
        let (result, summary) = (&outcome.result, summary::summary(&outcome));
        let store_content_key = &record.store.manifest().content_key;
        let origin = &Origin::of(&id, store_content_key, &outcome.conditions);
        let mut files = vec![
            ("parameters.json", pretty(&outcome)?),
            ("parameters.parquet", parquet::parameters(result, origin)?),
            ("per_angle.parquet", parquet::per_angle(result, origin)?),
            ("transport.parquet", parquet::transport(result, origin)?),
            ("per_lag.parquet", parquet::per_lag(result, record.experiment.time.dt_seconds, origin)?),
            ("iterations.parquet", parquet::iterations(result, origin)?),
            ("summary.txt", summary.clone().into_bytes()),
            ("log.txt", self.log.text().into_bytes()),
        ];
        if let Some(search) = &result.search {
            files.push(("candidates.parquet", parquet::candidates(search, result, origin)?));
        }
        files.push((RECORD_NAME, sealed(&self.record(&id, result.verdict, &record, &files))?));
        let directory = publish(&place, files, &self.watch())?;
        Ok(Finished {
            directory,
            outcome,
            report: None,
            not_drawn: None,
            summary,
            posterior: None,
            totals: Some(record.totals),
        })
    }
}

/// The record of results, as the file system tells of it.
fn record_at(place: &Path) -> Option<FileIdentity> {
    FileIdentity::of(&place.join(RECORD_NAME)).ok()
}

/// `latest` beside the results leads to the ones that were asked for last.
pub(super) fn lead_latest_to(directory: &Path, watch: &Watch<'_>) {
    let link = directory.with_file_name(LATEST);
    let led = directory.file_name().map_or(Ok(false), |name| lead_to(&link, Path::new(name)));
    let kept = match led {
        Ok(true) => return,
        Ok(false) => "it is not a link to results beside it, and stays as it is".into(),
        Err(error) => error.to_string(),
    };
    watch.log(LogLevel::Warning, &format!("{} does not lead to these results: {kept}", link.display()));
}

/// Removes what killed processes have left of pictures and tables in the directory of a run.
fn tidy(run: &Path) {
    [report_directory::KIND, fitted::KIND, peers_files::KIND, peers_draws::KIND, posterior_directory::KIND]
        .into_iter()
        .for_each(|kind| tidy_up(run, kind));
}

/// Directories within that of a run, but for posteriors.
const WITHIN: [(&str, Marked); 4] = [
    (REPORT, report_directory::PICTURES),
    (FITTED, fitted::TABLES),
    (PEERS, peers_files::FILES),
    (PEERS_DRAWS, peers_draws::FILES),
];

/// The same of one run, with posteriors that stand aside.
fn within(run: &Path) -> impl Iterator<Item = (PathBuf, Marked)> {
    let posteriors = posterior_directory::posteriors(run).into_iter().map(|place| (place, posterior_directory::DRAWS));
    let others: Vec<(PathBuf, Marked)> = WITHIN.iter().map(|(name, kind)| (run.join(name), *kind)).collect();
    others.into_iter().chain(posteriors)
}

/// Link to the newest results.
pub(super) const LATEST: &str = "latest";
/// Digits of the key in a run id.
const KEY_DIGITS: usize = 8;

/// Day (UTC), name and digits of the key, for people to read and to sort: 2026-11-29-laminar_flow-3f2a9c1b.
pub(super) fn run_id(name: &str, key: &str) -> String {
    let day = date_and_time(now_unix_seconds());
    format!("{}-{name}-{}", day.split(' ').next().unwrap_or_default(), &key[..KEY_DIGITS])
}

/// A run id without its day, which says when and not what.
fn without_day(id: &str) -> &str {
    const DAY: usize = "2026-11-29-".len();
    id.get(DAY..).unwrap_or_default()
}

/// Writes files into a directory that appears whole; earlier results that were changed are kept aside.
pub(super) fn publish(place: &Path, files: Vec<File>, watch: &Watch<'_>) -> Result<PathBuf> {
    if let Some(kept) = keep_changed(place)? {
        watch.log(LogLevel::Warning, &format!("the results that were changed are kept as {}", kept.display()));
    }
    let staged = StagedDirectory::begin(place, RESULTS)?;
    posterior_directory::carry(place, staged.path())?;
    for (name, content) in files {
        let path = staged.path().join(name);
        std::fs::write(&path, content).map_err(io_at(&path))?;
    }
    staged.publish()
}

/// The kind of directory that results are.
pub(super) const RESULTS: Kind = Kind { may_replace: may_be_replaced, is_ours: holds_only_results };

/// Whether results that were never finished hold nothing but what a run writes.
fn holds_only_results(place: &Path) -> bool {
    foreign(place).is_ok_and(|foreign| foreign.is_none())
}

/// Something in a directory that no run writes.
fn foreign(place: &Path) -> Result<Option<OsString>> {
    for entry in std::fs::read_dir(place).map_err(io_at(place))? {
        let name = entry.map_err(io_at(place))?.file_name();
        // Somebody is drawing a report of these results just now: that is not lost with them.
        // One that has ended meanwhile has taken its names with it.
        let is_there = || place.join(&name).symlink_metadata().is_ok();
        let is_known =
            FILES.iter().any(|file| name == *file) || name.to_str().is_some_and(posterior_directory::is_earlier);
        if !is_known && !is_held(&place.join(&name)) && is_there() {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

/// What a table of many q says of its files.
fn files_of_table(place: &Path) -> Option<BTreeMap<String, String>> {
    let table: Value = serde_json::from_str(&regular_file::read_to_string(&place.join(TABLE_NAME)).ok()?).ok()?;
    serde_json::from_value(table["files"].clone()).ok()
}

/// The first file of a run that is not as it was written.
fn changed_file<'n>(run: &Path, noted: &'n Noted) -> Option<&'n str> {
    if noted.is_whole { changed_one(run, &noted.files) } else { Some(RECORD_NAME) }
}

fn changed_one<'n>(place: &Path, files: &'n BTreeMap<String, String>) -> Option<&'n str> {
    files.iter().find_map(|(name, hash)| (!is_whole(&place.join(name), hash)).then_some(name.as_str()))
}

/// Whether there are no report and no tables of the fit, or such that nobody has changed.
fn report_is_as_written(run: &Path) -> bool {
    within(run).all(|(place, kind)| place.symlink_metadata().is_err() || kind.is_as_written(&place))
}

/// E77 where a directory of results holds files that nobody but its user knows.
///
/// # Errors
/// The same, with the first of them.
pub(super) fn has_nothing_foreign(run: &Path) -> Result<()> {
    tidy(run);
    match within(run).find_map(|(place, kind)| kind.foreign(&place).map(|file| place.join(file))) {
        None => Ok(()),
        Some(file) => Err(Fault::at(file.display(), "is no result of this program")
            .expected("results without other files")
            .advice("move it elsewhere")
            .code(Code::E77)
            .config()),
    }
}

/// Moves results that are not as they were written aside: somebody may have added to them.
fn keep_changed(place: &Path) -> Result<Option<PathBuf>> {
    let is_as_written = match (Noted::of(place), files_of_table(place)) {
        (Some(noted), _) => changed_file(place, &noted).is_none() && report_is_as_written(place),
        (None, Some(files)) => changed_one(place, &files).is_none() && report_is_as_written(place),
        (None, None) => !place.join(RECORD_NAME).exists(),
    };
    if is_as_written {
        return Ok(None);
    }
    let aside = free_name(place, "changed");
    std::fs::rename(place, &aside).map_err(io_at(place))?;
    Ok(Some(aside))
}

/// Results may come to a place where nothing is, or where earlier results of this program are and no foreign file.
///
/// # Errors
/// E77 with what is there; Io if it cannot be looked at.
pub fn may_be_replaced(place: &Path) -> Result<()> {
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
    let text = |name: &str| regular_file::read_to_string(&place.join(name)).unwrap_or_default();
    // A damaged record among results alone is that of a run: what is there is kept aside.
    let is_run = Noted::of(place).is_some() || (place.join(RECORD_NAME).is_file() && holds_only_results(place));
    let is_table = text(TABLE_NAME).contains("\"q_per_angstrom\"");
    if !is_run && !is_table && std::fs::read_dir(place).map_err(io_at(place))?.next().is_some() {
        return Err(taken("holds something else than results of this program".into()));
    }
    match foreign(place)? {
        None => Ok(()),
        Some(name) => Err(taken(format!("holds {}, which is no result of this program", name.to_string_lossy()))),
    }
}

/// Everything that a run or a table over q writes.
const FILES: [&str; 18] = [
    "parameters.json",
    "parameters.parquet",
    "per_angle.parquet",
    "transport.parquet",
    "per_lag.parquet",
    "iterations.parquet",
    "candidates.parquet",
    "summary.txt",
    "log.txt",
    RECORD_NAME,
    "q_table.parquet",
    TABLE_NAME,
    TABLE_FIGURE,
    REPORT,
    FITTED,
    PEERS,
    PEERS_DRAWS,
    POSTERIOR,
];

/// D0 against q.
pub(super) const TABLE_FIGURE: &str = "q_table.svg";
/// The table of fits of many q.
pub(super) const TABLE_NAME: &str = "q_table.json";

fn hash(value: &Value) -> String {
    content_hash(value.to_string().as_bytes())
}

fn is_whole(path: &Path, hash: &str) -> bool {
    regular_file::read(path).is_ok_and(|content| content_hash(&content) == hash)
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
