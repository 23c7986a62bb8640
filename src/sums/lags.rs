//! Pairs by their lag, on a binary logarithmic scale.

use std::ops::Range;

/// Pairs whose lag has the same binary logarithm: 1, 2-3, 4-7, 8-15, .. frames.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct LagBin {
    /// Pairs.
    pub pairs: u64,
    /// Sum of squared residuals.
    pub squares: f64,
}

/// The bin of a lag of at least one frame.
#[must_use]
pub fn lag_bin(lag: usize) -> usize {
    lag.ilog2() as usize
}

/// The lags of a half octave in frames: 1, 2, 3, 4-5, 6-7, 8-11, 12-15, ..
#[must_use]
pub fn half_octave(bin: usize) -> Range<usize> {
    let Some(above) = bin.checked_sub(1) else { return 1..2 };
    let width = 1 << (above / 2);
    let first = (2 + above % 2) * width;
    first..first + width
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_octaves_cover_every_lag_once() {
        let ranges: Vec<Range<usize>> = (0..9).map(half_octave).collect();
        assert_eq!(ranges[..6], [1..2, 2..3, 3..4, 4..6, 6..8, 8..12]);
        assert!(ranges.windows(2).all(|two| two[0].end == two[1].start));
    }

    #[test]
    fn lags_fall_into_bins_of_doubling_width() {
        assert_eq!([1, 2, 3, 4, 7, 8].map(lag_bin), [0, 1, 1, 2, 2, 3]);
    }
}
