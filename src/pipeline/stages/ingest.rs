//! The stage that makes or reuses the store, and says what came of it.

use crate::error::Result;
use crate::ingest::convert::ingest;
use crate::ingest::request::{IngestSettings, Ingested, Reuse, StorePlace};
use crate::listener::LogLevel;
use crate::pipeline::agreement::may_be_made_anew;
use crate::pipeline::find_store::keyed;
use crate::pipeline::run::Run;
use crate::store::manifest::Manifest;
use crate::units::counted;
use std::path::PathBuf;

/// What differs by less than this share is the same q in numbers of another width.
const SAME_Q: f64 = 1e-6;

impl Run<'_> {
    /// Makes or reuses the store.
    ///
    /// # Errors
    /// What the ingest reports; Interrupted if the user asks to stop.
    pub fn ingest(&self) -> Result<Ingested> {
        let settings = self.settings;
        self.check_named_place()?;
        let reuse = match settings.ingest.reuse {
            Reuse::Untouched if !settings.run.verify => Reuse::Believed,
            asked => asked,
        };
        let request = IngestSettings { reuse, ..settings.ingest.clone() };
        let ingested = self.timed("ingest", || ingest(&request, settings.run.threads(), &self.watch()))?;
        for warning in ingested.earlier.iter().chain(&ingested.manifest.provenance.warnings) {
            self.say(LogLevel::Warning, warning);
        }
        self.say_other_q(&ingested);
        let what = match ingested.reused {
            true => format!("store is up to date ({})", checked(reuse, &ingested)),
            false => "store written".into(),
        };
        let experiment = &ingested.manifest.experiment;
        self.say(
            LogLevel::Info,
            &format!(
                "{what}: {} ({}, {} frames, dt = {} s, q = {} 1/angstrom)",
                ingested.store.display(),
                counted(experiment.angles.len(), "angle"),
                experiment.time.n_frames,
                experiment.time.dt_seconds,
                experiment.q_per_angstrom
            ),
        );
        Ok(ingested)
    }

    /// Which q of the file was taken, if it is not the one that was asked for: every spelling has a store of its own.
    fn say_other_q(&self, ingested: &Ingested) {
        let (settings, manifest) = (&self.settings.ingest, &ingested.manifest);
        let taken = manifest.experiment.q_per_angstrom;
        let is_other = |asked: &f64| (asked - taken).abs() > SAME_Q * taken;
        let Some(asked) = settings.selection.q_per_angstrom.filter(is_other) else { return };
        let is_same = |path: &PathBuf| {
            *path != ingested.store
                && Manifest::of(path).is_ok_and(|other| {
                    let (same, own) = (&other.provenance.source_blake3, &manifest.provenance.source_blake3);
                    other.experiment.q_per_angstrom == taken && same == own
                })
        };
        let beside = match &settings.store {
            StorePlace::Keyed { folder, name } => keyed(folder, name).into_iter().find(is_same),
            StorePlace::Directory(_) => None,
        };
        let what = if ingested.reused { "taken again" } else { "made" };
        let (level, store) = match beside {
            Some(other) => (
                LogLevel::Warning,
                format!(
                    "for this spelling another store is {what}, beside {} of the same q; write {taken} to have one",
                    other.display()
                ),
            ),
            None => (LogLevel::Info, format!("the store of this spelling is {what}")),
        };
        self.say(level, &format!("the file has no q = {asked} 1/angstrom: its q = {taken} is taken; {store}"));
    }

    /// E76 if the place of the store was named, and holds what the configuration does not ask for. (A place by key holds one thing only.)
    fn check_named_place(&self) -> Result<()> {
        let ingest = &self.settings.ingest;
        let StorePlace::Directory(place) = &ingest.store else { return Ok(()) };
        // A file that is gone, and a manifest that cannot be read, have errors of their own.
        match Manifest::of(place) {
            Ok(manifest) if ingest.source.as_ref().is_some_and(|source| source.exists()) => {
                may_be_made_anew(self.settings, place, &manifest)
            }
            _ => Ok(()),
        }
    }
}

/// What is known of the values of a store that is there.
fn checked(reuse: Reuse, ingested: &Ingested) -> String {
    match (reuse, ingested.compared) {
        (Reuse::Believed, _) => "its values are believed".into(),
        (_, 0) => "nobody has written to it since it was made".into(),
        (_, compared) => {
            format!("{compared} of {} partitions compared with their checksums", ingested.manifest.partitions.len())
        }
    }
}
