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
    /// By block of rows: the sums of every lag.
    pub strips: BTreeMap<usize, Vec<StripSums>>,
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

/// Of the pairs of a strip.
#[derive(Debug, Default, Clone)]
pub struct StripSums {
    /// Y: a lane of row nodes.
    pub moments: Lane,
    /// Sum of y^2.
    pub squares: f64,
}

/// Everything of one angle.
#[derive(Debug)]
pub struct Moments {
    cells: Vec<CellSums>,
    strips: Vec<Vec<StripSums>>,
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
            strips: layout.strips.iter().map(|lags| vec![StripSums::default(); lags.len()]).collect(),
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
            for (sums, term) in self.strips[block].iter_mut().zip(&terms) {
                add(&mut sums.moments, &term.moments);
                sums.squares += term.squares;
            }
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
            for ((strip, sums), lag) in strips.iter().zip(sums).zip(1..) {
                let Some(rows) = strip.map(|strip| &layout.axes[strip.rows]) else { continue };
                let place = Unseen::at(rows.start..rows.end, rows.start + lag..rows.end + lag);
                close(&sums.moments.0[..rows.rule.nodes.len()], sums.squares, place);
            }
        }
        let (squares, pairs, missing) = (self.squares, self.pairs, self.missing);
        CondensedAngle { moments, squares, pairs, missing, unseen: Unseen::summary(&unseen) }
    }
}
