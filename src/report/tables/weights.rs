//! Weights that know speckles in lines of a summary: why, and least squares beside them.

use crate::outcome::parameter::ParameterResult;
use crate::outcome::weighting::{PairWeights, WeightingFound};
use crate::report::tables::measured::{p_value, with_error};

/// The weights and their reason; of weighted estimates those of least squares, how far apart both are, and what the noise would allow.
#[must_use]
pub fn weights(found: &WeightingFound) -> Vec<String> {
    let mut lines = vec![format!("weights of pairs: {}: {}", found.weights.name(), found.reason)];
    let Some(plain) = found.least_squares.as_ref().filter(|_| found.weights == PairWeights::Speckle) else {
        return lines;
    };
    let beside = |one: &ParameterResult| {
        let apart = found.numbers.get(&one.name).and_then(|number| number.difference_in_errors);
        let apart = apart.map_or(String::new(), |apart| format!(" ({apart:+.1})"));
        Some(format!("{} {}{apart}", one.name, with_error(one.value, one.uncertainty?)))
    };
    let of_least_squares: Vec<String> = plain.parameters.iter().filter_map(beside).collect();
    if let Some(test) = found.agreement {
        lines.push(format!(
            "  by least squares: {}; in brackets how far the weighted value lies from it, in errors of the difference; both agree: {} (Hausman)",
            of_least_squares.join(", "),
            p_value(test.p_value)
        ));
    }
    let allowed = |one: &ParameterResult| {
        Some(format!("{} {:.2}", one.name, found.numbers.get(&one.name)?.most_gain.filter(|gain| gain.is_finite())?))
    };
    let allowed: Vec<String> = plain.parameters.iter().filter_map(allowed).collect();
    if let (Some(ridge), false) = (found.ridge, allowed.is_empty()) {
        lines
            .push(format!("  ridge {ridge:.2} of the contrast; the noise would allow factors: {}", allowed.join(", ")));
    }
    lines
}
