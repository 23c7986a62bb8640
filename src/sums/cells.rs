//! Sums of residuals over the pairs of two narrow groups of frames: what weights that are smooth within groups need of the data. It
//! knows neither data nor physics.

use crate::parameters::scaling::AngleScaling;
use crate::sums::fold::PairwiseTerm;
use crate::sums::packed::{packed_index, packed_len};
use crate::sums::residuals::FrameGroups;

/// Groups of one angle, and up to how many groups apart two of them are a cell of their own.
#[derive(Debug, Clone, PartialEq)]
pub struct Cells {
    /// The groups.
    pub groups: FrameGroups,
    /// Farthest groups of a cell.
    pub reach: usize,
}

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct CellQuery<'a> {
    /// Physical parameters.
    pub theta: &'a [f64],
    /// Contrast and offset of every angle.
    pub scaling: &'a [AngleScaling],
    /// The cells of every angle.
    pub cells: &'a [Cells],
    /// Blocks of time, of whose pairs all residuals are summed; groups of cells are parts of them.
    pub blocks: &'a FrameGroups,
}

/// Sums of model less data over the pairs of one angle, each pair once.
#[derive(Debug, Clone, PartialEq)]
pub struct CellSums {
    reach: usize,
    cells: Vec<f64>,
    n_blocks: usize,
    blocks: Vec<f64>,
}

impl CellSums {
    /// Of no pairs.
    #[must_use]
    pub fn zero(cells: &Cells, n_blocks: usize) -> Self {
        let size = cells.groups.len() * (cells.reach + 1);
        CellSums { reach: cells.reach, cells: vec![0.0; size], n_blocks, blocks: vec![0.0; packed_len(n_blocks)] }
    }

    /// Over the pairs of a group with itself or a later one within reach.
    #[must_use]
    pub fn of_cell(&self, earlier: usize, later: usize) -> f64 {
        self.cells[earlier * (self.reach + 1) + later - earlier]
    }

    /// Over the pairs of two blocks of time.
    #[must_use]
    pub fn of_blocks(&self, earlier: usize, later: usize) -> f64 {
        self.blocks[packed_index(self.n_blocks, earlier, later)]
    }

    /// Adds a sum of pairs of two groups; those out of reach are no cell.
    #[inline(always)]
    pub fn add(&mut self, (earlier, later): (usize, usize), blocks: (usize, usize), sum: f64) {
        if later - earlier <= self.reach {
            self.cells[earlier * (self.reach + 1) + later - earlier] += sum;
        }
        self.blocks[packed_index(self.n_blocks, blocks.0, blocks.1)] += sum;
    }
}

impl PairwiseTerm for CellSums {
    fn absorb(&mut self, other: &Self) {
        let sums = self.cells.iter_mut().chain(&mut self.blocks);
        sums.zip(other.cells.iter().chain(&other.blocks)).for_each(|(sum, term)| *sum += term);
    }
}
