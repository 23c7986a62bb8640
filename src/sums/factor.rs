//! Triangular factors of rows, R with R'R = sum v v': what a block QR returns. They keep the digits that squaring loses.
//! This file is the slow twin of [`crate::sums::reflection`], which adds whole tiles.
//!
//! Householder reflections, and the factor of stacked factors (TSQR; Demmel, Grigori, Hoemmen and Langou, SIAM J. Sci.
//! Comput. 34 (2012) A206, doi 10.1137/080731992).

use crate::sums::fold::PairwiseTerm;
use crate::sums::gram::Gram;
use crate::sums::packed::{packed_index, packed_len};

/// Upper triangle R of width P + 3, stored row by row, and what it was made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Factor {
    width: usize,
    packed: Vec<f64>,
    /// Rows (pairs).
    pub pairs: u64,
    /// Sum of the robust loss, as in [`Gram::loss`].
    pub loss: f64,
}

impl Factor {
    /// Of no rows.
    #[must_use]
    pub fn zero(width: usize) -> Self {
        Factor { width, packed: vec![0.0; packed_len(width)], pairs: 0, loss: 0.0 }
    }

    /// From packed rows.
    #[must_use]
    pub fn from_packed(width: usize, packed: Vec<f64>, pairs: u64) -> Self {
        assert_eq!(packed.len(), packed_len(width), "a packed triangle has width (width + 1) / 2 entries");
        Factor { width, packed, pairs, loss: 0.0 }
    }

    /// The same with a sum of the robust loss.
    #[must_use]
    pub fn with_loss(self, loss: f64) -> Self {
        Factor { loss, ..self }
    }

    /// Entry (row, col) of R.
    #[must_use]
    pub fn get(&self, row: usize, col: usize) -> f64 {
        if row <= col { self.packed[packed_index(self.width, row, col)] } else { 0.0 }
    }

    /// Number of columns.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// The same rows, each weighted by `weight`.
    #[must_use]
    pub fn scaled(&self, weight: f64) -> Factor {
        let root = weight.sqrt();
        let packed = self.packed.iter().map(|entry| entry * root).collect();
        Factor { width: self.width, packed, pairs: self.pairs, loss: self.loss * weight }
    }

    /// Adds rows: the factor of R stacked on them.
    pub fn add_rows(&mut self, mut rows: Vec<Vec<f64>>) {
        for k in 0..self.width {
            let tail: f64 = rows.iter().map(|row| row[k] * row[k]).sum();
            let diagonal = packed_index(self.width, k, k);
            let Some(mirror) = Mirror::new(self.packed[diagonal], tail) else { continue };
            self.packed[diagonal] = mirror.diagonal;
            for col in k + 1..self.width {
                let entry = packed_index(self.width, k, col);
                let dot: f64 = rows.iter().map(|row| row[k] * row[col]).sum();
                let factor = mirror.factor(self.packed[entry], dot);
                self.packed[entry] -= factor * mirror.head;
                for row in &mut rows {
                    row[col] -= factor * row[k];
                }
            }
        }
    }

    /// R'R.
    #[must_use]
    pub fn gram(&self) -> Gram {
        let mut packed = Vec::with_capacity(packed_len(self.width));
        for row in 0..self.width {
            for col in row..self.width {
                packed.push((0..=row).map(|k| self.get(k, row) * self.get(k, col)).sum());
            }
        }
        Gram::from_packed(self.width, packed, self.pairs).with_loss(self.loss)
    }
}

impl PairwiseTerm for Factor {
    fn absorb(&mut self, other: &Self) {
        let rows = (0..other.width).map(|row| (0..other.width).map(|col| other.get(row, col)).collect()).collect();
        self.add_rows(rows);
        self.pairs += other.pairs;
        self.loss += other.loss;
    }
}

/// The reflection that moves a column's tail into its head: I - beta v v' with v = (head, tail).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mirror {
    /// First entry of v.
    pub head: f64,
    /// 2 / v'v.
    pub beta: f64,
    /// What becomes of the diagonal entry.
    pub diagonal: f64,
}

impl Mirror {
    /// For a diagonal entry and the sum of squares below it; `None` if there is nothing below.
    #[inline(always)]
    pub fn new(diagonal: f64, tail: f64) -> Option<Self> {
        // Not `tail <= 0`: what is not a number must spread, not vanish.
        if tail == 0.0 {
            return None;
        }
        let norm = (diagonal * diagonal + tail).sqrt();
        let reflected = if diagonal > 0.0 { -norm } else { norm };
        let head = diagonal - reflected;
        Some(Mirror { head, beta: 2.0 / (head * head + tail), diagonal: reflected })
    }

    /// How much of v another column loses, from its own head and its product with the tail.
    #[inline(always)]
    pub fn factor(&self, head: f64, dot: f64) -> f64 {
        self.beta * (self.head * head + dot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(n: usize) -> Vec<Vec<f64>> {
        (0..n).map(|i| (0..4).map(|k| ((i * 7 + k * 13) % 23) as f64 / 23.0 - 0.3).collect()).collect()
    }

    #[test]
    fn a_factor_squares_to_the_gram_matrix_however_rows_are_cut() {
        let rows = rows(50);
        let gram = |row: usize, col: usize| rows.iter().map(|v| v[row] * v[col]).sum::<f64>();
        let mut whole = Factor::zero(4);
        whole.add_rows(rows.clone());
        let (mut first, mut second) = (Factor::zero(4), Factor::zero(4));
        first.add_rows(rows[..17].to_vec());
        second.add_rows(rows[17..].to_vec());
        first.absorb(&second);
        for factor in [whole, first] {
            for row in 0..4 {
                for col in row..4 {
                    assert!((factor.gram().get(row, col) - gram(row, col)).abs() < 1e-13, "{row} {col}");
                }
            }
        }
    }
}
