//! What does the full batch cost against streaming? `cargo bench --bench strategies`
//!
//! Time of one local fit from the truth (the same iterations for both), best of five: the default of
//! `optimization.nlsq.stratified_max_points` comes from it. Then a sweep by block QR against one by Gram matrices.

#[path = "../tests/library/common.rs"]
mod common;
mod measured;

use common::{LAMINAR, experiment, gaussian, memory_f32, model, outset, settings, values_of};
use homodyne::fit::course::fit;
use homodyne::fit::settings::FitSettings;
use homodyne::fit::solver::journal::Following;
use homodyne::outcome::fit::Strategy;
use homodyne::parameters::definitions::{AnalysisMode, ShearConvention};
use homodyne::parameters::scaling::ScalingMode;
use homodyne::sums::objective::{Objective, Query, RawData};
use homodyne::sums::rank_update::Depth;
use homodyne::sweep::raw::pass::Sweep;
use homodyne::sweep::scattered::Sample;
use measured::best_of;
use std::sync::Arc;

fn main() {
    println!("{:>9} {:>10} {:>16} {:>18}", "pairs", "scaling", "stratified [ms]", "streaming [ms]");
    for (angles, frames) in [(4, 12), (4, 24), (6, 40), (8, 60), (8, 100), (8, 200), (10, 316), (10, 700)] {
        let experiment = experiment(frames, angles);
        let model = model(AnalysisMode::LaminarFlow, ShearConvention::Homodyne, &experiment);
        let noise = |a: usize, k: usize| 0.003 * gaussian(9 + a as u64, k as u64);
        let values = values_of(&model, &experiment, &LAMINAR, &|_| (0.14, 1.003), &noise);
        let store = Arc::new(memory_f32(experiment.clone(), &values, 65_536));
        let sample = Sample::draw(store.as_ref(), &model).expect("memory");
        for choice in [ScalingMode::Auto, ScalingMode::Individual] {
            let name = choice.name();
            let milliseconds = |strategy: Strategy| {
                let base = settings(AnalysisMode::LaminarFlow, choice.into());
                let settings = FitSettings { strategy: Some(strategy), start: Some(LAMINAR.to_vec()), ..base };
                let sweep = Sweep::new(store.clone(), model.clone(), 2);
                1e3 * best_of(5, || {
                    drop(
                        fit(&sample, &sweep, &settings, &outset(&model, &settings), &mut Following::default())
                            .expect("fit"),
                    )
                })
            };
            println!(
                "{:>9} {name:>10} {:>16.2} {:>18.2}",
                angles * frames * (frames - 1) / 2,
                milliseconds(Strategy::Stratified),
                milliseconds(Strategy::HybridStreaming)
            );
        }
    }
    let experiment = experiment(1000, 10);
    let model = model(AnalysisMode::LaminarFlow, ShearConvention::Homodyne, &experiment);
    let values = values_of(&model, &experiment, &LAMINAR, &|_| (0.14, 1.003), &|_, _| 0.0);
    let store = Arc::new(memory_f32(experiment, &values, 65_536));
    println!("\n{:>8} {:>20} {:>20}", "threads", "Gram [M pairs/s]", "block QR [M pairs/s]");
    for threads in [1, 2] {
        let sweep = Sweep::new(store.clone(), model.clone(), threads);
        let query = Query::plain(&LAMINAR);
        let pairs = 10.0 * 1000.0 * 999.0 / 2.0 / 1e6;
        let gram = pairs / best_of(5, || drop(sweep.sweep(&query, Depth::Normal).expect("memory")));
        let factor = pairs / best_of(5, || drop(sweep.factors(&query).expect("memory")));
        println!("{threads:>8} {gram:>20.0} {factor:>20.0}");
    }
}
