//! How much anonymous memory does a fit take as the data grow? `cargo bench --bench memory`
//!
//! Each size runs in processes of its own; the fit's is the one that is measured.

mod measured;

use homodyne::block::BlockSource;
use homodyne::memory::{peak_rss_anon_bytes, rss_anon_bytes};
use homodyne::model::catalogue::{Model, ShearConvention};
use homodyne::normal::rank_update::Depth;
use homodyne::objective::Objective;
use homodyne::parameters::AnalysisMode;
use homodyne::store::directory::Store;
use homodyne::store::manifest::StoreFormat;
use homodyne::sweep::pass::Sweep;
use measured::{THETA, convert, simulate};
use std::path::Path;
use std::sync::Arc;

fn sweep_only(store: &Path) {
    let store = Arc::new(Store::open(store, Some(2e6)).expect("store"));
    let model = Model::new(AnalysisMode::LaminarFlow, ShearConvention::Homodyne, store.experiment()).expect("model");
    let source: Arc<dyn BlockSource> = store;
    let sweep = Sweep::new(source, model, 2).with_heartbeat(Box::new(|| {
        let _ = rss_anon_bytes();
    }));
    let _ = sweep.sweep(&THETA, Depth::Normal).expect("sweep");
    println!("{}", peak_rss_anon_bytes().unwrap_or(0));
}

fn main() {
    let words: Vec<String> = std::env::args().collect();
    if let Some(at) = words.iter().position(|word| word == "--sweep-only") {
        return sweep_only(Path::new(&words[at + 1]));
    }
    println!("{:>7} {:>7} {:>8} {:>13} {:>22}", "angles", "frames", "format", "points", "peak anonymous [MiB]");
    for (angles, frames) in [(4, 200), (10, 500), (10, 1000), (40, 1000), (4, 3000)] {
        let folder = tempfile::tempdir().expect("folder");
        let file = folder.path().join("data.h5");
        simulate(&file, angles, frames);
        for format in [StoreFormat::Arrow, StoreFormat::Parquet] {
            let place = folder.path().join(format!("{format:?}"));
            convert(&file, &place, format, 2);
            let itself = std::process::Command::new(std::env::current_exe().expect("bench"));
            let mut itself = itself;
            let output = itself.arg("--sweep-only").arg(&place).output().expect("run");
            let bytes: f64 = String::from_utf8_lossy(&output.stdout).trim().parse().expect("bytes");
            let name = format!("{format:?}").to_lowercase();
            println!(
                "{angles:>7} {frames:>7} {name:>8} {:>13} {:>22.1}",
                angles * frames * frames,
                bytes / (1 << 20) as f64
            );
        }
    }
}
