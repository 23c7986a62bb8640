//! exp(-(K_j - K_i)) for all pairs from O(n_t) exponentials. It knows nothing of diffusion.
//!
//! Frames are cut into cells of 256. Between cells the decay is the product of three tabulated factors, none above 1:
//! from frame i to the end of its cell, from there to the start of j's cell, and on to j. Within a cell it is
//! exp(K_i - K_start) exp(-(K_j - K_start)), unless the cell spans too much, where it is computed pair by pair.
//! Where a factor underflows, the pair contributes h = 0.

use crate::model::exponential::VANISHED;
use crate::sums::pairs::{CELL_FRAMES, LANES, Lane, Run};
use std::borrow::Cow;

/// A cell that spans more than this is computed pair by pair.
const WIDE: f64 = 600.0;

/// Tables of one theta.
#[derive(Debug, Clone)]
pub struct DecayTables {
    exponent: Vec<f64>,
    /// exp(-(K_j - K_start)), in groups of frames; the last entry is repeated to fill the last group.
    from_start: Vec<Lane>,
    /// exp(K_i - K_start), used within a narrow cell.
    to_start: Vec<f64>,
    /// exp(-(K_end - K_i)).
    to_end: Vec<f64>,
    /// Per pair of cells: exp(-(K_start of the later - K_end of the earlier)).
    between: Vec<f64>,
    wide: Vec<bool>,
}

/// The decay of the pairs of a run: `factor` times these lanes, one per group of the run.
#[derive(Debug)]
pub struct RunDecay<'a> {
    /// What depends on the row.
    pub factor: f64,
    /// What depends on the later frames.
    pub lanes: Cow<'a, [Lane]>,
}

fn decay(exponent: f64) -> f64 {
    if exponent > VANISHED { 0.0 } else { (-exponent).exp() }
}

impl DecayTables {
    /// Tabulates a non-decreasing exponent, one entry per frame.
    #[must_use]
    pub fn new(exponent: &[f64]) -> Self {
        let n = exponent.len();
        let start = |frame: usize| exponent[frame / CELL_FRAMES * CELL_FRAMES];
        let end = |frame: usize| exponent[((frame / CELL_FRAMES + 1) * CELL_FRAMES - 1).min(n - 1)];
        let n_cells = n.div_ceil(CELL_FRAMES);
        let bridge = |earlier: usize, later: usize| match earlier < later {
            true => decay(start(later * CELL_FRAMES) - end(earlier * CELL_FRAMES)),
            false => 0.0,
        };
        let from_start = |frame: usize| decay(exponent[frame.min(n - 1)] - start(frame.min(n - 1)));
        let lane = |group: usize| Lane(std::array::from_fn(|at| from_start(group * LANES + at)));
        DecayTables {
            from_start: (0..n.div_ceil(LANES)).map(lane).collect(),
            to_start: (0..n).map(|frame| (exponent[frame] - start(frame)).min(WIDE).exp()).collect(),
            to_end: (0..n).map(|frame| decay(end(frame) - exponent[frame])).collect(),
            between: (0..n_cells * n_cells).map(|k| bridge(k / n_cells, k % n_cells)).collect(),
            wide: (0..n_cells).map(|cell| end(cell * CELL_FRAMES) - start(cell * CELL_FRAMES) > WIDE).collect(),
            exponent: exponent.to_vec(),
        }
    }

    /// The decay between a frame and a later one.
    #[inline(always)]
    #[must_use]
    pub fn at(&self, row: usize, frame: usize) -> f64 {
        let (own, cell) = (row / CELL_FRAMES, frame / CELL_FRAMES);
        let from_start = self.from_start[frame / LANES].0[frame % LANES];
        match own == cell {
            false => self.to_end[row] * self.between[own * self.wide.len() + cell] * from_start,
            true if self.wide[cell] => decay(self.exponent[frame] - self.exponent[row]),
            true => self.to_start[row] * from_start,
        }
    }

    /// The largest decay between a frame and the next, each divided by a number of the earlier.
    #[must_use]
    pub fn largest(&self, divisor: impl Fn(usize) -> f64) -> f64 {
        let neighbours = 0..self.exponent.len().saturating_sub(1);
        neighbours.map(|row| self.at(row, row + 1) / divisor(row)).fold(0.0, f64::max)
    }

    /// The decay of the pairs of a run.
    #[inline(always)]
    #[must_use]
    pub fn of_run(&self, run: &Run) -> RunDecay<'_> {
        let (own, cell) = (run.row / CELL_FRAMES, run.frames.start / CELL_FRAMES);
        let factor = match own == cell {
            false => self.to_end[run.row] * self.between[own * self.wide.len() + cell],
            true if self.wide[cell] => return self.pair_by_pair(run),
            true => self.to_start[run.row],
        };
        RunDecay { factor, lanes: Cow::Borrowed(&self.from_start[run.groups()]) }
    }

    #[cold]
    fn pair_by_pair(&self, run: &Run) -> RunDecay<'_> {
        let mut lanes = vec![Lane::default(); run.groups().len()];
        for j in run.frames.clone() {
            lanes[j / LANES - run.groups().start].0[j % LANES] = decay(self.exponent[j] - self.exponent[run.row]);
        }
        RunDecay { factor: 1.0, lanes: Cow::Owned(lanes) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(exponent: &[f64]) {
        let n = exponent.len();
        let tables = DecayTables::new(exponent);
        for i in 0..n {
            for start in (0..n).step_by(CELL_FRAMES).filter(|start| start + CELL_FRAMES > i + 1) {
                let run = Run { row: i, frames: start.max(i + 1)..(start + CELL_FRAMES).min(n) };
                let of_run = tables.of_run(&run);
                for j in run.frames.clone() {
                    let expected = (-(exponent[j] - exponent[i])).exp();
                    let found = of_run.factor * of_run.lanes[j / LANES - run.groups().start].0[j % LANES];
                    let close =
                        [found, tables.at(i, j)].iter().all(|found| (found - expected).abs() <= 1e-12 * expected);
                    assert!(close || expected < 1e-300, "{i} {j}: {found} {expected}");
                }
            }
        }
    }

    #[test]
    fn products_equal_the_exponential_from_slow_to_violent_decay() {
        for rate in [1e-6, 0.01, 1.0, 5.5, 40.0] {
            check(&(0..600).map(|k| rate * f64::from(k)).collect::<Vec<f64>>());
        }
    }
}
