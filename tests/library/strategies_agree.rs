//! Full batch and streaming find the same minimum and the same errors; where normal equations lose digits, both keep them.

use crate::common::{LAMINAR, experiment, gaussian, memory_f64, model, outset, settings, values_of};
use homodyne::experiment::Experiment;
use homodyne::fit::course::{Outset, fit};
use homodyne::fit::errors::covariance::full_covariance;
use homodyne::fit::settings::{FitSettings, Tolerances};
use homodyne::fit::solver::journal::Following;
use homodyne::fit::solver::minimise::{Solution, minimise};
use homodyne::fit::solver::problem::{Problem, System};
use homodyne::likelihood::scaling::{ScalingMap, ScalingSettings};
use homodyne::likelihood::spectrum::Spectrum;
use homodyne::listener::{Event, Listener, StopFlag, Watch};
use homodyne::model::catalogue::Model;
use homodyne::outcome::fit::{FitResult, Strategy};
use homodyne::parameters::definitions::{AnalysisMode, SearchScale, ShearConvention};
use homodyne::parameters::scaling::ScalingMode;
use homodyne::store::memory::MemoryStore;
use homodyne::sums::loss::Loss;
use homodyne::sweep::raw::pass::Sweep;
use homodyne::sweep::scattered::Sample;
use std::sync::{Arc, Mutex};

fn smooth(phi: f64) -> (f64, f64) {
    let phi = phi.to_radians();
    (0.14 + 0.02 * phi.cos() - 0.01 * (2.0 * phi).sin(), 1.003 + 0.004 * phi.sin())
}

fn simulated(mode: AnalysisMode, scaling: &dyn Fn(f64) -> (f64, f64)) -> (Experiment, Model, MemoryStore) {
    let mut experiment = experiment(90, 6);
    experiment.angles[2].masked_frames = vec![7, 8, 40];
    let model = model(mode, ShearConvention::Homodyne, &experiment);
    let theta = &LAMINAR[..mode.n_parameters()];
    let mut values = values_of(&model, &experiment, theta, scaling, &|a, k| 0.003 * gaussian(3 + a as u64, k as u64));
    values[1][17] = f64::NAN;
    let store = memory_f64(experiment.clone(), values, 1000);
    (experiment, model, store)
}

fn with_strategy(
    data: &(Experiment, Model, MemoryStore),
    base: &FitSettings,
    strategy: Strategy,
    threads: usize,
) -> FitResult {
    let (_, model, store) = data;
    let sample = Sample::draw(store, model).expect("memory");
    let sweep = Sweep::new(Arc::new(store.clone()), model.clone(), threads);
    fit(&sample, &sweep, base, &Outset { strategy, ..outset(model, base) }, &mut Following::default()).expect("memory")
}

fn assert_agree(stratified: &FitResult, streamed: &FitResult, what: &str) {
    assert_eq!(stratified.verdict, streamed.verdict, "{what}");
    for (a, b) in stratified.parameters.iter().zip(&streamed.parameters) {
        assert!((a.value / b.value - 1.0).abs() < 1e-8, "{what}: {a:?} {b:?}");
    }
    for (a, b) in stratified.angles.iter().zip(&streamed.angles) {
        assert!((a.contrast / b.contrast - 1.0).abs() < 1e-8 && (a.offset / b.offset - 1.0).abs() < 1e-8, "{what}");
    }
    for (table, other) in
        [(&stratified.covariance_plain, &streamed.covariance_plain), (&stratified.covariance, &streamed.covariance)]
    {
        for (row, (a, b)) in table.iter().zip(other).enumerate() {
            for (col, (a, b)) in a.iter().zip(b).enumerate() {
                let (a, b) = (a.expect("determined"), b.expect("determined"));
                let size = (table[row][row].expect("known") * table[col][col].expect("known")).sqrt();
                assert!((a - b).abs() < 1e-6 * size, "{what} {row} {col}: {a} {b}");
            }
        }
    }
}

#[test]
fn stratified_and_streaming_agree_in_both_modes_with_every_scaling() {
    for mode in [AnalysisMode::Static, AnalysisMode::LaminarFlow] {
        for (_, choice) in ScalingMode::NAMES {
            let choice = ScalingSettings::from(choice);
            let shared = |_: f64| (0.14, 1.003);
            let scaling: &dyn Fn(f64) -> (f64, f64) = if choice.mode == ScalingMode::Auto { &shared } else { &smooth };
            let data = simulated(mode, scaling);
            let base = settings(mode, choice.clone());
            let stratified = with_strategy(&data, &base, Strategy::Stratified, 1);
            assert_eq!(stratified.strategy, Strategy::Stratified);
            assert_agree(
                &stratified,
                &with_strategy(&data, &base, Strategy::HybridStreaming, 1),
                &format!("{mode:?} {choice:?}"),
            );
            let threaded = with_strategy(&data, &base, Strategy::Stratified, 5);
            assert_eq!(threaded.parameters, stratified.parameters, "same bits for any number of threads");
        }
    }
}

#[test]
fn strategies_agree_where_a_contrast_is_on_its_bound() {
    for choice in [
        ScalingMode::Auto.into(),
        ScalingMode::Individual.into(),
        ScalingSettings { fourier_order: 1, ..ScalingMode::Fourier.into() },
    ] {
        let data = simulated(AnalysisMode::LaminarFlow, &smooth);
        let mut base = settings(AnalysisMode::LaminarFlow, choice);
        base.space.contrast.upper = 0.15;
        let stratified = with_strategy(&data, &base, Strategy::Stratified, 1);
        let streamed = with_strategy(&data, &base, Strategy::HybridStreaming, 1);
        for (a, b) in stratified.parameters.iter().zip(&streamed.parameters) {
            assert!((a.value / b.value - 1.0).abs() < 1e-8, "{a:?} {b:?}");
            match (a.uncertainty, b.uncertainty) {
                (Some(a), Some(b)) => assert!((a / b - 1.0).abs() < 1e-6, "{a} {b}"),
                (a, b) => assert_eq!(a, b),
            }
        }
    }
}

/// Two amplitudes that only a nearly vanishing exponent tells apart, noise-free.
fn ill_conditioned(alpha: f64) -> (Experiment, Model, MemoryStore, Vec<f64>) {
    let mut experiment = experiment(120, 4);
    experiment.angles.iter_mut().for_each(|angle| angle.sigma = 1e-13);
    let model = model(AnalysisMode::Static, ShearConvention::Homodyne, &experiment);
    let truth = vec![15_000.0, alpha, 4000.0];
    let values = values_of(&model, &experiment, &truth, &|_| (0.14, 1.003), &|_, _| 0.0);
    let store = memory_f64(experiment.clone(), values, 1000);
    (experiment, model, store, truth)
}

#[test]
fn block_qr_keeps_the_digits_of_the_full_batch_where_normal_equations_lose_them() {
    let (_, model, store, truth) = ill_conditioned(3e-6);
    let mut base = settings(AnalysisMode::Static, ScalingMode::Auto.into());
    base.space.physical[1].fixed = Some(truth[1]);
    // The valley is straight in D0 itself.
    base.space.physical[0].scale = SearchScale::Linear;
    let problem = Problem {
        space: &base.space,
        map: ScalingMap::shared(4, &base.space),
        weights: vec![1e26; 4],
        noise_is_known: true,
        tolerances: Tolerances { ftol: 1e-30, xtol: 1e-15, gtol: 1e-16, max_iterations: 40 },
        t_ref_seconds: 1.0,
        loss: Loss::Linear,
        f_scale: 1.0,
        x_scale: vec![None; 3],
    };
    let sweep = Sweep::new(Arc::new(store), model, 1);
    let solve = |system: System<'_>| {
        minimise(system, &problem, &[14_000.0, truth[1], 5000.0], "local", &mut Following::default()).expect("memory")
    };
    let (full, block, plain) =
        (solve(System::FullBatch(&sweep)), solve(System::Factor(&sweep)), solve(System::Gram(&sweep)));
    let free = [0, 2];
    let reduced = problem.in_coordinates(&full.point.evaluation, &full.point.theta, &free);
    let condition = Spectrum::of(&reduced).condition_number.expect("the factor is regular");
    assert!(condition > 1e8, "{condition:e}");
    let digits = |solution: &Solution| -(solution.point.theta[0] / truth[0] - 1.0).abs().max(1e-16).log10();
    let variance = |solution: &Solution| full_covariance(&problem, &solution.point, &free, &[])[[0, 0]];
    let apart = |solution: &Solution| (variance(solution) / variance(&full) - 1.0).abs();
    println!(
        "condition {condition:.1e}; digits of D0: full batch {:.1}, block QR {:.1}, normal equations {:.1}; variance apart \
         from the full batch: block QR {:.1e}, normal equations {:.1e}",
        digits(&full),
        digits(&block),
        digits(&plain),
        apart(&block),
        apart(&plain)
    );
    assert!(digits(&full) > 8.0 && digits(&block) > 8.0);
    assert!((block.point.theta[0] / full.point.theta[0] - 1.0).abs() < 1e-8);
    assert!(apart(&block) < 1e-6, "{:e}", apart(&block));
    // How many digits normal equations lose is a matter of last bits; that block QR keeps some thousand times more is not.
    assert!(digits(&plain) < digits(&block) - 3.0, "{} {}", digits(&plain), digits(&block));
    assert!(apart(&plain) > 1e3 * apart(&block), "{:e} {:e}", apart(&plain), apart(&block));
}

#[derive(Default)]
struct Notes(Mutex<Vec<String>>);

impl Listener for Notes {
    fn hear(&self, event: &Event<'_>) {
        if let Event::Log { text, .. } = event {
            self.0.lock().expect("one thread").push((*text).to_owned());
        }
    }
}

#[test]
fn an_ill_conditioned_stream_ends_with_block_qr_and_says_so() {
    let (_, model, store, truth) = ill_conditioned(1e-3);
    let mut base = settings(AnalysisMode::Static, ScalingMode::Auto.into());
    base.space.physical[1].fixed = Some(truth[1]);
    let sample = Sample::draw(&store, &model).expect("memory");
    let sweep = Sweep::new(Arc::new(store), model.clone(), 1);
    let notes = Notes::default();
    let mut following = Following { watch: Watch::new(&notes, &StopFlag::default()), journal: None };
    let result = fit(&sample, &sweep, &base, &outset(&model, &base), &mut following).expect("memory");
    let notes = notes.0.into_inner().expect("one thread");
    assert!(notes.iter().any(|note| note.contains("block QR")), "{notes:?}");
    assert!(sweep.totals().factor.sweeps > 0);
    assert!(result.condition_number.expect("regular") > 1e6);
    assert!((result.parameters[0].value / truth[0] - 1.0).abs() < 1e-6, "{:?}", result.parameters);
}
