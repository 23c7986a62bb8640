//! Which bounds a solution meets, and which intervals reach far.

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

/// Bounds met by contrast or offset: on them, or nearer than one standard error.
#[must_use]
pub fn scaling_bounds(
    problem: &Problem<'_>,
    point: &Point,
    uncertainty: &Uncertainty,
    phi_degrees: &[f64],
) -> Vec<ActiveBound> {
    let mut found = Vec::new();
    for (block, active) in problem.map.blocks.iter().zip(&point.scaling.active) {
        let constraints = 0..problem.map.constraints(block).len();
        for (constraint, side) in constraints.flat_map(|k| [(k, Side::Lower), (k, Side::Upper)]) {
            let (is_contrast, angle) = problem.map.constrained(block, constraint);
            let (scaling, variances) = (point.scaling.per_angle[angle], uncertainty.scaling_variances.get(angle));
            let (name, value, variance, known) = match is_contrast {
                true => ("contrast", scaling.contrast, variances.map(|known| known.contrast), &problem.space.contrast),
                false => ("offset", scaling.offset(), variances.map(|known| known.offset), &problem.space.offset),
            };
            let bound = problem.map.bound(is_contrast, side);
            let met = active.iter().find(|met| met.constraint == constraint && met.side == side);
            let error = variance.filter(|_| uncertainty.is_known()).map_or(0.0, f64::sqrt);
            let is_near = error > (value - bound).abs();
            if met.is_none() && !is_near {
                continue;
            }
            let sign = if side == Side::Lower { 1.0 } else { -1.0 };
            found.push(ActiveBound {
                name: match block.members.len() > 1 && block.order() == 1 {
                    true => name.to_owned(),
                    false => format!("{name}(phi={})", phi_degrees[angle]),
                },
                side,
                bound,
                multiplier: met.map_or(0.0, |met| sign * met.multiplier),
                within_one_standard_error: met.is_none(),
                within_interval: false,
                is_default: known.is_default(bound),
            });
        }
    }
    found
}

/// An end of a 95 % interval from the cost that lies many standard errors away.
#[derive(Debug, Clone, PartialEq)]
pub struct FarEnd {
    /// Of which number.
    pub name: String,
    /// Which end.
    pub side: Side,
    /// How many.
    pub standard_errors: f64,
}

/// Standard errors within which a 95 % interval ends, else they mislead.
const FAR: f64 = 4.0;

/// Ends of 95 % intervals from the cost that an error does not tell of.
pub(super) fn far_ends(problem: &Problem<'_>, theta: &[f64], profiles: &[Profile]) -> Vec<FarEnd> {
    let of = |profile: &Profile| {
        let (value, error) = (theta[profile.parameter], profile.error());
        let name = problem.space.physical[profile.parameter].name.clone();
        let ends = profile.intervals[1].into_iter().zip([Side::Lower, Side::Upper]);
        ends.filter_map(move |(end, side)| {
            let standard_errors = (end? - value).abs() / error?;
            (standard_errors > FAR).then(|| FarEnd { name: name.clone(), side, standard_errors })
        })
    };
    profiles.iter().flat_map(of).collect()
}
