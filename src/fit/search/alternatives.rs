//! Other basins that a fit names, and points of parameter space in words. It looks for none.

use crate::fit::solver::journal::Following;
use crate::outcome::search::Search;
use crate::parameters::space::{Parameter, ParameterSpace};

/// Digits of a number that tells a place.
const DIGITS: i32 = 6;

/// Names other basins whose cost is nearly as low.
pub fn note_alternatives(
    (search, space): (&Search, &ParameterSpace),
    least: f64,
    near: f64,
    following: &Following<'_>,
) {
    let alternatives = search.basins.iter().filter_map(|basin| basin.cost.map(|cost| (cost, &basin.theta)));
    for (cost, theta) in alternatives.filter(|(cost, _)| *cost > least + 0.01 && *cost <= least * (1.0 + near)) {
        let place = in_words(space, theta);
        following.note(&format!("another basin fits nearly as well: cost {cost:.6e} at {place}"));
    }
}

/// D0 = 19038.8, alpha = -0.351981.
#[must_use]
pub fn in_words(space: &ParameterSpace, theta: &[f64]) -> String {
    let known = space.physical.iter().zip(theta);
    known.map(|(parameter, value)| named(parameter, *value)).collect::<Vec<String>>().join(", ")
}

fn named(parameter: &Parameter, value: f64) -> String {
    // What is shortest of a number that has been rounded has no zeros at its end.
    let rounded: f64 = format!("{value:.*e}", DIGITS as usize - 1).parse().unwrap_or(value);
    let is_plain = rounded == 0.0 || (1e-4..1e7).contains(&rounded.abs());
    let written = if is_plain { format!("{rounded}") } else { format!("{rounded:e}") };
    format!("{} = {written}", parameter.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameters::definitions::AnalysisMode;

    #[test]
    fn places_are_names_and_values_of_six_digits() {
        let space = ParameterSpace::default_of(AnalysisMode::Static);
        let told = in_words(&space, &[19_038.761_234, -0.351_980_612, 1.234_567_89e-9]);
        assert_eq!(told, "D0 = 19038.8, alpha = -0.351981, D_offset = 1.23457e-9");
    }
}
