//! Is the posterior the one of its prior and likelihood? `cargo bench --bench calibration -- DRAWS [CASE..]`
//!
//! Simulation-based calibration (Talts et al., arXiv 1804.06788): truths are drawn from the prior, data from the truths, and the rank of
//! every truth among thinned draws of its posterior is uniform if densities, Jacobians, bounds and the sampler are right. The noise is the
//! one of the likelihood (independent pairs, known sigma). Static and laminar, on all pairs, on condensed data and in twenty shards.

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
    on: On,
}

/// What is sampled.
#[derive(Clone, Copy, PartialEq)]
enum On {
    AllPairs,
    Condensed,
    TwentyShards,
}

const fn case(name: &'static str, mode: AnalysisMode, (n_frames, n_angles): (usize, usize), on: On) -> Case {
    Case { name, mode, n_frames, n_angles, on }
}

const CASES: [Case; 6] = [
    case("static", AnalysisMode::Static, (40, 2), On::AllPairs),
    case("laminar", AnalysisMode::LaminarFlow, (40, 5), On::AllPairs),
    case("static-condensed", AnalysisMode::Static, (400, 2), On::Condensed),
    case("laminar-condensed", AnalysisMode::LaminarFlow, (400, 5), On::Condensed),
    case("static-shards", AnalysisMode::Static, (80, 2), On::TwentyShards),
    case("laminar-shards", AnalysisMode::LaminarFlow, (80, 5), On::TwentyShards),
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

/// Ranks of all truths among the draws of one posterior, by name; `None` if chains disagree, the combination of shards or condensed data are
/// not believed.
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
        consensus: ConsensusSettings {
            enable: if case.on == On::TwentyShards { Sharded::Yes } else { Sharded::No },
            n_shards: Some(20),
            min_points_per_shard: 1,
            min_points_per_param: 1,
            adaptive: false,
            ..ConsensusSettings::default()
        },
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
    let data = Data { together: &sweep, alone: &sweep, may_be_condensed: case.on == On::Condensed };
    let found = match case.on {
        On::TwentyShards => in_shards(data, &ask, (&store(), &model)),
        _ => sample(data, &ask, &Watch::nobody()).expect("drawn"),
    };
    // Where condensed data are not believed, all pairs are sampled: that is no draw of this case.
    if found.condensed.is_some() != (case.on == On::Condensed) {
        return None;
    }
    let truths = theta.iter().copied().chain(scaling);
    let all: Vec<&Draw> = found.draws.iter().flatten().collect();
    let stride = all.len() / RANKED;
    let rank = |(k, truth): (usize, f64)| {
        let below = all.iter().step_by(stride).take(RANKED).filter(|draw| draw.values[k] < truth).count();
        (found.numbers[k].name.clone(), below)
    };
    // Fewer draws than a verdict asks for are enough to be ranked among.
    let is_believed = found.verdict != PosteriorVerdict::ConsensusUnreliable;
    let agree = is_believed && found.numbers.iter().all(|number| number.r_hat.is_some_and(|r_hat| r_hat < 1.1));
    agree.then(|| truths.enumerate().map(rank).collect())
}

/// Shards are files of a folder that is gone afterwards.
fn in_shards(data: Data<'_>, ask: &Ask<'_>, (source, model): (&MemoryStore, &Model)) -> PosteriorResult {
    let folder = tempfile::tempdir().expect("folder");
    let place = folder.path().join("shards");
    let dealer = SourceDealer { source, model, place: &place, threads: ask.threads, stop: StopFlag::default() };
    let resources = Resources { dealer: &dealer, folder: folder.path(), journal: &(), threshold_bytes: 1 << 30 };
    sample_as_chosen(data, &resources, ask, &Watch::nobody()).expect("drawn")
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
