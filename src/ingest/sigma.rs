//! The standard deviation of one c2 value, from the data themselves, or why they do not tell it. It knows no model.
//!
//! Along a line of constant lag c2 changes slowly with age, so d = c2(i,j) - 2 c2(i+1,j+1) + c2(i+2,j+2) is noise with
//! variance 6 sigma^2, if the three pairs share no frame (lag > 2). sigma = 1.4826 median |d| / sqrt 6: half of the
//! values may be outliers. Of counts (zeros by coincidence) it is a mean square: more than half of the values may be zero.
//!
//! Not every d is noise. Where it is not above the rounding of the values, or where differences of order 4, 6 .. grow ever
//! smaller (to less than 0.7 each time: noise gives the same sigma at every order, a smooth curve does not), no white noise
//! was measured. If they stop falling above the rounding, that is the noise, and what lies above it at order 2 is the curve.

use crate::ingest::lines::{Difference, Lines};
use crate::store::block::Values;

/// Orders of differences that are tried against a smooth curve.
const HIGHER: [usize; 4] = [4, 6, 8, 10];
/// A curve makes less than this of sigma at the next order.
const FALLS: f64 = 0.7;

/// Why no white noise was measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Unmeasured {
    /// Values are written in steps of this size, and do not scatter by more.
    Rounded(f64),
    /// Values are constant or follow a smooth curve up to the digits of their width.
    Smooth,
    /// There are too few frames.
    TooFew,
}

impl Unmeasured {
    /// In words.
    #[must_use]
    pub fn words(self) -> String {
        match self {
            Unmeasured::Rounded(quantum) => format!("values are rounded to {quantum:.1e} and scatter by no more"),
            Unmeasured::Smooth => "values are constant or smooth up to rounding".into(),
            Unmeasured::TooFew => "there are too few frames".into(),
        }
    }
}

/// Standard deviation of one value; zero if it is not known. Frames in `masked` are left out.
#[must_use]
pub fn estimate_sigma(values: &Values, n: usize, masked: &[usize]) -> f64 {
    measured_sigma(&Lines::of(values, n, masked)).unwrap_or(0.0)
}

/// Standard deviation of one value.
///
/// # Errors
/// Why it is not known.
pub fn measured_sigma(lines: &Lines<'_>) -> Result<f64, Unmeasured> {
    let of_order = |order| lines.scatter(Difference { order, step: 1 });
    let second = of_order(2).ok_or(Unmeasured::TooFew)?;
    if lines.are_counts() {
        return Ok(second);
    }
    let rounding = lines.rounding();
    let above = |sigma: f64| match sigma > rounding.least() {
        true => Ok(sigma),
        false if 0.5 * rounding.quantum > rounding.float && sigma > 0.0 => Err(Unmeasured::Rounded(rounding.quantum)),
        false => Err(Unmeasured::Smooth),
    };
    let mut sigma = above(second)?;
    for order in HIGHER {
        match of_order(order) {
            // Noise: the lowest order has it most exactly.
            Some(next) if next >= FALLS * sigma && order == HIGHER[0] => return Ok(second),
            Some(next) if next >= FALLS * sigma => return above(next),
            Some(next) => sigma = above(next)?,
            None => return Ok(sigma),
        }
    }
    Err(Unmeasured::Smooth)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sigma_of_known_noise_is_found_under_a_slow_signal() {
        let n = 200;
        let mut state = 1_u64;
        let mut uniform = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1_u64 << 53) as f64
        };
        // Sums of twelve uniforms have variance 1.
        let mut normal = || (0..12).map(|_| uniform()).sum::<f64>() - 6.0;
        let pairs = (0..n).flat_map(|i| (i + 1..n).map(move |j| (i, j)));
        let value = |(i, j): (usize, usize)| 1.0 + 0.1 * (-((j - i) as f64) * (1.0 + 0.001 * i as f64) / 20.0).exp();
        let values = Values::from_f64(pairs.map(|pair| value(pair) + 0.01 * normal()).collect());
        let sigma = estimate_sigma(&values, n, &[7]);
        assert!((sigma - 0.01).abs() < 3e-4, "{sigma}");
    }

    #[test]
    fn a_constant_map_has_no_noise() {
        assert_eq!(estimate_sigma(&Values::from_f64(vec![1.1; 45]), 10, &[]), 0.0);
    }
}
