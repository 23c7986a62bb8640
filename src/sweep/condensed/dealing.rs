//! The values of a block, dealt out to pseudo-pairs. It evaluates no model.
//!
//! A row of a cell is first dealt out to the nodes of its columns, `r_m = sum_j L_m(j) y_ij`, then to those of its rows,
//! `Y_nm += L_n(i) r_m`: about eight fused multiply-adds per pair. Eight rows go together: what columns give to their nodes, and the
//! sums, are loaded once for all of them. The sums of a row do not depend on the others.

use crate::store::block::{Block, Values, pair_at};
use crate::store::condensed_angle::Missing;
use crate::sums::pairs::{LANES, Lane};
use crate::sweep::condensed::axis_rule::NODES;
use crate::sweep::condensed::layout::Layout;
use crate::sweep::condensed::moments::{CellSums, Part, StripSums};
use crate::sweep::simd::SimdLevel;
use pulp::{Simd, WithSimd};
use std::ops::Range;

/// Rows that are dealt out together: no interval is cut between them.
const ROWS: usize = NODES;

/// Columns that are dealt out at a time: with what they give to their nodes they stay in the first cache.
const COLUMNS: usize = 256;

/// Place of a cell that the block has not met.
const NOWHERE: u32 = u32::MAX;

/// Neighbouring blocks of one angle that are dealt out in turn.
pub struct Dealing<'a> {
    /// Where their pairs go.
    layout: &'a Layout,
    /// Rows that are not dealt out yet.
    rows: Rows,
    part: Part,
    /// Places of cells among those of the part.
    places: Vec<u32>,
}

/// Neighbouring rows.
struct Rows {
    /// The earlier frame of the first.
    first: usize,
    /// y of every row, by later frame; what is left of earlier rows where nothing was read.
    y: [Vec<f64>; ROWS],
    /// The later frames that were read, of every row.
    read: [Range<usize>; ROWS],
    /// The same by lag, from one on, of the pairs that lie in strips.
    near: [Vec<f64>; ROWS],
}

/// Neighbouring pairs of one row.
struct Stretch {
    /// The earlier frame.
    i: usize,
    /// The later frames.
    columns: Range<usize>,
}

/// The next block of a dealing, or its end.
struct Next<'d, 'a> {
    dealing: &'d mut Dealing<'a>,
    block: Option<&'d Block>,
}

impl<'a> Dealing<'a> {
    /// Nothing yet.
    #[must_use]
    pub fn new(layout: &'a Layout) -> Self {
        let zeros = |length: usize| std::array::from_fn(|_| vec![0.0; length]);
        let (y, near) = (zeros(layout.n_frames()), zeros(layout.longest_lag()));
        let rows = Rows { first: 0, y, read: Default::default(), near };
        Dealing { layout, rows, part: Part::default(), places: vec![NOWHERE; layout.cells.len()] }
    }

    /// Adds the next block of the angle.
    pub fn add(&mut self, block: &Block) {
        SimdLevel::Best.run(Next { dealing: self, block: Some(block) });
    }

    /// What all blocks have added.
    #[must_use]
    pub fn finish(mut self) -> Part {
        SimdLevel::Best.run(Next { dealing: &mut self, block: None });
        self.part
    }
}

impl WithSimd for Next<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Next { dealing, block } = self;
        let Some(block) = block else { return dealing.deal_rows(simd) };
        let n = dealing.layout.n_frames();
        let (mut i, mut first) = pair_at(n, block.first_pair);
        let mut start = 0;
        while start < block.values.len() {
            if i / ROWS * ROWS != dealing.rows.first {
                dealing.deal_rows(simd);
                dealing.rows.first = i / ROWS * ROWS;
            }
            let stretch = Stretch { i, columns: first..(first + block.values.len() - start).min(n) };
            if dealing.layout.is_usable(i) {
                dealing.read(simd, block, start, &stretch);
            }
            start += stretch.columns.len();
            (i, first) = (i + 1, i + 2);
        }
    }
}

impl Rows {
    /// Zeros where nothing was read: pairs of other blocks, and those of frames that are not usable.
    fn forget(&mut self) {
        let first = self.first;
        for (y, read) in self.y.iter_mut().zip(&mut self.read) {
            let read = std::mem::take(read);
            y[first..read.start.max(first)].fill(0.0);
            y[read.end.max(first)..].fill(0.0);
        }
    }
}

impl Dealing<'_> {
    #[inline(always)]
    fn deal_rows<S: Simd>(&mut self, simd: S) {
        let is_nothing_read = self.part.pairs == 0 && self.part.missing.is_empty();
        if is_nothing_read {
            return;
        }
        self.rows.forget();
        self.deal_to_strips(simd);
        self.deal_to_cells(simd);
    }

    /// y of a stretch whose values begin at `start`, by later frame; zero where a frame does not count, the value before where there is none.
    #[inline(always)]
    fn read<S: Simd>(&mut self, simd: S, block: &Block, start: usize, stretch: &Stretch) {
        let (Stretch { i, columns }, part) = (stretch, &mut self.part);
        let (first, row) = (columns.start, &mut self.rows.y[i % ROWS][columns.clone()]);
        let read = &mut self.rows.read[i % ROWS];
        *read = if read.start < read.end { read.start..columns.end } else { columns.clone() };
        let mut squares = match &block.values {
            Values::F32(values) => less_one(&values[start..start + row.len()], row),
            Values::F64(values) => less_one(&values[start..start + row.len()], row),
        };
        let masked = self.layout.masked(columns.clone());
        masked.iter().for_each(|frame| row[frame - first] = 0.0);
        if !masked.is_empty() {
            squares = sum_of_squares(simd, row);
        }
        part.pairs += (row.len() - masked.len()) as u64;
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
    fn deal_to_strips<S: Simd>(&mut self, simd: S) {
        let Rows { first, y, near, .. } = &mut self.rows;
        let end = self.layout.end_of_strips(*first);
        for ((y, near), i) in y.iter().zip(near.iter_mut()).zip(*first..) {
            let in_strips = y.get(i + 1..end).unwrap_or_default();
            near[..in_strips.len()].copy_from_slice(in_strips);
            near[in_strips.len()..].fill(0.0);
        }
        let block = self.layout.block_of(*first);
        let sums = self.part.strips.entry(block).or_insert_with(|| StripSums::zero(self.layout));
        for near in near.iter() {
            sums.squares.iter_mut().zip(near).for_each(|(sum, y)| *sum = y.mul_add(*y, *sum));
        }
        for strip in &self.layout.strips[block] {
            let shares = self.layout.axes[strip.rows].eight_shares(*first);
            let lags = &self.layout.axes[strip.lags];
            let places = lags.start - 1..lags.end - 1;
            let near = near.each_ref().map(|near| &near[places.clone()]);
            add_rows(simd, near, &shares, &mut sums.moments[places]);
        }
    }

    #[inline(always)]
    fn deal_to_cells<S: Simd>(&mut self, simd: S) {
        let (rows, into) = (&self.rows, &mut self.part.cells);
        // All usable rows go through the same cells.
        let of_rows = rows.first..self.layout.n_frames().min(rows.first + ROWS);
        let Some(i) = of_rows.into_iter().find(|&i| self.layout.is_usable(i)) else { return };
        for &cell in &self.layout.cells_of_row[i] {
            let of_cell = self.layout.cells[cell as usize];
            let columns = self.layout.columns(&of_cell);
            let (mut dealt, mut squares) = ([Lane::default(); ROWS], 0.0);
            for (first, shares) in (columns.start..).step_by(COLUMNS).zip(columns.shares.chunks(COLUMNS)) {
                let y = rows.y.each_ref().map(|y| &y[first..first + shares.len()]);
                deal(simd, shares, y, &mut dealt);
                for y in y {
                    squares += sum_of_squares(simd, y);
                }
            }
            let shares = self.layout.rows(&of_cell).eight_shares(rows.first);
            let place = &mut self.places[cell as usize];
            if *place == NOWHERE {
                *place = into.len() as u32;
                into.push((cell, CellSums::default()));
            }
            let sums = &mut into[*place as usize].1;
            sums.squares += squares;
            add_rows(simd, shares.each_ref().map(|share| &share.0[..]), &dealt, &mut sums.moments);
        }
    }
}

/// Rows of one length: written out, or the compiler would check every place in every row.
#[inline(always)]
fn cut([a, b, c, d, e, f, g, h]: [&[f64]; ROWS], length: usize) -> [&[f64]; ROWS] {
    let [a, b, c, d] = [&a[..length], &b[..length], &c[..length], &d[..length]];
    [a, b, c, d, &e[..length], &f[..length], &g[..length], &h[..length]]
}

/// Some columns of rows, dealt out to the nodes of their axis.
#[inline(always)]
fn deal<S: Simd>(simd: S, shares: &[Lane], y: [&[f64]; ROWS], into: &mut [Lane; ROWS]) {
    let y = cut(y, shares.len());
    for v in 0..LANES / S::F64_LANES {
        let mut sums = [simd.splat_f64s(0.0); ROWS];
        for r in 0..ROWS {
            sums[r] = into[r].load::<S>(v);
        }
        for column in 0..shares.len() {
            let share = shares[column].load::<S>(v);
            for r in 0..ROWS {
                sums[r] = simd.mul_add_f64s(share, simd.splat_f64s(y[r][column]), sums[r]);
            }
        }
        for r in 0..ROWS {
            into[r].store::<S>(v, sums[r]);
        }
    }
}

/// Adds a lane of every row, times a number of the row, in every place: what rows have by node or by lag, times what they give there.
#[inline(always)]
fn add_rows<S: Simd>(simd: S, numbers: [&[f64]; ROWS], lanes: &[Lane; ROWS], into: &mut [Lane]) {
    let numbers = cut(numbers, into.len());
    for v in 0..LANES / S::F64_LANES {
        let mut own = [simd.splat_f64s(0.0); ROWS];
        for r in 0..ROWS {
            own[r] = lanes[r].load::<S>(v);
        }
        for place in 0..into.len() {
            let mut sum = into[place].load::<S>(v);
            for r in 0..ROWS {
                sum = simd.mul_add_f64s(own[r], simd.splat_f64s(numbers[r][place]), sum);
            }
            into[place].store::<S>(v, sum);
        }
    }
}

/// y = c2 - 1, and the sum of its squares. Loops, no closures: what is not inlined here would lose its vector instructions.
#[inline(always)]
fn less_one<T: Copy + Into<f64>>(values: &[T], row: &mut [f64]) -> f64 {
    const AT_A_TIME: usize = 4 * LANES;
    let mut squares = [0.0; AT_A_TIME];
    let whole = row.len() / AT_A_TIME * AT_A_TIME;
    for (row, values) in row.chunks_exact_mut(AT_A_TIME).zip(values.chunks_exact(AT_A_TIME)) {
        for k in 0..AT_A_TIME {
            row[k] = values[k].into() - 1.0;
            squares[k] = row[k].mul_add(row[k], squares[k]);
        }
    }
    for ((y, &value), square) in row[whole..].iter_mut().zip(&values[whole..]).zip(&mut squares) {
        *y = value.into() - 1.0;
        *square = y.mul_add(*y, *square);
    }
    squares.chunks(LANES).map(|squares| squares.iter().sum::<f64>()).sum()
}

#[inline(always)]
fn sum_of_squares<S: Simd>(simd: S, row: &[f64]) -> f64 {
    const AT_A_TIME: usize = 4;
    let whole = row.chunks_exact(AT_A_TIME * LANES);
    let rest = whole.remainder();
    let mut sum = Lane::default();
    for v in 0..LANES / S::F64_LANES {
        let mut own = [simd.splat_f64s(0.0); AT_A_TIME];
        for chunk in whole.clone() {
            for k in 0..AT_A_TIME {
                let y = S::as_simd_f64s(&chunk[k * LANES..(k + 1) * LANES]).0[v];
                own[k] = simd.mul_add_f64s(y, y, own[k]);
            }
        }
        sum.store::<S>(v, simd.add_f64s(simd.add_f64s(own[0], own[1]), simd.add_f64s(own[2], own[3])));
    }
    for y in rest.chunks(LANES) {
        sum.0.iter_mut().zip(y).for_each(|(sum, y)| *sum = y.mul_add(*y, *sum));
    }
    sum.sum()
}
