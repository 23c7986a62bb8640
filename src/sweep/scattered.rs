//! A scattered sample of pairs held in memory: the coarse objective of the start. It starts no thread.

use crate::error::Result;
use crate::experiment::Angle;
use crate::listener::StopFlag;
use crate::model::catalogue::{Model, WithWidth};
use crate::model::nodes::of_frames;
use crate::model::scattered_pairs::ScatteredPairs;
use crate::store::block::{Block, BlockSource, pair_position};
use crate::sums::gram::Gram;
use crate::sums::objective::{Objective, Query};
use crate::sums::pairs::{LANES, Lane};
use crate::sums::rank_update::Depth;
use crate::sweep::simd::SimdLevel;
use crate::sweep::weighted_pairs::{PairSums, Weighted, WeightedPass};
use std::collections::BTreeMap;

/// Pairs kept in all.
const SAMPLE_PAIRS: usize = 16_000;
/// Angles looked at; more angles than this are thinned.
const SAMPLE_ANGLES: usize = 24;

/// The sampled values of one angle.
struct Values {
    /// 1 and y of eight pairs at a time; both zero where a pair does not count.
    ones: Vec<Lane>,
    ys: Vec<Lane>,
    /// Pairs that count.
    pairs: u64,
}

/// Pairs at many ages and at lags from one frame to the longest, evenly spread over the logarithm of the lag.
pub struct Sample {
    model: Model,
    angles: Vec<Angle>,
    /// The same at every angle.
    positions: Vec<(usize, usize)>,
    values: Vec<Values>,
    stop: StopFlag,
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
        let mut values = Vec::new();
        for &angle in &chosen {
            values.push(read_values(source, angle, &positions)?);
        }
        let angles = chosen.iter().map(|&angle| experiment.angles[angle].clone()).collect();
        Ok(Sample { model: model.clone(), angles, positions, values, stop: StopFlag::default() })
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

fn read_values(source: &dyn BlockSource, angle: usize, positions: &[(usize, usize)]) -> Result<Values> {
    let plan = source.plan();
    let masked = &source.experiment().angles[angle].masked_frames;
    let mut by_block: BTreeMap<usize, Vec<(usize, usize)>> = BTreeMap::new();
    let usable = |(_, (i, j)): &(usize, &(usize, usize))| !masked.contains(i) && !masked.contains(j);
    for (place, &(i, j)) in positions.iter().enumerate().filter(usable) {
        let position = pair_position(plan.n_frames, i, j);
        let block = angle * plan.blocks_per_angle() + position / plan.block_points;
        by_block.entry(block).or_default().push((place, position % plan.block_points));
    }
    let lanes = || vec![Lane::default(); positions.len().div_ceil(LANES)];
    let mut values = Values { ones: lanes(), ys: lanes(), pairs: 0 };
    for (index, members) in by_block {
        let block: Block = source.read(index)?;
        for (place, within) in members {
            let y = block.values.get(within) - 1.0;
            if y.is_finite() {
                values.ones[place / LANES].0[place % LANES] = 1.0;
                values.ys[place / LANES].0[place % LANES] = y;
                values.pairs += 1;
            }
        }
    }
    source.confirm(angle)?;
    Ok(values)
}

impl Sample {
    /// Ends with the error Interrupted once `stop` is set.
    #[must_use]
    pub fn stopped_by(mut self, stop: &StopFlag) -> Self {
        self.stop = stop.clone();
        self
    }
}

/// A sweep of a sample, for rows of any width.
struct SamplePass<'a> {
    sample: &'a Sample,
    query: &'a Query<'a>,
    depth: Depth,
}

impl WithWidth for SamplePass<'_> {
    type Output = Vec<Gram>;

    fn run<const W: usize>(self) -> Vec<Gram> {
        let SamplePass { sample: Sample { model, angles, positions, values, .. }, query, depth } = self;
        let frames: Vec<[u32; 2]> = positions.iter().map(|&(i, j)| [i as u32, j as u32]).collect();
        let pairs = ScatteredPairs::new(&of_frames(model, query.theta), &frames);
        let of_angle = |(k, (angle, values)): (usize, (&Angle, &Values))| {
            let mut sums = PairSums::<W>::default();
            let pairs = pairs.at(model, query.theta, angle.phi_degrees);
            let pass = WeightedPass {
                pairs: &pairs,
                weighted: Weighted { roots: &values.ones, values: &values.ys },
                groups: 0..values.ones.len(),
                reweighing: query.loss(k),
                depth,
                slopes_at: None,
                leaves_out: false,
                into: &mut sums,
            };
            SimdLevel::Best.run(pass);
            sums.finish(values.pairs, &pairs.factors()).scaled(query.weight(k))
        };
        angles.iter().zip(values).enumerate().map(of_angle).collect()
    }
}

impl Objective for Sample {
    fn sweep(&self, query: &Query<'_>, depth: Depth) -> Result<Vec<Gram>> {
        self.stop.check()?;
        Ok(self.model.with_width(SamplePass { sample: self, query, depth }))
    }

    fn phi_degrees(&self) -> Vec<f64> {
        self.angles.iter().map(|angle| angle.phi_degrees).collect()
    }

    fn sigma(&self) -> Vec<f64> {
        self.angles.iter().map(|angle| angle.sigma).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::{Experiment, TimeGrid};
    use crate::model::pair::PairEvaluator;
    use crate::parameters::definitions::{AnalysisMode, ShearConvention};
    use crate::parameters::scaling::AngleScaling;
    use crate::store::block::{Values as Stored, pair_at};
    use crate::store::memory::MemoryStore;
    use crate::sums::loss::{Loss, Reweighing};
    use crate::sums::packed::packed_len;
    use crate::sweep::slow_twin::{add_outer_product, reweigh_row};

    const THETA: [f64; 7] = [19_000.0, -0.35, 900.0, 0.0013, 0.25, 0.000_15, -6.5];
    const FRAMES: usize = 400;

    fn store() -> MemoryStore {
        let angle = |phi_degrees| Angle { phi_degrees, sigma: 0.003, masked_frames: vec![], ..Angle::default() };
        let mut angles: Vec<Angle> = [-80.0, -10.0, 45.0].into_iter().map(angle).collect();
        angles[1].masked_frames = vec![0, 17, 399];
        let time = TimeGrid { n_frames: FRAMES, dt_seconds: 0.1, start_seconds: 0.0, first_frame: 1 };
        let experiment = Experiment { q_per_angstrom: 0.0054, gap_angstrom: Some(2e6), time, angles };
        let value = |k: usize| if k % 1013 == 5 { f64::NAN } else { 1.0 + 0.1 * (k % 37) as f64 / 37.0 };
        let values = (0..3).map(|a| Stored::from_f64((0..time.n_pairs()).map(|k| value(k + a)).collect()));
        MemoryStore::new(experiment, values.collect(), 65_536).expect("shapes fit")
    }

    /// The sums of one angle, pair by pair.
    fn slow(sample: &Sample, angle: usize, theta: &[f64], reweighing: Option<&Reweighing>) -> Gram {
        let (tables, width) = (sample.model.tables(theta), theta.len() + 3);
        let evaluator = PairEvaluator::new(&sample.model, &tables, theta, sample.angles[angle].phi_degrees);
        let (mut packed, mut pairs, mut loss) = (vec![0.0; packed_len(width)], 0, 0.0);
        for (place, &(i, j)) in sample.positions.iter().enumerate() {
            let (one, y) = (&sample.values[angle].ones[place / LANES], &sample.values[angle].ys[place / LANES]);
            if one.0[place % LANES] == 1.0 {
                let pair = evaluator.at(i, j);
                let mut row = pair.dh[..theta.len()].to_vec();
                row.extend([pair.h, 1.0, y.0[place % LANES]]);
                loss += reweighing.map_or(0.0, |reweighing| reweigh_row(reweighing, &mut row));
                add_outer_product(&row, &mut packed);
                pairs += 1;
            }
        }
        Gram::from_packed(width, packed, pairs).with_loss(loss)
    }

    fn check(mode: AnalysisMode, convention: ShearConvention, loss: Option<Loss>) {
        let store = store();
        let model = Model::new(mode, convention, store.experiment()).expect("valid");
        let sample = Sample::draw(&store, &model).expect("memory");
        let theta = &THETA[..mode.n_parameters()];
        let all = loss.map(|loss| {
            vec![Reweighing { loss, turn: 0.01, scaling: AngleScaling { contrast: 0.14, offset_less_one: 0.02 } }; 3]
        });
        let query = Query { theta, weights: None, reweighing: all.as_deref() };
        let grams = sample.sweep(&query, Depth::Normal).expect("memory");
        let costs = sample.sweep(&query, Depth::Cost).expect("memory");
        for (angle, gram) in grams.iter().enumerate() {
            let slow = slow(&sample, angle, theta, all.as_ref().map(|all| &all[angle]));
            assert_eq!(slow.pairs, gram.pairs);
            assert!((slow.loss - gram.loss).abs() <= 1e-12 * slow.loss);
            assert_eq!((gram.hh(), gram.hy(), gram.yy()), (costs[angle].hh(), costs[angle].hy(), costs[angle].yy()));
            for row in 0..theta.len() + 3 {
                for col in row..theta.len() + 3 {
                    let size = (slow.get(row, row) * slow.get(col, col)).sqrt();
                    let found = gram.get(row, col);
                    assert!((found - slow.get(row, col)).abs() <= 1e-12 * size, "{mode:?} ({row}, {col})");
                }
            }
        }
    }

    #[test]
    fn a_sample_sums_what_the_slow_formulas_give() {
        for loss in [None, Some(Loss::Cauchy)] {
            check(AnalysisMode::Static, ShearConvention::Homodyne, loss);
            check(AnalysisMode::LaminarFlow, ShearConvention::Homodyne, loss);
            check(AnalysisMode::LaminarFlow, ShearConvention::GapAverage, loss);
        }
    }

    #[test]
    fn masked_frames_and_missing_values_are_not_sampled() {
        let store = store();
        let model = Model::new(AnalysisMode::Static, ShearConvention::Homodyne, store.experiment()).expect("valid");
        let sample = Sample::draw(&store, &model).expect("memory");
        for (angle, values) in sample.values.iter().enumerate() {
            let counts = |place: usize| values.ones[place / LANES].0[place % LANES] == 1.0;
            for (place, &(i, j)) in sample.positions.iter().enumerate() {
                let masked = &sample.angles[angle].masked_frames;
                let missing = (pair_position(FRAMES, i, j) + angle) % 1013 == 5;
                let is_usable = !masked.contains(&i) && !masked.contains(&j) && !missing;
                assert_eq!(counts(place), is_usable, "{angle} {:?}", pair_at(FRAMES, pair_position(FRAMES, i, j)));
            }
        }
        assert!(sample.values[1].pairs < sample.values[0].pairs);
    }
}
