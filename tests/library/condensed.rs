//! Condensed data against all pairs: sums, shift of the minimum, bits for any number of threads.

use crate::common::{LAMINAR, experiment, fit_memory, gaussian, memory_f64, model, settings, values_of};
use homodyne::experiment::Experiment;
use homodyne::fit::settings::{FitSettings, Tolerances};
use homodyne::likelihood::reduced::{angle_cost, angle_gradient};
use homodyne::listener::StopFlag;
use homodyne::model::catalogue::Model;
use homodyne::outcome::fit::Strategy;
use homodyne::parameters::definitions::{AnalysisMode, ShearConvention};
use homodyne::parameters::scaling::{AngleScaling, ScalingMode};
use homodyne::store::block::BlockSource;
use homodyne::sums::gram::Gram;
use homodyne::sums::objective::{CondensedData, Fineness, Objective, Query};
use homodyne::sums::rank_update::Depth;
use homodyne::sweep::condensed::objective::Condensed;
use homodyne::sweep::raw::pass::Sweep;
use std::sync::Arc;

const SIGMA: f64 = 0.003;
const SCALING: (f64, f64) = (0.14, 1.003);
const SLOW: [f64; 3] = [8_000.0, -0.2, 300.0];
const FAST: [f64; 3] = [120_000.0, 0.3, 0.0];
const STRONG: [f64; 7] = [8_000.0, -0.25, 300.0, 0.006, 0.2, 0.0002, 3.0];

fn mode(theta: &[f64]) -> AnalysisMode {
    if theta.len() == 7 { AnalysisMode::LaminarFlow } else { AnalysisMode::Static }
}

fn measured(n_frames: usize, theta: &[f64], convention: ShearConvention) -> (Experiment, Model, Vec<Vec<f64>>) {
    let mut experiment = experiment(n_frames, 3);
    experiment.angles[1].masked_frames = vec![0, 17, 100, 101, n_frames - 1];
    let model = model(mode(theta), convention, &experiment);
    let noise = |angle: usize, pair: usize| SIGMA * gaussian(angle as u64 + 1, pair as u64);
    let mut values = values_of(&model, &experiment, theta, &|_| SCALING, &noise);
    // Single pairs without a value.
    for pair in [5, 1000, n_frames * 40 + 7] {
        values[2][pair] = f64::NAN;
    }
    (experiment, model, values)
}

/// Largest difference of two Gram matrices in units of their diagonals, and of their gradients in standard errors of one number.
fn apart(one: &Gram, other: &Gram) -> (f64, f64) {
    let p = one.n_parameters();
    let (mut sums, mut shift) = (0.0_f64, 0.0_f64);
    for row in 0..p + 2 {
        for col in 0..p + 2 {
            let size = (one.get(row, row) * one.get(col, col)).sqrt();
            sums = sums.max((one.get(row, col) - other.get(row, col)).abs() / size);
        }
    }
    let gradient = |gram: &Gram, k: usize| SCALING.0 * gram.dh_h(k) + (SCALING.1 - 1.0) * gram.dh_1(k) - gram.dh_y(k);
    for k in 0..p {
        shift = shift.max((gradient(one, k) - gradient(other, k)).abs() / (SIGMA * one.get(k, k).sqrt()));
    }
    (sums, shift)
}

#[test]
fn condensed_sums_are_those_of_all_pairs() {
    // What oscillates asks for finer ones.
    let cases = [
        (&SLOW[..], ShearConvention::Homodyne, Fineness::Usual, [400, 700], 1e-3_f64),
        (&FAST[..], ShearConvention::Homodyne, Fineness::Usual, [400, 700], 1e-3),
        (&LAMINAR[..], ShearConvention::Homodyne, Fineness::Usual, [400, 700], 1e-3),
        (&LAMINAR[..], ShearConvention::GapAverage, Fineness::Fine, [600, 700], 1e-2),
        (&STRONG[..], ShearConvention::Homodyne, Fineness::Usual, [400, 700], 1e-3),
    ];
    for (theta, convention, fineness, frames, most) in cases {
        for n_frames in frames {
            let (experiment, model, values) = measured(n_frames, theta, convention);
            let store = Arc::new(memory_f64(experiment, values, 65_536));
            let built = Condensed::of(store.as_ref(), &model, fineness, 2, &StopFlag::default()).expect("memory");
            let condensed = built.expect("enough frames");
            let sweep = Sweep::new(store, model, 1);
            let query = Query { theta, weights: None, reweighing: None };
            let (raw, found) = (sweep.sweep(&query, Depth::Normal), condensed.sweep(&query, Depth::Normal));
            for (angle, (raw, found)) in raw.expect("memory").iter().zip(found.expect("memory")).enumerate() {
                let (sums, shift) = apart(raw, &found);
                assert_eq!(raw.pairs, found.pairs);
                assert!((raw.yy() - found.yy()).abs() < 1e-12 * raw.yy());
                assert!(sums < 10.0 * most.max(1e-4) && shift < most, "{theta:?} {n_frames} {angle}: {sums} {shift}");
            }
        }
    }
}

/// What a sampler asks for at one scaling is what all products give there, with fewer of them.
#[test]
fn slopes_at_a_scaling_are_those_of_all_products() {
    let off = [0.0, 0.1, -0.05]
        .map(|by| AngleScaling { contrast: SCALING.0 + by, offset_less_one: SCALING.1 - 1.0 - 0.3 * by });
    let cases: [(&[f64], ShearConvention); 3] = [
        (&SLOW[..], ShearConvention::Homodyne),
        (&LAMINAR[..], ShearConvention::Homodyne),
        (&STRONG[..], ShearConvention::GapAverage),
    ];
    for (theta, convention) in cases {
        let (experiment, model, values) = measured(500, theta, convention);
        let store = Arc::new(memory_f64(experiment, values, 65_536));
        let built = Condensed::of(store.as_ref(), &model, Fineness::Usual, 2, &StopFlag::default()).expect("memory");
        let condensed = built.expect("enough frames");
        let moved: Vec<f64> = theta.iter().map(|value| 1.02 * value).collect();
        let query = Query { theta: &moved, weights: Some(&[1.0, 2.0, 0.5]), reweighing: None };
        let products = condensed.sweep(&query, Depth::Gradient).expect("memory");
        let slopes = condensed.slopes(&query, &off).expect("memory");
        for ((all, found), at) in products.iter().zip(&slopes).zip(off) {
            let (cost, sizes) = angle_cost(all, at);
            assert!((cost - angle_cost(found, at).0).abs() <= 1e-13 * sizes);
            for (k, (all_k, found_k)) in angle_gradient(all, at).into_iter().zip(angle_gradient(found, at)).enumerate()
            {
                let size = match k < theta.len() {
                    true => all.dh_h(k).abs() + all.dh_1(k).abs() + all.dh_y(k).abs(),
                    false => all.h1().abs() + all.one_one(),
                };
                assert!((all_k - found_k).abs() <= 1e-12 * size, "{theta:?} {k}: {all_k} {found_k}");
            }
        }
    }
}

#[test]
fn predicted_shifts_are_never_far_below_the_ones_that_are_found() {
    let strong_gap = [8_000.0, -0.25, 300.0, 0.002, 0.2, 0.0002, 3.0];
    let cases: [(&[f64], ShearConvention); 4] = [
        (&SLOW[..], ShearConvention::Homodyne),
        (&LAMINAR[..], ShearConvention::Homodyne),
        (&LAMINAR[..], ShearConvention::GapAverage),
        (&strong_gap[..], ShearConvention::GapAverage),
    ];
    for (theta, convention) in cases {
        let (experiment, model, values) = measured(500, theta, convention);
        let store = Arc::new(memory_f64(experiment, values, 65_536));
        let weights = vec![1.0 / (SIGMA * SIGMA); 3];
        let query = Query { theta, weights: Some(&weights), reweighing: None };
        let raw = Sweep::new(Arc::clone(&store) as Arc<dyn BlockSource>, model.clone(), 1);
        let raw = raw.sweep(&query, Depth::Normal).expect("memory");
        let mut earlier = f64::INFINITY;
        for fineness in [Fineness::Usual, Fineness::Fine] {
            let built = Condensed::of(store.as_ref(), &model, fineness, 1, &StopFlag::default()).expect("memory");
            let condensed = built.expect("enough frames");
            let found = condensed.sweep(&query, Depth::Normal).expect("memory");
            let predicted = condensed.predicted_shift(&query, &found, &[SCALING.0; 3]).expect("memory");
            let sigma = |gram: &Gram| gram.scaled(SIGMA * SIGMA);
            let shift = raw.iter().zip(&found).map(|(raw, found)| apart(&sigma(raw), &sigma(found)).1);
            let shift = shift.fold(0.0, f64::max);
            assert!(10.0 * predicted > shift, "{theta:?} {convention:?} {fineness:?}: {predicted} {shift}");
            assert!(predicted < 1.1 * earlier, "finer: {predicted} {earlier}");
            earlier = predicted;
        }
    }
}

#[test]
fn a_fit_that_begins_with_condensed_data_ends_where_all_pairs_end() {
    for theta in [&LAMINAR[..], &SLOW[..]] {
        let (experiment, model, values) = measured(400, theta, ShearConvention::Homodyne);
        let tolerances = Tolerances { gtol: 1e-12, ftol: 1e-16, xtol: 1e-13, ..Tolerances::default() };
        let base = FitSettings { tolerances, ..settings(mode(theta), ScalingMode::Auto.into()) };
        let run = |strategy| {
            let wanted = FitSettings { strategy: Some(strategy), ..base.clone() };
            fit_memory(memory_f64(experiment.clone(), values.clone(), 65_536), &model, &wanted)
        };
        let (raw, condensed) = (run(Strategy::HybridStreaming), run(Strategy::Condensed));
        for (one, other) in raw.parameters.iter().zip(&condensed.parameters) {
            assert!((other.value / one.value - 1.0).abs() < 1e-8, "{}: {} {}", one.name, one.value, other.value);
        }
        let told = condensed.condensed.expect("condensed");
        let shift = told.measured_shift.expect("found");
        assert!(told.is_believed && shift < 10.0 * told.predicted_shift.max(1e-4), "{told:?}");
        assert!(condensed.n_iterations < raw.n_iterations, "{} {}", condensed.n_iterations, raw.n_iterations);
        assert_eq!(raw.condensed, None);
        assert_eq!(told.raw_sweeps, condensed.n_iterations);
        // One sweep tells what condensed data lack at their minimum, another that with it they lead to that of all pairs.
        let settings =
            FitSettings { strategy: Some(Strategy::Condensed), ..settings(mode(theta), ScalingMode::Auto.into()) };
        let usual = fit_memory(memory_f64(experiment, values, 65_536), &model, &settings);
        assert!(usual.n_iterations <= 2, "{theta:?}: {}", usual.n_iterations);
    }
}

#[test]
fn where_a_rate_meets_its_floor_condensed_data_are_not_believed() {
    // D(t) falls to its floor at 12 s, amid the measurement.
    let theta = [19_000.0, -0.35, -19_000.0 * 12_f64.powf(-0.35)];
    let (experiment, model, values) = measured(400, &theta, ShearConvention::Homodyne);
    let start = Some(theta.to_vec());
    let wanted = FitSettings {
        strategy: Some(Strategy::Condensed),
        start,
        ..settings(AnalysisMode::Static, ScalingMode::Auto.into())
    };
    let result = fit_memory(memory_f64(experiment, values, 65_536), &model, &wanted);
    let told = result.condensed.expect("condensed");
    assert!(told.floor_frame.is_some_and(|frame| (100..140).contains(&frame)) && !told.is_believed, "{told:?}");
}
