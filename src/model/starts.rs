//! Where a fit of this model may begin (a coarse grid of candidates), and the times at which one looks at its laws. It sees no data.

use crate::model::catalogue::Model;
use crate::parameters::space::ParameterSpace;

const ALPHAS: [f64; 5] = [-1.2, -0.6, 0.0, 0.6, 1.2];
/// Most points of a curve.
const CURVE_POINTS: usize = 100;
/// Angles between tried flow directions, in degrees.
const PHI0_STEP: f64 = 45.0;
/// Places in theta.
const D0: usize = 0;
const ALPHA: usize = 1;
const GAMMA_DOT_T0: usize = 3;
const PHI0: usize = 6;

impl Model {
    /// A time in the middle of the measurement, on a logarithmic scale, in seconds.
    #[must_use]
    pub fn t_ref_seconds(&self) -> f64 {
        (self.constants.time.dt_seconds * self.duration_seconds()).sqrt()
    }

    /// Times of some frames, evenly on a logarithmic scale from the second to the last, in seconds.
    #[must_use]
    pub fn curve_times_seconds(&self) -> Vec<f64> {
        let time = &self.constants.time;
        let last = time.n_frames.saturating_sub(1).max(1) as f64;
        let share = |k: usize| k as f64 / (CURVE_POINTS - 1) as f64;
        let mut frames: Vec<usize> = (0..CURVE_POINTS).map(|k| last.powf(share(k)).round() as usize).collect();
        frames.dedup();
        frames.into_iter().map(|frame| time.seconds(frame)).collect()
    }

    fn duration_seconds(&self) -> f64 {
        self.constants.time.dt_seconds * self.constants.time.n_frames as f64
    }

    /// Candidates with decay times from below the frame interval to beyond the measurement, for diffusion and for shear; fixed
    /// parameters keep their values.
    #[must_use]
    pub fn starts(&self, space: &ParameterSpace) -> Vec<Vec<f64>> {
        let (shortest, longest) = (self.constants.time.dt_seconds / 2.0, 2.0 * self.duration_seconds());
        let t_ref = self.t_ref_seconds();
        // exp(-q^2 D tau) = 1/e at the decay time tau.
        let directions = directions(space);
        // A grid over flow directions is coarser in everything else, so that it takes a few hundred sweeps all the same.
        let coarse = directions.len() > 1;
        let rates: Vec<f64> = geometric(shortest, longest, if coarse { 7 } else { 9 })
            .iter()
            .map(|tau| 1.0 / (self.constants.q_per_angstrom.powi(2) * tau))
            .collect();
        let alphas = choices(space, ALPHA, if coarse { &ALPHAS[1..4] } else { &ALPHAS });
        let mut grid = Vec::new();
        for shear in self.shear_choices(&directions) {
            for &alpha in &alphas {
                for &rate in &rates {
                    let mut theta = space.defaults();
                    set(space, &mut theta, ALPHA, alpha);
                    let d0 = rate / t_ref.powf(theta[ALPHA]);
                    set(space, &mut theta, D0, d0);
                    for (place, value) in shear.iter().flatten() {
                        set(space, &mut theta, *place, *value);
                    }
                    grid.push(theta);
                }
            }
        }
        grid.dedup();
        grid
    }

    /// x = q L gamma_dot tau / (2 pi) = 1 at the shear's decay time tau, for every flow direction; one empty choice without shear.
    fn shear_choices(&self, directions: &[f64]) -> Vec<Option<[(usize, f64); 2]>> {
        if directions.is_empty() {
            return vec![None];
        }
        let per_second = 2.0 * std::f64::consts::PI / (self.constants.q_per_angstrom * self.gap_angstrom);
        let count = if directions.len() > 1 { 5 } else { 8 };
        let times = geometric(self.constants.time.dt_seconds, 2.0 * self.duration_seconds(), count);
        let choice = |tau: f64, phi0: f64| Some([(GAMMA_DOT_T0, per_second / tau), (PHI0, phi0)]);
        times.iter().flat_map(|&tau| directions.iter().map(move |&phi0| choice(tau, phi0))).collect()
    }
}

/// Flow directions across the bounds of phi0 (180 degrees apart they are the same); none without shear.
fn directions(space: &ParameterSpace) -> Vec<f64> {
    let Some(phi0) = space.physical.get(PHI0) else { return Vec::new() };
    let range = (phi0.upper - phi0.lower).min(180.0);
    let count = (range / PHI0_STEP).ceil().max(1.0);
    (0..count as usize).map(|k| phi0.lower + (k as f64 + 0.5) * range / count).collect()
}

fn geometric(first: f64, last: f64, count: usize) -> Vec<f64> {
    let step = (last / first).ln() / (count - 1) as f64;
    (0..count).map(|k| first * (step * k as f64).exp()).collect()
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
