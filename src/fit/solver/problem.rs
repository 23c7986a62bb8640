//! What is solved: a fit without its data, and how its reduced system at a theta is made, from Gram matrices, from block factors, or
//! from all rows in memory. Each gives the same numbers, with more digits and more work from one to the next. It decides nothing
//! about steps.

use crate::error::Result;
use crate::fit::settings::Tolerances;
use crate::fit::solver::trust_region::TrustRegion;
use crate::likelihood::joint::{Joint, free_bases, maps};
use crate::likelihood::reduced::{Evaluation, reduce, reduce_joint};
use crate::likelihood::scaling::{Scaling, ScalingMap};
use crate::parameters::definitions::LawPlaces;
use crate::parameters::power_law::PowerLaw;
use crate::parameters::scaling::AngleScaling;
use crate::parameters::space::ParameterSpace;
use crate::sums::algebra::dot;
use crate::sums::factor::Factor;
use crate::sums::gram::Gram;
use crate::sums::loss::{Loss, Reweighing};
use crate::sums::objective::{Objective, Query, RawData};
use crate::sums::rank_update::Depth;
use ndarray::Array2;

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

impl Problem<'_> {
    /// Names of moving parameters and scaling coefficients.
    #[must_use]
    pub fn names(&self, moving: &[usize]) -> Vec<String> {
        let physical = moving.iter().map(|&k| self.space.physical[k].name.clone());
        physical.chain(self.map.named().into_iter().map(|coefficient| coefficient.name)).collect()
    }

    /// The nearest point between the bounds.
    #[must_use]
    pub fn between_bounds(&self, theta: &[f64]) -> Vec<f64> {
        let parameters = self.space.physical.iter();
        theta.iter().zip(parameters).map(|(value, known)| value.clamp(known.lower, known.upper)).collect()
    }

    /// A trust region over the free search coordinates.
    #[must_use]
    pub fn trust_region(&self, free: &[usize], start: &[f64]) -> TrustRegion {
        let coordinates = |value: &dyn Fn(usize) -> f64| {
            free.iter().map(|&k| self.space.physical[k].coordinate(value(k))).collect::<Vec<f64>>()
        };
        let lower = coordinates(&|k| self.space.physical[k].lower);
        let upper = coordinates(&|k| self.space.physical[k].upper);
        let in_coordinate = |&k: &usize| {
            self.x_scale.get(k).copied().flatten().map(|size| size / self.space.physical[k].slope(start[k]))
        };
        let sizes = free.iter().map(in_coordinate).collect();
        TrustRegion::new(&coordinates(&|k| start[k]), (lower, upper), self.tolerances).with_sizes(sizes)
    }

    /// Full parameter vector for free search coordinates, and the coordinates that it really has: power laws whose three
    /// parameters are free follow their bent path from `from`.
    #[must_use]
    pub fn theta_of(&self, free: &[usize], coordinates: &[f64], from: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let mut theta = from.to_vec();
        for (&k, &coordinate) in free.iter().zip(coordinates) {
            theta[k] = self.space.physical[k].value(coordinate);
        }
        for law in self.space.mode.power_laws() {
            if law.all().iter().all(|k| free.contains(k)) {
                self.bend(*law, from, &mut theta, |k| coordinates[free.iter().position(|&f| f == k).unwrap_or(0)]);
            }
        }
        let coordinates = free.iter().map(|&k| self.space.physical[k].coordinate(theta[k])).collect();
        (theta, coordinates)
    }

    /// Replaces the straight step of one power law by the bent one, if there is one between the bounds. What the straight step
    /// puts on a bound stays there: the bent path agrees with it to first order only, and would leave the bound again.
    fn bend(&self, law: LawPlaces, from: &[f64], theta: &mut [f64], coordinate: impl Fn(usize) -> f64) {
        let physical = &self.space.physical;
        let tangent = |k: usize| (coordinate(k) - physical[k].coordinate(from[k])) * physical[k].slope(from[k]);
        let [amplitude, exponent, constant] = law.all().map(tangent);
        let step = PowerLaw { amplitude, exponent, constant };
        let Some(bent) = law.of(from).bent(step, self.t_ref_seconds) else { return };
        let mut values = [bent.amplitude, bent.exponent, bent.constant];
        for (value, k) in values.iter_mut().zip(law.all()) {
            if theta[k] <= physical[k].lower || theta[k] >= physical[k].upper {
                *value = theta[k];
            }
        }
        let bends = law.all().into_iter().zip(values);
        if bends.clone().all(|(k, value)| (physical[k].lower..=physical[k].upper).contains(&value)) {
            bends.for_each(|(k, value)| theta[k] = value);
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
            hessian: Array2::from_shape_fn((free.len(), free.len()), |(row, col)| {
                evaluation.hessian[[free[row], free[col]]] * slope(row) * slope(col)
            }),
            residual: evaluation.residual.as_ref().map(|(a, f)| {
                (
                    Array2::from_shape_fn((a.nrows(), free.len()), |(row, col)| a[[row, free[col]]] * slope(col)),
                    f.clone(),
                )
            }),
        }
    }
}

/// Where the numbers come from.
#[derive(Clone, Copy)]
pub enum System<'a> {
    /// One sweep: Gram matrices.
    Gram(&'a dyn Objective),
    /// One sweep of data that are nearly all data, and what they lack.
    Tilted(&'a dyn Objective, &'a Tilt),
    /// One sweep: block QR.
    Factor(&'a dyn RawData),
    /// One sweep for the scaling, one that fills the full Jacobian, and its QR.
    FullBatch(&'a dyn RawData),
}

/// What the cost of some data lacks of that of others, to first order around a theta.
pub struct Tilt {
    theta: Vec<f64>,
    cost: f64,
    gradient: Vec<f64>,
}

/// Weighted sums, scaling and reduced system at one theta.
pub struct Point {
    /// Physical parameters.
    pub theta: Vec<f64>,
    /// Weighted Gram matrices.
    pub grams: Vec<Gram>,
    /// Scaling.
    pub scaling: Scaling,
    /// Reduced system of all physical parameters.
    pub evaluation: Evaluation,
    /// The factor behind it, unless it was made from Gram matrices.
    pub joint: Option<Joint>,
}

/// A robust scaling counts as settled when another round would lower the cost by less than this.
const SETTLED: f64 = 1e-8;
const SETTLING_ROUNDS: usize = 60;

impl System<'_> {
    /// The data as anything that can be swept.
    #[must_use]
    pub fn objective(&self) -> &dyn Objective {
        match self {
            System::Gram(objective) | System::Tilted(objective, _) => *objective,
            System::Factor(data) | System::FullBatch(data) => *data,
        }
    }

    /// Evaluates the problem at `theta`. Where the model overflows, the cost is infinite.
    ///
    /// # Errors
    /// What the sweeps report.
    pub fn point(&self, problem: &Problem<'_>, theta: Vec<f64>) -> Result<Point> {
        let robust = problem.settled(self.objective(), &theta)?;
        let reweighing = robust.as_ref().map(|scaling| problem.reweighing(scaling));
        let query = problem.query(&theta, reweighing.as_deref());
        let (factors, grams) = match self {
            System::Factor(data) => {
                let factors = data.factors(&query)?;
                let grams: Vec<Gram> = factors.iter().map(Factor::gram).collect();
                (Some(factors), grams)
            }
            _ => (None, self.objective().sweep(&query, Depth::Normal)?),
        };
        if grams.iter().any(|gram| !gram.is_finite()) {
            return Ok(Point::impossible(theta, grams));
        }
        let optimal = problem.map.eliminate(&grams);
        let scaling = robust.unwrap_or(optimal);
        let joint = self.joint(problem, &query, factors.as_deref(), &scaling)?;
        let evaluation = match (&joint, self) {
            (None, System::Tilted(_, tilt)) => tilt.tilted(reduce(&grams, &problem.map, &scaling), &theta),
            (None, _) => reduce(&grams, &problem.map, &scaling),
            (Some(joint), _) => reduce_joint(&grams, joint),
        };
        Ok(Point { theta, grams, scaling, evaluation, joint })
    }

    fn joint(
        &self,
        problem: &Problem<'_>,
        query: &Query<'_>,
        factors: Option<&[Factor]>,
        scaling: &Scaling,
    ) -> Result<Option<Joint>> {
        if matches!(self, System::Gram(_) | System::Tilted(..)) {
            return Ok(None);
        }
        let p = query.theta.len();
        let bases = free_bases(&problem.map, scaling);
        let maps = maps(&problem.map, scaling, &bases, p);
        Ok(match (self, factors) {
            (System::FullBatch(data), _) => Some(Joint::new(data.rows(query, &maps)?.into_factor(), bases, p)),
            (_, Some(factors)) => Some(Joint::of_angles(factors, &maps, bases)),
            _ => None,
        })
    }
}

impl Tilt {
    /// From one point to another at the same theta.
    #[must_use]
    pub fn between(from: &Point, to: &Point) -> Self {
        let gradients = from.evaluation.gradient.iter().zip(&to.evaluation.gradient);
        Tilt {
            theta: to.theta.clone(),
            cost: to.evaluation.cost - from.evaluation.cost,
            gradient: gradients.map(|(from, to)| to - from).collect(),
        }
    }

    fn tilted(&self, evaluation: Evaluation, theta: &[f64]) -> Evaluation {
        let away: Vec<f64> = theta.iter().zip(&self.theta).map(|(theta, from)| theta - from).collect();
        let gradient = evaluation.gradient.iter().zip(&self.gradient).map(|(known, lacking)| known + lacking).collect();
        Evaluation { cost: evaluation.cost + self.cost + dot(&self.gradient, &away), gradient, ..evaluation }
    }
}

impl Point {
    /// Lets the scaling that was held take part in the reduced system, where it is.
    pub fn free_scaling(&mut self, map: &ScalingMap) {
        if !self.grams.iter().all(Gram::is_finite) {
            return;
        }
        self.scaling.active = map.eliminate(&self.grams).active;
        self.evaluation = reduce(&self.grams, map, &self.scaling);
        self.joint = None;
    }

    /// A theta at which the model overflows: it costs everything, and no step is accepted there.
    fn impossible(theta: Vec<f64>, grams: Vec<Gram>) -> Self {
        let scaling = Scaling { per_angle: vec![AngleScaling::default(); grams.len()], active: Vec::new() };
        let evaluation = Evaluation::impossible(theta.len());
        Point { theta, grams, scaling, evaluation, joint: None }
    }
}

impl Problem<'_> {
    /// A query in units of sigma.
    #[must_use]
    pub fn query<'q>(&'q self, theta: &'q [f64], reweighing: Option<&'q [Reweighing]>) -> Query<'q> {
        Query { theta, weights: Some(&self.weights), reweighing }
    }

    /// The loss of every angle at a scaling.
    #[must_use]
    pub fn reweighing(&self, scaling: &Scaling) -> Vec<Reweighing> {
        let of_angle = |(&scaling, &weight): (&AngleScaling, &f64)| {
            let turn = self.f_scale / weight.sqrt();
            Reweighing { loss: self.loss, turn, scaling }
        };
        scaling.per_angle.iter().zip(&self.weights).map(of_angle).collect()
    }

    /// The scaling that is optimal at a theta under plain weights, by a cost sweep.
    ///
    /// # Errors
    /// What the sweep reports.
    pub fn scaling(&self, objective: &dyn Objective, theta: &[f64]) -> Result<Scaling> {
        Ok(self.map.eliminate(&objective.sweep(&self.query(theta, None), Depth::Cost)?))
    }

    /// The reduced cost at a theta, by cost sweeps; infinite where the model overflows.
    ///
    /// # Errors
    /// What the sweeps report.
    pub fn cost(&self, objective: &dyn Objective, theta: &[f64]) -> Result<f64> {
        let robust = self.settled(objective, theta)?;
        let reweighing = robust.as_ref().map(|scaling| self.reweighing(scaling));
        let grams = objective.sweep(&self.query(theta, reweighing.as_deref()), Depth::Cost)?;
        if grams.iter().any(|gram| !gram.is_finite()) {
            return Ok(f64::INFINITY);
        }
        let scaling = robust.unwrap_or_else(|| self.map.eliminate(&grams));
        Ok(crate::likelihood::reduced::cost(&grams, &scaling).0)
    }

    /// Under a robust loss: the scaling that is optimal at a theta, by cost sweeps whose weights follow the scaling. It
    /// depends on theta alone, not on where the solver came from.
    fn settled(&self, objective: &dyn Objective, theta: &[f64]) -> Result<Option<Scaling>> {
        if self.loss == Loss::Linear {
            return Ok(None);
        }
        let mut scaling = self.scaling(objective, theta)?;
        let mut earlier = f64::INFINITY;
        for _ in 0..if self.map.blocks.is_empty() { 0 } else { SETTLING_ROUNDS } {
            let reweighing = self.reweighing(&scaling);
            let grams = objective.sweep(&self.query(theta, Some(&reweighing)), Depth::Cost)?;
            if grams.iter().any(|gram| !gram.is_finite()) {
                break;
            }
            let next = self.map.eliminate(&grams);
            let change: f64 = grams.iter().enumerate().map(|(k, gram)| distance(gram, &scaling, &next, k)).sum();
            scaling = scaling.beyond(next, (change / earlier).sqrt());
            earlier = change;
            if change < SETTLED {
                break;
            }
        }
        Ok(Some(scaling))
    }
}

impl Scaling {
    /// Reweighting moves by a constant fraction of the way at each round: once two rounds tell the fraction (the rate at which
    /// their steps shrink), the next goes all the way (Aitken), unless a bound is met.
    fn beyond(&self, next: Scaling, rate: f64) -> Scaling {
        if !(rate > 0.0 && rate < 0.9) || next.active.iter().any(|active| !active.is_empty()) {
            return next;
        }
        let further = |from: f64, to: f64| from + (to - from) / (1.0 - rate);
        let both = self.per_angle.iter().zip(&next.per_angle);
        let per_angle = both.map(|(from, to)| AngleScaling {
            contrast: further(from.contrast, to.contrast),
            offset_less_one: further(from.offset_less_one, to.offset_less_one),
        });
        let per_angle = per_angle.collect();
        Scaling { per_angle, ..next }
    }
}

/// Weighted sum of squares of what two scalings differ by on one angle's pairs.
fn distance(gram: &Gram, one: &Scaling, other: &Scaling, angle: usize) -> f64 {
    let contrast = other.per_angle[angle].contrast - one.per_angle[angle].contrast;
    let offset = other.per_angle[angle].offset_less_one - one.per_angle[angle].offset_less_one;
    contrast * contrast * gram.hh() + 2.0 * contrast * offset * gram.h1() + offset * offset * gram.one_one()
}

/// Free parameters that are not on a bound.
#[must_use]
pub fn moving(problem: &Problem<'_>, point: &Point) -> Vec<usize> {
    let inside = |&k: &usize| {
        let parameter = &problem.space.physical[k];
        point.theta[k] > parameter.lower && point.theta[k] < parameter.upper
    };
    problem.space.free().into_iter().filter(inside).collect()
}
