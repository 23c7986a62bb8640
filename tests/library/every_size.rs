//! No size is too small, too large or in between: every size from a thousand points to ten millions recovers the truth, in
//! every mode, with every scaling, whatever the order of the angles.

use crate::common::{LAMINAR, gaussian, given, memory_f64, model, outset, settings, values_of};
use homodyne::experiment::{Angle, Experiment, TimeGrid};
use homodyne::fit::course::{Outset, fit};
use homodyne::fit::solver::journal::Following;
use homodyne::fit::strategy::{Memory, select_strategy};
use homodyne::likelihood::scaling::ScalingSettings;
use homodyne::outcome::verdict::Verdict;
use homodyne::parameters::definitions::{AnalysisMode, ShearConvention};
use homodyne::parameters::scaling::{AngleScaling, ScalingMode};
use homodyne::sweep::raw::pass::Sweep;
use homodyne::sweep::scattered::Sample;
use std::sync::Arc;

/// (points, angles, frames): angles x frames^2 as near to the wanted number as whole frames allow.
const SIZES: [(usize, usize, usize); 8] = [
    (1_000, 10, 10),
    (50_000, 8, 79),
    (99_999, 7, 120),
    (100_000, 10, 100),
    (320_000, 8, 200),
    (999_999, 9, 333),
    (1_000_000, 10, 316),
    (10_000_000, 10, 1000),
];

#[derive(Clone, Copy)]
enum Order {
    Sorted,
    Unsorted,
    /// No two angles are alike or mirror each other.
    Distinct,
}

/// The whole measurement lasts 60 s, so that fewer frames are farther apart, but never more than a second.
fn experiment(n_angles: usize, n_frames: usize, order: Order, sigma: f64) -> Experiment {
    let even = |k: usize| -90.0 + 180.0 * k as f64 / n_angles as f64;
    let phi: Vec<f64> = match order {
        Order::Sorted => (0..n_angles).map(even).collect(),
        Order::Unsorted => (0..n_angles).map(|k| even((k * 3 + 1) % n_angles)).collect(),
        Order::Distinct => (0..n_angles).map(|k| even(k) + 1.7 * (k as f64).sqrt()).collect(),
    };
    let angle = |&phi_degrees: &f64| Angle { phi_degrees, sigma, masked_frames: vec![], ..Angle::default() };
    Experiment {
        q_per_angstrom: 0.0054,
        gap_angstrom: Some(2e6),
        time: TimeGrid { n_frames, dt_seconds: (60.0 / n_frames as f64).min(1.0), start_seconds: 0.0, first_frame: 1 },
        angles: phi.iter().map(angle).collect(),
    }
}

fn smooth(phi: f64) -> (f64, f64) {
    let phi = phi.to_radians();
    (0.14 + 0.02 * phi.cos() - 0.01 * (2.0 * phi).sin(), 1.003 + 0.004 * phi.sin() + 0.002 * (2.0 * phi).cos())
}

fn check(mode: AnalysisMode, size: (usize, usize, usize), order: Order) {
    let (points, n_angles, n_frames) = size;
    // Small sets need quieter data to determine seven parameters at all.
    let sigma = 0.003 * (points as f64 / 1e6).sqrt().min(1.0);
    let experiment = experiment(n_angles, n_frames, order, sigma);
    let model = model(mode, ShearConvention::Homodyne, &experiment);
    let truth = &LAMINAR[..mode.n_parameters()];
    let noise = |angle: usize, pair: usize| sigma * gaussian(901 + angle as u64 + points as u64, pair as u64);
    for shared in [true, false] {
        let scaling = |phi: f64| if shared { (0.14, 1.003) } else { smooth(phi) };
        let values = values_of(&model, &experiment, truth, &scaling, &noise);
        let store = Arc::new(memory_f64(experiment.clone(), values, 65_536));
        let sample = Sample::draw(store.as_ref(), &model).expect("memory");
        let of_angle = |angle: &Angle| {
            let (contrast, offset) = smooth(angle.phi_degrees);
            AngleScaling::new(contrast, offset)
        };
        let known = given(experiment.angles.iter().map(of_angle).collect());
        let choices: Vec<ScalingSettings> = match shared {
            true => vec![ScalingMode::Auto.into()],
            false => vec![known, ScalingMode::Individual.into(), ScalingMode::Fourier.into()],
        };
        for choice in choices {
            let base = settings(mode, choice.clone());
            let memory = Memory {
                total_bytes: 16 << 30,
                block_points: 65_536,
                decoded_value_bytes: 0,
                n_angles,
                n_frames,
                workers: 2,
            };
            let n_pairs = n_angles * n_frames * (n_frames - 1) / 2;
            let strategy = select_strategy(&base, n_pairs, &memory).expect("memory suffices").strategy;
            let outset = Outset { strategy, ..outset(&model, &base) };
            let sweep = Sweep::new(store.clone(), model.clone(), 2);
            let result = fit(&sample, &sweep, &base, &outset, &mut Following::default()).expect("memory");
            let what = format!("{points} points, {mode:?}, {choice:?}, {strategy:?}: {:?}", result.reasons);
            assert_eq!(result.verdict, Verdict::Converged, "{what}");
            for (found, truth) in result.parameters.iter().zip(truth) {
                let error = found.uncertainty.expect("determined");
                assert!((found.value - truth).abs() < 4.0 * error, "{what}: {found:?}");
            }
        }
    }
}

fn check_all(sizes: &[(usize, usize, usize)], mode: AnalysisMode) {
    for &size in sizes {
        for order in [Order::Sorted, Order::Unsorted, Order::Distinct] {
            check(mode, size, order);
        }
    }
}

#[test]
fn static_fits_recover_the_truth_at_every_size() {
    check_all(&SIZES, AnalysisMode::Static);
}

#[test]
fn laminar_fits_recover_the_truth_at_every_size() {
    check_all(&SIZES, AnalysisMode::LaminarFlow);
}
