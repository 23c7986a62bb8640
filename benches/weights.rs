//! How much smaller are errors with weights that know speckles, as predicted and as simulated, and can they be trusted?
//! `cargo bench --bench weights -- DRAWS [CASE..]`
//!
//! Draws of a known truth as simulated intensities, each fitted once: a result holds the estimates by least squares beside the
//! weighted ones. The simulated gain is the spread of the first over that of the second. `benches/COVERAGE.md` has the table.

#[path = "../tests/library/common.rs"]
mod common;
mod draws;

use common::{DT, Q, fit_memory, memory_of_matrices, settings, simulation};
use draws::{each_case, hold_and_begin, mean, names};
use homodyne::fit::settings::Weighting;
use homodyne::likelihood::scaling::ScalingSettings;
use homodyne::listener::StopFlag;
use homodyne::model::catalogue::Model;
use homodyne::model::pair::PairEvaluator;
use homodyne::outcome::fit::FitResult;
use homodyne::outcome::verdict::Verdict;
use homodyne::outcome::weighting::{ComparedNumber, PairWeights, WeightingFound};
use homodyne::parameters::definitions::{AnalysisMode, SearchScale, find as find_parameter};
use homodyne::parameters::scaling::ScalingMode;
use homodyne::simulate::{Scatter, Simulation};
use ndarray::{Array2, Axis};
use rand_distr::{Distribution, Gamma, Poisson, StandardNormal};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;

const FRAMES: usize = 200;
const CONTRAST: f64 = 0.2;
const COUNTS: [f64; 5] = [0.05, 0.3, 1.0, 3.0, 10.0];

/// What moves in the sample.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Physics {
    /// D(t) = D0 t^-0.2, four angles.
    Static,
    /// Shear, constant parts of both laws fixed, eight angles.
    Flow,
    /// The same with free constant parts.
    FlowFree,
}

/// How the noise differs from its model.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Wrong {
    /// A speckle covers 2 x 2 pixels, photons are counted in each.
    FourPixels,
    /// Counts scatter by 30 % more than Poisson's.
    OverDispersed,
    /// The beam flickers by 20 % from frame to frame.
    Flicker,
}

#[derive(Clone, Copy)]
struct Case {
    physics: Physics,
    counts: f64,
    scaling: ScalingMode,
    wrong: Option<Wrong>,
}

impl Case {
    fn name(&self) -> String {
        let wrong = self.wrong.map_or(String::new(), |wrong| format!(" | {wrong:?}"));
        format!("{:?} | {} | {}{wrong}", self.physics, self.counts, self.scaling.name())
    }

    /// Weights always, but where the default would rightly keep least squares: few photons, and a cost that is far from a parabola.
    fn weighting(&self) -> Weighting {
        match self.counts < 0.1 || self.physics == Physics::FlowFree {
            true => Weighting::Auto,
            false => Weighting::Speckle,
        }
    }

    fn mode(&self) -> AnalysisMode {
        if self.physics == Physics::Static { AnalysisMode::Static } else { AnalysisMode::LaminarFlow }
    }

    fn n_angles(&self) -> usize {
        if self.physics == Physics::Static { 4 } else { 8 }
    }

    fn theta(&self) -> Vec<f64> {
        let amplitude = |renewals: f64, exponent: f64| {
            let sum: f64 = (0..FRAMES).map(|k| (k as f64 * DT).max(DT / 2.0).powf(exponent)).sum();
            renewals / (Q * Q * DT * sum)
        };
        match self.physics {
            Physics::Static => vec![amplitude(8.0, -0.2), -0.2, 0.0],
            Physics::Flow => vec![amplitude(6.0, -0.25), -0.25, 0.0, 0.0018, 0.2, 0.0, 3.0],
            Physics::FlowFree => {
                vec![amplitude(7.0, -0.6), -0.6, amplitude(7.0, 0.0), 0.0018, 0.6, 0.0003, 3.0]
            }
        }
    }

    fn fixed(&self) -> &[usize] {
        match self.physics {
            Physics::Static => &[2],
            Physics::Flow => &[2, 5],
            Physics::FlowFree => &[],
        }
    }

    fn simulation(&self, seed: u64) -> Simulation {
        let n_angles = self.n_angles();
        let phi_degrees = (0..n_angles).map(|k| -80.0 + 180.0 * k as f64 / n_angles as f64).collect();
        let scatter = Scatter::Intensities { speckles: 1000, counts: self.counts };
        Simulation {
            n_frames: FRAMES,
            contrast: CONTRAST,
            seed: 1_000_003 * seed + 17,
            ..simulation(self.mode(), &self.theta(), phi_degrees, scatter)
        }
    }
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for physics in [Physics::Static, Physics::Flow, Physics::FlowFree] {
        for scaling in [ScalingMode::Auto, ScalingMode::Individual] {
            cases.extend(COUNTS.map(|counts| Case { physics, counts, scaling, wrong: None }));
        }
    }
    for physics in [Physics::Static, Physics::Flow] {
        cases.extend([Wrong::FourPixels, Wrong::OverDispersed, Wrong::Flicker].map(|wrong| Case {
            physics,
            counts: 3.0,
            scaling: ScalingMode::Auto,
            wrong: Some(wrong),
        }));
    }
    cases
}

/// c2 of an angle with another noise than that of the model, row by row.
fn wrong_correlations(wrong: Wrong, counts: f64, field: &dyn Fn(usize, usize) -> f64, seed: u64) -> Vec<f64> {
    let (mut random, speckles) = (Xoshiro256PlusPlus::seed_from_u64(seed), 1000);
    let factor = cholesky(field);
    let mut intensities = Array2::<f64>::zeros((FRAMES, speckles));
    let modes = (1.0 / CONTRAST).round() as usize;
    for _ in 0..2 * modes {
        let white = Array2::from_shape_fn((FRAMES, speckles), |_| StandardNormal.sample(&mut random));
        let fields: Array2<f64> = factor.dot(&white);
        intensities += &(&fields * &fields / (2 * modes) as f64);
    }
    let pixels = if wrong == Wrong::FourPixels { 4 } else { 1 };
    let flicker: Vec<f64> = (0..FRAMES)
        .map(|_| {
            let normal: f64 = StandardNormal.sample(&mut random);
            if wrong == Wrong::Flicker { (1.0 + 0.2 * normal).max(0.2) } else { 1.0 }
        })
        .collect();
    let counted = Array2::from_shape_fn((FRAMES, pixels * speckles), |(frame, pixel)| {
        let rate = counts * flicker[frame] * intensities[[frame, pixel / pixels]];
        // A rate that scatters by a gamma variate of its own has counts whose variance is 1.3 times their mean.
        let rate = match wrong {
            Wrong::OverDispersed => Gamma::new(rate / 0.3, 0.3).map_or(0.0, |gamma| gamma.sample(&mut random)),
            _ => rate,
        };
        Poisson::new(rate).map_or(0.0, |poisson| poisson.sample(&mut random))
    });
    let means = counted.mean_axis(Axis(1)).expect("pixels");
    let products = counted.dot(&counted.t()) / (pixels * speckles) as f64;
    products.indexed_iter().map(|((i, j), product)| product / (means[i] * means[j])).collect()
}

/// The lower factor of the field correlation.
fn cholesky(field: &dyn Fn(usize, usize) -> f64) -> Array2<f64> {
    let mut factor = Array2::<f64>::zeros((FRAMES, FRAMES));
    for a in 0..FRAMES {
        for b in 0..=a {
            let entry = if a == b { 1.0 + 1e-8 } else { field(b, a) };
            let rest = entry - factor.row(a).iter().zip(factor.row(b)).take(b).map(|(x, y)| x * y).sum::<f64>();
            factor[[a, b]] = if a == b { rest.max(1e-12).sqrt() } else { rest / factor[[b, b]] };
        }
    }
    factor
}

fn draw(case: &Case, seed: u64) -> FitResult {
    let simulation = case.simulation(seed);
    let experiment = simulation.experiment();
    let model = Model::new(simulation.mode, simulation.convention, &experiment).expect("model");
    let tables = model.tables(&simulation.theta);
    let store = memory_of_matrices(experiment, 65_536, |place, angle| {
        let evaluator = PairEvaluator::new(&model, &tables, &simulation.theta, angle.phi_degrees);
        match case.wrong {
            None => simulation.correlations(&model, &tables, place, &StopFlag::default()).expect("a correlation"),
            Some(wrong) => {
                wrong_correlations(wrong, case.counts, &|i, j| evaluator.field(i, j), 1000 * seed + place as u64)
            }
        }
    });
    let mut settings = settings(case.mode(), ScalingSettings::from(case.scaling));
    settings.weighting = case.weighting();
    hold_and_begin(&mut settings, case.mode(), case.fixed(), &simulation.theta);
    fit_memory(store, &model, &settings)
}

/// One number of one draw: pull, that of least squares, whether the 68 and 95 % intervals hold the truth, value by least squares and
/// with weights, and the predicted gain. Rates are looked at by their logarithm.
struct Number {
    name: String,
    pull: f64,
    pull_of_least_squares: f64,
    holds: [bool; 2],
    values: [f64; 2],
    gain: f64,
}

fn numbers(case: &Case, found: &FitResult) -> Vec<Number> {
    let Some(weighting) = &found.weighting else { return Vec::new() };
    let mut all = Vec::new();
    for (one, truth) in found.parameters.iter().zip(case.theta()) {
        let Some(error) = one.uncertainty else { continue };
        let compared = compared(weighting, &one.name, (one.value, error));
        let is_rate = find_parameter(&one.name).is_some_and(|known| known.scale == SearchScale::Log);
        let of = |value: f64| if is_rate { (value / truth).ln() } else { value - truth };
        let unit = if is_rate { error / one.value } else { error };
        let lies_in = |interval: Option<[Option<f64>; 2]>| {
            let [lower, upper] = interval.unwrap_or_default();
            lower.is_none_or(|lower| truth > lower) && upper.is_none_or(|upper| truth < upper)
        };
        all.push(Number {
            name: one.name.clone(),
            pull: of(one.value) / unit,
            pull_of_least_squares: of(compared.value)
                / if is_rate { compared.error / compared.value } else { compared.error },
            holds: [one.interval_68, one.interval_95].map(lies_in),
            values: [of(compared.value), of(one.value)],
            gain: compared.gain,
        });
    }
    let shared = found.angles.windows(2).all(|two| two[0].contrast == two[1].contrast);
    for (k, angle) in found.angles[..if shared { 1 } else { found.angles.len() }].iter().enumerate() {
        for (what, fitted, value, error, truth) in [
            ("contrast", angle.contrast_fitted, angle.contrast, angle.contrast_uncertainty, CONTRAST),
            ("offset", angle.offset, angle.offset, angle.offset_uncertainty, 1.0),
        ] {
            let Some(error) = error else { continue };
            let compared = compared(weighting, &format!("{what}[{k}]"), (fitted, error));
            let pull = (value - truth) / error;
            let holds = [1.0, 1.96].map(|level| pull.abs() < level);
            let values = [compared.value - truth, fitted - truth];
            // The value that is fitted is that of the mean, up to what the means do to the contrast.
            let pull_of_least_squares = (compared.value - fitted + value - truth) / compared.error;
            all.push(Number { name: what.into(), pull, pull_of_least_squares, holds, values, gain: compared.gain });
        }
    }
    all
}

/// A number by least squares, and what weights were predicted to gain: nothing where least squares has stayed.
struct ByLeastSquares {
    value: f64,
    error: f64,
    gain: f64,
}

fn compared(weighting: &WeightingFound, name: &str, (value, error): (f64, f64)) -> ByLeastSquares {
    let known = weighting.numbers.get(name).filter(|_| weighting.weights == PairWeights::Speckle);
    let of = |known: &ComparedNumber| {
        Some(ByLeastSquares { value: known.uniform, error: known.uniform_uncertainty?, gain: known.gain? })
    };
    known.and_then(of).unwrap_or(ByLeastSquares { value, error, gain: 1.0 })
}

fn spread(values: &[f64]) -> f64 {
    let middle = mean(values.iter().copied());
    mean(values.iter().map(|value| (value - middle).powi(2))).sqrt()
}

fn report(case: &Case, all: &[FitResult]) {
    println!("\n{}", case.name());
    let taken: Vec<&FitResult> = all
        .iter()
        .filter(|found| found.weighting.as_ref().is_some_and(|found| found.weights == PairWeights::Speckle))
        .collect();
    // By default least squares is an answer too; judged are fits that are accepted.
    let is_accepted = |found: &&FitResult| found.verdict == Verdict::Converged;
    let judged: Vec<&FitResult> = match case.weighting() {
        Weighting::Auto => all.iter().filter(is_accepted).collect(),
        _ => taken.clone(),
    };
    let every: Vec<Number> = judged.iter().flat_map(|found| numbers(case, found)).collect();
    for name in names(&every, |number| &number.name) {
        let of: Vec<&Number> = every.iter().filter(|number| number.name == name).collect();
        let spreads = [0, 1].map(|k| spread(&of.iter().map(|number| number.values[k]).collect::<Vec<f64>>()));
        let share = |level: usize| 100.0 * mean(of.iter().map(|number| f64::from(u8::from(number.holds[level]))));
        println!(
            "  {name:<18} gain {:>5.2} predicted {:>5.2}  {:>5.1} {:>5.1}  mean {:>5.2} rms {:>4.2} ({:>4.2})  of {}",
            spreads[0] / spreads[1],
            mean(of.iter().map(|number| number.gain)),
            share(0),
            share(1),
            mean(of.iter().map(|number| number.pull)),
            mean(of.iter().map(|number| number.pull.powi(2))).sqrt(),
            mean(of.iter().map(|number| number.pull_of_least_squares.powi(2))).sqrt(),
            of.len()
        );
    }
    let agreement = taken.iter().filter_map(|found| found.weighting.as_ref()?.agreement);
    let below = |limit: f64| 100.0 * mean(agreement.clone().map(|test| f64::from(u8::from(test.p_value < limit))));
    let per_degree = agreement.clone().filter(|test| test.degrees_of_freedom > 0);
    println!(
        "  Hausman: T/dof {:.2}, p < 0.01 in {:.1} %, p < 1e-3 in {:.1} %; ridge {:.2}; weighted {} of {}",
        mean(per_degree.map(|test| test.statistic / test.degrees_of_freedom as f64)),
        below(0.01),
        below(1e-3),
        mean(taken.iter().filter_map(|found| found.weighting.as_ref()?.ridge)),
        taken.len(),
        all.len()
    );
    let tests: Vec<f64> = all.iter().filter_map(|found| Some(found.lack_of_fit.as_ref()?.p_value)).collect();
    let refused = 100.0 * mean(tests.iter().map(|p| f64::from(u8::from(*p < 1e-3))));
    let converged = all.iter().filter(|found| found.verdict == Verdict::Converged).count();
    println!("  test of fit refuses {refused:.1} %; {converged} converged");
    let others =
        all.iter().filter_map(|found| found.weighting.as_ref()).filter(|found| found.weights == PairWeights::Uniform);
    let mut reasons: Vec<&str> = others.map(|found| found.reason.as_str()).collect();
    reasons.sort_unstable();
    reasons.dedup();
    reasons.iter().take(3).for_each(|reason| println!("  e.g. {reason}"));
}

fn main() {
    each_case(&cases(), |case, _, seed| draw(case, seed), report);
}
