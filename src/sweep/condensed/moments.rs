//! What pseudo-pairs add up to: part by part while blocks pass, and of a whole angle. It reads no block.

use crate::store::condensed_angle::{CondensedAngle, Missing, Unseen};
use crate::sums::pairs::Lane;
use crate::sweep::condensed::axis_rule::NODES;
use crate::sweep::condensed::layout::Layout;
use std::collections::BTreeMap;

/// What one block adds to an angle.
#[derive(Debug, Default)]
pub struct Part {
    /// With the number of each cell, in the order in which the block meets them.
    pub cells: Vec<(u32, CellSums)>,
    /// By block of rows.
    pub strips: BTreeMap<usize, StripSums>,
    /// Sum of y^2, and the pairs behind it.
    pub squares: f64,
    /// Their number.
    pub pairs: u64,
    /// Pairs of usable frames without a value, and the value that was put there.
    pub missing: Vec<Missing>,
}

/// Of the pairs of a cell.
#[derive(Debug, Default, Clone)]
pub struct CellSums {
    /// Y: a lane of column nodes for every row node.
    pub moments: [Lane; NODES],
    /// Sum of y^2.
    pub squares: f64,
}

/// Of the pairs of one block of strips, by lag from one on.
#[derive(Debug, Clone)]
pub struct StripSums {
    /// Y: a lane of row nodes.
    pub moments: Vec<Lane>,
    /// Sums of y^2.
    pub squares: Vec<f64>,
}

impl StripSums {
    /// Nothing yet.
    #[must_use]
    pub fn zero(layout: &Layout) -> Self {
        let n_lags = layout.longest_lag();
        StripSums { moments: vec![Lane::default(); n_lags], squares: vec![0.0; n_lags] }
    }
}

/// Everything of one angle.
#[derive(Debug)]
pub struct Moments {
    cells: Vec<CellSums>,
    strips: Vec<StripSums>,
    squares: f64,
    pairs: u64,
    missing: Vec<Missing>,
}

impl Moments {
    /// Nothing yet.
    #[must_use]
    pub fn zero(layout: &Layout) -> Self {
        Moments {
            cells: vec![CellSums::default(); layout.cells.len()],
            strips: vec![StripSums::zero(layout); layout.strips.len()],
            squares: 0.0,
            pairs: 0,
            missing: Vec::new(),
        }
    }

    /// Adds the next block.
    pub fn add(&mut self, part: Part) {
        let add = |sum: &mut Lane, term: &Lane| sum.0.iter_mut().zip(term.0).for_each(|(sum, term)| *sum += term);
        for (cell, term) in part.cells {
            let sums = &mut self.cells[cell as usize];
            sums.moments.iter_mut().zip(&term.moments).for_each(|(sum, term)| add(sum, term));
            sums.squares += term.squares;
        }
        for (block, terms) in part.strips {
            let sums = &mut self.strips[block];
            sums.moments.iter_mut().zip(&terms.moments).for_each(|(sum, term)| add(sum, term));
            sums.squares.iter_mut().zip(&terms.squares).for_each(|(sum, term)| *sum += term);
        }
        self.squares += part.squares;
        self.pairs += part.pairs;
        self.missing.extend(part.missing);
    }

    /// The angle with all its blocks.
    #[must_use]
    pub fn finish(self, layout: &Layout) -> CondensedAngle {
        let (mut moments, mut unseen) = (Vec::with_capacity(layout.pairs.len()), Vec::new());
        let mut weights = layout.weights.iter();
        let mut close = |sums: &[f64], squares: f64, place: Unseen| {
            let of = |(moment, weight): (&f64, &f64)| (moment * moment / weight, *weight);
            let (seen, pairs): (Vec<f64>, Vec<f64>) = sums.iter().zip(weights.by_ref()).map(of).unzip();
            let degrees = (pairs.iter().sum::<f64>() - sums.len() as f64).round();
            moments.extend_from_slice(sums);
            unseen.push(Unseen { energy: squares - seen.iter().sum::<f64>(), degrees, ..place });
        };
        for (cell, sums) in layout.cells.iter().zip(&self.cells) {
            let (rows, columns) = (layout.rows(cell), layout.columns(cell));
            let row = |row: &Lane| row.0.into_iter().take(columns.rule.nodes.len()).collect::<Vec<f64>>();
            let all: Vec<f64> = sums.moments.iter().take(rows.rule.nodes.len()).flat_map(row).collect();
            close(&all, sums.squares, Unseen::at(rows.start..rows.end, columns.start..columns.end));
        }
        for (strips, sums) in layout.strips.iter().zip(&self.strips) {
            for strip in strips {
                let (rows, lags) = (&layout.axes[strip.rows], &layout.axes[strip.lags]);
                let places = lags.start - 1..lags.end - 1;
                let mut all = vec![0.0; lags.rule.nodes.len() * rows.rule.nodes.len()];
                for (of_lag, share) in sums.moments[places.clone()].iter().zip(&lags.shares) {
                    for (all, share) in all.chunks_mut(rows.rule.nodes.len()).zip(share.0) {
                        all.iter_mut().zip(of_lag.0).for_each(|(sum, moment)| *sum += share * moment);
                    }
                }
                let place = Unseen::at(rows.start..rows.end, rows.start + lags.start..rows.end + lags.end - 1);
                close(&all, sums.squares[places].iter().sum(), place);
            }
        }
        let (squares, pairs, missing) = (self.squares, self.pairs, self.missing);
        CondensedAngle { moments, squares, pairs, missing, unseen: Unseen::summary(&unseen) }
    }
}
