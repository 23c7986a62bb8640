//! Standard errors of everything that was fitted, and what the data do not determine. It judges nothing.

use crate::error::{Error, Result};
use crate::fit::errors::covariance::{ScalingVariance, full_covariance, scaling_variances};
use crate::fit::errors::frame_robust::{Bread, FrameNodes, sandwich};
use crate::fit::errors::trade_offs::{Law, direction, unbounded, wider_than_bounds};
use crate::fit::settings::Sharing;
use crate::fit::solver::problem::{Point, Problem, moving};
use crate::likelihood::spectrum::Spectrum;
use crate::outcome::fit::UndeterminedDirection;
use crate::outcome::parameter::UncertaintyKind;
use crate::sums::objective::{RawData, ResidualQuery};
use crate::sums::residuals::ResidualSums;
use ndarray::Array2;

/// Standard errors of physical parameters and scaling.
pub struct Uncertainty {
    /// Physical parameters that are free and not on a bound.
    pub moving: Vec<usize>,
    /// Covariance of the moving parameters and then all scaling coefficients, physical units, pairs taken as independent.
    pub plain: Array2<f64>,
    /// The same, allowing for what pairs share; `None` if the fit was stopped before the last sweep.
    pub robust: Option<Array2<f64>>,
    /// Whether the plain errors are real: they need the noise.
    pub plain_is_known: bool,
    /// Moving parameters that take part in an undetermined direction.
    pub undetermined: Vec<usize>,
    /// The directions in words.
    pub directions: Vec<UndeterminedDirection>,
    /// Condition number of the reduced Hessian, scaled to a unit diagonal.
    pub condition_number: Option<f64>,
    /// Reported variances of contrast and offset of every angle.
    pub scaling_variances: Vec<ScalingVariance>,
    /// The same, pairs taken as independent.
    pub scaling_variances_plain: Vec<ScalingVariance>,
}

/// The last sweep of a fit.
pub struct LastSweep {
    /// What residuals look like, per angle.
    pub sums: Vec<ResidualSums>,
    /// Groups of frames.
    pub nodes: FrameNodes,
}

impl LastSweep {
    /// Sweeps the residuals at a point; `None` if the user asks to stop meanwhile.
    ///
    /// # Errors
    /// What the sweep reports.
    pub fn of(data: &dyn RawData, problem: &Problem<'_>, point: &Point, sharing: Sharing) -> Result<Option<Self>> {
        let n_numbers = problem.space.free().len() + problem.map.n_free();
        let sharing = sharing.for_size(n_numbers, problem.weights.len());
        let nodes = FrameNodes::new(&data.decorrelation(&point.theta), sharing);
        let reweighing = problem.reweighing(&point.scaling);
        let query = ResidualQuery {
            theta: &point.theta,
            weights: Some(&problem.weights),
            reweighing: &reweighing,
            groups: &nodes.groups,
        };
        match data.residuals(&query) {
            Ok(sums) => Ok(Some(LastSweep { sums, nodes })),
            Err(Error::Interrupted(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Under a robust loss the inverse of the weighted Hessian is not yet a covariance: means of rho', of the squared
    /// weighted residuals in units of sigma^2, and of rho' + 2 z rho''.
    fn loss_means(&self) -> (f64, f64, f64) {
        let mean = |value: &dyn Fn(&ResidualSums) -> f64| {
            let pairs = self.sums.iter().map(ResidualSums::pairs).sum::<u64>();
            self.sums.iter().map(value).sum::<f64>() / pairs.max(1) as f64
        };
        (mean(&|sums| sums.weights), mean(&|sums| sums.weighted_squares), mean(&|sums| sums.slopes))
    }
}

/// Covariances of both kinds.
struct Covariances {
    plain: Array2<f64>,
    robust: Option<Array2<f64>>,
}

impl Covariances {
    /// Undetermined parameters are held, so that the others keep a meaning.
    fn of(problem: &Problem<'_>, point: &Point, last: Option<&LastSweep>, places: (&[usize], &[usize])) -> Self {
        let (moving, held) = places;
        let inverse = full_covariance(problem, point, moving, held);
        let Some(last) = last else { return Covariances { plain: inverse, robust: None } };
        let linear = problem.loss == crate::sums::loss::Loss::Linear;
        let (weight, squares, slope) = if linear { (1.0, 1.0, 1.0) } else { last.loss_means() };
        // An M-estimator's covariance is E[psi^2] / E[psi']^2 (X'X)^-1 (Huber, Ann. Stat. 1 (1973) 799), and the weighted
        // Hessian is E[rho'] X'X.
        let bread = &inverse * (weight / slope);
        let plain = &inverse * (weight * squares / (slope * slope));
        let contrasts = point.scaling.per_angle.iter().map(|scaling| scaling.contrast).collect();
        let bread = Bread { inverse: &bread, moving, contrasts };
        let known = problem.noise_is_known.then_some(&plain);
        let robust = sandwich(problem, &last.nodes, &last.sums, &bread, known);
        Covariances { plain, robust: Some(robust) }
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
            let variance = covariances.reported()[[k, k]];
            if !undetermined.contains(&k) && wider_than_bounds(problem, point, parameter, variance) {
                undetermined.push(k);
                directions.push(unbounded(name(parameter)));
            }
        }
        for &places in problem.space.mode.power_laws() {
            let law = Law { problem, point, moving: &moving, places };
            let found = law.findings(covariances.reported());
            directions.extend(found.direction.filter(|_| !found.members.iter().any(|k| undetermined.contains(k))));
            undetermined.extend(found.members);
        }
        let variances = |matrix: &Array2<f64>| scaling_variances(problem, matrix, moving.len());
        Uncertainty {
            scaling_variances: variances(covariances.reported()),
            scaling_variances_plain: variances(&covariances.plain),
            plain_is_known: problem.noise_is_known,
            plain: covariances.plain,
            robust: covariances.robust,
            moving,
            undetermined,
            directions,
            condition_number: spectrum.condition_number,
        }
    }

    /// The covariance behind the reported errors.
    #[must_use]
    pub fn reported(&self) -> &Array2<f64> {
        self.robust.as_ref().unwrap_or(&self.plain)
    }

    /// What the reported errors allow for.
    #[must_use]
    pub fn kind(&self) -> UncertaintyKind {
        if self.robust.is_some() { UncertaintyKind::FrameRobust } else { UncertaintyKind::Plain }
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
