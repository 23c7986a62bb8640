//! Where to begin when nobody says: a coarse grid on a sample of pairs, then a polish of its best points there.
//! It never touches the full data.

use crate::error::Result;
use crate::fit::solve::{Problem, minimise};
use crate::fit::system::System;
use crate::fit::trust_region::Tolerances;
use crate::objective::Objective;
use crate::parameters::{PHYSICAL, ParameterSpace};

/// What the grid is laid out by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scales {
    /// Wavevector in 1/angstrom.
    pub q_per_angstrom: f64,
    /// Gap in angstrom, or zero.
    pub gap_angstrom: f64,
    /// Frame interval in seconds.
    pub dt_seconds: f64,
    /// Duration of the measurement in seconds.
    pub duration_seconds: f64,
}

impl Scales {
    /// A time in the middle of the measurement, on a logarithmic scale.
    #[must_use]
    pub fn t_ref_seconds(&self) -> f64 {
        (self.dt_seconds * self.duration_seconds).sqrt()
    }
}

/// Points of the grid that are polished.
const POLISHED: usize = 6;
const ALPHAS: [f64; 5] = [-1.2, -0.6, 0.0, 0.6, 1.2];
/// Angles between tried flow directions, in degrees.
const PHI0_STEP: f64 = 45.0;

/// Finds a start for the free parameters of a problem on the sample; fixed ones keep their values.
///
/// # Errors
/// What the sweeps of the sample report.
pub fn from_data(sample: &dyn Objective, problem: &Problem<'_>, scales: &Scales) -> Result<Vec<f64>> {
    let space = problem.space;
    let tolerances = Tolerances { max_iterations: 40, ftol: 1e-6, ..Tolerances::default() };
    let problem = &Problem { tolerances, ..problem.clone() };
    let mut candidates = Vec::new();
    for theta in grid(space, scales) {
        candidates.push((problem.cost(sample, &theta)?, theta));
    }
    candidates.sort_by(|a, b| a.0.total_cmp(&b.0));
    candidates.truncate(POLISHED);
    let mut best: Option<(f64, Vec<f64>)> = None;
    for (_, theta) in candidates {
        let solution = minimise(System::Gram(sample), problem, &theta, "sample", &mut ())?;
        let cost = solution.point.evaluation.cost;
        if best.as_ref().is_none_or(|(least, _)| cost < *least) {
            best = Some((cost, solution.point.theta));
        }
    }
    Ok(best.map_or_else(|| defaults(space), |(_, theta)| theta))
}

/// 1 / sigma^2; an angle without noise counts like the quietest other one, and 1 if there is none.
#[must_use]
pub fn weights(sigma: &[f64]) -> Vec<f64> {
    let quietest = sigma.iter().copied().filter(|&sigma| sigma > 0.0).fold(f64::INFINITY, f64::min);
    let fallback = if quietest.is_finite() { quietest } else { 1.0 };
    sigma.iter().map(|&sigma| if sigma > 0.0 { sigma } else { fallback }).map(|sigma| 1.0 / (sigma * sigma)).collect()
}

/// Default starts, moved between the bounds; fixed values where there are any.
#[must_use]
pub fn defaults(space: &ParameterSpace) -> Vec<f64> {
    let of = |(k, parameter): (usize, &crate::parameters::Parameter)| {
        parameter.fixed.unwrap_or(PHYSICAL[k].start.clamp(parameter.lower, parameter.upper))
    };
    space.physical.iter().enumerate().map(of).collect()
}

fn geometric(first: f64, last: f64, count: usize) -> Vec<f64> {
    let step = (last / first).ln() / (count - 1) as f64;
    (0..count).map(|k| first * (step * k as f64).exp()).collect()
}

/// Decay times from below the frame interval to beyond the measurement, for diffusion and for shear.
fn grid(space: &ParameterSpace, scales: &Scales) -> Vec<Vec<f64>> {
    let (shortest, longest) = (scales.dt_seconds / 2.0, 2.0 * scales.duration_seconds);
    let t_ref = scales.t_ref_seconds();
    // exp(-q^2 D tau) = 1/e at the decay time tau.
    let directions = directions(space);
    // A grid over flow directions is coarser in everything else, so that it takes a few hundred sweeps all the same.
    let coarse = directions.len() > 1;
    let rates: Vec<f64> = geometric(shortest, longest, if coarse { 7 } else { 9 })
        .iter()
        .map(|tau| 1.0 / (scales.q_per_angstrom.powi(2) * tau))
        .collect();
    let alphas = choices(space, 1, if coarse { &ALPHAS[1..4] } else { &ALPHAS });
    let mut grid = Vec::new();
    for (gamma_dot, phi0) in shear_choices(space, scales, &directions) {
        for &alpha in &alphas {
            for &rate in &rates {
                let mut theta = defaults(space);
                set(space, &mut theta, 1, alpha);
                let d0 = rate / t_ref.powf(theta[1]);
                set(space, &mut theta, 0, d0);
                if theta.len() == 7 {
                    set(space, &mut theta, 3, gamma_dot);
                    set(space, &mut theta, 6, phi0);
                }
                grid.push(theta);
            }
        }
    }
    grid.dedup();
    grid
}

/// Flow directions across the bounds of phi0 (180 degrees apart they are the same).
fn directions(space: &ParameterSpace) -> Vec<f64> {
    let Some(phi0) = space.physical.get(6) else { return Vec::new() };
    let range = (phi0.upper - phi0.lower).min(180.0);
    let count = (range / PHI0_STEP).ceil().max(1.0);
    (0..count as usize).map(|k| phi0.lower + (k as f64 + 0.5) * range / count).collect()
}

/// x = q L gamma_dot tau / (2 pi) = 1 at the shear's decay time tau, for every flow direction.
fn shear_choices(space: &ParameterSpace, scales: &Scales, directions: &[f64]) -> Vec<(f64, f64)> {
    if space.physical.len() < 7 {
        return vec![(0.0, 0.0)];
    }
    let per_second = 2.0 * std::f64::consts::PI / (scales.q_per_angstrom * scales.gap_angstrom);
    let count = if directions.len() > 1 { 5 } else { 8 };
    let times = geometric(scales.dt_seconds, 2.0 * scales.duration_seconds, count);
    times.iter().flat_map(|tau| directions.iter().map(move |&phi0| (per_second / tau, phi0))).collect()
}

/// The values between the bounds of parameter `k`, or the nearest bound to zero.
fn choices(space: &ParameterSpace, k: usize, values: &[f64]) -> Vec<f64> {
    let parameter = &space.physical[k];
    let mut inside: Vec<f64> = values.iter().map(|value| value.clamp(parameter.lower, parameter.upper)).collect();
    inside.dedup();
    inside
}

fn set(space: &ParameterSpace, theta: &mut [f64], k: usize, value: f64) {
    let parameter = &space.physical[k];
    theta[k] = parameter.fixed.unwrap_or(value.clamp(parameter.lower, parameter.upper));
}
