//! A small tile of rows `[dh/dtheta_1 .. dh/dtheta_P, h, 1, y]`. It knows no physics and no sums.
//!
//! A tile is the unit of work of one core: evaluated, accumulated and overwritten while it stays in the first cache.
//! Rows come in groups of eight, and a group stores its columns one after the other, each on a cache line of its own.
//! Runs of frames take whole groups; rows in front of and behind a run are zero in every column and add nothing.

use pulp::Simd;
use std::ops::Range;

/// Rows in a group; one row per lane of the sums.
pub const LANES: usize = 8;
/// Rows in a full tile.
pub const TILE_ROWS: usize = 256;
/// Longest run that may be filled in at once, and the grid on which runs are cut.
pub const RUN_FRAMES: usize = 128;

/// Eight doubles on a cache line.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[repr(align(64))]
pub struct Lane(pub [f64; LANES]);

impl Lane {
    /// The vector number `part` of the lane (a lane is 1, 2, 4 or 8 vectors, by machine).
    #[inline(always)]
    pub fn load<S: Simd>(&self, part: usize) -> S::f64s {
        S::as_simd_f64s(&self.0).0[part]
    }

    /// The sum of the eight, in a fixed order.
    #[inline(always)]
    #[must_use]
    pub fn sum(&self) -> f64 {
        let l = &self.0;
        ((l[0] + l[1]) + (l[2] + l[3])) + ((l[4] + l[5]) + (l[6] + l[7]))
    }

    /// Overwrites vector number `part`.
    #[inline(always)]
    pub fn store<S: Simd>(&mut self, part: usize, value: S::f64s) {
        S::as_mut_simd_f64s(&mut self.0).0[part] = value;
    }
}

/// Pairs (row, j) for a run of frames j that lies within one cell of the grid of [`RUN_FRAMES`].
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// The earlier frame, i.
    pub row: usize,
    /// The later frames, j.
    pub frames: Range<usize>,
}

impl Run {
    /// The groups of [`LANES`] frames that the run touches: what it takes in a tile.
    #[inline(always)]
    #[must_use]
    pub fn groups(&self) -> Range<usize> {
        self.frames.start / LANES..self.frames.end.div_ceil(LANES)
    }

    /// The groups that need a mask in front, those that need none, and those that need one behind.
    #[inline(always)]
    #[must_use]
    pub fn split(&self) -> [Range<usize>; 3] {
        let groups = self.groups();
        let inner = self.frames.start.div_ceil(LANES)..self.frames.end / LANES;
        if inner.start > inner.end {
            // Both ends lie in one group.
            return [groups.clone(), groups.end..groups.end, groups.end..groups.end];
        }
        [groups.start..inner.start, inner.clone(), inner.end..groups.end]
    }

    /// Which lanes of vector `part` of `group` belong to the run.
    #[inline(always)]
    pub fn mask<S: Simd>(&self, simd: S, group: usize, part: usize) -> S::m64s {
        let ramp = Lane([0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]).load::<S>(part);
        let frame = simd.add_f64s(ramp, simd.splat_f64s((group * LANES) as f64));
        let after = simd.greater_than_or_equal_f64s(frame, simd.splat_f64s(self.frames.start as f64));
        let before = simd.less_than_f64s(frame, simd.splat_f64s(self.frames.end as f64));
        simd.and_m64s(after, before)
    }
}

/// Rows of width `W` = P + 3.
#[derive(Debug)]
pub struct Tile<const W: usize> {
    groups: Vec<[Lane; W]>,
    filled: usize,
    pairs: u64,
    runs: Vec<(Run, usize)>,
}

impl<const W: usize> Default for Tile<W> {
    fn default() -> Self {
        Tile { groups: vec![[Lane::default(); W]; TILE_ROWS / LANES], filled: 0, pairs: 0, runs: Vec::new() }
    }
}

impl<const W: usize> Tile<W> {
    /// Rows that stand for a pair.
    #[must_use]
    pub fn pairs(&self) -> u64 {
        self.pairs
    }

    /// Groups still free.
    #[inline(always)]
    #[must_use]
    pub fn free(&self) -> usize {
        self.groups.len() - self.filled
    }

    /// The filled groups.
    #[inline(always)]
    #[must_use]
    pub fn filled(&self) -> &[[Lane; W]] {
        &self.groups[..self.filled]
    }

    /// The filled groups, to be changed.
    #[inline(always)]
    pub fn filled_mut(&mut self) -> &mut [[Lane; W]] {
        &mut self.groups[..self.filled]
    }

    /// The runs that are filled in, and the group with which each begins.
    #[inline(always)]
    #[must_use]
    pub fn runs(&self) -> &[(Run, usize)] {
        &self.runs
    }

    /// The groups that the next run is to fill.
    #[inline(always)]
    pub fn next_mut(&mut self, run: &Run) -> &mut [[Lane; W]] {
        let start = self.filled;
        &mut self.groups[start..start + run.groups().len()]
    }

    /// Counts a run as filled.
    #[inline(always)]
    pub fn advance(&mut self, run: &Run) {
        self.runs.push((run.clone(), self.filled));
        self.filled += run.groups().len();
        self.pairs += run.frames.len() as u64;
    }

    /// Forgets all rows.
    pub fn clear(&mut self) {
        self.filled = 0;
        self.pairs = 0;
        self.runs.clear();
    }

    /// Blanks rows whose y is not finite, so that they add nothing.
    #[inline(always)]
    pub fn blank_non_finite(&mut self) {
        // A sum of y * 0 per lane is zero exactly if all y are finite; no early exit keeps it in whole vectors.
        let mut zeros = [0.0; LANES];
        for group in self.filled() {
            for (zero, y) in zeros.iter_mut().zip(group[W - 1].0) {
                *zero += y * 0.0;
            }
        }
        if zeros.iter().any(|zero| *zero != 0.0) {
            self.blank();
        }
    }

    #[cold]
    fn blank(&mut self) {
        for group in &mut self.groups[..self.filled] {
            for lane in (0..LANES).filter(|&lane| !group[W - 1].0[lane].is_finite()).collect::<Vec<usize>>() {
                for column in group.iter_mut() {
                    column.0[lane] = 0.0;
                }
                self.pairs -= 1;
            }
        }
    }

    /// Column `k` of the filled rows.
    #[must_use]
    pub fn column(&self, k: usize) -> Vec<f64> {
        self.filled().iter().flat_map(|group| group[k].0).collect()
    }
}

/// Something that evaluates rows of width `W`: a model at one theta and angle.
pub trait RowModel<const W: usize>: Sync {
    /// Writes h (and, with `DERIVATIVES`, dh/dtheta) of the pairs of `run` into the groups that follow the filled ones,
    /// zeros where the groups reach beyond the run. The columns 1 and y are left alone.
    fn fill<S: Simd, const DERIVATIVES: bool>(&self, simd: S, run: &Run, tile: &mut Tile<W>);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn non_finite_rows_are_blanked_and_not_counted() {
        let mut tile = Tile::<4>::default();
        let run = Run { row: 0, frames: 8..13 };
        for (row, y) in [1.0, f64::NAN, 3.0, f64::INFINITY, 5.0].into_iter().enumerate() {
            tile.next_mut(&run)[0][0].0[row] = 7.0;
            tile.next_mut(&run)[0][3].0[row] = y;
        }
        tile.advance(&run);
        tile.blank_non_finite();
        assert_eq!(tile.column(0)[..5], [7.0, 0.0, 7.0, 0.0, 7.0]);
        assert_eq!(tile.column(3)[..5], [1.0, 0.0, 3.0, 0.0, 5.0]);
        assert_eq!(tile.pairs(), 3);
    }

    #[test]
    fn runs_split_into_masked_ends_and_a_plain_middle() {
        let split = |frames: Range<usize>| Run { row: 0, frames }.split();
        assert_eq!(split(3..21), [0..1, 1..2, 2..3]);
        assert_eq!(split(8..24), [1..1, 1..3, 3..3]);
        assert_eq!(split(9..12), [1..2, 2..2, 2..2]);
        assert_eq!(split(3..16), [0..1, 1..2, 2..2]);
        assert_eq!(split(3..10), [0..1, 1..1, 1..2]);
    }
}
