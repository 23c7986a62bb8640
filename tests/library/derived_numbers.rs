//! Numbers that follow from what was fitted: curves over time, contrasts of speckles, errors of a scaling that was estimated.

use crate::intensities::{SPECKLE, Speckle};
use crate::lack_of_fit::{FLOW, STILL, fitted, fitted_as_told, of_model};
use homodyne::experiment::AngleNoise;
use homodyne::outcome::fit::FitResult;
use homodyne::outcome::parameter::IntervalMethod;
use homodyne::parameters::definitions::{AnalysisMode, ShearConvention};
use homodyne::parameters::scaling::ScalingMode;

fn still(speckle: Speckle, seed: u64) -> Vec<Vec<f64>> {
    of_model(&STILL, ShearConvention::Homodyne, 3, speckle, seed)
}

#[test]
fn curves_over_time_have_the_errors_of_their_parameters() {
    let values = of_model(&FLOW, ShearConvention::Homodyne, 8, SPECKLE, 300);
    let found = fitted(values, AnalysisMode::LaminarFlow, SPECKLE.n_frames, &|_| ());
    let covariance = found.covariance_array();
    let place = |name: &str| found.covariance_names.iter().position(|known| known == name).expect("free");
    for (names, first) in [(["D0", "alpha"], 0), (["gamma_dot_t0", "beta"], 3)] {
        let [amplitude, exponent] = names.map(place);
        let (a, e) = (found.parameters[first].value, found.parameters[first + 1].value);
        for point in &found.transport {
            let rate = if first == 0 { point.diffusion } else { point.shear_rate.expect("flow") };
            let t = point.t_seconds;
            let (value, by_exponent) = (a * t.powf(e), a * t.powf(e) * t.ln());
            let variance = t.powf(2.0 * e) * covariance[[amplitude, amplitude]]
                + 2.0 * t.powf(e) * by_exponent * covariance[[amplitude, exponent]]
                + by_exponent * by_exponent * covariance[[exponent, exponent]];
            assert!((rate.value / value - 1.0).abs() < 1e-12);
            assert!((rate.uncertainty.expect("determined") / variance.sqrt() - 1.0).abs() < 1e-9);
        }
    }
    let relative =
        |k: usize| found.transport[k].diffusion.uncertainty.expect("known") / found.transport[k].diffusion.value;
    let (middle, last) = (found.transport.len() * 2 / 3, found.transport.len() - 1);
    assert!(relative(middle) < relative(0) && relative(middle) < relative(last), "best known within the measurement");
    assert!((found.transport[last].t_seconds - 15.9).abs() < 1e-9);
}

#[test]
fn contrast_is_that_of_the_speckles_not_what_division_by_their_means_leaves() {
    let few = Speckle { speckles: 60, modes: 4, counts: 0.0, ..SPECKLE };
    let (mut reported, mut shown, mut error, draws) = (0.0, 0.0, 0.0, 40);
    for draw in 0..draws {
        let found = fitted(still(few, 400 + 10 * draw), AnalysisMode::Static, few.n_frames, &|_| ());
        let angle = &found.angles[0];
        reported += angle.contrast / draws as f64;
        shown += angle.contrast_fitted / draws as f64;
        error += angle.contrast_uncertainty.expect("known").powi(2) / (draws * draws) as f64;
    }
    let error = error.sqrt();
    println!("reported {reported} shown {shown} +- {error}");
    assert!((reported - 0.25).abs() < 3.0 * error);
    // (1 + 2 contrast) / speckles of it, less a little.
    assert!((shown / reported - 1.0 + 1.4 / 60.0).abs() < 0.004, "{}", shown / reported);
}

#[test]
fn errors_know_that_a_constant_scaling_was_estimated_from_the_same_data() {
    let values = still(Speckle { modes: 20, ..SPECKLE }, 500);
    let fit = |mode: ScalingMode| {
        fitted(values.clone(), AnalysisMode::Static, SPECKLE.n_frames, &|settings| settings.scaling = mode.into())
    };
    let (constant, individual) = (fit(ScalingMode::Constant), fit(ScalingMode::Individual));
    assert_eq!((constant.scaling_mode, constant.n_scaling), (ScalingMode::Constant, 0));
    let numbers =
        |found: &FitResult, k: usize| (found.parameters[k].value, found.parameters[k].uncertainty.expect("known"));
    for k in [0, 1] {
        let ((value, error), (other, other_error)) = (numbers(&constant, k), numbers(&individual, k));
        assert!((value - other).abs() < 1e-3 * error, "{value} {other} +- {error}");
        assert!((error / other_error - 1.0).abs() < 1e-3, "{error} {other_error}");
    }
    let [one, other] = [&constant, &individual].map(|found| found.angles[1].contrast_uncertainty.expect("known"));
    assert!((one / other - 1.0).abs() < 1e-3);
}

#[test]
fn diagonals_count_pixels_and_are_not_believed_where_a_speckle_covers_several() {
    let fit = |speckles: usize, pixels: usize| {
        let values = still(Speckle { speckles, pixels, ..SPECKLE }, 700);
        // Contrast and one over the photons.
        let noise = AngleNoise { diagonal: Some(0.2 + 0.5), ..AngleNoise::default() };
        fitted_as_told(values, AnalysisMode::Static, SPECKLE.n_frames, noise, &|_| ())
    };
    let (small, large) = (fit(1200, 1), fit(300, 4));
    assert_eq!(small.diagonal_not_believed, None);
    let told = large.diagonal_not_believed.expect("fewer speckles than pixels");
    assert!((1000.0..1400.0).contains(&told), "{told}");
    let speckles = |found: &FitResult| found.angles[0].noise.speckles.expect("seen");
    assert!((1000.0..1400.0).contains(&speckles(&small)) && (180.0..600.0).contains(&speckles(&large)));
}

#[test]
fn pixels_that_are_too_few_for_what_residuals_show_are_not_believed() {
    let noiseless = Speckle { counts: 0.0, ..SPECKLE };
    let values = still(noiseless, 600);
    let fit = |pixels: Option<u64>| {
        let noise = AngleNoise { pixels, ..AngleNoise::default() };
        fitted_as_told(values.clone(), AnalysisMode::Static, SPECKLE.n_frames, noise, &|_| ())
    };
    let (untold, right, too_few) = (fit(None), fit(Some(1500)), fit(Some(150)));
    assert_eq!((untold.pixels_not_believed, right.pixels_not_believed), (None, None));
    assert_eq!(too_few.pixels_not_believed, Some(150.0));
    let error = |found: &FitResult| found.parameters[0].uncertainty.expect("known");
    assert!((error(&too_few) / error(&untold) - 1.0).abs() < 1e-9, "errors follow the residuals");
    let speckles = too_few.angles[0].noise.speckles.expect("seen");
    assert!((1000.0..2200.0).contains(&speckles), "{speckles}");
}

#[test]
fn an_angle_across_the_flow_gives_phi0_intervals_from_the_cost_itself() {
    // At -80 degrees the shear vanishes to first order in phi0 = 10: there the Hessian at a draw's minimum is no measure of phi0, and
    // intervals from it held the truth in 63 and 83 % of the draws.
    let mut across = FLOW;
    across[6] = 10.0;
    let mut inside = [0, 0];
    for seed in 0..8 {
        let values = of_model(&across, ShearConvention::Homodyne, 6, SPECKLE, 9_000 + 10 * seed);
        let found = fitted(values, AnalysisMode::LaminarFlow, SPECKLE.n_frames, &|settings| {
            settings.start = Some(across.to_vec());
            settings.space.physical[6].upper = 40.0;
        });
        let phi0 = found.parameters.last().expect("seven");
        assert_eq!(phi0.interval_method, Some(IntervalMethod::Profile), "{seed}: {phi0:?}");
        for (count, interval) in inside.iter_mut().zip([phi0.interval_68, phi0.interval_95]) {
            let [lower, upper] = interval.expect("determined");
            assert!(lower.is_none_or(|lower| lower < phi0.value) && upper.is_none_or(|upper| upper > phi0.value));
            *count += i32::from(lower.is_none_or(|lower| lower < 10.0) && upper.is_none_or(|upper| upper > 10.0));
        }
    }
    // 5.4 and 7.6 of 8 are to be expected.
    assert!(inside[0] >= 3 && inside[1] >= 6, "{inside:?}");
}
