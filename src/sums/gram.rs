//! The symmetric sums of one angle, packed: what a sweep returns. It does not know how they were summed.

use crate::sums::fold::PairwiseTerm;
use crate::sums::packed::{packed_index, packed_len};

/// Symmetric matrix `sum v v^T` of the rows `v = [dh/dtheta .. , h, 1, y]` and the number of rows.
///
/// Width is P + 3; the upper triangle is stored row by row.
#[derive(Debug, Clone, PartialEq)]
pub struct Gram {
    width: usize,
    packed: Vec<f64>,
    /// Rows (pairs) summed.
    pub pairs: u64,
    /// Sum of the robust loss of the rows, in units of y^2; zero where rows are not reweighted.
    pub loss: f64,
}

impl Gram {
    /// All sums zero.
    #[must_use]
    pub fn zero(width: usize) -> Self {
        Gram { width, packed: vec![0.0; packed_len(width)], pairs: 0, loss: 0.0 }
    }

    /// From packed sums.
    #[must_use]
    pub fn from_packed(width: usize, packed: Vec<f64>, pairs: u64) -> Self {
        assert_eq!(packed.len(), packed_len(width), "a packed triangle has width (width + 1) / 2 entries");
        Gram { width, packed, pairs, loss: 0.0 }
    }

    /// The same with a sum of the robust loss.
    #[must_use]
    pub fn with_loss(self, loss: f64) -> Self {
        Gram { loss, ..self }
    }

    /// Number of physical parameters, P.
    #[must_use]
    pub fn n_parameters(&self) -> usize {
        self.width - 3
    }

    /// Entry (row, col) in either order.
    #[must_use]
    pub fn get(&self, row: usize, col: usize) -> f64 {
        self.packed[packed_index(self.width, row.min(col), row.max(col))]
    }

    /// `sum h h`.
    #[must_use]
    pub fn hh(&self) -> f64 {
        self.get(self.width - 3, self.width - 3)
    }

    /// `sum h`.
    #[must_use]
    pub fn h1(&self) -> f64 {
        self.get(self.width - 3, self.width - 2)
    }

    /// `sum h y`.
    #[must_use]
    pub fn hy(&self) -> f64 {
        self.get(self.width - 3, self.width - 1)
    }

    /// `sum 1`.
    #[must_use]
    pub fn one_one(&self) -> f64 {
        self.get(self.width - 2, self.width - 2)
    }

    /// `sum y`.
    #[must_use]
    pub fn one_y(&self) -> f64 {
        self.get(self.width - 2, self.width - 1)
    }

    /// `sum y y`.
    #[must_use]
    pub fn yy(&self) -> f64 {
        self.get(self.width - 1, self.width - 1)
    }

    /// `sum dh_k h`.
    #[must_use]
    pub fn dh_h(&self, k: usize) -> f64 {
        self.get(k, self.width - 3)
    }

    /// `sum dh_k`.
    #[must_use]
    pub fn dh_1(&self, k: usize) -> f64 {
        self.get(k, self.width - 2)
    }

    /// `sum dh_k y`.
    #[must_use]
    pub fn dh_y(&self, k: usize) -> f64 {
        self.get(k, self.width - 1)
    }

    /// Adds another Gram matrix of the same width.
    pub fn add(&mut self, other: &Gram) {
        assert_eq!(self.width, other.width, "Gram matrices of one sweep have one width");
        for (sum, term) in self.packed.iter_mut().zip(&other.packed) {
            *sum += term;
        }
        self.pairs += other.pairs;
        self.loss += other.loss;
    }

    /// The sums less those of some of the rows; the number of rows stays.
    #[must_use]
    pub fn less(mut self, some: &Gram) -> Gram {
        self.packed.iter_mut().zip(&some.packed).for_each(|(sum, term)| *sum -= term);
        self
    }

    /// With other `sum 1`, `sum y` and `sum y y`.
    #[must_use]
    pub fn with_data(mut self, [ones, values, squares]: [f64; 3]) -> Gram {
        let (one, y) = (self.width - 2, self.width - 1);
        for (row, col, sum) in [(one, one, ones), (one, y, values), (y, y, squares)] {
            self.packed[packed_index(self.width, row, col)] = sum;
        }
        self
    }

    /// With the first columns times these factors.
    #[must_use]
    pub fn with_factors(mut self, factors: &[f64]) -> Gram {
        let factor = |column: usize| factors.get(column).copied().unwrap_or(1.0);
        for row in 0..factors.len() {
            for col in row..self.width {
                let sum = &mut self.packed[packed_index(self.width, row, col)];
                *sum = *sum * factor(row) * factor(col);
            }
        }
        self
    }

    /// The same sums with every row weighted by `weight`.
    #[must_use]
    pub fn scaled(&self, weight: f64) -> Gram {
        let packed = self.packed.iter().map(|sum| sum * weight).collect();
        Gram { width: self.width, packed, pairs: self.pairs, loss: self.loss * weight }
    }

    /// Whether every sum is a finite number.
    #[must_use]
    pub fn is_finite(&self) -> bool {
        self.loss.is_finite() && self.packed.iter().all(|sum| sum.is_finite())
    }
}

impl PairwiseTerm for Gram {
    fn absorb(&mut self, other: &Self) {
        self.add(other);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_triangle_is_addressed_both_ways() {
        let mut next = 0;
        for row in 0..6 {
            for col in row..6 {
                assert_eq!(packed_index(6, row, col), next);
                next += 1;
            }
        }
        let gram = Gram::from_packed(6, (0..21).map(f64::from).collect(), 1);
        assert_eq!(gram.get(4, 2), gram.get(2, 4));
    }
}
