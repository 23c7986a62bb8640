//! The values of all pairs, dealt out to pseudo-pairs: one pass over the blocks of a source. It evaluates no model.
//!
//! A row of a cell is first dealt out to the nodes of its columns, `r_m = sum_j L_m(j) y_ij`, then to those of its rows,
//! `Y_nm += L_n(i) r_m`: about eight fused multiply-adds per pair.

use crate::store::block::{Block, pair_at};
use crate::sums::pairs::{LANES, Lane};
use crate::sweep::condensed::axis_rule::NODES;
use crate::sweep::condensed::layout::{Axis, Layout};
use pulp::{Simd, WithSimd};
use std::collections::BTreeMap;

/// What one block adds to an angle.
#[derive(Debug, Default)]
pub struct Part {
    /// By cell: a lane of column nodes for every row node.
    cells: BTreeMap<u32, Box<[Lane; NODES]>>,
    /// By block of rows: a lane of row nodes for every lag.
    strips: BTreeMap<usize, Vec<Lane>>,
    /// Sum of y^2, and the pairs behind it.
    squares: f64,
    pairs: u64,
    /// Pairs of usable frames without a value, and the value that was put there.
    missing: Vec<Missing>,
}

/// A pair of usable frames without a value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Missing {
    /// Its frames.
    pub frames: [u32; 2],
    /// y that stands there.
    pub stand_in: f64,
}

/// Everything of one angle.
#[derive(Debug)]
pub struct Moments {
    cells: Vec<[Lane; NODES]>,
    strips: Vec<Vec<Lane>>,
    /// Sum of y^2 over all pairs with a value.
    pub squares: f64,
    /// Their number.
    pub pairs: u64,
    /// Pairs without a value.
    pub missing: Vec<Missing>,
}

impl Moments {
    /// Nothing yet.
    #[must_use]
    pub fn zero(layout: &Layout) -> Self {
        Moments {
            cells: vec![[Lane::default(); NODES]; layout.cells.len()],
            strips: layout.strips.iter().map(|lags| vec![Lane::default(); lags.len()]).collect(),
            squares: 0.0,
            pairs: 0,
            missing: Vec::new(),
        }
    }

    /// Adds the next block.
    pub fn add(&mut self, part: Part) {
        let add = |sum: &mut Lane, term: &Lane| sum.0.iter_mut().zip(term.0).for_each(|(sum, term)| *sum += term);
        for (cell, term) in part.cells {
            self.cells[cell as usize].iter_mut().zip(term.iter()).for_each(|(sum, term)| add(sum, term));
        }
        for (block, term) in part.strips {
            self.strips[block].iter_mut().zip(&term).for_each(|(sum, term)| add(sum, term));
        }
        self.squares += part.squares;
        self.pairs += part.pairs;
        self.missing.extend(part.missing);
    }

    /// Y of every pseudo-pair over the root of its weight, eight at a time.
    #[must_use]
    pub fn values(&self, layout: &Layout) -> Vec<Lane> {
        let of_cell = |(cell, sums): (_, &[Lane; NODES])| {
            let [rows, columns] = [layout.rows(cell), layout.columns(cell)].map(|axis| axis.rule.nodes.len());
            sums.iter().take(rows).flat_map(|row| row.0.into_iter().take(columns)).collect::<Vec<f64>>()
        };
        let cells = layout.cells.iter().zip(&self.cells).flat_map(of_cell);
        let strips = layout.strips.iter().flatten().zip(self.strips.iter().flatten());
        let of_strip = |(strip, sums): (&Option<_>, &Lane)| {
            let nodes = layout.nodes_of(strip.as_ref());
            sums.0.into_iter().take(nodes).collect::<Vec<f64>>()
        };
        let all: Vec<f64> = cells.chain(strips.flat_map(of_strip)).collect();
        let over_root: Vec<f64> = all.iter().zip(&layout.weights).map(|(y, weight)| y / weight.sqrt()).collect();
        lanes(&over_root)
    }
}

/// Eight at a time, zeros behind the last.
#[must_use]
pub fn lanes(values: &[f64]) -> Vec<Lane> {
    let lane = |chunk: &[f64]| Lane(std::array::from_fn(|k| chunk.get(k).copied().unwrap_or(0.0)));
    values.chunks(LANES).map(lane).collect()
}

/// One block, to be dealt out.
pub struct Dealing<'a> {
    /// The block.
    pub block: &'a Block,
    /// Where its pairs go.
    pub layout: &'a Layout,
    /// Whether frames are usable.
    pub is_usable: &'a [bool],
}

impl WithSimd for Dealing<'_> {
    type Output = Part;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Part {
        let n = self.is_usable.len();
        let (mut part, mut row) = (Part::default(), vec![0.0; n]);
        let (mut place, end) = (self.block.first_pair, self.block.first_pair + self.block.values.len());
        while place < end {
            let (i, first) = pair_at(n, place);
            let last = (first + end - place).min(n);
            if self.is_usable[i] {
                self.read(i, first..last, place - self.block.first_pair, &mut row, &mut part);
                self.deal_to_strips(i, first..last, &row, &mut part);
                self.deal_to_cells(simd, i, first..last, &row, &mut part);
            }
            place += last - first;
        }
        part
    }
}

impl Dealing<'_> {
    /// y of row `i` in some columns; zero where a frame does not count, the value before where there is none.
    #[inline(always)]
    fn read(&self, i: usize, columns: std::ops::Range<usize>, place: usize, row: &mut [f64], part: &mut Part) {
        let mut before = 0.0;
        for (k, j) in columns.enumerate() {
            row[j] = 0.0;
            if !self.is_usable[j] {
                continue;
            }
            let y = self.block.values.get(place + k) - 1.0;
            if y.is_finite() {
                (before, row[j]) = (y, y);
                part.squares = y.mul_add(y, part.squares);
                part.pairs += 1;
            } else {
                row[j] = before;
                part.missing.push(Missing { frames: [i as u32, j as u32], stand_in: before });
            }
        }
    }

    #[inline(always)]
    fn deal_to_strips(&self, i: usize, columns: std::ops::Range<usize>, row: &[f64], part: &mut Part) {
        let end = columns.end.min(self.layout.end_of_strips(i));
        if columns.start >= end {
            return;
        }
        let block = self.layout.block_of(i);
        let strips = &self.layout.strips[block];
        let sums = part.strips.entry(block).or_insert_with(|| vec![Lane::default(); strips.len()]);
        for j in columns.start..end {
            let Some(strip) = strips[j - i - 1].filter(|_| self.is_usable[j]) else { continue };
            let share = self.layout.axes[strip.rows].share(i);
            for (sum, share) in sums[j - i - 1].0.iter_mut().zip(share.0) {
                *sum = share.mul_add(row[j], *sum);
            }
        }
    }

    #[inline(always)]
    fn deal_to_cells<S: Simd>(&self, simd: S, i: usize, columns: std::ops::Range<usize>, row: &[f64], part: &mut Part) {
        for &cell in &self.layout.cells_of_row[i] {
            let of_cell = self.layout.cells[cell as usize];
            let axis = self.layout.columns(&of_cell);
            let (start, end) = (axis.start.max(columns.start), axis.end.min(columns.end));
            if start >= end {
                continue;
            }
            let dealt = deal(simd, axis, start..end, row);
            let share = self.layout.rows(&of_cell).share(i);
            let sums = part.cells.entry(cell).or_default();
            for (sums, share) in sums.iter_mut().zip(share.0) {
                for v in 0..LANES / S::F64_LANES {
                    let sum = simd.mul_add_f64s(simd.splat_f64s(share), dealt.load::<S>(v), sums.load::<S>(v));
                    sums.store::<S>(v, sum);
                }
            }
        }
    }
}

/// Some columns of a row, dealt out to the nodes of their axis.
#[inline(always)]
fn deal<S: Simd>(simd: S, axis: &Axis, columns: std::ops::Range<usize>, row: &[f64]) -> Lane {
    let mut dealt = Lane::default();
    for j in columns {
        let share = axis.share(j);
        let y = simd.splat_f64s(row[j]);
        for v in 0..LANES / S::F64_LANES {
            dealt.store::<S>(v, simd.mul_add_f64s(share.load::<S>(v), y, dealt.load::<S>(v)));
        }
    }
    dealt
}
