//! The triangular factor of the whole weighted problem, with columns [scaling, physical, residual]: what block QR and full
//! batch both lead to. It never squares the Jacobian.
//!
//! With scaling first, R = [R_ss R_st f_s; 0 R_tt f_t; 0 0 rho]: R_tt and f_t are the system with the scaling eliminated
//! (Golub and LeVeque, Proc. Army Num. Anal. Comp. Conf. (1979): extensions of variable projection by QR).

use crate::likelihood::scaling::{Scaling, ScalingMap};
use crate::parameters::scaling::AngleScaling;
use crate::sums::algebra::{Algebra, dot, null_space};
use crate::sums::factor::Factor;
use ndarray::Array2;

/// R of the whole problem.
#[derive(Debug, Clone)]
pub struct Joint {
    /// Upper triangle, one row and column per free scaling number, physical parameter and residual.
    factor: Array2<f64>,
    /// Per scaling block: coefficients (rows) as free numbers (columns); fewer where bounds are met.
    bases: Vec<Array2<f64>>,
    n_physical: usize,
}

/// The coefficients of every scaling block as combinations of numbers that no active bound holds.
#[must_use]
pub fn free_bases(map: &ScalingMap, scaling: &Scaling) -> Vec<Array2<f64>> {
    let of_block = |(block, active): (&crate::likelihood::scaling::ScalingBlock, &Vec<_>)| {
        let n = 2 * block.order();
        let rows = crate::likelihood::scaling::map_rows(map, block, active);
        null_space(&rows, n)
    };
    map.blocks.iter().zip(&scaling.active).map(of_block).collect()
}

/// Per angle, how a row `[dh .., h, 1, y]` becomes a row `[scaling, physical, residual]`.
#[must_use]
pub fn maps(map: &ScalingMap, scaling: &Scaling, bases: &[Array2<f64>], p: usize) -> Vec<Array2<f64>> {
    let n_scaling: usize = bases.iter().map(|basis| basis.ncols()).sum();
    let mut maps: Vec<Array2<f64>> =
        scaling.per_angle.iter().map(|&of_angle| physical_map(p, n_scaling, of_angle)).collect();
    let mut first = 0;
    for (block, basis) in map.blocks.iter().zip(bases) {
        let m = block.order();
        for (angle, functions) in &block.members {
            for k in 0..basis.ncols() {
                let column = basis.column_values(k);
                maps[*angle][[p, first + k]] = dot(functions, &column[..m]);
                maps[*angle][[p + 1, first + k]] = dot(functions, &column[m..]);
            }
        }
        first += basis.ncols();
    }
    maps
}

/// The columns of the physical parameters and of the residual.
fn physical_map(p: usize, n_scaling: usize, scaling: AngleScaling) -> Array2<f64> {
    let residual = n_scaling + p;
    let mut map = Array2::zeros((p + 3, residual + 1));
    for k in 0..p {
        map[[k, n_scaling + k]] = scaling.contrast;
    }
    map[[p, residual]] = scaling.contrast;
    map[[p + 1, residual]] = scaling.offset_less_one;
    map[[p + 2, residual]] = -1.0;
    map
}

impl Joint {
    /// From the factor of all rows.
    #[must_use]
    pub fn new(factor: Array2<f64>, bases: Vec<Array2<f64>>, n_physical: usize) -> Self {
        Joint { factor, bases, n_physical }
    }

    /// From one factor per angle: they are mapped, stacked and factored again.
    #[must_use]
    pub fn of_angles(factors: &[Factor], maps: &[Array2<f64>], bases: Vec<Array2<f64>>) -> Self {
        let (width, n_cols) = (factors[0].width(), maps[0].ncols());
        let mut stacked = Array2::zeros((width * factors.len(), n_cols));
        for (angle, (factor, map)) in factors.iter().zip(maps).enumerate() {
            for row in 0..width {
                for col in 0..n_cols {
                    let value = (row..width).map(|k| factor.get(row, k) * map[[k, col]]).sum();
                    stacked[[angle * width + row, col]] = value;
                }
            }
        }
        Joint::new(stacked.triangular_factor(), bases, width - 3)
    }

    fn n_scaling(&self) -> usize {
        self.factor.ncols() - 1 - self.n_physical
    }

    /// The system of the physical parameters with the scaling eliminated: minimise `|A step + f|`.
    #[must_use]
    pub fn reduced(&self) -> (Array2<f64>, Vec<f64>) {
        let (first, p) = (self.n_scaling(), self.n_physical);
        let last = self.factor.ncols() - 1;
        let a = Array2::from_shape_fn((p, p), |(row, col)| self.factor[[first + row, first + col]]);
        (a, (0..p).map(|row| self.factor[[first + row, last]]).collect())
    }

    /// Half the weighted sum of squared residuals.
    #[must_use]
    pub fn cost(&self) -> f64 {
        let last = self.factor.column_values(self.factor.ncols() - 1);
        0.5 * dot(&last, &last)
    }

    /// The covariance of the physical parameters `moving` and then all scaling coefficients; those in `held` (places in
    /// `moving`) do not move and have none.
    #[must_use]
    pub fn covariance(&self, moving: &[usize], held: &[usize]) -> Array2<f64> {
        let n_scaling = self.n_scaling();
        let free: Vec<usize> = (0..moving.len()).filter(|k| !held.contains(k)).collect();
        let physical = free.iter().map(|&k| n_scaling + moving[k]);
        let kept: Vec<usize> = (0..n_scaling).chain(physical).collect();
        let inverse = inverse_of_triangle(&self.factor.columns_at(&kept).triangular_factor());
        let n_coefficients: usize = self.bases.iter().map(|basis| basis.nrows()).sum();
        let n = moving.len() + n_coefficients;
        // Rows of `spread`: what a full number is made of.
        let mut spread = Array2::zeros((n, kept.len()));
        for (place, &k) in free.iter().enumerate() {
            spread[[k, n_scaling + place]] = 1.0;
        }
        let (mut row, mut col) = (moving.len(), 0);
        for basis in &self.bases {
            for r in 0..basis.nrows() {
                (0..basis.ncols()).for_each(|c| spread[[row + r, col + c]] = basis[[r, c]]);
            }
            (row, col) = (row + basis.nrows(), col + basis.ncols());
        }
        let roots = spread.dot(&inverse);
        roots.dot(&roots.t())
    }
}

/// R^-1 by back substitution; a diagonal entry of zero gives a column of infinities.
fn inverse_of_triangle(factor: &Array2<f64>) -> Array2<f64> {
    let n = factor.ncols();
    let mut inverse = Array2::zeros((n, n));
    for col in 0..n {
        for row in (0..=col).rev() {
            let unit = f64::from(u8::from(row == col));
            let rest: f64 = (row + 1..=col).map(|k| factor[[row, k]] * inverse[[k, col]]).sum();
            inverse[[row, col]] = (unit - rest) / factor[[row, row]];
        }
    }
    inverse
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_triangle_times_its_inverse_is_one() {
        let factor =
            Array2::from_shape_fn((3, 3), |(row, col)| if row <= col { 1.0 + (row * 2 + col) as f64 } else { 0.0 });
        let product = factor.dot(&inverse_of_triangle(&factor));
        for row in 0..3 {
            for col in 0..3 {
                assert!((product[[row, col]] - f64::from(u8::from(row == col))).abs() < 1e-14);
            }
        }
    }
}
