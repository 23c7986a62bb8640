//! Intervals as people write them: their ends with the digits that tell them from the value, never beyond a bound. It computes none.

use crate::outcome::parameter::{Interval, ParameterResult};
use crate::report::figures::style::number;
use crate::report::tables::measured::measured;

/// Most digits behind which an end is looked for on its side of a bound.
const FINEST: i32 = 12;

/// The 68 and the 95 % interval: "18900 to 19200"; an end that lies beyond its bound is the bound, "18900 to 1e6 (bound)", and where one
/// was not found the other one stands alone: "from 18900, upper end not found".
#[must_use]
pub fn intervals(found: &ParameterResult) -> Option<[String; 2]> {
    let (inner, outer) = (found.interval_68?, found.interval_95?);
    let written = |interval: Interval, is_outer: bool| {
        let distances = interval.into_iter().flatten().map(|end| (end - found.value).abs());
        let least = distances.fold(f64::INFINITY, f64::min);
        let end = |end: usize| match interval[end] {
            None if is_outer && found.misses_95(end) => None,
            None => Some(format!("{} (bound)", number(found.bounds[end]))),
            Some(end) => Some(at_end(found, end, least)),
        };
        match (end(0), end(1)) {
            (Some(lower), Some(upper)) => format!("{lower} to {upper}"),
            (Some(lower), None) => format!("from {lower}, upper end not found"),
            (None, Some(upper)) => format!("up to {upper}, lower end not found"),
            (None, None) => "no end found".to_owned(),
        }
    };
    Some([written(inner, false), written(outer, true)])
}

/// One end, to two digits of the smaller distance of both from the value, and to more where rounding would take it beyond a bound.
fn at_end(found: &ParameterResult, end: f64, distance: f64) -> String {
    let [lower, upper] = found.bounds;
    let digits = |finer: i32| measured(end, [Some(distance * 10.0_f64.powi(-finer)), None]).value;
    let is_inside = |text: &String| text.parse::<f64>().is_ok_and(|read| (lower..=upper).contains(&read));
    let inside = (0..=FINEST).map(digits).find(is_inside);
    inside.unwrap_or_else(|| measured(end, [None, None]).value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::parameter::{IntervalMethod, ParameterStatus};

    fn found(value: f64, intervals_of: [Interval; 2], bounds: [f64; 2]) -> ParameterResult {
        ParameterResult {
            name: "D_offset".into(),
            unit: "angstrom^2/s".into(),
            value,
            uncertainty: Some(400.0),
            uncertainty_plain: None,
            independent_renewals: None,
            interval_68: Some(intervals_of[0]),
            interval_95: Some(intervals_of[1]),
            interval_95_not_found: Vec::new(),
            interval_method: Some(IntervalMethod::Profile),
            bounds,
            status: ParameterStatus::Free,
        }
    }

    fn told(value: f64, intervals_of: [Interval; 2], bounds: [f64; 2]) -> [String; 2] {
        intervals(&found(value, intervals_of, bounds).with_ends_apart()).expect("both")
    }

    #[test]
    fn ends_have_digits_of_the_smaller_distance_and_stay_within_bounds() {
        let ends = [[Some(12.3), Some(900.0)], [Some(10.2), None]];
        assert_eq!(told(14.0, ends, [10.0, 1e6]), ["12.3 to 900.0", "10.2 to 1e6 (bound)"]);
        // To two digits of its distance it would be 0, below the bound.
        assert_eq!(
            told(1234.0, [[Some(3.1), None], [Some(1.2), None]], [1.0, 1e6]),
            ["3 to 1e6 (bound)", "1 to 1e6 (bound)"]
        );
        assert_eq!(told(1234.0, [[Some(30.0), None], [Some(1.4), None]], [1.3, 1e6])[1], "1.4 to 1e6 (bound)");
    }

    #[test]
    fn an_end_of_both_intervals_was_not_found() {
        let ends = [[Some(1.5), Some(3.0)], [Some(1.0), Some(3.0)]];
        assert_eq!(told(2.0, ends, [0.0, 10.0]), ["1.50 to 3.00", "from 1.0, upper end not found"]);
        // Nor is it written as if it were one of 95 %.
        let written = serde_json::to_value(found(2.0, ends, [0.0, 10.0]).with_ends_apart()).expect("JSON");
        assert_eq!(written["interval_95"], serde_json::json!([1.0, null]));
        assert_eq!(written["interval_95_not_found"], serde_json::json!(["upper"]));
        let beyond = found(2.0, [ends[0], [Some(1.0), None]], [0.0, 10.0]).with_ends_apart();
        assert_eq!(serde_json::to_value(beyond).expect("JSON").get("interval_95_not_found"), None);
    }
}
