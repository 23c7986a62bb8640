//! Standard errors of everything that was fitted, and what the data do not determine. It judges nothing.

use crate::fit::errors::bread::Bread;
use crate::fit::errors::covariance::{ScalingVariance, full_covariance, scaling_variances};
use crate::fit::errors::frame_robust::sandwich;
use crate::fit::errors::last_sweep::{LastSweep, LossMeans};
use crate::fit::errors::speckle_noise::{Fitted, SpeckleNoise};
use crate::fit::errors::trade_offs::{Law, LawFindings, direction, unbounded, wider_than_bounds};
use crate::fit::solver::problem::{Point, Problem, moving};
use crate::likelihood::spectrum::Spectrum;
use crate::outcome::fit::UndeterminedDirection;
use crate::outcome::parameter::UncertaintyMethod;
use ndarray::Array2;

/// Standard errors of physical parameters and scaling.
pub struct Uncertainty {
    /// Physical parameters that are free and not on a bound.
    pub moving: Vec<usize>,
    /// Covariance of the moving parameters and then all scaling coefficients, physical units, pairs taken as independent.
    pub plain: Array2<f64>,
    /// The same, allowing for what pairs share; `None` if the fit was stopped before the last sweep.
    pub robust: Option<Array2<f64>>,
    /// Inverse Hessian of plain least squares.
    pub squared: Array2<f64>,
    /// Mean weight that a robust loss leaves a pair: the cost that was minimised is so much flatter.
    mean_weight: f64,
    /// Whether the reported errors are the noise's in closed form.
    pub is_closed: bool,
    /// The noise of every angle; `None` if the fit was stopped before the last sweep.
    pub noise: Option<SpeckleNoise>,
    /// Whether the plain errors are real: they need the noise.
    pub plain_is_known: bool,
    /// Moving parameters that take part in an undetermined direction.
    pub undetermined: Vec<usize>,
    /// The directions in words.
    pub directions: Vec<UndeterminedDirection>,
    /// What the cost itself has to decide: power laws whose exponent cannot be told from zero.
    suspects: Vec<LawFindings>,
    /// Condition number of the reduced Hessian, scaled to a unit diagonal.
    pub condition_number: Option<f64>,
    /// Reported variances of contrast and offset of every angle.
    pub scaling_variances: Vec<ScalingVariance>,
    /// The same, pairs taken as independent.
    pub scaling_variances_plain: Vec<ScalingVariance>,
}

/// Covariances of both kinds.
struct Covariances {
    plain: Array2<f64>,
    /// Inverse Hessian of plain least squares.
    squared: Array2<f64>,
    robust: Option<Array2<f64>>,
    noise: Option<SpeckleNoise>,
}

impl Covariances {
    /// Undetermined parameters are held, so that the others keep a meaning.
    fn of(problem: &Problem<'_>, point: &Point, last: Option<&LastSweep>, places: (&[usize], &[usize])) -> Self {
        let (moving, held) = places;
        let inverse = full_covariance(problem, point, moving, held);
        let Some(last) = last else {
            return Covariances { squared: inverse.clone(), plain: inverse, robust: None, noise: None };
        };
        let LossMeans { weight, squares, slope, .. } = last.loss_means();
        // An M-estimator's covariance is E[psi^2] / E[psi']^2 (X'X)^-1 (Huber, Ann. Stat. 1 (1973) 799), and the weighted
        // Hessian is E[rho'] X'X.
        let plain = &inverse * (weight * squares / (slope * slope));
        let bread = |inverse| Bread {
            inverse,
            moving,
            contrasts: point.scaling.per_angle.iter().map(|scaling| scaling.contrast).collect(),
        };
        let squared = &inverse * weight;
        let noise = Fitted { problem, point, last, bread: &bread(&squared) }.noise();
        let robust = match last.plain {
            None => noise.covariance.clone(),
            Some(_) => {
                let known = problem.noise_is_known.then_some(&plain);
                sandwich(problem, &last.nodes, &last.sums, &bread(&(&inverse * (weight / slope))), known)
            }
        };
        Covariances { plain, squared, robust: Some(robust), noise: Some(noise) }
    }

    fn reported(&self) -> &Array2<f64> {
        self.robust.as_ref().unwrap_or(&self.plain)
    }
}

impl Uncertainty {
    /// At a point, from what the last sweep has found.
    #[must_use]
    pub fn of(problem: &Problem<'_>, point: &Point, last: Option<&LastSweep>) -> Self {
        let (free, moving) = (problem.space.free(), moving(problem, point));
        let name = |parameter: usize| problem.space.physical[parameter].name.as_str();
        // Over all free parameters: a flat direction that ends on a bound is flat all the same.
        let spectrum = Spectrum::of(&problem.in_coordinates(&point.evaluation, &point.theta, &free));
        let mut directions = Vec::new();
        let mut flat = Vec::new();
        for members in &spectrum.directions {
            let parameters: Vec<usize> = members.iter().map(|&k| free[k]).collect();
            directions.push(direction(&parameters.iter().map(|&k| name(k)).collect::<Vec<&str>>()));
            flat.extend(parameters);
        }
        let mut undetermined: Vec<usize> = (0..moving.len()).filter(|&k| flat.contains(&moving[k])).collect();
        let covariances = Covariances::of(problem, point, last, (&moving, &undetermined));
        for (k, &parameter) in moving.iter().enumerate() {
            // Where the data say nothing rounding may leave no variance.
            let (reported, plain) = (covariances.reported()[[k, k]], covariances.plain[[k, k]]);
            let variance = if reported > 0.0 { reported } else { plain };
            if !undetermined.contains(&k) && wider_than_bounds(problem, point, parameter, variance) {
                undetermined.push(k);
                directions.push(unbounded(name(parameter)));
            }
        }
        let mut suspects = Vec::new();
        for &places in problem.space.mode.power_laws() {
            let law = Law { problem, point, moving: &moving, places };
            if let Some((other, direction)) = law.at_the_end_of_a_valley(covariances.reported()) {
                directions.extend(Some(direction).filter(|_| !undetermined.contains(&other)));
                undetermined.push(other);
            }
            suspects.extend(law.in_a_valley(covariances.reported()));
        }
        let variances = |matrix: &Array2<f64>| scaling_variances(problem, matrix, moving.len());
        Uncertainty {
            scaling_variances: variances(covariances.reported()),
            scaling_variances_plain: variances(&covariances.plain),
            plain_is_known: problem.noise_is_known,
            plain: covariances.plain,
            robust: covariances.robust,
            squared: covariances.squared,
            mean_weight: last.map_or(1.0, |last| last.loss_means().weight),
            is_closed: last.is_some_and(|last| last.plain.is_none()),
            noise: covariances.noise,
            moving,
            undetermined,
            directions,
            suspects,
            condition_number: spectrum.condition_number,
        }
    }

    /// Reported standard errors of all physical parameters.
    #[must_use]
    pub fn errors(&self) -> Vec<Option<f64>> {
        let last = self.moving.last().map_or(0, |last| last + 1);
        (0..last).map(|parameter| self.standard_error(parameter)).collect()
    }

    /// Reports the covariance of other estimates in place of that of least squares.
    pub fn set_covariance(&mut self, problem: &Problem<'_>, covariance: Array2<f64>) {
        self.scaling_variances = scaling_variances(problem, &covariance, self.moving.len());
        self.robust = Some(covariance);
    }

    /// Parameters for which the cost itself has to say whether the data determine them.
    #[must_use]
    pub fn suspected(&self) -> Vec<usize> {
        let known = |k: &usize| !self.undetermined.contains(k);
        self.suspects.iter().flat_map(|law| law.members.iter().copied().filter(known)).map(|k| self.moving[k]).collect()
    }

    /// Decides about suspects: those of which a parameter's interval does not end before its bounds are undetermined.
    pub fn settle(&mut self, is_closed: &dyn Fn(usize) -> bool) {
        for law in std::mem::take(&mut self.suspects) {
            if !law.members.iter().all(|&k| is_closed(self.moving[k])) {
                // All that are undetermined are named.
                let is_told = |name: &String| self.directions.iter().any(|told| told.parameters.contains(name));
                let told = law.direction.parameters.iter().all(is_told);
                self.directions.extend(Some(law.direction).filter(|_| !told));
                self.undetermined.extend(law.members);
            }
        }
    }

    /// How much larger the reported variance is than that of the cost, which takes pairs as independent.
    #[must_use]
    pub fn widening(&self, parameter: usize) -> f64 {
        let place = self.moving.iter().position(|&moving| moving == parameter);
        place.map_or(1.0, |k| self.reported()[[k, k]] * self.mean_weight / self.squared[[k, k]])
    }

    /// The covariance behind the reported errors.
    #[must_use]
    pub fn reported(&self) -> &Array2<f64> {
        self.robust.as_ref().unwrap_or(&self.plain)
    }

    /// The covariances of the reported and of the plain errors, where these are real.
    #[must_use]
    pub fn known_covariances(&self) -> [Option<&Array2<f64>>; 2] {
        [Some(self.reported()).filter(|_| self.is_known()), Some(&self.plain).filter(|_| self.plain_is_known)]
    }

    /// What the reported errors allow for.
    #[must_use]
    pub fn kind(&self) -> UncertaintyMethod {
        match (&self.robust, self.is_closed) {
            (Some(_), true) => UncertaintyMethod::Speckle,
            (Some(_), false) => UncertaintyMethod::FrameRobust,
            (None, _) => UncertaintyMethod::Plain,
        }
    }

    /// Whether the reported errors are real: without known noise only the residuals tell errors, by the last sweep.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.robust.is_some() || self.plain_is_known
    }

    /// Reported standard error of a physical parameter, if it has one.
    #[must_use]
    pub fn standard_error(&self, parameter: usize) -> Option<f64> {
        self.error_in(self.reported(), parameter).filter(|_| self.is_known())
    }

    /// Standard error of a physical parameter with pairs taken as independent, if it has one.
    #[must_use]
    pub fn plain_error(&self, parameter: usize) -> Option<f64> {
        self.error_in(&self.plain, parameter).filter(|_| self.plain_is_known)
    }

    fn error_in(&self, covariance: &Array2<f64>, parameter: usize) -> Option<f64> {
        let k = self.moving.iter().position(|&moving| moving == parameter)?;
        let variance = covariance[[k, k]];
        (!self.undetermined.contains(&k) && variance.is_finite() && variance > 0.0).then(|| variance.sqrt())
    }
}
