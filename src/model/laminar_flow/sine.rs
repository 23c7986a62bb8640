//! Sine and cosine of whole vectors, to the last digit or two: the same bits at every level of instructions. It knows no
//! physics.
//!
//! x = k pi/2 + r with |r| <= pi/4 by Cody and Waite (Software Manual for the Elementary Functions, 1980, chapter 8): pi/2
//! in three parts, of which the first two have trailing zeros enough that k times them is exact. Then the Taylor series,
//! whose first term left out is below half a unit of the last place at pi/4.

use crate::sums::pairs::{LANES, Lane};
use pulp::Simd;

/// Beyond this |x| parts of pi/2 no longer subtract exactly.
const REDUCED_UP_TO: f64 = 1e6;
/// pi/2 = the sum of these; the first two have 33 bits each.
const HALF_PI: [f64; 3] = [1.570_796_326_734_125_6, 6.077_100_506_303_966e-11, 2.022_266_248_795_950_6e-21];
/// Adding and taking off this rounds to the nearest whole number.
const ROUNDER: f64 = 6_755_399_441_055_744.0;

/// sin r / r = 1 - r^2/3! + ..: coefficients of powers of r^2, highest first, up to r^16.
const SINE: [f64; 9] = [
    1.0 / 355_687_428_096_000.0,
    -1.0 / 1_307_674_368_000.0,
    1.0 / 6_227_020_800.0,
    -1.0 / 39_916_800.0,
    1.0 / 362_880.0,
    -1.0 / 5_040.0,
    1.0 / 120.0,
    -1.0 / 6.0,
    1.0,
];
/// cos r = 1 - r^2/2! + ..: coefficients of powers of r^2, highest first, up to r^16.
const COSINE: [f64; 9] = [
    1.0 / 20_922_789_888_000.0,
    -1.0 / 87_178_291_200.0,
    1.0 / 479_001_600.0,
    -1.0 / 3_628_800.0,
    1.0 / 40_320.0,
    -1.0 / 720.0,
    1.0 / 24.0,
    -1.0 / 2.0,
    1.0,
];

/// The two terms above those of [`SINE`], r^20 and r^18.
const NEXT_OF_SINE: [f64; 2] = [1.0 / 51_090_942_171_709_440_000.0, -1.0 / 121_645_100_408_832_000.0];
/// The two terms above those of [`COSINE`], r^20 and r^18.
const NEXT_OF_COSINE: [f64; 2] = [1.0 / 2_432_902_008_176_640_000.0, -1.0 / 6_402_373_705_728_000.0];

/// (sin, cos) of eight numbers.
#[inline(always)]
#[must_use]
pub fn sin_cos<S: Simd>(simd: S, x: &Lane) -> (Lane, Lane) {
    let (mut sin, mut cos) = (Lane::default(), Lane::default());
    if x.0.iter().all(|x| x.abs() < REDUCED_UP_TO) {
        for v in 0..LANES / S::F64_LANES {
            let (s, c) = sin_cos_near(simd, x.load::<S>(v));
            sin.store::<S>(v, s);
            cos.store::<S>(v, c);
        }
    } else {
        far(x, &mut sin, &mut cos);
    }
    (sin, cos)
}

#[cold]
fn far(x: &Lane, sin: &mut Lane, cos: &mut Lane) {
    for ((x, sin), cos) in x.0.iter().zip(&mut sin.0).zip(&mut cos.0) {
        (*sin, *cos) = x.sin_cos();
    }
}

/// (sin, cos) of eight numbers of at most the size `largest`, or both with the opposite sign: which of the two, takes a quarter of the work
/// to tell, and functions that are even in both do not ask. Here |r| <= pi/2, the series are two terms longer, and errors reach 5e-16.
#[inline(always)]
#[must_use]
pub fn sin_cos_but_for_sign<S: Simd>(simd: S, x: &Lane, largest: f64) -> (Lane, Lane) {
    let (mut sin, mut cos) = (Lane::default(), Lane::default());
    if largest >= REDUCED_UP_TO {
        far(x, &mut sin, &mut cos);
        return (sin, cos);
    }
    let rounder = simd.splat_f64s(ROUNDER);
    for v in 0..LANES / S::F64_LANES {
        let mut r = x.load::<S>(v);
        let turns = simd.mul_add_f64s(r, simd.splat_f64s(std::f64::consts::FRAC_1_PI), rounder);
        let turns = simd.sub_f64s(turns, rounder);
        for part in HALF_PI {
            r = simd.negate_mul_add_f64s(turns, simd.splat_f64s(2.0 * part), r);
        }
        let r2 = simd.mul_f64s(r, r);
        let (mut sine, mut cosine) = (simd.splat_f64s(NEXT_OF_SINE[0]), simd.splat_f64s(NEXT_OF_COSINE[0]));
        sine = simd.mul_add_f64s(sine, r2, simd.splat_f64s(NEXT_OF_SINE[1]));
        cosine = simd.mul_add_f64s(cosine, r2, simd.splat_f64s(NEXT_OF_COSINE[1]));
        for k in 0..SINE.len() {
            sine = simd.mul_add_f64s(sine, r2, simd.splat_f64s(SINE[k]));
            cosine = simd.mul_add_f64s(cosine, r2, simd.splat_f64s(COSINE[k]));
        }
        sin.store::<S>(v, simd.mul_f64s(sine, r));
        cos.store::<S>(v, cosine);
    }
    (sin, cos)
}

/// (sin, cos) of numbers below [`REDUCED_UP_TO`].
#[inline(always)]
fn sin_cos_near<S: Simd>(simd: S, x: S::f64s) -> (S::f64s, S::f64s) {
    let nearest = |x: S::f64s| {
        let rounder = simd.splat_f64s(ROUNDER);
        simd.sub_f64s(simd.add_f64s(x, rounder), rounder)
    };
    let quadrant = nearest(simd.mul_f64s(x, simd.splat_f64s(std::f64::consts::FRAC_2_PI)));
    let mut r = x;
    for part in HALF_PI {
        r = simd.negate_mul_add_f64s(quadrant, simd.splat_f64s(part), r);
    }
    let r2 = simd.mul_f64s(r, r);
    let (mut sine, mut cosine) = (simd.splat_f64s(SINE[0]), simd.splat_f64s(COSINE[0]));
    for k in 1..SINE.len() {
        sine = simd.mul_add_f64s(sine, r2, simd.splat_f64s(SINE[k]));
        cosine = simd.mul_add_f64s(cosine, r2, simd.splat_f64s(COSINE[k]));
    }
    sine = simd.mul_f64s(sine, r);
    // k mod 4 in -2 .. 2: sine and cosine change places where k is odd; signs change by quadrant.
    let turns = nearest(simd.mul_f64s(quadrant, simd.splat_f64s(0.25)));
    let k = simd.negate_mul_add_f64s(turns, simd.splat_f64s(4.0), quadrant);
    let size = simd.abs_f64s(k);
    let is_odd = simd.equal_f64s(size, simd.splat_f64s(1.0));
    let is_opposite = simd.equal_f64s(size, simd.splat_f64s(2.0));
    let (minus_sine, minus_cosine) = (simd.neg_f64s(sine), simd.neg_f64s(cosine));
    let is_negative = simd.less_than_f64s(k, simd.splat_f64s(0.0));
    // k = 1: (cos, -sin); k = -1: (-cos, sin); k = 2 or -2: (-sin, -cos).
    let sin_odd = simd.select_f64s(is_negative, minus_cosine, cosine);
    let cos_odd = simd.select_f64s(is_negative, sine, minus_sine);
    let sin_even = simd.select_f64s(is_opposite, minus_sine, sine);
    let cos_even = simd.select_f64s(is_opposite, minus_cosine, cosine);
    (simd.select_f64s(is_odd, sin_odd, sin_even), simd.select_f64s(is_odd, cos_odd, cos_even))
}

#[cfg(test)]
mod tests {
    use super::*;
    use pulp::WithSimd;

    struct Eight(Lane);

    impl WithSimd for Eight {
        type Output = [(Lane, Lane); 2];
        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) -> [(Lane, Lane); 2] {
            let largest = self.0.0.iter().fold(0.0, |largest: f64, x| x.abs().max(largest));
            [sin_cos(simd, &self.0), sin_cos_but_for_sign(simd, &self.0, largest)]
        }
    }

    #[test]
    fn eight_at_a_time_equal_the_library_and_each_other_at_every_level() {
        for step in [1e-3, 0.7, 12.3, 4_321.0, 9e6] {
            for start in 0..500 {
                let x = Lane(std::array::from_fn(|k| step * (f64::from(start) * 0.37 - 90.0 + k as f64)));
                let found = pulp::Arch::new().dispatch(Eight(x));
                assert_eq!(found, pulp::Scalar::new().vectorize(Eight(x)));
                let [(sin, cos), (any_sin, any_cos)] = found;
                for (k, x) in x.0.into_iter().enumerate() {
                    let (exact_sin, exact_cos) = x.sin_cos();
                    let found = [sin.0[k] - exact_sin, cos.0[k] - exact_cos];
                    assert!(found.iter().all(|apart| apart.abs() < 3e-16), "{x}: {found:?}");
                    let (sin, cos) = (any_sin.0[k], any_cos.0[k]);
                    let apart = |sign: f64| (sign * sin - exact_sin).abs().max((sign * cos - exact_cos).abs());
                    assert!(apart(1.0).min(apart(-1.0)) < 5e-16, "{x}: {sin} {cos}");
                }
            }
        }
    }
}
