//! Robust losses: the fast sweep weights as the slow twin, outliers lose their pull, and every loss finds the truth.

use crate::common::{
    LAMINAR, experiment, fit_memory, gaussian, memory_f64, memory_of_matrices, model, settings, simulation, values_of,
};
use homodyne::listener::StopFlag;
use homodyne::model::catalogue::Model;
use homodyne::outcome::fit::{FitResult, Strategy};
use homodyne::outcome::verdict::Verdict;
use homodyne::parameters::definitions::{AnalysisMode, ShearConvention};
use homodyne::parameters::scaling::{AngleScaling, ScalingMode};
use homodyne::simulate::Scatter;
use homodyne::sums::loss::{Loss, Reweighing};
use homodyne::sums::objective::{Objective, Query};
use homodyne::sums::rank_update::Depth;
use homodyne::sweep::raw::pass::Sweep;
use homodyne::sweep::simd::SimdLevel;
use homodyne::sweep::slow_twin::sweep_pair_by_pair;
use std::sync::Arc;

const NOISE: f64 = 0.003;

/// Gaussian noise, and every fortieth value far off on one side.
fn with_outliers(angle: usize, pair: usize) -> f64 {
    let off = if (pair * 7 + angle).is_multiple_of(40) { 12.0 * NOISE } else { 0.0 };
    NOISE * gaussian(5 + angle as u64, pair as u64) + off
}

#[test]
fn weighted_sums_equal_the_slow_twin_at_every_level_and_for_any_threads() {
    let experiment = experiment(75, 3);
    for mode in [AnalysisMode::Static, AnalysisMode::LaminarFlow] {
        let model = model(mode, ShearConvention::Homodyne, &experiment);
        let theta = &LAMINAR[..mode.n_parameters()];
        let values = values_of(&model, &experiment, theta, &|_| (0.14, 1.003), &with_outliers);
        let store = Arc::new(memory_f64(experiment.clone(), values, 500));
        for (_, loss) in Loss::NAMES {
            let reweighing = [Reweighing {
                loss,
                turn: 1.5 * NOISE,
                scaling: AngleScaling { contrast: 0.139, offset_less_one: 0.0028 },
            }; 3];
            let query = Query { theta, weights: None, reweighing: Some(&reweighing) };
            let slow = sweep_pair_by_pair(store.as_ref(), &model, &query).expect("memory");
            let fast = Sweep::new(store.clone(), model.clone(), 1).sweep(&query, Depth::Normal).expect("memory");
            for (slow, fast) in slow.iter().zip(&fast) {
                assert!((fast.loss / slow.loss - 1.0).abs() < 1e-12, "{loss:?}: {} {}", fast.loss, slow.loss);
                for row in 0..mode.n_parameters() + 3 {
                    for col in row..mode.n_parameters() + 3 {
                        let size = (slow.get(row, row) * slow.get(col, col)).sqrt();
                        assert!((fast.get(row, col) - slow.get(row, col)).abs() < 1e-11 * size, "{loss:?} {row} {col}");
                    }
                }
            }
            for (threads, level) in [(4, SimdLevel::Best), (1, SimdLevel::Avx2), (2, SimdLevel::Scalar)] {
                let other = Sweep::new(store.clone(), model.clone(), threads).at_level(level);
                assert_eq!(other.sweep(&query, Depth::Normal).expect("memory"), fast, "{loss:?} {threads} {level:?}");
            }
        }
    }
}

fn run(loss: Loss, f_scale: f64, noise: &dyn Fn(usize, usize) -> f64, strategy: Strategy) -> FitResult {
    let experiment = experiment(110, 6);
    let model = model(AnalysisMode::LaminarFlow, ShearConvention::Homodyne, &experiment);
    let values = values_of(&model, &experiment, &LAMINAR, &|_| (0.14, 1.003), noise);
    let mut settings = settings(AnalysisMode::LaminarFlow, ScalingMode::Auto.into());
    (settings.loss, settings.f_scale, settings.strategy) = (loss, f_scale, Some(strategy));
    fit_memory(memory_f64(experiment, values, 4096), &model, &settings)
}

fn offset_error(result: &FitResult) -> f64 {
    let found = &result.angles[0];
    (found.offset - 1.003).abs() / found.offset_uncertainty.expect("free")
}

#[test]
fn outliers_pull_a_plain_fit_and_not_a_robust_one() {
    let plain = run(Loss::Linear, 1.0, &with_outliers, Strategy::HybridStreaming);
    assert!(offset_error(&plain) > 5.0, "{}", offset_error(&plain));
    assert_ne!(plain.verdict, Verdict::Converged);
    assert!(plain.reasons.iter().any(|reason| reason.contains("outliers")), "{:?}", plain.reasons);
    for (_, loss) in &Loss::NAMES[1..] {
        // Redescending losses forget outliers; the others only limit their pull.
        let (f_scale, worst) = if matches!(loss, Loss::Cauchy | Loss::Arctan) { (2.0, 0.35) } else { (1.0, 0.6) };
        let robust = run(*loss, f_scale, &with_outliers, Strategy::HybridStreaming);
        let pulled = |result: &FitResult| (result.angles[0].offset - 1.003).abs();
        assert!(pulled(&robust) < worst * pulled(&plain), "{loss:?}: {} {}", pulled(&robust), pulled(&plain));
        assert!(robust.reduced_chi_squared > robust.reduced_loss, "{loss:?}");
        assert_eq!(robust.loss, *loss);
        let streamed = &robust.parameters;
        let batch = run(*loss, f_scale, &with_outliers, Strategy::Stratified).parameters;
        for (a, b) in streamed.iter().zip(&batch) {
            let error = a.uncertainty.expect("determined");
            assert!((a.value - b.value).abs() < 1e-3 * error, "{loss:?}: {a:?} {b:?}");
        }
    }
}

#[test]
fn every_loss_finds_the_truth_under_gaussian_noise_with_honest_errors() {
    let noise = |angle: usize, pair: usize| NOISE * gaussian(50 + angle as u64, pair as u64);
    let plain = run(Loss::Linear, 1.0, &noise, Strategy::HybridStreaming);
    for (_, loss) in Loss::NAMES {
        let result = run(loss, 1.5, &noise, Strategy::HybridStreaming);
        assert_eq!(result.verdict, Verdict::Converged, "{loss:?} {:?}", result.reasons);
        for ((found, plain), truth) in result.parameters.iter().zip(&plain.parameters).zip(LAMINAR) {
            let error = found.uncertainty.expect("determined");
            assert!((found.value - truth).abs() < 4.0 * error, "{loss:?}: {found:?}");
            // A robust estimator is less efficient than least squares here, by a bounded amount; both move a little.
            let ratio = found.uncertainty_plain.expect("known") / plain.uncertainty_plain.expect("known");
            assert!((0.95..1.4).contains(&ratio), "{loss:?} {}: {ratio}", found.name);
        }
    }
}

#[test]
fn a_few_outliers_that_a_loss_limits_are_seen_in_chi_squared() {
    let noise = |angle: usize, pair: usize| NOISE * gaussian(50 + angle as u64, pair as u64);
    // 0.2 % of the pairs take little of the weight.
    let few = |angle: usize, pair: usize| noise(angle, pair) + if pair % 500 == angle { 15.0 * NOISE } else { 0.0 };
    let exceeds = |noise: &dyn Fn(usize, usize) -> f64| {
        let result = run(Loss::SoftL1, 1.0, noise, Strategy::HybridStreaming);
        assert_eq!(result.verdict, Verdict::Converged, "{:?}", result.reasons);
        let scatter = result.reduced_chi_squared.zip(result.expected_reduced_chi_squared).expect("known");
        scatter.1.is_exceeded_by(scatter.0)
    };
    assert!(exceeds(&few) && !exceeds(&noise));
}

#[test]
fn a_large_f_scale_is_plain_least_squares() {
    let noise = |angle: usize, pair: usize| NOISE * gaussian(50 + angle as u64, pair as u64);
    let plain = run(Loss::Linear, 1.0, &noise, Strategy::HybridStreaming);
    let wide = run(Loss::SoftL1, 1e4, &noise, Strategy::HybridStreaming);
    for (a, b) in plain.parameters.iter().zip(&wide.parameters) {
        assert!((a.value - b.value).abs() < 1e-3 * a.uncertainty.expect("determined"), "{a:?} {b:?}");
    }
}

/// The smooth part of the noise is no white one that the loss has made larger: a loss that turns far away finds what squares find.
#[test]
fn under_a_loss_the_speckles_and_their_errors_are_those_of_squares() {
    let theta = [40_000.0, -0.2, 0.0];
    let scatter = Scatter::Intensities { speckles: 1500, counts: 8.0 };
    let simulation = simulation(AnalysisMode::Static, &theta, vec![0.0, 60.0, 120.0], scatter);
    let model = Model::new(simulation.mode, simulation.convention, &simulation.experiment()).expect("model");
    let tables = model.tables(&theta);
    let store = memory_of_matrices(simulation.experiment(), 65_536, |place, _| {
        simulation.correlations(&model, &tables, place, &StopFlag::default()).expect("a correlation")
    });
    let fitted = |loss, f_scale| {
        let mut settings = settings(AnalysisMode::Static, ScalingMode::Auto.into());
        settings.space.physical[2].fixed = Some(0.0);
        (settings.loss, settings.f_scale) = (loss, f_scale);
        fit_memory(store.clone(), &model, &settings)
    };
    let squares = fitted(Loss::Linear, 1.0);
    let expected = |result: &FitResult| result.expected_reduced_chi_squared.expect("known").value;
    for (loss, f_scale, most) in [(Loss::SoftL1, 1000.0, 1e-3), (Loss::SoftL1, 4.0, 0.05), (Loss::Cauchy, 6.0, 0.05)] {
        let found = fitted(loss, f_scale);
        let speckles = |result: &FitResult| result.angles[0].noise.speckles.expect("found");
        let ratios = [
            speckles(&found) / speckles(&squares),
            found.parameters[0].uncertainty.expect("free") / squares.parameters[0].uncertainty.expect("free"),
            expected(&found) / expected(&squares),
        ];
        assert!(ratios.iter().all(|ratio| (ratio - 1.0).abs() < most), "{loss:?} {f_scale}: {ratios:?}");
    }
    assert!((1200.0..1900.0).contains(&squares.angles[0].noise.speckles.expect("found")));
}
