//! Numbers with errors as people write them: 19039 +- 79. It knows no parameter.

/// Numbers from this on are written with a power of ten, and those below the other limit.
const PLAIN_SIZES: (f64, f64) = (1e-2, 1e7);
/// Digits of a number without an error.
const DIGITS_WITHOUT_ERROR: i32 = 6;
/// Most digits behind the point.
const MOST_DECIMALS: i32 = 15;

/// Smaller p-values are not told apart from none.
const LEAST_P: f64 = 1e-300;

/// A value and its errors, all with the same power of ten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measured {
    /// The value, to the last digit of the first error that is known.
    pub value: String,
    /// The errors, to two digits each; "-" where there is none.
    pub errors: [String; 2],
}

/// A value with two errors: the reported one and the plain one.
#[must_use]
pub fn measured(value: f64, errors: [Option<f64>; 2]) -> Measured {
    let errors = errors.map(|error| error.filter(|error| error.is_finite() && *error > 0.0));
    let Some(error) = errors[0].or(errors[1]).filter(|_| value.is_finite()) else {
        return Measured { value: without_error(value), errors: errors.map(|_| "-".into()) };
    };
    let power = power_of(value.abs().max(error));
    let scale = 10.0_f64.powi(power);
    let end = if power == 0 { String::new() } else { format!("e{power}") };
    let write = |number: f64, decimals: i32| format!("{}{end}", fixed(number / scale, decimals));
    Measured {
        value: write(value, decimals_of(error / scale)),
        errors: errors.map(|one| one.map_or("-".into(), |one| write(one, decimals_of(one / scale)))),
    }
}

/// The same in one text: 1.0000 +- 0.0068.
#[must_use]
pub fn with_error(value: f64, error: f64) -> String {
    let Measured { value, errors: [error, _] } = measured(value, [Some(error), None]);
    format!("{value} +- {error}")
}

/// A p-value with its sign: p = 0.677, p = 2.3e-5, p < 1e-300.
#[must_use]
pub fn p_value(p: f64) -> String {
    match p {
        p if p < LEAST_P => format!("p < {LEAST_P:e}"),
        p if p < 1e-3 => format!("p = {p:.1e}"),
        p => format!("p = {p:.3}"),
    }
}

/// The power of ten that a number of this size is written with.
fn power_of(size: f64) -> i32 {
    let is_plain = size == 0.0 || (PLAIN_SIZES.0..PLAIN_SIZES.1).contains(&size);
    if is_plain { 0 } else { size.log10().floor() as i32 }
}

/// Digits behind the point that leave an error two digits; below zero where even tens are rounded.
fn decimals_of(error: f64) -> i32 {
    let decimals = 1 - error.log10().floor() as i32;
    // 0.0996 is 0.10, not 0.100.
    let is_next = (error * 10.0_f64.powi(decimals)).round() >= 100.0;
    (decimals - i32::from(is_next)).min(MOST_DECIMALS)
}

fn fixed(number: f64, decimals: i32) -> String {
    let text = match usize::try_from(decimals) {
        Ok(decimals) => format!("{number:.decimals$}"),
        Err(_) => {
            let unit = 10.0_f64.powi(-decimals);
            format!("{:.0}", (number / unit).round() * unit)
        }
    };
    let is_zero = text.trim_start_matches('-').chars().all(|c| c == '0' || c == '.');
    if is_zero { text.trim_start_matches('-').to_owned() } else { text }
}

/// A number that nobody doubts, without zeros at its end.
fn without_error(value: f64) -> String {
    if !value.is_finite() {
        return value.to_string();
    }
    let power = power_of(value.abs());
    let scaled = value / 10.0_f64.powi(power);
    let before = if scaled == 0.0 { 0 } else { scaled.abs().log10().floor() as i32 };
    let text = fixed(scaled, (DIGITS_WITHOUT_ERROR - 1 - before).max(0));
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    if power == 0 { text.to_owned() } else { format!("{text}e{power}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(value: f64, reported: Option<f64>, plain: Option<f64>) -> String {
        let Measured { value, errors: [reported, plain] } = measured(value, [reported, plain]);
        format!("{value} +- {reported} ({plain})")
    }

    #[test]
    fn numbers_are_rounded_to_two_digits_of_their_error() {
        assert_eq!(told(19_038.761, Some(90.06), Some(78.69)), "19039 +- 90 (79)");
        assert_eq!(told(-0.351_980_6, Some(4.768e-3), Some(4.309e-3)), "-0.3520 +- 0.0048 (0.0043)");
        assert_eq!(told(1.300_23e-3, Some(1.234e-6), Some(9.96e-7)), "1.3002e-3 +- 0.0012e-3 (0.0010e-3)");
        assert_eq!(told(19_038.761, Some(1_520.0), Some(78.69)), "19000 +- 1500 (79)");
        assert_eq!(told(0.5, Some(0.0996), None), "0.50 +- 0.10 (-)");
        assert_eq!(told(-0.001, Some(0.5), None), "0.00 +- 0.50 (-)");
        assert_eq!(told(3.2e-5, Some(0.1), None), "0.00 +- 0.10 (-)");
        assert_eq!(told(2.5e9, Some(3.1e7), Some(1e6)), "2.500e9 +- 0.031e9 (0.0010e9)");
        assert_eq!(with_error(1.0, 0.00683), "1.0000 +- 0.0068");
    }

    #[test]
    fn p_values_are_written_as_people_do() {
        assert_eq!(
            [0.677, 2.34e-5, 0.0, 1e-310, 1.0].map(p_value).join(", "),
            "p = 0.677, p = 2.3e-5, p < 1e-300, p < 1e-300, p = 1.000"
        );
    }

    #[test]
    fn numbers_without_an_error_keep_their_digits_and_no_zeros() {
        assert_eq!(told(900.0, None, None), "900 +- - (-)");
        assert_eq!(told(0.0, None, None), "0 +- - (-)");
        assert_eq!(told(-6.5, None, Some(f64::NAN)), "-6.5 +- - (-)");
        assert_eq!(told(1.5e-4, None, None), "1.5e-4 +- - (-)");
        assert_eq!(told(19_038.761_2, Some(0.0), None), "19038.8 +- - (-)");
        assert_eq!(told(f64::NAN, Some(1.0), None), "NaN +- - (-)");
        // Where the reported error is not known, the plain one tells the digits.
        assert_eq!(told(19_038.761, None, Some(78.69)), "19039 +- - (79)");
    }
}
