//! The loop that reads like the method: ask, sweep, eliminate the scaling, tell. It decides nothing about the result.

use crate::error::catalogue::Code;
use crate::error::{Error, Fault, Result};
use crate::fit::reduced::Evaluation;
use crate::fit::scaling::ScalingMap;
use crate::fit::system::{Point, System};
use crate::fit::trust_region::{Told, Tolerances, TrustRegion};
use crate::fit::witness::{Evaluated, Witness};
use crate::loss::Loss;
use crate::normal::symmetric::Matrix;
use crate::outcome::{Iteration, Stop};
use crate::parameters::ParameterSpace;
use crate::parameters::power_law::PowerLaw;

/// A fit without its data: parameters, scaling and weights.
#[derive(Clone)]
pub struct Problem<'a> {
    /// Parameters and bounds.
    pub space: &'a ParameterSpace,
    /// Free scaling numbers.
    pub map: ScalingMap,
    /// 1 / sigma^2 of every angle.
    pub weights: Vec<f64>,
    /// Whether sigma is known; without it weights are relative and errors come from residuals alone.
    pub noise_is_known: bool,
    /// When to stop.
    pub tolerances: Tolerances,
    /// Time in seconds at which power laws are held while their parameters trade off.
    pub t_ref_seconds: f64,
    /// Loss of the residuals.
    pub loss: Loss,
    /// Where the loss turns, in units of sigma.
    pub f_scale: f64,
    /// Characteristic sizes of parameters, where the user gives them.
    pub x_scale: Vec<Option<f64>>,
}

/// Where the solver ended.
pub struct Solution {
    /// The best point.
    pub point: Point,
    /// Why it stopped.
    pub stop: Stop,
    /// The way.
    pub iterations: Vec<Iteration>,
}

impl Problem<'_> {
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
        let in_coordinate = |&k: &usize| self.x_scale[k].map(|size| size / self.space.physical[k].slope(start[k]));
        let sizes = free.iter().map(in_coordinate).collect();
        TrustRegion::new(&coordinates(&|k| start[k]), (lower, upper), self.tolerances).with_sizes(sizes)
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

    /// Replaces the straight step of one power law by the bent one, if there is one between the bounds. What the straight step
    /// puts on a bound stays there: the bent path agrees with it to first order only, and would leave the bound again.
    fn bend(&self, first: usize, from: &[f64], theta: &mut [f64], coordinate: impl Fn(usize) -> f64) {
        let physical = &self.space.physical;
        let law = |values: &[f64]| PowerLaw { amplitude: values[0], exponent: values[1], constant: values[2] };
        let tangent = |k: usize| (coordinate(k) - physical[k].coordinate(from[k])) * physical[k].slope(from[k]);
        let step = law(&[tangent(first), tangent(first + 1), tangent(first + 2)]);
        let Some(bent) = law(&from[first..]).bent(step, self.t_ref_seconds) else { return };
        let mut values = [bent.amplitude, bent.exponent, bent.constant];
        for (value, k) in values.iter_mut().zip(first..) {
            if theta[k] <= physical[k].lower || theta[k] >= physical[k].upper {
                *value = theta[k];
            }
        }
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
            is_robust: evaluation.is_robust,
            gradient: free.iter().enumerate().map(|(k, &full)| evaluation.gradient[full] * slope(k)).collect(),
            hessian: Matrix::from_fn(free.len(), free.len(), |row, col| {
                evaluation.hessian.get(free[row], free[col]) * slope(row) * slope(col)
            }),
            residual: evaluation.residual.as_ref().map(|(a, f)| {
                (Matrix::from_fn(a.n_rows, free.len(), |row, col| a.get(row, free[col]) * slope(col)), f.clone())
            }),
        }
    }
}

/// The best point so far: known by its evaluation, and in full once it was swept in this process.
struct Best {
    theta: Vec<f64>,
    point: Option<Point>,
}

/// Minimises the reduced cost from `start` (physical units). The witness sees every iteration and may recall evaluations
/// of an interrupted run, which are then told without a sweep.
///
/// # Errors
/// What the sweeps report; Parameter if the model overflows at the start; Config if what is recalled belongs elsewhere.
pub fn minimise(
    system: System<'_>,
    problem: &Problem<'_>,
    start: &[f64],
    phase: &str,
    witness: &mut dyn Witness,
) -> Result<Solution> {
    let free = problem.space.free();
    let start = problem.between_bounds(start);
    let mut solver = problem.trust_region(&free, &start);
    let recalled = witness.recall(phase);
    let (mut known, mut iterations) = (Vec::new(), Vec::new());
    let mut best: Option<Best> = None;
    let mut stop = None;
    while let Some(asked) = solver.ask().map(<[f64]>::to_vec) {
        let from = best.as_ref().map_or(&start, |best| &best.theta);
        let (theta, coordinates) = problem.theta_of(&free, &asked, from);
        let (evaluation, point) = match recalled.get(known.len()) {
            Some(earlier) => (recall(earlier, &theta)?, None),
            None => match system.point(problem, theta.clone()) {
                Ok(point) => (point.evaluation.clone(), Some(point)),
                Err(Error::Interrupted(_)) if best.is_some() => {
                    stop = Some(Stop::Interrupted);
                    break;
                }
                Err(error) => return Err(error),
            },
        };
        if best.is_none() && !evaluation.cost.is_finite() {
            return Err(overflow(&theta));
        }
        let told = solver.tell(coordinates, problem.in_coordinates(&evaluation, &theta, &free));
        let iteration = iteration(iterations.len(), &evaluation, &told, &theta);
        witness.iteration(&iteration);
        iterations.push(iteration);
        let possible = evaluation.cost.is_finite();
        known.push(Evaluated { theta: theta.clone(), evaluation: possible.then_some(evaluation) });
        if told.accepted {
            best = Some(Best { theta, point });
            if known.len() > recalled.len() {
                witness.keep(phase, &known)?;
            }
        }
    }
    let point = match best {
        Some(Best { point: Some(point), .. }) => point,
        Some(Best { theta, .. }) => system.point(problem, theta)?,
        None => return Err(Fault::at("solver", "asked for no point").expected("at least one").internal()),
    };
    Ok(Solution { point, stop: stop.or(solver.stop()).unwrap_or(Stop::NothingFree), iterations })
}

/// A recalled evaluation, if it is the one that is asked for.
fn recall(earlier: &Evaluated, theta: &[f64]) -> Result<Evaluation> {
    if earlier.theta != theta {
        return Err(Fault::at("checkpoint", format!("an evaluation at {:?}", earlier.theta))
            .expected(format!("one at {theta:?}"))
            .advice("run without --resume")
            .code(Code::E75)
            .config());
    }
    Ok(earlier.evaluation.clone().unwrap_or_else(|| Evaluation::impossible(theta.len())))
}

fn iteration(number: usize, evaluation: &Evaluation, told: &Told, theta: &[f64]) -> Iteration {
    Iteration {
        iteration: number,
        cost: evaluation.cost,
        reduced_chi_squared: 2.0 * evaluation.cost / evaluation.pairs.max(1) as f64,
        projected_gradient: told.projected_gradient,
        radius: told.radius,
        accepted: told.accepted,
        theta: theta.to_vec(),
    }
}

fn overflow(theta: &[f64]) -> Error {
    Fault::at("initial_parameters", format!("the model overflows at the start {theta:?}"))
        .expected("finite values of D(t) and gamma_dot(t)")
        .advice("choose other values or tighter bounds")
        .code(Code::E64)
        .parameter()
}
