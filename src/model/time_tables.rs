//! D(t) and gamma_dot(t) on the frames, their running integrals and the integrals' derivatives. It knows no pair and no angle.

use crate::experiment::TimeGrid;
use crate::model::decay::DecayTables;
use crate::model::frame_table::FrameTable;
use crate::parameters::power_law::PowerLaw;
use crate::sums::pairs::QUANTITIES;

/// D and gamma_dot never fall below this (in their own units); where they would, their derivative is zero.
pub const FLOOR: f64 = 1e-10;

/// Place of G among [`TimeTables::quantities`].
pub const STRAIN: usize = 6;

/// What the time tables depend on besides theta.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Constants {
    /// Wavevector in 1/angstrom.
    pub q_per_angstrom: f64,
    /// The frames.
    pub time: TimeGrid,
}

/// A running integral and its derivatives with respect to amplitude, exponent and constant part.
#[derive(Debug, Clone)]
pub struct Integral {
    /// C or G.
    pub value: Vec<f64>,
    /// A = cumtrap(tau^exponent).
    pub d_amplitude: Vec<f64>,
    /// B = cumtrap(amplitude tau^exponent ln tau).
    pub d_exponent: Vec<f64>,
    /// T = cumtrap(1).
    pub d_constant: Vec<f64>,
}

/// The integrals of one theta, one entry per frame.
#[derive(Debug, Clone)]
pub struct TimeTables {
    /// q^2 dt C: the decay between frames i < j is exp(-(exponent_j - exponent_i)).
    pub exponent: Vec<f64>,
    /// -q^2 dt [A, B, T]: dh/d[D0, alpha, D_offset] = h (table_j - table_i).
    pub diffusion: [Vec<f64>; 3],
    /// G and its derivatives; empty in static mode.
    pub shear: Option<Integral>,
}

/// tau_k = max(t_k, dt/2, 1e-8 s): keeps t = 0 finite for a negative exponent.
#[must_use]
pub fn tau_seconds(time: &TimeGrid, k: usize) -> f64 {
    time.seconds(k).max(time.dt_seconds / 2.0).max(1e-8)
}

impl TimeTables {
    /// Integrates D (and, with seven parameters, gamma_dot) on all frames.
    #[must_use]
    pub fn new(constants: &Constants, theta: &[f64]) -> Self {
        let diffusion = Integral::new(&constants.time, &theta[..3]);
        let shear = (theta.len() == 7).then(|| Integral::new(&constants.time, &theta[3..6]));
        let q2_dt = constants.q_per_angstrom.powi(2) * constants.time.dt_seconds;
        let scaled = |table: &[f64], factor: f64| table.iter().map(|value| value * factor).collect::<Vec<f64>>();
        TimeTables {
            exponent: scaled(&diffusion.value, q2_dt),
            diffusion: [
                scaled(&diffusion.d_amplitude, -q2_dt),
                scaled(&diffusion.d_exponent, -q2_dt),
                scaled(&diffusion.d_constant, -q2_dt),
            ],
            shear,
        }
    }

    /// The quantities of a frame through which h depends on theta: -q^2 dt [A, B, T], then [a, b, T, G].
    #[must_use]
    pub fn quantities(&self) -> Vec<&[f64]> {
        let shear = self
            .shear
            .iter()
            .flat_map(|shear| [&shear.d_amplitude[..], &shear.d_exponent[..], &shear.d_constant[..], &shear.value[..]]);
        self.diffusion.iter().map(|table| &table[..]).chain(shear).collect()
    }

    /// Means over groups of frames, the first of which begin at `first_frames`: what pairs of groups see to second order.
    #[must_use]
    pub fn of_groups(&self, first_frames: &[usize]) -> TimeTables {
        let n = self.exponent.len();
        let means = |table: &[f64]| {
            let mean = |(k, &first): (usize, &usize)| {
                let group = &table[first..first_frames.get(k + 1).copied().unwrap_or(n)];
                group.iter().sum::<f64>() / group.len() as f64
            };
            first_frames.iter().enumerate().map(mean).collect::<Vec<f64>>()
        };
        let shear = self.shear.as_ref().map(|shear| Integral {
            value: means(&shear.value),
            d_amplitude: means(&shear.d_amplitude),
            d_exponent: means(&shear.d_exponent),
            d_constant: means(&shear.d_constant),
        });
        TimeTables { exponent: means(&self.exponent), diffusion: [0, 1, 2].map(|k| means(&self.diffusion[k])), shear }
    }
}

impl Integral {
    /// Cumulative trapezoids, in units of frames, of max(amplitude tau^exponent + constant, floor).
    fn new(time: &TimeGrid, law: &[f64]) -> Self {
        let (amplitude, exponent, constant) = (law[0], law[1], law[2]);
        let rates = (0..time.n_frames).map(|k| {
            let tau = tau_seconds(time, k);
            let power = tau.powf(exponent);
            let rate = amplitude * power + constant;
            if rate > FLOOR { [rate, power, amplitude * power * tau.ln(), 1.0] } else { [FLOOR, 0.0, 0.0, 0.0] }
        });
        let sums = cumulative_trapezoids(rates);
        let column = |which: usize| sums.iter().map(|sum| sum[which]).collect::<Vec<f64>>();
        Integral { value: column(0), d_amplitude: column(1), d_exponent: column(2), d_constant: column(3) }
    }
}

/// The first frame from which D or gamma_dot lies on its floor, or no longer does; `None` if there is none. Frame 0, whose tau is half a
/// frame, does not follow the law of the others anyway.
#[must_use]
pub fn floor_frame(constants: &Constants, theta: &[f64]) -> Option<usize> {
    let laws = [theta.get(..3), theta.get(3..6)];
    let crossing = |law: &[f64]| {
        let law = PowerLaw { amplitude: law[0], exponent: law[1], constant: law[2] };
        let mut above = (1..constants.time.n_frames).map(|k| law.at(tau_seconds(&constants.time, k)) > FLOOR);
        let first = above.next()?;
        above.position(|is_above| is_above != first).map(|k| k + 2)
    };
    laws.into_iter().flatten().filter_map(crossing).min()
}

/// C_0 = 0, C_k = C_(k-1) + (D_(k-1) + D_k) / 2.
fn cumulative_trapezoids(rates: impl Iterator<Item = [f64; 4]>) -> Vec<[f64; 4]> {
    let mut sums: Vec<[f64; 4]> = Vec::new();
    let mut previous = [0.0; 4];
    for rate in rates {
        let next = match sums.last() {
            None => [0.0; 4],
            Some(sum) => std::array::from_fn(|k| sum[k] + (previous[k] + rate[k]) / 2.0),
        };
        sums.push(next);
        previous = rate;
    }
    sums
}

/// Everything about one theta that does not depend on the angle: O(n_t) transcendental calls.
#[derive(Debug, Clone)]
pub struct ThetaTables {
    pub(crate) time: TimeTables,
    pub(crate) decay: DecayTables,
    /// -q^2 dt [A, B, T], then [a, b, T, G].
    pub(crate) quantities: FrameTable<QUANTITIES>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_that_falls_to_its_floor_names_the_frame() {
        let time = TimeGrid { n_frames: 100, dt_seconds: 1.0, start_seconds: 0.0, first_frame: 1 };
        let constants = Constants { q_per_angstrom: 0.005, time };
        assert_eq!(floor_frame(&constants, &[100.0, -0.5, 1.0]), None);
        // 100 / sqrt(t) = 12.5 at t = 64.
        assert_eq!(floor_frame(&constants, &[100.0, -0.5, -12.5]), Some(64));
        assert_eq!(floor_frame(&constants, &[-100.0, -0.5, 12.5, 0.0, 0.0, 0.0, 3.0]), Some(65));
        assert_eq!(floor_frame(&constants, &[0.0, 0.5, -1.0, 1e-3, 0.0, 0.0, 3.0]), None);
    }

    #[test]
    fn constant_rate_integrates_to_a_line_and_the_floor_has_no_derivative() {
        let time = TimeGrid { n_frames: 5, dt_seconds: 0.1, start_seconds: 0.0, first_frame: 1 };
        let line = Integral::new(&time, &[3.0, 0.0, 1.0]);
        assert_eq!(line.value[4], 16.0);
        assert_eq!(line.d_constant[4], 4.0);
        let floored = Integral::new(&time, &[3.0, 0.0, -4.0]);
        assert_eq!(floored.d_amplitude[4], 0.0);
        assert!((floored.value[4] - 4.0 * FLOOR).abs() < 1e-20);
    }
}
