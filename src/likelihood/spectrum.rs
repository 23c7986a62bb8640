//! How well the data determine each direction of parameter space: condition number and flat directions in words.

use crate::likelihood::reduced::Evaluation;
use crate::sums::algebra::{Algebra, SINGULAR, dot};
use ndarray::Array2;

/// [`SINGULAR`] where the Jacobian's own factor is known: eigenvalues are squares of its singular values.
const SINGULAR_FACTOR: f64 = 1e-22;

/// The eigenvalues of a Hessian scaled to a unit diagonal.
pub struct Spectrum {
    /// Largest over smallest eigenvalue; `None` if the Hessian is singular.
    pub condition_number: Option<f64>,
    /// Members of each undetermined direction.
    pub directions: Vec<Vec<usize>>,
}

impl Spectrum {
    /// Of the reduced system, from its factor if that is known.
    #[must_use]
    pub fn of(evaluation: &Evaluation) -> Self {
        let hessian = &evaluation.hessian;
        let n = hessian.nrows();
        let without_effect: Vec<usize> = (0..n).filter(|&k| hessian[[k, k]] <= 0.0).collect();
        let mut directions: Vec<Vec<usize>> = without_effect.iter().map(|&k| vec![k]).collect();
        let kept: Vec<usize> = (0..n).filter(|k| !without_effect.contains(k)).collect();
        let (decomposition, singular) = match &evaluation.residual {
            Some((a, _)) => (eigen_of_factor(&a.columns_at(&kept)), SINGULAR_FACTOR),
            None => (hessian.divided(&hessian.diagonal_scale()).among(&kept).eigen(), SINGULAR),
        };
        let Some((values, vectors)) = decomposition.filter(|(values, _)| !values.is_empty()) else {
            return Spectrum { condition_number: None, directions };
        };
        let largest = values[values.len() - 1];
        for (k, _) in values.iter().enumerate().filter(|(_, value)| **value <= singular * largest) {
            let strongest = (0..kept.len()).map(|row| vectors[[row, k]].abs()).fold(0.0, f64::max);
            let members = (0..kept.len()).filter(|&row| vectors[[row, k]].abs() > 0.1 * strongest);
            directions.push(members.map(|row| kept[row]).collect());
        }
        let condition_number = directions.is_empty().then(|| largest / values[0]);
        Spectrum { condition_number, directions }
    }
}

/// Eigenvalues, ascending, and eigenvectors of A'A with columns scaled to length 1, without squaring A.
fn eigen_of_factor(a: &Array2<f64>) -> Option<(Vec<f64>, Array2<f64>)> {
    let lengths: Vec<f64> = (0..a.ncols()).map(|k| dot(&a.column_values(k), &a.column_values(k)).sqrt()).collect();
    let scaled = Array2::from_shape_fn((a.nrows(), a.ncols()), |(row, col)| a[[row, col]] / lengths[col]);
    let (values, _, vectors) = scaled.singular()?;
    let ascending: Vec<usize> = (0..values.len()).rev().collect();
    Some((values.iter().rev().map(|value| value * value).collect(), vectors.columns_at(&ascending)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_factor_sees_condition_numbers_that_its_square_cannot() {
        for angle in [1e-3, 1e-7] {
            let a = Array2::from_shape_fn((2, 2), |(row, col)| [[1.0, 1.0], [0.0, angle]][row][col]);
            let hessian = Array2::from_shape_fn((2, 2), |(row, col)| dot(&a.column_values(row), &a.column_values(col)));
            let plain = Evaluation { hessian, gradient: vec![0.0; 2], ..Evaluation::impossible(2) };
            let factored = Evaluation { residual: Some((a, vec![0.0; 2])), ..plain.clone() };
            let condition = Spectrum::of(&factored).condition_number.expect("regular");
            assert!((condition * angle * angle / 4.0 - 1.0).abs() < 1e-6, "{condition}");
            assert_eq!(Spectrum::of(&plain).condition_number.is_some(), angle > 1e-6);
        }
    }
}
