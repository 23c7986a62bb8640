//! The model of one angle on pairs of narrow groups of frames: what the covariance of speckles is computed from. It knows
//! neither data nor physics.

use crate::sums::band::Band;

/// Below this h is taken as zero.
pub const NEGLIGIBLE: f64 = 1e-3;

/// What a grid is asked with.
#[derive(Debug, Clone, Copy)]
pub struct GridQuery<'a> {
    /// Physical parameters.
    pub theta: &'a [f64],
    /// First frame of every coarse group; groups of the grid are parts of them.
    pub coarse: &'a [usize],
    /// Most decorrelation within one group of the grid.
    pub step: f64,
    /// Whether the model on single pairs is wanted too, at short lags and at a few ages.
    pub with_lags: bool,
}

/// h and its derivatives on pairs of groups of frames: means over the pairs of frames of two groups.
#[derive(Debug, Clone)]
pub struct Grid {
    /// First frame of every group.
    pub first_frames: Vec<usize>,
    /// Frames of the measurement.
    pub n_frames: usize,
    /// Coarse group of every group.
    pub coarse: Vec<usize>,
    /// Usable frames of every group; not zero.
    pub counts: Vec<f64>,
    /// h; on the diagonal also a frame with itself counts.
    pub h: Band,
    /// Its square root, the field correlation, in the same way.
    pub field: Band,
    /// `[dh/dtheta .., h]` over different frames: a score sees no frame with itself.
    pub columns: Vec<Band>,
    /// The same on single pairs at lags that are no longer than a few groups, which means over groups do not tell.
    pub short_lags: Vec<ShortLag>,
    /// The model as a function of the lag, at a few ages.
    pub local: Vec<LocalDecay>,
}

/// The model at one age as a function of the lag.
#[derive(Debug, Clone)]
pub struct LocalDecay {
    /// The first frame of that age.
    pub first_frame: usize,
    /// Frames of that age.
    pub frames: f64,
    /// `[dh/dtheta .., h]`, each by the lag from zero on, as far as h is not negligible.
    pub columns: Vec<Vec<f64>>,
}

/// Pairs at the lags of one half octave, whose frames lie in two coarse groups.
#[derive(Debug, Clone)]
pub struct ShortLag {
    /// Number of the half octave: see [`crate::sums::lags::half_octave`].
    pub bin: usize,
    /// Coarse groups of the earlier and the later frame.
    pub coarse: (usize, usize),
    /// Sums of `[dh/dtheta .., h, 1]` over the pairs.
    pub sums: Vec<f64>,
    /// Sums of the same times h.
    pub times_h: Vec<f64>,
}

impl Grid {
    /// Groups.
    #[must_use]
    pub fn len(&self) -> usize {
        self.counts.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// Memory of its bands.
    #[must_use]
    pub fn bytes(&self) -> usize {
        (2 + self.columns.len()) * self.h.n() * (2 * self.h.reach() + 1) * size_of::<f64>()
    }

    /// Roots of the usable frames of every group.
    #[must_use]
    pub fn roots(&self) -> Vec<f64> {
        self.counts.iter().map(|count| count.sqrt()).collect()
    }

    /// A band times the roots of the frames of both groups: sums over frames are then products of matrices.
    #[must_use]
    pub fn scaled(&self, band: &Band) -> Band {
        let roots = self.roots();
        band.map(|a, b, value| value * roots[a] * roots[b])
    }

    /// Where group `a` ends.
    #[must_use]
    pub fn end(&self, a: usize) -> usize {
        self.first_frames.get(a + 1).copied().unwrap_or(self.n_frames)
    }
}

/// How an angle resembles others: angles of one `place` have one grid but for the factors of its columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Resemblance {
    /// What h depends on besides the frames: how much more often speckles renew themselves than where it is zero, as a share.
    pub place: f64,
    /// Factors of the columns dh/dtheta of the grid.
    pub factors: Vec<f64>,
    /// Masked frames.
    pub masked_frames: Vec<usize>,
}
