//! Small dense algebra on arrays: solve, factor, find the eigenvalues. It knows no statistics.

use faer::linalg::solvers::Solve;
use faer::{Mat, MatRef, Side};
use ndarray::{Array2, ArrayBase, ArrayView1, ArrayView2, Axis, Data, Ix2};

/// Eigenvalues of a scaled sum of squares below this fraction of the largest cannot be told from zero in double precision.
pub const SINGULAR: f64 = 1e-12;

/// What is done with small matrices, besides what arrays do themselves.
pub trait Algebra {
    /// Matrix times vector, each row summed in order.
    fn times(&self, vector: &[f64]) -> Vec<f64>;

    /// Column `k`.
    fn column_values(&self, k: usize) -> Vec<f64>;

    /// The columns in `keep`, in that order.
    fn columns_at(&self, keep: &[usize]) -> Array2<f64>;

    /// The rows and columns in `keep`, in that order.
    fn among(&self, keep: &[usize]) -> Array2<f64>;

    /// Square roots of the diagonal, with 1 where the diagonal is not positive.
    fn diagonal_scale(&self) -> Vec<f64>;

    /// Divides row and column k by `scale[k]`.
    fn divided(&self, scale: &[f64]) -> Array2<f64>;

    /// The matrix a share of the way to another.
    fn towards(&self, other: &Array2<f64>, share: f64) -> Array2<f64>;

    /// Row k times `rows[k]`, column l times `columns[l]`.
    fn with_factors(&self, rows: &[f64], columns: &[f64]) -> Array2<f64>;

    /// Combinations (columns) whose quadratic form is 1 each and 0 with one another; those below a share `resolved` of the largest,
    /// with a diagonal of 1, are left out. `None` if there are no entries or one is not finite.
    fn whitened(&self, resolved: f64) -> Option<Array2<f64>>;

    /// Solves `self x = right` by LU with full pivoting.
    fn solve(&self, right: &[f64]) -> Vec<f64>;

    /// Solves for every column of `right` by LU with full pivoting.
    fn solve_many(&self, right: &Array2<f64>) -> Array2<f64>;

    /// Solves for every column of `right` with a Cholesky factor; `None` if not positive definite.
    fn solve_positive(&self, right: &Array2<f64>) -> Option<Array2<f64>>;

    /// The shortest x with the smallest `|self x - right|`; singular values below 1e-13 of the largest count as zero.
    /// `None` if an entry is not finite.
    fn least_squares(&self, right: &[f64]) -> Option<Vec<f64>>;

    /// The shortest x where `1/2 x' self x - right' x` is smallest, for a matrix without negative eigenvalues. What `right` has
    /// along eigenvalues that count as zero is rounding, and is not divided by theirs. Zero if an entry is not finite.
    fn solve_determined(&self, right: &[f64]) -> Vec<f64>;

    /// Singular values, descending, and the left and right singular vectors in columns; `None` if an entry is not finite.
    fn singular(&self) -> Option<(Vec<f64>, Array2<f64>, Array2<f64>)>;

    /// The triangular factor R of a QR decomposition, square.
    fn triangular_factor(&self) -> Array2<f64>;

    /// Eigenvalues, ascending, and the eigenvectors in columns; `None` if there are no entries or one is not finite.
    fn eigen(&self) -> Option<(Vec<f64>, Array2<f64>)>;
}

impl<S: Data<Elem = f64>> Algebra for ArrayBase<S, Ix2> {
    fn times(&self, vector: &[f64]) -> Vec<f64> {
        let sum = |row: ArrayView1<'_, f64>| row.iter().zip(vector).map(|(a, b)| a * b).sum();
        self.outer_iter().map(sum).collect()
    }

    fn column_values(&self, k: usize) -> Vec<f64> {
        self.column(k).to_vec()
    }

    fn columns_at(&self, keep: &[usize]) -> Array2<f64> {
        self.select(Axis(1), keep)
    }

    fn among(&self, keep: &[usize]) -> Array2<f64> {
        self.select(Axis(0), keep).select(Axis(1), keep)
    }

    fn diagonal_scale(&self) -> Vec<f64> {
        self.diag().iter().map(|entry| entry.sqrt()).map(|root| if root > 0.0 { root } else { 1.0 }).collect()
    }

    fn divided(&self, scale: &[f64]) -> Array2<f64> {
        Array2::from_shape_fn(self.dim(), |(row, col)| self[[row, col]] / (scale[row] * scale[col]))
    }

    fn towards(&self, other: &Array2<f64>, share: f64) -> Array2<f64> {
        self * (1.0 - share) + other * share
    }

    fn with_factors(&self, rows: &[f64], columns: &[f64]) -> Array2<f64> {
        Array2::from_shape_fn(self.dim(), |(row, col)| self[[row, col]] * (rows[row] * columns[col]))
    }

    fn whitened(&self, resolved: f64) -> Option<Array2<f64>> {
        let kept: Vec<usize> = (0..self.nrows()).filter(|&k| self[[k, k]] > 0.0).collect();
        let among = self.among(&kept);
        let scale = among.diagonal_scale();
        let (values, vectors) = among.divided(&scale).eigen()?;
        let largest = values.last().copied().unwrap_or(0.0);
        let resolved: Vec<usize> = (0..values.len()).filter(|&k| values[k] > resolved * largest).collect();
        let mut white = Array2::zeros((self.nrows(), resolved.len()));
        for (column, &k) in resolved.iter().enumerate() {
            for (row, &entry) in kept.iter().enumerate() {
                white[[entry, column]] = vectors[[row, k]] / (scale[row] * values[k].sqrt());
            }
        }
        Some(white)
    }

    fn solve(&self, right: &[f64]) -> Vec<f64> {
        self.solve_many(&Array2::from_shape_fn((right.len(), 1), |(row, _)| right[row])).into_iter().collect()
    }

    fn solve_many(&self, right: &Array2<f64>) -> Array2<f64> {
        // Complete pivoting of faer 0.24.4 returns NaN or nonsense for some well-conditioned matrices with zeros.
        of_faer(to_faer(self.view()).partial_piv_lu().solve(&to_faer(right.view())).as_ref())
    }

    fn solve_positive(&self, right: &Array2<f64>) -> Option<Array2<f64>> {
        let factor = to_faer(self.view()).llt(Side::Lower).ok()?;
        Some(of_faer(factor.solve(&to_faer(right.view())).as_ref()))
    }

    fn least_squares(&self, right: &[f64]) -> Option<Vec<f64>> {
        let (values, left, vectors) = self.singular()?;
        let smallest = 1e-13 * values.first().copied().unwrap_or(0.0);
        let mut x = vec![0.0; self.ncols()];
        for (k, value) in values.iter().enumerate().filter(|(_, value)| **value > smallest) {
            let part = dot(&left.column_values(k), right) / value;
            x.iter_mut().enumerate().for_each(|(col, x)| *x += part * vectors[[col, k]]);
        }
        Some(x)
    }

    fn solve_determined(&self, right: &[f64]) -> Vec<f64> {
        let mut x = vec![0.0; self.ncols()];
        let Some((values, vectors)) = self.eigen() else { return x };
        let smallest = SINGULAR * values.last().copied().unwrap_or(0.0);
        for (k, value) in values.iter().enumerate().filter(|(_, value)| **value > smallest) {
            let vector = vectors.column_values(k);
            let part = dot(&vector, right) / value;
            x.iter_mut().zip(&vector).for_each(|(x, entry)| *x += part * entry);
        }
        x
    }

    fn singular(&self) -> Option<(Vec<f64>, Array2<f64>, Array2<f64>)> {
        if self.iter().any(|value| !value.is_finite()) {
            return None;
        }
        let svd = to_faer(self.view()).thin_svd().ok()?;
        let n = self.nrows().min(self.ncols());
        let values = (0..n).map(|k| svd.S()[k]).collect();
        Some((values, of_faer(svd.U()), of_faer(svd.V())))
    }

    fn triangular_factor(&self) -> Array2<f64> {
        let qr = to_faer(self.view()).qr();
        let factor = qr.thin_R();
        let entry = |row: usize, col: usize| if row <= col && row < factor.nrows() { factor[(row, col)] } else { 0.0 };
        Array2::from_shape_fn((self.ncols(), self.ncols()), |(row, col)| entry(row, col))
    }

    fn eigen(&self) -> Option<(Vec<f64>, Array2<f64>)> {
        if self.is_empty() || self.iter().any(|value| !value.is_finite()) {
            return None;
        }
        let decomposition = to_faer(self.view()).self_adjoint_eigen(Side::Lower).ok()?;
        let values = (0..self.nrows()).map(|k| decomposition.S()[k]).collect();
        Some((values, of_faer(decomposition.U())))
    }
}

fn to_faer(array: ArrayView2<'_, f64>) -> Mat<f64> {
    Mat::from_fn(array.nrows(), array.ncols(), |row, col| array[[row, col]])
}

fn of_faer(matrix: MatRef<'_, f64>) -> Array2<f64> {
    Array2::from_shape_fn((matrix.nrows(), matrix.ncols()), |(row, col)| matrix[(row, col)])
}

/// Orthonormal columns that all `rows` send to zero.
#[must_use]
pub fn null_space(rows: &[Vec<f64>], n: usize) -> Array2<f64> {
    if rows.is_empty() {
        return Array2::eye(n);
    }
    // The projection onto the rows has eigenvalue zero on what is sought.
    let held = Array2::from_shape_fn((n, n), |(a, b)| rows.iter().map(|row| row[a] * row[b]).sum());
    let Some((values, vectors)) = held.eigen() else { return Array2::eye(n) };
    let largest = values.last().copied().unwrap_or(0.0);
    let kept: Vec<usize> = (0..n).filter(|&k| values[k] <= SINGULAR * largest).collect();
    vectors.columns_at(&kept)
}

/// Inner product.
#[must_use]
pub fn dot(left: &[f64], right: &[f64]) -> f64 {
    left.iter().zip(right).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hilbert(n: usize) -> Array2<f64> {
        Array2::from_shape_fn((n, n), |(row, col)| 1.0 / (row + col + 1) as f64)
    }

    #[test]
    fn solves_agree_with_the_product() {
        let matrix = hilbert(4);
        let truth = [1.0, -2.0, 3.0, 0.5];
        let right = matrix.times(&truth);
        let column = Array2::from_shape_fn((4, 1), |(row, _)| right[row]);
        let positive = matrix.solve_positive(&column).expect("Hilbert matrices are positive definite");
        for (k, value) in matrix.solve(&right).iter().enumerate() {
            assert!((value - truth[k]).abs() < 1e-10);
            assert!((positive[[k, 0]] - truth[k]).abs() < 1e-10);
        }
    }

    /// Every second entry or so is zero, as in Jacobians of changes of coordinates and in bordered systems.
    #[test]
    fn sparse_systems_are_solved() {
        let mut state = 1_u64;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as f64 / f64::from(1_u32 << 31) - 0.5
        };
        for n in 2..=14 {
            for trial in 0..200 {
                let share = f64::from(trial) / 200.0 - 0.5;
                let entry = |(row, col): (usize, usize)| {
                    let (value, draw) = (random(), random());
                    if row == col { value + value.signum() } else { f64::from(u8::from(draw < share)) * value }
                };
                let matrix = Array2::from_shape_fn((n, n), entry);
                let inverse = matrix.solve_many(&Array2::eye(n));
                let size = inverse.iter().fold(1.0_f64, |size, entry| size.max(entry.abs()));
                let apart = matrix.dot(&inverse) - Array2::<f64>::eye(n);
                assert!(apart.iter().all(|entry| entry.abs() < 1e-12 * size), "{matrix}");
            }
        }
    }

    #[test]
    fn eigenvalues_ascend_and_diagonalise() {
        let (values, vectors) = hilbert(3).eigen().expect("finite");
        assert!(values[0] < values[1] && values[1] < values[2]);
        let column: Vec<f64> = (0..3).map(|row| vectors[[row, 2]]).collect();
        for (k, value) in hilbert(3).times(&column).iter().enumerate() {
            assert!((value - values[2] * column[k]).abs() < 1e-12);
        }
    }

    #[test]
    fn the_null_space_is_orthogonal_to_the_rows() {
        let rows = [vec![1.0, 2.0, 0.0, 0.0], vec![0.0, 0.0, 0.0, 1.0]];
        let basis = null_space(&rows, 4);
        assert_eq!(basis.ncols(), 2);
        for k in 0..2 {
            assert!(rows.iter().all(|row| dot(row, &basis.column_values(k)).abs() < 1e-14));
        }
    }
}
