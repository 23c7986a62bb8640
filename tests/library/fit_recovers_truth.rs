//! A fit finds the truth: exactly without noise, within its error bars with noise, in every mode and convention.

use crate::common::{LAMINAR, experiment, fit_memory, gaussian, given, memory_f64, model, outset, settings, values_of};
use homodyne::fit::solver::journal::Following;
use homodyne::likelihood::scaling::ScalingSettings;
use homodyne::outcome::fit::{Conditions, FitOutcome, FitResult};
use homodyne::outcome::parameter::ParameterStatus;
use homodyne::outcome::verdict::Verdict;
use homodyne::parameters::definitions::{AnalysisMode, ShearConvention};
use homodyne::parameters::scaling::{AngleScaling, ScalingMode};
use homodyne::store::block::pair_at;
use homodyne::store::memory::MemoryStore;
use ndarray::Array3;

type Scaling<'a> = &'a dyn Fn(f64) -> (f64, f64);

fn shared(_: f64) -> (f64, f64) {
    (0.14, 1.003)
}

fn smooth(phi: f64) -> (f64, f64) {
    let phi = phi.to_radians();
    (0.14 + 0.02 * phi.cos() - 0.01 * (2.0 * phi).sin(), 1.003 + 0.004 * phi.sin() + 0.002 * (2.0 * phi).cos())
}

struct Case {
    mode: AnalysisMode,
    convention: ShearConvention,
    choice: ScalingSettings,
    noise: f64,
}

fn run(case: &Case, scaling: Scaling<'_>) -> (FitResult, Vec<f64>) {
    let mut experiment = experiment(160, 8);
    experiment.angles.iter_mut().for_each(|angle| angle.sigma = if case.noise > 0.0 { case.noise } else { 1e-6 });
    let model = model(case.mode, case.convention, &experiment);
    let truth = LAMINAR[..case.mode.n_parameters()].to_vec();
    let noise = |angle: usize, pair: usize| case.noise * gaussian(7 + angle as u64, pair as u64);
    let values = values_of(&model, &experiment, &truth, scaling, &noise);
    let settings = settings(case.mode, case.choice.clone());
    (fit_memory(memory_f64(experiment, values, 4096), &model, &settings), truth)
}

fn cases(noise: f64) -> Vec<Case> {
    let mut cases = Vec::new();
    for (mode, convention) in [
        (AnalysisMode::Static, ShearConvention::Homodyne),
        (AnalysisMode::LaminarFlow, ShearConvention::Homodyne),
        (AnalysisMode::LaminarFlow, ShearConvention::GapAverage),
    ] {
        for choice in [ScalingMode::Auto, ScalingMode::Individual, ScalingMode::Fourier].map(ScalingSettings::from) {
            cases.push(Case { mode, convention, choice, noise });
        }
    }
    cases
}

fn scaling_of(choice: &ScalingSettings) -> Scaling<'static> {
    if choice.mode == ScalingMode::Auto { &shared } else { &smooth }
}

#[test]
fn noise_free_data_give_the_truth_to_one_in_a_million() {
    for case in cases(0.0) {
        let (result, truth) = run(&case, scaling_of(&case.choice));
        for (found, truth) in result.parameters.iter().zip(&truth) {
            let error = (found.value / truth - 1.0).abs();
            assert!(error < 1e-6, "{:?} {:?} {:?}: {found:?} {error:e}", case.mode, case.convention, case.choice);
        }
        assert_eq!(result.verdict, Verdict::Converged, "{:?}", result.reasons);
    }
}

#[test]
fn noisy_data_give_the_truth_within_four_standard_errors() {
    for case in cases(0.003) {
        let (result, truth) = run(&case, scaling_of(&case.choice));
        for (found, truth) in result.parameters.iter().zip(&truth) {
            let error = found.uncertainty.expect("determined");
            assert!((found.value - truth).abs() < 4.0 * error, "{:?}: {found:?}", case.choice);
        }
        let chi = result.reduced_chi_squared.expect("noise is known");
        assert!((0.97..1.03).contains(&chi), "{chi}");
        assert_eq!(result.verdict, Verdict::Converged, "{:?}", result.reasons);
    }
}

#[test]
fn given_scaling_gives_the_truth_and_estimated_scaling_comes_within_three_percent() {
    let phi: Vec<f64> = experiment(160, 8).angles.iter().map(|angle| angle.phi_degrees).collect();
    let known = |&phi: &f64| AngleScaling::new(smooth(phi).0, smooth(phi).1);
    let known: Vec<AngleScaling> = phi.iter().map(known).collect();
    for mode in [AnalysisMode::Static, AnalysisMode::LaminarFlow] {
        for (choice, tolerance) in [(given(known.clone()), 1e-6), (ScalingMode::Constant.into(), 0.03)] {
            let case = Case { mode, convention: ShearConvention::Homodyne, choice, noise: 0.0 };
            let (result, truth) = run(&case, &smooth);
            for (found, truth) in result.parameters.iter().zip(&truth) {
                assert!((found.value / truth - 1.0).abs() < tolerance, "{mode:?} {tolerance}: {found:?} {truth}");
            }
            assert_eq!(result.n_scaling, 0);
        }
    }
}

#[test]
fn fixed_parameters_stay_and_the_others_are_found() {
    let experiment = experiment(120, 6);
    let model = model(AnalysisMode::LaminarFlow, ShearConvention::Homodyne, &experiment);
    let mut truth = LAMINAR;
    (truth[2], truth[5]) = (0.0, 0.0);
    let values = values_of(&model, &experiment, &truth, &shared, &|a, k| 0.003 * gaussian(a as u64, k as u64));
    let mut settings = settings(AnalysisMode::LaminarFlow, ScalingMode::Auto.into());
    settings.space.physical[2].fixed = Some(0.0);
    settings.space.physical[5].fixed = Some(0.0);
    let result = fit_memory(memory_f64(experiment, values, 4096), &model, &settings);
    assert_eq!((result.parameters[2].value, result.parameters[2].uncertainty), (0.0, None));
    assert_eq!(result.parameters[5].status, ParameterStatus::Fixed);
    for k in [0, 1, 3, 4, 6] {
        let found = &result.parameters[k];
        assert!((found.value - truth[k]).abs() < 4.0 * found.uncertainty.expect("determined"), "{found:?}");
    }
}

#[test]
fn a_start_on_every_bound_is_left_for_the_truth() {
    let experiment = experiment(160, 8);
    let model = model(AnalysisMode::LaminarFlow, ShearConvention::Homodyne, &experiment);
    let values = values_of(&model, &experiment, &LAMINAR, &shared, &|a, k| 0.003 * gaussian(a as u64, k as u64));
    let mut settings = settings(AnalysisMode::LaminarFlow, ScalingMode::Auto.into());
    settings.start = Some(settings.space.physical.iter().map(|parameter| parameter.lower).collect());
    let result = fit_memory(memory_f64(experiment, values, 4096), &model, &settings);
    let at_truth = result
        .parameters
        .iter()
        .zip(&LAMINAR)
        .all(|(found, truth)| found.uncertainty.is_some_and(|error| (found.value - truth).abs() < 4.0 * error));
    // Either the truth, or a verdict that says that it is not.
    assert_eq!(result.verdict == Verdict::Converged, at_truth, "{:?} {:?}", result.verdict, result.parameters);
}

#[test]
fn any_flow_direction_is_found_from_the_data() {
    for phi0 in [-70.0, 35.0, 80.0] {
        let experiment = experiment(120, 8);
        let model = model(AnalysisMode::LaminarFlow, ShearConvention::Homodyne, &experiment);
        let mut truth = LAMINAR;
        truth[6] = phi0;
        let values = values_of(&model, &experiment, &truth, &shared, &|a, k| 0.003 * gaussian(a as u64, k as u64));
        let mut settings = settings(AnalysisMode::LaminarFlow, ScalingMode::Auto.into());
        (settings.space.physical[6].lower, settings.space.physical[6].upper) = (-90.0, 90.0);
        let result = fit_memory(memory_f64(experiment, values, 4096), &model, &settings);
        let found = &result.parameters[6];
        assert!((found.value - phi0).abs() < 4.0 * found.uncertainty.expect("determined"), "{phi0}: {found:?}");
    }
}

#[test]
fn a_start_where_the_model_overflows_is_refused_in_one_line() {
    let experiment = experiment(40, 3);
    let model = model(AnalysisMode::Static, ShearConvention::Homodyne, &experiment);
    let values = values_of(&model, &experiment, &LAMINAR[..3], &shared, &|_, _| 0.0);
    let mut settings = settings(AnalysisMode::Static, ScalingMode::Auto.into());
    settings.space.physical[1].lower = -300.0;
    settings.start = Some(vec![1e4, -290.0, 0.0]);
    let store = memory_f64(experiment, values, 4096);
    let sample = homodyne::sweep::scattered::Sample::draw(&store, &model).expect("memory");
    let sweep = homodyne::sweep::raw::pass::Sweep::new(std::sync::Arc::new(store), model.clone(), 1);
    let error =
        homodyne::fit::course::fit(&sample, &sweep, &settings, &outset(&model, &settings), &mut Following::default())
            .expect_err("overflow");
    assert_eq!(error.exit_code(), 2);
    assert!(error.to_string().contains("overflows"), "{error}");
}

#[test]
fn with_every_parameter_fixed_the_cost_is_reported_and_nothing_moves() {
    let experiment = experiment(60, 4);
    let model = model(AnalysisMode::Static, ShearConvention::Homodyne, &experiment);
    let values = values_of(&model, &experiment, &LAMINAR[..3], &shared, &|a, k| 0.003 * gaussian(a as u64, k as u64));
    let mut settings = settings(AnalysisMode::Static, ScalingMode::Auto.into());
    for (parameter, value) in settings.space.physical.iter_mut().zip(LAMINAR) {
        parameter.fixed = Some(value);
    }
    let result = fit_memory(memory_f64(experiment, values, 4096), &model, &settings);
    assert_eq!(result.iterations.len(), 1);
    assert!((0.9..1.1).contains(&result.reduced_chi_squared.expect("noise is known")));
    assert!((result.angles[0].contrast - 0.14).abs() < 4.0 * result.angles[0].contrast_uncertainty.expect("free"));
}

#[test]
fn a_written_result_reads_back_as_it_was_and_another_schema_is_told() {
    let case = Case {
        mode: AnalysisMode::LaminarFlow,
        convention: ShearConvention::GapAverage,
        choice: ScalingMode::Individual.into(),
        noise: 0.003,
    };
    let (result, _) = run(&case, &shared);
    let conditions = Conditions {
        analysis_mode: case.mode,
        shear_convention: Some(case.convention),
        gamma_dot_factor_to_other_convention: Some(case.convention.conversion_to_other()),
        q_per_angstrom: 0.0054,
        gap_angstrom: Some(2e6),
        dt_seconds: 0.1,
        n_frames: 160,
    };
    let outcome = FitOutcome::new(result, conditions);
    let text = serde_json::to_string(&outcome).expect("JSON");
    let mut back: FitOutcome = serde_json::from_str(&text).expect("the same types");
    // The way to the minimum and curves over time have tables of their own.
    assert!(back.result.iterations.is_empty() && !outcome.result.iterations.is_empty());
    assert!(back.result.transport.is_empty() && !outcome.result.transport.is_empty());
    back.result.iterations.clone_from(&outcome.result.iterations);
    back.result.transport.clone_from(&outcome.result.transport);
    assert_eq!(back, outcome);
    let names: Vec<&str> = back.result.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
    assert_eq!(names[..2], ["D0", "alpha"], "in the order of theta");
    let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(json["convergence_status"], json["verdict"]);
    assert_eq!(json["parameters"]["D0"]["status"], "free");
    assert_eq!(json["schema_version"], 2);
    // A result of the first version had model - data, and lags beyond the last frame.
    let mut first = outcome.clone();
    first.schema_version = 1;
    first.result.residual_extremes.iter_mut().for_each(|found| found.residual_sigma *= -1.0);
    first.result.lags.last_mut().expect("lags").last_lag_frames = 255;
    for angle in &mut first.result.angles {
        angle.extremes.iter_mut().for_each(|found| found.residual_sigma *= -1.0);
        angle.extremes.reverse();
    }
    assert_eq!(first.in_present_terms(), outcome);
}

#[test]
fn arrays_go_in_and_come_out() {
    let experiment = experiment(60, 4);
    let model = model(AnalysisMode::Static, ShearConvention::Homodyne, &experiment);
    let noise = |angle: usize, pair: usize| 0.003 * gaussian(5 + angle as u64, pair as u64);
    let values = values_of(&model, &experiment, &LAMINAR[..3], &shared, &noise);
    // Below the diagonal stands what nobody may read.
    let mut maps = Array3::from_elem((4, 60, 60), f64::NAN);
    for (angle, values) in values.iter().enumerate() {
        for (k, value) in values.iter().enumerate() {
            let (i, j) = pair_at(60, k);
            maps[[angle, i, j]] = *value;
        }
    }
    let settings = settings(AnalysisMode::Static, ScalingMode::Auto.into());
    let store = MemoryStore::of_maps(experiment.clone(), maps.view(), 500).expect("shapes fit");
    let result = fit_memory(store, &model, &settings);
    assert_eq!(result, fit_memory(memory_f64(experiment.clone(), values, 500), &model, &settings));
    let (covariance, correlation) = (result.covariance_array(), result.correlation_array());
    assert_eq!(covariance.dim(), (5, 5));
    let error = result.parameters[1].uncertainty.expect("determined");
    assert_eq!((covariance[[1, 1]].sqrt(), correlation[[1, 1]]), (error, 1.0));
    let wrong = MemoryStore::of_maps(experiment, Array3::zeros((3, 60, 60)).view(), 500).expect_err("three angles");
    assert!(wrong.to_string().contains("(4, 60, 60)"), "{wrong}");
}
