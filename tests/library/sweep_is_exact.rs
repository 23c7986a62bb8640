//! A sweep gives the same bits for any number of threads, any source and any vector instructions, and never sums what is
//! masked.

use crate::common::{LAMINAR, experiment, gaussian, memory_f32, memory_f64, model, values_of};
use crate::stored::write_store;
use homodyne::error::{Fault, Result};
use homodyne::experiment::Experiment;
use homodyne::parameters::definitions::{AnalysisMode, ShearConvention};
use homodyne::store::block::{BlockSource, Values};
use homodyne::store::manifest::StoreFormat;
use homodyne::sums::gram::Gram;
use homodyne::sums::objective::{Objective, Query};
use homodyne::sums::rank_update::Depth;
use homodyne::sweep::raw::pass::Sweep;
use homodyne::sweep::simd::SimdLevel;
use homodyne::sweep::slow_twin::sweep_pair_by_pair;
use std::path::Path;
use std::sync::Arc;

const BLOCK: usize = 1000;

fn noisy_values(experiment: &Experiment) -> Vec<Vec<f64>> {
    let model = model(AnalysisMode::LaminarFlow, ShearConvention::Homodyne, experiment);
    values_of(&model, experiment, &LAMINAR, &|_| (0.14, 1.0), &|a, k| 0.003 * gaussian(a as u64, k as u64))
}

/// The same pairs in a store on disk.
fn on_disk(place: &Path, experiment: &Experiment, values: &[Vec<f64>], format: StoreFormat) -> Arc<dyn BlockSource> {
    let narrow = |angle: &Vec<f64>| Values::from_f32(angle.iter().map(|&value| value as f32).collect());
    write_store(place, experiment, &values.iter().map(narrow).collect::<Vec<Values>>(), format, BLOCK);
    Arc::new(homodyne::store::directory::Store::open(place, experiment.gap_angstrom).expect("store"))
}

#[test]
fn threads_sources_and_instructions_give_the_same_bits() {
    let folder = tempfile::tempdir().expect("folder");
    let experiment = experiment(131, 5);
    let values = noisy_values(&experiment);
    let memory: Arc<dyn BlockSource> = Arc::new(memory_f32(experiment.clone(), &values, BLOCK));
    let sources = [
        memory,
        on_disk(&folder.path().join("a"), &experiment, &values, StoreFormat::Arrow),
        on_disk(&folder.path().join("p"), &experiment, &values, StoreFormat::Parquet),
    ];
    for (mode, theta) in [(AnalysisMode::LaminarFlow, &LAMINAR[..]), (AnalysisMode::Static, &LAMINAR[..3])] {
        for depth in [Depth::Normal, Depth::Gradient, Depth::Cost] {
            let mut first: Option<Vec<Gram>> = None;
            for source in &sources {
                for (threads, level) in [
                    (1, SimdLevel::Best),
                    (2, SimdLevel::Best),
                    (7, SimdLevel::Best),
                    (2, SimdLevel::Avx2),
                    (1, SimdLevel::Scalar),
                ] {
                    let model = model(mode, ShearConvention::Homodyne, &experiment);
                    let sweep = Sweep::new(Arc::clone(source), model, threads).at_level(level);
                    let found = sweep.sweep(&Query::plain(theta), depth).expect("sweep");
                    match &first {
                        None => first = Some(found),
                        Some(first) => assert_eq!(*first, found, "{} {threads} {level:?}", source.kind()),
                    }
                }
            }
        }
    }
}

#[test]
fn masked_frames_and_missing_values_never_enter() {
    let mut experiment = experiment(67, 2);
    experiment.angles[0].masked_frames = vec![0, 13, 14, 40, 66];
    let mut values = noisy_values(&experiment);
    for k in [5, 100, 101, 2000] {
        values[1][k] = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::NAN][k % 4];
    }
    // What stands in a masked frame must not matter.
    let mut other = values.clone();
    for (k, value) in other[0].iter_mut().enumerate() {
        let (i, j) = homodyne::store::block::pair_at(67, k);
        if experiment.angles[0].masked_frames.iter().any(|&frame| frame == i || frame == j) {
            *value = f64::NAN;
        }
    }
    let model = model(AnalysisMode::LaminarFlow, ShearConvention::Homodyne, &experiment);
    let sweep = |values: Vec<Vec<f64>>| {
        let store = Arc::new(memory_f64(experiment.clone(), values, 500));
        let slow = sweep_pair_by_pair(store.as_ref(), &model, &Query::plain(&LAMINAR)).expect("memory");
        (Sweep::new(store, model.clone(), 2).sweep(&Query::plain(&LAMINAR), Depth::Normal).expect("memory"), slow)
    };
    let (fast, slow) = sweep(values);
    assert_eq!(fast, sweep(other).0);
    assert_eq!(fast[0].pairs, 62 * 61 / 2);
    assert_eq!(fast[1].pairs, 67 * 66 / 2 - 4);
    for (fast, slow) in fast.iter().zip(&slow) {
        assert_eq!(fast.pairs, slow.pairs);
        assert_eq!(fast.one_one(), slow.one_one());
        assert!((fast.hy() - slow.hy()).abs() < 1e-12 * slow.hh());
    }
}

#[test]
fn depths_agree_where_they_overlap() {
    let experiment = experiment(90, 2);
    let store = Arc::new(memory_f64(experiment.clone(), noisy_values(&experiment), BLOCK));
    let model = model(AnalysisMode::LaminarFlow, ShearConvention::GapAverage, &experiment);
    let sweep = Sweep::new(store, model, 2);
    let at = |depth| sweep.sweep(&Query::plain(&LAMINAR), depth).expect("memory");
    let (normal, gradient, cost) = (at(Depth::Normal), at(Depth::Gradient), at(Depth::Cost));
    for angle in 0..2 {
        for k in 0..7 {
            assert_eq!(normal[angle].dh_h(k), gradient[angle].dh_h(k));
            assert_eq!(normal[angle].dh_y(k), gradient[angle].dh_y(k));
        }
        assert_eq!((normal[angle].hh(), normal[angle].hy()), (cost[angle].hh(), cost[angle].hy()));
    }
    assert_eq!(sweep.totals().normal.sweeps, 1);
}

/// A source whose last block cannot be read.
struct Broken(homodyne::store::memory::MemoryStore);

impl BlockSource for Broken {
    fn experiment(&self) -> &Experiment {
        self.0.experiment()
    }
    fn plan(&self) -> homodyne::store::block::BlockPlan {
        self.0.plan()
    }
    fn read(&self, index: usize) -> Result<homodyne::store::block::Block> {
        match index + 1 == self.plan().n_blocks() {
            true => Err(Fault::at("block", "unreadable").format()),
            false => self.0.read(index),
        }
    }
    fn kind(&self) -> String {
        "broken".into()
    }
}

#[test]
fn a_block_that_cannot_be_read_ends_the_sweep_with_its_error() {
    let experiment = experiment(90, 2);
    let store = memory_f64(experiment.clone(), noisy_values(&experiment), 300);
    let model = model(AnalysisMode::LaminarFlow, ShearConvention::Homodyne, &experiment);
    let source: Arc<dyn BlockSource> = Arc::new(Broken(store));
    for threads in [1, 2, 7] {
        let error = Sweep::new(Arc::clone(&source), model.clone(), threads)
            .sweep(&Query::plain(&LAMINAR), Depth::Cost)
            .expect_err("broken");
        assert!(error.to_string().contains("unreadable"));
    }
}
