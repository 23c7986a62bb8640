//! A scattered sample of pairs held in memory: the coarse objective of the start. It uses the slow twin's formulas.

use crate::block::{Block, BlockSource, pair_position};
use crate::error::Result;
use crate::experiment::Angle;
use crate::model::catalogue::Model;
use crate::model::pair::PairEvaluator;
use crate::normal::gram::{Gram, packed_len};
use crate::normal::rank_update::Depth;
use crate::objective::Objective;
use crate::sweep::slow_twin::add_outer_product;
use std::collections::BTreeMap;

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
        Ok(Sample { model: model.clone(), angles, pairs })
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

impl Objective for Sample {
    fn sweep(&self, theta: &[f64], depth: Depth) -> Result<Vec<Gram>> {
        let tables = self.model.tables(theta);
        let p = self.model.mode.n_parameters();
        // A cost needs the last three columns only; their products stand at the end of the packed triangle.
        let first = if depth == Depth::Cost { p } else { 0 };
        let sum_angle = |(angle, pairs): (&Angle, &Vec<SampledPair>)| {
            let evaluator = PairEvaluator::new(&self.model, &tables, theta, angle.phi_degrees);
            let mut sums = vec![0.0; packed_len(p + 3)];
            let skipped = sums.len() - packed_len(p + 3 - first);
            for pair in pairs {
                let value = evaluator.at(pair.i, pair.j);
                let mut row = [0.0; 10];
                row[..p].copy_from_slice(&value.dh[..p]);
                row[p..p + 3].copy_from_slice(&[value.h, 1.0, pair.y]);
                add_outer_product(&row[first..p + 3], &mut sums[skipped..]);
            }
            Gram::from_packed(p + 3, sums, pairs.len() as u64)
        };
        Ok(self.angles.iter().zip(&self.pairs).map(sum_angle).collect())
    }

    fn phi_degrees(&self) -> Vec<f64> {
        self.angles.iter().map(|angle| angle.phi_degrees).collect()
    }

    fn sigma(&self) -> Vec<f64> {
        self.angles.iter().map(|angle| angle.sigma).collect()
    }
}
