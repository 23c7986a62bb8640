//! Data with a known truth, made in memory. Benches use parts of it.
#![allow(dead_code)]

use homodyne::experiment::{Angle, Experiment, TimeGrid};
use homodyne::fit::solver::journal::Following;
use homodyne::ingest::sigma::estimate_sigma;
use homodyne::model::catalogue::Model;
use homodyne::model::pair::PairEvaluator;
use homodyne::parameters::definitions::{AnalysisMode, ShearConvention};
use homodyne::simulate::{Noise, Scatter, Simulation, Width};
use homodyne::store::block::Values;
use homodyne::store::memory::MemoryStore;

pub const LAMINAR: [f64; 7] = [19_000.0, -0.35, 900.0, 0.0013, 0.25, 0.000_15, -6.5];

pub fn experiment(n_frames: usize, n_angles: usize) -> Experiment {
    let phi = |k: usize| -90.0 + 180.0 * k as f64 / n_angles as f64;
    let angle = |k| Angle { phi_degrees: phi(k), sigma: 0.003, masked_frames: vec![], ..Angle::default() };
    Experiment {
        q_per_angstrom: 0.0054,
        gap_angstrom: Some(2e6),
        time: TimeGrid { n_frames, dt_seconds: 0.1, start_seconds: 0.0, first_frame: 1 },
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

use homodyne::fit::course::{Outset, fit};
use homodyne::fit::settings::{CmaEs, Enable, FitSettings, Weighting};
use homodyne::likelihood::scaling::ScalingSettings;
use homodyne::outcome::fit::{FitResult, Strategy};
use homodyne::parameters::scaling::{AngleScaling, ScalingMode};
use homodyne::sweep::raw::pass::Sweep;
use homodyne::sweep::scattered::Sample;
use std::sync::Arc;

/// Least squares with one of the scaling modes, without a global search: weights that know speckles are asked for where they are looked at.
pub fn settings(mode: AnalysisMode, scaling: ScalingSettings) -> FitSettings {
    let cma_es = CmaEs { enable: Enable::No, ..CmaEs::default() };
    FitSettings { scaling, cma_es, weighting: Weighting::Uniform, ..FitSettings::of(mode) }
}

/// Contrast and offset of every angle as given.
pub fn given(scaling: Vec<AngleScaling>) -> ScalingSettings {
    ScalingSettings { given: Some(scaling), ..ScalingMode::Constant.into() }
}

/// What the model suggests, streamed unless the settings say otherwise.
pub fn outset(model: &Model, settings: &FitSettings) -> Outset {
    Outset {
        strategy: settings.strategy.unwrap_or(Strategy::HybridStreaming),
        candidates: model.starts(&settings.space),
        t_ref_seconds: model.t_ref_seconds(),
        curve_times_seconds: model.curve_times_seconds(),
        advice: Vec::new(),
    }
}

/// Fits a store in memory with one worker.
pub fn fit_memory(store: MemoryStore, model: &Model, settings: &FitSettings) -> FitResult {
    let sample = Sample::draw(&store, model).expect("memory");
    let sweep = Sweep::new(Arc::new(store), model.clone(), 1);
    fit(&sample, &sweep, settings, &outset(model, settings), &mut Following::default()).expect("memory")
}

/// The upper triangles of matrices of c2 (row by row, of every angle in turn, which may be told something of its noise), each with the sigma
/// that ingest would estimate.
pub fn memory_of_matrices(
    mut experiment: Experiment,
    block_points: usize,
    mut matrix: impl FnMut(usize, &mut Angle) -> Vec<f64>,
) -> MemoryStore {
    let n = experiment.time.n_frames;
    let mut values = Vec::new();
    for (place, angle) in experiment.angles.iter_mut().enumerate() {
        let matrix = matrix(place, angle);
        let pairs = (0..n).flat_map(|i| (i + 1..n).map(move |j| (i, j)));
        let upper = Values::from_f64(pairs.map(|(i, j)| matrix[i * n + j]).collect());
        angle.sigma = estimate_sigma(&upper, n, &[]);
        values.push(upper);
    }
    MemoryStore::new(experiment, values, block_points).expect("shapes fit")
}

/// Wavevector in 1/angstrom and frame interval in seconds of [`simulation`].
pub const Q: f64 = 0.0054;
pub const DT: f64 = 0.1;

/// A measurement at some angles whose values scatter so; 120 frames unless it is told otherwise.
pub fn simulation(mode: AnalysisMode, theta: &[f64], phi_degrees: Vec<f64>, scatter: Scatter) -> Simulation {
    Simulation {
        mode,
        convention: ShearConvention::Homodyne,
        theta: theta.to_vec(),
        q_per_angstrom: Q,
        further_q: vec![],
        gap_angstrom: 2e6,
        dt_seconds: DT,
        n_frames: 120,
        phi_degrees,
        contrast: 0.2,
        offset: 1.0,
        scaling_variation: 0.0,
        noise: Noise { sigma: 0.0, scatter },
        seed: 5,
        dead_frames: vec![],
        width: Width::F64,
    }
}
