//! The loop that reads like the method: ask, sweep, eliminate the scaling, tell. It decides nothing about the result.

use crate::error::{Error, Fault, Result};
use crate::fit::reduced::{Evaluation, reduce};
use crate::fit::scaling::{Scaling, ScalingMap};
use crate::fit::trust_region::{Told, Tolerances, TrustRegion};
use crate::normal::gram::Gram;
use crate::normal::rank_update::Depth;
use crate::normal::symmetric::Matrix;
use crate::objective::Objective;
use crate::outcome::{Iteration, Stop};
use crate::parameters::ParameterSpace;
use crate::parameters::power_law::PowerLaw;

/// A fit without its data: parameters, scaling and weights.
pub struct Problem<'a> {
    /// Parameters and bounds.
    pub space: &'a ParameterSpace,
    /// Free scaling numbers.
    pub map: ScalingMap,
    /// 1 / sigma^2 of every angle.
    pub weights: Vec<f64>,
    /// When to stop.
    pub tolerances: Tolerances,
    /// Time in seconds at which power laws are held while their parameters trade off.
    pub t_ref_seconds: f64,
}

/// Where the solver ended.
pub struct Solution {
    /// Physical parameters.
    pub theta: Vec<f64>,
    /// Weighted Gram matrices there.
    pub grams: Vec<Gram>,
    /// Scaling there.
    pub scaling: Scaling,
    /// Reduced system of all physical parameters there.
    pub evaluation: Evaluation,
    /// Why it stopped.
    pub stop: Stop,
    /// The way.
    pub iterations: Vec<Iteration>,
}

/// Weighted sums, scaling and reduced system at one theta.
struct Point {
    theta: Vec<f64>,
    grams: Vec<Gram>,
    scaling: Scaling,
    evaluation: Evaluation,
}

impl Point {
    /// A theta at which the model overflows: it costs everything, and no step is accepted there.
    fn impossible(theta: Vec<f64>, grams: Vec<Gram>) -> Self {
        let p = theta.len();
        let scaling = Scaling { per_angle: vec![(0.0, 0.0); grams.len()], active: Vec::new() };
        let (gradient, hessian) = (vec![0.0; p], Matrix::zero(p, p));
        let evaluation = Evaluation { cost: f64::INFINITY, cost_rounding: 0.0, pairs: 0, gradient, hessian };
        Point { theta, grams, scaling, evaluation }
    }
}

impl Problem<'_> {
    fn point(&self, objective: &dyn Objective, theta: Vec<f64>, depth: Depth) -> Result<Point> {
        let grams: Vec<Gram> =
            objective.sweep(&theta, depth)?.iter().zip(&self.weights).map(|(gram, &w)| gram.scaled(w)).collect();
        if grams.iter().any(|gram| !gram.is_finite()) {
            return Ok(Point::impossible(theta, grams));
        }
        let scaling = self.map.eliminate(&grams);
        let evaluation = reduce(&grams, &self.map, &scaling);
        Ok(Point { theta, grams, scaling, evaluation })
    }

    /// The reduced cost at a theta, by a cost sweep.
    ///
    /// # Errors
    /// What the sweep reports.
    pub fn cost(&self, objective: &dyn Objective, theta: &[f64]) -> Result<f64> {
        Ok(self.point(objective, theta.to_vec(), Depth::Cost)?.evaluation.cost)
    }

    /// The optimal scaling at a theta, by a cost sweep.
    ///
    /// # Errors
    /// What the sweep reports.
    pub fn scaling(&self, objective: &dyn Objective, theta: &[f64]) -> Result<Scaling> {
        Ok(self.point(objective, theta.to_vec(), Depth::Cost)?.scaling)
    }

    fn between_bounds(&self, theta: &[f64]) -> Vec<f64> {
        let parameters = self.space.physical.iter();
        theta.iter().zip(parameters).map(|(value, known)| value.clamp(known.lower, known.upper)).collect()
    }

    /// A trust region over the free search coordinates.
    fn trust_region(&self, free: &[usize], start: &[f64]) -> TrustRegion {
        let coordinates = |value: &dyn Fn(usize) -> f64| {
            free.iter().map(|&k| self.space.physical[k].coordinate(value(k))).collect::<Vec<f64>>()
        };
        let lower = coordinates(&|k| self.space.physical[k].lower);
        let upper = coordinates(&|k| self.space.physical[k].upper);
        TrustRegion::new(&coordinates(&|k| start[k]), (lower, upper), self.tolerances)
    }

    /// Full parameter vector for free search coordinates, and the coordinates that it really has: power laws whose three
    /// parameters are free follow their bent path from `from`.
    fn theta_of(&self, free: &[usize], coordinates: &[f64], from: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let mut theta = from.to_vec();
        for (&k, &coordinate) in free.iter().zip(coordinates) {
            theta[k] = self.space.physical[k].value(coordinate);
        }
        for first in [0, 3] {
            if (first..first + 3).all(|k| free.contains(&k)) {
                self.bend(first, from, &mut theta, |k| coordinates[free.iter().position(|&f| f == k).unwrap_or(0)]);
            }
        }
        let coordinates = free.iter().map(|&k| self.space.physical[k].coordinate(theta[k])).collect();
        (theta, coordinates)
    }

    /// Replaces the straight step of one power law by the bent one, if there is one between the bounds.
    fn bend(&self, first: usize, from: &[f64], theta: &mut [f64], coordinate: impl Fn(usize) -> f64) {
        let physical = &self.space.physical;
        let law = |values: &[f64]| PowerLaw { amplitude: values[0], exponent: values[1], constant: values[2] };
        let tangent = |k: usize| (coordinate(k) - physical[k].coordinate(from[k])) * physical[k].slope(from[k]);
        let step = law(&[tangent(first), tangent(first + 1), tangent(first + 2)]);
        let Some(bent) = law(&from[first..]).bent(step, self.t_ref_seconds) else { return };
        let values = [bent.amplitude, bent.exponent, bent.constant];
        let inside = |k: usize| (physical[first + k].lower..=physical[first + k].upper).contains(&values[k]);
        if (0..3).all(inside) {
            theta[first..first + 3].copy_from_slice(&values);
        }
    }

    /// The reduced system of the free parameters in search coordinates.
    #[must_use]
    pub fn in_coordinates(&self, evaluation: &Evaluation, theta: &[f64], free: &[usize]) -> Evaluation {
        let slope = |k: usize| self.space.physical[free[k]].slope(theta[free[k]]);
        Evaluation {
            cost: evaluation.cost,
            cost_rounding: evaluation.cost_rounding,
            pairs: evaluation.pairs,
            gradient: free.iter().enumerate().map(|(k, &full)| evaluation.gradient[full] * slope(k)).collect(),
            hessian: Matrix::from_fn(free.len(), free.len(), |row, col| {
                evaluation.hessian.get(free[row], free[col]) * slope(row) * slope(col)
            }),
        }
    }
}

/// Minimises the reduced cost from `start` (physical units). `observe` sees every iteration.
///
/// # Errors
/// What the sweeps report; Parameter if the model overflows at the start.
pub fn minimise(
    objective: &dyn Objective,
    problem: &Problem<'_>,
    start: &[f64],
    observe: &mut dyn FnMut(&Iteration),
) -> Result<Solution> {
    let free = problem.space.free();
    let start = problem.between_bounds(start);
    let mut solver = problem.trust_region(&free, &start);
    let mut best: Option<Point> = None;
    let mut iterations = Vec::new();
    while let Some(asked) = solver.ask().map(<[f64]>::to_vec) {
        let from = best.as_ref().map_or(&start, |best| &best.theta);
        let (theta, coordinates) = problem.theta_of(&free, &asked, from);
        let point = problem.point(objective, theta, Depth::Normal)?;
        if best.is_none() && !point.evaluation.cost.is_finite() {
            return Err(overflow(&point.theta));
        }
        let told = solver.tell(coordinates, problem.in_coordinates(&point.evaluation, &point.theta, &free));
        let iteration = iteration(iterations.len(), &point, &told);
        observe(&iteration);
        iterations.push(iteration);
        if told.accepted {
            best = Some(point);
        }
    }
    let Some(Point { theta, grams, scaling, evaluation }) = best else {
        return Err(Fault::at("solver", "asked for no point").expected("at least one").internal());
    };
    Ok(Solution { theta, grams, scaling, evaluation, stop: solver.stop().unwrap_or(Stop::NothingFree), iterations })
}

fn iteration(number: usize, point: &Point, told: &Told) -> Iteration {
    let evaluation = &point.evaluation;
    Iteration {
        iteration: number,
        cost: evaluation.cost,
        reduced_chi_squared: 2.0 * evaluation.cost / evaluation.pairs.max(1) as f64,
        projected_gradient: told.projected_gradient,
        radius: told.radius,
        accepted: told.accepted,
        theta: point.theta.clone(),
    }
}

fn overflow(theta: &[f64]) -> Error {
    Fault::at("initial_parameters", format!("the model overflows at the start {theta:?}"))
        .expected("finite values of D(t) and gamma_dot(t)")
        .advice("choose other values or tighter bounds")
        .parameter()
}
