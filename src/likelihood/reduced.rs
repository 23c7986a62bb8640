//! Cost, gradient and Gauss-Newton Hessian after the scaling is eliminated, in search coordinates. It asks for no sweep.
//!
//! r = offset + contrast h - c2, dr/dtheta = contrast dh/dtheta. With s the scaling numbers,
//! H_reduced = H_tt - H_ts H_ss^-1 H_st (Kaufman, BIT 15 (1975) 49, doi 10.1007/BF01932995), where scaling numbers on
//! their bounds do not move.

use crate::likelihood::joint::Joint;
use crate::likelihood::scaling::{Scaling, ScalingBlock, ScalingMap, map_rows};
use crate::parameters::scaling::AngleScaling;
use crate::sums::algebra::{Algebra, dot};
use crate::sums::box_quadratic::ScaledRow;
use crate::sums::gram::Gram;
use ndarray::Array2;
use serde::{Deserialize, Serialize};

/// What a trust region is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Half the weighted sum of squared residuals (or of their robust loss).
    pub cost: f64,
    /// Rounding of `cost`, as it is a difference of large sums.
    pub cost_rounding: f64,
    /// Pairs summed.
    pub pairs: u64,
    /// d cost / d theta.
    pub gradient: Vec<f64>,
    /// Gauss-Newton Hessian.
    pub hessian: Array2<f64>,
    /// A and f with hessian A'A and gradient A'f, where they are known: steps from them keep twice the digits.
    pub residual: Option<(Array2<f64>, Vec<f64>)>,
    /// Whether the cost is a robust loss, whose scaling is settled to `cost_rounding` only.
    pub is_robust: bool,
}

impl Evaluation {
    /// Of a theta at which the model overflows.
    #[must_use]
    pub fn impossible(p: usize) -> Self {
        let (gradient, hessian) = (vec![0.0; p], Array2::zeros((p, p)));
        Evaluation {
            cost: f64::INFINITY,
            cost_rounding: 0.0,
            pairs: 0,
            gradient,
            hessian,
            residual: None,
            is_robust: false,
        }
    }
}

/// Evaluates the reduced system of all physical parameters from weighted Gram matrices.
#[must_use]
pub fn reduce(grams: &[Gram], map: &ScalingMap, scaling: &Scaling) -> Evaluation {
    let p = grams[0].n_parameters();
    let (cost, cost_rounding) = cost(grams, scaling);
    let mut hessian = physical_hessian(grams, scaling);
    let mut gradient = gradient(grams, scaling);
    let settled = grams.iter().all(|gram| gram.loss == 0.0);
    for (block, active) in map.blocks.iter().zip(&scaling.active) {
        let cross = cross_hessian(block, grams, scaling);
        let response = response(block, &block.hessian(grams), &map_rows(map, block, active), &cross);
        for row in 0..p {
            for col in 0..p {
                let absorbed = (0..cross.ncols()).map(|k| cross[[row, k]] * response[[k, col]]).sum::<f64>();
                hessian[[row, col]] += -absorbed;
            }
        }
        if !settled {
            // A robust scaling is optimal only nearly: what is left of its gradient follows theta.
            let rest = block.gradient(grams, scaling);
            for (k, component) in gradient.iter_mut().enumerate() {
                *component -= (0..rest.len()).map(|row| response[[row, k]] * rest[row]).sum::<f64>();
            }
        }
    }
    symmetrise(&mut hessian);
    let pairs = grams.iter().map(|gram| gram.pairs).sum();
    Evaluation { cost, cost_rounding, pairs, gradient, hessian, residual: None, is_robust: !settled }
}

/// The same from the triangular factor of the whole problem.
#[must_use]
pub fn reduce_joint(grams: &[Gram], joint: &Joint) -> Evaluation {
    let (a, f) = joint.reduced();
    let p = f.len();
    let columns: Vec<Vec<f64>> = (0..p).map(|k| a.column_values(k)).collect();
    let loss = robust_cost(grams);
    let cost = if loss > 0.0 { loss } else { joint.cost() };
    let cost_rounding = 64.0 * f64::EPSILON * cost + if loss > 0.0 { ROBUST_ROUNDING } else { 0.0 };
    Evaluation {
        cost,
        cost_rounding,
        pairs: grams.iter().map(|gram| gram.pairs).sum(),
        gradient: columns.iter().map(|column| dot(column, &f)).collect(),
        hessian: Array2::from_shape_fn((p, p), |(row, col)| dot(&columns[row], &columns[col])),
        residual: Some((a, f)),
        is_robust: loss > 0.0,
    }
}

/// A robust scaling is settled to this change of the cost.
const ROBUST_ROUNDING: f64 = 1e-8;

/// Half the sum of the robust loss; zero under plain weights.
fn robust_cost(grams: &[Gram]) -> f64 {
    0.5 * grams.iter().map(|gram| gram.loss).sum::<f64>()
}

/// The cost of one weighted Gram matrix at a scaling, and the sum of its terms' sizes.
#[must_use]
pub fn angle_cost(gram: &Gram, scaling: AngleScaling) -> (f64, f64) {
    let AngleScaling { contrast, offset_less_one: offset } = scaling;
    let terms = [
        contrast * contrast * gram.hh(),
        2.0 * contrast * offset * gram.h1(),
        offset * offset * gram.one_one(),
        -2.0 * contrast * gram.hy(),
        -2.0 * offset * gram.one_y(),
        gram.yy(),
    ];
    (0.5 * terms.iter().sum::<f64>(), 0.5 * terms.iter().map(|term| term.abs()).sum::<f64>())
}

/// The cost of weighted Gram matrices at a scaling, and its rounding.
#[must_use]
pub fn cost(grams: &[Gram], scaling: &Scaling) -> (f64, f64) {
    let robust = robust_cost(grams);
    if robust > 0.0 {
        return (robust, 64.0 * f64::EPSILON * robust + ROBUST_ROUNDING);
    }
    let per_angle = grams.iter().zip(&scaling.per_angle).map(|(gram, &scaling)| angle_cost(gram, scaling));
    let (cost, magnitude) = per_angle.fold((0.0, 0.0), |sum, term| (sum.0 + term.0, sum.1 + term.1));
    (cost.max(0.0), 64.0 * f64::EPSILON * magnitude)
}

fn gradient(grams: &[Gram], scaling: &Scaling) -> Vec<f64> {
    let component =
        |k: usize| grams.iter().zip(&scaling.per_angle).map(|(gram, &at)| physical_slope(gram, at, k)).sum();
    (0..grams[0].n_parameters()).map(component).collect()
}

/// d cost / d parameter of one weighted Gram matrix at a scaling.
fn physical_slope(gram: &Gram, AngleScaling { contrast, offset_less_one }: AngleScaling, k: usize) -> f64 {
    contrast * (contrast * gram.dh_h(k) + offset_less_one * gram.dh_1(k) - gram.dh_y(k))
}

/// How the cost of one weighted Gram matrix turns with every physical parameter, then with contrast, then with offset.
#[must_use]
pub fn angle_gradient(gram: &Gram, scaling: AngleScaling) -> Vec<f64> {
    let AngleScaling { contrast, offset_less_one } = scaling;
    let by_contrast = contrast * gram.hh() + offset_less_one * gram.h1() - gram.hy();
    let by_offset = contrast * gram.h1() + offset_less_one * gram.one_one() - gram.one_y();
    let physical = (0..gram.n_parameters()).map(|k| physical_slope(gram, scaling, k));
    physical.chain([by_contrast, by_offset]).collect()
}

/// The Gauss-Newton Hessian of some physical parameters and then all scaling coefficients: nothing is eliminated.
#[must_use]
pub fn full_hessian(map: &ScalingMap, grams: &[Gram], scaling: &Scaling, moving: &[usize]) -> Array2<f64> {
    let n = moving.len() + map.n_free();
    let mut hessian = Array2::zeros((n, n));
    let physical = physical_hessian(grams, scaling);
    for (row, &a) in moving.iter().enumerate() {
        for (col, &b) in moving.iter().enumerate() {
            hessian[[row, col]] = physical[[a, b]];
        }
    }
    let mut first = moving.len();
    for block in &map.blocks {
        let (own, cross) = (block.hessian(grams), cross_hessian(block, grams, scaling));
        for k in 0..own.nrows() {
            for other in 0..own.nrows() {
                hessian[[first + k, first + other]] = own[[k, other]];
            }
            for (row, &parameter) in moving.iter().enumerate() {
                hessian[[row, first + k]] = cross[[parameter, k]];
                hessian[[first + k, row]] = cross[[parameter, k]];
            }
        }
        first += own.nrows();
    }
    hessian
}

/// `sum contrast^2 dh dh'`.
#[must_use]
pub fn physical_hessian(grams: &[Gram], scaling: &Scaling) -> Array2<f64> {
    let p = grams[0].n_parameters();
    let weighted = || grams.iter().zip(&scaling.per_angle);
    Array2::from_shape_fn((p, p), |(row, col)| {
        weighted().map(|(gram, scaling)| scaling.contrast * scaling.contrast * gram.get(row, col)).sum()
    })
}

/// Second derivatives by physical parameters (rows) and a block's coefficients (columns).
#[must_use]
pub fn cross_hessian(block: &ScalingBlock, grams: &[Gram], scaling: &Scaling) -> Array2<f64> {
    let m = block.order();
    let entry = |row: usize, col: usize| {
        let term = |(angle, basis): &(usize, Vec<f64>)| {
            let (gram, contrast) = (&grams[*angle], scaling.per_angle[*angle].contrast);
            contrast * basis[col % m] * if col < m { gram.dh_h(row) } else { gram.dh_1(row) }
        };
        block.members.iter().map(term).sum()
    };
    Array2::from_shape_fn((grams[0].n_parameters(), 2 * m), |(row, col)| entry(row, col))
}

/// How a block's coefficients follow each physical parameter, staying on the active constraints.
fn response(block: &ScalingBlock, hessian: &Array2<f64>, rows: &[Vec<f64>], cross: &Array2<f64>) -> Array2<f64> {
    let n = 2 * block.order();
    let scale = hessian.diagonal_scale();
    let right = Array2::from_shape_fn((n + rows.len(), cross.nrows()), |(row, col)| {
        if row < n { cross[[col, row]] / scale[row] } else { 0.0 }
    });
    let solution = bordered(&hessian.divided(&scale), rows, &scale).solve_many(&right);
    Array2::from_shape_fn((n, cross.nrows()), |(row, col)| solution[[row, col]] / scale[row])
}

/// The matrix of the equations "stationary, and the rows do not move", with a ridge so that flat directions stay put.
#[must_use]
pub fn bordered(hessian: &Array2<f64>, rows: &[Vec<f64>], scale: &[f64]) -> Array2<f64> {
    let n = hessian.nrows();
    let rows: Vec<Vec<f64>> = rows.iter().map(|row| ScaledRow::new(row, scale).entries).collect();
    Array2::from_shape_fn((n + rows.len(), n + rows.len()), |(row, col)| match (row < n, col < n) {
        (true, true) => hessian[[row, col]] + if row == col { 1e-14 } else { 0.0 },
        (true, false) => rows[col - n][row],
        (false, true) => rows[row - n][col],
        (false, false) => 0.0,
    })
}

fn symmetrise(matrix: &mut Array2<f64>) {
    for row in 0..matrix.nrows() {
        for col in 0..row {
            let mean = f64::midpoint(matrix[[row, col]], matrix[[col, row]]);
            matrix[[row, col]] = mean;
            matrix[[col, row]] = mean;
        }
    }
}
