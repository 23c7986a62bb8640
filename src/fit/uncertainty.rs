//! Covariance of all free numbers at the solution, and what the data do not determine. It judges nothing.

use crate::fit::reduced::{bordered, cross_hessian, map_rows, physical_hessian};
use crate::fit::solve::{Problem, Solution};
use crate::normal::symmetric::Matrix;
use crate::outcome::UndeterminedDirection;

/// Eigenvalues of the scaled Hessian below this fraction of the largest cannot be told from zero in double precision.
const SINGULAR: f64 = 1e-12;

/// The covariance of physical parameters and scaling.
pub struct Uncertainty {
    /// Physical parameters that are free and not on a bound.
    pub moving: Vec<usize>,
    /// Covariance of the moving parameters and then all scaling coefficients, physical units.
    pub covariance: Matrix,
    /// Moving parameters that take part in an undetermined direction.
    pub undetermined: Vec<usize>,
    /// The directions in words.
    pub directions: Vec<UndeterminedDirection>,
    /// Condition number of the reduced Hessian, scaled to a unit diagonal.
    pub condition_number: Option<f64>,
    /// Variances of contrast and offset of every angle.
    pub scaling_variances: Vec<(f64, f64)>,
}

impl Uncertainty {
    /// Of a solution.
    #[must_use]
    pub fn of(problem: &Problem<'_>, solution: &Solution) -> Self {
        let (free, moving) = (problem.space.free(), moving(problem, solution));
        let name = |parameter: usize| problem.space.physical[parameter].name.as_str();
        // Over all free parameters: a flat direction that ends on a bound is flat all the same.
        let spectrum = Spectrum::of(&problem.in_coordinates(&solution.evaluation, &solution.theta, &free).hessian);
        let mut directions = Vec::new();
        let mut flat = Vec::new();
        for members in &spectrum.directions {
            let parameters: Vec<usize> = members.iter().map(|&k| free[k]).collect();
            directions.push(direction(&parameters.iter().map(|&k| name(k)).collect::<Vec<&str>>()));
            flat.extend(parameters);
        }
        let mut undetermined: Vec<usize> = (0..moving.len()).filter(|&k| flat.contains(&moving[k])).collect();
        let covariance = full_covariance(problem, solution, &moving, &undetermined);
        for (k, &parameter) in moving.iter().enumerate() {
            if !undetermined.contains(&k) && wider_than_bounds(problem, solution, parameter, covariance.get(k, k)) {
                undetermined.push(k);
                directions.push(unbounded(name(parameter)));
            }
        }
        for law in LAWS.map(|first| Law { problem, solution, moving: &moving, first }) {
            let found = law.findings(&covariance);
            directions.extend(found.direction.filter(|_| !found.members.iter().any(|k| undetermined.contains(k))));
            undetermined.extend(found.members);
        }
        let scaling_variances = scaling_variances(problem, solution, &covariance, moving.len());
        let condition_number = spectrum.condition_number;
        Uncertainty { moving, covariance, undetermined, directions, condition_number, scaling_variances }
    }

    /// Standard error of a physical parameter, if it has one.
    #[must_use]
    pub fn standard_error(&self, parameter: usize) -> Option<f64> {
        let k = self.moving.iter().position(|&moving| moving == parameter)?;
        let variance = self.covariance.get(k, k);
        (!self.undetermined.contains(&k) && variance.is_finite() && variance > 0.0).then(|| variance.sqrt())
    }
}

/// Free parameters that are not on a bound.
fn moving(problem: &Problem<'_>, solution: &Solution) -> Vec<usize> {
    let inside = |&k: &usize| {
        let parameter = &problem.space.physical[k];
        solution.theta[k] > parameter.lower && solution.theta[k] < parameter.upper
    };
    problem.space.free().into_iter().filter(inside).collect()
}

/// The eigenvalues of a Hessian scaled to a unit diagonal.
struct Spectrum {
    condition_number: Option<f64>,
    /// Members of each undetermined direction.
    directions: Vec<Vec<usize>>,
}

impl Spectrum {
    fn of(hessian: &Matrix) -> Self {
        let n = hessian.n_rows;
        let without_effect: Vec<usize> = (0..n).filter(|&k| hessian.get(k, k) <= 0.0).collect();
        let mut directions: Vec<Vec<usize>> = without_effect.iter().map(|&k| vec![k]).collect();
        let kept: Vec<usize> = (0..n).filter(|k| !without_effect.contains(k)).collect();
        let scaled = hessian.divided(&hessian.diagonal_scale()).select(&kept);
        let Some((values, vectors)) = scaled.eigen().filter(|(values, _)| !values.is_empty()) else {
            return Spectrum { condition_number: None, directions };
        };
        let largest = values[values.len() - 1];
        for (k, _) in values.iter().enumerate().filter(|(_, value)| **value <= SINGULAR * largest) {
            let strongest = (0..kept.len()).map(|row| vectors.get(row, k).abs()).fold(0.0, f64::max);
            let members = (0..kept.len()).filter(|&row| vectors.get(row, k).abs() > 0.1 * strongest);
            directions.push(members.map(|row| kept[row]).collect());
        }
        let condition_number = directions.is_empty().then(|| largest / values[0]);
        Spectrum { condition_number, directions }
    }
}

fn direction(names: &[&str]) -> UndeterminedDirection {
    let description = match names {
        [only] => format!("{only} has no effect on the model here"),
        [first, second] => format!("{first} and {second} trade off: only a combination of them is determined"),
        _ => format!("{} trade off: only combinations of them are determined", names.join(", ")),
    };
    UndeterminedDirection { description, parameters: names.iter().map(|&name| name.to_owned()).collect() }
}

fn unbounded(name: &str) -> UndeterminedDirection {
    let description = format!("the standard error of {name} is wider than half the range of its bounds");
    UndeterminedDirection { description, parameters: vec![name.to_owned()] }
}

/// First parameters of the power laws: amplitude, exponent, constant part.
const LAWS: [usize; 2] = [0, 3];
/// An exponent nearer to zero than this many standard errors leaves amplitude and constant part to trade off.
const DISTINCT: f64 = 3.0;

/// Amplitude, exponent and constant part from `first` on.
struct Law<'a> {
    problem: &'a Problem<'a>,
    solution: &'a Solution,
    moving: &'a [usize],
    first: usize,
}

/// Moving parameters of a law without a standard error, and why.
#[derive(Default)]
struct LawFindings {
    members: Vec<usize>,
    direction: Option<UndeterminedDirection>,
}

impl Law<'_> {
    /// Amplitude and constant part are one and the same where the exponent is zero. If it cannot be told from zero, the
    /// valley of the cost runs along a hyperbola to arbitrarily large amplitudes, and no standard error describes it; if
    /// that valley has ended on a bound of one, the other's error would describe the bound.
    fn findings(&self, covariance: &Matrix) -> LawFindings {
        let place = |offset: usize| self.moving.iter().position(|&moving| moving == self.first + offset);
        let free = self.problem.space.free();
        let all_free = (self.first..self.first + 3).all(|k| free.contains(&k));
        match (place(0), place(1), place(2)) {
            (Some(amplitude), Some(exponent), Some(constant)) => {
                let error = covariance.get(exponent, exponent).max(0.0).sqrt();
                match self.solution.theta[self.first + 1].abs() < DISTINCT * error {
                    true => LawFindings { members: vec![amplitude, constant], direction: Some(self.indistinct()) },
                    false => LawFindings::default(),
                }
            }
            (None, _, Some(other)) | (Some(other), _, None) if all_free => {
                LawFindings { members: vec![other], direction: None }
            }
            _ => LawFindings::default(),
        }
    }

    fn indistinct(&self) -> UndeterminedDirection {
        let name = |offset: usize| self.problem.space.physical[self.first + offset].name.clone();
        let (amplitude, exponent, constant) = (name(0), name(1), name(2));
        let description = format!(
            "{amplitude} and {constant} trade off, because {exponent} is within {DISTINCT} standard errors of 0; fix one of them"
        );
        UndeterminedDirection { description, parameters: vec![amplitude, constant] }
    }
}

/// Whether a standard error, in the search coordinate, exceeds half the range of the bounds.
fn wider_than_bounds(problem: &Problem<'_>, solution: &Solution, parameter: usize, variance: f64) -> bool {
    let known = &problem.space.physical[parameter];
    let range = known.coordinate(known.upper) - known.coordinate(known.lower);
    let error = variance.max(0.0).sqrt() / known.slope(solution.theta[parameter]);
    !error.is_finite() || error > 0.5 * range
}

/// Inverse of the full Hessian of moving parameters and scaling coefficients, which stay on their active constraints.
/// Undetermined parameters are held, so that the others keep a meaning.
fn full_covariance(problem: &Problem<'_>, solution: &Solution, moving: &[usize], held: &[usize]) -> Matrix {
    let n = moving.len() + problem.map.n_free();
    let mut hessian = Matrix::zero(n, n);
    let physical = physical_hessian(&solution.grams, &solution.scaling);
    for (row, &a) in moving.iter().enumerate() {
        for (col, &b) in moving.iter().enumerate() {
            hessian.set(row, col, physical.get(a, b));
        }
    }
    let unit = |k: usize| (0..n).map(|other| f64::from(u8::from(other == k))).collect::<Vec<f64>>();
    let mut rows: Vec<Vec<f64>> = held.iter().map(|&k| unit(k)).collect();
    let mut first = moving.len();
    for (block, active) in problem.map.blocks.iter().zip(&solution.scaling.active) {
        let own = block.hessian(&solution.grams);
        let cross = cross_hessian(block, &solution.grams, &solution.scaling);
        for k in 0..own.n_rows {
            for other in 0..own.n_rows {
                hessian.set(first + k, first + other, own.get(k, other));
            }
            for (row, &parameter) in moving.iter().enumerate() {
                hessian.set(row, first + k, cross.get(parameter, k));
                hessian.set(first + k, row, cross.get(parameter, k));
            }
        }
        for row in map_rows(&problem.map, block, active) {
            let mut wide = vec![0.0; n];
            wide[first..first + row.len()].copy_from_slice(&row);
            rows.push(wide);
        }
        first += own.n_rows;
    }
    invert(&hessian, &rows)
}

/// The leading block of the inverse of the bordered matrix: the inverse on the space that the rows leave free.
fn invert(hessian: &Matrix, rows: &[Vec<f64>]) -> Matrix {
    let n = hessian.n_rows;
    let scale = hessian.diagonal_scale();
    let scaled = hessian.divided(&scale);
    let identity = |size: usize| Matrix::from_fn(size, n, |row, col| f64::from(u8::from(row == col)));
    let inverse = match rows {
        [] => scaled.solve_positive(&identity(n)),
        _ => None,
    };
    let inverse = inverse.unwrap_or_else(|| bordered(&scaled, rows, &scale).solve_many(&identity(n + rows.len())));
    Matrix::from_fn(n, n, |row, col| {
        f64::midpoint(inverse.get(row, col), inverse.get(col, row)) / (scale[row] * scale[col])
    })
}

/// J C J^T of the per-angle values.
fn scaling_variances(problem: &Problem<'_>, solution: &Solution, full: &Matrix, first: usize) -> Vec<(f64, f64)> {
    let mut variances = vec![(0.0, 0.0); solution.grams.len()];
    let mut start = first;
    for block in &problem.map.blocks {
        let m = block.order();
        for (angle, basis) in &block.members {
            let variance = |offset: usize| {
                let term = |k: usize, l: usize| basis[k] * basis[l] * full.get(start + offset + k, start + offset + l);
                (0..m).flat_map(|k| (0..m).map(move |l| (k, l))).map(|(k, l)| term(k, l)).sum::<f64>()
            };
            variances[*angle] = (variance(0), variance(m));
        }
        start += 2 * m;
    }
    variances
}
