//! What suits this machine: cores, memory nodes, vector instructions, memory, and sizes to go with them. It measures a short
//! sweep of simulated pairs.

use crate::error::Result;
use crate::experiment::{Angle, Experiment, TimeGrid};
use crate::machine::budget::MemorySettings;
use crate::machine::cores::{nodes, usable_cores};
use crate::machine::memory::{available_bytes, container_limit_bytes, detect_total_memory};
use crate::model::catalogue::Model;
use crate::parameters::definitions::{AnalysisMode, PHYSICAL, ShearConvention};
use crate::store::block::{BlockSource, DEFAULT_BLOCK_POINTS, Values};
use crate::store::memory::MemoryStore;
use crate::sums::objective::{Objective, Query};
use crate::sums::rank_update::Depth;
use crate::sweep::raw::pass::Sweep;
use crate::sweep::simd::SimdLevel;
use crate::units::gigabytes;
use serde::Serialize;
use std::sync::Arc;
use std::time::Instant;

/// What the machine is to be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// Least squares: parallel inside a sweep.
    Nlsq,
    /// Sampling: parallel across tasks, each with a sweep of its own.
    Cmc,
    /// Sampling on a cluster node: as many tasks as cores, memory shared out.
    CmcHpc,
    /// Whatever the machine suits.
    Auto,
}

/// A measured combination.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Measured {
    /// Worker threads.
    pub threads: usize,
    /// Pairs per block.
    pub block_points: usize,
    /// Pairs per second, laminar flow with all derivatives.
    pub pairs_per_second: f64,
}

/// The machine and what suits it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tuning {
    /// Purpose, `auto` resolved.
    pub purpose: Purpose,
    /// Cores that may be used.
    pub cores: usize,
    /// Cores of every memory node.
    pub nodes: Vec<Vec<usize>>,
    /// Vector instructions.
    pub simd: &'static str,
    /// Total memory in bytes: physical, or the container's limit.
    pub total_bytes: Option<u64>,
    /// The container's limit in bytes.
    pub container_limit_bytes: Option<u64>,
    /// Memory that is free now, in bytes.
    pub available_bytes: Option<u64>,
    /// Measurements.
    pub measured: Vec<Measured>,
    /// Suggested threads of one sweep.
    pub threads: usize,
    /// Suggested tasks at a time.
    pub workers: usize,
    /// Suggested pairs per block.
    pub block_points: usize,
    /// Memory of one worker in bytes.
    pub bytes_per_worker: Option<u64>,
    /// Whether threads are better kept on their memory node.
    pub pin_threads: bool,
}

const FRAMES: usize = 1000;
const ANGLES: usize = 4;
/// Cores from which sampling is worth a task per core.
const MANY_CORES: usize = 32;

/// Looks at the machine and measures.
///
/// # Errors
/// None that is known: the measured data are made here.
pub fn tune(purpose: Purpose) -> Result<Tuning> {
    let (cores, nodes) = (usable_cores(), nodes());
    let measured = measure(cores)?;
    let rate = |threads: usize| {
        let best = measured.iter().filter(|found| found.threads == threads);
        best.map(|found| found.pairs_per_second).fold(0.0, f64::max)
    };
    let fastest = measured.iter().map(|found| rate(found.threads)).fold(0.0, f64::max);
    // The fewest threads that reach 95 % of the best rate.
    let enough = measured.iter().filter(|found| rate(found.threads) >= 0.95 * fastest).map(|found| found.threads).min();
    let threads = enough.unwrap_or(cores);
    let of_threads = measured.iter().filter(|found| found.threads == threads);
    let block = of_threads.max_by(|a, b| a.pairs_per_second.total_cmp(&b.pairs_per_second));
    let purpose = match purpose {
        Purpose::Auto if cores >= MANY_CORES => Purpose::CmcHpc,
        Purpose::Auto => Purpose::Nlsq,
        chosen => chosen,
    };
    let (threads, workers) = match purpose {
        Purpose::Nlsq | Purpose::Auto => (threads, 1),
        Purpose::Cmc => (1, cores.saturating_sub(1).max(1)),
        Purpose::CmcHpc => (1, cores),
    };
    let total_bytes = detect_total_memory();
    Ok(Tuning {
        purpose,
        cores,
        simd: SimdLevel::Best.name(),
        total_bytes,
        container_limit_bytes: container_limit_bytes(),
        available_bytes: available_bytes(),
        threads,
        workers,
        block_points: block.map_or(DEFAULT_BLOCK_POINTS, |found| found.block_points),
        bytes_per_worker: total_bytes
            .map(|bytes| (bytes as f64 * MemorySettings::default().fraction) as u64 / workers as u64),
        pin_threads: nodes.len() > 1,
        nodes: nodes.into_iter().map(|node| node.cores).collect(),
        measured,
    })
}

/// A sweep with all derivatives for a ladder of threads and three block sizes; the best of three each.
fn measure(cores: usize) -> Result<Vec<Measured>> {
    let mut ladder: Vec<usize> = std::iter::successors(Some(1), |n| Some(n * 2)).take_while(|&n| n < cores).collect();
    ladder.push(cores);
    let theta: Vec<f64> = PHYSICAL.iter().map(|known| known.start).collect();
    let mut found = Vec::new();
    for block_points in [DEFAULT_BLOCK_POINTS / 4, DEFAULT_BLOCK_POINTS, 4 * DEFAULT_BLOCK_POINTS] {
        let store: Arc<dyn BlockSource> = Arc::new(simulated(block_points)?);
        let model = Model::new(AnalysisMode::LaminarFlow, ShearConvention::Homodyne, store.experiment())?;
        for &threads in &ladder {
            let sweep = Sweep::new(Arc::clone(&store), model.clone(), threads);
            let mut best = f64::INFINITY;
            for _ in 0..3 {
                let start = Instant::now();
                let _ = sweep.sweep(&Query::plain(&theta), Depth::Normal)?;
                best = best.min(start.elapsed().as_secs_f64());
            }
            let pairs = (store.plan().pairs_per_angle() * ANGLES) as f64;
            found.push(Measured { threads, block_points, pairs_per_second: pairs / best });
        }
    }
    Ok(found)
}

fn simulated(block_points: usize) -> Result<MemoryStore> {
    let angle =
        |k: usize| Angle { phi_degrees: 20.0 * k as f64, sigma: 0.003, masked_frames: Vec::new(), ..Angle::default() };
    let experiment = Experiment {
        q_per_angstrom: 0.0054,
        gap_angstrom: Some(2e6),
        time: TimeGrid { n_frames: FRAMES, dt_seconds: 0.1, start_seconds: 0.0, first_frame: 1 },
        angles: (0..ANGLES).map(angle).collect(),
    };
    let pairs = experiment.time.n_pairs();
    let values = |a: usize| Values::from_f32((0..pairs).map(|k| 1.0 + ((k * 7 + a) % 101) as f32 * 1e-3).collect());
    MemoryStore::new(experiment, (0..ANGLES).map(values).collect(), block_points)
}

impl Tuning {
    /// As (name, value).
    #[must_use]
    pub fn facts(&self) -> Vec<(String, String)> {
        let fact = |name: &str, value: String| (name.to_owned(), value);
        let bytes = |value: Option<u64>| value.map_or("unknown".into(), gigabytes);
        let nodes: Vec<String> = self.nodes.iter().map(|cores| format!("{} cores", cores.len())).collect();
        let purpose = serde_json::to_value(self.purpose).ok().and_then(|name| name.as_str().map(str::to_owned));
        let mut facts = vec![
            fact("mode", purpose.unwrap_or_default()),
            fact("cores", self.cores.to_string()),
            fact("NUMA nodes", format!("{} ({})", self.nodes.len(), nodes.join(", "))),
            fact("SIMD level", self.simd.into()),
            fact("total memory", bytes(self.total_bytes)),
            fact("container limit", self.container_limit_bytes.map_or("none".into(), gigabytes)),
            fact("free memory", bytes(self.available_bytes)),
        ];
        for found in &self.measured {
            let name = format!("measured, {} threads, blocks of {}", found.threads, found.block_points);
            facts.push(fact(&name, format!("{:.0} M pairs/s", found.pairs_per_second / 1e6)));
        }
        facts.extend([
            fact("suggested --threads", self.threads.to_string()),
            fact("suggested --block-points", self.block_points.to_string()),
            fact("suggested workers (sampling)", self.workers.to_string()),
            fact("memory per worker", bytes(self.bytes_per_worker)),
            fact("suggested --pin", if self.pin_threads { "yes" } else { "no (one memory node)" }.into()),
        ]);
        facts
    }
}
