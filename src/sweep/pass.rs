//! The sweep over a block source: blocks in, one Gram matrix per angle out, the same bits for any number of threads.

use crate::block::{Block, BlockSource};
use crate::dataflow::{Dataflow, Lanes};
use crate::error::Result;
use crate::model::catalogue::{AngleRows, Model, ThetaTables};
use crate::normal::gram::{Gram, PairwiseFold};
use crate::normal::rank_update::Depth;
use crate::objective::Objective;
use crate::sweep::evaluate::BlockSum;
use crate::sweep::level::SimdLevel;
use crate::sweep::meter::{SweepMeter, SweepTotals};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// Angles whose tables are kept while their blocks pass.
const CACHED_ANGLES: usize = 4;

/// Sweeps a block source.
pub struct Sweep {
    source: Arc<dyn BlockSource>,
    model: Model,
    frame_runs: Vec<Vec<Range<usize>>>,
    lanes: Lanes,
    level: SimdLevel,
    meter: SweepMeter,
    /// Told after each sweep and every few blocks within one.
    heartbeat: Box<dyn Fn() + Send + Sync>,
}

/// Blocks between two heartbeats.
const HEARTBEAT_BLOCKS: usize = 64;

impl Sweep {
    /// A sweep of `source` with `threads` workers.
    #[must_use]
    pub fn new(source: Arc<dyn BlockSource>, model: Model, threads: usize) -> Self {
        let experiment = source.experiment();
        let frame_runs = experiment.angles.iter().map(|angle| angle.frame_runs(experiment.time.n_frames)).collect();
        let lanes = Lanes::new(threads, source.useful_readers());
        let heartbeat = Box::new(|| ());
        Sweep { source, model, frame_runs, lanes, level: SimdLevel::Best, meter: SweepMeter::default(), heartbeat }
    }

    /// Forces a level of vector instructions.
    #[must_use]
    pub fn at_level(mut self, level: SimdLevel) -> Self {
        self.level = level;
        self
    }

    /// Calls `heartbeat` now and then on the caller's thread.
    #[must_use]
    pub fn with_heartbeat(mut self, heartbeat: Box<dyn Fn() + Send + Sync>) -> Self {
        self.heartbeat = heartbeat;
        self
    }

    /// What was swept so far.
    #[must_use]
    pub fn totals(&self) -> SweepTotals {
        let plan = self.source.plan();
        self.meter.totals((plan.pairs_per_angle() * plan.n_angles) as u64)
    }

    fn block_sum(&self, block: &Block, rows: &AngleRows<'_>, depth: Depth) -> Gram {
        let (frame_runs, n_frames) = (&self.frame_runs[block.angle][..], self.source.plan().n_frames);
        match rows {
            AngleRows::Static(rows) => self.level.run(BlockSum { rows, block, frame_runs, n_frames, depth }),
            AngleRows::Laminar(rows) => self.level.run(BlockSum { rows: &**rows, block, frame_runs, n_frames, depth }),
        }
    }

    fn read(&self, index: usize) -> Result<Block> {
        let block = self.source.read(index)?;
        self.meter.stages.read.count_bytes(block.values.len() * block.values.width_bytes());
        Ok(block)
    }

    fn fold_blocks(&self, theta: &[f64], depth: Depth) -> Result<Vec<Gram>> {
        let tables = self.model.tables(theta);
        let cache = RowCache { model: &self.model, tables: &tables, theta, recent: Mutex::default() };
        let experiment = self.source.experiment();
        let mut folds: Vec<PairwiseFold> = experiment.angles.iter().map(|_| PairwiseFold::default()).collect();
        let flow = Dataflow {
            n_items: self.source.plan().n_blocks(),
            lanes: self.lanes,
            read: &|index| self.read(index),
            work: &|_, block: Block| {
                let rows = cache.rows(block.angle, experiment.angles[block.angle].phi_degrees);
                Ok((block.angle, self.block_sum(&block, &rows, depth)))
            },
            meter: &self.meter.stages,
        };
        flow.fold(&mut |index, (angle, sum)| {
            folds[angle].push(sum);
            if index % HEARTBEAT_BLOCKS == 0 {
                (self.heartbeat)();
            }
            Ok(())
        })?;
        let width = self.model.mode.n_parameters() + 3;
        Ok(folds.into_iter().map(|fold| fold.finish().unwrap_or_else(|| Gram::zero(width))).collect())
    }
}

impl Objective for Sweep {
    fn sweep(&self, theta: &[f64], depth: Depth) -> Result<Vec<Gram>> {
        let start = Instant::now();
        let grams = self.fold_blocks(theta, depth)?;
        let pairs = self.source.plan().pairs_per_angle() * self.source.plan().n_angles;
        self.meter.count(depth, pairs as u64, start.elapsed().as_secs_f64());
        (self.heartbeat)();
        Ok(grams)
    }

    fn phi_degrees(&self) -> Vec<f64> {
        self.source.experiment().angles.iter().map(|angle| angle.phi_degrees).collect()
    }

    fn sigma(&self) -> Vec<f64> {
        self.source.experiment().angles.iter().map(|angle| angle.sigma).collect()
    }
}

/// The row fillers of the angles whose blocks are passing. Memory does not grow with the number of angles.
struct RowCache<'a> {
    model: &'a Model,
    tables: &'a ThetaTables,
    theta: &'a [f64],
    recent: Mutex<Vec<(usize, Arc<AngleRows<'a>>)>>,
}

impl<'a> RowCache<'a> {
    fn rows(&self, angle: usize, phi_degrees: f64) -> Arc<AngleRows<'a>> {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, rows)) = recent.iter().find(|(known, _)| *known == angle) {
            return Arc::clone(rows);
        }
        let rows = Arc::new(self.model.rows(self.tables, self.theta, phi_degrees));
        if recent.len() == CACHED_ANGLES {
            recent.remove(0);
        }
        recent.push((angle, Arc::clone(&rows)));
        rows
    }
}
