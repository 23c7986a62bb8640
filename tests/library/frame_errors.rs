//! Errors mean what they say: plain pulls have unit variance under independent noise, which few frames cannot tell from the noise
//! of very many speckles, so that reported ones are a little smaller; under speckle noise the reported interval
//! holds the truth where the plain one does not. (`cargo bench --bench coverage` is the large version.)

use crate::common::{
    LAMINAR, experiment, fit_memory, gaussian, memory_f64, memory_of_matrices, model, settings, simulation, values_of,
};
use homodyne::listener::StopFlag;
use homodyne::model::catalogue::Model;
use homodyne::outcome::fit::FitResult;
use homodyne::outcome::parameter::{ParameterStatus, UncertaintyMethod};
use homodyne::parameters::definitions::{AnalysisMode, ShearConvention};
use homodyne::parameters::scaling::ScalingMode;
use homodyne::simulate::{Scatter, Simulation};

#[test]
fn pulls_of_gaussian_draws_have_unit_variance() {
    let experiment = experiment(70, 5);
    for (mode, fixed) in [(AnalysisMode::Static, None), (AnalysisMode::LaminarFlow, Some([2, 5]))] {
        let model = model(mode, ShearConvention::Homodyne, &experiment);
        let mut truth = LAMINAR[..mode.n_parameters()].to_vec();
        // Without constant parts seven parameters are determined by so few frames.
        fixed.iter().flatten().for_each(|&k| truth[k] = 0.0);
        let sigma = experiment.angles[0].sigma;
        let exact = values_of(&model, &experiment, &truth, &|_| (0.14, 1.003), &|_, _| 0.0);
        let mut settings = settings(mode, ScalingMode::Auto.into());
        settings.start = Some(truth.clone());
        fixed.iter().flatten().for_each(|&k| settings.space.physical[k].fixed = Some(0.0));
        let (mut squares, mut plain) = (vec![0.0; truth.len()], vec![0.0; truth.len()]);
        let mut inside = 0;
        let draws = 500;
        for draw in 0..draws {
            let noisy = |(a, values): (usize, &Vec<f64>)| {
                let noise = |k: usize| sigma * gaussian(7919 * draw + 17 + a as u64, k as u64);
                values.iter().enumerate().map(|(k, value)| value + noise(k)).collect::<Vec<f64>>()
            };
            let values = exact.iter().enumerate().map(noisy).collect();
            let result = fit_memory(memory_f64(experiment.clone(), values, 4096), &model, &settings);
            for (k, found) in
                result.parameters.iter().enumerate().filter(|(_, found)| found.status != ParameterStatus::Fixed)
            {
                let pull_for = |error: Option<f64>| (found.value - truth[k]) / error.expect("determined");
                let pull = pull_for(found.uncertainty);
                squares[k] += pull * pull / draws as f64;
                plain[k] += pull_for(found.uncertainty_plain).powi(2) / draws as f64;
                inside += usize::from(pull.abs() < 1.0);
            }
        }
        let [free, plain] =
            [squares, plain].map(|of_all| of_all.into_iter().filter(|&square| square > 0.0).collect::<Vec<f64>>());
        let mean = |squares: &[f64]| squares.iter().sum::<f64>() / squares.len() as f64;
        assert!(free.iter().all(|square| (0.6..1.3).contains(square)), "{mode:?}: {free:?}");
        assert!(plain.iter().all(|square| (0.7..1.3).contains(square)), "{mode:?}: {plain:?}");
        assert!((0.7..1.1).contains(&mean(&free)), "{mode:?}: {free:?}");
        assert!((0.85..1.15).contains(&mean(&plain)), "{mode:?}: {plain:?}");
        let share = inside as f64 / (draws as usize * free.len()) as f64;
        assert!((0.66..0.80).contains(&share), "{mode:?}: {share}");
    }
}

fn speckle_draw(seed: u64) -> (FitResult, Vec<f64>) {
    let theta = vec![60_000.0, -0.35, 0.0];
    let phi_degrees = (0..4).map(|k| -90.0 + 45.0 * f64::from(k)).collect();
    let scatter = Scatter::Intensities { speckles: 1500, counts: 0.0 };
    let simulation =
        Simulation { contrast: 0.14, seed, ..simulation(AnalysisMode::Static, &theta, phi_degrees, scatter) };
    let experiment = simulation.experiment();
    let model = Model::new(AnalysisMode::Static, simulation.convention, &experiment).expect("model");
    let tables = model.tables(&theta);
    let store = memory_of_matrices(experiment, 65_536, |place, _| {
        simulation.correlations(&model, &tables, place, &StopFlag::default()).expect("speckles")
    });
    let mut settings = settings(AnalysisMode::Static, ScalingMode::Auto.into());
    settings.start = Some(theta.clone());
    settings.space.physical[2].fixed = Some(0.0);
    (fit_memory(store, &model, &settings), theta)
}

#[test]
fn under_speckle_noise_the_reported_interval_holds_the_truth_and_the_plain_one_does_not() {
    let draws = 60;
    let (mut reported, mut plain) = (0, 0);
    for seed in 0..draws {
        let (result, truth) = speckle_draw(seed);
        assert_eq!(result.uncertainty_method, UncertaintyMethod::Speckle);
        for (found, truth) in result.parameters.iter().zip(&truth).take(2) {
            let away = (found.value - truth).abs();
            reported += u32::from(away < found.uncertainty.expect("determined"));
            plain += u32::from(away < found.uncertainty_plain.expect("known"));
        }
    }
    let share = |count: u32| f64::from(count) / (2 * draws) as f64;
    assert!((0.55..0.80).contains(&share(reported)), "{}", share(reported));
    assert!(share(plain) < 0.3, "{}", share(plain));
}
