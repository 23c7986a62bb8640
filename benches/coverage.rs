//! Can error bars and verdicts be trusted? `cargo bench --bench coverage -- DRAWS [CASE..]`
//!
//! Draws of a known truth from simulated speckle intensities (fields with the model's correlation, modes, photon counts, division
//! by the means over pixels): how often do the reported 68 and 95 % intervals hold the truth, what are mean and spread of the
//! pulls, how many accepted fits are wrong by more than four errors, and how often does the test of fit reject the exact model?

#[path = "../tests/library/common.rs"]
mod common;

use common::{outset, settings};
use homodyne::experiment::{Angle, Experiment, TimeGrid};
use homodyne::fit::course::fit;
use homodyne::fit::solver::journal::Following;
use homodyne::ingest::sigma::estimate_sigma;
use homodyne::likelihood::scaling::ScalingSettings;
use homodyne::model::catalogue::Model;
use homodyne::model::pair::PairEvaluator;
use homodyne::outcome::fit::FitResult;
use homodyne::outcome::verdict::Verdict;
use homodyne::parameters::definitions::{AnalysisMode, ShearConvention};
use homodyne::parameters::scaling::ScalingMode;
use homodyne::store::block::Values;
use homodyne::store::memory::MemoryStore;
use homodyne::sweep::raw::pass::Sweep;
use homodyne::sweep::scattered::Sample;
use rand_distr::{Distribution, Poisson, StandardNormal};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;
use std::sync::Arc;

#[derive(Clone)]
struct Case {
    name: String,
    mode: AnalysisMode,
    theta: Vec<f64>,
    fixed: Vec<usize>,
    n_frames: usize,
    n_angles: usize,
    speckles: usize,
    modes: usize,
    counts: f64,
    scaling: ScalingMode,
    renewals: f64,
}

const Q: f64 = 0.0054;
const DT: f64 = 0.1;

fn experiment(case: &Case) -> Experiment {
    let phi = |k: usize| -80.0 + 180.0 * k as f64 / case.n_angles as f64;
    let angle = |k| Angle { phi_degrees: phi(k), sigma: 0.0, masked_frames: vec![] };
    Experiment {
        q_per_angstrom: Q,
        gap_angstrom: Some(2e6),
        time: TimeGrid { n_frames: case.n_frames, dt_seconds: DT, start_seconds: 0.0 },
        angles: (0..case.n_angles).map(angle).collect(),
    }
}

fn matrix(case: &Case, evaluator: &PairEvaluator<'_>, random: &mut Xoshiro256PlusPlus) -> Vec<f64> {
    use faer::{Mat, Side};
    let n = case.n_frames;
    let covariance = Mat::from_fn(n, n, |r, c| if r == c { 1.0 + 1e-9 } else { evaluator.field(r.min(c), r.max(c)) });
    let factor = covariance.llt(Side::Lower).expect("positive");
    let mut intensities = Mat::<f64>::zeros(n, case.speckles);
    let scale = 1.0 / (2.0 * case.modes as f64);
    for _ in 0..2 * case.modes {
        let white = Mat::<f64>::from_fn(n, case.speckles, |_, _| StandardNormal.sample(random));
        let fields = factor.L() * &white;
        for s in 0..case.speckles {
            for k in 0..n {
                intensities[(k, s)] += scale * fields[(k, s)] * fields[(k, s)];
            }
        }
    }
    for s in 0..case.speckles {
        for k in 0..n {
            if case.counts > 0.0 {
                let rate = case.counts * intensities[(k, s)];
                intensities[(k, s)] = Poisson::new(rate).map_or(0.0, |p| p.sample(random));
            }
        }
    }
    for k in 0..n {
        let mean = (0..case.speckles).map(|s| intensities[(k, s)]).sum::<f64>() / case.speckles as f64;
        (0..case.speckles).for_each(|s| intensities[(k, s)] /= mean);
    }
    let product = &intensities * intensities.transpose();
    let mut values = Vec::new();
    for i in 0..n {
        for j in i + 1..n {
            values.push(product[(i, j)] / case.speckles as f64);
        }
    }
    values
}

fn draw(case: &Case, seed: u64) -> FitResult {
    let mut experiment = experiment(case);
    let model = Model::new(case.mode, ShearConvention::Homodyne, &experiment).expect("model");
    let tables = model.tables(&case.theta);
    let mut random = Xoshiro256PlusPlus::seed_from_u64(1_000_003 * seed + 17);
    let mut values = Vec::new();
    for angle in 0..case.n_angles {
        let evaluator = PairEvaluator::new(&model, &tables, &case.theta, experiment.angles[angle].phi_degrees);
        let upper = Values::from_f64(matrix(case, &evaluator, &mut random));
        let sigma = estimate_sigma(&upper, case.n_frames, &[]);
        experiment.angles[angle] = Angle { sigma, ..experiment.angles[angle].clone() };
        values.push(upper);
    }
    let store = Arc::new(MemoryStore::new(experiment.clone(), values, 65_536).expect("shapes fit"));
    let sample = Sample::draw(store.as_ref(), &model).expect("memory");
    let sweep = Sweep::new(store, model.clone(), 1);
    let mut settings = settings(case.mode, ScalingSettings::from(case.scaling));
    case.fixed.iter().for_each(|&k| settings.space.physical[k].fixed = Some(case.theta[k]));
    if case.mode == AnalysisMode::LaminarFlow {
        settings.start = Some(case.theta.clone());
    }
    fit(&sample, &sweep, &settings, &outset(&model, &settings), &mut Following::default()).expect("fit")
}

/// (found - truth) / error of everything that has an error, with its name.
fn pulls(case: &Case, found: &FitResult) -> Vec<(String, f64, f64)> {
    let mut pulls = Vec::new();
    for (k, parameter) in found.parameters.iter().enumerate() {
        if let Some(error) = parameter.uncertainty {
            pulls.push((
                parameter.name.clone(),
                (parameter.value - case.theta[k]) / error,
                error / case.theta[k].abs(),
            ));
        }
    }
    let shared = case.scaling == ScalingMode::Auto && case.n_angles >= 3;
    let contrast = 1.0 / case.modes as f64;
    for angle in &found.angles[..if shared { 1 } else { case.n_angles }] {
        if let Some(error) = angle.contrast_uncertainty {
            pulls.push(("contrast".into(), (angle.contrast - contrast) / error, error / contrast));
        }
        if let Some(error) = angle.offset_uncertainty {
            pulls.push(("offset".into(), (angle.offset - 1.0) / error, error));
        }
    }
    pulls
}

fn law(renewals: f64, exponent: f64, n: usize) -> f64 {
    let sum: f64 = (0..n).map(|k| (k as f64 * DT).max(DT / 2.0).powf(exponent)).sum();
    renewals / (Q * Q * DT * sum)
}

fn cases() -> Vec<Case> {
    let base = Case {
        name: String::new(),
        mode: AnalysisMode::Static,
        theta: vec![0.0; 3],
        fixed: vec![2],
        n_frames: 200,
        n_angles: 1,
        speckles: 1000,
        modes: 5,
        counts: 0.0,
        scaling: ScalingMode::Auto,
        renewals: 4.0,
    };
    let still = |renewals: f64, alpha: f64| vec![law(renewals, alpha, 200), alpha, 0.0];
    let flow = |renewals: f64| vec![law(renewals, -0.25, 200), -0.25, 0.0, 0.0018, 0.2, 0.0, 3.0];
    let mut all = Vec::new();
    let mut add = |n_angles: usize,
                   theta: Vec<f64>,
                   counts: f64,
                   scaling: ScalingMode,
                   speckles: usize,
                   modes: usize,
                   renewals: f64| {
        let mode = if theta.len() == 7 { AnalysisMode::LaminarFlow } else { AnalysisMode::Static };
        let fixed = if theta.len() == 7 { vec![2, 5] } else { vec![2] };
        let name = format!(
            "{} {n_angles} angles, {renewals} renewals, counts {counts}, {speckles} speckles, contrast {:.2}, {}",
            mode.name(),
            1.0 / modes as f64,
            scaling.name()
        );
        all.push(Case {
            name,
            mode,
            theta,
            fixed,
            n_angles,
            counts,
            scaling,
            speckles,
            modes,
            renewals,
            ..base.clone()
        });
    };
    let (auto, individual) = (ScalingMode::Auto, ScalingMode::Individual);
    add(1, still(4.0, -0.2), 0.0, auto, 1000, 5, 4.0);
    add(1, still(4.0, -0.2), 1.0, auto, 1000, 5, 4.0);
    add(2, still(6.0, 0.5), 1.0, auto, 1000, 5, 6.0);
    add(4, still(14.0, -0.2), 0.15, individual, 1000, 5, 14.0);
    add(8, still(33.0, -0.2), 0.0, auto, 200, 10, 33.0);
    add(8, flow(6.0), 1.0, auto, 1000, 5, 6.0);
    add(8, flow(6.0), 0.0, auto, 1000, 5, 6.0);
    add(8, flow(14.0), 0.15, individual, 1000, 4, 14.0);
    add(24, flow(6.0), 1.0, auto, 1000, 5, 6.0);
    all
}

fn report(case: &Case, all: &[FitResult]) {
    let converged: Vec<&FitResult> = all.iter().filter(|found| found.verdict == Verdict::Converged).collect();
    let mut verdicts: Vec<(&str, usize)> = Vec::new();
    for found in all {
        match verdicts.iter_mut().find(|(name, _)| *name == found.verdict.name()) {
            Some((_, n)) => *n += 1,
            None => verdicts.push((found.verdict.name(), 1)),
        }
    }
    println!("\n{}: {verdicts:?}", case.name);
    let every: Vec<(String, f64, f64)> = all.iter().flat_map(|found| pulls(case, found)).collect();
    let mut names: Vec<String> = Vec::new();
    every.iter().for_each(|(name, ..)| {
        if !names.contains(name) {
            names.push(name.clone())
        }
    });
    for name in names {
        let of: Vec<(f64, f64)> = every.iter().filter(|(known, ..)| *known == name).map(|(_, z, e)| (*z, *e)).collect();
        let n = of.len() as f64;
        let share = |limit: f64| 100.0 * of.iter().filter(|(z, _)| z.abs() < limit).count() as f64 / n;
        let mean = of.iter().map(|(z, _)| z).sum::<f64>() / n;
        let rms = (of.iter().map(|(z, _)| z * z).sum::<f64>() / n).sqrt();
        println!(
            "  {name:<20} {:>6.1} {:>6.1}  mean {mean:>6.2} rms {rms:>5.2} error {:>6.2} % n {n}",
            share(1.0),
            share(1.96),
            100.0 * of.iter().map(|(_, e)| e).sum::<f64>() / n
        );
    }
    let p: Vec<f64> = all.iter().filter_map(|found| found.lack_of_fit.as_ref().map(|test| test.p_value)).collect();
    let below = |limit: f64| 100.0 * p.iter().filter(|&&p| p < limit).count() as f64 / p.len().max(1) as f64;
    let tests: Vec<_> = all.iter().filter_map(|found| found.lack_of_fit.as_ref()).collect();
    let mean = |value: &dyn Fn(&homodyne::outcome::noise::LackOfFit) -> f64| {
        tests.iter().map(|t| value(t)).sum::<f64>() / tests.len() as f64
    };
    println!(
        "  test of fit: p < 0.1 {:.1} %, < 0.01 {:.1} %, < 1e-4 {:.1} %; shared T/dof {:.2} (dof {:.1}, noise dof {:.0}), angle T/dof {:.2}",
        below(0.1),
        below(0.01),
        below(1e-4),
        mean(&|t| t.shared.statistic / t.shared.degrees_of_freedom as f64),
        mean(&|t| t.shared.degrees_of_freedom as f64),
        mean(&|t| t.noise_degrees_of_freedom),
        mean(&|t| t.angle.map_or(f64::NAN, |a| a.test.statistic / a.test.degrees_of_freedom as f64))
    );
    let noise: Vec<_> = all.iter().flat_map(|found| found.angles.iter().map(|a| a.noise)).collect();
    let n: Vec<f64> = noise.iter().filter_map(|n| n.speckles).collect();
    let w: Vec<f64> = noise.iter().filter_map(|n| n.white_variance).collect();
    println!(
        "  N {:.0} +- {:.0}, w {:.3}; chi2_nu {:.2} expected {:.2} +- {:.2}",
        n.iter().sum::<f64>() / n.len() as f64,
        (n.iter().map(|x| x * x).sum::<f64>() / n.len() as f64 - (n.iter().sum::<f64>() / n.len() as f64).powi(2))
            .sqrt(),
        w.iter().sum::<f64>() / w.len() as f64,
        all.iter().filter_map(|f| f.reduced_chi_squared).sum::<f64>() / all.len() as f64,
        all.iter().filter_map(|f| f.expected_reduced_chi_squared).map(|e| e.value).sum::<f64>() / all.len() as f64,
        all.iter().filter_map(|f| f.expected_reduced_chi_squared).map(|e| e.spread).sum::<f64>() / all.len() as f64
    );
    let off = converged.iter().filter(|found| pulls(case, found).iter().any(|(_, z, _)| z.abs() > 4.0)).count();
    if let Some(found) = all.iter().find(|f| f.verdict == Verdict::PoorFit) {
        println!("  e.g. {:?}", found.reasons);
    }
    println!("  converged and more than 4 errors off: {off} of {}", converged.len());
}

fn main() {
    let numbers: Vec<usize> = std::env::args().filter_map(|word| word.parse().ok()).collect();
    let draws = numbers.first().copied().unwrap_or(200);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    for (place, case) in cases().iter().enumerate() {
        if numbers.len() > 1 && !numbers[1..].contains(&place) {
            continue;
        }
        let start = std::time::Instant::now();
        let all: Vec<FitResult> = std::thread::scope(|scope| {
            let work = |thread: usize| {
                let seeds = (thread..draws).step_by(threads);
                move || seeds.map(|seed| draw(case, seed as u64)).collect::<Vec<FitResult>>()
            };
            let running: Vec<_> = (0..threads).map(|thread| scope.spawn(work(thread))).collect();
            running.into_iter().flat_map(|thread| thread.join().expect("no panic")).collect()
        });
        report(case, &all);
        println!("  {:.1} s", start.elapsed().as_secs_f64());
    }
}
