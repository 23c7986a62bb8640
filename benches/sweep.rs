//! How many pairs per second does a sweep take, by model, depth, source, threads and vector instructions; and how far is
//! the slow twin behind? `cargo bench --bench sweep -- ANGLES FRAMES`

mod measured;

use homodyne::block::{BlockSource, Values};
use homodyne::model::catalogue::{Model, ShearConvention};
use homodyne::normal::rank_update::Depth;
use homodyne::objective::{Objective, Query};
use homodyne::parameters::AnalysisMode;
use homodyne::store::directory::Store;
use homodyne::store::manifest::StoreFormat;
use homodyne::store::memory::MemoryStore;
use homodyne::sweep::level::SimdLevel;
use homodyne::sweep::pass::Sweep;
use homodyne::sweep::slow_twin::sweep_pair_by_pair;
use measured::{THETA, best_of, convert, simulate, size};
use std::sync::Arc;

fn in_memory(store: &dyn BlockSource) -> MemoryStore {
    let plan = store.plan();
    let mut angles = vec![Vec::new(); plan.n_angles];
    for index in 0..plan.n_blocks() {
        let block = store.read(index).expect("block");
        angles[block.angle].extend((0..block.values.len()).map(|k| block.values.get(k) as f32));
    }
    let values = angles.into_iter().map(Values::from_f32).collect();
    MemoryStore::new(store.experiment().clone(), values, plan.block_points).expect("shapes fit")
}

fn main() {
    let (angles, frames) = size((40, 1000));
    let folder = tempfile::tempdir().expect("folder");
    let file = folder.path().join("data.h5");
    simulate(&file, angles, frames);
    let open = |name: &str, format| {
        let place = folder.path().join(name);
        convert(&file, &place, format, 2);
        Arc::new(Store::open(&place, Some(2e6)).expect("store"))
    };
    let (arrow, parquet) = (open("arrow", StoreFormat::Arrow), open("parquet", StoreFormat::Parquet));
    let sources: [Arc<dyn BlockSource>; 3] = [arrow.clone(), parquet, Arc::new(in_memory(arrow.as_ref()))];
    let pairs = arrow.plan().pairs_per_angle() * angles;
    println!("{angles} angles x {frames} frames, {pairs} pairs, f32; M pairs/s, best of 5");
    println!("{:<13} {:<9} {:<12} {:<8} {:>9} {:>9}", "model", "depth", "source", "SIMD", "1 thread", "2 threads");
    for mode in [AnalysisMode::LaminarFlow, AnalysisMode::Static] {
        let model = Model::new(mode, ShearConvention::Homodyne, arrow.experiment()).expect("model");
        let theta = &THETA[..mode.n_parameters()];
        for (source, level, depth) in [
            (0, SimdLevel::Best, Depth::Normal),
            (0, SimdLevel::Avx2, Depth::Normal),
            (0, SimdLevel::Best, Depth::Gradient),
            (0, SimdLevel::Best, Depth::Cost),
            (1, SimdLevel::Best, Depth::Normal),
            (2, SimdLevel::Best, Depth::Normal),
        ] {
            let rate = |threads| {
                let sweep = Sweep::new(Arc::clone(&sources[source]), model.clone(), threads).at_level(level);
                let seconds = best_of(5, || drop(sweep.sweep(&Query::plain(theta), depth).expect("sweep")));
                pairs as f64 / seconds / 1e6
            };
            let (one, two) = (rate(1), rate(2));
            let depth = format!("{depth:?}").to_lowercase();
            println!(
                "{:<13} {depth:<9} {:<12} {:<8} {one:>9.0} {two:>9.0}",
                mode.name(),
                sources[source].kind(),
                level.name()
            );
        }
        let seconds =
            best_of(1, || drop(sweep_pair_by_pair(arrow.as_ref(), &model, &Query::plain(theta)).expect("slow twin")));
        println!("{:<13} normal    slow twin             {:>9.1}", mode.name(), pairs as f64 / seconds / 1e6);
    }
}
