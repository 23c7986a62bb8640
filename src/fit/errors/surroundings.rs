//! What lies around a minimum: the valley of its cost along a parameter, how many errors a cost is away from the least, and where the
//! cost is no parabola. It walks nowhere.

use crate::error::Result;
use crate::fit::errors::uncertainty::Uncertainty;
use crate::fit::errors::walking::Walking;
use crate::fit::solver::problem::{Point, Problem, System};
use crate::parameters::space::Parameter;
use crate::sums::algebra::{Algebra, dot};
use crate::sums::objective::Objective;

/// A cost that differs by this share from its parabola one error away is none.
const BENT: f64 = 0.5;
/// The parabola is taken from so small a part of one error.
const NEARBY: f64 = 0.125;

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
    /// Moving parameters whose cost is no parabola over one error, by a few costs of the data that are cheap.
    ///
    /// # Errors
    /// What the sweeps report.
    pub fn bent(&self, cheap: &dyn Objective, coarse: &Problem<'_>) -> Result<Vec<usize>> {
        let theta = &self.point.theta;
        let center = System::Gram(cheap).point(coarse, theta.clone())?.evaluation;
        let mut bent = Vec::new();
        for (k, &parameter) in self.uncertainty.moving.iter().enumerate() {
            let Some(step) = self.step(k) else { continue };
            let slope = dot(&center.gradient, &step);
            // Few data have noise of their own, which bends their cost: the parabola is the one that they have nearby.
            let rise = |share: f64| -> Result<Option<f64>> {
                let moved = self.moved(&step, share);
                let is_inside = coarse.between_bounds(&moved) == moved;
                let rise = if is_inside { coarse.cost(cheap, &moved)? - center.cost - share * slope } else { 0.0 };
                Ok(Some(rise).filter(|_| is_inside))
            };
            let nearby = [rise(-NEARBY)?, rise(NEARBY)?].map(|rise| rise.unwrap_or(0.0));
            let parabola = 0.5 * (nearby[0] + nearby[1]) / (NEARBY * NEARBY);
            let smooth = 0.5 * dot(&center.hessian.times(&step), &step);
            let is_bent =
                |rise: Option<f64>| rise.is_some_and(|rise| (rise - parabola).abs() > BENT * parabola.max(smooth));
            if is_bent(rise(-1.0)?) || is_bent(rise(1.0)?) {
                bent.push(parameter);
            }
        }
        Ok(bent)
    }

    /// Where all physical parameters are one reported error of a moving one away, along the valley of the cost.
    fn step(&self, k: usize) -> Option<Vec<f64>> {
        let parameter = self.uncertainty.moving[k];
        let error = self.uncertainty.standard_error(parameter)?;
        Some(self.valley(parameter).iter().map(|along| error * along).collect())
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
