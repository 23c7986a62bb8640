//! sin x / x and its derivative without loss of digits, for one number and for whole vectors. It knows neither kappa nor
//! gamma_dot.

use crate::parameters::definitions::ShearConvention;
use crate::sums::pairs::QUANTITIES;
use pulp::Simd;

/// Below this |x| the series is used: differences of sines lose digits there.
pub const SERIES_BELOW: f64 = 0.5;

/// sinc x = 1 - x^2/3! + x^4/5! - ..: coefficients of powers of x^2, highest first.
pub const SINC_SERIES: [f64; 7] =
    [1.0 / 6_227_020_800.0, -1.0 / 39_916_800.0, 1.0 / 362_880.0, -1.0 / 5_040.0, 1.0 / 120.0, -1.0 / 6.0, 1.0];

/// sinc'(x) / x = -1/3 + x^2/30 - ..: coefficients of powers of x^2, highest first.
pub const SINC_SLOPE_SERIES: [f64; 7] = [
    -14.0 / 1_307_674_368_000.0,
    12.0 / 6_227_020_800.0,
    -10.0 / 39_916_800.0,
    8.0 / 362_880.0,
    -6.0 / 5_040.0,
    4.0 / 120.0,
    -2.0 / 6.0,
];

/// (sinc x, sinc' x).
#[must_use]
pub fn sinc(x: f64) -> (f64, f64) {
    if x.abs() < SERIES_BELOW {
        let horner = |series: &[f64; 7]| series.iter().fold(0.0, |sum, c| sum * (x * x) + c);
        return (horner(&SINC_SERIES), horner(&SINC_SLOPE_SERIES) * x);
    }
    let sinc = x.sin() / x;
    (sinc, (x.cos() - sinc) / x)
}

/// (S, dS/dx): sinc^4 or sinc^2.
#[must_use]
pub fn shear_decay(convention: ShearConvention, x: f64) -> (f64, f64) {
    let (s, slope) = sinc(x);
    match convention {
        ShearConvention::Homodyne => (s.powi(4), 4.0 * s.powi(3) * slope),
        ShearConvention::GapAverage => (s * s, 2.0 * s * slope),
    }
}

/// How many times smaller than 1 S and x S are at least beyond x = 1: |sinc x| <= 1 / |x|.
#[inline(always)]
#[must_use]
pub fn strained(convention: ShearConvention, x: f64) -> f64 {
    let x = x.abs().max(1.0);
    match convention {
        ShearConvention::Homodyne => x * x * x,
        ShearConvention::GapAverage => x,
    }
}

/// The shear factor of the field correlation, whose square is S: sinc^2 or sinc.
#[must_use]
pub fn field_decay(convention: ShearConvention, x: f64) -> f64 {
    let (s, _) = sinc(x);
    match convention {
        ShearConvention::Homodyne => s * s,
        ShearConvention::GapAverage => s,
    }
}

/// (sinc x, sinc' x) of numbers below [`SERIES_BELOW`].
#[inline(always)]
pub fn sinc_series<S: Simd>(simd: S, x: S::f64s) -> (S::f64s, S::f64s) {
    let x2 = simd.mul_f64s(x, x);
    let mut sinc = simd.splat_f64s(SINC_SERIES[0]);
    let mut slope = simd.splat_f64s(SINC_SLOPE_SERIES[0]);
    for k in 1..SINC_SERIES.len() {
        sinc = simd.mul_add_f64s(sinc, x2, simd.splat_f64s(SINC_SERIES[k]));
        slope = simd.mul_add_f64s(slope, x2, simd.splat_f64s(SINC_SLOPE_SERIES[k]));
    }
    (sinc, simd.mul_f64s(slope, x))
}

/// (sinc x, sinc' x) of numbers beyond [`SERIES_BELOW`]: sinc' = (cos x - sinc x) / x.
#[inline(always)]
pub fn sinc_closed<S: Simd>(simd: S, x: S::f64s, sin_x: S::f64s, cos_x: S::f64s) -> (S::f64s, S::f64s) {
    let inverse = simd.div_f64s(simd.splat_f64s(1.0), x);
    let sinc = simd.mul_f64s(sin_x, inverse);
    (sinc, simd.mul_f64s(simd.sub_f64s(cos_x, sinc), inverse))
}

/// (sinc x, sinc' x), lane by lane as it is near or far.
#[inline(always)]
pub fn sinc_either<S: Simd>(simd: S, x: S::f64s, sin_x: S::f64s, cos_x: S::f64s) -> (S::f64s, S::f64s) {
    let (near, far) = (sinc_series(simd, x), sinc_closed(simd, x, sin_x, cos_x));
    let is_near = simd.less_than_f64s(simd.abs_f64s(x), simd.splat_f64s(SERIES_BELOW));
    (simd.select_f64s(is_near, near.0, far.0), simd.select_f64s(is_near, near.1, far.1))
}

/// (S, S') for sinc^4 or sinc^2.
#[inline(always)]
pub fn powers<S: Simd, const FOURTH: bool>(simd: S, sinc: S::f64s, slope: S::f64s) -> (S::f64s, S::f64s) {
    let square = simd.mul_f64s(sinc, sinc);
    if FOURTH {
        let cube_slope = simd.mul_f64s(simd.mul_f64s(square, sinc), slope);
        (simd.mul_f64s(square, square), simd.mul_f64s(simd.splat_f64s(4.0), cube_slope))
    } else {
        (square, simd.mul_f64s(simd.splat_f64s(2.0), simd.mul_f64s(sinc, slope)))
    }
}

/// kappa of one angle and its derivative with respect to phi0 in degrees.
#[derive(Debug, Clone, Copy)]
pub struct Kappa {
    /// kappa: x = kappa |G_j - G_i|.
    pub value: f64,
    /// d kappa / d phi0, per degree.
    pub d_phi0: f64,
}

impl Kappa {
    /// Factors of the quantities [A, B, T, a, b, T, G]: with c = E S'(x), dh/d[gamma_dot_t0, beta, gamma_dot_t_offset] =
    /// kappa c [a, b, T]_ij and dh/dphi0 = kappa_phi0 c G_ij.
    pub fn factors(self) -> [f64; QUANTITIES] {
        [1.0, 1.0, 1.0, self.value, self.value, self.value, self.d_phi0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_and_closed_form_meet() {
        let below = sinc(SERIES_BELOW * (1.0 - 1e-15));
        let above = sinc(SERIES_BELOW);
        assert!((below.0 - above.0).abs() < 3e-16);
        assert!((below.1 - above.1).abs() < 2e-15);
        assert_eq!(sinc(0.0), (1.0, 0.0));
    }
}
