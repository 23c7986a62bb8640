//! Can error bars be trusted? `cargo bench --bench coverage -- DRAWS`
//!
//! Draws of one truth with speckle noise (correlations of a finite number of simulated speckles) or Gaussian noise; how often
//! does the 68 % interval hold the truth, by the plain covariance (pairs independent), the dyadic-robust one (pairs that share
//! a frame) and the reported one (pairs that share frames or speckles)? And which spread do the pulls have?

#[path = "../tests/library/common.rs"]
mod common;

use common::{outset, settings};
use homodyne::experiment::{Angle, Experiment};
use homodyne::fit::course::fit;
use homodyne::fit::solver::journal::Following;
use homodyne::ingest::sigma::estimate_sigma;
use homodyne::likelihood::scaling::ScalingSettings;
use homodyne::model::catalogue::Model;
use homodyne::outcome::fit::{AngleResult, FitResult};
use homodyne::outcome::parameter::ParameterStatus;
use homodyne::parameters::definitions::{AnalysisMode, ShearConvention};
use homodyne::parameters::scaling::{AngleScaling, ScalingMode};
use homodyne::simulate::{Noise, Simulation, Width};
use homodyne::store::block::Values;
use homodyne::store::memory::MemoryStore;
use homodyne::sums::loss::{Loss, Reweighing};
use homodyne::sums::objective::{RawData, ResidualQuery};
use homodyne::sums::residuals::FrameGroups;
use homodyne::sweep::raw::pass::Sweep;
use homodyne::sweep::scattered::Sample;
use std::sync::Arc;

struct Case {
    name: &'static str,
    mode: AnalysisMode,
    theta: Vec<f64>,
    fixed: &'static [usize],
    n_frames: usize,
    n_angles: usize,
    noise: Noise,
    scaling: ScalingSettings,
}

/// Of every free parameter: z = (found - truth) / error for the three kinds of errors, and the reported error relative to the
/// truth.
type Pulls = Vec<[f64; 4]>;

fn simulation(case: &Case, seed: u64) -> Simulation {
    let phi = |k: usize| -90.0 + 180.0 * k as f64 / case.n_angles as f64;
    Simulation {
        mode: case.mode,
        convention: ShearConvention::Homodyne,
        theta: case.theta.clone(),
        q_per_angstrom: 0.0054,
        further_q: vec![],
        gap_angstrom: 2e6,
        dt_seconds: 0.1,
        n_frames: case.n_frames,
        phi_degrees: (0..case.n_angles).map(phi).collect(),
        contrast: 0.14,
        offset: 1.0,
        scaling_variation: 0.0,
        noise: case.noise,
        seed,
        dead_frames: vec![],
        width: Width::F64,
    }
}

fn draw(case: &Case, seed: u64) -> Option<(Pulls, f64)> {
    let simulation = simulation(case, 1_000_003 * seed + 17);
    let mut experiment: Experiment = simulation.experiment();
    let model = Model::new(case.mode, simulation.convention, &experiment).expect("model");
    let tables = model.tables(&case.theta);
    let n = case.n_frames;
    let mut values = Vec::new();
    for angle in 0..case.n_angles {
        let matrix = simulation.correlations(&model, &tables, angle).expect("simulated");
        let pairs = (0..n).flat_map(|i| (i + 1..n).map(move |j| (i, j)));
        let upper = Values::from_f64(pairs.map(|(i, j)| matrix[i * n + j]).collect());
        let sigma = estimate_sigma(&upper, n, &[]);
        experiment.angles[angle] = Angle { sigma, ..experiment.angles[angle].clone() };
        values.push(upper);
    }
    let store = Arc::new(MemoryStore::new(experiment.clone(), values, 65_536).expect("shapes fit"));
    let sample = Sample::draw(store.as_ref(), &model).expect("memory");
    let sweep = Sweep::new(store, model.clone(), 1);
    let mut settings = settings(case.mode, case.scaling.clone());
    settings.start = Some(case.theta.clone());
    case.fixed.iter().for_each(|&k| settings.space.physical[k].fixed = Some(case.theta[k]));
    let found = fit(&sample, &sweep, &settings, &outset(&model, &settings), &mut Following::default()).expect("fit");
    let dyadic = dyadic_errors(&sweep, &found, &experiment)?;
    let free = (0..case.theta.len()).filter(|k| !case.fixed.contains(k));
    let pulls = |(place, k): (usize, usize)| {
        let parameter = &found.parameters[k];
        let away = parameter.value - case.theta[k];
        let (reported, truth) = (parameter.uncertainty?, case.theta[k].abs());
        Some([away / parameter.uncertainty_plain?, away / dyadic[place], away / reported, reported / truth])
    };
    Some((free.enumerate().map(pulls).collect::<Option<Pulls>>()?, found.renewals.unwrap_or(0.0)))
}

/// Errors by the estimator of Fafchamps and Gubert, taken literally: only pairs that share a frame are correlated. Shared
/// scaling.
fn dyadic_errors(sweep: &Sweep<'_>, found: &FitResult, experiment: &Experiment) -> Option<Vec<f64>> {
    let n = experiment.time.n_frames;
    let theta: Vec<f64> = found.parameters.iter().map(|parameter| parameter.value).collect();
    let moving: Vec<usize> =
        (0..theta.len()).filter(|&k| found.parameters[k].status == ParameterStatus::Free).collect();
    let covariance: Vec<Vec<f64>> = found
        .covariance_plain
        .iter()
        .map(|row| row.iter().copied().collect::<Option<Vec<f64>>>())
        .collect::<Option<_>>()?;
    let of_angle = |(angle, known): (&Angle, &AngleResult)| {
        let scaling = AngleScaling::new(known.contrast, known.offset);
        Reweighing { loss: Loss::Linear, turn: angle.sigma, scaling }
    };
    let reweighing: Vec<Reweighing> = experiment.angles.iter().zip(&found.angles).map(of_angle).collect();
    let groups = FrameGroups::new((0..n).collect(), n);
    let query = ResidualQuery { theta: &theta, weights: None, reweighing: &reweighing, groups: &groups };
    let mut variances = vec![0.0; moving.len()];
    for (sums, (angle, known)) in sweep.residuals(&query).ok()?.iter().zip(experiment.angles.iter().zip(&reweighing)) {
        let p = theta.len();
        let weight = angle.sigma.powi(-2);
        for (m, variance) in variances.iter_mut().enumerate() {
            let influence = |score: &[f64]| {
                let physical =
                    moving.iter().enumerate().map(|(c, &k)| covariance[m][c] * known.scaling.contrast * score[k]);
                let first = moving.len();
                let scaling = covariance[m][first] * score[p] + covariance[m][first + 1] * score[p + 1];
                weight * (physical.sum::<f64>() + scaling)
            };
            let mut of_frame = vec![0.0; n];
            for i in 0..n {
                for j in i + 1..n {
                    let u = influence(sums.score(i, j));
                    (of_frame[i], of_frame[j]) = (of_frame[i] + u, of_frame[j] + u);
                    *variance -= u * u;
                }
            }
            *variance += of_frame.iter().map(|sum| sum * sum).sum::<f64>();
        }
    }
    Some(variances.iter().map(|variance| variance.max(0.0).sqrt()).collect())
}

fn cases() -> Vec<Case> {
    let speckle = |count: usize| Noise { sigma: 0.0, speckles: Some(count) };
    let with_photons = |count: usize| Noise { sigma: 0.003, speckles: Some(count) };
    let gaussian = Noise { sigma: 0.003, speckles: None };
    let laminar = vec![60_000.0, -0.35, 3000.0, 0.0013, 0.25, 0.000_15, -6.5];
    let static_case = |name, noise, fixed, amplitude: f64| Case {
        name,
        mode: AnalysisMode::Static,
        theta: vec![amplitude, -0.35, 0.05 * amplitude],
        fixed,
        n_frames: 400,
        n_angles: 8,
        noise,
        scaling: ScalingMode::Auto.into(),
    };
    let laminar_case = |name, noise, fixed, n_angles| Case {
        name,
        mode: AnalysisMode::LaminarFlow,
        theta: laminar.clone(),
        fixed,
        n_frames: 300,
        n_angles,
        noise,
        scaling: ScalingMode::Auto.into(),
    };
    vec![
        static_case("static, speckle, 40 renewals", speckle(3_000), &[], 60_000.0),
        static_case("static, speckle + photons, 13 renewals", with_photons(3_000), &[2], 20_000.0),
        laminar_case("laminar, speckle", speckle(3_000), &[], 12),
        laminar_case("laminar, speckle + photons, constant parts given", with_photons(3_000), &[2, 5], 24),
        laminar_case("laminar, Gaussian", gaussian, &[], 8),
        static_case("static, Gaussian", gaussian, &[], 60_000.0),
    ]
}

fn report(case: &Case, all: &[(Pulls, f64)], draws: usize) {
    let renewals = all.iter().map(|(_, renewals)| renewals).sum::<f64>() / all.len().max(1) as f64;
    println!(
        "\n{}: {} of {draws} draws determined, {} angles x {} frames, {renewals:.1} renewals",
        case.name,
        all.len(),
        case.n_angles,
        case.n_frames
    );
    println!("{:<20} {:>24} {:>24}", "", "68 % interval holds [%]", "root mean square pull");
    println!(
        "{:<20} {:>8} {:>7} {:>8} {:>8} {:>7} {:>8} {:>10} {:>10}",
        "parameter", "plain", "dyadic", "reported", "plain", "dyadic", "reported", "mean pull", "error [%]"
    );
    let free: Vec<usize> = (0..case.theta.len()).filter(|k| !case.fixed.contains(k)).collect();
    let mut held = [0.0; 3];
    for (place, &k) in free.iter().enumerate() {
        let mean = |value: &dyn Fn(&[f64; 4]) -> f64| {
            all.iter().map(|(pulls, _)| value(&pulls[place])).sum::<f64>() / all.len() as f64
        };
        let share = |kind: usize| 100.0 * mean(&|z| f64::from(u8::from(z[kind].abs() < 1.0)));
        let spread = |kind: usize| mean(&|z| z[kind] * z[kind]).sqrt();
        (0..3).for_each(|kind| held[kind] += share(kind) / free.len() as f64);
        println!(
            "{:<20} {:>8.1} {:>7.1} {:>8.1} {:>8.2} {:>7.2} {:>8.2} {:>10.2} {:>10.2}",
            case.mode.parameters()[k].name,
            share(0),
            share(1),
            share(2),
            spread(0),
            spread(1),
            spread(2),
            mean(&|z| z[2]),
            100.0 * mean(&|z| z[3])
        );
    }
    println!("{:<20} {:>8.1} {:>7.1} {:>8.1}", "mean", held[0], held[1], held[2]);
}

fn main() {
    let numbers: Vec<usize> = std::env::args().filter_map(|word| word.parse().ok()).collect();
    let draws = numbers.first().copied().unwrap_or(200);
    let only = numbers.get(1).copied();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    for (place, case) in cases().iter().enumerate() {
        if only.is_some_and(|only| only != place) {
            continue;
        }
        let all: Vec<(Pulls, f64)> = std::thread::scope(|scope| {
            let work = |thread: usize| {
                let seeds = (thread..draws).step_by(threads);
                move || seeds.filter_map(|seed| draw(case, seed as u64)).collect::<Vec<(Pulls, f64)>>()
            };
            let running: Vec<_> = (0..threads).map(|thread| scope.spawn(work(thread))).collect();
            running.into_iter().flat_map(|thread| thread.join().expect("no panic")).collect()
        });
        report(case, &all, draws);
    }
}
