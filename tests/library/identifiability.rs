//! A result says how well it knows what it says: where residuals are large, at which lags, and what the data tell apart.

use crate::common::{LAMINAR, experiment, fit_memory, gaussian, given, memory_f64, model, settings, values_of};
use homodyne::likelihood::scaling::ScalingSettings;
use homodyne::outcome::fit::FitResult;
use homodyne::parameters::definitions::{AnalysisMode, ShearConvention};
use homodyne::parameters::scaling::{AngleScaling, ScalingMode};
use homodyne::store::block::pair_position;

fn run(scaling: &dyn Fn(f64) -> (f64, f64), choice: ScalingSettings, edit: &dyn Fn(&mut Vec<Vec<f64>>)) -> FitResult {
    let experiment = experiment(110, 6);
    let model = model(AnalysisMode::LaminarFlow, ShearConvention::Homodyne, &experiment);
    let noise = |a: usize, k: usize| 0.003 * gaussian(60 + a as u64, k as u64);
    let mut values = values_of(&model, &experiment, &LAMINAR, scaling, &noise);
    edit(&mut values);
    let settings = settings(AnalysisMode::LaminarFlow, choice);
    fit_memory(memory_f64(experiment, values, 1500), &model, &settings)
}

fn shared(_: f64) -> (f64, f64) {
    (0.14, 1.003)
}

fn varied(phi: f64) -> (f64, f64) {
    (0.14 + 0.004 * phi.to_radians().cos(), 1.003)
}

#[test]
fn chi_square_by_lag_and_by_angle_add_up_and_extremes_are_found_where_they_are() {
    let place = pair_position(110, 30, 71);
    let result = run(&shared, ScalingMode::Auto.into(), &|values| {
        values[2][place] += 0.05;
        values[4][place + 1] -= 0.06;
    });
    let total: f64 = result.angles.iter().map(|angle| angle.chi_squared.expect("known noise")).sum();
    assert!((total / result.chi_squared.expect("known noise") - 1.0).abs() < 1e-9);
    for angle in &result.angles {
        let by_lag: f64 = angle.lags.iter().map(|lag| lag.chi_squared).sum();
        assert!((by_lag / angle.chi_squared.expect("known noise") - 1.0).abs() < 1e-9);
        assert_eq!(angle.lags.iter().map(|lag| lag.pairs).sum::<u64>(), angle.pairs);
        assert_eq!((angle.lags[0].first_lag_frames, angle.lags[0].last_lag_frames, angle.lags[0].pairs), (1, 1, 109));
        assert_eq!(angle.lags[2].first_lag_frames, 4);
        let last = angle.lags.last().expect("lags");
        assert_eq!((last.first_lag_frames, last.last_lag_frames), (64, 109), "no lag that was not measured");
    }
    assert_eq!(result.lags.last().expect("lags").last_lag_frames, 109);
    // Data - model: a value that is too high gives a positive residual.
    let highest = result.angles[2].extremes.iter().find(|extreme| extreme.residual_sigma > 0.0).expect("found");
    assert_eq!((highest.frame_1, highest.frame_2), (31, 72));
    assert!((highest.residual_sigma - 0.05 / 0.003).abs() < 5.0, "{highest:?}");
    let lowest = result.angles[4].extremes.iter().find(|extreme| extreme.residual_sigma < 0.0).expect("found");
    assert_eq!((lowest.frame_1, lowest.frame_2), (31, 73));
}

#[test]
fn the_f_test_tells_one_scaling_from_many_whichever_is_fitted() {
    for choice in [ScalingMode::Auto, ScalingMode::Individual].map(ScalingSettings::from) {
        let same = run(&shared, choice.clone(), &|_| ()).identifiability.scaling_test.expect("six angles");
        assert!(same.p_value > 0.001, "{same:?}");
        let different = run(&varied, choice, &|_| ()).identifiability.scaling_test.expect("six angles");
        assert!(different.p_value < 1e-6 && different.conclusion.contains("differ"), "{different:?}");
        assert_eq!(different.numerator_degrees, 10);
    }
    let known = given(vec![AngleScaling::new(0.14, 1.003); 6]);
    assert_eq!(run(&shared, known, &|_| ()).identifiability.scaling_test, None);
}

#[test]
fn the_predicted_cost_of_the_other_scaling_is_the_one_that_its_fit_finds() {
    let (one, many) =
        (run(&varied, ScalingMode::Auto.into(), &|_| ()), run(&varied, ScalingMode::Individual.into(), &|_| ()));
    let (chi_one, chi_many) = (one.chi_squared.expect("known"), many.chi_squared.expect("known"));
    let numerator = (chi_one - chi_many) / 10.0;
    let f = numerator / (chi_many / many.degrees_of_freedom as f64);
    let test = one.identifiability.scaling_test.expect("six angles");
    // The F that is reported allows for what pairs have in common.
    let (predicted, widening) = (test.f, test.widening);
    assert!(widening > 0.7 && test.effective_degrees <= 10.0 + 1e-9, "{test:?}");
    assert!((predicted * widening / f - 1.0).abs() < 0.02, "{predicted} {widening} {f}");
}

#[test]
fn shear_is_more_correlated_with_scaling_the_freer_the_scaling_is() {
    let correlation = |choice| run(&shared, choice, &|_| ()).identifiability.shear_scaling_correlation;
    let (one, many) = (correlation(ScalingMode::Auto.into()), correlation(ScalingMode::Individual.into()));
    let (one, many) = (one.expect("free scaling"), many.expect("free scaling"));
    assert!((0.0..1.0).contains(&one) && (0.0..1.0).contains(&many) && many > one, "{one} {many}");
    assert_eq!(correlation(given(vec![AngleScaling::new(0.14, 1.003); 6])), None);
}

#[test]
fn strong_correlations_are_named() {
    let result = run(&shared, ScalingMode::Auto.into(), &|_| ());
    let named = &result.identifiability.strong_correlations;
    assert!(named.iter().any(|text| text.contains("D0") && text.contains("D_offset")), "{named:?}");
}
