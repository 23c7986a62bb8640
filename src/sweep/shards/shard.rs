//! Shards in files, and the sums over one of them: on the thread that asks, some hundred pairs at a time, so that a shard takes no
//! memory besides its map. It knows no noise.

use crate::error::Result;
use crate::experiment::{Angle, Experiment};
use crate::listener::StopFlag;
use crate::model::catalogue::{Model, WithWidth};
use crate::model::nodes::of_frames;
use crate::model::scattered_pairs::ScatteredPairs;
use crate::parameters::scaling::AngleScaling;
use crate::store::shard_file::{ShardBatch, ShardFile};
use crate::sums::gram::Gram;
use crate::sums::objective::{Objective, Query, Shards};
use crate::sums::pairs::{LANES, Lane};
use crate::sums::rank_update::Depth;
use crate::sweep::simd::SimdLevel;
use crate::sweep::weighted_pairs::{PairSums, Weighted, WeightedPass};
use std::path::PathBuf;

/// Pairs whose quantities are held at a time.
const CHUNK_PAIRS: usize = 64 * LANES;

/// The file of a shard.
#[must_use]
pub fn file_name(shard: usize) -> String {
    format!("shard-{shard:05}.arrow")
}

/// All shards.
pub struct Dealt {
    model: Model,
    angles: Vec<Angle>,
    place: PathBuf,
    sizes: Vec<u64>,
    stop: StopFlag,
}

impl Dealt {
    /// Those in a directory, with so many pairs each.
    #[must_use]
    pub fn new(model: Model, experiment: &Experiment, files: (PathBuf, Vec<u64>), stop: StopFlag) -> Self {
        Dealt { model, angles: experiment.angles.clone(), place: files.0, sizes: files.1, stop }
    }
}

impl Shards for Dealt {
    fn sizes(&self) -> &[u64] {
        &self.sizes
    }

    fn open(&self, shard: usize) -> Result<Box<dyn Objective + Sync + '_>> {
        let file = ShardFile::open(&self.place.join(file_name(shard)))?;
        let mut known = vec![Known::default(); self.angles.len()];
        for index in 0..file.n_batches() {
            let ShardBatch { angle, values, .. } = file.batch(index)?;
            known[angle].add((0..values.len()).map(|k| values.get(k) - 1.0));
        }
        Ok(Box::new(Shard { dealt: self, file, known }))
    }
}

/// One shard.
struct Shard<'a> {
    dealt: &'a Dealt,
    file: ShardFile,
    known: Vec<Known>,
}

/// What is known of one angle of a shard before it is swept.
#[derive(Debug, Clone, Copy, Default)]
struct Known {
    pairs: u64,
    /// Sums of 1, y and y^2: no theta changes them.
    sums: [f64; 3],
}

/// A sweep of a shard, for rows of any width.
struct ShardPass<'a> {
    shard: &'a Shard<'a>,
    query: &'a Query<'a>,
    depth: Depth,
    /// The scaling of every angle, where only slopes there are wanted.
    slopes_at: Option<&'a [AngleScaling]>,
}

impl Known {
    fn add(&mut self, values: impl Iterator<Item = f64>) {
        for y in values {
            self.pairs += 1;
            self.sums.iter_mut().zip([1.0, y, y * y]).for_each(|(sum, term)| *sum += term);
        }
    }
}

/// Pairs eight at a time, and the same memory for all of them.
#[derive(Default)]
struct Chunk {
    frames: Vec<[u32; 2]>,
    ones: Vec<Lane>,
    values: Vec<Lane>,
}

impl Chunk {
    /// Takes the pairs of a batch from `start` on.
    fn fill(&mut self, batch: &ShardBatch, start: usize) {
        let end = (start + CHUNK_PAIRS).min(batch.values.len());
        let [earlier, later] = &batch.frames;
        self.frames.clear();
        self.frames.extend((start..end).map(|k| [earlier[k], later[k]]));
        let groups = (end - start).div_ceil(LANES);
        for (lanes, value) in [(&mut self.ones, 1.0), (&mut self.values, 0.0)] {
            lanes.clear();
            lanes.resize(groups, Lane([value; LANES]));
        }
        for k in 0..groups * LANES {
            match start + k < end {
                true => self.values[k / LANES].0[k % LANES] = batch.values.get(start + k) - 1.0,
                false => self.ones[k / LANES].0[k % LANES] = 0.0,
            }
        }
    }
}

impl WithWidth for ShardPass<'_> {
    type Output = Result<Vec<Gram>>;

    fn run<const W: usize>(self) -> Result<Vec<Gram>> {
        let ShardPass { shard: Shard { dealt, file, known }, query, depth, slopes_at } = self;
        let nodes = of_frames(&dealt.model, query.theta);
        let mut all: Vec<PairSums<W>> = dealt.angles.iter().map(|_| PairSums::default()).collect();
        let mut chunk = Chunk::default();
        for index in 0..file.n_batches() {
            let batch = file.batch(index)?;
            let angle = batch.angle;
            for start in (0..batch.values.len()).step_by(CHUNK_PAIRS) {
                chunk.fill(&batch, start);
                let scattered = ScatteredPairs::new(&nodes, &chunk.frames);
                SimdLevel::Best.run(WeightedPass {
                    pairs: &scattered.at(&dealt.model, query.theta, dealt.angles[angle].phi_degrees),
                    weighted: Weighted { roots: &chunk.ones, values: &chunk.values },
                    groups: 0..chunk.ones.len(),
                    reweighing: query.loss(angle),
                    depth,
                    slopes_at: slopes_at.map(|scaling| scaling[angle]),
                    leaves_out: slopes_at.is_some(),
                    into: &mut all[angle],
                });
            }
        }
        file.confirm()?;
        let finish = |(angle, sums): (usize, &PairSums<W>)| {
            let factors = dealt.model.kappa(query.theta, dealt.angles[angle].phi_degrees).factors();
            let Known { pairs, sums: data } = known[angle];
            let found = sums.finish(pairs, &factors);
            let whole = if slopes_at.is_some() { found.with_data(data) } else { found };
            whole.scaled(query.weight(angle))
        };
        Ok(all.iter().enumerate().map(finish).collect())
    }
}

impl Objective for Shard<'_> {
    fn sweep(&self, query: &Query<'_>, depth: Depth) -> Result<Vec<Gram>> {
        self.dealt.stop.check()?;
        self.dealt.model.with_width(ShardPass { shard: self, query, depth, slopes_at: None })
    }

    fn slopes(&self, query: &Query<'_>, scaling: &[AngleScaling]) -> Result<Vec<Gram>> {
        self.dealt.stop.check()?;
        let (depth, slopes_at) = (Depth::Gradient, Some(scaling));
        self.dealt.model.with_width(ShardPass { shard: self, query, depth, slopes_at })
    }

    fn phi_degrees(&self) -> Vec<f64> {
        self.dealt.angles.iter().map(|angle| angle.phi_degrees).collect()
    }

    fn sigma(&self) -> Vec<f64> {
        self.dealt.angles.iter().map(|angle| angle.sigma).collect()
    }
}
