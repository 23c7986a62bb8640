//! Convex quadratic programs of a few variables between bounds: the one small solver behind the trust-region step and the
//! elimination of scaling. It does not know what its variables mean.
//!
//! Primal active-set method (Nocedal and Wright, Numerical Optimization, 2nd ed., algorithm 16.3). Each step is the shortest
//! one to the minimum on the working set, so that flat directions stay put: along them gradient and curvature are nothing
//! but rounding, and their ratio would be any step at all.

use crate::sums::algebra::{Algebra, dot, null_space};
use ndarray::Array2;
use serde::{Deserialize, Serialize};

/// `lower <= row . x <= upper`.
#[derive(Debug, Clone)]
pub struct Constraint {
    /// Coefficients.
    pub row: Vec<f64>,
    /// Lower bound.
    pub lower: f64,
    /// Upper bound.
    pub upper: f64,
}

/// Which side of a constraint holds with equality.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// At the lower bound.
    Lower,
    /// At the upper bound.
    Upper,
}

impl Side {
    /// Name in results.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Side::Lower => "lower",
            Side::Upper => "upper",
        }
    }
}

/// A constraint that holds with equality at the minimum, and how hard the minimum pushes against it.
#[derive(Debug, Clone, PartialEq)]
pub struct Active {
    /// Index of the constraint.
    pub constraint: usize,
    /// Side.
    pub side: Side,
    /// Lagrange multiplier (>= 0): how fast the minimum would fall if the bound gave way.
    pub multiplier: f64,
}

/// The minimum of the quadratic program.
#[derive(Debug, Clone)]
pub struct Minimum {
    /// Where.
    pub x: Vec<f64>,
    /// Constraints that hold with equality.
    pub active: Vec<Active>,
}

/// Bounds on the single variables.
#[must_use]
pub fn box_constraints(lower: &[f64], upper: &[f64]) -> Vec<Constraint> {
    let unit = |k: usize| (0..lower.len()).map(|other| f64::from(u8::from(other == k))).collect();
    (0..lower.len()).map(|k| Constraint { row: unit(k), lower: lower[k], upper: upper[k] }).collect()
}

/// Minimises `1/2 x'Ax - b'x` under the constraints, from a feasible start.
#[must_use]
pub fn minimise(a: &Array2<f64>, b: &[f64], constraints: &[Constraint], start: &[f64]) -> Minimum {
    solve(Form::Quadratic { a, b }, constraints, start)
}

/// Minimises `1/2 |A x + f|^2` between bounds on single variables, from a feasible start, without squaring A.
#[must_use]
pub fn minimise_residual(a: &Array2<f64>, f: &[f64], bounds: &[Constraint], start: &[f64]) -> Minimum {
    solve(Form::Residual { a, f }, bounds, start)
}

fn solve(form: Form<'_>, constraints: &[Constraint], start: &[f64]) -> Minimum {
    let mut program = Program { form, constraints, x: start.to_vec(), working: Vec::new() };
    for _ in 0..20 * (start.len() + 2) {
        let (step, multipliers) = program.equality_step();
        if program.advance(&step) {
            continue;
        }
        match program.worst(&multipliers) {
            Some(worst) => drop(program.working.remove(worst)),
            None => break,
        }
    }
    program.finish()
}

/// What is minimised.
enum Form<'a> {
    Quadratic { a: &'a Array2<f64>, b: &'a [f64] },
    Residual { a: &'a Array2<f64>, f: &'a [f64] },
}

struct Program<'a> {
    form: Form<'a>,
    constraints: &'a [Constraint],
    x: Vec<f64>,
    working: Vec<(usize, Side)>,
}

impl Program<'_> {
    /// Step to the minimum on the working set, and the multipliers there (>= 0 where the constraint is needed).
    fn equality_step(&self) -> (Vec<f64>, Vec<f64>) {
        match &self.form {
            Form::Quadratic { a, .. } => self.quadratic_step(a),
            Form::Residual { a, f } => self.residual_step(a, f),
        }
    }

    /// Least squares over the variables that no constraint holds; multipliers are the gradient's parts of the others.
    fn residual_step(&self, a: &Array2<f64>, f: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let variable = |k: usize| self.constraints[k].row.iter().position(|&entry| entry != 0.0).unwrap_or(0);
        let held: Vec<usize> = self.working.iter().map(|(k, _)| variable(*k)).collect();
        let free: Vec<usize> = (0..a.ncols()).filter(|k| !held.contains(k)).collect();
        let residual = |x: &[f64]| a.times(x).iter().zip(f).map(|(ax, f)| ax + f).collect::<Vec<f64>>();
        let length = |k: usize| dot(&a.column_values(k), &a.column_values(k)).sqrt();
        let scale: Vec<f64> = free.iter().map(|&k| if length(k) > 0.0 { length(k) } else { 1.0 }).collect();
        let scaled = Array2::from_shape_fn((a.nrows(), free.len()), |(row, col)| a[[row, free[col]]] / scale[col]);
        let downhill: Vec<f64> = residual(&self.x).iter().map(|r| -r).collect();
        let solution = scaled.least_squares(&downhill).unwrap_or_else(|| vec![0.0; free.len()]);
        let mut step = vec![0.0; a.ncols()];
        for (k, (&col, x)) in free.iter().zip(solution).enumerate() {
            step[col] = x / scale[k];
        }
        let there: Vec<f64> = self.x.iter().zip(&step).map(|(x, step)| x + step).collect();
        let rest = residual(&there);
        let signed = |(k, (_, side)): (usize, &(usize, Side))| {
            let slope = dot(&a.column_values(held[k]), &rest);
            if *side == Side::Lower { slope } else { -slope }
        };
        (step, self.working.iter().enumerate().map(signed).collect())
    }

    /// The shortest step in the null space of the working rows; multipliers are what the slope has left along them.
    fn quadratic_step(&self, a: &Array2<f64>) -> (Vec<f64>, Vec<f64>) {
        let n = a.nrows();
        // Variables are scaled to a unit diagonal, so that curvatures compare like with like.
        let scale = a.diagonal_scale();
        let rows: Vec<ScaledRow> =
            self.working.iter().map(|(k, _)| ScaledRow::new(&self.constraints[*k].row, &scale)).collect();
        let entries: Vec<Vec<f64>> = rows.iter().map(|row| row.entries.clone()).collect();
        let (hessian, along) = (a.divided(&scale), null_space(&entries, n));
        let across = along.t();
        let downhill: Vec<f64> = self.gradient().iter().zip(&scale).map(|(slope, scale)| -slope / scale).collect();
        let reduced = across.dot(&hessian).dot(&along);
        let step = along.times(&reduced.solve_determined(&across.times(&downhill)));
        let rest: Vec<f64> = downhill.iter().zip(hessian.times(&step)).map(|(slope, bent)| slope - bent).collect();
        let columns = Array2::from_shape_fn((n, rows.len()), |(row, col)| entries[col][row]);
        let multipliers = columns.least_squares(&rest).unwrap_or_else(|| vec![0.0; rows.len()]);
        let signed = |(k, multiplier): (usize, f64)| {
            let multiplier = multiplier / rows[k].size;
            if self.working[k].1 == Side::Lower { -multiplier } else { multiplier }
        };
        let step = step.iter().zip(&scale).map(|(step, scale)| step / scale).collect();
        (step, multipliers.into_iter().enumerate().map(signed).collect())
    }

    fn gradient(&self) -> Vec<f64> {
        match &self.form {
            Form::Quadratic { a, b, .. } => a.times(&self.x).iter().zip(*b).map(|(ax, b)| ax - b).collect(),
            Form::Residual { a, f } => {
                let residual: Vec<f64> = a.times(&self.x).iter().zip(*f).map(|(ax, f)| ax + f).collect();
                (0..a.ncols()).map(|k| dot(&a.column_values(k), &residual)).collect()
            }
        }
    }

    /// The size of the slope at zero, against which multipliers are judged.
    fn slope_size(&self) -> f64 {
        let largest = |values: &[f64]| values.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
        match &self.form {
            Form::Quadratic { b, .. } => largest(b),
            Form::Residual { a, f } => (0..a.ncols()).map(|k| dot(&a.column_values(k), f).abs()).fold(0.0, f64::max),
        }
    }

    /// Goes along the step to the first constraint in the way; returns whether one was met.
    fn advance(&mut self, step: &[f64]) -> bool {
        let mut blocking: Option<(usize, Side)> = None;
        let mut fraction = 1.0;
        for (k, constraint) in self.constraints.iter().enumerate() {
            let slope = dot(&constraint.row, step);
            if slope == 0.0 || self.working.iter().any(|(other, _)| *other == k) {
                continue;
            }
            let side = if slope > 0.0 { Side::Upper } else { Side::Lower };
            let bound = if slope > 0.0 { constraint.upper } else { constraint.lower };
            let reach = ((bound - dot(&constraint.row, &self.x)) / slope).max(0.0);
            if reach < fraction {
                fraction = reach;
                blocking = Some((k, side));
            }
        }
        for (x, step) in self.x.iter_mut().zip(step) {
            *x += fraction * step;
        }
        self.working.extend(blocking);
        self.snap();
        blocking.is_some()
    }

    /// Puts a single bounded variable exactly on the bound it has met.
    fn snap(&mut self) {
        for &(k, side) in &self.working {
            let constraint = &self.constraints[k];
            let bound = if side == Side::Lower { constraint.lower } else { constraint.upper };
            let mut entries = constraint.row.iter().enumerate().filter(|(_, value)| **value != 0.0);
            if let (Some((variable, &1.0)), None) = (entries.next(), entries.next()) {
                self.x[variable] = bound;
            }
        }
    }

    fn worst(&self, multipliers: &[f64]) -> Option<usize> {
        let tolerance = 1e-13 * self.slope_size();
        let candidates = multipliers.iter().enumerate().filter(|(_, value)| **value < -tolerance);
        candidates.min_by(|a, b| a.1.total_cmp(b.1)).map(|(k, _)| k)
    }

    fn finish(self) -> Minimum {
        let (_, multipliers) = self.equality_step();
        let with_multiplier = |(&(constraint, side), &multiplier): (&(usize, Side), &f64)| Active {
            constraint,
            side,
            multiplier: multiplier.max(0.0),
        };
        let active = self.working.iter().zip(&multipliers).map(with_multiplier).collect();
        Minimum { x: self.x, active }
    }
}

/// A constraint in scaled variables, its largest coefficient brought to 1.
pub(crate) struct ScaledRow {
    pub entries: Vec<f64>,
    pub size: f64,
}

impl ScaledRow {
    pub(crate) fn new(row: &[f64], scale: &[f64]) -> Self {
        let scaled: Vec<f64> = row.iter().zip(scale).map(|(value, scale)| value / scale).collect();
        let size = scaled.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
        ScaledRow { entries: scaled.iter().map(|value| value / size).collect(), size }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(rows: &[&[f64]]) -> Array2<f64> {
        Array2::from_shape_fn((rows.len(), rows[0].len()), |(row, col)| rows[row][col])
    }

    #[test]
    fn interior_minimum_is_the_linear_solution() {
        let a = matrix(&[&[4.0, 1.0], &[1.0, 3.0]]);
        let found = minimise(&a, &[1.0, 2.0], &box_constraints(&[-9.0; 2], &[9.0; 2]), &[0.0, 0.0]);
        assert!((found.x[0] - 1.0 / 11.0).abs() < 1e-12 && (found.x[1] - 7.0 / 11.0).abs() < 1e-12);
        assert!(found.active.is_empty());
    }

    #[test]
    fn minimum_on_a_bound_has_a_positive_multiplier() {
        let a = matrix(&[&[2.0, 0.0], &[0.0, 2.0]]);
        let found = minimise(&a, &[4.0, 1.0], &box_constraints(&[0.0; 2], &[1.0; 2]), &[0.5, 0.5]);
        assert_eq!(found.x[0], 1.0);
        assert!((found.x[1] - 0.5).abs() < 1e-12);
        assert_eq!(found.active[0].side, Side::Upper);
        assert!((found.active[0].multiplier - 2.0).abs() < 1e-10);
    }

    #[test]
    fn a_bound_met_on_the_way_is_left_again() {
        // Starts on a bound that is not active at the minimum.
        let a = matrix(&[&[1.0, 0.9], &[0.9, 1.0]]);
        let found = minimise(&a, &[1.0, 1.2], &box_constraints(&[0.0; 2], &[5.0; 2]), &[5.0, 0.0]);
        let slope: Vec<f64> = a.times(&found.x).iter().zip([1.0, 1.2]).map(|(ax, b)| ax - b).collect();
        assert!(found.x[0] == 0.0 && slope[0] >= 0.0 && slope[1].abs() < 1e-12, "{found:?}");
    }

    #[test]
    fn the_residual_form_finds_the_same_minimum_and_keeps_twice_the_digits() {
        let a = matrix(&[&[1.0, 0.9], &[0.3, 1.1], &[0.2, -0.4]]);
        let f = [-1.0, 0.4, 0.3];
        let square = Array2::from_shape_fn((2, 2), |(row, col)| dot(&a.column_values(row), &a.column_values(col)));
        let right: Vec<f64> = (0..2).map(|k| -dot(&a.column_values(k), &f)).collect();
        for bounds in [box_constraints(&[-9.0; 2], &[9.0; 2]), box_constraints(&[0.0; 2], &[0.4; 2])] {
            let (plain, direct) =
                (minimise(&square, &right, &bounds, &[0.1; 2]), minimise_residual(&a, &f, &bounds, &[0.1; 2]));
            assert!((plain.x[0] - direct.x[0]).abs() < 1e-12 && (plain.x[1] - direct.x[1]).abs() < 1e-12);
            assert_eq!(plain.active.len(), direct.active.len());
            for (plain, direct) in plain.active.iter().zip(&direct.active) {
                assert!((plain.multiplier - direct.multiplier).abs() < 1e-12, "{plain:?} {direct:?}");
            }
        }
        // Columns that differ by 1e-7: the normal equations cannot tell them apart, the residual form can.
        let near = matrix(&[&[1.0, 1.0], &[0.0, 1e-7], &[0.0, 0.0]]);
        let found = minimise_residual(&near, &[-3.0, -2e-7, 0.0], &box_constraints(&[-9.0; 2], &[9.0; 2]), &[0.0; 2]);
        assert!((found.x[0] - 1.0).abs() < 1e-8 && (found.x[1] - 2.0).abs() < 1e-8, "{found:?}");
    }

    #[test]
    fn coupled_constraints_hold() {
        let constraints = [Constraint { row: vec![1.0, 1.0], lower: 0.0, upper: 1.0 }];
        let found = minimise(&matrix(&[&[1.0, 0.0], &[0.0, 1.0]]), &[2.0, 1.0], &constraints, &[0.0, 0.0]);
        assert!((found.x[0] - 1.0).abs() < 1e-10 && found.x[1].abs() < 1e-10, "{found:?}");
        assert_eq!(found.active.len(), 1);
    }

    #[test]
    fn last_bits_choose_no_step_along_a_flat_direction() {
        // Normal equations of residuals u (x + 3 y) - value: x + 3 y is determined, 3 x - y is not.
        let residuals = |k: usize| (0.1 + (k as f64 * 0.7).sin(), 40.0 + (k as f64 * 1.3).cos());
        for seed in 0..20 {
            let bits = |place: usize| 1.0 + 4e-16 * ((seed * 7 + place * 13) as f64).sin();
            let sum = |place: usize, term: &dyn Fn((f64, f64)) -> f64| {
                (0..300).map(|k| term(residuals((k + 31 * seed) % 300))).sum::<f64>() * bits(place)
            };
            let (one, cross) = (sum(0, &|(u, _)| u * u), sum(1, &|(u, _)| 3.0 * u * u));
            let a = matrix(&[&[one, cross], &[cross, sum(2, &|(u, _)| 9.0 * u * u)]]);
            let b = [sum(3, &|(u, value)| u * value), sum(4, &|(u, value)| 3.0 * u * value)];
            let wide = minimise(&a, &b, &box_constraints(&[-1e4; 2], &[1e4; 2]), &[0.0; 2]);
            let best = b[0] / one;
            assert!((wide.x[0] + 3.0 * wide.x[1] - best).abs() < 1e-10 * best, "{seed}: {wide:?}");
            // The shortest step in units of either's own curvature.
            assert!((wide.x[0] - 3.0 * wide.x[1]).abs() < 1e-10 * best, "{seed}: {wide:?}");
            // Where a bound holds one of them, the other goes on alone.
            let narrow = minimise(&a, &b, &box_constraints(&[-1.0, -1e4], &[1.0, 1e4]), &[0.0; 2]);
            assert!(narrow.x[0] == 1.0 && (1.0 + 3.0 * narrow.x[1] - best).abs() < 1e-10 * best, "{seed}: {narrow:?}");
        }
    }

    #[test]
    fn flat_directions_stay_put() {
        let a = matrix(&[&[0.0, 0.0], &[0.0, 2.0]]);
        let found = minimise(&a, &[0.0, 1.0], &box_constraints(&[0.0; 2], &[1.0; 2]), &[0.3, 0.0]);
        assert!((found.x[0] - 0.3).abs() < 1e-9 && (found.x[1] - 0.5).abs() < 1e-12, "{found:?}");
    }
}
