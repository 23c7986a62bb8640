#[path = "../tests/common/mod.rs"]
mod common;
use homodyne::model::catalogue::ShearConvention;
use homodyne::normal::rank_update::Depth;
use homodyne::objective::Objective;
use homodyne::parameters::AnalysisMode;
use homodyne::sweep::{level::SimdLevel, pass::Sweep};
use std::sync::Arc;
fn main() {
    let e = common::experiment(1000, 10);
    let m = common::model(AnalysisMode::LaminarFlow, ShearConvention::Homodyne, &e);
    let v = common::values_of(&m, &e, &common::LAMINAR, &|_| (0.2, 1.0), &|a, k| {
        0.003 * common::gaussian(a as u64, k as u64)
    });
    let pairs = v.len() * v[0].len();
    let s = Arc::new(common::memory_f32(e, &v, 65536));
    for mode in [AnalysisMode::LaminarFlow, AnalysisMode::Static] {
        for level in [SimdLevel::Best, SimdLevel::Avx2] {
            for threads in [1, 2] {
                for depth in [Depth::Normal, Depth::Gradient, Depth::Cost] {
                    let m = common::model(mode, ShearConvention::Homodyne, s_exp(&s));
                    let p = mode.n_parameters();
                    let sweep = Sweep::new(s.clone(), m, threads).at_level(level);
                    sweep.sweep(&common::LAMINAR[..p], depth).unwrap();
                    let t = std::time::Instant::now();
                    for _ in 0..5 {
                        sweep.sweep(&common::LAMINAR[..p], depth).unwrap();
                    }
                    println!(
                        "{mode:?} {} {threads} {depth:?} {:.0} M/s",
                        level.name(),
                        5.0 * pairs as f64 / t.elapsed().as_secs_f64() / 1e6
                    );
                }
            }
        }
    }
}
fn s_exp(s: &homodyne::store::memory::MemoryStore) -> &homodyne::experiment::Experiment {
    use homodyne::block::BlockSource;
    s.experiment()
}
