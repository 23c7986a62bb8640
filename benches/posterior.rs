//! Do intervals of posteriors hold the truth? `cargo bench --bench posterior -- DRAWS [static|laminar..]`
//!
//! Draws of a known truth as simulated intensities (`simulate --noise intensities`: 500 speckles per angle, contrast 0.2, one photon per pixel
//! and frame), constant parts fixed: how often do the central 68 and 95 % intervals of the posterior hold the truth, and those of least
//! squares beside them? [docs/posterior.md](../docs/posterior.md) has the numbers.

#[path = "../tests/library/common.rs"]
mod common;
#[allow(dead_code)]
mod draws;

use common::{fit_memory, memory_of_matrices, settings, simulation};
use draws::{hold_and_begin, mean};
use homodyne::api::*;
use homodyne::simulate::{Scatter, Simulation};
use std::sync::Arc;

struct Case {
    name: &'static str,
    mode: AnalysisMode,
    n_frames: usize,
    n_angles: usize,
    theta: &'static [f64],
    fixed: &'static [usize],
}

const CASES: [Case; 2] = [
    Case {
        name: "static",
        mode: AnalysisMode::Static,
        n_frames: 150,
        n_angles: 4,
        theta: &[19_000.0, -0.3, 0.0],
        fixed: &[2],
    },
    Case {
        name: "laminar",
        mode: AnalysisMode::LaminarFlow,
        n_frames: 120,
        n_angles: 8,
        theta: &[19_000.0, -0.3, 0.0, 0.002, 0.2, 0.0, 5.0],
        fixed: &[2, 5],
    },
];

/// Of one number: name, what holds the truth: 68 and 95 % of the posterior, of least squares.
type Holds = (String, [bool; 4]);

/// What one measurement says; `None` where chains do not agree.
fn draw(case: &Case, seed: u64) -> Option<Vec<Holds>> {
    let phi_degrees = (0..case.n_angles).map(|k| -80.0 + 180.0 * k as f64 / case.n_angles as f64).collect();
    let simulation = Simulation {
        n_frames: case.n_frames,
        seed: 1_000_003 * seed + 29,
        ..simulation(case.mode, case.theta, phi_degrees, Scatter::Intensities { speckles: 500, counts: 1.0 })
    };
    let experiment = simulation.experiment();
    let model = Model::new(simulation.mode, simulation.convention, &experiment).expect("model");
    let tables = model.tables(&simulation.theta);
    let store = memory_of_matrices(experiment, 65_536, |place, _| {
        simulation.correlations(&model, &tables, place, &StopFlag::default()).expect("a correlation")
    });
    let mut fit = settings(case.mode, ScalingMode::Auto.into());
    hold_and_begin(&mut fit, case.mode, case.fixed, case.theta);
    let fitted = fit_memory(store.clone(), &model, &fit);
    let sampled = SampleSettings { n_chains: 2, n_draws: 600, seed, ..SampleSettings::default() };
    let ask = Ask {
        space: &fit.space,
        scaling: &fit.scaling,
        settings: &sampled,
        fitted: &fitted,
        t_ref_seconds: model.t_ref_seconds(),
        threads: 1,
    };
    let sweep = Sweep::new(Arc::new(store), model.clone(), 1);
    let data = Data { together: &sweep, alone: &sweep, may_be_condensed: true };
    let found = sample(data, &ask, &Watch::nobody()).expect("drawn");
    if found.numbers.iter().any(|number| number.r_hat.is_none_or(|r_hat| r_hat > 1.05)) {
        return None;
    }
    let of = |(parameter, truth): (&ParameterResult, &f64)| {
        let number = found.numbers.iter().find(|number| number.name == parameter.name)?;
        let lies_in = |[lower, upper]: [f64; 2]| lower <= *truth && *truth <= upper;
        let fits = |interval: Option<[Option<f64>; 2]>| {
            interval.is_some_and(|[lower, upper]| {
                lies_in([lower.unwrap_or(f64::NEG_INFINITY), upper.unwrap_or(f64::INFINITY)])
            })
        };
        let posterior = [number.interval_68, number.interval_95].map(lies_in);
        let least_squares = [parameter.interval_68, parameter.interval_95].map(fits);
        Some((number.name.clone(), [posterior[0], posterior[1], least_squares[0], least_squares[1]]))
    };
    Some(fitted.parameters.iter().zip(case.theta).filter_map(of).collect())
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let n = words.first().and_then(|word| word.parse().ok()).unwrap_or(200_u64);
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get() as u64);
    println!("| case | measurements | number | posterior 68 / 95 % | least squares 68 / 95 % |");
    println!("| --- | --- | --- | --- | --- |");
    for case in CASES.iter().filter(|case| words.len() < 2 || words[1..].iter().any(|word| word == case.name)) {
        let all: Vec<Vec<Holds>> = std::thread::scope(|scope| {
            let work =
                |thread: u64| move || (thread..n).step_by(threads as usize).filter_map(|k| draw(case, k)).collect();
            let running: Vec<_> = (0..threads).map(|thread| scope.spawn(work(thread))).collect();
            let joined = running.into_iter().map(|thread| thread.join().expect("no panic"));
            joined.collect::<Vec<Vec<Vec<Holds>>>>().concat()
        });
        for (place, (name, _)) in all.first().into_iter().flatten().enumerate() {
            let share = |k: usize| 100.0 * mean(all.iter().map(|found| f64::from(u8::from(found[place].1[k]))));
            let [a, b, c, d] = [0, 1, 2, 3].map(share);
            println!("| {} | {} of {n} | {name} | {a:.0} / {b:.0} | {c:.0} / {d:.0} |", case.name, all.len());
        }
    }
}
