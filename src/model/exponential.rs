//! Exponentials of eight numbers, to the last digit or two: the same bits at every level of instructions. It knows no physics.
//!
//! x = k ln 2 + r with |r| <= ln 2 / 2 by Cody and Waite (Software Manual for the Elementary Functions, 1980, chapter 6): ln 2 in two
//! parts, of which the first has trailing zeros enough that k times it is exact. Then the Taylor series, whose first term left out is
//! below the last digit there, and k goes into the exponent.

use crate::sums::pairs::{LANES, Lane};
use std::f64::consts::LOG2_E;

/// Beyond this e^-x is zero (before it becomes denormal and slow).
pub const VANISHED: f64 = 700.0;
/// ln 2 = the sum of these; the first has 32 bits.
const LN_2: [f64; 2] = [0.693_147_180_369_123_8, 1.908_214_929_270_587_7e-10];
/// Adding this rounds to the nearest whole number, which the last bits then hold; taking it off again leaves it.
const ROUNDER: f64 = 6_755_399_441_055_744.0;
/// Bits behind the exponent of a double, and what it is biased by.
const FRACTION_BITS: u32 = 52;
const BIAS: u64 = 1023;

/// e^r = 1 + r + r^2/2! + ..: coefficients, highest first, up to r^13.
const SERIES: [f64; 14] = [
    1.0 / 6_227_020_800.0,
    1.0 / 479_001_600.0,
    1.0 / 39_916_800.0,
    1.0 / 3_628_800.0,
    1.0 / 362_880.0,
    1.0 / 40_320.0,
    1.0 / 5_040.0,
    1.0 / 720.0,
    1.0 / 120.0,
    1.0 / 24.0,
    1.0 / 6.0,
    1.0 / 2.0,
    1.0,
    1.0,
];

/// e^-x of eight numbers of at most [`VANISHED`] in size; zero beyond it.
// Each step for all lanes before the next: the compiler makes one vector of them where the caller has vector instructions, and none of a
// loop that takes all steps of one lane.
#[inline(always)]
#[must_use]
pub fn exp_of_less(x: &Lane) -> Lane {
    let x = &x.0;
    let shifted: [f64; LANES] = std::array::from_fn(|lane| (-x[lane]).mul_add(LOG2_E, ROUNDER));
    let mut r: [f64; LANES] = std::array::from_fn(|lane| -x[lane]);
    for part in LN_2 {
        r = std::array::from_fn(|lane| (shifted[lane] - ROUNDER).mul_add(-part, r[lane]));
    }
    let mut series = [SERIES[0]; LANES];
    for coefficient in &SERIES[1..] {
        series = std::array::from_fn(|lane| series[lane].mul_add(r[lane], *coefficient));
    }
    let power = |shifted: f64| f64::from_bits((shifted.to_bits() << FRACTION_BITS).wrapping_add(BIAS << FRACTION_BITS));
    let of_lane = |lane: usize| if x[lane] > VANISHED { 0.0 } else { series[lane] * power(shifted[lane]) };
    Lane(std::array::from_fn(of_lane))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponentials_have_all_their_digits() {
        let mut x = -1.0_f64;
        while x < 699.0 {
            let lane = Lane(std::array::from_fn(|k| x + 0.013 * k as f64));
            for (x, found) in lane.0.into_iter().zip(exp_of_less(&lane).0) {
                let expected = (-x).exp();
                assert!((found / expected - 1.0).abs() < 3e-16, "exp(-{x}): {found:e} {expected:e}");
            }
            x += 0.1037;
        }
        let ends = exp_of_less(&Lane([0.0, -0.0, 700.0, 701.0, 1e9, f64::INFINITY, f64::NAN, 0.5]));
        assert_eq!((ends.0[0], ends.0[1]), (1.0, 1.0));
        assert!((ends.0[2] / (-700.0_f64).exp() - 1.0).abs() < 3e-16);
        assert_eq!(ends.0[3..6], [0.0; 3]);
        assert!(ends.0[6].is_nan());
    }
}
