//! Is the posterior the one of its prior and likelihood? `cargo bench --bench calibration -- DRAWS [CASE..]`
//!
//! Simulation-based calibration (Talts et al., arXiv 1804.06788): truths are drawn from the prior, data from the truths, and the rank of
//! every truth among thinned draws of its posterior is uniform if densities, Jacobians, bounds and the sampler are right. The noise is the
//! one of the likelihood (independent pairs, known sigma). Static and laminar, on all pairs and on condensed data.

#[path = "../tests/library/common.rs"]
mod common;

use common::{LAMINAR, experiment, fit_memory, gaussian, memory_f64, model, settings, values_of};
use homodyne::api::*;
use homodyne::parameters::prior::Prior;
use statrs::distribution::{ChiSquared, ContinuousCDF};
use std::sync::Arc;

/// Independent draws that a truth is ranked among.
const RANKED: usize = 63;
const BINS: usize = 8;

struct Case {
    name: &'static str,
    mode: AnalysisMode,
    n_frames: usize,
    n_angles: usize,
    is_condensed: bool,
}

const CASES: [Case; 4] = [
    Case { name: "static", mode: AnalysisMode::Static, n_frames: 40, n_angles: 2, is_condensed: false },
    Case { name: "laminar", mode: AnalysisMode::LaminarFlow, n_frames: 40, n_angles: 5, is_condensed: false },
    Case { name: "static-condensed", mode: AnalysisMode::Static, n_frames: 300, n_angles: 2, is_condensed: true },
    Case { name: "laminar-condensed", mode: AnalysisMode::LaminarFlow, n_frames: 300, n_angles: 5, is_condensed: true },
];

/// Width of the prior of every parameter around its value in [`LAMINAR`].
const WIDTHS: [f64; 7] = [3_000.0, 0.1, 600.0, 2e-4, 0.08, 1e-4, 2.0];
/// Contrast and offset: mean and width.
const SCALING: [(f64, f64); 2] = [(0.22, 0.01), (1.0, 0.002)];

/// A truth inside its bounds.
fn truth(mean: f64, width: f64, (lower, upper): (f64, f64), (seed, mut counter): (u64, u64)) -> f64 {
    loop {
        let value = mean + width * gaussian(seed, counter);
        if (lower..=upper).contains(&value) {
            return value;
        }
        counter += 1_000_003;
    }
}

/// Ranks of all truths among the draws of one posterior, by name; `None` if chains disagree.
fn ranks(case: &Case, seed: u64) -> Option<Vec<(String, usize)>> {
    let experiment = experiment(case.n_frames, case.n_angles);
    let model = model(case.mode, ShearConvention::Homodyne, &experiment);
    let mut fit = settings(case.mode, ScalingSettings::from(ScalingMode::Auto));
    let mut theta = Vec::new();
    for (k, parameter) in fit.space.physical.iter_mut().enumerate() {
        parameter.prior = Prior::Normal { mean: LAMINAR[k], deviation: WIDTHS[k] };
        theta.push(truth(LAMINAR[k], WIDTHS[k], (parameter.lower, parameter.upper), (seed, k as u64)));
    }
    let mut scaling = [0.0; 2];
    for (k, parameter) in [&mut fit.space.contrast, &mut fit.space.offset].into_iter().enumerate() {
        let (mean, deviation) = SCALING[k];
        parameter.prior = Prior::Normal { mean, deviation };
        scaling[k] = truth(mean, deviation, (parameter.lower, parameter.upper), (seed, 100 + k as u64));
    }
    let noise = |angle: usize, pair: usize| 0.003 * gaussian(seed + 7919 * (1 + angle as u64), pair as u64);
    let values = values_of(&model, &experiment, &theta, &|_| (scaling[0], scaling[1]), &noise);
    let store = || memory_f64(experiment.clone(), values.clone(), 4096);
    let fitted = fit_memory(store(), &model, &fit);
    let sweep = Sweep::new(Arc::new(store()), model.clone(), 1);
    let sampled = SampleSettings {
        n_chains: 2,
        n_warmup: 200,
        n_draws: 5 * (RANKED + 1),
        seed,
        noise: NoiseScale::Fixed,
        noise_correlation: NoiseCorrelation::None,
        ..SampleSettings::default()
    };
    let ask = Ask {
        space: &fit.space,
        scaling: &fit.scaling,
        settings: &sampled,
        fitted: &fitted,
        t_ref_seconds: model.t_ref_seconds(),
        threads: 2,
    };
    let data = Data { together: &sweep, alone: &sweep, may_be_condensed: case.is_condensed };
    let found = sample(data, &ask, &Watch::nobody()).expect("drawn");
    assert_eq!(found.condensed.is_some(), case.is_condensed);
    let truths = theta.iter().copied().chain(scaling);
    let all: Vec<&Draw> = found.draws.iter().flatten().collect();
    let stride = all.len() / RANKED;
    let rank = |(k, truth): (usize, f64)| {
        let below = all.iter().step_by(stride).take(RANKED).filter(|draw| draw.values[k] < truth).count();
        (found.numbers[k].name.clone(), below)
    };
    let agree = found.numbers.iter().all(|number| number.r_hat.is_some_and(|r_hat| r_hat < 1.1));
    agree.then(|| truths.enumerate().map(rank).collect())
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let n = words.first().and_then(|word| word.parse().ok()).unwrap_or(200_u64);
    println!("| case | draws | number | histogram of ranks | chi-square p |\n| --- | --- | --- | --- | --- |");
    for case in CASES.iter().filter(|case| words.len() < 2 || words[1..].iter().any(|word| word == case.name)) {
        let all: Vec<Vec<(String, usize)>> = (0..n).filter_map(|draw| ranks(case, 1000 + draw)).collect();
        for k in 0..all.first().map_or(0, Vec::len) {
            let mut counts = [0_u32; BINS];
            all.iter().for_each(|ranks| counts[ranks[k].1 * BINS / (RANKED + 1)] += 1);
            let expected = all.len() as f64 / BINS as f64;
            let chi: f64 = counts.iter().map(|count| (f64::from(*count) - expected).powi(2) / expected).sum();
            let p = 1.0 - ChiSquared::new(BINS as f64 - 1.0).expect("degrees of freedom").cdf(chi);
            let shown: Vec<String> = counts.iter().map(u32::to_string).collect();
            println!("| {} | {} of {n} | {} | {} | {p:.3} |", case.name, all.len(), all[0][k].0, shown.join(" "));
        }
    }
}
