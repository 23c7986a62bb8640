//! How long does a whole fit take from a store, by scaling mode; what of it is the start on the sample; and what does per-angle
//! scaling cost per sweep?
//! `cargo bench --bench fit -- ANGLES FRAMES`

#[path = "../tests/library/common.rs"]
mod common;
mod measured;

use common::{outset, settings};
use homodyne::fit::course::fit;
use homodyne::fit::solver::journal::Following;
use homodyne::listener::{Event, Listener, StopFlag, Watch};
use homodyne::model::catalogue::Model;
use homodyne::parameters::definitions::{AnalysisMode, ShearConvention};
use homodyne::parameters::scaling::ScalingMode;
use homodyne::store::block::BlockSource;
use homodyne::store::directory::Store;
use homodyne::store::manifest::StoreFormat;
use homodyne::sweep::raw::pass::Sweep;
use homodyne::sweep::scattered::Sample;
use measured::{convert, simulate, size};
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// When iterations were told.
#[derive(Default)]
struct Marks(Mutex<Vec<Instant>>);

impl Listener for Marks {
    fn hear(&self, event: &Event<'_>) {
        if matches!(event, Event::Iteration { .. }) {
            self.0.lock().expect("one thread").push(Instant::now());
        }
    }
}

fn main() {
    let (angles, frames) = size((100, 1000));
    let folder = tempfile::tempdir().expect("folder");
    let (file, place) = (folder.path().join("data.h5"), folder.path().join("store"));
    simulate(&file, angles, frames);
    convert(&file, &place, StoreFormat::Arrow, 2);
    let store = Arc::new(Store::open(&place, Some(2e6)).expect("store"));
    let experiment = store.experiment().clone();
    let model = Model::new(AnalysisMode::LaminarFlow, ShearConvention::Homodyne, &experiment).expect("model");
    println!("{angles} angles x {frames} frames, laminar flow, 2 threads, from data-driven start");
    println!(
        "{:<12} {:>9} {:>10} {:>8} {:>14} {:>16}",
        "scaling", "whole [s]", "start [s]", "sweeps", "per sweep [ms]", "outside [ms]"
    );
    let modes = [
        ("auto", ScalingMode::Auto.into()),
        ("constant", ScalingMode::Constant.into()),
        ("individual", ScalingMode::Individual.into()),
        ("fourier", ScalingMode::Fourier.into()),
    ];
    for (name, scaling) in modes {
        let start = Instant::now();
        let sample = Sample::draw(store.as_ref(), &model).expect("sample");
        let sweep = Sweep::new(Arc::clone(&store) as Arc<dyn BlockSource>, model.clone(), 2);
        let settings = settings(AnalysisMode::LaminarFlow, scaling);
        // Time between the first and the last iteration: sweeps, elimination and solver, without the start.
        let marks = Marks::default();
        let mut following = Following { watch: Watch::new(&marks, &StopFlag::default()), journal: None };
        let result = fit(&sample, &sweep, &settings, &outset(&model, &settings), &mut following).expect("fit");
        let marks = marks.0.into_inner().expect("one thread");
        let whole = start.elapsed().as_secs_f64();
        let sweeps = marks.len() - 1;
        let per_sweep = (marks[sweeps] - marks[0]).as_secs_f64() / sweeps.max(1) as f64;
        // Up to the first iteration: the sample, the start on it, and one sweep.
        let begin = (marks[0] - start).as_secs_f64() - per_sweep;
        let totals = sweep.totals();
        let outside = per_sweep - totals.normal.seconds / totals.normal.sweeps as f64;
        println!(
            "{name:<12} {whole:>9.2} {begin:>10.3} {:>8} {:>14.1} {:>16.2}   {}",
            totals.normal.sweeps + totals.cost.sweeps,
            1e3 * per_sweep,
            1e3 * outside,
            result.verdict.name()
        );
    }
}
