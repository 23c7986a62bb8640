//! Pairs held in memory, served as blocks: for simulated data, tests and benches.

use crate::error::{Fault, Result};
use crate::experiment::Experiment;
use crate::store::block::{Block, BlockPlan, BlockSource, Values};
use ndarray::ArrayView3;

/// All pairs of all angles, each angle in pair order.
#[derive(Debug, Clone)]
pub struct MemoryStore {
    experiment: Experiment,
    values: Vec<Values>,
    block_points: usize,
}

impl MemoryStore {
    /// Takes one vector of N (N - 1) / 2 values per angle.
    ///
    /// # Errors
    /// [`crate::error::Error::Shape`] if the counts do not fit.
    pub fn new(experiment: Experiment, values: Vec<Values>, block_points: usize) -> Result<Self> {
        let pairs = experiment.time.n_pairs();
        if values.len() != experiment.angles.len() || values.iter().any(|values| values.len() != pairs) {
            let found = format!("{} vectors of {:?} values", values.len(), values.iter().map(Values::len).max());
            let expected = format!("{} vectors of {pairs} values", experiment.angles.len());
            return Err(Fault::at("memory store", found).expected(expected).shape());
        }
        Ok(MemoryStore { experiment, values, block_points })
    }

    /// Takes c2(phi, t1, t2), of which the upper triangles are used; not a number where a value is missing.
    ///
    /// # Errors
    /// [`crate::error::Error::Shape`] if the sizes are not those of the experiment.
    pub fn of_maps(experiment: Experiment, maps: ArrayView3<'_, f64>, block_points: usize) -> Result<Self> {
        let n = experiment.time.n_frames;
        let expected = (experiment.angles.len(), n, n);
        if maps.dim() != expected {
            let found = format!("an array of shape {:?}", maps.dim());
            return Err(Fault::at("memory store", found).expected(format!("{expected:?}")).shape());
        }
        let pairs = || (0..n).flat_map(|i| (i + 1..n).map(move |j| (i, j)));
        let values = maps.outer_iter().map(|map| Values::from_f64(pairs().map(|pair| map[pair]).collect()));
        MemoryStore::new(experiment, values.collect(), block_points)
    }
}

impl BlockSource for MemoryStore {
    fn experiment(&self) -> &Experiment {
        &self.experiment
    }

    fn plan(&self) -> BlockPlan {
        let n_angles = self.experiment.angles.len();
        BlockPlan { n_frames: self.experiment.time.n_frames, n_angles, block_points: self.block_points }
    }

    fn read(&self, index: usize) -> Result<Block> {
        let (angle, pairs) = self.plan().locate(index);
        let values = self.values[angle].slice(pairs.start, pairs.len());
        Ok(Block { index, angle, first_pair: pairs.start, values })
    }

    fn kind(&self) -> String {
        "memory".into()
    }
}
