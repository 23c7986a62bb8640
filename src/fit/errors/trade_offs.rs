//! Parameters that the data do not tell apart, in words. It computes no error.

use crate::fit::solver::problem::{Point, Problem};
use crate::outcome::fit::UndeterminedDirection;
use crate::parameters::definitions::LawPlaces;
use ndarray::Array2;

/// An exponent nearer to zero than this many standard errors leaves amplitude and constant part to trade off.
const DISTINCT: f64 = 3.0;

/// A power law among the parameters.
pub(super) struct Law<'a> {
    pub problem: &'a Problem<'a>,
    pub point: &'a Point,
    pub moving: &'a [usize],
    pub places: LawPlaces,
}

/// Moving parameters of a law without a standard error, and why.
#[derive(Default)]
pub(super) struct LawFindings {
    pub members: Vec<usize>,
    pub direction: Option<UndeterminedDirection>,
}

impl Law<'_> {
    /// Amplitude and constant part are one and the same where the exponent is zero. If it cannot be told from zero, the
    /// valley of the cost runs along a hyperbola to arbitrarily large amplitudes, and no standard error describes it; if
    /// that valley has ended on a bound of one, the other's error would describe the bound.
    pub fn findings(&self, covariance: &Array2<f64>) -> LawFindings {
        let place = |parameter: usize| self.moving.iter().position(|&moving| moving == parameter);
        let free = self.problem.space.free();
        let all_free = self.places.all().iter().all(|k| free.contains(k));
        let [amplitude, exponent, constant] = self.places.all().map(place);
        let is_indistinct = exponent.is_some_and(|exponent| {
            let error = covariance[[exponent, exponent]].max(0.0).sqrt();
            self.point.theta[self.places.exponent].abs() < DISTINCT * error
        });
        let direction = is_indistinct.then(|| self.indistinct());
        match (amplitude, exponent, constant) {
            (Some(amplitude), Some(_), Some(constant)) if is_indistinct => {
                LawFindings { members: vec![amplitude, constant], direction }
            }
            (None, _, Some(other)) | (Some(other), _, None) if all_free => {
                LawFindings { members: vec![other], direction }
            }
            _ => LawFindings::default(),
        }
    }

    fn indistinct(&self) -> UndeterminedDirection {
        let [amplitude, exponent, constant] =
            self.places.all().map(|place| self.problem.space.physical[place].name.clone());
        let description = format!(
            "{amplitude} and {constant} trade off, because {exponent} is within {DISTINCT} standard errors of 0; fix one of them"
        );
        UndeterminedDirection { description, parameters: vec![amplitude, constant] }
    }
}

pub(super) fn unbounded(name: &str) -> UndeterminedDirection {
    let description = format!("the standard error of {name} is wider than half the range of its bounds");
    UndeterminedDirection { description, parameters: vec![name.to_owned()] }
}

/// Whether a standard error, in the search coordinate, exceeds half the range of the bounds.
pub(super) fn wider_than_bounds(problem: &Problem<'_>, point: &Point, parameter: usize, variance: f64) -> bool {
    let known = &problem.space.physical[parameter];
    let range = known.coordinate(known.upper) - known.coordinate(known.lower);
    let error = variance.max(0.0).sqrt() / known.slope(point.theta[parameter]);
    !error.is_finite() || error > 0.5 * range
}

/// An undetermined direction in words.
#[must_use]
pub fn direction(names: &[&str]) -> UndeterminedDirection {
    let description = match names {
        [only] => format!("{only} has no effect on the model here"),
        [first, second] => format!("{first} and {second} trade off: only a combination of them is determined"),
        _ => format!("{} trade off: only combinations of them are determined", names.join(", ")),
    };
    UndeterminedDirection { description, parameters: names.iter().map(|&name| name.to_owned()).collect() }
}
