//! All rows of a full-batch least-squares problem, in chunks that each hold their share of every angle. It knows neither
//! data nor physics.

use faer::Mat;
use ndarray::Array2;

/// Rows of one chunk.
pub const CHUNK_ROWS: usize = 4096;

/// A tall matrix in chunks of rows.
#[derive(Debug)]
pub struct StratifiedRows {
    n_cols: usize,
    n_angles: usize,
    chunks: Vec<Mat<f64>>,
}

impl StratifiedRows {
    /// All zero, for `pairs_per_angle` rows of each angle.
    #[must_use]
    pub fn zero(pairs_per_angle: usize, n_angles: usize, n_cols: usize) -> Self {
        let n_rows = pairs_per_angle * n_angles;
        let chunk = |start: usize| Mat::zeros(CHUNK_ROWS.min(n_rows - start), n_cols);
        StratifiedRows { n_cols, n_angles, chunks: (0..n_rows).step_by(CHUNK_ROWS).map(chunk).collect() }
    }

    /// Puts consecutive rows of one angle (each `n_cols` long, one after the other) where they belong: pair k of angle a is
    /// row k n_angles + a.
    pub fn put(&mut self, angle: usize, first_pair: usize, rows: &[f64]) {
        for (k, row) in rows.chunks_exact(self.n_cols).enumerate() {
            let place = (first_pair + k) * self.n_angles + angle;
            let chunk = &mut self.chunks[place / CHUNK_ROWS];
            for (col, value) in row.iter().enumerate() {
                chunk[(place % CHUNK_ROWS, col)] = *value;
            }
        }
    }

    /// The triangular factor of the whole matrix: chunk by chunk, each stacked below the factor so far.
    #[must_use]
    pub fn into_factor(self) -> Array2<f64> {
        let n = self.n_cols;
        let mut factor = Mat::<f64>::zeros(0, n);
        for chunk in self.chunks {
            let (above, below) = (factor.nrows(), chunk.nrows());
            let stacked = Mat::from_fn(above + below, n, |row, col| {
                if row < above { factor[(row, col)] } else { chunk[(row - above, col)] }
            });
            factor = stacked.qr().thin_R().to_owned();
        }
        Array2::from_shape_fn(
            (n, n),
            |(row, col)| if row <= col && row < factor.nrows() { factor[(row, col)] } else { 0.0 },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_factor_squares_to_the_product_of_the_rows() {
        let (pairs, angles) = (3000, 3);
        let row = |a: usize, k: usize| [1.0 + a as f64, (k % 17) as f64, ((k * a) % 5) as f64];
        let mut rows = StratifiedRows::zero(pairs, angles, 3);
        for angle in 0..angles {
            let values: Vec<f64> = (0..pairs).flat_map(|k| row(angle, k)).collect();
            rows.put(angle, 0, &values[..3 * 1000]);
            rows.put(angle, 1000, &values[3 * 1000..]);
        }
        let factor = rows.into_factor();
        for p in 0..3 {
            for q in 0..3 {
                let expected: f64 =
                    (0..angles).flat_map(|a| (0..pairs).map(move |k| row(a, k))).map(|v| v[p] * v[q]).sum();
                let found: f64 = (0..3).map(|k| factor[[k, p]] * factor[[k, q]]).sum();
                assert!((found / expected - 1.0).abs() < 1e-12, "{p} {q}");
            }
        }
    }
}
