//! Which store a fit takes: the one that is named, one that is made, or one that was made from a file that is gone. It opens none.

use crate::config::keys::data;
use crate::config::settings::Settings;
use crate::error::catalogue::Code;
use crate::error::{Error, Fault, Result};
use crate::ingest::convert::place_of;
use crate::ingest::request::StorePlace;
use crate::listener::LogLevel;
use crate::pipeline::agreement::{check, is_made_from};
use crate::pipeline::run::Run;
use crate::store::manifest::Manifest;
use crate::store::recognise::is_store;
use std::path::{Path, PathBuf};

impl Run<'_> {
    /// The store to fit: a directory that is named and is a store is taken as it is; otherwise it is made or reused.
    ///
    /// # Errors
    /// What the ingest reports.
    pub fn store(&self) -> Result<PathBuf> {
        match &self.settings.ingest.store {
            StorePlace::Directory(path) if is_store(path) => Ok(path.clone()),
            _ => self.made_store(),
        }
    }

    /// The store as the configuration asks for it, made or reused; a file that is gone leaves what was made from it, and
    /// without a file a store that is named is taken as it is.
    pub(super) fn made_store(&self) -> Result<PathBuf> {
        if let (None, StorePlace::Directory(path)) = (&self.settings.ingest.source, &self.settings.ingest.store)
            && is_store(path)
        {
            self.say(LogLevel::Info, &format!("no data file is named: taking the store {} as it is", path.display()));
            return Ok(path.clone());
        }
        let Some(gone) = self.settings.ingest.source.as_ref().filter(|source| !source.exists()) else {
            return Ok(self.ingest()?.store);
        };
        let agreeing = agreeing(self.settings);
        if let [store] = &agreeing[..] {
            let what = format!("{} is gone: taking the store {}", gone.display(), store.display());
            self.say(LogLevel::Warning, &what);
            return Ok(store.clone());
        }
        let elsewhere = if agreeing.is_empty() { agreeing_where(self.settings, &|_| true) } else { Vec::new() };
        let [store] = &elsewhere[..] else { return Ok(self.ingest()?.store) };
        // Files in other folders often have the same name.
        Err(Fault::at(gone.display(), "no such file")
            .expected("a file, or a store that was made from it")
            .advice(format!(
                "{} agrees in all else and was made from a file of this name, {}: if that is it, name it with --store",
                store.display(),
                Manifest::of(store)?.provenance.source
            ))
            .code(Code::E01)
            .io())
    }

    /// The store as the configuration asks for it, which has to be there.
    pub(super) fn known_store(&self) -> Result<PathBuf> {
        let ingest = &self.settings.ingest;
        match &ingest.store {
            StorePlace::Directory(path) => Ok(path.clone()),
            StorePlace::Keyed { .. } if ingest.source.as_ref().is_some_and(|source| source.exists()) => {
                place_of(ingest)
            }
            StorePlace::Keyed { folder, .. } => match &agreeing(self.settings)[..] {
                [store] => Ok(store.clone()),
                several => Err(no_single_store(folder, several)),
            },
        }
    }
}

/// Stores at the place of the configuration that hold what it asks for, as far as can be told without its file. Where none is named,
/// they were made from a file at the same path.
pub(super) fn agreeing(settings: &Settings) -> Vec<PathBuf> {
    agreeing_where(settings, &|manifest| match (&settings.ingest.store, &settings.ingest.source) {
        (StorePlace::Keyed { .. }, Some(source)) => is_made_from(source, manifest),
        _ => true,
    })
}

/// The same of some stores only.
fn agreeing_where(settings: &Settings, is_meant: &dyn Fn(&Manifest) -> bool) -> Vec<PathBuf> {
    let ingest = &settings.ingest;
    let mut candidates = match &ingest.store {
        StorePlace::Directory(path) => vec![path.clone()],
        StorePlace::Keyed { folder, name } => keyed(folder, name),
    };
    let is_cut_alike =
        |manifest: &Manifest| (manifest.format, manifest.block_points) == (ingest.format, ingest.block_points);
    let mut sources = Vec::new();
    candidates.retain(|path| {
        let Ok(manifest) = Manifest::of(path) else { return false };
        // Stores of the same data (with columns for other readers, say) are one.
        let is_new = is_meant(&manifest) && !sources.contains(&manifest.provenance.source_blake3);
        let agrees = is_new && is_cut_alike(&manifest) && check(settings, path, &manifest).is_ok();
        if agrees {
            sources.push(manifest.provenance.source_blake3);
        }
        agrees
    });
    candidates
}

/// Entries of a folder that are called like the stores of a name, in order.
pub(super) fn keyed(folder: &Path, name: &str) -> Vec<PathBuf> {
    let is_named = |path: &PathBuf| {
        let found = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let key = found.strip_prefix(name).and_then(|rest| rest.strip_prefix('-'));
        key.is_some_and(|key| key.len() == StorePlace::KEY_DIGITS && key.bytes().all(|byte| byte.is_ascii_hexdigit()))
    };
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(is_named).collect();
    found.sort();
    found
}

fn no_single_store(folder: &Path, several: &[PathBuf]) -> Error {
    let names: Vec<String> = several.iter().map(|store| store.display().to_string()).collect();
    let (found, expected) = match several {
        [] => (format!("not given, and no store in {} holds what is asked for", folder.display()), "a store"),
        _ => (format!("not given, and several stores hold what is asked for: {}", names.join(", ")), "one of them"),
    };
    let advice = "name it with --store, or make it with `homodyne ingest --config`";
    Fault::at(data::STORE, found).expected(expected).advice(advice).code(Code::E62).config()
}
