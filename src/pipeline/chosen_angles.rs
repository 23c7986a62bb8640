//! Which angles of a result are looked at first: the worst, those along and across the flow, and some between them. It draws nothing.

use crate::outcome::fit::FitResult;
use crate::pipeline::drawing::{SHOWN, evenly};

/// An angle by its place, and why it is looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct Chosen {
    /// Place among the angles of the result.
    pub angle: usize,
    /// Why; empty where it is one of those between.
    pub why: String,
}

/// By ascending place.
#[must_use]
pub fn chosen(result: &FitResult) -> Vec<Chosen> {
    let angles = &result.angles;
    let per_pair = |k: &usize| Some(angles[*k].chi_squared? / angles[*k].pairs.max(1) as f64);
    let all = || 0..angles.len();
    let worst = all()
        // One angle alone is not the worst.
        .filter(|k| angles.len() > 1 && per_pair(k).is_some())
        .max_by(|a, b| per_pair(a).unwrap_or(0.0).total_cmp(&per_pair(b).unwrap_or(0.0)));
    let phi0 = result.parameters.iter().find(|found| found.name == "phi0").map(|found| found.value);
    // Nor is it nearer to anything than others.
    let flow = phi0.filter(|_| angles.len() > 1);
    let nearest = |degrees: f64| {
        let distance = |k: &usize| away(angles[*k].phi_degrees, degrees);
        all().min_by(|one, other| distance(one).total_cmp(&distance(other)))
    };
    let mut chosen: Vec<Chosen> = Vec::new();
    let reasons = [
        (worst, "largest chi2"),
        (flow.and_then(nearest), "nearest to the flow (phi0)"),
        (flow.and_then(|phi0| nearest(phi0 + 90.0)), "nearest to across the flow"),
    ];
    for (angle, why) in reasons.into_iter().filter_map(|(angle, why)| Some((angle?, why))) {
        match chosen.iter_mut().find(|known| known.angle == angle) {
            Some(known) => known.why = format!("{}, {why}", known.why),
            None => chosen.push(Chosen { angle, why: why.to_owned() }),
        }
    }
    for angle in evenly(angles.len()).chain(all()) {
        if chosen.len() < SHOWN && chosen.iter().all(|known| known.angle != angle) {
            chosen.push(Chosen { angle, why: String::new() });
        }
    }
    chosen.sort_by_key(|known| known.angle);
    chosen
}

/// How far two directions are apart; those that differ by half a turn are one.
fn away(one: f64, other: f64) -> f64 {
    let between = (one - other).rem_euclid(180.0);
    between.min(180.0 - between)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directions_half_a_turn_apart_are_one() {
        assert!((away(83.5, -6.5 + 90.0)).abs() < 1e-9 && (away(-179.0, 2.0) - 1.0).abs() < 1e-9);
    }
}
