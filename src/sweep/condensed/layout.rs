//! Where pseudo-pairs lie: pairs of dyadic intervals of frames far from the diagonal (cells), intervals of frames with intervals of
//! lags near it (strips). It sees no value.
//!
//! A pair of intervals is a cell when the gap between them is at least twice the longer ([`Fineness`]: or four times); rows are cut
//! finer towards the first frame, where rates change most. How fine each must be was measured (`benches/condensed.rs`, `shifts`).

use crate::sums::objective::Fineness;
use crate::sums::pairs::Lane;
use crate::sweep::condensed::axis_rule::{NODES, Rule};
use std::collections::HashMap;
use std::ops::Range;

/// How far intervals must lie from where h is not smooth, in lengths of the longest.
#[derive(Debug, Clone, Copy)]
struct Distances {
    /// Between the intervals of a cell.
    gap: usize,
    /// Of the rows of a cell from the first frame.
    rows: usize,
    /// Of the rows of a strip from it.
    strips: usize,
    /// Of the lags of a strip from the diagonal.
    lags: usize,
}

impl Distances {
    const fn of(fineness: Fineness) -> Self {
        match fineness {
            Fineness::Usual => Distances { gap: 2, rows: 1, strips: 2, lags: 2 },
            Fineness::Fine => Distances { gap: 4, rows: 2, strips: 4, lags: 8 },
        }
    }
}

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

/// Pairs of all earlier frames of an axis with all later ones at some lags, as numbers of axes.
#[derive(Debug, Clone, Copy)]
pub struct Strip {
    /// Earlier frames, of one block of rows.
    pub rows: usize,
    /// Lags; its "frames" are those.
    pub lags: usize,
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
    /// The strips of every block, by lag.
    pub strips: Vec<Vec<Strip>>,
    /// Length of the shortest intervals.
    pub leaf: usize,
    distances: Distances,
    /// Places of all nodes, in frames.
    pub nodes: Vec<f64>,
    /// Both nodes of every pseudo-pair: those of cells first, then those of strips.
    pub pairs: Vec<[u32; 2]>,
    /// How many pairs each stands for.
    pub weights: Vec<f64>,
}

type Interval = (usize, usize);

impl Axis {
    /// What eight frames give to every node.
    #[inline(always)]
    #[must_use]
    pub fn eight_shares(&self, first: usize) -> [Lane; NODES] {
        let mut eight = [Lane::default(); NODES];
        let shares = &self.shares[first - self.start..];
        let known = shares.len().min(NODES);
        eight[..known].copy_from_slice(&shares[..known]);
        eight
    }
}

impl Layout {
    /// Of the usable frames.
    #[must_use]
    pub fn of(is_usable: &[bool], fineness: Fineness) -> Layout {
        let n = is_usable.len();
        let leaf = if n > 3000 { 64 } else { 32 };
        let distances = Distances::of(fineness);
        let mut layout = Layout {
            is_usable: is_usable.to_vec(),
            masked: (0..n).filter(|&frame| !is_usable[frame]).collect(),
            axes: Vec::new(),
            cells: Vec::new(),
            cells_of_row: vec![Vec::new(); n],
            blocks: blocks(n, distances.strips),
            strips: Vec::new(),
            leaf,
            distances,
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
        (i / self.leaf * self.leaf + (1 + self.distances.gap) * self.leaf).min(self.cells_of_row.len())
    }

    /// The longest lag that strips have.
    #[must_use]
    pub fn longest_lag(&self) -> usize {
        (1 + self.distances.gap) * self.leaf - 1
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
            if columns.0 < rows.0 + rows.1 + self.distances.gap * rows.1.max(columns.1) {
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
        let is_near = columns.0 < rows.0 + rows.1 + self.distances.gap * longer;
        let (cut_rows, cut_columns) = match is_near {
            true => (rows.1 == longer && longer > self.leaf, columns.1 == longer && longer > self.leaf),
            false => (rows.1 > NODES && rows.0 < self.distances.rows * rows.1, false),
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
        let cuts = blocks(self.longest_lag() + 1, self.distances.lags);
        for block in 0..self.blocks.len() {
            let (start, end) = (self.blocks[block], self.blocks.get(block + 1).copied().unwrap_or(n));
            let members = |lag: usize| -> Vec<bool> {
                let is_member = |i: usize| i + lag < self.end_of_strips(i) && is_usable[i] && is_usable[i + lag];
                (start..end).map(is_member).collect()
            };
            // Neighbouring lags that have the same rows, in pieces.
            let mut pieces: Vec<(Range<usize>, Vec<bool>)> = Vec::new();
            for lag in 1..=self.longest_lag() {
                let rows = members(lag);
                match pieces.last_mut() {
                    Some((lags, same)) if *same == rows && !cuts.contains(&lag) => lags.end = lag + 1,
                    _ => pieces.push((lag..lag + 1, rows)),
                }
            }
            // Most lags have the same rows.
            let mut known: HashMap<Vec<bool>, usize> = HashMap::new();
            let mut strips = Vec::new();
            for (lags, rows) in pieces.into_iter().filter(|(_, rows)| rows.contains(&true)) {
                let rows = match known.get(&rows) {
                    Some(&axis) => axis,
                    None => {
                        let axis = self.add_axis(start, end - start, |i| rows[i - start], n);
                        known.insert(rows, axis);
                        axis
                    }
                };
                let lags = self.add_axis(lags.start, lags.len(), |_| true, n);
                self.add_strip(rows, lags);
                strips.push(Strip { rows, lags });
            }
            self.strips.push(strips);
        }
    }

    fn add_strip(&mut self, rows: usize, lags: usize) {
        let (rows, lags) = (&self.axes[rows], &self.axes[lags]);
        for (lag, of_lag) in lags.rule.nodes.iter().zip(&lags.rule.weights) {
            for (k, (row, of_row)) in rows.rule.nodes.iter().zip(&rows.rule.weights).enumerate() {
                self.pairs.push([rows.first_node + k, self.nodes.len()].map(|node| node as u32));
                self.nodes.push(row + lag);
                self.weights.push(of_lag * of_row);
            }
        }
    }
}

/// Where blocks begin that lie at least so many of their lengths behind zero, but for the first ones.
fn blocks(n: usize, distance: usize) -> Vec<usize> {
    let (mut blocks, mut start, mut length) = (Vec::new(), 0, NODES);
    while start < n {
        if start >= distance * 2 * length && start % (2 * length) == 0 {
            length *= 2;
        }
        blocks.push(start);
        start += length;
    }
    blocks
}
