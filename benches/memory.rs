//! How much anonymous memory does a fit take as the data grow, and how good is the estimate by which the strategy is chosen?
//! `cargo bench --bench memory`
//!
//! Each fit runs in a process of its own, which is the one that is measured. `program` is what the process takes before it
//! sees data; the estimates contain their share of it.

#[path = "../tests/library/common.rs"]
mod common;
mod measured;

use common::{outset, settings};
use homodyne::fit::course::fit;
use homodyne::fit::settings::FitSettings;
use homodyne::fit::solver::journal::Following;
use homodyne::fit::strategy::{Memory, estimate_condensed_memory, estimate_peak_memory, estimate_streaming_memory};
use homodyne::machine::memory::{detect_total_memory, peak_rss_anon_bytes, rss_anon_bytes};
use homodyne::model::catalogue::Model;
use homodyne::outcome::fit::Strategy;
use homodyne::parameters::definitions::{AnalysisMode, ShearConvention};
use homodyne::parameters::scaling::ScalingMode;
use homodyne::store::block::BlockSource;
use homodyne::store::directory::Store;
use homodyne::store::manifest::StoreFormat;
use homodyne::sweep::raw::pass::Sweep;
use homodyne::sweep::scattered::Sample;
use measured::{THETA, convert, simulate};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const THREADS: usize = 2;

/// Fits a store and prints the peak.
fn fit_only(store: &Path, strategy: Strategy) {
    let store = Arc::new(Store::open(store, Some(2e6)).expect("store"));
    let experiment = store.experiment().clone();
    let model = Model::new(AnalysisMode::LaminarFlow, ShearConvention::Homodyne, &experiment).expect("model");
    let sample = Sample::draw(store.as_ref(), &model).expect("sample");
    let source: Arc<dyn BlockSource> = store;
    let sweep = Sweep::new(source, model.clone(), THREADS);
    let base = settings(AnalysisMode::LaminarFlow, ScalingMode::Auto.into());
    let settings = FitSettings { strategy: Some(strategy), start: Some(THETA.to_vec()), ..base };
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                let _ = rss_anon_bytes();
                std::thread::sleep(Duration::from_micros(200));
            }
        });
        let _ = fit(&sample, &sweep, &settings, &outset(&model, &settings), &mut Following::default()).expect("fit");
        done.store(true, Ordering::Relaxed);
    });
    println!("{}", peak_rss_anon_bytes().unwrap_or(0));
}

fn main() {
    let words: Vec<String> = std::env::args().collect();
    if let Some(at) = words.iter().position(|word| word == "--fit-only") {
        let strategy = Strategy::NAMES.iter().find(|(name, _)| *name == words[at + 2]).expect("a strategy").1;
        return fit_only(Path::new(&words[at + 1]), strategy);
    }
    println!(
        "{:>7} {:>7} {:>11} {:>8} {:>17} {:>14} {:>14} {:>7}",
        "angles", "frames", "pairs", "store", "strategy", "estimate [MiB]", "measured [MiB]", "ratio"
    );
    let mut worst: f64 = 0.0;
    for (angles, frames) in [(4, 200), (10, 250), (10, 500), (10, 1000), (20, 1000), (4, 3000)] {
        let folder = tempfile::tempdir().expect("folder");
        let file = folder.path().join("data.h5");
        simulate(&file, angles, frames);
        for (format, strategy) in [
            (StoreFormat::Arrow, Strategy::Stratified),
            (StoreFormat::Arrow, Strategy::HybridStreaming),
            (StoreFormat::Parquet, Strategy::HybridStreaming),
        ] {
            let place = folder.path().join(format!("{format:?}"));
            convert(&file, &place, format, THREADS);
            let mut itself = std::process::Command::new(std::env::current_exe().expect("bench"));
            let output = itself.arg("--fit-only").arg(&place).arg(strategy.name()).output().expect("run");
            let bytes: f64 = String::from_utf8_lossy(&output.stdout).trim().parse().expect("bytes");
            let pairs = angles * frames * (frames - 1) / 2;
            let memory = Memory {
                total_bytes: detect_total_memory().expect("known"),
                block_points: homodyne::store::block::DEFAULT_BLOCK_POINTS.min(frames * (frames - 1) / 2),
                decoded_value_bytes: if format == StoreFormat::Parquet { 4 } else { 0 },
                n_angles: angles,
                n_frames: frames,
                workers: THREADS,
            };
            let estimate = match strategy {
                Strategy::Stratified => estimate_peak_memory(pairs, 9, &memory),
                Strategy::HybridStreaming => estimate_streaming_memory(9, &memory),
                Strategy::Condensed => estimate_condensed_memory(9, &memory),
            };
            let (estimate, found) = (estimate as f64 / (1 << 20) as f64, bytes / (1 << 20) as f64);
            worst = worst.max((estimate / found - 1.0).abs());
            let name = format!("{format:?}").to_lowercase();
            println!(
                "{angles:>7} {frames:>7} {pairs:>11} {name:>8} {:>17} {estimate:>14.1} {found:>14.1} {:>7.2}",
                strategy.name(),
                estimate / found
            );
        }
    }
    println!("largest deviation: {:.0} %", 100.0 * worst);
}
