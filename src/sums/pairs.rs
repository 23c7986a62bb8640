//! Eight pairs at a time, and what a model says of them before derivatives are formed. It knows no physics and no sums.
//!
//! Frames come in groups of eight, one frame per lane; a run is a row of pairs (i, j) with one i, and takes whole groups:
//! lanes in front of and behind it are zero in every column and add nothing. Lane k holds frames k mod 8 whatever the
//! vector width, so that every instruction set adds the same numbers in the same order.

use pulp::Simd;
use std::ops::Range;

/// Pairs in a group; one per lane of the sums.
pub const LANES: usize = 8;
/// Longest run that may be filled in at once, and the grid on which rows are cut. The tables and sums of one cell fit the
/// first cache.
pub const CELL_FRAMES: usize = 256;
/// Quantities of a frame that change h in proportion to h.
pub const THROUGH_H: usize = 3;
/// Quantities of a frame that change h in proportion to c.
pub const THROUGH_C: usize = 4;
/// Quantities of a frame.
pub const QUANTITIES: usize = THROUGH_H + THROUGH_C;

/// Pairs whose h, and whose h times its change with the strain, is less than this share of what it is one frame apart tell nothing
/// of theta: what they add to any sum is lost in its rounding.
pub const NEGLIGIBLE: f64 = 1.0 / (1_u64 << 50) as f64;

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

    /// Adds to vector number `part`.
    #[inline(always)]
    pub fn add<S: Simd>(&mut self, simd: S, part: usize, value: S::f64s) {
        self.store::<S>(part, simd.add_f64s(self.load::<S>(part), value));
    }
}

/// The groups of [`LANES`] frames that some frames touch.
#[inline(always)]
#[must_use]
pub fn groups_of(frames: &Range<usize>) -> Range<usize> {
    frames.start / LANES..frames.end.div_ceil(LANES)
}

/// Pairs (row, j) for a run of frames j that lies within one cell of the grid of [`CELL_FRAMES`].
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// The earlier frame, i.
    pub row: usize,
    /// The later frames, j.
    pub frames: Range<usize>,
}

impl Run {
    /// The groups of [`LANES`] frames that the run touches.
    #[inline(always)]
    #[must_use]
    pub fn groups(&self) -> Range<usize> {
        groups_of(&self.frames)
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

/// Eight pairs: what a model says of them, and their values.
#[derive(Debug, Clone, Copy, Default)]
pub struct PairGroup {
    /// h.
    pub h: Lane,
    /// The change of h with what its second factor depends on.
    pub c: Lane,
    /// 1, or the root of the pair's weight; set only where a sum asks for it.
    pub one: Lane,
    /// c2 - 1.
    pub y: Lane,
}

/// A model at one theta and angle: its derivatives are `f_k h (a_j - a_i)` with three quantities a and `f_k c (g_j - g_i)`
/// with four quantities g of single frames, and factors f of the angle.
pub trait PairModel: Sync {
    /// Whether there are quantities g.
    const HAS_C: bool;

    /// Writes h (and, with `CHANGES`, c) of the pairs of `run`, zeros where its groups reach beyond it. The columns 1 and y
    /// are left alone.
    fn fill<S: Simd, const CHANGES: bool>(&self, simd: S, run: &Run, into: &mut [PairGroup]);

    /// The quantities a and g of a group of frames; 0 where there is none.
    fn quantities(&self, group: usize) -> &[Lane; QUANTITIES];

    /// The factors f of the quantities; 1 where there is no quantity.
    fn factors(&self) -> [f64; QUANTITIES];

    /// Whether h and its derivatives are [`NEGLIGIBLE`] for a pair of frames, and so for all rows before and all frames behind.
    fn is_over(&self, row: usize, frame: usize) -> bool;

    /// The quantities of one frame.
    #[inline(always)]
    fn quantities_at(&self, frame: usize) -> [f64; QUANTITIES] {
        let mut found = [0.0; QUANTITIES];
        for (found, quantity) in found.iter_mut().zip(self.quantities(frame / LANES)) {
            *found = quantity.0[frame % LANES];
        }
        found
    }
}

/// Quantities of the frames of some groups, less those of a reference frame between them and the rows.
#[derive(Debug, Default)]
pub struct LocalQuantities {
    first_group: usize,
    reference: [f64; QUANTITIES],
    groups: Vec<[Lane; QUANTITIES]>,
}

impl LocalQuantities {
    /// Measures the frames of `groups` from the frame `reference`.
    #[inline(always)]
    pub fn measure<S: Simd, M: PairModel>(&mut self, simd: S, model: &M, groups: Range<usize>, reference: usize) {
        self.first_group = groups.start;
        // A copy of its own: the compiler cannot know that writing groups leaves the field alone.
        let reference = model.quantities_at(reference);
        self.reference = reference;
        self.groups.resize(groups.len(), [Lane::default(); QUANTITIES]);
        for (local, group) in self.groups.iter_mut().zip(groups) {
            let from = model.quantities(group);
            for k in 0..if M::HAS_C { QUANTITIES } else { THROUGH_H } {
                for v in 0..LANES / S::F64_LANES {
                    local[k].store::<S>(v, simd.sub_f64s(from[k].load::<S>(v), simd.splat_f64s(reference[k])));
                }
            }
        }
    }

    /// The measured groups.
    #[inline(always)]
    #[must_use]
    pub fn groups(&self) -> &[[Lane; QUANTITIES]] {
        &self.groups
    }

    /// How many measured groups lie before `group`.
    #[inline(always)]
    #[must_use]
    pub fn place(&self, group: usize) -> usize {
        group - self.first_group
    }

    /// The quantities of the reference less those of a row's frame.
    #[inline(always)]
    pub fn before<M: PairModel>(&self, model: &M, row: usize) -> [f64; QUANTITIES] {
        let mut before = model.quantities_at(row);
        for (before, reference) in before.iter_mut().zip(self.reference) {
            *before = reference - *before;
        }
        before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
