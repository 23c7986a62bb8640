//! Angles whose noise is not known although they have residuals. It judges nothing.

use crate::fit::solver::problem::Point;
use crate::likelihood::reduced::angle_cost;
use crate::sums::objective::Objective;

/// Residuals below this share of the contrast are rounding: whatever the noise is, the model holds.
const ROUNDING: f64 = 1e-5;

/// Angles whose noise is not known, if some of them have residuals.
#[must_use]
pub(super) fn unknown_noise(objective: &dyn Objective, point: &Point) -> Vec<f64> {
    let (phi, sigma) = (objective.phi_degrees(), objective.sigma());
    let has_residuals = |k: usize| {
        let (gram, scaling) = (&point.grams[k], point.scaling.per_angle[k]);
        let square = 2.0 * angle_cost(gram, scaling).0.max(0.0) / gram.one_one().max(f64::MIN_POSITIVE);
        square.sqrt() > ROUNDING * scaling.contrast.abs()
    };
    let unknown = || (0..phi.len()).filter(|&k| sigma[k] <= 0.0 && point.grams[k].pairs > 0);
    if unknown().any(has_residuals) { unknown().map(|k| phi[k]).collect() } else { Vec::new() }
}
