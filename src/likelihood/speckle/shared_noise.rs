//! What frames share of their white noise: frames that were averaged with overlap. Second differences along the diagonal then see
//! less noise than there is, and smooth sums hold more of it.

/// What neighbouring frames share of their white noise: frames that were averaged with overlap.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct SharedNoise {
    /// Correlation of the white part of c2(i, j) and c2(i+1, j).
    pub along_frames: f64,
    /// The same of c2(i, j) and c2(i+1, j+1).
    pub along_diagonal: f64,
}

/// Less than this is what estimates scatter by.
const SHARED: f64 = 0.15;
/// More is not believed: running means over ten frames.
const MOST_SHARED: f64 = 0.9;

impl SharedNoise {
    /// Mean of what angles tell, none of it if it is not beyond doubt.
    #[must_use]
    pub fn of(told: impl Iterator<Item = (f64, f64)>) -> Self {
        let (sums, n) =
            told.fold(((0.0, 0.0), 0.0), |((a, b), n), (frames, diagonal)| ((a + frames, b + diagonal), n + 1.0));
        match sums.0 > SHARED * n {
            true => SharedNoise { along_frames: (sums.0 / n).min(MOST_SHARED), along_diagonal: (sums.1 / n).max(0.0) },
            false => SharedNoise::default(),
        }
    }

    /// The correlation of neighbouring frames, if there is any.
    #[must_use]
    pub fn told(&self) -> Option<f64> {
        Some(self.along_frames).filter(|shared| *shared > 0.0)
    }

    /// How much more white noise smooth sums hold than independent frames would: a running mean over m frames has a triangle of
    /// correlations with a sum of m = 1 / (1 - correlation).
    #[must_use]
    pub fn widening(&self) -> f64 {
        1.0 / (1.0 - self.along_frames)
    }

    /// Share of sigma^2 that second differences along the diagonal see.
    #[must_use]
    pub fn seen(&self) -> f64 {
        (1.0 - 4.0 / 3.0 * self.along_diagonal).max(1.0 - MOST_SHARED)
    }
}
