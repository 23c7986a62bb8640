//! The values of a block, dealt out to pseudo-pairs. It evaluates no model.
//!
//! A row of a cell is first dealt out to the nodes of its columns, `r_m = sum_j L_m(j) y_ij`, then to those of its rows,
//! `Y_nm += L_n(i) r_m`: about eight fused multiply-adds per pair.

use crate::store::block::{Block, Values, pair_at};
use crate::store::condensed_angle::Missing;
use crate::sums::pairs::{LANES, Lane};
use crate::sweep::condensed::layout::Layout;
use crate::sweep::condensed::moments::{CellSums, Part, StripSums};
use pulp::{Simd, WithSimd};
use std::ops::Range;

/// Sums at a time, or each would wait for the one before.
const AT_A_TIME: usize = 4;

/// Place of a cell that the block has not met.
const NOWHERE: u32 = u32::MAX;

type Cells = Vec<(u32, CellSums)>;

/// One block, to be dealt out.
pub struct Dealing<'a> {
    /// The block.
    pub block: &'a Block,
    /// Where its pairs go.
    pub layout: &'a Layout,
}

impl WithSimd for Dealing<'_> {
    type Output = Part;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Part {
        let n = self.layout.n_frames();
        let (mut part, mut row) = (Part::default(), vec![0.0; n]);
        let mut places = vec![NOWHERE; self.layout.cells.len()];
        let (mut place, end) = (self.block.first_pair, self.block.first_pair + self.block.values.len());
        while place < end {
            let (i, first) = pair_at(n, place);
            let stretch = Stretch { i, columns: first..(first + end - place).min(n) };
            if self.layout.is_usable(i) {
                self.read(simd, &stretch, place - self.block.first_pair, &mut row, &mut part);
                self.deal_to_strips(&stretch, &row, &mut part);
                self.deal_to_cells(simd, &stretch, &row, (&mut part.cells, &mut places));
            }
            place += stretch.columns.len();
        }
        part
    }
}

/// Neighbouring pairs of one row.
struct Stretch {
    /// The earlier frame.
    i: usize,
    /// The later frames.
    columns: Range<usize>,
}

impl Dealing<'_> {
    /// y of a stretch whose values begin at `start`, by later frame; zero where a frame does not count, the value before where there is none.
    #[inline(always)]
    fn read<S: Simd>(&self, simd: S, stretch: &Stretch, start: usize, row: &mut [f64], part: &mut Part) {
        let Stretch { i, columns } = stretch;
        let (first, row) = (columns.start, &mut row[columns.clone()]);
        match &self.block.values {
            Values::F32(values) => less_one(&values[start..start + row.len()], row),
            Values::F64(values) => less_one(&values[start..start + row.len()], row),
        }
        let masked = self.layout.masked(columns.clone());
        masked.iter().for_each(|frame| row[frame - first] = 0.0);
        part.pairs += (row.len() - masked.len()) as u64;
        let squares = sum_of_squares(simd, row);
        if squares.is_finite() {
            part.squares += squares;
            return;
        }
        let (mut before, mut filled) = (0.0, 0.0);
        for (y, j) in row.iter_mut().zip(first..) {
            if !y.is_finite() {
                *y = before;
                filled += before * before;
                part.pairs -= 1;
                part.missing.push(Missing { frames: [*i as u32, j as u32], stand_in: before });
            } else if self.layout.is_usable(j) {
                before = *y;
            }
        }
        part.squares += sum_of_squares(simd, row) - filled;
    }

    #[inline(always)]
    fn deal_to_strips(&self, Stretch { i, columns }: &Stretch, row: &[f64], part: &mut Part) {
        let i = *i;
        let end = columns.end.min(self.layout.end_of_strips(i));
        if columns.start >= end {
            return;
        }
        let block = self.layout.block_of(i);
        let strips = &self.layout.strips[block];
        let sums = part.strips.entry(block).or_insert_with(|| vec![StripSums::default(); strips.len()]);
        for j in columns.start..end {
            let Some(strip) = strips[j - i - 1].filter(|_| self.layout.is_usable(j)) else { continue };
            let (share, y, sums) = (self.layout.axes[strip.rows].share(i), row[j], &mut sums[j - i - 1]);
            for (sum, share) in sums.moments.0.iter_mut().zip(share.0) {
                *sum = share.mul_add(y, *sum);
            }
            sums.squares = y.mul_add(y, sums.squares);
        }
    }

    #[inline(always)]
    fn deal_to_cells<S: Simd>(
        &self,
        simd: S,
        Stretch { i, columns }: &Stretch,
        row: &[f64],
        into: (&mut Cells, &mut [u32]),
    ) {
        let (sums_of_cells, places) = into;
        for &cell in &self.layout.cells_of_row[*i] {
            let of_cell = self.layout.cells[cell as usize];
            let axis = self.layout.columns(&of_cell);
            let (start, end) = (axis.start.max(columns.start), axis.end.min(columns.end));
            if start >= end {
                continue;
            }
            let dealt = deal(simd, &axis.shares[start - axis.start..end - axis.start], &row[start..end]);
            let share = self.layout.rows(&of_cell).share(*i);
            let place = &mut places[cell as usize];
            if *place == NOWHERE {
                *place = sums_of_cells.len() as u32;
                sums_of_cells.push((cell, CellSums::default()));
            }
            let sums = &mut sums_of_cells[*place as usize].1;
            sums.squares += sum_of_squares(simd, &row[start..end]);
            for (sums, share) in sums.moments.iter_mut().zip(share.0) {
                for v in 0..LANES / S::F64_LANES {
                    let sum = simd.mul_add_f64s(simd.splat_f64s(share), dealt.load::<S>(v), sums.load::<S>(v));
                    sums.store::<S>(v, sum);
                }
            }
        }
    }
}

/// y = c2 - 1. A loop, no closure: what is not inlined here would lose its vector instructions.
#[inline(always)]
fn less_one<T: Copy + Into<f64>>(values: &[T], row: &mut [f64]) {
    for (y, &value) in row.iter_mut().zip(values) {
        *y = value.into() - 1.0;
    }
}

/// Some columns of a row, dealt out to the nodes of their axis.
#[inline(always)]
fn deal<S: Simd>(simd: S, shares: &[Lane], row: &[f64]) -> Lane {
    let mut dealt = Lane::default();
    let (whole, rest) = (row.chunks_exact(AT_A_TIME), row.chunks_exact(AT_A_TIME).remainder());
    let shares_of_rest = &shares[row.len() - rest.len()..];
    for v in 0..LANES / S::F64_LANES {
        let mut sums = [simd.splat_f64s(0.0); AT_A_TIME];
        for (shares, row) in shares.chunks_exact(AT_A_TIME).zip(whole.clone()) {
            for k in 0..AT_A_TIME {
                sums[k] = simd.mul_add_f64s(shares[k].load::<S>(v), simd.splat_f64s(row[k]), sums[k]);
            }
        }
        for k in 0..rest.len() {
            sums[k] = simd.mul_add_f64s(shares_of_rest[k].load::<S>(v), simd.splat_f64s(rest[k]), sums[k]);
        }
        dealt.store::<S>(v, simd.add_f64s(simd.add_f64s(sums[0], sums[1]), simd.add_f64s(sums[2], sums[3])));
    }
    dealt
}

#[inline(always)]
fn sum_of_squares<S: Simd>(simd: S, row: &[f64]) -> f64 {
    let whole = row.chunks_exact(LANES);
    let rest = whole.remainder();
    let mut sum = Lane::default();
    for v in 0..LANES / S::F64_LANES {
        let mut own = simd.splat_f64s(0.0);
        for chunk in whole.clone() {
            let y = S::as_simd_f64s(chunk).0[v];
            own = simd.mul_add_f64s(y, y, own);
        }
        sum.store::<S>(v, own);
    }
    for (sum, y) in sum.0.iter_mut().zip(rest) {
        *sum = y.mul_add(*y, *sum);
    }
    sum.sum()
}
