//! sin x / x and its derivative without loss of digits. It knows neither kappa nor gamma_dot.

use crate::model::catalogue::ShearConvention;

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

/// The shear factor of the field correlation, whose square is S: sinc^2 or sinc.
#[must_use]
pub fn field_decay(convention: ShearConvention, x: f64) -> f64 {
    let (s, _) = sinc(x);
    match convention {
        ShearConvention::Homodyne => s * s,
        ShearConvention::GapAverage => s,
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
