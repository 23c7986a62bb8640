//! Whether the white part of the noise is white: how far neighbouring values share it. It knows no model.
//!
//! Frames that are recorded one by one have independent photon noise. Running means over frames, smoothed maps and interpolated frames
//! have not: their second differences are too small, and so is sigma. Definition, with e the part of the noise whose correlation ends
//! within 3 frames:
//!
//! - along frames: corr(e(i, j), e(i+1, j)), j fixed, i + 1 < j;
//! - along the diagonal: corr(e(i, j), e(i+1, j+1)).
//!
//! Running means over m frames have (m - 1) / m along frames, whatever the noise; along the diagonal between the square of that (both
//! intensities white) and that (one of them). Independent frames have 0 in both.
//!
//! Estimate: V(s) = Var[c(k) - 2 c(k+s) + c(k+2s)] / 6 along the line is
//!
//! ```text
//! V(s) = g(0) - 4/3 g(s) + 1/3 g(2s) + a s
//! ```
//!
//! with g the autocovariance of e, and a s what speckles add that lose memory slowly (exactly linear to second order in s for an
//! exponential loss). Steps beyond the range have g = 0: a line through them gives g(0) and a. Then g(3), g(2), g(1) follow in turn.

use crate::ingest::lines::{Difference, Line, Lines};

/// Frames over which noise may be shared: running means over up to four frames.
const RANGE: usize = 3;
/// Steps that are free of it.
const FREE: [usize; 4] = [4, 5, 6, 8];
/// The white part must be this share of the differences at the first free step, or the slow part decides.
const RESOLVED: f64 = 0.5;

/// Correlation of the white part of neighbouring values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Whiteness {
    /// Of c2(i, j) and c2(i+1, j).
    pub along_frames: f64,
    /// Of c2(i, j) and c2(i+1, j+1).
    pub along_diagonal: f64,
}

impl Whiteness {
    /// Of a map; `None` where the white part is not resolved, or frames are too few.
    #[must_use]
    pub fn of(lines: &Lines<'_>) -> Option<Self> {
        Some(Whiteness {
            along_frames: neighbours(lines, Line::Frames)?,
            along_diagonal: neighbours(lines, Line::Diagonal)?,
        })
    }
}

/// g(1) / g(0) along a line.
fn neighbours(lines: &Lines<'_>, line: Line) -> Option<f64> {
    let floor = lines.rounding().least();
    let variance = |step: usize| {
        let scatter = lines.scatter_along(line, Difference { order: 2, step })?;
        (scatter > floor).then_some(scatter * scatter)
    };
    let free = FREE.map(|step| variance(step).map(|variance| (step as f64, variance)));
    let free: Vec<(f64, f64)> = free.into_iter().collect::<Option<_>>()?;
    let (white, slope) = straight_line(&free);
    if white < RESOLVED * free[0].1 {
        return None;
    }
    // covariance[s] = g(s), zero beyond the range.
    let mut covariance = [0.0; 2 * RANGE + 1];
    for step in (1..=RANGE).rev() {
        let steady = variance(step)? - slope * step as f64;
        covariance[step] = 0.75 * (white - steady) + 0.25 * covariance[2 * step];
    }
    Some((covariance[1] / white).clamp(-1.0, 1.0))
}

/// Intercept and slope, least squares; speckles never make it fall.
fn straight_line(points: &[(f64, f64)]) -> (f64, f64) {
    let n = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / n;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let both: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
    let square: f64 = points.iter().map(|point| (point.0 - x).powi(2)).sum();
    let slope = (both / square).max(0.0);
    (y - slope * x, slope)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::block::Values;

    /// A map of white noise, seen through running means over `frames` along i and `other` along j.
    fn smoothed(n: usize, frames: usize, other: usize) -> Values {
        let mut state = 5_u64;
        let mut uniform = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1_u64 << 53) as f64
        };
        let width = n + 4;
        let noise: Vec<f64> = (0..width * width).map(|_| (0..12).map(|_| uniform()).sum::<f64>() - 6.0).collect();
        let mean = |i: usize, j: usize| {
            let all = (0..frames).flat_map(|a| (0..other).map(move |b| (a, b)));
            all.map(|(a, b)| noise[(i + a) * width + j + b]).sum::<f64>() / (frames * other) as f64
        };
        let slow = |i: usize, j: usize| 0.2 * (-((j - i) as f64) * (1.0 + 0.002 * i as f64) / 40.0).exp();
        let pairs = (0..n).flat_map(|i| (i + 1..n).map(move |j| (i, j)));
        Values::from_f64(pairs.map(|(i, j)| 1.0 + slow(i, j) + 0.01 * mean(i, j)).collect())
    }

    #[test]
    fn running_means_over_frames_share_what_they_must() {
        let n = 240;
        for (frames, other, along_frames, along_diagonal) in
            [(1, 1, 0.0, 0.0), (2, 1, 0.5, 0.0), (2, 2, 0.5, 0.25), (3, 3, 2.0 / 3.0, 4.0 / 9.0), (4, 4, 0.75, 0.5625)]
        {
            let values = smoothed(n, frames, other);
            let found = Whiteness::of(&Lines::of(&values, n, &[0, 50])).expect("resolved");
            assert!((found.along_frames - along_frames).abs() < 0.06, "{frames} {other}: {found:?}");
            assert!((found.along_diagonal - along_diagonal).abs() < 0.06, "{frames} {other}: {found:?}");
        }
    }

    #[test]
    fn maps_without_noise_or_with_few_frames_say_nothing() {
        assert_eq!(Whiteness::of(&Lines::of(&smoothed(80, 1, 1), 80, &[])), None);
        assert_eq!(Whiteness::of(&Lines::of(&Values::from_f64(vec![1.1; 4950]), 100, &[])), None);
    }
}
