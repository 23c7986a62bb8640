//! Parameters that the data do not tell apart, in words. It computes no error.

use crate::fit::solver::problem::{Point, Problem};
use crate::outcome::fit::UndeterminedDirection;
use crate::parameters::definitions::LawPlaces;
use ndarray::Array2;

/// An exponent nearer to zero than this many standard errors may leave amplitude and constant part to trade off.
const DISTINCT: f64 = 3.0;

/// A power law among the parameters.
pub(super) struct Law<'a> {
    pub problem: &'a Problem<'a>,
    pub point: &'a Point,
    pub moving: &'a [usize],
    pub places: LawPlaces,
}

/// Moving parameters of a law that may trade off, and how.
pub(super) struct LawFindings {
    pub members: Vec<usize>,
    pub direction: UndeterminedDirection,
}

impl Law<'_> {
    fn moving(&self) -> [Option<usize>; 3] {
        self.places.all().map(|parameter| self.moving.iter().position(|&moving| moving == parameter))
    }

    /// Amplitude and constant part are one and the same where the exponent is zero. If it cannot be told from zero by its
    /// standard error, the valley of the cost may run along a hyperbola to arbitrarily large amplitudes: whether it ends
    /// before the bounds only the cost itself can say.
    pub fn in_a_valley(&self, covariance: &Array2<f64>) -> Option<LawFindings> {
        let [amplitude, exponent, constant] = self.moving();
        let (amplitude, exponent, constant) = (amplitude?, exponent?, constant?);
        let is_near = self.is_near_zero(exponent, covariance);
        is_near.then(|| LawFindings { members: vec![amplitude, constant], direction: self.indistinct() })
    }

    /// If the valley has ended on a bound of amplitude or constant part, the other's error would describe the bound.
    pub fn at_the_end_of_a_valley(&self, covariance: &Array2<f64>) -> Option<(usize, UndeterminedDirection)> {
        let free = self.problem.space.free();
        let all_free = self.places.all().iter().all(|k| free.contains(k));
        match self.moving() {
            [None, exponent, Some(other)] | [Some(other), exponent, None] if all_free => {
                let is_near = exponent.is_some_and(|exponent| self.is_near_zero(exponent, covariance));
                Some((other, if is_near { self.indistinct() } else { self.of_bound(other) }))
            }
            _ => None,
        }
    }

    fn is_near_zero(&self, exponent: usize, covariance: &Array2<f64>) -> bool {
        let error = covariance[[exponent, exponent]].max(0.0).sqrt();
        self.point.theta[self.places.exponent].abs() < DISTINCT * error
    }

    /// The other of amplitude and constant part, of which one has met a bound.
    fn of_bound(&self, other: usize) -> UndeterminedDirection {
        let name = |place: usize| self.problem.space.physical[place].name.clone();
        let [amplitude, _, constant] = self.places.all();
        let (other, held) = if self.moving[other] == amplitude { (amplitude, constant) } else { (constant, amplitude) };
        let (other, held) = (name(other), name(held));
        let description =
            format!("{other} has no error of its own: it is what fits the bound of {held}, with which it trades off");
        UndeterminedDirection { description, parameters: vec![other], is_of_bound: true }
    }

    fn indistinct(&self) -> UndeterminedDirection {
        let [amplitude, exponent, constant] =
            self.places.all().map(|place| self.problem.space.physical[place].name.clone());
        let description = format!(
            "{amplitude} and {constant} trade off, because {exponent} is within {DISTINCT} standard errors of 0: their intervals \
             reach the bounds; fix one of them in initial_parameters.fixed_parameters"
        );
        UndeterminedDirection { description, parameters: vec![amplitude, constant], is_of_bound: false }
    }
}

pub(super) fn unbounded(name: &str) -> UndeterminedDirection {
    let description = format!(
        "the standard error of {name} is wider than half the range of its bounds: hold it in initial_parameters.fixed_parameters, or \
         widen its entry of parameter_space.bounds"
    );
    UndeterminedDirection { description, parameters: vec![name.to_owned()], is_of_bound: false }
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
    UndeterminedDirection {
        description,
        parameters: names.iter().map(|&name| name.to_owned()).collect(),
        is_of_bound: false,
    }
}
