//! Data with a known truth, made in memory. Benches use parts of it.
#![allow(dead_code)]

use homodyne::block::Values;
use homodyne::experiment::{Angle, Experiment, TimeGrid};
use homodyne::model::catalogue::{Model, ShearConvention};
use homodyne::model::pair::PairEvaluator;
use homodyne::parameters::AnalysisMode;
use homodyne::store::memory::MemoryStore;

pub const LAMINAR: [f64; 7] = [19_000.0, -0.35, 900.0, 0.0013, 0.25, 0.000_15, -6.5];

pub fn experiment(n_frames: usize, n_angles: usize) -> Experiment {
    let phi = |k: usize| -90.0 + 180.0 * k as f64 / n_angles as f64;
    let angle = |k| Angle { phi_degrees: phi(k), sigma: 0.003, masked_frames: vec![] };
    Experiment {
        q_per_angstrom: 0.0054,
        gap_angstrom: Some(2e6),
        time: TimeGrid { n_frames, dt_seconds: 0.1, start_seconds: 0.0 },
        angles: (0..n_angles).map(angle).collect(),
    }
}

/// c2 = offset + contrast h of every pair, by the slow twin, perturbed by `noise(angle, pair)`.
pub fn values_of(
    model: &Model,
    experiment: &Experiment,
    theta: &[f64],
    scaling: &dyn Fn(f64) -> (f64, f64),
    noise: &dyn Fn(usize, usize) -> f64,
) -> Vec<Vec<f64>> {
    let tables = model.tables(theta);
    let one_angle = |(a, angle): (usize, &Angle)| {
        let evaluator = PairEvaluator::new(model, &tables, theta, angle.phi_degrees);
        let (contrast, offset) = scaling(angle.phi_degrees);
        let n = experiment.time.n_frames;
        let pairs = (0..n).flat_map(|i| (i + 1..n).map(move |j| (i, j)));
        pairs.enumerate().map(|(k, (i, j))| offset + contrast * evaluator.at(i, j).h + noise(a, k)).collect()
    };
    experiment.angles.iter().enumerate().map(one_angle).collect()
}

pub fn model(mode: AnalysisMode, convention: ShearConvention, experiment: &Experiment) -> Model {
    Model::new(mode, convention, experiment).expect("valid experiment")
}

pub fn memory_f32(experiment: Experiment, values: &[Vec<f64>], block_points: usize) -> MemoryStore {
    let narrow = |angle: &Vec<f64>| Values::F32(angle.iter().map(|&value| value as f32).collect::<Vec<f32>>().into());
    MemoryStore::new(experiment, values.iter().map(narrow).collect(), block_points).expect("shapes fit")
}

pub fn memory_f64(experiment: Experiment, values: Vec<Vec<f64>>, block_points: usize) -> MemoryStore {
    let wide = |angle: Vec<f64>| Values::F64(angle.into());
    MemoryStore::new(experiment, values.into_iter().map(wide).collect(), block_points).expect("shapes fit")
}

/// A reproducible standard normal number of a counter (Box-Muller on hashed counters).
pub fn gaussian(seed: u64, counter: u64) -> f64 {
    let uniform = |salt: u64| {
        let mut z =
            (seed ^ salt).wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(counter.wrapping_mul(2).wrapping_add(salt));
        for (shift, factor) in [(30, 0xBF58_476D_1CE4_E5B9), (27, 0x94D0_49BB_1331_11EB)] {
            z = (z ^ (z >> shift)).wrapping_mul(factor);
        }
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    };
    (-2.0 * (1.0 - uniform(1)).ln()).sqrt() * (2.0 * std::f64::consts::PI * uniform(2)).cos()
}

use homodyne::fit::analysis::{FitSettings, ScalingChoice, fit};
use homodyne::fit::evolution::Evolution;
use homodyne::fit::frame_robust::Sharing;
use homodyne::fit::search::{CmaEs, Enable};
use homodyne::fit::strategy::Strategy;
use homodyne::fit::trust_region::Tolerances;
use homodyne::loss::Loss;
use homodyne::outcome::FitResult;
use homodyne::parameters::ParameterSpace;
use homodyne::pipeline::fit_stage::scales;
use homodyne::sweep::pass::Sweep;
use homodyne::sweep::sample::Sample;
use std::sync::Arc;

pub fn settings(mode: AnalysisMode, experiment: &Experiment, scaling: ScalingChoice) -> FitSettings {
    FitSettings {
        space: ParameterSpace::default_of(mode),
        start: None,
        scaling,
        tolerances: Tolerances::default(),
        loss: Loss::Linear,
        f_scale: 1.0,
        x_scale: vec![None; mode.n_parameters()],
        strategy: Strategy::HybridStreaming,
        multi_start: None,
        cma_es: no_evolution(),
        max_reduced_chi_squared: 2.0,
        bounds_tolerance: 1e-9,
        scales: scales(experiment),
        sharing: Sharing::default(),
    }
}

/// No global search.
pub fn no_evolution() -> CmaEs {
    let evolution = Evolution {
        max_generations: 100,
        population: None,
        sigma: 0.3,
        tol_fun: 1e-8,
        tol_x: 1e-8,
        max_restarts: 9,
        seed: 42,
    };
    CmaEs { enable: Enable::No, scale_threshold: 1000.0, evolution, refine: true }
}

/// Fits a store in memory with one worker.
pub fn fit_memory(store: MemoryStore, model: &Model, settings: &FitSettings) -> FitResult {
    let sample = Sample::draw(&store, model).expect("memory");
    let sweep = Sweep::new(Arc::new(store), model.clone(), 1);
    fit(&sweep, &sample, settings, &mut ()).expect("memory")
}
