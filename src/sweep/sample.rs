//! A scattered sample of pairs held in memory: the coarse objective of the start. It uses the slow twin's formulas.

use crate::block::{Block, BlockSource, pair_position};
use crate::error::{Fault, Result};
use crate::experiment::Angle;
use crate::model::catalogue::Model;
use crate::model::pair::PairEvaluator;
use crate::normal::factor::Factor;
use crate::normal::gram::{Gram, packed_len};
use crate::normal::rank_update::Depth;
use crate::objective::{Objective, Query};
use crate::sweep::slow_twin::{add_outer_product, reweigh_row};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Pairs kept in all.
const SAMPLE_PAIRS: usize = 16_000;
/// Angles looked at; more angles than this are thinned.
const SAMPLE_ANGLES: usize = 24;

struct SampledPair {
    i: usize,
    j: usize,
    y: f64,
}

/// Pairs at many ages and at lags from one frame to the longest, evenly spread over the logarithm of the lag.
pub struct Sample {
    model: Model,
    angles: Vec<Angle>,
    pairs: Vec<Vec<SampledPair>>,
    stop: Arc<AtomicBool>,
}

impl Sample {
    /// Draws a sample; the choice depends on the experiment alone.
    ///
    /// # Errors
    /// What the source reports.
    pub fn draw(source: &dyn BlockSource, model: &Model) -> Result<Self> {
        let experiment = source.experiment();
        let step = experiment.angles.len().div_ceil(SAMPLE_ANGLES);
        let chosen: Vec<usize> = (0..experiment.angles.len()).step_by(step).collect();
        let positions = sample_positions(experiment.time.n_frames, SAMPLE_PAIRS / chosen.len());
        let mut pairs = Vec::new();
        for &angle in &chosen {
            pairs.push(read_pairs(source, angle, &positions)?);
        }
        let angles = chosen.iter().map(|&angle| experiment.angles[angle].clone()).collect();
        Ok(Sample { model: model.clone(), angles, pairs, stop: Arc::default() })
    }
}

/// Pairs (i, i + lag): lags on a geometric ladder, and as many ages for each as the budget allows.
fn sample_positions(n_frames: usize, budget: usize) -> Vec<(usize, usize)> {
    let mut lags = vec![1];
    while let Some(&last) = lags.last().filter(|&&last| last < n_frames - 1) {
        lags.push((last + 1).max((last as f64 * 1.18) as usize).min(n_frames - 1));
    }
    let ages = (budget / lags.len()).max(2);
    let mut pairs = Vec::new();
    for lag in lags {
        let room = n_frames - lag;
        let count = ages.min(room);
        pairs.extend((0..count).map(|k| k * room / count).map(|i| (i, i + lag)));
    }
    pairs.sort_unstable();
    pairs
}

fn read_pairs(source: &dyn BlockSource, angle: usize, wanted: &[(usize, usize)]) -> Result<Vec<SampledPair>> {
    let plan = source.plan();
    let masked = &source.experiment().angles[angle].masked_frames;
    let mut by_block: BTreeMap<usize, Vec<(usize, usize, usize)>> = BTreeMap::new();
    for &(i, j) in wanted.iter().filter(|(i, j)| !masked.contains(i) && !masked.contains(j)) {
        let position = pair_position(plan.n_frames, i, j);
        let block = angle * plan.blocks_per_angle() + position / plan.block_points;
        by_block.entry(block).or_default().push((i, j, position % plan.block_points));
    }
    let mut pairs = Vec::new();
    for (index, members) in by_block {
        let block: Block = source.read(index)?;
        let read = members.into_iter().map(|(i, j, k)| SampledPair { i, j, y: block.values.get(k) - 1.0 });
        pairs.extend(read.filter(|pair| pair.y.is_finite()));
    }
    Ok(pairs)
}

impl Sample {
    /// Ends with the error Interrupted once `stop` is set.
    #[must_use]
    pub fn stopped_by(mut self, stop: Arc<AtomicBool>) -> Self {
        self.stop = stop;
        self
    }

    fn check_stop(&self) -> Result<()> {
        if self.stop.load(Ordering::Relaxed) { Err(Fault::stopped()) } else { Ok(()) }
    }

    /// Hands every row, weighted by the root of its loss, and its loss to `take`, angle by angle.
    fn rows(&self, query: &Query<'_>, derivatives: bool, take: &mut dyn FnMut(usize, &[f64], f64)) {
        let tables = self.model.tables(query.theta);
        let p = self.model.mode.n_parameters();
        for (k, (angle, pairs)) in self.angles.iter().zip(&self.pairs).enumerate() {
            let evaluator = PairEvaluator::new(&self.model, &tables, query.theta, angle.phi_degrees);
            let reweighing = query.reweighing.map(|all| all[k]);
            for pair in pairs {
                let mut row = [0.0; 10];
                let h = if derivatives {
                    let value = evaluator.at(pair.i, pair.j);
                    row[..p].copy_from_slice(&value.dh[..p]);
                    value.h
                } else {
                    evaluator.h(pair.i, pair.j)
                };
                row[p..p + 3].copy_from_slice(&[h, 1.0, pair.y]);
                let loss = reweighing.map_or(0.0, |reweighing| reweigh_row(&reweighing, &mut row[..p + 3]));
                take(k, &row[..p + 3], loss);
            }
        }
    }
}

impl Objective for Sample {
    fn sweep(&self, query: &Query<'_>, depth: Depth) -> Result<Vec<Gram>> {
        self.check_stop()?;
        let width = self.model.mode.n_parameters() + 3;
        // A cost needs the last three columns only; their products stand at the end of the packed triangle.
        let first = if depth == Depth::Cost { width - 3 } else { 0 };
        let skipped = packed_len(width) - packed_len(width - first);
        let mut sums = vec![(vec![0.0; packed_len(width)], 0.0); self.angles.len()];
        self.rows(query, depth != Depth::Cost, &mut |angle, row, loss| {
            add_outer_product(&row[first..], &mut sums[angle].0[skipped..]);
            sums[angle].1 += loss;
        });
        let gram = |((packed, loss), pairs): ((Vec<f64>, f64), &Vec<SampledPair>)| {
            Gram::from_packed(width, packed, pairs.len() as u64).with_loss(loss)
        };
        Ok(sums.into_iter().zip(&self.pairs).map(gram).collect())
    }

    fn factors(&self, query: &Query<'_>) -> Result<Vec<Factor>> {
        self.check_stop()?;
        let width = self.model.mode.n_parameters() + 3;
        let mut factors = vec![Factor::zero(width); self.angles.len()];
        self.rows(query, true, &mut |angle, row, loss| {
            factors[angle].add_rows(vec![row.to_vec()]);
            factors[angle].pairs += 1;
            factors[angle].loss += loss;
        });
        Ok(factors)
    }

    fn phi_degrees(&self) -> Vec<f64> {
        self.angles.iter().map(|angle| angle.phi_degrees).collect()
    }

    fn sigma(&self) -> Vec<f64> {
        self.angles.iter().map(|angle| angle.sigma).collect()
    }
}
