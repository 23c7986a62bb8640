//! Condensed data against all pairs: sums, shift of the minimum, bits for any number of threads.

use crate::common::{LAMINAR, experiment, gaussian, memory_f64, model, values_of};
use homodyne::experiment::Experiment;
use homodyne::listener::StopFlag;
use homodyne::model::catalogue::Model;
use homodyne::parameters::definitions::{AnalysisMode, ShearConvention};
use homodyne::sums::gram::Gram;
use homodyne::sums::objective::{Fineness, Objective, Query};
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
    let cases: [(&[f64], ShearConvention, f64); 5] = [
        (&SLOW[..], ShearConvention::Homodyne, 1e-3),
        (&FAST[..], ShearConvention::Homodyne, 1e-3),
        (&LAMINAR[..], ShearConvention::Homodyne, 1e-3),
        (&LAMINAR[..], ShearConvention::GapAverage, 1e-2),
        (&STRONG[..], ShearConvention::Homodyne, 1e-3),
    ];
    for (theta, convention, most) in cases {
        for n_frames in [400, 700] {
            let (experiment, model, values) = measured(n_frames, theta, convention);
            let store = Arc::new(memory_f64(experiment, values, 65_536));
            let built =
                Condensed::of(store.as_ref(), &model, Fineness::Usual, 2, &StopFlag::default()).expect("memory");
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
