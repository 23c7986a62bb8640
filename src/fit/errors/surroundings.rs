//! What lies around a minimum: the valley of its cost along a parameter, how many errors a cost is away from the least, and where the
//! cost is no parabola. It walks nowhere.

use crate::error::Result;
use crate::fit::errors::uncertainty::Uncertainty;
use crate::fit::errors::walking::Walking;
use crate::fit::settings::Tolerances;
use crate::fit::solver::problem::{Point, Problem};
use crate::parameters::space::{Parameter, ParameterSpace};
use crate::sums::objective::Objective;

/// How many standard errors hold 68 and 95 %.
pub const LEVELS: [f64; 2] = [1.0, 1.959_964];
/// Where the square root of a cost at the end of the 95 % interval differs by this share from that of its parabola, it is none.
const BENT: f64 = 0.15;
/// A minimum is found when the next step would lower its cost by less than this share of what one error raises it.
const SETTLED: f64 = 1e-2;

/// A minimum whose surroundings are looked at.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// What costs are computed from.
    pub objective: &'a dyn Objective,
    /// The cost there.
    pub least: f64,
    /// What was solved.
    pub problem: &'a Problem<'a>,
    /// The minimum.
    pub point: &'a Point,
    /// Its errors.
    pub uncertainty: &'a Uncertainty,
    /// Who hears how far walks have come.
    pub walking: &'a Walking<'a>,
}

impl Surroundings<'_> {
    /// Moving parameters whose cost is no parabola over their 95 % interval, by one cost at either end of it. The Hessian takes the
    /// model as linear: where a number turns the model's slope, as the direction of flow does at an angle across it, an error from it
    /// may be half or twice the right one.
    ///
    /// # Errors
    /// What the sweeps report.
    pub fn bent(&self) -> Result<Vec<usize>> {
        let mut bent = Vec::new();
        for &parameter in &self.uncertainty.moving {
            let Some(error) = self.uncertainty.standard_error(parameter) else { continue };
            let valley = self.valley(parameter);
            for side in [-1.0, 1.0] {
                let moved = self.moved(&valley, side * LEVELS[1] * error);
                // A bound is met there, or the data are far from ending the interval before it.
                if self.problem.between_bounds(&moved) != moved {
                    continue;
                }
                let errors = self.errors_away(parameter, self.problem.cost(self.objective, &moved)?);
                if (errors / LEVELS[1] - 1.0).abs() > BENT {
                    bent.push(parameter);
                    break;
                }
            }
        }
        Ok(bent)
    }

    /// How all physical parameters follow a moving one along the valley of the cost.
    #[must_use]
    pub fn valley(&self, parameter: usize) -> Vec<f64> {
        let (moving, inverse) = (&self.uncertainty.moving, &self.uncertainty.squared);
        let mut valley = vec![0.0; self.point.theta.len()];
        if let Some(k) = moving.iter().position(|&known| known == parameter) {
            moving.iter().enumerate().for_each(|(l, &other)| valley[other] = inverse[[l, k]] / inverse[[k, k]]);
        }
        valley
    }

    /// The parameters with one held at a value.
    #[must_use]
    pub fn holding(&self, parameter: usize, value: f64) -> ParameterSpace {
        let mut space = self.problem.space.clone();
        space.physical[parameter].fixed = Some(value);
        space
    }

    /// By how much one error of a parameter raises the cost.
    #[must_use]
    pub fn rise(&self, parameter: usize) -> f64 {
        0.5 * self.uncertainty.widening(parameter)
    }

    /// When a minimum with a parameter held is found well enough to say how many errors away it is.
    #[must_use]
    pub fn settled(&self, parameter: usize) -> Tolerances {
        let per_pair = self.point.evaluation.cost / self.point.evaluation.pairs.max(1) as f64;
        let ftol = (SETTLED * self.rise(parameter) / per_pair).max(self.problem.tolerances.ftol);
        Tolerances { ftol, ..self.problem.tolerances }
    }

    /// The point a share of a step away, in the coordinates of the search.
    fn moved(&self, step: &[f64], share: f64) -> Vec<f64> {
        let known = self.problem.space.physical.iter().zip(&self.point.theta);
        let along = |((known, &value), step): ((&Parameter, &f64), &f64)| {
            let [below, above] = known.around(value, (share * step).abs());
            let end = if share * step < 0.0 { below } else { above };
            end.unwrap_or(f64::INFINITY)
        };
        known.zip(step).map(along).collect()
    }

    /// How many errors a cost is away from the least.
    #[must_use]
    pub fn errors_away(&self, parameter: usize, cost: f64) -> f64 {
        (2.0 * (cost - self.least).max(0.0) / self.uncertainty.widening(parameter)).sqrt()
    }
}
