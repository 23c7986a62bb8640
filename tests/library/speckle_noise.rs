//! What sums of residuals scatter by, in closed form: against the formula on full matrices, and against simulated intensities.

use crate::common::{experiment, memory_f64, model};
use homodyne::experiment::Experiment;
use homodyne::likelihood::speckle::angles::Speckles;
use homodyne::likelihood::speckle::covariance::Noise;
use homodyne::likelihood::speckle::functions::{Function, Functions};
use homodyne::likelihood::speckle::single_frames::Neighbours;
use homodyne::model::catalogue::Model;
use homodyne::model::pair::PairEvaluator;
use homodyne::parameters::definitions::{AnalysisMode, ShearConvention};
use homodyne::sums::algebra::Algebra;
use homodyne::sums::lags::half_octave;
use homodyne::sums::residuals::FrameGroups;
use homodyne::sweep::raw::pass::Sweep;
use ndarray::{Array1, Array2};
use std::sync::Arc;

const STATIC: [f64; 3] = [8_000.0, -0.2, 300.0];
const FAST: [f64; 3] = [200_000.0, 0.3, 0.0];
const FLOW: [f64; 7] = [8_000.0, -0.25, 300.0, 0.004, 0.2, 0.0002, 3.0];
const NOISE: Noise = Noise { contrast: 0.2, root_speckle: 0.05, white: 0.03 };

fn speckles(experiment: &Experiment, model: &Model, theta: &[f64], coarse: &[usize]) -> Speckles {
    let n = experiment.time.n_frames;
    let values = vec![vec![1.0; n * (n - 1) / 2]; experiment.angles.len()];
    let sweep = Sweep::new(Arc::new(memory_f64(experiment.clone(), values, 65_536)), model.clone(), 1);
    let groups = FrameGroups::new(coarse.to_vec(), n);
    let by_age: &[usize] = if theta.len() == 7 { &[0, 3] } else { &[0] };
    Speckles::of(&sweep, theta, &groups, (by_age, by_age)).expect("a grid")
}

/// J of a function on single frames.
fn full(functions: &Functions, function: Function, evaluator: &PairEvaluator<'_>, groups: &FrameGroups) -> Array2<f64> {
    let n = groups.of_frame.len();
    let middle = |group: usize| {
        let first = groups.first_frames[group];
        f64::midpoint(first as f64, groups.end[first] as f64) / n as f64
    };
    Array2::from_shape_fn((n, n), |(a, b)| {
        if a == b {
            return 0.0;
        }
        let (i, j) = (a.min(b), a.max(b));
        let value = evaluator.at(i, j);
        let column = |k: usize| if k == functions.p { value.h } else { value.dh[k] };
        let (earlier, later) = (groups.of_frame[i], groups.of_frame[j]);
        match function {
            Function::Whole { column: k } => column(k),
            Function::Aged { column: k, age } => {
                let found = (f64::midpoint(middle(earlier), middle(later)) * 4.0) as usize;
                if found.min(3) == age { column(k) } else { 0.0 }
            }
            Function::Lag { bin } => f64::from(u8::from(half_octave(bin).contains(&(j - i)))),
            Function::Blocks { earlier: a, later: b } => {
                f64::from(u8::from(functions.block(earlier) == a && functions.block(later) == b))
            }
        }
    })
}

/// The formula of the module's documentation on full matrices.
fn slow(h: &Array2<f64>, field: &Array2<f64>, all: &[Array2<f64>], noise: Noise) -> Array2<f64> {
    let Noise { contrast: beta, root_speckle: x, white } = noise;
    let (n, w) = (h.nrows(), white / x);
    let c = h * beta + Array2::<f64>::eye(n) * w;
    let trace = |a: &Array2<f64>, b: &Array2<f64>| (a * &b.t()).sum();
    let a: Vec<Array2<f64>> = all.iter().map(|j| j * field).collect();
    let cj: Vec<Array2<f64>> = all.iter().map(|j| c.dot(j)).collect();
    let ga: Vec<Array2<f64>> = a.iter().map(|a| field.dot(a)).collect();
    let d: Vec<Array1<f64>> = ga.iter().map(|ga| ga.dot(field).diag().to_owned()).collect();
    let v: Vec<Array1<f64>> = all.iter().map(|j| (j * h).sum_axis(ndarray::Axis(1)) * beta).collect();
    Array2::from_shape_fn((all.len(), all.len()), |(k, l)| {
        let sum = 0.5 * trace(&cj[k], &cj[l]) + 1.5 * beta.powi(3) * trace(&ga[k], &ga[l]) + v[k].dot(&c.dot(&v[l]))
            - beta * beta * (v[k].dot(&d[l]) + v[l].dot(&d[k]))
            + 2.0 * w * beta * beta * trace(&ga[k], &a[l])
            + 0.5 * w * w * beta * trace(&a[k], &a[l])
            - 2.0 * w * v[k].dot(&v[l]);
        sum * x * x
    })
}

/// The closed form of an angle, and the formula on full matrices.
fn both(theta: &[f64], n: usize, coarse: &[usize]) -> (Vec<Function>, Array2<f64>, Array2<f64>) {
    let mode = if theta.len() == 7 { AnalysisMode::LaminarFlow } else { AnalysisMode::Static };
    let experiment = experiment(n, 3);
    let model = model(mode, ShearConvention::Homodyne, &experiment);
    let found = speckles(&experiment, &model, theta, coarse);
    let tables = model.tables(theta);
    let evaluator = PairEvaluator::new(&model, &tables, theta, experiment.angles[1].phi_degrees);
    let symmetric = |value: &dyn Fn(usize, usize) -> f64| {
        Array2::from_shape_fn((n, n), |(a, b)| if a == b { 1.0 } else { value(a.min(b), a.max(b)) })
    };
    let h = symmetric(&|i, j| evaluator.h(i, j));
    let field = symmetric(&|i, j| evaluator.field(i, j));
    let groups = FrameGroups::new(coarse.to_vec(), n);
    let all: Vec<Array2<f64>> =
        found.functions.all.iter().map(|&f| full(&found.functions, f, &evaluator, &groups)).collect();
    let expected = slow(&h, &field, &all, NOISE);
    (found.functions.all.clone(), found.components(1).at(NOISE), expected)
}

#[test]
fn on_single_frames_the_closed_form_is_the_formula_on_full_matrices() {
    let frames: Vec<usize> = (0..48).collect();
    for theta in [&STATIC[..], &FLOW[..]] {
        let (functions, found, expected) = both(theta, 48, &frames);
        for k in 0..functions.len() {
            for l in 0..functions.len() {
                let size = (expected[[k, k]] * expected[[l, l]]).sqrt();
                let apart = (found[[k, l]] - expected[[k, l]]).abs();
                // h below 3e-4 is taken as zero.
                assert!(apart < 2e-3 * size, "{:?} {:?}: {apart} of {size}", functions[k], functions[l]);
            }
        }
    }
}

#[test]
fn groups_of_frames_move_errors_by_less_than_two_percent() {
    for (theta, n) in [(&STATIC[..], 240), (&FLOW[..], 240), (&FAST[..], 240)] {
        let coarse: Vec<usize> = (0..24).map(|k| k * n / 24).collect();
        let (functions, found, expected) = both(theta, n, &coarse);
        for k in 0..functions.len() {
            let ratio = (found[[k, k]] / expected[[k, k]]).sqrt();
            assert!((ratio - 1.0).abs() < 0.02, "{:?}: {ratio}", functions[k]);
        }
        // Combinations in which most cancels.
        let all: Vec<usize> = (0..functions.len()).filter(|&k| !matches!(functions[k], Function::Lag { .. })).collect();
        let (found, expected) = (found.among(&all), expected.among(&all));
        let scale = expected.diagonal_scale();
        let (values, vectors) = expected.divided(&scale).eigen().expect("finite");
        let among = found.divided(&scale);
        for k in 0..all.len() {
            let vector = vectors.column(k);
            let ratio = (vector.dot(&among.dot(&vector)) / values[k]).sqrt();
            if values[k] > 1e-3 * values[all.len() - 1] {
                assert!((ratio - 1.0).abs() < 0.04, "direction {k}: {ratio}");
            }
        }
    }
}

/// What the closed form leaves out (cumulants, division by the means, frames next to the missing diagonal) is of the order of the
/// contrast.
#[test]
fn differences_of_frames_scatter_as_the_formula_on_full_matrices() {
    let n = 120;
    let coarse: Vec<usize> = (0..24).map(|k| k * n / 24).collect();
    // Shear that slows down from its first frame on.
    let steep = [8_000.0, 0.3, 0.0, 0.02, -0.4, 0.0, -7.0];
    for theta in [&STATIC[..], &FLOW[..], &FAST[..], &steep[..]] {
        let mode = if theta.len() == 7 { AnalysisMode::LaminarFlow } else { AnalysisMode::Static };
        let experiment = experiment(n, 3);
        let model = model(mode, ShearConvention::Homodyne, &experiment);
        let speckles = speckles(&experiment, &model, theta, &coarse);
        let tables = model.tables(theta);
        let evaluator = PairEvaluator::new(&model, &tables, theta, experiment.angles[1].phi_degrees);
        let symmetric = |value: &dyn Fn(usize, usize) -> f64| {
            Array2::from_shape_fn((n, n), |(a, b)| if a == b { 1.0 } else { value(a.min(b), a.max(b)) })
        };
        let (h, field) = (symmetric(&|i, j| evaluator.h(i, j)), symmetric(&|i, j| evaluator.field(i, j)));
        let single_frames = speckles.single_frames(1);
        for white in [0.0, NOISE.white] {
            let noise = Noise { white, ..NOISE };
            let frames = [(0, 1), (1, 1), (0, 2), (1, 2), (0, 3), (1, 3), (0, 22), (0, 62), (1, 62), (1, 97)];
            let differences = [
                (Neighbours::Behind, [0.0, -1.0, 1.0]),
                (Neighbours::Both, [1.0, -2.0, 1.0]),
                (Neighbours::Before, [1.0, -1.0, 0.0]),
            ];
            for ((of, frame), (neighbours, times)) in
                frames.into_iter().flat_map(|place| differences.map(|difference| (place, difference)))
            {
                let found = single_frames.of_difference(frame, neighbours, noise);
                let mut weights = Array2::zeros((n, n));
                for (k, times) in (frame - 1..).zip(times) {
                    for other in (0..n).filter(|&other| other != k) {
                        let weight = if of == 0 { times } else { times * h[[k, other]] };
                        weights[[k, other]] += weight;
                        weights[[other, k]] += weight;
                    }
                }
                let expected = slow(&h, &field, &[weights], noise)[[0, 0]];
                let ratio = found[of] / expected;
                if ratio == 0.0 {
                    // Too few pairs tell the contrast of a frame whose speckles are gone so soon.
                    let pairs = (0..n).map(|other| h[[frame, other]].powi(2)).sum::<f64>() - 1.0;
                    assert!(of == 1 && pairs < 4.5, "{theta:?} {frame}: {pairs}");
                    continue;
                }
                // The first frames differ from one another.
                let most = if frame < 4 { 1.4 } else { 1.25 };
                assert!(ratio > 0.8 && ratio < most, "{theta:?} {of} {frame} {white} {neighbours:?}: {ratio}");
            }
        }
    }
}

#[test]
fn differences_of_neighbouring_lags_scatter_as_the_formula_on_full_matrices() {
    let n = 120;
    let coarse: Vec<usize> = (0..24).map(|k| k * n / 24).collect();
    for theta in [&STATIC[..], &FLOW[..], &FAST[..]] {
        let mode = if theta.len() == 7 { AnalysisMode::LaminarFlow } else { AnalysisMode::Static };
        let experiment = experiment(n, 3);
        let model = model(mode, ShearConvention::Homodyne, &experiment);
        let fine = speckles(&experiment, &model, theta, &coarse).fine_lags(1, 1);
        let tables = model.tables(theta);
        let evaluator = PairEvaluator::new(&model, &tables, theta, experiment.angles[1].phi_degrees);
        let symmetric = |value: &dyn Fn(usize, usize) -> f64| {
            Array2::from_shape_fn((n, n), |(a, b)| if a == b { 1.0 } else { value(a.min(b), a.max(b)) })
        };
        let (h, field) = (symmetric(&|i, j| evaluator.h(i, j)), symmetric(&|i, j| evaluator.field(i, j)));
        let of_lag = |lag: usize| Array2::from_shape_fn((n, n), |(a, b)| f64::from(u8::from(a.abs_diff(b) == lag)));
        let lags: Vec<Array2<f64>> = (1..=fine.n_lags()).map(of_lag).collect();
        let differences = fine.differences(n);
        for white in [0.0, NOISE.white] {
            let noise = Noise { white, ..NOISE };
            let of_differences = |own: Array2<f64>| differences.dot(&own).dot(&differences.t());
            let found = of_differences(fine.own.at(noise));
            let expected = of_differences(slow(&h, &field, &lags, noise));
            for row in 0..differences.nrows() {
                let ratio = (found[[row, row]] / expected[[row, row]]).sqrt();
                assert!((ratio - 1.0).abs() < 0.1, "{mode:?} {white} lags {} and {}: {ratio}", row + 1, row + 2);
            }
        }
    }
}
