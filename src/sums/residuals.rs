//! What one angle's residuals look like, summed over pairs: by lag, at their extremes, and as scores of pairs of frame
//! groups. It knows neither data nor physics.

use crate::sums::fold::PairwiseTerm;
use crate::sums::lags::{LagBin, lag_bin};
use crate::sums::packed::{packed_index, packed_len};
use crate::sums::pairs::LANES;

/// The largest residual of one sign.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Extreme {
    /// Model minus data.
    pub residual: f64,
    /// Earlier frame, 0-based.
    pub i: usize,
    /// Later frame, 0-based.
    pub j: usize,
}

/// Groups of consecutive frames.
#[derive(Debug, Clone, PartialEq)]
pub struct FrameGroups {
    /// First frame of every group; ascending, the first is 0.
    pub first_frames: Vec<usize>,
    /// Group of every frame.
    pub of_frame: Vec<usize>,
    /// Where the group of every frame ends.
    pub end: Vec<usize>,
}

impl FrameGroups {
    /// From the first frame of every group.
    #[must_use]
    pub fn new(first_frames: Vec<usize>, n_frames: usize) -> Self {
        let group = |frame: usize| first_frames.partition_point(|&first| first <= frame).saturating_sub(1);
        let of_frame: Vec<usize> = (0..n_frames).map(group).collect();
        let end: Vec<usize> =
            of_frame.iter().map(|&group| first_frames.get(group + 1).copied().unwrap_or(n_frames)).collect();
        FrameGroups { first_frames, of_frame, end }
    }

    /// Number of groups.
    #[must_use]
    pub fn len(&self) -> usize {
        self.first_frames.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.first_frames.is_empty()
    }
}

/// Sums over the pairs of one angle.
#[derive(Debug, Clone, PartialEq)]
pub struct ResidualSums {
    /// By lag.
    pub lags: Vec<LagBin>,
    /// Most positive and most negative residual.
    pub extremes: [Extreme; 2],
    /// Sum of the loss weights rho'.
    pub weights: f64,
    /// Sum of squared weighted residuals (rho' r)^2.
    pub weighted_squares: f64,
    /// Sum of rho' + 2 z rho''.
    pub slopes: f64,
    /// Over the pairs of every frame, the sums of rho' r and of rho' r h.
    pub frames: Vec<[f64; 2]>,
    /// Sums of rho' r by the lag in frames, from `-LANES` on: see [`ResidualSums::of_lags`].
    padded_lags: Vec<f64>,
    /// Groups of frames.
    pub n_groups: usize,
    /// Entries of a score.
    pub width: usize,
    scores: Vec<f64>,
}

impl ResidualSums {
    /// Of no pairs, for scores of `width` entries over `n_groups` groups of `n_frames` frames.
    #[must_use]
    pub fn zero(n_frames: usize, n_groups: usize, width: usize) -> Self {
        ResidualSums {
            lags: vec![LagBin::default(); lag_bin(n_frames.max(2)) + 1],
            extremes: [Extreme::default(); 2],
            weights: 0.0,
            weighted_squares: 0.0,
            slopes: 0.0,
            frames: vec![[0.0; 2]; n_frames],
            padded_lags: vec![0.0; n_frames + 2 * LANES],
            n_groups,
            width,
            scores: vec![0.0; packed_len(n_groups) * width],
        }
    }

    fn start(&self, earlier: usize, later: usize) -> usize {
        packed_index(self.n_groups, earlier, later) * self.width
    }

    /// The score of the pairs between two groups of frames, `sum rho' r [dh .., h, 1]` (times the weight).
    #[must_use]
    pub fn score(&self, earlier: usize, later: usize) -> &[f64] {
        let start = self.start(earlier, later);
        &self.scores[start..start + self.width]
    }

    /// The same, to be added to.
    #[inline(always)]
    pub fn score_mut(&mut self, earlier: usize, later: usize) -> &mut [f64] {
        let start = self.start(earlier, later);
        &mut self.scores[start..start + self.width]
    }

    /// The same residuals in other units: each times the root of `weight`.
    #[must_use]
    pub fn scaled(mut self, weight: f64) -> Self {
        self.lags.iter_mut().for_each(|bin| bin.squares *= weight);
        self.extremes.iter_mut().for_each(|extreme| extreme.residual *= weight.sqrt());
        self.weighted_squares *= weight;
        self.every_sum().for_each(|sum| *sum *= weight);
        self
    }

    /// All sums that are linear in the weighted residuals.
    fn every_sum(&mut self) -> impl Iterator<Item = &mut f64> {
        self.scores.iter_mut().chain(&mut self.padded_lags).chain(self.frames.as_flattened_mut())
    }

    /// Sums of rho' r by the lag in frames: the first is of pairs of a frame with itself, and zero.
    #[must_use]
    pub fn of_lags(&self) -> &[f64] {
        &self.padded_lags[LANES..LANES + self.frames.len()]
    }

    /// The sums of the lags from `frame - row` on, for as many frames as a lane has; what lies before the first lag is no pair's.
    #[inline(always)]
    pub fn lags_of(&mut self, row: usize, frame: usize) -> &mut [f64] {
        let first = LANES + frame - row;
        &mut self.padded_lags[first..first + LANES]
    }

    /// Takes a residual into the extremes; of equal ones the earliest stays.
    #[inline(always)]
    pub fn take_extreme(&mut self, residual: f64, pair: (usize, usize)) {
        let extreme = &mut self.extremes[usize::from(residual < 0.0)];
        if residual.abs() > extreme.residual.abs() {
            *extreme = Extreme { residual, i: pair.0, j: pair.1 };
        }
    }

    /// Sum of squared residuals.
    #[must_use]
    pub fn squares(&self) -> f64 {
        self.lags.iter().map(|bin| bin.squares).sum()
    }

    /// Pairs.
    #[must_use]
    pub fn pairs(&self) -> u64 {
        self.lags.iter().map(|bin| bin.pairs).sum()
    }
}

impl PairwiseTerm for ResidualSums {
    fn absorb(&mut self, other: &Self) {
        for (bin, term) in self.lags.iter_mut().zip(&other.lags) {
            bin.pairs += term.pairs;
            bin.squares += term.squares;
        }
        for extreme in other.extremes {
            self.take_extreme(extreme.residual, (extreme.i, extreme.j));
        }
        self.weights += other.weights;
        self.weighted_squares += other.weighted_squares;
        self.slopes += other.slopes;
        let terms = other.scores.iter().chain(&other.padded_lags).chain(other.frames.as_flattened());
        for (sum, term) in self.every_sum().zip(terms) {
            *sum += term;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_add_and_extremes_stay() {
        let mut sums = ResidualSums::zero(10, 2, 3);
        let mut other = ResidualSums::zero(10, 2, 3);
        sums.take_extreme(0.5, (1, 2));
        other.take_extreme(0.5, (3, 4));
        other.take_extreme(-2.0, (0, 9));
        other.score_mut(0, 1)[2] = 4.0;
        sums.absorb(&other);
        assert_eq!(sums.extremes[0], Extreme { residual: 0.5, i: 1, j: 2 });
        assert_eq!(sums.extremes[1], Extreme { residual: -2.0, i: 0, j: 9 });
        assert_eq!(sums.score(0, 1), [0.0, 0.0, 4.0]);
    }
}
