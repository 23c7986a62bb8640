//! What the benches share: simulated files and stores, and the best of several timings.
#![allow(dead_code)]

use homodyne::ingest::convert::ingest;
use homodyne::ingest::request::{IngestSettings, Ingested, Reuse};
use homodyne::ingest::selection::Selection;
use homodyne::listener::Watch;
use homodyne::machine::staged_file::Replace;
use homodyne::parameters::definitions::{AnalysisMode, ShearConvention};
use homodyne::simulate::{Noise, Scatter, Simulation, Width};
use homodyne::store::manifest::StoreFormat;
use std::path::Path;
use std::time::Instant;

pub const THETA: [f64; 7] = [19_000.0, -0.35, 900.0, 0.0013, 0.25, 0.000_15, -6.5];

/// A noisy laminar-flow measurement in APS-U layout, f32.
pub fn simulate(path: &Path, n_angles: usize, n_frames: usize) {
    let phi = |k: usize| -90.0 + 180.0 * k as f64 / n_angles as f64;
    let simulation = Simulation {
        mode: AnalysisMode::LaminarFlow,
        convention: ShearConvention::Homodyne,
        theta: THETA.to_vec(),
        q_per_angstrom: 0.0054,
        further_q: vec![],
        gap_angstrom: 2e6,
        dt_seconds: 0.1,
        n_frames,
        phi_degrees: (0..n_angles).map(phi).collect(),
        contrast: 0.14,
        offset: 1.003,
        scaling_variation: 0.0,
        noise: Noise { sigma: 0.003, scatter: Scatter::Pairs },
        seed: 1,
        dead_frames: vec![],
        width: Width::F32,
    };
    simulation.write(path, Replace::File, &Watch::nobody()).expect("simulated");
}

pub fn convert(source: &Path, store: &Path, format: StoreFormat, threads: usize) -> Ingested {
    let request = IngestSettings {
        source: Some(source.to_path_buf()),
        selection: Selection { q_per_angstrom: Some(0.0054), ..Selection::default() },
        store: store.into(),
        format,
        long: false,
        block_points: homodyne::store::block::DEFAULT_BLOCK_POINTS,
        reuse: Reuse::default(),
    };
    ingest(&request, threads, &Watch::nobody()).expect("ingested")
}

/// Shortest of `count` runs, in seconds.
pub fn best_of(count: usize, mut job: impl FnMut()) -> f64 {
    let time = |_| {
        let start = Instant::now();
        job();
        start.elapsed().as_secs_f64()
    };
    (0..count).map(time).fold(f64::INFINITY, f64::min)
}

/// The numbers on the command line (`cargo bench --bench sweep -- 100 1000`).
pub fn numbers() -> Vec<usize> {
    std::env::args().filter_map(|word| word.parse().ok()).collect()
}

/// A size from the command line, or the default.
pub fn size(default: (usize, usize)) -> (usize, usize) {
    match numbers()[..] {
        [angles, frames, ..] => (angles, frames),
        _ => default,
    }
}
