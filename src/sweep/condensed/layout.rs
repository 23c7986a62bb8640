//! Where pseudo-pairs lie: pairs of dyadic intervals of frames far from the diagonal (cells), runs of pairs of one lag near it
//! (strips). It sees no value.
//!
//! A pair of intervals is a cell when the gap between them is at least twice the longer ([`Fineness`]: or four times); rows are cut
//! finer towards the first frame, where rates change most.

use crate::sums::objective::Fineness;
use crate::sums::pairs::Lane;
use crate::sweep::condensed::axis_rule::{NODES, Rule};
use std::collections::HashMap;
use std::ops::Range;

/// Gap between the intervals of a cell, in lengths of the longer one.
const fn gap(fineness: Fineness) -> usize {
    match fineness {
        Fineness::Usual => 2,
        Fineness::Fine => 4,
    }
}

/// An interval of rows begins at least so many of its lengths after the first frame.
const GRADING: usize = 2;
/// The same of the rows of a strip.
const GRADING_OF_STRIPS: usize = 4;

/// Frames of one interval, and the nodes that stand for them.
#[derive(Debug, Clone)]
pub struct Axis {
    /// First frame.
    pub start: usize,
    /// The frame behind the last.
    pub end: usize,
    /// Rule of the usable frames.
    pub rule: Rule,
    /// Of every frame from `start` on, its share in every node; zeros where it is not used.
    pub shares: Vec<Lane>,
    /// Number of its first node.
    first_node: usize,
}

/// Rows and columns, as numbers of axes.
#[derive(Debug, Clone, Copy)]
pub struct Cell {
    /// Earlier frames.
    pub rows: usize,
    /// Later frames.
    pub columns: usize,
}

/// Pairs of one lag whose earlier frames lie in one block of rows.
#[derive(Debug, Clone, Copy)]
pub struct Strip {
    /// Number of its axis of earlier frames.
    pub rows: usize,
}

/// Pseudo-pairs of one set of usable frames.
#[derive(Debug)]
pub struct Layout {
    is_usable: Vec<bool>,
    /// Frames that are not usable.
    masked: Vec<usize>,
    /// Intervals.
    pub axes: Vec<Axis>,
    /// Cells.
    pub cells: Vec<Cell>,
    /// The cells that a row goes through, by the earlier frame, from the nearest on.
    pub cells_of_row: Vec<Vec<u32>>,
    /// First rows of the blocks of strips.
    pub blocks: Vec<usize>,
    /// The strips of every block by lag, from one on.
    pub strips: Vec<Vec<Option<Strip>>>,
    /// Length of the shortest intervals.
    pub leaf: usize,
    gap: usize,
    /// Places of all nodes, in frames.
    pub nodes: Vec<f64>,
    /// Both nodes of every pseudo-pair: those of cells first, then those of strips.
    pub pairs: Vec<[u32; 2]>,
    /// How many pairs each stands for.
    pub weights: Vec<f64>,
}

type Interval = (usize, usize);

impl Axis {
    /// What a frame gives to every node.
    #[inline(always)]
    #[must_use]
    pub fn share(&self, frame: usize) -> &Lane {
        &self.shares[frame - self.start]
    }
}

impl Layout {
    /// Of the usable frames.
    #[must_use]
    pub fn of(is_usable: &[bool], fineness: Fineness) -> Layout {
        let n = is_usable.len();
        let leaf = if n > 3000 { 64 } else { 32 };
        let mut layout = Layout {
            is_usable: is_usable.to_vec(),
            masked: (0..n).filter(|&frame| !is_usable[frame]).collect(),
            axes: Vec::new(),
            cells: Vec::new(),
            cells_of_row: vec![Vec::new(); n],
            blocks: blocks(n),
            strips: Vec::new(),
            leaf,
            gap: gap(fineness),
            nodes: Vec::new(),
            pairs: Vec::new(),
            weights: Vec::new(),
        };
        layout.add_cells(is_usable);
        layout.add_strips(is_usable);
        layout
    }

    /// Frames.
    #[must_use]
    pub fn n_frames(&self) -> usize {
        self.is_usable.len()
    }

    /// Whether each frame is usable.
    #[must_use]
    pub fn usable_frames(&self) -> &[bool] {
        &self.is_usable
    }

    /// Whether a frame is usable.
    #[inline(always)]
    #[must_use]
    pub fn is_usable(&self, frame: usize) -> bool {
        self.is_usable[frame]
    }

    /// Frames of a range that are not usable.
    #[must_use]
    pub fn masked(&self, frames: Range<usize>) -> &[usize] {
        let place = |frame: usize| self.masked.partition_point(|&masked| masked < frame);
        &self.masked[place(frames.start)..place(frames.end)]
    }

    /// The first later frame that row `i` does not have in strips.
    #[must_use]
    pub fn end_of_strips(&self, i: usize) -> usize {
        (i / self.leaf * self.leaf + (1 + self.gap) * self.leaf).min(self.cells_of_row.len())
    }

    /// Number of the block of strips in which row `i` lies.
    #[must_use]
    pub fn block_of(&self, i: usize) -> usize {
        self.blocks.partition_point(|&first| first <= i) - 1
    }

    /// The rows of a cell.
    #[must_use]
    pub fn rows(&self, cell: &Cell) -> &Axis {
        &self.axes[cell.rows]
    }

    /// The columns of a cell.
    #[must_use]
    pub fn columns(&self, cell: &Cell) -> &Axis {
        &self.axes[cell.columns]
    }

    fn add_cells(&mut self, is_usable: &[bool]) {
        let n = is_usable.len();
        let mut root = self.leaf;
        while root < n {
            root *= 2;
        }
        let mut known: HashMap<Interval, usize> = HashMap::new();
        let mut open = vec![((0, root), (0, root))];
        while let Some((rows, columns)) = open.pop() {
            if rows.0 >= n || columns.0 >= n {
                continue;
            }
            if let Some(parts) = self.parts(rows, columns) {
                open.extend(parts);
                continue;
            }
            if columns.0 < rows.0 + rows.1 + self.gap * rows.1.max(columns.1) {
                continue;
            }
            let [rows, columns] = [rows, columns].map(|interval| {
                *known
                    .entry(interval)
                    .or_insert_with(|| self.add_axis(interval.0, interval.1, |frame| is_usable[frame], n))
            });
            let cell = self.cells.len() as u32;
            for frame in (self.axes[rows].start..self.axes[rows].end).filter(|&frame| is_usable[frame]) {
                self.cells_of_row[frame].push(cell);
            }
            self.add_pairs(rows, columns);
            self.cells.push(Cell { rows, columns });
        }
        let (axes, cells) = (&self.axes, &self.cells);
        let start = |cell: &u32| axes[cells[*cell as usize].columns].start;
        self.cells_of_row.iter_mut().for_each(|of_row| of_row.sort_by_key(start));
    }

    /// A pair of intervals in finer ones, where it is too near the diagonal or the first frame for its size.
    fn parts(&self, rows: Interval, columns: Interval) -> Option<Vec<(Interval, Interval)>> {
        let halves = |(start, length): Interval| [(start, length / 2), (start + length / 2, length / 2)];
        if rows == columns {
            let [first, second] = halves(rows);
            return (rows.1 > self.leaf).then(|| vec![(second, second), (first, second), (first, first)]);
        }
        let longer = rows.1.max(columns.1);
        let is_near = columns.0 < rows.0 + rows.1 + self.gap * longer;
        let (cut_rows, cut_columns) = match is_near {
            true => (rows.1 == longer && longer > self.leaf, columns.1 == longer && longer > self.leaf),
            false => (rows.1 > NODES && rows.0 < GRADING * rows.1, false),
        };
        let cut = |interval: Interval, is_cut: bool| if is_cut { halves(interval).to_vec() } else { vec![interval] };
        (cut_rows || cut_columns).then(|| {
            let (rows, columns) = (cut(rows, cut_rows), cut(columns, cut_columns));
            rows.iter().flat_map(|&row| columns.iter().map(move |&column| (row, column))).collect()
        })
    }

    fn add_axis(&mut self, start: usize, length: usize, is_member: impl Fn(usize) -> bool, n: usize) -> usize {
        let end = (start + length).min(n);
        let frames: Vec<usize> = (start..end).filter(|&frame| is_member(frame)).collect();
        let mut rule = Rule::of(&frames);
        let mut shares = vec![Lane::default(); end - start];
        frames.iter().zip(std::mem::take(&mut rule.shares)).for_each(|(frame, share)| shares[frame - start] = share);
        let first_node = self.nodes.len();
        self.nodes.extend(&rule.nodes);
        self.axes.push(Axis { start, end, rule, shares, first_node });
        self.axes.len() - 1
    }

    fn add_pairs(&mut self, rows: usize, columns: usize) {
        let (rows, columns) = (&self.axes[rows], &self.axes[columns]);
        for (k, of_row) in rows.rule.weights.iter().enumerate() {
            for (l, of_column) in columns.rule.weights.iter().enumerate() {
                self.pairs.push([rows.first_node + k, columns.first_node + l].map(|node| node as u32));
                self.weights.push(of_row * of_column);
            }
        }
    }

    fn add_strips(&mut self, is_usable: &[bool]) {
        let n = is_usable.len();
        let longest = (1 + self.gap) * self.leaf - 1;
        for block in 0..self.blocks.len() {
            let (start, end) = (self.blocks[block], self.blocks.get(block + 1).copied().unwrap_or(n));
            // Most lags have the same rows.
            let mut known: HashMap<Vec<usize>, usize> = HashMap::new();
            let mut strips = Vec::new();
            for lag in 1..=longest {
                let is_member = |i: usize| i + lag < self.end_of_strips(i) && is_usable[i] && is_usable[i + lag];
                let rows: Vec<usize> = (start..end).filter(|&i| is_member(i)).collect();
                if rows.is_empty() {
                    strips.push(None);
                    continue;
                }
                let axis = match known.get(&rows) {
                    Some(&axis) => axis,
                    None => {
                        let members: Vec<bool> = (start..end).map(is_member).collect();
                        let axis = self.add_axis(start, end - start, |i| members[i - start], n);
                        known.insert(rows, axis);
                        axis
                    }
                };
                self.add_strip(axis, lag);
                strips.push(Some(Strip { rows: axis }));
            }
            self.strips.push(strips);
        }
    }

    fn add_strip(&mut self, axis: usize, lag: usize) {
        let axis = &self.axes[axis];
        for (k, (node, weight)) in axis.rule.nodes.iter().zip(&axis.rule.weights).enumerate() {
            self.pairs.push([axis.first_node + k, self.nodes.len()].map(|node| node as u32));
            self.nodes.push(node + lag as f64);
            self.weights.push(*weight);
        }
    }
}

/// First rows of blocks whose length is at most what [`GRADING_OF_STRIPS`] allows.
fn blocks(n: usize) -> Vec<usize> {
    let (mut blocks, mut start, mut length) = (Vec::new(), 0, NODES);
    while start < n {
        if start >= GRADING_OF_STRIPS * 2 * length && start % (2 * length) == 0 {
            length *= 2;
        }
        blocks.push(start);
        start += length;
    }
    blocks
}
