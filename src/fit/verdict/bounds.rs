//! Which bounds a solution meets.

use crate::fit::errors::profile::Profile;
use crate::fit::errors::uncertainty::Uncertainty;
use crate::fit::solver::problem::{Point, Problem};
use crate::outcome::fit::ActiveBound;
use crate::sums::box_quadratic::Side;

/// Bounds met by physical parameters: on them, or nearer than one standard error, or in an interval from the cost itself.
#[must_use]
pub fn physical_bounds(
    problem: &Problem<'_>,
    point: &Point,
    (uncertainty, profiles): (&Uncertainty, &[Profile]),
    bounds_tolerance: f64,
) -> Vec<ActiveBound> {
    let mut active = Vec::new();
    for k in problem.space.free() {
        let parameter = &problem.space.physical[k];
        let value = point.theta[k];
        let error = uncertainty.standard_error(k).unwrap_or(0.0);
        let profile = profiles.iter().find(|profile| profile.parameter == k);
        // The cost itself knows whether the bound cuts an interval, where it was asked.
        let is_near = |side: Side, distance: f64| match profile {
            Some(profile) => profile.intervals.iter().any(|interval| interval[side as usize].is_none()),
            None => distance < error,
        };
        for (side, bound, distance) in [
            (Side::Lower, parameter.lower, value - parameter.lower),
            (Side::Upper, parameter.upper, parameter.upper - value),
        ] {
            // Rounding: a minimum exactly on the bound may be found a hair inside it.
            let on_it = distance <= bounds_tolerance * (parameter.upper - parameter.lower);
            if on_it || is_near(side, distance) {
                active.push(ActiveBound {
                    name: parameter.name.clone(),
                    side,
                    bound,
                    multiplier: point.evaluation.gradient[k],
                    within_one_standard_error: !on_it && profile.is_none(),
                    within_interval: !on_it && profile.is_some(),
                    is_default: parameter.is_default(bound),
                });
            }
        }
    }
    active
}

/// Bounds met by contrast or offset.
#[must_use]
pub fn scaling_bounds(problem: &Problem<'_>, point: &Point, phi_degrees: &[f64]) -> Vec<ActiveBound> {
    let mut found = Vec::new();
    for (block, active) in problem.map.blocks.iter().zip(&point.scaling.active) {
        for active in active {
            let (is_contrast, angle) = problem.map.constrained(block, active.constraint);
            let name = if is_contrast { "contrast" } else { "offset" };
            let place = match block.members.len() > 1 && block.order() == 1 {
                true => name.to_owned(),
                false => format!("{name}(phi={})", phi_degrees[angle]),
            };
            let bound = problem.map.bound(is_contrast, active.side);
            let sign = if active.side == Side::Lower { 1.0 } else { -1.0 };
            found.push(ActiveBound {
                name: place,
                side: active.side,
                bound,
                multiplier: sign * active.multiplier,
                within_one_standard_error: false,
                within_interval: false,
                is_default: if is_contrast { &problem.space.contrast } else { &problem.space.offset }.is_default(bound),
            });
        }
    }
    found
}
