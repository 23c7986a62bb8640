//! The sweep over a block source: blocks in, one sum per angle out, the same bits for any number of threads.

use crate::error::Result;
use crate::experiment::Angle;
use crate::listener::{Event, Watch};
use crate::machine::cores::Node;
use crate::machine::dataflow::{Dataflow, Lanes, Meter};
use crate::model::catalogue::{AngleRows, Model};
use crate::model::diffusion::rows::STATIC_WIDTH;
use crate::model::laminar_flow::rows::LAMINAR_WIDTH;
use crate::model::time_tables::ThetaTables;
use crate::store::block::{Block, BlockPlan, BlockSource};
use crate::sums::cells::{CellQuery, CellSums};
use crate::sums::factor::Factor;
use crate::sums::fold::{PairwiseFold, PairwiseTerm};
use crate::sums::gram::Gram;
use crate::sums::grid::{Grid, GridQuery, Resemblance};
use crate::sums::objective::{CondensedData, Fineness, Objective, Query, RawData, ResidualQuery, Told};
use crate::sums::rank_update::Depth;
use crate::sums::residuals::ResidualSums;
use crate::sums::stratified_rows::StratifiedRows;
use crate::sweep::condensed::objective::Condensed;
use crate::sweep::meter::{SweepMeter, SweepTotals};
use crate::sweep::raw::patches::Pairs;
use crate::sweep::raw::work::{BlockWork, CellWork, FactorWork, GramWork, ResidualWork, RowsWork};
use crate::sweep::simd::SimdLevel;
use ndarray::Array2;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// Grids that are larger are worked on one at a time.
const LARGE_GRID_BYTES: usize = 8 << 20;

/// Angles whose tables are kept while their blocks pass.
const CACHED_ANGLES: usize = 4;
/// Blocks between two events.
const TOLD_BLOCKS: usize = 64;

/// Sweeps a block source.
pub struct Sweep<'w> {
    source: Arc<dyn BlockSource>,
    model: Model,
    frame_runs: Vec<Vec<Range<usize>>>,
    lanes: Lanes,
    level: SimdLevel,
    meter: SweepMeter,
    watch: Watch<'w>,
}

impl<'w> Sweep<'w> {
    /// A sweep of `source` with `threads` workers, the caller among them, that read for themselves.
    #[must_use]
    pub fn new(source: Arc<dyn BlockSource>, model: Model, threads: usize) -> Self {
        let experiment = source.experiment();
        let frame_runs = experiment.angles.iter().map(|angle| angle.frame_runs(experiment.time.n_frames)).collect();
        Sweep {
            source,
            model,
            frame_runs,
            lanes: Lanes::self_reading(threads),
            level: SimdLevel::Best,
            meter: SweepMeter::default(),
            watch: Watch::nobody(),
        }
    }

    /// Forces a level of vector instructions.
    #[must_use]
    pub fn at_level(mut self, level: SimdLevel) -> Self {
        self.level = level;
        self
    }

    /// Tells `watch` how far it has come, now and then on the caller's thread, and ends after the current block, with the error
    /// Interrupted, once that is wished.
    #[must_use]
    pub fn watched_by(mut self, watch: Watch<'w>) -> Self {
        self.watch = watch;
        self
    }

    /// Keeps workers on these memory nodes, in turn.
    #[must_use]
    pub fn pinned_to(mut self, nodes: Vec<Node>) -> Self {
        self.lanes = self.lanes.pinned_to(nodes);
        self
    }

    /// What was swept so far.
    #[must_use]
    pub fn totals(&self) -> SweepTotals {
        self.meter.totals(self.n_pairs())
    }

    pub(super) fn source(&self) -> &dyn BlockSource {
        self.source.as_ref()
    }

    pub(super) fn model(&self) -> &Model {
        &self.model
    }

    pub(super) fn watch(&self) -> &Watch<'w> {
        &self.watch
    }

    /// Runs of usable frames of an angle.
    pub(super) fn frame_runs(&self, angle: usize) -> &[Range<usize>] {
        &self.frame_runs[angle]
    }

    fn plan(&self) -> BlockPlan {
        self.source.plan()
    }

    fn width(&self) -> usize {
        self.model.mode.n_parameters() + 3
    }

    fn read(&self, index: usize) -> Result<Block> {
        let block = self.source.read(index)?;
        self.meter.stages.read.count_bytes(block.values.len() * block.values.width_bytes());
        Ok(block)
    }

    /// One pass: `work` on every block, results to `fold` in block order.
    fn pass<W: BlockWork>(&self, theta: &[f64], work: &W, fold: &mut dyn FnMut(usize, W::Output)) -> Result<()> {
        let start = Instant::now();
        let tables = self.model.tables(theta);
        let cache = RowCache { model: &self.model, tables: &tables, theta, recent: Mutex::default() };
        let (experiment, n_blocks) = (self.source.experiment(), self.plan().n_blocks());
        let flow = Dataflow {
            n_items: n_blocks,
            lanes: self.lanes.clone(),
            read: &|index| self.read(index),
            work: &|_, block: Block| {
                let rows = cache.rows(block.angle, experiment.angles[block.angle].phi_degrees);
                let (frame_runs, n_frames) = (&self.frame_runs[block.angle][..], self.plan().n_frames);
                let pairs = Pairs { block: &block, frame_runs, n_frames };
                let sum = match &*rows {
                    AngleRows::Static(rows) => work.on::<_, STATIC_WIDTH>(self.level, rows, pairs),
                    AngleRows::Laminar(rows) => work.on::<_, LAMINAR_WIDTH>(self.level, rows, pairs),
                };
                self.source.confirm(block.angle)?;
                Ok((block.index, sum))
            },
            meter: &self.meter.stages,
        };
        flow.fold(&mut |index, (block, sum)| {
            fold(block, sum);
            if (index + 1) % TOLD_BLOCKS == 0 || index + 1 == n_blocks {
                self.watch.tell(&Event::Sweep {
                    fraction: (index + 1) as f64 / n_blocks as f64,
                    pairs: self.n_pairs(),
                    seconds: start.elapsed().as_secs_f64(),
                });
            }
            self.watch.check()
        })
    }

    /// One pass whose block results are summed per angle; `zero` stands for an angle without blocks.
    fn sums<W: BlockWork>(&self, theta: &[f64], work: &W, zero: impl Fn() -> W::Output) -> Result<Vec<W::Output>>
    where
        W::Output: PairwiseTerm,
    {
        let plan = self.plan();
        let mut fold = PairwiseFold::default();
        let mut sums = Vec::with_capacity(plan.n_angles);
        self.pass(theta, work, &mut |block, sum| {
            // Blocks come in order: when the next angle begins, the last one is complete.
            if plan.locate(block).0 > sums.len() {
                sums.push(std::mem::take(&mut fold).finish().unwrap_or_else(&zero));
            }
            fold.push(sum);
        })?;
        sums.push(fold.finish().unwrap_or_else(&zero));
        // A mixture of two states of a store is noticed when it begins, not when the fit ends.
        self.source.check_unchanged()?;
        Ok(sums)
    }
}

impl Objective for Sweep<'_> {
    fn sweep(&self, query: &Query<'_>, depth: Depth) -> Result<Vec<Gram>> {
        let start = Instant::now();
        let work = GramWork { depth, query };
        let grams = self.sums(query.theta, &work, || Gram::zero(self.width()))?;
        self.meter.count(depth, self.n_pairs(), start.elapsed().as_secs_f64());
        Ok(grams.iter().enumerate().map(|(angle, gram)| gram.scaled(query.weight(angle))).collect())
    }

    fn phi_degrees(&self) -> Vec<f64> {
        self.source.experiment().angles.iter().map(|angle| angle.phi_degrees).collect()
    }

    fn sigma(&self) -> Vec<f64> {
        self.source.experiment().angles.iter().map(|angle| angle.sigma).collect()
    }
}

impl RawData for Sweep<'_> {
    fn factors(&self, query: &Query<'_>) -> Result<Vec<Factor>> {
        let start = Instant::now();
        let factors = self.sums(query.theta, &FactorWork { query }, || Factor::zero(self.width()))?;
        self.meter.count_factor(self.n_pairs(), start.elapsed().as_secs_f64());
        Ok(factors.iter().enumerate().map(|(angle, factor)| factor.scaled(query.weight(angle))).collect())
    }

    fn rows(&self, query: &Query<'_>, maps: &[Array2<f64>]) -> Result<StratifiedRows> {
        let plan = self.plan();
        let mut rows = StratifiedRows::zero(plan.pairs_per_angle(), plan.n_angles, maps[0].ncols());
        let root = |angle: usize| query.weight(angle).sqrt();
        let maps: Vec<Array2<f64>> = maps.iter().enumerate().map(|(angle, map)| map * root(angle)).collect();
        let work = RowsWork { maps: &maps, query };
        self.pass(query.theta, &work, &mut |block, values| {
            let (angle, pairs) = plan.locate(block);
            rows.put(angle, pairs.start, &values);
        })?;
        Ok(rows)
    }

    fn residuals(&self, query: &ResidualQuery<'_>) -> Result<Vec<ResidualSums>> {
        let n_frames = self.plan().n_frames;
        let zero = || ResidualSums::zero(n_frames, query.groups.len(), self.width() - 1);
        let work = ResidualWork { reweighing: query.reweighing, groups: query.groups, zero: &zero };
        let sums = self.sums(query.theta, &work, zero)?;
        let weight = |angle: usize| query.weights.map_or(1.0, |weights| weights[angle]);
        Ok(sums.into_iter().enumerate().map(|(angle, sums)| sums.scaled(weight(angle))).collect())
    }

    fn cells(&self, query: &CellQuery<'_>) -> Result<Vec<CellSums>> {
        // Of the angles, all of which have blocks.
        let zero = || CellSums::zero(&query.cells[0], query.blocks.len());
        self.sums(query.theta, &CellWork { query }, zero)
    }

    fn n_pairs(&self) -> u64 {
        let plan = self.plan();
        (plan.pairs_per_angle() * plan.n_angles) as u64
    }

    fn first_frame(&self) -> usize {
        self.source.experiment().time.first_frame
    }

    fn condensed(&self, fineness: Fineness) -> Result<Option<Box<dyn CondensedData + '_>>> {
        let (source, threads) = (self.source.as_ref(), self.lanes.workers);
        let found = Condensed::of(source, &self.model, fineness, threads, self.watch.stop())?;
        Ok(found.map(|found| Box::new(found) as Box<dyn CondensedData>))
    }

    fn decorrelation(&self, theta: &[f64]) -> Vec<f64> {
        self.model.tables(theta).time.exponent
    }

    fn renewals(&self, theta: &[f64]) -> Vec<f64> {
        let of_angle = |angle: &Angle| self.model.decorrelation(theta, angle).last().copied().unwrap_or(0.0);
        self.source.experiment().angles.iter().map(of_angle).collect()
    }

    fn told(&self) -> Vec<Told> {
        let of_angle = |angle: &Angle| Told {
            sigma: angle.sigma,
            diagonal: angle.noise.diagonal,
            pixels: angle.noise.pixels.map(|pixels| pixels as f64),
            white_correlation: angle.noise.white_correlation,
            white_correlation_diagonal: angle.noise.white_correlation_diagonal,
        };
        self.source.experiment().angles.iter().map(of_angle).collect()
    }

    fn resemblances(&self, theta: &[f64]) -> Vec<Resemblance> {
        self.model.resemblances(theta, &self.source.experiment().angles)
    }

    fn on_grids(&self, query: &GridQuery<'_>, angles: &[usize], work: &(dyn Fn(usize, &Grid) + Sync)) -> Result<()> {
        let all = &self.source.experiment().angles;
        // What is made of a grid takes several times its memory.
        let one_at_a_time = Mutex::new(());
        let flow = Dataflow {
            n_items: angles.len(),
            lanes: self.lanes.clone(),
            read: &|_| Ok(()),
            work: &|place, ()| {
                let grid = self.model.grid(query, &all[angles[place]]);
                let is_large = grid.bytes() > LARGE_GRID_BYTES;
                let alone = is_large.then(|| one_at_a_time.lock().unwrap_or_else(PoisonError::into_inner));
                work(place, &grid);
                drop(alone);
                Ok(())
            },
            meter: &Meter::default(),
        };
        flow.fold(&mut |_, ()| self.watch.check())
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
