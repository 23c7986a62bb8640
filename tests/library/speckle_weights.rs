//! Weights that know speckles: against full matrices of single frames, and in fits of simulated intensities.

use crate::common::{experiment, fit_memory, gaussian, memory_f64, memory_of_matrices, model, settings, simulation};
use homodyne::experiment::Experiment;
use homodyne::fit::settings::{Quality, Weighting};
use homodyne::fit::verdict::judge::{Evidence, Judgement, judge};
use homodyne::likelihood::speckle::functions::Functions;
use homodyne::likelihood::speckle::weights::Weights;
use homodyne::listener::StopFlag;
use homodyne::model::catalogue::Model;
use homodyne::model::pair::PairEvaluator;
use homodyne::outcome::fit::FitResult;
use homodyne::outcome::noise::Test;
use homodyne::outcome::verdict::{Stop, Verdict};
use homodyne::outcome::weighting::{PairWeights, WeightingFound};
use homodyne::parameters::definitions::{AnalysisMode, ShearConvention};
use homodyne::parameters::scaling::{AngleScaling, ScalingMode};
use homodyne::report::tables::measured::{p_value, with_error};
use homodyne::report::tables::weights::weights;
use homodyne::simulate::Scatter;
use homodyne::sums::band::Band;
use homodyne::sums::cells::{CellQuery, Cells};
use homodyne::sums::grid::{Grid, GridQuery};
use homodyne::sums::objective::RawData;
use homodyne::sums::residuals::FrameGroups;
use homodyne::sweep::raw::pass::Sweep;
use ndarray::Array2;
use std::sync::Arc;

const FRAMES: usize = 48;
const RIDGE: f64 = 2.0;
const FLOW: [f64; 7] = [8_000.0, -0.25, 300.0, 0.004, 0.2, 0.0002, 3.0];

/// One angle on single frames.
struct Single {
    experiment: Experiment,
    model: Model,
    grid: Grid,
}

impl Single {
    fn new() -> Self {
        let experiment = experiment(FRAMES, 3);
        let model = model(AnalysisMode::LaminarFlow, ShearConvention::Homodyne, &experiment);
        let coarse: Vec<usize> = (0..FRAMES).collect();
        let query = GridQuery { theta: &FLOW, coarse: &coarse, step: 0.25, with_lags: false };
        let grid = model.grid(&query, &experiment.angles[1]);
        Single { experiment, model, grid }
    }

    /// dh/dtheta .., h of all pairs, and h for a frame with itself.
    fn columns(&self) -> Vec<Array2<f64>> {
        let tables = self.model.tables(&FLOW);
        let evaluator = PairEvaluator::new(&self.model, &tables, &FLOW, self.experiment.angles[1].phi_degrees);
        let factors = self.model.resemblances(&FLOW, &self.experiment.angles)[1].factors.clone();
        let column = |k: usize| {
            Array2::from_shape_fn((FRAMES, FRAMES), |(a, b)| match (a == b, k) {
                (true, 7) => 1.0,
                (true, _) => 0.0,
                (_, 7) => evaluator.h(a.min(b), a.max(b)),
                _ => evaluator.at(a.min(b), a.max(b)).dh[k] / factors[k],
            })
        };
        (0..8).map(column).collect()
    }

    /// Weights of dh .., h on full matrices.
    fn full(&self) -> Vec<Array2<f64>> {
        let columns = self.columns();
        let ridged = &columns[7] + Array2::<f64>::eye(FRAMES) * RIDGE;
        let inverse = homodyne::sums::algebra::Algebra::solve_many(&ridged, &Array2::eye(FRAMES));
        let weights = |column: &Array2<f64>| {
            let mut weights = inverse.dot(column).dot(&inverse);
            weights.diag_mut().fill(0.0);
            weights
        };
        columns.iter().map(weights).collect()
    }
}

#[test]
fn on_single_frames_weights_are_those_of_full_matrices() {
    let single = Single::new();
    let bands = Weights::of(&single.grid, RIDGE).bands(&single.grid);
    for (k, (band, full)) in bands.iter().zip(single.full()).enumerate() {
        let size = full.iter().fold(0.0, |most: f64, value| most.max(value.abs()));
        for a in 0..FRAMES {
            for b in band.columns(a) {
                // h below 3e-4 is taken as zero.
                let apart = (band.get(a, b) - full[[a, b]]).abs();
                assert!(apart < 1e-2 * size, "{k} {a} {b}: {} {}", band.get(a, b), full[[a, b]]);
            }
        }
    }
}

#[test]
fn scores_and_their_answers_are_sums_over_pairs() {
    let single = Single::new();
    let (weights, grid) = (Weights::of(&single.grid, RIDGE), &single.grid);
    let (bands, full) = (weights.bands(grid), single.columns());
    let groups = FrameGroups::new((0..FRAMES).collect(), FRAMES);
    let functions = Functions::new(&groups, 7, &[], 0);
    let of_blocks = weights.of_blocks(grid, &functions);
    let of_groups: Vec<f64> = grid.coarse.iter().map(|&group| of_blocks[functions.block(group)]).collect();
    let slopes = weights.slopes(grid, &bands, &of_groups);
    let weight = |row: usize, a: usize, b: usize| match row {
        8 => of_groups[a] * of_groups[b],
        _ if a.abs_diff(b) > grid.h.reach() => 0.0,
        _ => bands[row].get(a, b),
    };
    let column = |k: usize, a: usize, b: usize| if k == 8 { 1.0 } else { full[k][[a, b]] };
    for row in 0..9 {
        for k in 0..9 {
            let pairs = || (0..FRAMES).flat_map(|a| (a + 1..FRAMES).map(move |b| (a, b)));
            let expected: f64 = pairs().map(|(a, b)| weight(row, a, b) * column(k, a, b)).sum();
            let size: f64 = pairs().map(|(a, b)| (weight(row, a, b) * column(k, a, b)).abs()).sum();
            // The constant has weights beyond the reach of h.
            let tolerance = if row == 8 && k < 8 { 2e-2 } else { 2e-3 };
            assert!(
                (slopes[[row, k]] - expected).abs() < tolerance * size,
                "{row} {k}: {} {expected}",
                slopes[[row, k]]
            );
        }
    }
    // The same of residuals, by a sweep.
    let n_pairs = FRAMES * (FRAMES - 1) / 2;
    let values: Vec<f64> = (0..n_pairs).map(|k| 1.1 + 0.1 * gaussian(3, k as u64)).collect();
    let all = vec![values.clone(); 3];
    let sweep = Sweep::new(Arc::new(memory_f64(single.experiment.clone(), all, 301)), single.model.clone(), 2);
    let cells = vec![Cells { groups: FrameGroups::new((0..FRAMES).collect(), FRAMES), reach: grid.h.reach() }; 3];
    let scaling = vec![AngleScaling::new(0.2, 1.01); 3];
    let starts = functions.blocks.clone();
    let query = CellQuery { theta: &FLOW, scaling: &scaling, cells: &cells, blocks: &FrameGroups::new(starts, FRAMES) };
    let sums = sweep.cells(&query).expect("memory");
    let scores = weights.scores(grid, &sums[1]);
    for (row, score) in scores.iter().enumerate() {
        let (mut k, mut expected, mut size) = (0, 0.0, 0.0);
        for a in 0..FRAMES {
            for b in a + 1..FRAMES {
                let residual = 1.01 + 0.2 * full[7][[a, b]] - values[k];
                (expected, size) =
                    (expected + weight(row, a, b) * residual, size + (weight(row, a, b) * residual).abs());
                k += 1;
            }
        }
        assert!((score - expected).abs() < 1e-6 * size, "{row}: {score} {expected}");
    }
}

/// Simulated intensities of a static sample, fitted.
fn fitted(weighting: Weighting, counts: f64, n_angles: usize, change: &dyn Fn(usize, f64) -> f64) -> FitResult {
    let theta = [40_000.0, -0.2, 0.0];
    let phi_degrees = (0..n_angles).map(|k| 180.0 * k as f64 / n_angles as f64).collect();
    let simulation =
        simulation(AnalysisMode::Static, &theta, phi_degrees, Scatter::Intensities { speckles: 800, counts });
    let experiment = simulation.experiment();
    let model = Model::new(simulation.mode, simulation.convention, &experiment).expect("model");
    let tables = model.tables(&theta);
    let store = memory_of_matrices(experiment, 1_000, |place, _| {
        let matrix = simulation.correlations(&model, &tables, place, &StopFlag::default()).expect("a correlation");
        let n = simulation.n_frames;
        let places = (0..n).flat_map(|i| (0..n).map(move |j| (i, j)));
        matrix.into_iter().zip(places).map(|(value, (i, j))| change(i.abs_diff(j), value)).collect()
    });
    let mut settings = settings(AnalysisMode::Static, ScalingMode::Auto.into());
    settings.weighting = weighting;
    settings.space.physical[2].fixed = Some(0.0);
    fit_memory(store, &model, &settings)
}

#[test]
fn bright_data_are_weighted_and_their_errors_smaller() {
    let uniform = fitted(Weighting::Uniform, 3.0, 3, &|_, value| value);
    let weighted = fitted(Weighting::Auto, 3.0, 3, &|_, value| value);
    assert_eq!(uniform.weighting, None);
    let found = weighted.weighting.as_ref().expect("looked at");
    assert_eq!(found.weights, PairWeights::Speckle, "{}", found.reason);
    for (one, other) in uniform.parameters.iter().zip(&weighted.parameters).take(2) {
        let compared = found.numbers[&one.name];
        assert_eq!(compared.uniform, one.value, "least squares as without weights");
        assert_eq!(compared.uniform_uncertainty, one.uncertainty, "{}", one.name);
        let (before, after) = (one.uncertainty.expect("free"), other.uncertainty.expect("free"));
        assert!(before / after > 1.3, "{}: {before} {after}", one.name);
        assert!((before / after / compared.gain.expect("predicted") - 1.0).abs() < 0.2, "{}", one.name);
        assert!(compared.most_gain.expect("bound") > 0.98 * before / after, "{}", one.name);
        assert!((other.value - one.value).abs() < 3.0 * before, "{}", one.name);
    }
    let agreement = found.agreement.expect("tested");
    assert!(agreement.p_value > 1e-3, "{agreement:?}");
    let told = weights(found).join("\n");
    let d0 = &uniform.parameters[0];
    let words = [
        "by least squares: D0 ".to_owned() + &with_error(d0.value, d0.uncertainty.expect("free")),
        p_value(agreement.p_value) + " (Hausman)",
        format!("ridge {:.2} of the contrast", found.ridge.expect("a ridge")),
        format!("the noise would allow factors: D0 {:.2}", found.numbers["D0"].most_gain.expect("bound")),
    ];
    assert!(words.iter().all(|words| told.contains(words)), "{told}\n{words:?}");
    assert_eq!(weights(&WeightingFound { weights: PairWeights::Uniform, ..found.clone() }).len(), 1);
}

#[test]
fn dim_data_keep_least_squares_to_the_bit() {
    let uniform = fitted(Weighting::Uniform, 0.05, 3, &|_, value| value);
    let auto = fitted(Weighting::Auto, 0.05, 3, &|_, value| value);
    let found = auto.weighting.clone().expect("looked at");
    assert_eq!(found.weights, PairWeights::Uniform, "{}", found.reason);
    let plain = FitResult { weighting: None, ..auto };
    assert_eq!(format!("{plain:?}"), format!("{uniform:?}"));
}

#[test]
fn what_is_no_speckle_noise_is_refused_or_both_estimates_agree() {
    // A contrast that oscillates slowly with the lag.
    let wrong =
        fitted(Weighting::Speckle, 10.0, 2, &|lag, value| 1.0 + (value - 1.0) * (1.0 + 0.4 * (lag as f64 / 3.0).sin()));
    assert_ne!(wrong.verdict, Verdict::Converged, "{:?}", wrong.weighting);
}

#[test]
fn estimates_that_disagree_beyond_their_noise_are_no_acceptance() {
    let disagreement = Test { statistic: 40.0, degrees_of_freedom: 2, p_value: 1e-9 };
    let evidence = |disagreement| {
        judge(&Evidence {
            far: &[],
            stop: Stop::Gradient,
            undetermined: &[],
            active: &[],
            lack_of_fit: None,
            reduced_chi_squared: Some(1.0),
            expected: None,
            unknown_noise: &[],
            few_speckles: None,
            disagreement,
            turns_below_speckles: None,
            quality: &Quality::default(),
            advice: &[],
        })
    };
    let Judgement { verdict, reasons, .. } = evidence(Some(&disagreement));
    assert_eq!(verdict, Verdict::PoorFit);
    assert!(reasons[0].contains("differ from those of least squares"), "{reasons:?}");
    assert_eq!(evidence(None).verdict, Verdict::Converged);
}

#[test]
fn crossed_cycles_are_the_sums_of_their_definition() {
    // Seventy rows: every fourth stands for all.
    for (n, reach, tolerance) in [(11, 3, 1e-12), (71, 2, 0.05)] {
        let kernel = Band::from_fn(n, reach, |a, b| (-0.3 * a.abs_diff(b) as f64).exp());
        let value = |a: usize, b: usize| 1.5 - 0.7 * a.abs_diff(b) as f64 + 0.01 * (a + b) as f64;
        let band = Band::from_fn(n, reach, value);
        let found = kernel.crossed_cycles(&[band.clone(), kernel.clone()])[0].inner(&band);
        let (mut expected, mut size) = (0.0, 0.0);
        for i in 0..n {
            for j in band.columns(i) {
                for k in kernel.columns(i) {
                    for l in kernel.columns(j) {
                        let cycle = kernel.get(i, k) * kernel.get(j, k) * kernel.get(j, l) * kernel.get(i, l);
                        let term = band.get(i, j) * band.get(k, l) * cycle;
                        (expected, size) = (expected + term, size + term.abs());
                    }
                }
            }
        }
        assert!((found - expected).abs() < tolerance * size, "{n}: {found} {expected}");
    }
}
