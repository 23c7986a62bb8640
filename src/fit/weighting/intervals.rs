//! Intervals of weighted estimates where the cost of least squares is no parabola. They ask no cost.
//!
//! The scores of other weights have no cost of their own. What bends the cost is the model, and an interval that is a factor r as wide
//! reaches as much less of the bend: where an end lies (1 + b) normal half widths away by least squares, it lies (1 + r b) of its own away
//! with weights. An end that the cost leaves open stays open.

use crate::fit::errors::profile::Profile;
use crate::fit::errors::surroundings::LEVELS;
use crate::parameters::space::Parameter;

/// A value and its standard error.
#[derive(Debug, Clone, Copy)]
struct Measured {
    value: f64,
    error: f64,
}

/// Values and standard errors of all physical parameters.
pub type Estimated<'a> = (&'a [f64], Vec<Option<f64>>);

/// The intervals of one estimate, brought to another; those of parameters without an error there are left out.
#[must_use]
pub fn all_brought(profiles: &[Profile], known: &[Parameter], from: Estimated<'_>, to: Estimated<'_>) -> Vec<Profile> {
    let of = |profile: &Profile| {
        let k = profile.parameter;
        let measured = |(values, errors): &Estimated<'_>| Some(Measured { value: values[k], error: errors[k]? });
        Some(brought(profile, &known[k], measured(&from)?, measured(&to)?))
    };
    profiles.iter().filter_map(of).collect()
}

/// An end of the 95 % interval of a weighted estimate is believed if that of least squares lies farther or nearer than without a bend by
/// no more than this share.
const MOST_BENT: f64 = 0.25;

/// Parameters whose cost is so far from a parabola that errors by its curvature, and what they are predicted to gain, are not believed.
#[must_use]
pub fn bent(profiles: &[Profile], known: &[Parameter], (values, errors): Estimated<'_>) -> Vec<usize> {
    let is_bent = |profile: &&Profile| {
        let k = profile.parameter;
        let Some(error) = errors.get(k).copied().flatten() else { return true };
        let (own, error) = (known[k].coordinate(values[k]), error / known[k].slope(values[k]));
        let away = |end: Option<f64>| end.map(|end| (known[k].coordinate(end) - own).abs() / (LEVELS[1] * error) - 1.0);
        profile.intervals[1].iter().any(|&end| away(end).is_none_or(|bend| bend.abs() > MOST_BENT))
    };
    profiles.iter().filter(is_bent).map(|profile| profile.parameter).collect()
}

/// Of one parameter.
fn brought(profile: &Profile, known: &Parameter, from: Measured, to: Measured) -> Profile {
    let [own, other] = [from, to].map(|one| (known.coordinate(one.value), one.error / known.slope(one.value)));
    let ratio = other.1 / own.1;
    let end = |end: Option<f64>, side: f64, level: f64| {
        let bend = (known.coordinate(end?) - own.0) * side / (level * own.1) - 1.0;
        let value = known.value(other.0 + side * level * other.1 * (1.0 + ratio * bend).max(0.1));
        Some(value).filter(|value| *value > known.lower && *value < known.upper)
    };
    let interval = |k: usize| {
        let [lower, upper] = profile.intervals[k];
        [end(lower, -1.0, LEVELS[k]), end(upper, 1.0, LEVELS[k])]
    };
    Profile { parameter: profile.parameter, intervals: [interval(0), interval(1)] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameters::definitions::AnalysisMode;
    use crate::parameters::space::ParameterSpace;

    #[test]
    fn half_the_error_sees_half_the_bend() {
        let space = ParameterSpace::default_of(AnalysisMode::Static);
        let profile = Profile { parameter: 1, intervals: [[Some(-0.1), Some(0.2)], [None, Some(0.5)]] };
        let (from, to) = (Measured { value: 0.0, error: 0.1 }, Measured { value: 0.02, error: 0.05 });
        let found = brought(&profile, &space.physical[1], from, to);
        assert_eq!(found.intervals[1][0], None);
        let [lower, upper] = found.intervals[0].map(|end| end.expect("closed"));
        assert!((lower + 0.03).abs() < 1e-12 && (upper - 0.095).abs() < 1e-12, "{lower} {upper}");
        let bent_at = |lower: f64, upper: Option<f64>| {
            let profile = Profile { intervals: [[Some(-0.1), Some(0.1)], [Some(lower), upper]], ..profile };
            bent(&[profile], &space.physical, (&[1e4, 0.0, 0.0], vec![None, Some(0.1)]))
        };
        assert!(bent_at(-0.2, Some(0.22)).is_empty());
        assert_eq!((bent_at(-0.2, Some(0.3)), bent_at(-0.2, None)), (vec![1], vec![1]));
    }
}
