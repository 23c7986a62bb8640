//! Square matrices whose entries vanish far from the diagonal, and what the covariance of speckles needs of them. They know no
//! physics.

use pulp::{Arch, NullaryFnOnce};
use std::ops::Range;

/// Entries (a, b) with |a - b| <= reach of an n x n matrix, row by row.
#[derive(Debug, Clone, PartialEq)]
pub struct Band {
    n: usize,
    reach: usize,
    entries: Vec<f64>,
}

/// The rows of a matrix that are not all zero, from the first to the last.
#[derive(Debug, Clone)]
pub struct NonzeroRows {
    reach: usize,
    /// Entries before them.
    start: usize,
    entries: Vec<f64>,
}

impl NonzeroRows {
    /// A vector, times the matrix, times another vector.
    #[must_use]
    pub fn between(&self, left: &[f64], right: &[f64]) -> f64 {
        let (width, n) = (2 * self.reach + 1, right.len());
        let first = self.start / width;
        let row = |(k, row): (usize, &[f64])| {
            let a = first + k;
            let columns = a.saturating_sub(self.reach)..(a + self.reach + 1).min(n);
            let start = columns.start + self.reach - a;
            left[a] * inner(&row[start..start + columns.len()], &right[columns])
        };
        self.entries.chunks_exact(width).enumerate().map(row).sum()
    }
}

impl Band {
    /// All zero; a reach beyond the corner is cut.
    #[must_use]
    pub fn zero(n: usize, reach: usize) -> Self {
        let reach = reach.min(n.saturating_sub(1));
        Band { n, reach, entries: vec![0.0; n * (2 * reach + 1)] }
    }

    /// Of the values of a function.
    #[must_use]
    pub fn from_fn(n: usize, reach: usize, value: impl Fn(usize, usize) -> f64) -> Self {
        let mut band = Band::zero(n, reach);
        for a in 0..n {
            let columns = band.columns(a);
            let first = columns.start;
            for (k, entry) in band.row_mut(a).iter_mut().enumerate() {
                *entry = value(a, first + k);
            }
        }
        band
    }

    /// Rows.
    #[must_use]
    pub fn n(&self) -> usize {
        self.n
    }

    /// How far from the diagonal entries lie.
    #[must_use]
    pub fn reach(&self) -> usize {
        self.reach
    }

    /// Columns of row `a` within reach.
    #[must_use]
    pub fn columns(&self, a: usize) -> Range<usize> {
        a.saturating_sub(self.reach)..(a + self.reach + 1).min(self.n)
    }

    fn place(&self, a: usize, b: usize) -> usize {
        a * (2 * self.reach + 1) + (b + self.reach - a)
    }

    /// Entry (a, b); zero out of reach.
    #[must_use]
    pub fn get(&self, a: usize, b: usize) -> f64 {
        if a.abs_diff(b) > self.reach { 0.0 } else { self.entries[self.place(a, b)] }
    }

    /// Entry (a, b) within reach.
    ///
    /// # Panics
    /// Out of reach.
    pub fn get_mut(&mut self, a: usize, b: usize) -> &mut f64 {
        let place = self.place(a, b);
        &mut self.entries[place]
    }

    /// The entries of row `a` within reach.
    #[must_use]
    pub fn row(&self, a: usize) -> &[f64] {
        let columns = self.columns(a);
        &self.entries[self.place(a, columns.start)..self.place(a, columns.start) + columns.len()]
    }

    /// The entries of row `a` in some columns within reach.
    #[must_use]
    pub fn part(&self, a: usize, columns: Range<usize>) -> &[f64] {
        let start = self.place(a, columns.start);
        &self.entries[start..start + columns.len()]
    }

    fn row_mut(&mut self, a: usize) -> &mut [f64] {
        let columns = self.columns(a);
        let start = self.place(a, columns.start);
        &mut self.entries[start..start + columns.len()]
    }

    /// Entry by entry.
    #[must_use]
    pub fn map(&self, value: impl Fn(usize, usize, f64) -> f64) -> Band {
        let mut band = self.clone();
        for a in 0..self.n {
            let first = self.columns(a).start;
            for (k, entry) in band.row_mut(a).iter_mut().enumerate() {
                *entry = value(a, first + k, *entry);
            }
        }
        band
    }

    /// Whether every entry is zero.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.entries.iter().all(|&entry| entry == 0.0)
    }

    /// The product, as far as `reach` from the diagonal.
    #[must_use]
    pub fn times(&self, other: &Band, reach: usize) -> Band {
        let mut product = Band::zero(self.n, reach);
        Arch::new().dispatch(Product { sum: &mut product, left: self, right: other, from: |_, first| first });
        product
    }

    /// The product where it is symmetric, as far as `reach` from the diagonal.
    #[must_use]
    pub fn times_symmetric(&self, other: &Band, reach: usize) -> Band {
        let mut product = Band::zero(self.n, reach);
        Arch::new().dispatch(Product { sum: &mut product, left: self, right: other, from: |a, _| a });
        for a in 0..self.n {
            for b in a + 1..product.columns(a).end {
                *product.get_mut(b, a) = product.get(a, b);
            }
        }
        product
    }

    /// The same matrix, cut at another reach.
    #[must_use]
    pub fn cut(&self, reach: usize) -> Band {
        Band::from_fn(self.n, reach, |a, b| self.get(a, b))
    }

    /// Some rows, and the same columns.
    #[must_use]
    pub fn among(&self, places: Range<usize>) -> Band {
        Band::from_fn(places.len(), self.reach, |a, b| self.get(places.start + a, places.start + b))
    }

    /// The mean of the matrix and its transpose.
    #[must_use]
    pub fn symmetric(&self) -> Band {
        self.map(|a, b, value| f64::midpoint(value, self.get(b, a)))
    }

    /// Matrix times vector.
    #[must_use]
    pub fn apply(&self, vector: &[f64]) -> Vec<f64> {
        (0..self.n).map(|a| inner(self.row(a), &vector[self.columns(a)])).collect()
    }

    /// Sum of products of equal entries of two matrices of one reach.
    ///
    /// # Panics
    /// If the reaches differ.
    #[must_use]
    pub fn inner(&self, other: &Band) -> f64 {
        assert_eq!(self.reach, other.reach, "entries at equal places");
        Arch::new().dispatch(Inner(&self.entries, &other.entries))
    }

    /// Its rows without those above the first and below the last that have an entry.
    #[must_use]
    pub fn nonzero_rows(&self) -> NonzeroRows {
        let width = 2 * self.reach + 1;
        let is_any = |row: &[f64]| row.iter().any(|&entry| entry != 0.0);
        let first = self.entries.chunks_exact(width).position(is_any).unwrap_or(0);
        let end = self.entries.chunks_exact(width).rposition(is_any).map_or(0, |last| last + 1);
        let entries = self.entries[first * width..end.max(first) * width].to_vec();
        NonzeroRows { reach: self.reach, start: first * width, entries }
    }

    /// The same sum over the rows of the other that are not zero.
    ///
    /// # Panics
    /// If the reaches differ.
    #[must_use]
    pub fn inner_on(&self, other: &NonzeroRows) -> f64 {
        assert_eq!(self.reach, other.reach, "entries at equal places");
        let own = &self.entries[other.start..other.start + other.entries.len()];
        Arch::new().dispatch(Inner(own, &other.entries))
    }

    /// Sum of products of entries (a, b) of one and (b, a) of the other.
    #[must_use]
    pub fn inner_transposed(&self, other: &Band) -> f64 {
        let row = |a: usize| self.columns(a).zip(self.row(a)).map(|(b, value)| value * other.get(b, a)).sum::<f64>();
        (0..self.n).map(row).sum()
    }

    /// The entries on the diagonal.
    #[must_use]
    pub fn diagonal(&self) -> Vec<f64> {
        (0..self.n).map(|a| self.get(a, a)).collect()
    }
}

/// A product to be added to a matrix, row by row, with the vectors of the machine.
struct Product<'a, F> {
    sum: &'a mut Band,
    left: &'a Band,
    right: &'a Band,
    /// First column of a row, of its number and its first column within reach.
    from: F,
}

impl<F: Fn(usize, usize) -> usize> NullaryFnOnce for Product<'_, F> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Product { sum, left, right, from } = self;
        // Functions are zero on most pairs: rows of nothing add nothing.
        let is_zero: Vec<bool> = (0..right.n).map(|k| right.row(k).iter().all(|&entry| entry == 0.0)).collect();
        for a in 0..sum.n {
            let own = sum.columns(a);
            let own = from(a, own.start)..own.end;
            for (k, &factor) in left.columns(a).zip(left.row(a)) {
                let columns = right.columns(k);
                let common = own.start.max(columns.start)..own.end.min(columns.end);
                if common.is_empty() || factor == 0.0 || is_zero[k] {
                    continue;
                }
                let (from, to) = (right.place(k, common.start), sum.place(a, common.start));
                let terms = &right.entries[from..from + common.len()];
                for (entry, term) in sum.entries[to..to + common.len()].iter_mut().zip(terms) {
                    *entry += factor * term;
                }
            }
        }
    }
}

/// An inner product with the vectors of the machine.
struct Inner<'a>(&'a [f64], &'a [f64]);

impl NullaryFnOnce for Inner<'_> {
    type Output = f64;

    #[inline(always)]
    fn call(self) -> f64 {
        inner(self.0, self.1)
    }
}

/// Inner product in eight sums, which vector instructions can add side by side: the same bits whatever their width.
#[inline(always)]
pub(super) fn inner(left: &[f64], right: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    let (left_chunks, right_chunks) = (left.chunks_exact(8), right.chunks_exact(8));
    let rest: f64 = left_chunks.remainder().iter().zip(right_chunks.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in left_chunks.zip(right_chunks) {
        for k in 0..8 {
            sums[k] += a[k] * b[k];
        }
    }
    sums.iter().sum::<f64>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_those_of_full_matrices() {
        let value = |a: usize, b: usize| ((3 * a + 5 * b) % 7) as f64 - 2.5;
        let (left, right) = (Band::from_fn(9, 2, value), Band::from_fn(9, 3, |a, b| value(b, a) + 1.0));
        let product = left.times(&right, 5);
        let cut = left.times(&right, 1);
        for a in 0..9 {
            for b in 0..9 {
                let expected: f64 = (0..9).map(|k| left.get(a, k) * right.get(k, b)).sum();
                assert_eq!(product.get(a, b), expected);
                assert_eq!(cut.get(a, b), if a.abs_diff(b) <= 1 { expected } else { 0.0 });
            }
        }
        let transposed: f64 =
            (0..9).flat_map(|a| (0..9).map(move |b| (a, b))).map(|(a, b)| left.get(a, b) * right.get(b, a)).sum();
        assert!((left.inner_transposed(&right) - transposed).abs() < 1e-12);
        let even = |a: usize, b: usize| value(a.min(b), a.max(b));
        let (kernel, middle) = (Band::from_fn(9, 2, even), Band::from_fn(9, 3, even));
        let twice = kernel.times(&middle, 8).times(&kernel, 2);
        let symmetric = kernel.times_symmetric(&middle.times(&kernel, 8), 2);
        assert!((0..9).all(|a| (0..9).all(|b| (twice.get(a, b) - symmetric.get(a, b)).abs() < 1e-9)));
        let vector: Vec<f64> = (0..9).map(f64::from).collect();
        let first: f64 = (0..9).map(|k| left.get(4, k) * vector[k]).sum();
        assert_eq!(left.apply(&vector)[4], first);
        let squares: f64 = (0..9).flat_map(|a| (0..9).map(move |b| (a, b))).map(|(a, b)| left.get(a, b).powi(2)).sum();
        assert!((left.inner(&left) - squares).abs() < 1e-12);
    }
}
