//! What is not a trustworthy result is never called one.

use crate::common::{LAMINAR, experiment, fit_memory, gaussian, memory_f64, model, settings, values_of};
use homodyne::experiment::Experiment;
use homodyne::fit::settings::FitSettings;
use homodyne::outcome::fit::FitResult;
use homodyne::outcome::parameter::{IntervalMethod, ParameterResult, ParameterStatus};
use homodyne::outcome::verdict::Verdict;
use homodyne::parameters::definitions::{AnalysisMode, ShearConvention};
use homodyne::parameters::scaling::ScalingMode;
use homodyne::sums::box_quadratic::Side;

const NOISE: f64 = 0.003;

fn noise(angle: usize, pair: usize) -> f64 {
    NOISE * gaussian(11 + angle as u64, pair as u64)
}

fn run(
    mode: AnalysisMode,
    experiment: Experiment,
    values: Vec<Vec<f64>>,
    edit: impl Fn(&mut FitSettings),
) -> FitResult {
    let model = model(mode, ShearConvention::Homodyne, &experiment);
    let mut settings = settings(mode, ScalingMode::Auto.into());
    edit(&mut settings);
    fit_memory(memory_f64(experiment, values, 4096), &model, &settings)
}

fn simulated(mode: AnalysisMode, experiment: &Experiment, theta: &[f64], contrast: f64) -> Vec<Vec<f64>> {
    let model = model(mode, ShearConvention::Homodyne, experiment);
    values_of(&model, experiment, theta, &|_| (contrast, 1.003), &noise)
}

#[test]
fn a_constant_map_determines_nothing() {
    for mode in [AnalysisMode::Static, AnalysisMode::LaminarFlow] {
        for with_noise in [true, false] {
            let mut experiment = experiment(80, 4);
            experiment.angles.iter_mut().for_each(|angle| angle.sigma = if with_noise { NOISE } else { 0.0 });
            let value = |a: usize, k: usize| 1.05 + if with_noise { noise(a, k) } else { 0.0 };
            let values = (0..4).map(|a| (0..experiment.time.n_pairs()).map(|k| value(a, k)).collect()).collect();
            let result = run(mode, experiment, values, |_| ());
            assert_ne!(result.verdict, Verdict::Converged, "{mode:?} {with_noise}: {result:?}");
            assert!(!result.reasons.is_empty());
            if !with_noise {
                assert_eq!(result.chi_squared, None, "no noise is known, so there is no chi-square");
            }
        }
    }
}

#[test]
fn a_wrong_wavevector_ends_on_a_bound_and_says_so() {
    let experiment = experiment(120, 4);
    let values = simulated(AnalysisMode::Static, &experiment, &LAMINAR[..3], 0.14);
    // Thirty times too large: D0 would have to be 900 times smaller, below its bound.
    let wrong = Experiment { q_per_angstrom: 30.0 * experiment.q_per_angstrom, ..experiment };
    let result = run(AnalysisMode::Static, wrong, values, |_| ());
    assert_ne!(result.verdict, Verdict::Converged, "{:?}", result.parameters);
    assert!(
        result.active_bounds.iter().any(|bound| bound.name == "D0" && bound.side == Side::Lower),
        "{:?}",
        result.active_bounds
    );
}

#[test]
fn one_angle_cannot_tell_shear_rate_from_flow_direction() {
    let mut experiment = experiment(120, 1);
    experiment.angles[0].phi_degrees = 20.0;
    let values = simulated(AnalysisMode::LaminarFlow, &experiment, &LAMINAR, 0.14);
    let result = run(AnalysisMode::LaminarFlow, experiment, values, |_| ());
    assert_eq!(result.verdict, Verdict::Undetermined, "{:?} {:?}", result.reasons, result.parameters);
    let named: Vec<&str> = result.undetermined.iter().flat_map(|found| &found.parameters).map(String::as_str).collect();
    assert!(named.contains(&"phi0"), "{named:?}");
    for name in named {
        let found = result.parameters.iter().find(|found| found.name == name).expect("named");
        assert_eq!(found.uncertainty, None, "{found:?}");
    }
}

#[test]
fn diffusion_without_ageing_cannot_tell_its_two_amplitudes_apart() {
    let experiment = experiment(120, 4);
    let values = simulated(AnalysisMode::Static, &experiment, &[20_000.0, 0.0, 0.0], 0.14);
    let result = run(AnalysisMode::Static, experiment, values, |settings| {
        settings.space.physical[1].fixed = Some(0.0);
    });
    assert_eq!(result.verdict, Verdict::Undetermined, "{:?}", result.reasons);
    assert!(result.reasons[0].contains("D0 and D_offset trade off"), "{:?}", result.reasons);
}

#[test]
fn an_exponent_near_zero_leaves_its_amplitudes_undetermined_and_is_found_in_few_sweeps() {
    let experiment = experiment(200, 8);
    let mut theta = LAMINAR;
    (theta[0], theta[1], theta[2]) = (15_000.0, 0.01, 3000.0);
    let values = simulated(AnalysisMode::LaminarFlow, &experiment, &theta, 0.14);
    let result = run(AnalysisMode::LaminarFlow, experiment, values, |_| ());
    // The valley ends on the bound of D0 or before it: either way neither amplitude has a standard error.
    assert!([Verdict::Undetermined, Verdict::AtBound].contains(&result.verdict), "{:?}", result.parameters);
    assert_eq!((result.parameters[0].uncertainty, result.parameters[2].uncertainty), (None, None));
    assert!(result.iterations.len() < 30, "{} sweeps along the valley", result.iterations.len());
}

#[test]
fn a_valley_that_ends_on_a_bound_is_named_all_the_same() {
    let experiment = experiment(40, 3);
    let values = simulated(AnalysisMode::Static, &experiment, &[500.0, -0.2, 12_000.0], 0.14);
    let result = run(AnalysisMode::Static, experiment, values, |settings| settings.space.physical[0].upper = 250.0);
    // D0 is held by its bound, D_offset has no error of its own: the reason is the exponent, not the bound.
    assert!(result.parameters[0].status.name().ends_with("_bound"), "{:?}", result.parameters);
    assert_eq!(result.parameters[2].uncertainty, None);
    assert_eq!(result.verdict, Verdict::Undetermined, "{:?}", result.reasons);
    assert!(result.reasons[0].contains("D0 and D_offset trade off"), "{:?}", result.reasons);
    assert!(result.reasons.iter().any(|reason| reason.contains("D0 is at its")), "{:?}", result.reasons);
}

#[test]
fn truth_on_a_bound_is_reported_with_its_side() {
    let experiment = experiment(120, 8);
    let values = simulated(AnalysisMode::LaminarFlow, &experiment, &LAMINAR, 0.14);
    for (parameter, lower, upper, side) in
        [(6, -6.5, 10.0, Side::Lower), (0, 100.0, 19_000.0, Side::Upper), (1, -2.0, -0.35, Side::Upper)]
    {
        let result = run(AnalysisMode::LaminarFlow, experiment.clone(), values.clone(), |settings| {
            settings.space.physical[parameter].lower = lower;
            settings.space.physical[parameter].upper = upper;
        });
        assert_eq!(result.verdict, Verdict::AtBound, "{:?}", result.reasons);
        let name = &result.parameters[parameter].name;
        assert!(
            result.active_bounds.iter().any(|bound| bound.name == *name && bound.side == side),
            "{:?}",
            result.active_bounds
        );
    }
}

#[test]
fn truth_beyond_a_bound_has_a_multiplier_that_points_there() {
    let experiment = experiment(120, 8);
    let values = simulated(AnalysisMode::LaminarFlow, &experiment, &LAMINAR, 0.14);
    let result =
        run(AnalysisMode::LaminarFlow, experiment, values, |settings| settings.space.physical[0].upper = 15_000.0);
    assert_eq!(result.verdict, Verdict::AtBound);
    let bound = result.active_bounds.iter().find(|bound| bound.name == "D0").expect("active");
    assert!(bound.multiplier < 0.0 && !bound.within_one_standard_error, "{bound:?}");
    assert_eq!((result.parameters[0].value, result.parameters[0].uncertainty), (15_000.0, None));
    assert_eq!(result.parameters[0].status, ParameterStatus::AtUpperBound);
    every_undetermined_parameter_is_named(&result);
}

/// A status without a reason would leave its reader alone.
fn every_undetermined_parameter_is_named(result: &FitResult) {
    for found in result.parameters.iter().filter(|found| found.status == ParameterStatus::Undetermined) {
        let is_named = result.undetermined.iter().any(|direction| direction.parameters.contains(&found.name));
        assert!(is_named && result.reasons.iter().any(|reason| reason.contains(&found.name)), "{}", found.name);
    }
}

#[test]
fn a_number_that_depends_on_the_bound_of_another_is_named() {
    let experiment = experiment(150, 6);
    let truth = [30_000.0, -0.6, 2_000.0];
    let values = simulated(AnalysisMode::Static, &experiment, &truth, 0.14);
    let result = run(AnalysisMode::Static, experiment, values, |settings| settings.space.physical[0].upper = 29_000.0);
    assert_eq!(result.verdict, Verdict::AtBound, "{:?}", result.reasons);
    assert_eq!(result.parameters[2].status, ParameterStatus::Undetermined);
    assert!(result.undetermined.iter().all(|found| found.is_of_bound), "{:?}", result.undetermined);
    every_undetermined_parameter_is_named(&result);
}

#[test]
fn contrast_beyond_its_bound_is_reported() {
    let experiment = experiment(100, 4);
    let values = simulated(AnalysisMode::Static, &experiment, &LAMINAR[..3], 0.3);
    let result = run(AnalysisMode::Static, experiment, values, |settings| settings.space.contrast.upper = 0.2);
    assert_ne!(result.verdict, Verdict::Converged);
    assert!(
        result.active_bounds.iter().any(|bound| bound.name == "contrast" && bound.multiplier < 0.0),
        "{:?}",
        result.active_bounds
    );
    assert_eq!(result.angles[0].contrast, 0.2);
}

#[test]
fn a_model_that_does_not_describe_the_data_is_a_poor_fit() {
    let experiment = experiment(120, 8);
    // Shear in the data, none in the model.
    let mut fast = LAMINAR;
    fast[3] = 0.02;
    let values = simulated(AnalysisMode::LaminarFlow, &experiment, &fast, 0.14);
    let result = run(AnalysisMode::Static, experiment, values, |_| ());
    assert_ne!(result.verdict, Verdict::Converged);
    assert!(result.reduced_chi_squared.expect("noise is known") > 2.0);
    assert!(result.reasons.iter().any(|reason| reason.contains("does not describe the data")), "{:?}", result.reasons);
}

#[test]
fn the_limit_of_iterations_is_a_verdict() {
    let experiment = experiment(100, 4);
    let values = simulated(AnalysisMode::Static, &experiment, &LAMINAR[..3], 0.14);
    let result = run(AnalysisMode::Static, experiment, values, |settings| {
        settings.tolerances.max_iterations = 2;
        settings.start = Some(vec![300.0, 0.5, 0.0]);
    });
    assert_eq!((result.verdict, result.verdict.exit_code()), (Verdict::MaxIterations, 1));
    // Beside a minimum the cost tells no interval.
    let is_profile = |found: &ParameterResult| found.interval_method == Some(IntervalMethod::Profile);
    assert!(!result.parameters.iter().any(is_profile), "{:?}", result.parameters);
    assert!(!result.reasons.iter().any(|reason| reason.contains("95 % interval")), "{:?}", result.reasons);
}

/// A law that is constant: rounding left no variance of amplitude, exponent and constant part, and no word about it.
#[test]
fn numbers_whose_variance_is_lost_in_rounding_are_undetermined() {
    const FAINT: f64 = 1e-6;
    let mut experiment = experiment(400, 4);
    experiment.angles.iter_mut().for_each(|angle| angle.sigma = FAINT);
    let theta = [150.0, 0.0, 0.0, LAMINAR[3], LAMINAR[4], LAMINAR[5], LAMINAR[6]];
    let model = model(AnalysisMode::LaminarFlow, ShearConvention::Homodyne, &experiment);
    let faint = |angle: usize, pair: usize| FAINT * gaussian(22 + angle as u64, pair as u64);
    let values = values_of(&model, &experiment, &theta, &|_| (0.14, 1.003), &faint);
    let result = run(AnalysisMode::LaminarFlow, experiment, values, |_| ());
    let has_error = |parameter: &ParameterResult| parameter.uncertainty.is_some();
    assert!(
        result.verdict != Verdict::Converged || result.parameters.iter().all(has_error),
        "{:?} {:?}",
        result.reasons,
        result.parameters
    );
}
