//! Convex quadratic programs of a few variables between bounds: the one small solver behind the trust-region step and the
//! elimination of scaling. It does not know what its variables mean.
//!
//! Primal active-set method (Nocedal and Wright, Numerical Optimization, 2nd ed., algorithm 16.3), with a relative
//! ridge of 1e-14 so that flat directions stay put.

use crate::normal::symmetric::{Matrix, dot};

const RIDGE: f64 = 1e-14;

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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// At the lower bound.
    Lower,
    /// At the upper bound.
    Upper,
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
pub fn minimise(a: &Matrix, b: &[f64], constraints: &[Constraint], start: &[f64]) -> Minimum {
    solve(Form::Quadratic { a, ridged: ridged(a), b }, constraints, start)
}

/// Minimises `1/2 |A x + f|^2` between bounds on single variables, from a feasible start, without squaring A.
#[must_use]
pub fn minimise_residual(a: &Matrix, f: &[f64], bounds: &[Constraint], start: &[f64]) -> Minimum {
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

fn ridged(a: &Matrix) -> Matrix {
    let largest = (0..a.n_rows).map(|k| a.get(k, k)).fold(0.0, f64::max);
    // A variable without any curvature gets the largest one: its gradient is zero too, so it stays put.
    let ridge = |k: usize| if a.get(k, k) > 1e-30 * largest { RIDGE * a.get(k, k) } else { largest.max(1.0) };
    Matrix::from_fn(a.n_rows, a.n_cols, |row, col| a.get(row, col) + if row == col { ridge(row) } else { 0.0 })
}

/// What is minimised.
enum Form<'a> {
    Quadratic { a: &'a Matrix, ridged: Matrix, b: &'a [f64] },
    Residual { a: &'a Matrix, f: &'a [f64] },
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
            Form::Quadratic { ridged, .. } => self.quadratic_step(ridged),
            Form::Residual { a, f } => self.residual_step(a, f),
        }
    }

    /// Least squares over the variables that no constraint holds; multipliers are the gradient's parts of the others.
    fn residual_step(&self, a: &Matrix, f: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let variable = |k: usize| self.constraints[k].row.iter().position(|&entry| entry != 0.0).unwrap_or(0);
        let held: Vec<usize> = self.working.iter().map(|(k, _)| variable(*k)).collect();
        let free: Vec<usize> = (0..a.n_cols).filter(|k| !held.contains(k)).collect();
        let residual = |x: &[f64]| a.times(x).iter().zip(f).map(|(ax, f)| ax + f).collect::<Vec<f64>>();
        let length = |k: usize| dot(&a.column(k), &a.column(k)).sqrt();
        let scale: Vec<f64> = free.iter().map(|&k| if length(k) > 0.0 { length(k) } else { 1.0 }).collect();
        let scaled = Matrix::from_fn(a.n_rows, free.len(), |row, col| a.get(row, free[col]) / scale[col]);
        let downhill: Vec<f64> = residual(&self.x).iter().map(|r| -r).collect();
        let solution = scaled.least_squares(&downhill).unwrap_or_else(|| vec![0.0; free.len()]);
        let mut step = vec![0.0; a.n_cols];
        for (k, (&col, x)) in free.iter().zip(solution).enumerate() {
            step[col] = x / scale[k];
        }
        let there: Vec<f64> = self.x.iter().zip(&step).map(|(x, step)| x + step).collect();
        let rest = residual(&there);
        let signed = |(k, (_, side)): (usize, &(usize, Side))| {
            let slope = dot(&a.column(held[k]), &rest);
            if *side == Side::Lower { slope } else { -slope }
        };
        (step, self.working.iter().enumerate().map(signed).collect())
    }

    fn quadratic_step(&self, ridged: &Matrix) -> (Vec<f64>, Vec<f64>) {
        let (n, m) = (ridged.n_rows, self.working.len());
        // Variables are scaled to a unit diagonal, so that pivots compare like with like.
        let scale = ridged.diagonal_scale();
        let rows: Vec<ScaledRow> =
            self.working.iter().map(|(k, _)| ScaledRow::new(&self.constraints[*k].row, &scale)).collect();
        let entry = |i: usize, j: usize| match (i < n, j < n) {
            (true, true) => ridged.get(i, j) / (scale[i] * scale[j]),
            (true, false) => rows[j - n].entries[i],
            (false, true) => rows[i - n].entries[j],
            (false, false) => 0.0,
        };
        let gradient = self.gradient();
        let right: Vec<f64> = (0..n + m).map(|i| if i < n { -gradient[i] / scale[i] } else { 0.0 }).collect();
        let solution = Matrix::from_fn(n + m, n + m, entry).solve(&right);
        let step = (0..n).map(|i| solution[i] / scale[i]).collect();
        let multiplier = |k: usize| solution[n + k] / rows[k].size;
        let signed = |k: usize| if self.working[k].1 == Side::Lower { -multiplier(k) } else { multiplier(k) };
        (step, (0..m).map(signed).collect())
    }

    fn gradient(&self) -> Vec<f64> {
        match &self.form {
            Form::Quadratic { a, b, .. } => a.times(&self.x).iter().zip(*b).map(|(ax, b)| ax - b).collect(),
            Form::Residual { a, f } => {
                let residual: Vec<f64> = a.times(&self.x).iter().zip(*f).map(|(ax, f)| ax + f).collect();
                (0..a.n_cols).map(|k| dot(&a.column(k), &residual)).collect()
            }
        }
    }

    /// The size of the slope at zero, against which multipliers are judged.
    fn slope_size(&self) -> f64 {
        let largest = |values: &[f64]| values.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
        match &self.form {
            Form::Quadratic { b, .. } => largest(b),
            Form::Residual { a, f } => (0..a.n_cols).map(|k| dot(&a.column(k), f).abs()).fold(0.0, f64::max),
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

    fn matrix(rows: &[&[f64]]) -> Matrix {
        Matrix::from_fn(rows.len(), rows[0].len(), |row, col| rows[row][col])
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
        let square = Matrix::from_fn(2, 2, |row, col| dot(&a.column(row), &a.column(col)));
        let right: Vec<f64> = (0..2).map(|k| -dot(&a.column(k), &f)).collect();
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
    fn flat_directions_stay_put() {
        let a = matrix(&[&[0.0, 0.0], &[0.0, 2.0]]);
        let found = minimise(&a, &[0.0, 1.0], &box_constraints(&[0.0; 2], &[1.0; 2]), &[0.3, 0.0]);
        assert!((found.x[0] - 0.3).abs() < 1e-9 && (found.x[1] - 0.5).abs() < 1e-12, "{found:?}");
    }
}
