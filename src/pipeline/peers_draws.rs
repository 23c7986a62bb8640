//! `cmc/`: the draws of a posterior as the Python programs write them, arrays and JSON under their names. It draws nothing.

use crate::error::{Result, io_at};
use crate::machine::file_identity::content_hash;
use crate::machine::publish::{Kind, StagedDirectory};
use crate::outcome::fit::FitOutcome;
use crate::outcome::posterior::{PosteriorNumber, PosteriorResult};
use crate::pipeline::marked_directory::Marked;
use crate::report::tables::json::pretty;
use crate::report::tables::npz::NpzWriter;
use serde_json::{Map, Value, json};
use std::fs::File;
use std::path::{Path, PathBuf};

/// The directory in a run directory.
pub const PEERS_DRAWS: &str = "cmc";
const ARRAYS: &str = "samples.npz";

/// What it says of itself.
pub(super) const FILES: Marked =
    Marked { marker: "_cmc.json", endings: &["npz", "json"], what: "draws for the Python programs" };

/// The kind of directory that it is.
pub const KIND: Kind =
    Kind { may_replace: |place| FILES.may_replace(place), is_ours: |place| FILES.is_unfinished(place) };

/// Writes `samples.npz`, `parameters.json` and `diagnostics.json` of a posterior into a run directory and returns their place. Chains that
/// were cut short are as long as the shortest.
///
/// # Errors
/// Io, with the path; E77 if something else is at the place.
pub(super) fn write_peers_draws(run: &Path, posterior: &PosteriorResult, outcome: &FitOutcome) -> Result<PathBuf> {
    let staged = StagedDirectory::begin(&run.join(PEERS_DRAWS), KIND)?;
    let mut hashes = Map::new();
    for (name, content) in [("parameters.json", parameters(posterior)), ("diagnostics.json", diagnostics(posterior))] {
        let (path, content) = (staged.path().join(name), pretty(&content)?);
        hashes.insert(name.into(), content_hash(&content).into());
        std::fs::write(&path, content).map_err(io_at(&path))?;
    }
    let path = staged.path().join(ARRAYS);
    let file = File::create_new(&path).map_err(io_at(&path))?;
    arrays(&file, posterior, outcome).map_err(io_at(&path))?;
    hashes.insert(ARRAYS.into(), content_hash(&std::fs::read(&path).map_err(io_at(&path))?).into());
    FILES.mark(staged.path(), Map::new(), hashes)?;
    staged.publish()
}

fn arrays(file: &File, posterior: &PosteriorResult, outcome: &FitOutcome) -> std::io::Result<()> {
    let (numbers, chains) = (&posterior.numbers, posterior.draws.len());
    let shortest = posterior.draws.iter().map(Vec::len).min().unwrap_or(0);
    let mut npz = NpzWriter::new(file);
    npz.counts("schema_version", &[2], &[1, 0])?;
    npz.begin("posterior_samples", &[chains, shortest, numbers.len()])?;
    for draw in posterior.draws.iter().flat_map(|draws| &draws[..shortest]) {
        npz.numbers(&draw.values)?;
    }
    let names: Vec<&str> = numbers.iter().map(|number| number.name.as_str()).collect();
    npz.words("param_names", &[names.len()], &names)?;
    let of = |value: fn(&PosteriorNumber) -> Option<f64>| -> Vec<f64> {
        numbers.iter().map(|number| value(number).unwrap_or(f64::NAN)).collect()
    };
    npz.array("r_hat", &[numbers.len()], &of(|number| number.r_hat))?;
    npz.array("ess_bulk", &[numbers.len()], &of(|number| number.ess_bulk))?;
    npz.array("ess_tail", &[numbers.len()], &of(|number| number.ess_tail))?;
    npz.counts("divergences", &[], &[divergences(posterior)])?;
    let mode = if outcome.conditions.shear_convention.is_some() { "laminar_flow" } else { "static" };
    npz.words("analysis_mode", &[], &[mode])?;
    for (name, count) in [("n_phi", outcome.result.angles.len()), ("n_chains", chains), ("n_samples", shortest)] {
        npz.counts(name, &[], &[count])?;
    }
    npz.finish()
}

fn divergences(posterior: &PosteriorResult) -> usize {
    posterior.chains.iter().map(|chain| chain.divergences).sum()
}

fn parameters(posterior: &PosteriorResult) -> Value {
    let of = |number: &PosteriorNumber| {
        let entry = json!({
            "mean": number.mean,
            "std": number.deviation,
            "median": number.median,
            "q2.5": number.interval_95[0],
            "q97.5": number.interval_95[1],
        });
        (number.name.clone(), entry)
    };
    json!({"parameters": posterior.numbers.iter().map(of).collect::<Map<String, Value>>()})
}

fn diagnostics(posterior: &PosteriorResult) -> Value {
    let of = |number: &PosteriorNumber| {
        let entry = json!({"r_hat": number.r_hat, "ess_bulk": number.ess_bulk, "ess_tail": number.ess_tail});
        (number.name.clone(), entry)
    };
    json!({
        "convergence_status": posterior.verdict.name(),
        "divergences": divergences(posterior),
        "n_chains": posterior.chains.len(),
        "n_warmup": posterior.n_warmup,
        "per_parameter": posterior.numbers.iter().map(of).collect::<Map<String, Value>>(),
    })
}
