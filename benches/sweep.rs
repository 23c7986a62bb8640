//! How many pairs per second does a sweep take, by frames, model, depth, source, vector instructions and threads; what does the
//! residual sweep take; and how far is the slow twin behind? `cargo bench --bench sweep`, or `-- ANGLES FRAMES` for one size.

mod measured;

use homodyne::model::catalogue::Model;
use homodyne::parameters::definitions::{AnalysisMode, ShearConvention};
use homodyne::parameters::scaling::AngleScaling;
use homodyne::store::block::{BlockSource, Values};
use homodyne::store::directory::Store;
use homodyne::store::manifest::StoreFormat;
use homodyne::store::memory::MemoryStore;
use homodyne::sums::loss::{Loss, Reweighing};
use homodyne::sums::objective::{Objective, Query, RawData, ResidualQuery};
use homodyne::sums::rank_update::Depth;
use homodyne::sums::residuals::FrameGroups;
use homodyne::sweep::raw::pass::Sweep;
use homodyne::sweep::simd::SimdLevel;
use homodyne::sweep::slow_twin::sweep_pair_by_pair;
use measured::{THETA, best_of, convert, numbers, simulate};
use std::sync::Arc;

/// Angles and frames: as many pairs for each, but for the shortest.
const SIZES: [(usize, usize); 3] = [(100, 300), (40, 1000), (4, 3000)];

#[derive(Clone, Copy)]
enum Kind {
    Sums(Depth),
    Residuals,
    BlockQr,
}

impl Kind {
    const ALL: [(&'static str, Kind); 5] = [
        ("normal", Kind::Sums(Depth::Normal)),
        ("gradient", Kind::Sums(Depth::Gradient)),
        ("cost", Kind::Sums(Depth::Cost)),
        ("residuals", Kind::Residuals),
        ("block QR", Kind::BlockQr),
    ];

    fn run(self, sweep: &Sweep<'_>, theta: &[f64], n_frames: usize) {
        match self {
            Kind::Sums(depth) => drop(sweep.sweep(&Query::plain(theta), depth).expect("sweep")),
            Kind::BlockQr => drop(sweep.factors(&Query::plain(theta)).expect("sweep")),
            Kind::Residuals => {
                let plain = Reweighing {
                    loss: Loss::Linear,
                    turn: 0.003,
                    scaling: AngleScaling { contrast: 0.14, offset_less_one: 0.003 },
                };
                let reweighing = vec![plain; sweep.phi_degrees().len()];
                // As many groups of frames as a fit of this model asks for.
                let groups = FrameGroups::new((0..40).map(|k| k * n_frames / 40).collect(), n_frames);
                let query = ResidualQuery { theta, weights: None, reweighing: &reweighing, groups: &groups };
                drop(sweep.residuals(&query).expect("sweep"));
            }
        }
    }
}

fn in_memory(store: &dyn BlockSource) -> MemoryStore {
    let plan = store.plan();
    let mut angles = vec![Vec::new(); plan.n_angles];
    for index in 0..plan.n_blocks() {
        let block = store.read(index).expect("block");
        angles[block.angle].extend((0..block.values.len()).map(|k| block.values.get(k) as f32));
    }
    let values = angles.into_iter().map(Values::from_f32).collect();
    MemoryStore::new(store.experiment().clone(), values, plan.block_points).expect("shapes fit")
}

/// One line per kind of sweep.
fn report(source: &Arc<dyn BlockSource>, model: &Model, level: SimdLevel, kinds: &[(&str, Kind)]) {
    let plan = source.plan();
    let pairs = plan.pairs_per_angle() * plan.n_angles;
    let theta = &THETA[..model.mode.n_parameters()];
    for (name, kind) in kinds {
        let rate = |threads| {
            let sweep = Sweep::new(Arc::clone(source), model.clone(), threads).at_level(level);
            let seconds = best_of(5, || kind.run(&sweep, theta, plan.n_frames));
            pairs as f64 / seconds / 1e6
        };
        let (one, two) = (rate(1), rate(2));
        let (mode, source, level) = (model.mode.name(), source.kind(), level.name());
        println!("{:<7} {mode:<13} {name:<10} {source:<12} {level:<8} {one:>9.0} {two:>9.0}", plan.n_frames);
    }
}

fn measure(angles: usize, frames: usize) {
    let folder = tempfile::tempdir().expect("folder");
    let file = folder.path().join("data.h5");
    simulate(&file, angles, frames);
    let open = |name: &str, format| {
        let place = folder.path().join(name);
        convert(&file, &place, format, 2);
        Arc::new(Store::open(&place, Some(2e6)).expect("store"))
    };
    let (arrow, parquet) = (open("arrow", StoreFormat::Arrow), open("parquet", StoreFormat::Parquet));
    let memory: Arc<dyn BlockSource> = Arc::new(in_memory(arrow.as_ref()));
    let sources: [Arc<dyn BlockSource>; 3] = [arrow.clone(), parquet, memory];
    for mode in [AnalysisMode::LaminarFlow, AnalysisMode::Static] {
        let model = Model::new(mode, ShearConvention::Homodyne, arrow.experiment()).expect("model");
        for level in [SimdLevel::Best, SimdLevel::Avx2] {
            report(&sources[0], &model, level, &Kind::ALL);
        }
        report(&sources[1], &model, SimdLevel::Best, &Kind::ALL[..1]);
        report(&sources[2], &model, SimdLevel::Best, &Kind::ALL[..1]);
        let theta = &THETA[..mode.n_parameters()];
        let slow = || drop(sweep_pair_by_pair(arrow.as_ref(), &model, &Query::plain(theta)).expect("slow twin"));
        let pairs = (arrow.plan().pairs_per_angle() * angles) as f64;
        println!("{frames:<7} {:<13} normal     slow twin {:>21.1}", mode.name(), pairs / best_of(1, slow) / 1e6);
    }
}

fn main() {
    println!("f32; M pairs/s, best of 5");
    println!(
        "{:<7} {:<13} {:<10} {:<12} {:<8} {:>9} {:>9}",
        "frames", "model", "sweep", "source", "SIMD", "1 thread", "2 threads"
    );
    match numbers()[..] {
        [angles, frames, ..] => measure(angles, frames),
        _ => SIZES.into_iter().for_each(|(angles, frames)| measure(angles, frames)),
    }
}
