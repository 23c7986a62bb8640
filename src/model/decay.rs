//! exp(-(K_j - K_i)) for all pairs from O(n_t) exponentials. It knows nothing of diffusion.
//!
//! Frames are cut into cells of 128. Between cells the decay is the product of three tabulated factors, none above 1:
//! from frame i to the end of its cell, from there to the start of j's cell, and on to j. Within a cell it is
//! exp(K_i - K_start) exp(-(K_j - K_start)), unless the cell spans too much, where it is computed pair by pair.
//! Where a factor underflows, the pair contributes h = 0.

use crate::rows::{LANES, Lane, RUN_FRAMES, Run};

/// Beyond this exponent a factor is zero (before it becomes denormal and slow).
const VANISHED: f64 = 700.0;
/// A cell that spans more than this is computed pair by pair.
const WIDE: f64 = 600.0;

/// Tables of one theta.
#[derive(Debug, Clone)]
pub struct DecayTables {
    exponent: Vec<f64>,
    /// exp(-(K_j - K_start)).
    pub from_start: Vec<f64>,
    /// exp(K_i - K_start), used within a narrow cell.
    to_start: Vec<f64>,
    /// exp(-(K_end - K_i)).
    to_end: Vec<f64>,
    /// Per pair of cells: exp(-(K_start of the later - K_end of the earlier)).
    between: Vec<f64>,
    wide: Vec<bool>,
}

/// How to get the decay of the pairs of a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum RowFactor {
    /// Multiply `from_start[j]` by this.
    Times(f64),
    /// Compute pair by pair.
    PairByPair,
}

fn decay(exponent: f64) -> f64 {
    if exponent > VANISHED { 0.0 } else { (-exponent).exp() }
}

impl DecayTables {
    /// Tabulates a non-decreasing exponent, one entry per frame.
    #[must_use]
    pub fn new(exponent: &[f64]) -> Self {
        let n = exponent.len();
        let start = |frame: usize| exponent[frame / RUN_FRAMES * RUN_FRAMES];
        let end = |frame: usize| exponent[((frame / RUN_FRAMES + 1) * RUN_FRAMES - 1).min(n - 1)];
        let n_cells = n.div_ceil(RUN_FRAMES);
        let bridge = |earlier: usize, later: usize| match earlier < later {
            true => decay(start(later * RUN_FRAMES) - end(earlier * RUN_FRAMES)),
            false => 0.0,
        };
        DecayTables {
            from_start: (0..n).map(|frame| decay(exponent[frame] - start(frame))).collect(),
            to_start: (0..n).map(|frame| (exponent[frame] - start(frame)).min(WIDE).exp()).collect(),
            to_end: (0..n).map(|frame| decay(end(frame) - exponent[frame])).collect(),
            between: (0..n_cells * n_cells).map(|k| bridge(k / n_cells, k % n_cells)).collect(),
            wide: (0..n_cells).map(|cell| end(cell * RUN_FRAMES) - start(cell * RUN_FRAMES) > WIDE).collect(),
            exponent: exponent.to_vec(),
        }
    }

    /// The factor of row `i` for the cell that holds `frame`.
    #[inline(always)]
    #[must_use]
    pub fn row_factor(&self, i: usize, frame: usize) -> RowFactor {
        let (own, cell) = (i / RUN_FRAMES, frame / RUN_FRAMES);
        if own != cell {
            RowFactor::Times(self.to_end[i] * self.between[own * self.wide.len() + cell])
        } else if self.wide[cell] {
            RowFactor::PairByPair
        } else {
            RowFactor::Times(self.to_start[i])
        }
    }

    /// A copy of the run's groups of a table whose column 0 is `from_start`, with the decay of each pair in its place.
    #[cold]
    #[must_use]
    pub fn pair_by_pair<const C: usize>(&self, run: &Run, table: &[[Lane; C]]) -> Vec<[Lane; C]> {
        let mut groups = table[run.groups()].to_vec();
        for j in run.frames.clone() {
            groups[j / LANES - run.groups().start][0].0[j % LANES] = decay(self.exponent[j] - self.exponent[run.row]);
        }
        groups
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(exponent: &[f64]) {
        let n = exponent.len();
        let tables = DecayTables::new(exponent);
        let empty = vec![[Lane::default()]; n.div_ceil(LANES)];
        for i in 0..n {
            for start in (0..n).step_by(RUN_FRAMES).filter(|start| start + RUN_FRAMES > i + 1) {
                let run = Run { row: i, frames: start.max(i + 1)..(start + RUN_FRAMES).min(n) };
                let singles = tables.pair_by_pair(&run, &empty);
                for j in run.frames.clone() {
                    let expected = (-(exponent[j] - exponent[i])).exp();
                    let found = match tables.row_factor(i, j) {
                        RowFactor::Times(factor) => factor * tables.from_start[j],
                        RowFactor::PairByPair => singles[j / LANES - run.groups().start][0].0[j % LANES],
                    };
                    let close = (found - expected).abs() <= 1e-12 * expected;
                    assert!(close || expected < 1e-300, "{i} {j}: {found} {expected}");
                }
            }
        }
    }

    #[test]
    fn products_equal_the_exponential_from_slow_to_violent_decay() {
        for rate in [1e-6, 0.01, 1.0, 5.5, 40.0] {
            check(&(0..300).map(|k| rate * f64::from(k)).collect::<Vec<f64>>());
        }
    }
}
