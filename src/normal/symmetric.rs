//! Small dense matrices and the three things done with them: solve, factor, find the eigenvalues. It knows no statistics.

use faer::linalg::solvers::Solve;
use faer::{Mat, MatRef, Side};
use serde::{Deserialize, Serialize};

/// Eigenvalues of a scaled sum of squares below this fraction of the largest cannot be told from zero in double precision.
pub const SINGULAR: f64 = 1e-12;

/// A small dense matrix, row by row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Matrix {
    /// Number of rows.
    pub n_rows: usize,
    /// Number of columns.
    pub n_cols: usize,
    values: Vec<f64>,
}

impl Matrix {
    /// All zero.
    #[must_use]
    pub fn zero(n_rows: usize, n_cols: usize) -> Self {
        Matrix { n_rows, n_cols, values: vec![0.0; n_rows * n_cols] }
    }

    /// Entry by entry.
    #[must_use]
    pub fn from_fn(n_rows: usize, n_cols: usize, entry: impl Fn(usize, usize) -> f64) -> Self {
        let values = (0..n_rows * n_cols).map(|k| entry(k / n_cols, k % n_cols)).collect();
        Matrix { n_rows, n_cols, values }
    }

    /// Entry (row, col).
    #[must_use]
    pub fn get(&self, row: usize, col: usize) -> f64 {
        self.values[row * self.n_cols + col]
    }

    /// Sets entry (row, col).
    pub fn set(&mut self, row: usize, col: usize, value: f64) {
        self.values[row * self.n_cols + col] = value;
    }

    /// Adds to entry (row, col).
    pub fn add(&mut self, row: usize, col: usize, value: f64) {
        self.values[row * self.n_cols + col] += value;
    }

    /// Row `row`.
    #[must_use]
    pub fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.n_cols..(row + 1) * self.n_cols]
    }

    /// Matrix times vector.
    #[must_use]
    pub fn times(&self, vector: &[f64]) -> Vec<f64> {
        (0..self.n_rows).map(|row| dot(self.row(row), vector)).collect()
    }

    /// Matrix times matrix.
    #[must_use]
    pub fn product(&self, right: &Matrix) -> Matrix {
        let product = self.view() * right.view();
        Matrix::from_fn(self.n_rows, right.n_cols, |row, col| product[(row, col)])
    }

    /// Every entry squared.
    #[must_use]
    pub fn squared(&self) -> Matrix {
        Matrix { values: self.values.iter().map(|value| value * value).collect(), ..*self }
    }

    /// Rows as columns.
    #[must_use]
    pub fn transposed(&self) -> Matrix {
        Matrix::from_fn(self.n_cols, self.n_rows, |row, col| self.get(col, row))
    }

    /// The rows and columns in `keep`, in that order.
    #[must_use]
    pub fn select(&self, keep: &[usize]) -> Matrix {
        Matrix::from_fn(keep.len(), keep.len(), |row, col| self.get(keep[row], keep[col]))
    }

    /// Square roots of the diagonal, with 1 where the diagonal is not positive.
    #[must_use]
    pub fn diagonal_scale(&self) -> Vec<f64> {
        let root = |k: usize| self.get(k, k).sqrt();
        (0..self.n_rows).map(|k| if root(k) > 0.0 { root(k) } else { 1.0 }).collect()
    }

    /// Divides row and column k by `scale[k]`.
    #[must_use]
    pub fn divided(&self, scale: &[f64]) -> Matrix {
        Matrix::from_fn(self.n_rows, self.n_cols, |row, col| self.get(row, col) / (scale[row] * scale[col]))
    }

    fn to_faer(&self) -> Mat<f64> {
        self.view().to_owned()
    }

    /// The entries where they are.
    fn view(&self) -> MatRef<'_, f64> {
        MatRef::from_row_major_slice(&self.values, self.n_rows, self.n_cols)
    }

    /// Solves `self x = right` by LU with full pivoting.
    #[must_use]
    pub fn solve(&self, right: &[f64]) -> Vec<f64> {
        self.solve_many(&Matrix::from_fn(right.len(), 1, |row, _| right[row])).values
    }

    /// Solves for every column of `right` by LU with full pivoting.
    #[must_use]
    pub fn solve_many(&self, right: &Matrix) -> Matrix {
        let solution = self.to_faer().full_piv_lu().solve(&right.to_faer());
        Matrix::from_fn(right.n_rows, right.n_cols, |row, col| solution[(row, col)])
    }

    /// Solves for every column of `right` with a Cholesky factor; `None` if not positive definite.
    #[must_use]
    pub fn solve_positive(&self, right: &Matrix) -> Option<Matrix> {
        let factor = self.to_faer().llt(Side::Lower).ok()?;
        let solution = factor.solve(&right.to_faer());
        Some(Matrix::from_fn(right.n_rows, right.n_cols, |row, col| solution[(row, col)]))
    }

    /// The shortest x with the smallest `|self x - right|`; singular values below 1e-13 of the largest count as zero.
    /// `None` if an entry is not finite.
    #[must_use]
    pub fn least_squares(&self, right: &[f64]) -> Option<Vec<f64>> {
        let (values, left, vectors) = self.singular()?;
        let smallest = 1e-13 * values.first().copied().unwrap_or(0.0);
        let mut x = vec![0.0; self.n_cols];
        for (k, value) in values.iter().enumerate().filter(|(_, value)| **value > smallest) {
            let part = (0..self.n_rows).map(|row| left.get(row, k) * right[row]).sum::<f64>() / value;
            x.iter_mut().enumerate().for_each(|(col, x)| *x += part * vectors.get(col, k));
        }
        Some(x)
    }

    /// The shortest x where `1/2 x' self x - right' x` is smallest, for a matrix without negative eigenvalues. What `right` has
    /// along eigenvalues that count as zero is rounding, and is not divided by theirs. Zero if an entry is not finite.
    #[must_use]
    pub fn solve_determined(&self, right: &[f64]) -> Vec<f64> {
        let mut x = vec![0.0; self.n_cols];
        let Some((values, vectors)) = self.eigen() else { return x };
        let smallest = SINGULAR * values.last().copied().unwrap_or(0.0);
        for (k, value) in values.iter().enumerate().filter(|(_, value)| **value > smallest) {
            let vector = vectors.column(k);
            let part = dot(&vector, right) / value;
            x.iter_mut().zip(&vector).for_each(|(x, entry)| *x += part * entry);
        }
        x
    }

    /// Singular values, descending, and the left and right singular vectors in columns; `None` if an entry is not finite.
    #[must_use]
    pub fn singular(&self) -> Option<(Vec<f64>, Matrix, Matrix)> {
        if self.values.iter().any(|value| !value.is_finite()) {
            return None;
        }
        let svd = self.to_faer().thin_svd().ok()?;
        let n = self.n_rows.min(self.n_cols);
        let values = (0..n).map(|k| svd.S()[k]).collect();
        let left = Matrix::from_fn(self.n_rows, n, |row, col| svd.U()[(row, col)]);
        Some((values, left, Matrix::from_fn(self.n_cols, n, |row, col| svd.V()[(row, col)])))
    }

    /// The triangular factor R of a QR decomposition, square.
    #[must_use]
    pub fn triangular_factor(&self) -> Matrix {
        let qr = self.to_faer().qr();
        let factor = qr.thin_R();
        let entry = |row: usize, col: usize| if row <= col && row < factor.nrows() { factor[(row, col)] } else { 0.0 };
        Matrix::from_fn(self.n_cols, self.n_cols, entry)
    }

    /// The columns in `keep`, in that order.
    #[must_use]
    pub fn columns(&self, keep: &[usize]) -> Matrix {
        Matrix::from_fn(self.n_rows, keep.len(), |row, col| self.get(row, keep[col]))
    }

    /// Column `k`.
    #[must_use]
    pub fn column(&self, k: usize) -> Vec<f64> {
        (0..self.n_rows).map(|row| self.get(row, k)).collect()
    }

    /// Every entry times a factor.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Matrix {
        Matrix::from_fn(self.n_rows, self.n_cols, |row, col| self.get(row, col) * factor)
    }

    /// Eigenvalues, ascending, and the eigenvectors in columns; `None` if there are no entries or one is not
    /// finite.
    #[must_use]
    pub fn eigen(&self) -> Option<(Vec<f64>, Matrix)> {
        if self.values.is_empty() || self.values.iter().any(|value| !value.is_finite()) {
            return None;
        }
        let decomposition = self.to_faer().self_adjoint_eigen(Side::Lower).ok()?;
        let values = (0..self.n_rows).map(|k| decomposition.S()[k]).collect();
        let vectors = Matrix::from_fn(self.n_rows, self.n_rows, |row, col| decomposition.U()[(row, col)]);
        Some((values, vectors))
    }
}

/// Orthonormal columns that all `rows` send to zero.
#[must_use]
pub fn null_space(rows: &[Vec<f64>], n: usize) -> Matrix {
    let identity = Matrix::from_fn(n, n, |row, col| f64::from(u8::from(row == col)));
    if rows.is_empty() {
        return identity;
    }
    // The projection onto the rows has eigenvalue zero on what is sought.
    let held = Matrix::from_fn(n, n, |a, b| rows.iter().map(|row| row[a] * row[b]).sum());
    let Some((values, vectors)) = held.eigen() else { return identity };
    let largest = values.last().copied().unwrap_or(0.0);
    let kept: Vec<usize> = (0..n).filter(|&k| values[k] <= SINGULAR * largest).collect();
    vectors.columns(&kept)
}

/// Inner product.
#[must_use]
pub fn dot(left: &[f64], right: &[f64]) -> f64 {
    left.iter().zip(right).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hilbert(n: usize) -> Matrix {
        Matrix::from_fn(n, n, |row, col| 1.0 / (row + col + 1) as f64)
    }

    #[test]
    fn solves_agree_with_the_product() {
        let matrix = hilbert(4);
        let truth = [1.0, -2.0, 3.0, 0.5];
        let right = matrix.times(&truth);
        let column = Matrix::from_fn(4, 1, |row, _| right[row]);
        let positive = matrix.solve_positive(&column).expect("Hilbert matrices are positive definite");
        for (k, value) in matrix.solve(&right).iter().enumerate() {
            assert!((value - truth[k]).abs() < 1e-10);
            assert!((positive.get(k, 0) - truth[k]).abs() < 1e-10);
        }
    }

    #[test]
    fn eigenvalues_ascend_and_diagonalise() {
        let (values, vectors) = hilbert(3).eigen().expect("finite");
        assert!(values[0] < values[1] && values[1] < values[2]);
        let column: Vec<f64> = (0..3).map(|row| vectors.get(row, 2)).collect();
        for (k, value) in hilbert(3).times(&column).iter().enumerate() {
            assert!((value - values[2] * column[k]).abs() < 1e-12);
        }
    }

    #[test]
    fn the_null_space_is_orthogonal_to_the_rows() {
        let rows = [vec![1.0, 2.0, 0.0, 0.0], vec![0.0, 0.0, 0.0, 1.0]];
        let basis = null_space(&rows, 4);
        assert_eq!(basis.n_cols, 2);
        for k in 0..2 {
            assert!(rows.iter().all(|row| dot(row, &basis.column(k)).abs() < 1e-14));
        }
    }
}
