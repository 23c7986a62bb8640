//! `homodyne stores` and `homodyne runs`: what there is, from what, used by what; and removing it.

use crate::cli::spoken::say;
use crate::cli::terminal::{print, print_json};
use crate::cli::words::{path, shown};
use clap::{Args, Subcommand};
use homodyne::api::{
    KeptRun, KeptStore, Removed, Result, Verdict, date_and_time, gigabytes, in_one_line, remove_run, remove_store,
    runs, stores,
};
use std::path::{Path, PathBuf};

/// For `homodyne stores --help`.
pub const STORES_EXAMPLES: &str = "\
Examples:
  homodyne stores                         stores below results/, those used last at the end
  homodyne stores --output /scratch/run7  of another output folder
  homodyne stores remove 3f2a9c           the store whose key begins so (results that used it stay)";

/// For `homodyne runs --help`.
pub const RUNS_EXAMPLES: &str = "\
Examples:
  homodyne runs --json                         as JSON, with keys and paths
  homodyne runs remove 2026-11-29-my-3f2a9c1b  one of them (its store stays)";

/// Options of `stores` and `runs`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct HoldingsArguments {
    #[command(subcommand)]
    action: Option<Action>,
    /// The output folder: output.directory of the configurations.
    #[arg(long, value_name = "DIR", default_value = "results", value_parser = path())]
    output: PathBuf,
    /// Print as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Remove one of them.
    Remove {
        /// The beginning of its key or name.
        key: String,
        /// The output folder.
        #[arg(long, value_name = "DIR", default_value = "results", value_parser = path())]
        output: PathBuf,
        /// Even if the file that a store was made from is not there any more.
        #[arg(long)]
        force: bool,
    },
}

/// Lists or removes stores.
pub fn show_stores(arguments: &HoldingsArguments) -> Result<u8> {
    if let Some(Action::Remove { key, output, force }) = &arguments.action {
        let Removed { kept, left } = remove_store(output, key, *force)?;
        return tell_removed(&kept.directory, left.as_deref());
    }
    let kept = stores(&arguments.output)?;
    if arguments.json {
        print_json(&kept)?;
        return Ok(0);
    }
    if kept.is_empty() {
        print(&format!("no stores below {}\n", shown(&arguments.output)))?;
    }
    kept.iter().try_for_each(|store| print(&in_lines(store)))?;
    Ok(0)
}

/// Lists or removes results.
pub fn show_runs(arguments: &HoldingsArguments) -> Result<u8> {
    if let Some(Action::Remove { key, output, .. }) = &arguments.action {
        let Removed { kept, left } = remove_run(output, key)?;
        return tell_removed(&kept.directory, left.as_deref());
    }
    let kept = runs(&arguments.output)?;
    if arguments.json {
        print_json(&kept)?;
        return Ok(0);
    }
    if kept.is_empty() {
        print(&format!("no results in {}\n", shown(&arguments.output)))?;
    }
    let width = kept.iter().map(|run| in_one_line(&run.id).chars().count()).max().unwrap_or_default();
    kept.iter().try_for_each(|run| print(&in_a_line(run, width)))?;
    Ok(0)
}

fn tell_removed(place: &Path, left: Option<&Path>) -> Result<u8> {
    if let Some(left) = left {
        say(&format!("warning: {} could not be removed from the disk yet: the next run tries again\n", shown(left)));
    }
    print(&format!("removed: {}\n", shown(place))).map(|()| 0)
}

/// A store: its place, and below it what it is.
fn in_lines(store: &KeptStore) -> String {
    let place = shown(&store.directory);
    if let Some(damage) = &store.damage {
        return format!("{place}\n  cannot be used: {damage}\n");
    }
    let (q, gone) = (store.q_per_angstrom.unwrap_or_default(), if store.source_is_there { "" } else { " (not there)" });
    let size = gigabytes(store.bytes);
    let selection = if store.selection.is_empty() { "all of it".into() } else { in_one_line(&store.selection) };
    let users = if store.used_by.is_empty() { "no results".into() } else { in_one_line(&store.used_by.join(", ")) };
    format!(
        "{place}\n  key        {}\n  data       {size}, {} angles, {} frames, q = {q} 1/angstrom\n  source     {}{gone}\n  \
         selection  {selection}\n  last used  {} UTC\n  used by    {users}\n",
        &store.key[..store.key.len().min(12)],
        store.n_angles,
        store.n_frames,
        in_one_line(&store.source),
        date_and_time(store.last_used_unix_seconds)
    )
}

/// Results: id, when, verdict, store.
fn in_a_line(run: &KeptRun, width: usize) -> String {
    let id = in_one_line(&run.id);
    if let Some(damage) = &run.damage {
        return format!("{id:<width$}  cannot be read: {damage}\n");
    }
    let store = match &run.store {
        Some(store) => shown(store),
        None if run.verdict.is_none() => String::new(),
        None => format!("store {} is gone", &run.store_key[..run.store_key.len().min(12)]),
    };
    let verdict = run.verdict.map_or("table of q", Verdict::name);
    format!("{id:<width$}  {} UTC  {verdict:<14}  {store}\n", date_and_time(run.finished_unix_seconds))
}
