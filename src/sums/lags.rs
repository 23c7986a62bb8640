//! Pairs by their lag, on a binary logarithmic scale.

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lags_fall_into_bins_of_doubling_width() {
        assert_eq!([1, 2, 3, 4, 7, 8].map(lag_bin), [0, 1, 1, 2, 2, 3]);
    }
}
