//! D(t) and gamma_dot(t) at a solution, with their errors: `d' C d` with d the derivatives of the law by its parameters. It judges
//! nothing.

use crate::fit::errors::uncertainty::Uncertainty;
use crate::fit::solver::problem::Problem;
use crate::outcome::transport::{Rate, TransportPoint};
use crate::parameters::definitions::LawPlaces;

/// The laws of the mode at some times.
#[must_use]
pub fn transport(
    problem: &Problem<'_>,
    theta: &[f64],
    uncertainty: &Uncertainty,
    times_seconds: &[f64],
) -> Vec<TransportPoint> {
    let mode = problem.space.mode;
    let rate = |law: LawPlaces, (value, derivatives): (f64, [f64; 3])| Rate {
        value,
        uncertainty: variance(problem, uncertainty, law, derivatives).map(f64::sqrt),
    };
    let now = |law: LawPlaces, t: f64| rate(law, (law.of(theta).at(t), law.of(theta).derivatives(t)));
    let diffusion = mode.diffusion();
    let at = |(&t_seconds, mean): (&f64, (f64, [f64; 3]))| TransportPoint {
        t_seconds,
        diffusion: now(diffusion, t_seconds),
        mean_diffusion: Some(rate(diffusion, mean)),
        shear_rate: mode.shear().map(|law| now(law, t_seconds)),
    };
    times_seconds.iter().zip(diffusion.of(theta).means(times_seconds)).map(at).collect()
}

/// Fixed parameters have no part in it; `None` where one lies on a bound or is not determined.
fn variance(problem: &Problem<'_>, uncertainty: &Uncertainty, law: LawPlaces, derivatives: [f64; 3]) -> Option<f64> {
    let places = law.all().into_iter().zip(derivatives);
    let free = places.filter(|&(k, _)| problem.space.physical[k].fixed.is_none());
    let place = |(k, derivative): (usize, f64)| {
        uncertainty.standard_error(k)?;
        Some((uncertainty.moving.iter().position(|&moving| moving == k)?, derivative))
    };
    let moving: Vec<(usize, f64)> = free.map(place).collect::<Option<_>>()?;
    let covariance = uncertainty.reported();
    let term = |&(row, a): &(usize, f64)| moving.iter().map(|&(col, b)| a * b * covariance[[row, col]]).sum::<f64>();
    Some(moving.iter().map(term).sum()).filter(|&variance| variance > 0.0)
}
