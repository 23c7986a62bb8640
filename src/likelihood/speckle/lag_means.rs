//! What the mean over pairs of one lag scatters by: the error bar of a point of c2 against the lag. It knows no residual.
//!
//! With h of any two frames, for the pairs (i, i + l) of T frames i of about one age,
//!
//! ```text
//! N Var = beta^2 / T sum_x (1 - |x| / T) [h(i, i+x) h(i+l, i+l+x) + h(i, i+l+x) h(i+l, i+x)]          (Isserlis)
//! ```
//!
//! and sigma^2 over the number of pairs of white noise. Cumulants, which are of the order of the contrast, are left out.

use std::ops::Range;

/// Ages of a range at which h is asked.
const AGES: usize = 3;

/// Variance of the speckles' part for earlier frames in a range, in units of beta^2 / N.
pub fn of_speckles(h: &dyn Fn(usize, usize) -> f64, rows: Range<usize>, lag: usize) -> f64 {
    let frames = rows.len();
    let of_age = |age: usize| {
        let middle = rows.start + (2 * age + 1) * frames / (2 * AGES);
        let at = |x: usize| {
            let i = middle.saturating_sub(x / 2).max(rows.start).min(rows.end - 1 - x);
            let both = h(i, i + x) * h(i + lag, i + lag + x) + h(i, i + lag + x) * h(i + lag, i + x);
            both * (1.0 - x as f64 / frames as f64)
        };
        (at(0) + 2.0 * sum(&at, frames)) / frames as f64
    };
    (0..AGES).map(of_age).sum::<f64>() / AGES as f64
}

/// Sum of a smooth function over 1 .. n, from ever wider steps.
fn sum(value: &dyn Fn(usize) -> f64, n: usize) -> f64 {
    if n < 2 {
        return 0.0;
    }
    let (mut from, mut at_from) = (1, value(1));
    let mut sum = at_from;
    while from + 1 < n {
        let to = (from + (from / 4).max(1)).min(n - 1);
        let at_to = value(to);
        // Values between lie on a line: those behind `from` up to `to`.
        sum += 0.5 * (to - from) as f64 * (at_from + at_to) + 0.5 * (at_to - at_from);
        (from, at_from) = (to, at_to);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_double_sum() {
        for rate in [0.02, 0.3, 5.0] {
            let h = |a: usize, b: usize| (-rate * a.abs_diff(b) as f64).exp();
            for (rows, lag) in [(0..200, 1), (40..90, 7), (0..30, 60)] {
                let mut exact = 0.0;
                for i in rows.clone() {
                    for k in rows.clone() {
                        exact += h(i, k) * h(i + lag, k + lag) + h(i, k + lag) * h(i + lag, k);
                    }
                }
                let found = of_speckles(&h, rows.clone(), lag);
                let exact = exact / (rows.len() * rows.len()) as f64;
                assert!((found / exact - 1.0).abs() < 0.03, "{rate} {rows:?} {lag}: {found} {exact}");
            }
        }
    }
}
