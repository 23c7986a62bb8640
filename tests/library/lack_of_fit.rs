//! Wrong models are refused, right ones are not: data from simulated intensities.

use crate::common::{fit_memory, gaussian, memory_f64, settings, values_of};
use crate::intensities::{SPECKLE, Speckle};
use homodyne::experiment::{Angle, AngleNoise, Experiment, TimeGrid};
use homodyne::fit::settings::FitSettings;
use homodyne::ingest::sigma::estimate_sigma;
use homodyne::model::catalogue::Model;
use homodyne::model::pair::PairEvaluator;
use homodyne::outcome::fit::FitResult;
use homodyne::outcome::noise::{FrameSums, Repeats};
use homodyne::outcome::verdict::Verdict;
use homodyne::parameters::definitions::{AnalysisMode, ShearConvention};
use homodyne::parameters::scaling::ScalingMode;
use homodyne::store::block::Values;
use homodyne::sums::loss::Loss;

const Q: f64 = 0.0054;
const DT: f64 = 0.1;
/// Decays within about 15 of 160 frames.
pub const STILL: [f64; 3] = [24_000.0, -0.2, 0.0];
pub const FLOW: [f64; 7] = [16_000.0, -0.2, 0.0, 0.0025, 0.2, 0.0, 3.0];

fn experiment(n_frames: usize, n_angles: usize) -> Experiment {
    let phi = |k: usize| -80.0 + 180.0 * k as f64 / n_angles as f64;
    let angle = |k| Angle { phi_degrees: phi(k), sigma: 0.0, masked_frames: vec![], ..Angle::default() };
    Experiment {
        q_per_angstrom: Q,
        gap_angstrom: Some(2e6),
        time: TimeGrid { n_frames, dt_seconds: DT, start_seconds: 0.0, first_frame: 1 },
        angles: (0..n_angles).map(angle).collect(),
    }
}

/// Fits c2 of every angle.
pub fn fitted(values: Vec<Vec<f64>>, mode: AnalysisMode, n: usize, change: &dyn Fn(&mut FitSettings)) -> FitResult {
    fitted_as_told(values, mode, n, AngleNoise::default(), change)
}

/// Of a file that tells something of the noise.
pub fn fitted_as_told(
    values: Vec<Vec<f64>>,
    mode: AnalysisMode,
    n: usize,
    noise: AngleNoise,
    change: &dyn Fn(&mut FitSettings),
) -> FitResult {
    let mut experiment = experiment(n, values.len());
    experiment.angles.iter_mut().for_each(|angle| angle.noise = noise);
    fitted_in(experiment, values, mode, change)
}

/// In an experiment whose sigma is still to be estimated.
fn fitted_in(
    mut experiment: Experiment,
    values: Vec<Vec<f64>>,
    mode: AnalysisMode,
    change: &dyn Fn(&mut FitSettings),
) -> FitResult {
    let n = experiment.time.n_frames;
    for (angle, values) in experiment.angles.iter_mut().zip(&values) {
        angle.sigma = estimate_sigma(&Values::from_f64(values.clone()), n, &angle.masked_frames);
    }
    let model = Model::new(mode, ShearConvention::Homodyne, &experiment).expect("model");
    let mut settings = settings(mode, ScalingMode::Auto.into());
    for constant in if mode == AnalysisMode::Static { vec![2] } else { vec![2, 5] } {
        settings.space.physical[constant].fixed = Some(0.0);
    }
    change(&mut settings);
    fit_memory(memory_f64(experiment, values, 65_536), &model, &settings)
}

/// Fields of a model of the program at every angle.
pub fn of_model(
    theta: &[f64],
    convention: ShearConvention,
    n_angles: usize,
    speckle: Speckle,
    seed: u64,
) -> Vec<Vec<f64>> {
    let experiment = experiment(speckle.n_frames, n_angles);
    let mode = if theta.len() == 7 { AnalysisMode::LaminarFlow } else { AnalysisMode::Static };
    let model = Model::new(mode, convention, &experiment).expect("model");
    let tables = model.tables(theta);
    let of_angle = |(k, angle): (usize, &Angle)| {
        let evaluator = PairEvaluator::new(&model, &tables, theta, angle.phi_degrees);
        speckle.c2(&|i, j| evaluator.field(i, j), seed + k as u64)
    };
    experiment.angles.iter().enumerate().map(of_angle).collect()
}

/// c2 without noise.
fn of_exact(theta: &[f64], n_angles: usize, n: usize) -> Vec<Vec<f64>> {
    let experiment = experiment(n, n_angles);
    let model = Model::new(AnalysisMode::Static, ShearConvention::Homodyne, &experiment).expect("model");
    values_of(&model, &experiment, theta, &|_| (0.2, 1.0), &|_, _| 0.0)
}

/// Fields whose correlation is exp(-(decay_j - decay_i) / 2).
fn of_decay(decay: &dyn Fn(f64) -> f64, n_angles: usize, speckle: Speckle, seed: u64) -> Vec<Vec<f64>> {
    let field = |i: usize, j: usize| (-0.5 * (decay(j as f64 * DT) - decay(i as f64 * DT))).exp();
    (0..n_angles).map(|k| speckle.c2(&field, seed + k as u64)).collect()
}

/// Adds something to c2 of every pair, from the ages of its two frames between 0 and 1.
fn plus(mut values: Vec<Vec<f64>>, n: usize, what: &dyn Fn(f64, f64) -> f64) -> Vec<Vec<f64>> {
    for values in &mut values {
        let pairs = (0..n).flat_map(|i| (i + 1..n).map(move |j| (i, j)));
        for (value, (i, j)) in values.iter_mut().zip(pairs) {
            *value += what(i as f64 / n as f64, j as f64 / n as f64);
        }
    }
    values
}

fn keep(_: &mut FitSettings) {}

fn refused(name: &str, found: &FitResult) {
    let test = found.lack_of_fit.as_ref().expect("a last sweep");
    println!(
        "{name}: {:?} p = {:.1e} shared {:.2}/{} angle {:?} {:?}",
        found.verdict,
        test.p_value,
        test.shared.statistic,
        test.shared.degrees_of_freedom,
        test.angle.map(|a| (a.phi_degrees, a.test.p_value)),
        found.reasons
    );
    assert!(found.verdict != Verdict::Converged, "{name}: {test:?}");
}

#[test]
fn exact_models_are_accepted_in_every_noise() {
    let n = SPECKLE.n_frames;
    for (k, counts) in [0.0, 0.15, 2.0].into_iter().enumerate() {
        let speckle = Speckle { counts, ..SPECKLE };
        let seed = 1000 * k as u64;
        let still =
            fitted(of_model(&STILL, ShearConvention::Homodyne, 3, speckle, seed), AnalysisMode::Static, n, &keep);
        let flow = fitted(
            of_model(&FLOW, ShearConvention::Homodyne, 8, speckle, seed + 50),
            AnalysisMode::LaminarFlow,
            n,
            &keep,
        );
        for found in [still, flow] {
            let test = found.lack_of_fit.as_ref().expect("a last sweep");
            println!(
                "{counts} {:?} {:.2e} chi {:?} {:?}",
                found.verdict, test.p_value, found.reduced_chi_squared, found.expected_reduced_chi_squared
            );
            assert_eq!(found.verdict, Verdict::Converged, "{counts}: {:?}", found.reasons);
        }
    }
}

#[test]
fn decays_of_another_kind_are_refused() {
    let (n, q2) = (SPECKLE.n_frames, Q * Q);
    let fit = |values| fitted(values, AnalysisMode::Static, n, &keep);
    let half = n as f64 * DT / 2.0;
    for factor in [0.3, 3.0] {
        let jump = |t: f64| q2 * 24_000.0 * (t.min(half) + factor * (t - half).max(0.0));
        refused(&format!("D jumps by {factor}"), &fit(of_decay(&jump, 3, SPECKLE, 10)));
    }
    let fading = |t: f64| q2 * 40_000.0 * 4.0 * (1.0 - (-t / 4.0).exp());
    refused("D decays exponentially", &fit(of_decay(&fading, 3, SPECKLE, 30)));
    for power in [0.6, 1.5] {
        let field = |i: usize, j: usize| (-0.5 * (q2 * 15_000.0 * DT * (j - i) as f64).powf(power)).exp();
        let values = (0..3).map(|k| SPECKLE.c2(&field, 40 + k)).collect();
        refused(&format!("exponent of the decay {power}"), &fit(values));
    }
    let field = |i: usize, j: usize| {
        if (i < n / 2) == (j < n / 2) { (-0.5 * q2 * 8_000.0 * DT * (j - i) as f64).exp() } else { 0.0 }
    };
    refused("speckles reset", &fit((0..3).map(|k| SPECKLE.c2(&field, 60 + k)).collect()));
    let mixed = Speckle { reference: (0.3, 0.35), ..SPECKLE };
    refused("heterodyne", &fit(of_model(&STILL, ShearConvention::Homodyne, 3, mixed, 70)));
}

#[test]
fn drifts_of_contrast_and_offset_are_refused() {
    let n = SPECKLE.n_frames;
    let fit = |values| fitted(values, AnalysisMode::Static, n, &keep);
    let still = |speckle, seed| of_model(&STILL, ShearConvention::Homodyne, 3, speckle, seed);
    // Among speckles of few renewals a slow drift of 0.006 is noise; under photon noise alone it is not.
    let calm = Speckle { speckles: 6000, ..SPECKLE };
    let photons = |a: f64, b: f64| {
        0.006 * f64::midpoint(a, b) + 0.003 * gaussian(7, (a * 1e6) as u64 * 1_000_003 + (b * 1e6) as u64)
    };
    let exact = of_exact(&STILL, 3, n);
    refused("offset drifts by 0.006", &fit(plus(exact, n, &photons)));
    let beat = |a: f64, b: f64| 0.004 * (2.0 * std::f64::consts::PI * 3.0 * f64::midpoint(a, b)).cos();
    refused("offset beats by 0.004", &fit(plus(still(calm, 90), n, &beat)));
    let mut falling = still(SPECKLE, 100);
    for values in &mut falling {
        let pairs = (0..n).flat_map(|i| (i + 1..n).map(move |j| (i, j)));
        for (value, (i, j)) in values.iter_mut().zip(pairs) {
            *value = 1.0 + (*value - 1.0) * (1.0 - 0.3 * (i + j) as f64 / (2 * n) as f64);
        }
    }
    refused("contrast falls by 30 %", &fit(falling));
}

/// Patterns that have no mean over the smooth sums of the test: every one in the words of what repeats itself.
#[test]
fn patterns_finer_than_groups_of_frames_are_refused() {
    let n = SPECKLE.n_frames;
    let wave = |age: f64, period_frames: f64| (2.0 * std::f64::consts::PI * age * n as f64 / period_frames).cos();
    let in_frames = |a: f64, b: f64| 0.006 * (wave(a, 7.0) + wave(b, 7.0));
    let in_both = |a: f64, b: f64| 0.02 * wave(a, 12.5) * wave(b, 12.5);
    let flow = |seed| of_model(&FLOW, ShearConvention::Homodyne, 8, SPECKLE, seed);
    let fit = |values| fitted(values, AnalysisMode::LaminarFlow, n, &keep);
    let mut alternating = flow(230);
    for values in &mut alternating {
        let pairs = (0..n).flat_map(|i| (i + 1..n).map(move |j| (i, j)));
        for (value, pair) in values.iter_mut().zip(pairs) {
            let gain = |k: usize| if k.is_multiple_of(2) { 1.2 } else { 0.8 };
            *value = 1.0 + (*value - 1.0) * gain(pair.0) * gain(pair.1);
        }
    }
    let found = [
        ("offset beats every 7 frames", Repeats::Frames, 7.0, fit(plus(flow(210), n, &in_frames))),
        ("both frames shake every 12.5 frames", Repeats::Lags, 12.5, fit(plus(flow(220), n, &in_both))),
        ("contrast alternates by 20 %", Repeats::Correlation, 2.0, fit(alternating)),
    ];
    for (name, along, period_frames, found) in found {
        refused(name, &found);
        let pattern = found.lack_of_fit.and_then(|test| test.pattern).expect("enough frames");
        assert!(pattern.p_value < 1e-4 && pattern.along == along, "{name}: {pattern:?}");
        assert!((pattern.period_frames / period_frames - 1.0).abs() < 0.05, "{name}: {pattern:?}");
        assert!(found.reasons.iter().any(|reason| reason.contains("repeats itself every")), "{:?}", found.reasons);
    }
}

/// Without photon noise, and with little told by the file, the misfit of one angle looks like fewer speckles there.
#[test]
fn an_odd_angle_does_not_pass_for_one_of_few_speckles() {
    let (n, homodyne) = (SPECKLE.n_frames, ShearConvention::Homodyne);
    for (counts, n_angles) in [(0.0, 3), (0.0, 6), (2.0, 3)] {
        let speckle = Speckle { counts, ..SPECKLE };
        let still = |d0: f64| of_model(&[d0, STILL[1], 0.0], homodyne, n_angles, speckle, 300);
        let (mut all, twice) = (still(STILL[0]), still(2.0 * STILL[0]));
        all[1] = twice[1].clone();
        let found = fitted(all, AnalysisMode::Static, n, &keep);
        refused(&format!("twice D0 at one of {n_angles} angles, {counts} photons"), &found);
        let odd = found.angles[1].noise.speckles.expect("speckles");
        assert!((0.6..1.7).contains(&(odd / speckle.speckles as f64)), "{odd} speckles at the odd angle");
    }
}

/// What the many sums of the test share out: each alone in one pattern.
#[test]
fn single_events_and_slow_swings_are_refused() {
    let n = SPECKLE.n_frames;
    let calm = Speckle { speckles: 4000, ..SPECKLE };
    let q2 = Q * Q;
    let gap = |t: f64| q2 * 20_000.0 * (t + if t > 0.4 * n as f64 * DT { 0.25 } else { 0.0 });
    let missing = fitted(of_decay(&gap, 3, calm, 400), AnalysisMode::Static, n, &keep);
    let swings = |t: f64| q2 * 20_000.0 * (t + 0.35 * (1.2 * t).sin() / 1.2);
    let swinging = fitted(of_decay(&swings, 3, calm, 410), AnalysisMode::Static, n, &keep);
    for (name, found, words) in
        [("frames are missing", missing, "lies before frame"), ("D swings", swinging, "with age")]
    {
        refused(name, &found);
        let pattern = found.lack_of_fit.and_then(|test| test.single_pattern).expect("enough groups of frames");
        assert!(pattern.p_value < 1e-4 && pattern.what.contains(words), "{name}: {pattern:?}");
    }
}

/// A beat in frames is shared out by smooth sums and by its own waves; all waves together tell it.
#[test]
fn beats_in_frames_are_refused() {
    let n = SPECKLE.n_frames;
    let wave = |age: f64, periods: f64| (2.0 * std::f64::consts::PI * periods * age).sin();
    let still = |seed| of_model(&STILL, ShearConvention::Homodyne, 3, SPECKLE, seed);
    let mut contrast = still(500);
    for values in &mut contrast {
        let pairs = (0..n).flat_map(|i| (i + 1..n).map(move |j| (i as f64 / n as f64, j as f64 / n as f64)));
        let factor = |age: f64| 1.0 - 0.045 * (1.0 + wave(age, 5.0));
        values.iter_mut().zip(pairs).for_each(|(c2, (a, b))| *c2 = 1.0 + (*c2 - 1.0) * factor(a) * factor(b));
    }
    let offset = plus(still(510), n, &|a, b| 0.005 * (wave(a, 4.0) + wave(b, 4.0)));
    for (name, values) in [("contrast", contrast), ("offset", offset)] {
        let found = fitted(values, AnalysisMode::Static, n, &keep);
        refused(name, &found);
        let swings = found.lack_of_fit.and_then(|test| test.swings).expect("enough groups of frames");
        assert!(swings.p_value < 1e-4, "{name}: {swings:?}");
    }
}

/// A few frames of one angle, where sums over all angles and times see nothing.
#[test]
fn a_hot_patch_of_one_map_is_refused() {
    let n = SPECKLE.n_frames;
    let mut values = of_model(&STILL, ShearConvention::Homodyne, 3, SPECKLE, 520);
    let exact = fitted(values.clone(), AnalysisMode::Static, n, &keep);
    assert_eq!(exact.verdict, Verdict::Converged, "{:?}", exact.reasons);
    let pairs = (0..n).flat_map(|i| (i + 1..n).map(move |j| (i, j)));
    let is_hot = |k: usize| (70..77).contains(&k);
    values[1].iter_mut().zip(pairs).filter(|(_, (i, j))| is_hot(*i) && is_hot(*j)).for_each(|(c2, _)| *c2 += 0.4);
    let found = fitted(values, AnalysisMode::Static, n, &keep);
    refused("hot", &found);
    let patch = found.lack_of_fit.and_then(|test| test.patch).expect("known noise");
    assert!(patch.phi_degrees == -20.0 && patch.standard_deviations > 10.0, "{patch:?}");
    assert!((68..76).contains(&patch.earlier_frames[0]), "{patch:?}");
}

/// Without photons frames share nearly all of their noise: what one has of its own is seen far below it.
#[test]
fn frames_that_differ_from_their_neighbours_are_refused() {
    let n = SPECKLE.n_frames;
    let flow = || of_model(&FLOW, ShearConvention::Homodyne, 4, Speckle { counts: 0.0, ..SPECKLE }, 610);
    let exact = fitted(flow(), AnalysisMode::LaminarFlow, n, &keep);
    assert_eq!(exact.verdict, Verdict::Converged, "{:?}", exact.reasons);
    let bright = |age: f64| if (age * n as f64 - 50.0).abs() < 0.5 { 0.005 } else { 0.0 };
    let uneven = |age: f64| 8e-4 * gaussian(7, (age * n as f64).round() as u64);
    for (name, values) in [
        ("one", plus(flow(), n, &|a, b| bright(a) + bright(b))),
        ("all", plus(flow(), n, &|a, b| uneven(a) + uneven(b))),
    ] {
        let found = fitted(values, AnalysisMode::LaminarFlow, n, &keep);
        println!("{name}: {:?}", found.reasons);
        assert_eq!(found.verdict, Verdict::PoorFit, "{name}");
        let frames = found.lack_of_fit.and_then(|test| test.frames).expect("enough frames");
        assert!(frames.p_value < 1e-6 && frames.of == FrameSums::Offset, "{name}: {frames:?}");
        assert!(name == "all" || frames.frame == 51 && frames.standard_deviations > 10.0, "{frames:?}");
    }
}

/// Nothing but the frame itself tells of one whose neighbour is left out, or that is the last; it has the number that it has in the file.
#[test]
fn bad_frames_beside_left_out_ones_and_at_the_ends_are_named() {
    let n = SPECKLE.n_frames;
    let flow = || of_model(&FLOW, ShearConvention::Homodyne, 4, Speckle { counts: 0.0, ..SPECKLE }, 610);
    for (bad, left_out) in [(50, vec![49]), (50, vec![51, 52]), (n - 1, vec![]), (0, vec![]), (n - 2, vec![n - 1])] {
        let mut experiment = experiment(n, 4);
        experiment.time.first_frame = 21;
        let is_out = |age: f64| left_out.contains(&((age * n as f64).round() as usize));
        let bright = |age: f64| if (age * n as f64 - bad as f64).abs() < 0.5 { 0.004 } else { 0.0 };
        let add = |a: f64, b: f64| if is_out(a) || is_out(b) { f64::NAN } else { bright(a) + bright(b) };
        for angle in &mut experiment.angles {
            angle.masked_frames.clone_from(&left_out);
        }
        let found = fitted_in(experiment, plus(flow(), n, &add), AnalysisMode::LaminarFlow, &keep);
        println!("{bad} beside {left_out:?}: {:?}", found.reasons);
        assert_eq!(found.verdict, Verdict::PoorFit, "{bad} beside {left_out:?}");
        let named = format!("frame {} at", bad + 21);
        assert!(found.reasons.iter().any(|reason| reason.contains(&named)), "{:?}", found.reasons);
    }
}

/// Along the flow speckles are gone within a frame: what neighbouring values share of their noise is theirs, not that of running means.
#[test]
fn speckles_that_are_gone_within_a_frame_are_no_running_means() {
    let theta = [40_000.0, 0.0, 0.0, 0.003, 0.0, 0.0, -5.0];
    let speckle = Speckle { n_frames: 100, speckles: 1000, modes: 3, counts: 1.5, ..SPECKLE };
    let told = |shared: f64| AngleNoise {
        pixels: Some(1000),
        white_correlation: Some(shared),
        white_correlation_diagonal: Some(0.5 * shared),
        ..AngleNoise::default()
    };
    for seed in 0..10 {
        let values = of_model(&theta, ShearConvention::Homodyne, 5, speckle, 700 + 10 * seed);
        let found = fitted_as_told(values, AnalysisMode::LaminarFlow, 100, told(0.2), &keep);
        assert_eq!(found.verdict, Verdict::Converged, "{seed}: {:?}", found.reasons);
        assert_eq!((found.shared_white_noise, found.pixels_not_believed), (None, None), "{seed}");
    }
    let values = of_model(&STILL, ShearConvention::Homodyne, 3, SPECKLE, 750);
    let found = fitted_as_told(values, AnalysisMode::Static, SPECKLE.n_frames, told(0.2), &keep);
    assert!(found.shared_white_noise.is_some(), "slow speckles leave the file its word");
}

/// Where the exponent is hardly told from 0, those draws pass for determined in which it happens to be large.
#[test]
fn numbers_that_the_data_tell_to_one_side_are_no_measurement() {
    let theta = [9_000.0, -0.25, 9_000.0];
    let speckle = Speckle { n_frames: 60, ..SPECKLE };
    let mut far = 0;
    for seed in 0..20 {
        let values = of_model(&theta, ShearConvention::Homodyne, 6, speckle, 800 + 10 * seed);
        let free = |settings: &mut FitSettings| settings.space.physical[2].fixed = None;
        let found = fitted(values, AnalysisMode::Static, 60, &free);
        far += usize::from(found.reasons.iter().any(|reason| reason.contains("standard errors to its")));
        if found.verdict == Verdict::Converged {
            for (parameter, truth) in found.parameters.iter().zip(theta) {
                let errors = (parameter.value - truth).abs() / parameter.uncertainty.expect("accepted");
                assert!(errors < 4.0, "{seed}: {parameter:?}");
            }
        }
    }
    assert!(far > 0, "the rule was met");
}

/// What neighbouring lags do not share, and one frame that is there twice.
#[test]
fn another_shape_at_short_lags_and_a_frame_that_is_stored_twice_are_refused() {
    let n = SPECKLE.n_frames;
    let dark = Speckle { counts: 0.0, ..SPECKLE };
    let stretched = |i: usize, j: usize| (-0.5 * (1.6 * (j - i) as f64 * DT).powf(0.8)).exp();
    let stretched = (0..2).map(|k| dark.c2(&stretched, 640 + k)).collect();
    let found = fitted(stretched, AnalysisMode::Static, n, &keep);
    refused("stretched", &found);
    let fine = found.lack_of_fit.and_then(|test| test.fine_lags).expect("enough frames");
    assert!(fine.p_value < 1e-4, "{fine:?}");
    let mut twice = of_model(&STILL, ShearConvention::Homodyne, 3, SPECKLE, 650);
    let exact = fitted(twice.clone(), AnalysisMode::Static, n, &keep);
    assert_eq!(exact.verdict, Verdict::Converged, "{:?}", exact.reasons);
    // A frame meets itself, photons included: c2 = 1 + contrast + 1 / counts.
    let pairs = (0..n).flat_map(|i| (i + 1..n).map(move |j| (i, j)));
    let place = pairs.clone().position(|pair| pair == (60, 61)).expect("a pair");
    twice[2][place] = 1.7;
    let found = fitted(twice, AnalysisMode::Static, n, &keep);
    println!("{:?}", found.reasons);
    assert_eq!(found.verdict, Verdict::PoorFit);
    assert!(
        found.reasons.iter().any(|reason| reason.contains("the pair of frames 61 and 62 at 40")),
        "{:?}",
        found.reasons
    );
    // Too little at one angle alone, and too much at all of them.
    let weaker = |angles: usize| {
        let mut values = of_model(&STILL, ShearConvention::Homodyne, 3, SPECKLE, 650);
        values[..angles].iter_mut().for_each(|values| values[place] = 1.31);
        fitted(values, AnalysisMode::Static, n, &keep)
    };
    let (one, all) = (weaker(1), weaker(3));
    println!("{:?}\n{:?}", one.lack_of_fit, all.reasons);
    assert_eq!(one.verdict, Verdict::Converged, "{:?}", one.reasons);
    assert!(all.reasons.iter().any(|reason| reason.contains("61 and 62 at 3 angles together")), "{:?}", all.reasons);
    let limited = |settings: &mut FitSettings| settings.loss = Loss::SoftL1;
    let mut once = of_model(&STILL, ShearConvention::Homodyne, 3, SPECKLE, 650);
    once[2][place] = 1.7;
    let found = fitted(once.clone(), AnalysisMode::Static, n, &limited);
    assert!(found.lack_of_fit.is_some_and(|test| test.odd_pair.is_none()), "a robust loss is there for such pairs");
    once.iter_mut().for_each(|values| values[place] = 1.7);
    let found = fitted(once, AnalysisMode::Static, n, &limited);
    assert!(
        found.reasons.iter().any(|reason| reason.contains("61 and 62 at 3 angles together")),
        "a frame that is there twice is no outlier: {:?}",
        found.reasons
    );
}

#[test]
fn odd_angles_and_another_physics_are_refused() {
    let n = SPECKLE.n_frames;
    let homodyne = ShearConvention::Homodyne;
    let flow = |values| fitted(values, AnalysisMode::LaminarFlow, n, &keep);
    let all = of_model(&FLOW, homodyne, 8, SPECKLE, 110);
    refused("static fit of flow", &fitted(all.clone(), AnalysisMode::Static, n, &keep));
    let with = |theta: &[f64], angle: usize| {
        let mut all = all.clone();
        all[angle] = of_model(theta, homodyne, 8, SPECKLE, 110).swap_remove(angle);
        all
    };
    let without_shear = [FLOW[0], FLOW[1], 0.0, 1e-6, 0.0, 0.0, 3.0];
    refused("one angle without shear", &flow(with(&without_shear, 3)));
    let twice = [2.0 * FLOW[0], FLOW[1], 0.0, FLOW[3], FLOW[4], 0.0, 3.0];
    refused("one angle with twice D0", &flow(with(&twice, 0)));
    let mut other = all.clone();
    other[5].iter_mut().for_each(|value| *value = 1.0 + 0.7 * (*value - 1.0));
    refused("one angle with 0.7 of the contrast", &flow(other));
    refused(
        "the other convention",
        &flow(of_model(&FLOW, ShearConvention::GapAverage, 8, Speckle { speckles: 4000, ..SPECKLE }, 130)),
    );
    let floored = [90_000.0, -0.9, -14_000.0];
    let values = of_model(&floored, homodyne, 3, SPECKLE, 150);
    refused("floored D", &fitted(values, AnalysisMode::Static, n, &keep));
}
