//! The unit of movement: a run of stored pairs of one angle. It knows no file, no model and no weight.
//!
//! Two invariants, on which every identity of bits rests:
//! 1. a block holds pairs of **exactly one** angle, consecutive in the pair order;
//! 2. sums over blocks are folded **in block order**.
//!
//! Pair order: the upper triangle without the diagonal, row-major: (0,1) (0,2) .. (0,N-1) (1,2) ..

use crate::error::Result;
use crate::experiment::Experiment;
use crate::store::condensed_angle::CondensedAngle;
use arrow_buffer::ScalarBuffer;

/// Pairs in a block unless the store says otherwise.
pub const DEFAULT_BLOCK_POINTS: usize = 65_536;

/// Values of c2 in the width the source wrote them. A view: cloning copies no data.
#[derive(Debug, Clone)]
pub enum Values {
    /// 32-bit values.
    F32(ScalarBuffer<f32>),
    /// 64-bit values.
    F64(ScalarBuffer<f64>),
}

impl Values {
    /// Takes 32-bit values.
    #[must_use]
    pub fn from_f32(values: Vec<f32>) -> Self {
        Values::F32(values.into())
    }

    /// Takes 64-bit values.
    #[must_use]
    pub fn from_f64(values: Vec<f64>) -> Self {
        Values::F64(values.into())
    }

    /// Number of values.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Values::F32(values) => values.len(),
            Values::F64(values) => values.len(),
        }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Value `k`, widened.
    #[must_use]
    pub fn get(&self, k: usize) -> f64 {
        match self {
            Values::F32(values) => f64::from(values[k]),
            Values::F64(values) => values[k],
        }
    }

    /// Bytes per value.
    #[must_use]
    pub fn width_bytes(&self) -> usize {
        match self {
            Values::F32(_) => 4,
            Values::F64(_) => 8,
        }
    }

    /// The values in 64 bits.
    #[must_use]
    pub fn widened(self) -> Values {
        match self {
            Values::F32(values) => Values::from_f64(values.iter().map(|&value| f64::from(value)).collect()),
            wide @ Values::F64(_) => wide,
        }
    }

    /// The `len` values from `start`, without copying.
    #[must_use]
    pub fn slice(&self, start: usize, len: usize) -> Values {
        match self {
            Values::F32(values) => Values::F32(values.slice(start, len)),
            Values::F64(values) => Values::F64(values.slice(start, len)),
        }
    }
}

/// All values in blocks of `block_points`, without copying.
pub fn blocks(values: &Values, block_points: usize) -> impl Iterator<Item = Values> {
    (0..values.len())
        .step_by(block_points)
        .map(move |start| values.slice(start, block_points.min(values.len() - start)))
}

/// A run of consecutive pairs of one angle.
#[derive(Debug, Clone)]
pub struct Block {
    /// Position in the fold.
    pub index: usize,
    /// Which angle of the experiment.
    pub angle: usize,
    /// Position of the first pair in the angle's pair order.
    pub first_pair: usize,
    /// c2 of each pair.
    pub values: Values,
}

/// How the pairs of an experiment are cut into blocks: angle by angle, `block_points` at a time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BlockPlan {
    /// Number of frames.
    pub n_frames: usize,
    /// Number of angles.
    pub n_angles: usize,
    /// Pairs per block (the last block of an angle may be shorter).
    pub block_points: usize,
}

impl BlockPlan {
    /// Pairs of one angle.
    #[must_use]
    pub fn pairs_per_angle(&self) -> usize {
        self.n_frames * self.n_frames.saturating_sub(1) / 2
    }

    /// Blocks of one angle.
    #[must_use]
    pub fn blocks_per_angle(&self) -> usize {
        self.pairs_per_angle().div_ceil(self.block_points)
    }

    /// The blocks of one angle, in order.
    #[must_use]
    pub fn blocks_of(&self, angle: usize) -> std::ops::Range<usize> {
        angle * self.blocks_per_angle()..(angle + 1) * self.blocks_per_angle()
    }

    /// Blocks in all.
    #[must_use]
    pub fn n_blocks(&self) -> usize {
        self.n_angles * self.blocks_per_angle()
    }

    /// Angle and pair range of block `index`.
    #[must_use]
    pub fn locate(&self, index: usize) -> (usize, std::ops::Range<usize>) {
        let (angle, within) = (index / self.blocks_per_angle(), index % self.blocks_per_angle());
        let start = within * self.block_points;
        (angle, start..(start + self.block_points).min(self.pairs_per_angle()))
    }
}

/// Anything that hands out blocks: a mapped store, a Parquet store, memory.
///
/// What a sweep relies on: several threads may read at a time, in any order, and read the same block again; an index gives the
/// same values every time, and `experiment` and `plan` never change. No promise is made about speed or about what reading again
/// costs, and a block may be a view of the source: it is never written to.
pub trait BlockSource: Send + Sync {
    /// What was measured.
    fn experiment(&self) -> &Experiment;
    /// How it is cut into blocks.
    fn plan(&self) -> BlockPlan;
    /// Reads block `index`.
    ///
    /// # Errors
    /// What the store below reports, naming the partition.
    fn read(&self, index: usize) -> Result<Block>;
    /// Says whether blocks of an angle that were read so far were what the source holds: asked after their values were used, because
    /// a view of a file changes with it.
    ///
    /// # Errors
    /// What has happened to the source meanwhile.
    fn confirm(&self, angle: usize) -> Result<()> {
        let _ = angle;
        Ok(())
    }
    /// Says whether the source is still what it was when it was opened: asked after every pass.
    ///
    /// # Errors
    /// What has happened to the source meanwhile.
    fn check_unchanged(&self) -> Result<()> {
        Ok(())
    }
    /// Pseudo-pairs of all angles laid out by a rule, if the source has them.
    ///
    /// # Errors
    /// If they are damaged or cannot be read.
    fn condensed(&self, rule: &str) -> Result<Option<Vec<CondensedAngle>>> {
        let _ = rule;
        Ok(None)
    }
    /// Value type and place, for reports ("arrow f32").
    fn kind(&self) -> String;
}

/// Position of pair (i, j), i < j, in the pair order of `n` frames.
#[must_use]
pub fn pair_position(n: usize, i: usize, j: usize) -> usize {
    i * n - i * (i + 1) / 2 + j - i - 1
}

/// The pair at a position; the inverse of [`pair_position`].
#[must_use]
pub fn pair_at(n: usize, position: usize) -> (usize, usize) {
    let width = 2.0 * n as f64 - 1.0;
    let root = (width * width - 8.0 * position as f64).max(0.0).sqrt();
    let mut i = (((width - root) / 2.0) as usize).min(n.saturating_sub(2));
    while i > 0 && pair_position(n, i, i + 1) > position {
        i -= 1;
    }
    while i + 2 < n && pair_position(n, i + 1, i + 2) <= position {
        i += 1;
    }
    (i, position - pair_position(n, i, i + 1) + i + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pair_order_is_row_major_and_invertible() {
        for n in [3, 4, 17, 130] {
            let mut position = 0;
            for i in 0..n {
                for j in i + 1..n {
                    assert_eq!(pair_position(n, i, j), position);
                    assert_eq!(pair_at(n, position), (i, j));
                    position += 1;
                }
            }
        }
        let n = 32_767;
        for position in [0, 1, 32_765, 32_766, 268_000_000, n * (n - 1) / 2 - 1] {
            let (i, j) = pair_at(n, position);
            assert_eq!(pair_position(n, i, j), position);
        }
    }

    #[test]
    fn blocks_cover_every_pair_once_and_never_two_angles() {
        let plan = BlockPlan { n_frames: 30, n_angles: 3, block_points: 100 };
        let mut seen = vec![0_usize; 3];
        for index in 0..plan.n_blocks() {
            let (angle, pairs) = plan.locate(index);
            assert_eq!(pairs.start, seen[angle]);
            seen[angle] = pairs.end;
        }
        assert_eq!(seen, vec![435; 3]);
    }
}
