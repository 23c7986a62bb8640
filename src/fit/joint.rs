//! The triangular factor of the whole weighted problem, with columns [scaling, physical, residual]: what block QR and full
//! batch both lead to. It never squares the Jacobian.
//!
//! With scaling first, R = [R_ss R_st f_s; 0 R_tt f_t; 0 0 rho]: R_tt and f_t are the system with the scaling eliminated
//! (Golub and LeVeque, Proc. Army Num. Anal. Comp. Conf. (1979): extensions of variable projection by QR).

use crate::fit::scaling::{Scaling, ScalingMap};
use crate::normal::factor::Factor;
use crate::normal::symmetric::{Matrix, dot, null_space};
use crate::parameters::scaling::AngleScaling;

/// R of the whole problem.
#[derive(Debug, Clone)]
pub struct Joint {
    /// Upper triangle, one row and column per free scaling number, physical parameter and residual.
    factor: Matrix,
    /// Per scaling block: coefficients (rows) as free numbers (columns); fewer where bounds are met.
    bases: Vec<Matrix>,
    n_physical: usize,
}

/// The coefficients of every scaling block as combinations of numbers that no active bound holds.
#[must_use]
pub fn free_bases(map: &ScalingMap, scaling: &Scaling) -> Vec<Matrix> {
    let of_block = |(block, active): (&crate::fit::scaling::ScalingBlock, &Vec<_>)| {
        let n = 2 * block.order();
        let rows = crate::fit::reduced::map_rows(map, block, active);
        null_space(&rows, n)
    };
    map.blocks.iter().zip(&scaling.active).map(of_block).collect()
}

/// Per angle, how a row `[dh .., h, 1, y]` becomes a row `[scaling, physical, residual]`.
#[must_use]
pub fn maps(map: &ScalingMap, scaling: &Scaling, bases: &[Matrix], p: usize) -> Vec<Matrix> {
    let n_scaling: usize = bases.iter().map(|basis| basis.n_cols).sum();
    let mut maps: Vec<Matrix> =
        scaling.per_angle.iter().map(|&of_angle| physical_map(p, n_scaling, of_angle)).collect();
    let mut first = 0;
    for (block, basis) in map.blocks.iter().zip(bases) {
        let m = block.order();
        for (angle, functions) in &block.members {
            for k in 0..basis.n_cols {
                let column = basis.column(k);
                maps[*angle].set(p, first + k, dot(functions, &column[..m]));
                maps[*angle].set(p + 1, first + k, dot(functions, &column[m..]));
            }
        }
        first += basis.n_cols;
    }
    maps
}

/// The columns of the physical parameters and of the residual.
fn physical_map(p: usize, n_scaling: usize, scaling: AngleScaling) -> Matrix {
    let residual = n_scaling + p;
    let mut map = Matrix::zero(p + 3, residual + 1);
    for k in 0..p {
        map.set(k, n_scaling + k, scaling.contrast);
    }
    map.set(p, residual, scaling.contrast);
    map.set(p + 1, residual, scaling.offset_less_one);
    map.set(p + 2, residual, -1.0);
    map
}

impl Joint {
    /// From the factor of all rows.
    #[must_use]
    pub fn new(factor: Matrix, bases: Vec<Matrix>, n_physical: usize) -> Self {
        Joint { factor, bases, n_physical }
    }

    /// From one factor per angle: they are mapped, stacked and factored again.
    #[must_use]
    pub fn of_angles(factors: &[Factor], maps: &[Matrix], bases: Vec<Matrix>) -> Self {
        let (width, n_cols) = (factors[0].width(), maps[0].n_cols);
        let mut stacked = Matrix::zero(width * factors.len(), n_cols);
        for (angle, (factor, map)) in factors.iter().zip(maps).enumerate() {
            for row in 0..width {
                for col in 0..n_cols {
                    let value = (row..width).map(|k| factor.get(row, k) * map.get(k, col)).sum();
                    stacked.set(angle * width + row, col, value);
                }
            }
        }
        Joint::new(stacked.triangular_factor(), bases, width - 3)
    }

    fn n_scaling(&self) -> usize {
        self.factor.n_cols - 1 - self.n_physical
    }

    /// The system of the physical parameters with the scaling eliminated: minimise `|A step + f|`.
    #[must_use]
    pub fn reduced(&self) -> (Matrix, Vec<f64>) {
        let (first, p) = (self.n_scaling(), self.n_physical);
        let last = self.factor.n_cols - 1;
        let a = Matrix::from_fn(p, p, |row, col| self.factor.get(first + row, first + col));
        (a, (0..p).map(|row| self.factor.get(first + row, last)).collect())
    }

    /// Half the weighted sum of squared residuals.
    #[must_use]
    pub fn cost(&self) -> f64 {
        let last = self.factor.column(self.factor.n_cols - 1);
        0.5 * dot(&last, &last)
    }

    /// The covariance of the physical parameters `moving` and then all scaling coefficients; those in `held` (places in
    /// `moving`) do not move and have none.
    #[must_use]
    pub fn covariance(&self, moving: &[usize], held: &[usize]) -> Matrix {
        let n_scaling = self.n_scaling();
        let free: Vec<usize> = (0..moving.len()).filter(|k| !held.contains(k)).collect();
        let physical = free.iter().map(|&k| n_scaling + moving[k]);
        let kept: Vec<usize> = (0..n_scaling).chain(physical).collect();
        let inverse = inverse_of_triangle(&self.factor.columns(&kept).triangular_factor());
        let n_coefficients: usize = self.bases.iter().map(|basis| basis.n_rows).sum();
        let n = moving.len() + n_coefficients;
        // Rows of `spread`: what a full number is made of.
        let mut spread = Matrix::zero(n, kept.len());
        for (place, &k) in free.iter().enumerate() {
            spread.set(k, n_scaling + place, 1.0);
        }
        let (mut row, mut col) = (moving.len(), 0);
        for basis in &self.bases {
            for r in 0..basis.n_rows {
                (0..basis.n_cols).for_each(|c| spread.set(row + r, col + c, basis.get(r, c)));
            }
            (row, col) = (row + basis.n_rows, col + basis.n_cols);
        }
        let roots = spread.product(&inverse);
        Matrix::from_fn(n, n, |a, b| dot(roots.row(a), roots.row(b)))
    }
}

/// R^-1 by back substitution; a diagonal entry of zero gives a column of infinities.
fn inverse_of_triangle(factor: &Matrix) -> Matrix {
    let n = factor.n_cols;
    let mut inverse = Matrix::zero(n, n);
    for col in 0..n {
        for row in (0..=col).rev() {
            let unit = f64::from(u8::from(row == col));
            let rest: f64 = (row + 1..=col).map(|k| factor.get(row, k) * inverse.get(k, col)).sum();
            inverse.set(row, col, (unit - rest) / factor.get(row, row));
        }
    }
    inverse
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_triangle_times_its_inverse_is_one() {
        let factor = Matrix::from_fn(3, 3, |row, col| if row <= col { 1.0 + (row * 2 + col) as f64 } else { 0.0 });
        let product = factor.product(&inverse_of_triangle(&factor));
        for row in 0..3 {
            for col in 0..3 {
                assert!((product.get(row, col) - f64::from(u8::from(row == col))).abs() < 1e-14);
            }
        }
    }
}
