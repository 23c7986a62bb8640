//! The inverse of a positive definite band, near its diagonal. It knows no physics.
//!
//! What lies far from the diagonal of the inverse decays like the correlation that the band leaves between far rows: columns are
//! solved with the band's Cholesky factor within a window alone, which is exact where the window holds the whole matrix.

use crate::sums::band::{Band, inner};
use std::ops::Range;

impl Band {
    /// The inverse, as far as `reach` from the diagonal. Pivots below `least` are raised to it: rounding, and what a cut band lacks,
    /// make no matrix that is not positive.
    #[must_use]
    pub fn inverse(&self, reach: usize, least: f64) -> Band {
        let factor = Factor::of(self, least);
        let mut inverse = Band::zero(self.n(), reach);
        let reach = inverse.reach();
        let mut window = vec![0.0; 2 * reach + 1];
        for column in 0..self.n() {
            let first = column.saturating_sub(reach);
            window.fill(0.0);
            factor.solve(column, first..(column + reach + 1).min(self.n()), &mut window);
            for row in first..=column {
                let value = window[row - first];
                (*inverse.get_mut(row, column), *inverse.get_mut(column, row)) = (value, value);
            }
        }
        inverse
    }

    /// The lower factor.
    fn cholesky(&self, least: f64) -> Band {
        let (n, reach) = (self.n(), self.reach());
        let mut lower = Band::zero(n, reach);
        for a in 0..n {
            let first = a.saturating_sub(reach);
            for b in first..=a {
                let rest = self.get(a, b) - inner(lower.part(a, first..b), lower.part(b, first..b));
                let pivot = if a == b { rest.max(least).sqrt() } else { rest / lower.get(b, b) };
                *lower.get_mut(a, b) = pivot;
            }
        }
        lower
    }
}

/// The Cholesky factor and its transpose, by rows.
struct Factor {
    lower: Band,
    upper: Band,
}

impl Factor {
    fn of(matrix: &Band, least: f64) -> Self {
        let lower = matrix.cholesky(least);
        Factor { upper: Band::from_fn(matrix.n(), matrix.reach(), |a, b| lower.get(b, a)), lower }
    }

    /// A column of the inverse in some rows, by forward and backward substitution.
    fn solve(&self, column: usize, rows: Range<usize>, x: &mut [f64]) {
        let (reach, Range { start: first, end }) = (self.lower.reach(), rows);
        x[column - first] = self.lower.get(column, column).recip();
        for row in column + 1..end {
            let from = row.saturating_sub(reach).max(column);
            let known = inner(self.lower.part(row, from..row), &x[from - first..row - first]);
            x[row - first] = -known / self.lower.get(row, row);
        }
        for row in (first..end).rev() {
            let to = (row + reach + 1).min(end);
            let known = inner(self.upper.part(row, row + 1..to), &x[row + 1 - first..to - first]);
            x[row - first] = (x[row - first] - known) / self.upper.get(row, row);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decaying(n: usize, reach: usize) -> Band {
        Band::from_fn(n, reach, |a, b| (-0.6 * a.abs_diff(b) as f64).exp() + if a == b { 0.4 } else { 0.0 })
    }

    #[test]
    fn an_inverse_within_reach_of_everything_is_exact() {
        let matrix = decaying(23, 22);
        let product = matrix.times(&matrix.inverse(22, 1e-9), 22);
        for a in 0..23 {
            for b in 0..23 {
                assert!((product.get(a, b) - f64::from(u8::from(a == b))).abs() < 1e-12, "{a} {b}");
            }
        }
    }

    #[test]
    fn a_window_of_a_few_correlations_is_enough() {
        let (whole, cut) = (decaying(90, 12).inverse(89, 1e-9), decaying(90, 12).inverse(24, 1e-9));
        for (a, b) in [(40, 40), (40, 43), (40, 52), (3, 9), (89, 80)] {
            assert!((whole.get(a, b) - cut.get(a, b)).abs() < 1e-5, "{a} {b}");
        }
    }
}
