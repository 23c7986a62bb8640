//! What a fit would take: points, parameters, memory, strategy. It runs nothing.

use crate::config::settings::Settings;
use crate::error::Result;
use crate::fit::settings::FitSettings;
use crate::fit::strategy::{Decision, Memory, n_pseudo_pairs, select_strategy};
use crate::ingest::request::StorePlace;
use crate::ingest::survey::size_of_selection;
use crate::machine::memory::{container_limit_bytes, detect_total_memory};
use crate::pipeline::agreement::check;
use crate::pipeline::find_store::agreeing;
use crate::pipeline::sampling_plan::Sampling;
use crate::store::block::BlockSource;
use crate::store::directory::Store;
use crate::store::manifest::{StoreFormat, ValueType};
use crate::store::recognise::is_store;
use crate::sweep::condensed::arrangement::FEWEST_PAIRS;
use crate::units::{gigabytes, short};

/// How large a fit is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Size {
    /// Angles.
    pub n_angles: usize,
    /// Frames.
    pub n_frames: usize,
    /// Bytes of a value.
    pub value_bytes: usize,
    /// Pairs in a block.
    pub block_points: usize,
    /// Encoding of the store.
    pub format: StoreFormat,
}

impl Size {
    /// Of an open store.
    #[must_use]
    pub fn of(store: &Store) -> Self {
        let plan = store.plan();
        let value_bytes = if store.manifest().value_type == ValueType::F32 { 4 } else { 8 };
        let format = store.manifest().format;
        Size { n_angles: plan.n_angles, n_frames: plan.n_frames, value_bytes, block_points: plan.block_points, format }
    }

    /// Pairs t1 < t2.
    #[must_use]
    pub fn n_points(&self) -> usize {
        self.n_angles * self.n_frames * self.n_frames.saturating_sub(1) / 2
    }
}

/// The strategy of a fit of this size.
///
/// # Errors
/// Config if the memory there is does not suffice.
pub fn decide_for(settings: &FitSettings, size: Size, threads: usize) -> Result<Decision> {
    let memory = Memory {
        total_bytes: detect_total_memory().unwrap_or(u64::MAX),
        block_points: size.block_points.min(size.n_points() / size.n_angles.max(1)),
        decoded_value_bytes: if size.format == StoreFormat::Parquet { size.value_bytes } else { 0 },
        n_angles: size.n_angles,
        n_frames: size.n_frames,
        workers: threads,
    };
    select_strategy(settings, size.n_points(), &memory)
}

/// The strategy of a fit of a store.
///
/// # Errors
/// As [`decide_for`].
pub fn decide(settings: &FitSettings, store: &Store, threads: usize) -> Result<Decision> {
    decide_for(settings, Size::of(store), threads)
}

/// What a configuration's fit would take, as (name, value): from its store if there is one, else from the metadata of its
/// file.
///
/// # Errors
/// What opening reports; Config if the memory there is does not suffice.
pub fn plan(settings: &Settings) -> Result<(Vec<(String, String)>, Decision)> {
    let named = match &settings.ingest.store {
        StorePlace::Directory(path) => is_store(path).then(|| path.clone()),
        StorePlace::Keyed { .. } => None,
    };
    let is_gone = || settings.ingest.source.as_ref().is_some_and(|source| !source.exists());
    let stored = named.or_else(|| if is_gone() { agreeing(settings).into_iter().next() } else { None });
    let size = if let Some(path) = &stored {
        let store = Store::open(path, settings.model.gap_angstrom)?;
        check(settings, path, store.manifest())?;
        Size::of(&store)
    } else {
        let (n_angles, n_frames, value_bytes) =
            size_of_selection(settings.ingest.source()?, &settings.ingest.selection)?;
        Size {
            n_angles,
            n_frames,
            value_bytes,
            block_points: settings.ingest.block_points,
            format: settings.ingest.format,
        }
    };
    let decision = decide_for(&settings.fit, size, settings.run.threads())?;
    let fact = |name: &str, value: String| (name.to_owned(), value);
    let from = stored.as_deref().map_or_else(|| settings.ingest.source(), Ok)?.display();
    let limit = container_limit_bytes().map_or("none".into(), gigabytes);
    let physical = settings.fit.space.free().len();
    let n_pseudo_pairs = size.n_angles * n_pseudo_pairs(size.n_frames);
    let is_condensed = decision.samples_condensed && FEWEST_PAIRS * n_pseudo_pairs <= decision.n_points;
    let n_visited = if is_condensed { n_pseudo_pairs } else { decision.n_points } as f64;
    let sampling = Sampling {
        settings,
        n_pairs: decision.n_points as u64,
        n_visited,
        n_params: decision.n_params,
        n_angles: size.n_angles,
    };
    let mut facts = vec![
        fact("size from", from.to_string()),
        fact("angles", size.n_angles.to_string()),
        fact("frames", size.n_frames.to_string()),
        fact("points (pairs t1 < t2)", format!("{} ({})", decision.n_points, short(decision.n_points as f64))),
        fact("free parameters", format!("{} physical + {} scaling", physical, decision.n_params - physical)),
        fact("total memory", gigabytes(decision.total_bytes)),
        fact("container limit", limit),
        fact("memory threshold", gigabytes(decision.threshold_bytes)),
        fact("peak memory, stratified", gigabytes(decision.full_batch_bytes)),
        fact("peak memory, as chosen", gigabytes(decision.peak_bytes)),
        fact("store on disk", gigabytes((decision.n_points * size.value_bytes) as u64)),
        fact("threads", settings.run.threads().to_string()),
        fact("block", format!("{} points", size.block_points)),
        fact("strategy", decision.reason.trim_start_matches("Strategy: ").to_owned()),
    ];
    facts.extend(sampling.facts()?);
    Ok((facts, decision))
}
