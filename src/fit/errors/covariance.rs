//! The plain covariance of all free numbers at a solution, pairs taken as independent: the inverse of the full Hessian. It
//! judges nothing.

use crate::fit::solver::problem::{Point, Problem};
use crate::likelihood::reduced::{bordered, full_hessian};
use crate::likelihood::scaling::map_rows;
use crate::sums::algebra::Algebra;
use ndarray::Array2;

/// Covariance of moving parameters and scaling coefficients, which stay on their active constraints, from the factor of the
/// whole problem if it is known. Held parameters (places in `moving`) do not move, so that the others keep a meaning.
#[must_use]
pub fn full_covariance(problem: &Problem<'_>, point: &Point, moving: &[usize], held: &[usize]) -> Array2<f64> {
    match &point.joint {
        Some(joint) => joint.covariance(moving, held),
        None => inverse_hessian(problem, point, moving, held),
    }
}

fn inverse_hessian(problem: &Problem<'_>, point: &Point, moving: &[usize], held: &[usize]) -> Array2<f64> {
    let hessian = full_hessian(&problem.map, &point.grams, &point.scaling, moving);
    invert(&hessian, &held_rows(problem, point, moving.len(), held))
}

/// What does not move: held parameters among `n_moving`, and scaling on its active constraints.
#[must_use]
pub fn held_rows(problem: &Problem<'_>, point: &Point, n_moving: usize, held: &[usize]) -> Vec<Vec<f64>> {
    let n = n_moving + problem.map.n_free();
    let unit = |k: usize| (0..n).map(|other| f64::from(u8::from(other == k))).collect::<Vec<f64>>();
    let mut rows: Vec<Vec<f64>> = held.iter().map(|&k| unit(k)).collect();
    let mut first = n_moving;
    for (block, active) in problem.map.blocks.iter().zip(&point.scaling.active) {
        for row in map_rows(&problem.map, block, active) {
            let mut wide = vec![0.0; n];
            wide[first..first + row.len()].copy_from_slice(&row);
            rows.push(wide);
        }
        first += 2 * block.order();
    }
    rows
}

/// The leading block of the inverse of the bordered matrix: the inverse on the space that the rows leave free.
fn invert(hessian: &Array2<f64>, rows: &[Vec<f64>]) -> Array2<f64> {
    let n = hessian.nrows();
    let scale = hessian.diagonal_scale();
    let scaled = hessian.divided(&scale);
    let inverse = match rows {
        [] => scaled.solve_positive(&Array2::eye(n)),
        _ => None,
    };
    let inverse = inverse.unwrap_or_else(|| bordered_inverse(&scaled, rows, &scale));
    Array2::from_shape_fn((n, n), |(row, col)| {
        f64::midpoint(inverse[[row, col]], inverse[[col, row]]) / (scale[row] * scale[col])
    })
}

/// The inverse of a matrix in units of its scale, on the space that the rows leave free: the leading rows.
#[must_use]
pub fn bordered_inverse(scaled: &Array2<f64>, rows: &[Vec<f64>], scale: &[f64]) -> Array2<f64> {
    let n = scaled.nrows();
    let identity = Array2::from_shape_fn((n + rows.len(), n), |(row, col)| f64::from(u8::from(row == col)));
    bordered(scaled, rows, scale).solve_many(&identity)
}

/// Variances of contrast and offset of one angle.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ScalingVariance {
    /// Of contrast.
    pub contrast: f64,
    /// Of offset.
    pub offset: f64,
}

/// J C J' of contrast and offset of every angle.
#[must_use]
pub fn scaling_variances(problem: &Problem<'_>, full: &Array2<f64>, first: usize) -> Vec<ScalingVariance> {
    let mut variances = vec![ScalingVariance::default(); problem.weights.len()];
    let mut start = first;
    for block in &problem.map.blocks {
        let m = block.order();
        for (angle, basis) in &block.members {
            let variance = |offset: usize| {
                let term = |k: usize, l: usize| basis[k] * basis[l] * full[[start + offset + k, start + offset + l]];
                (0..m).flat_map(|k| (0..m).map(move |l| (k, l))).map(|(k, l)| term(k, l)).sum::<f64>()
            };
            variances[*angle] = ScalingVariance { contrast: variance(0), offset: variance(m) };
        }
        start += 2 * m;
    }
    variances
}
