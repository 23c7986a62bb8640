//! Intervals from the cost itself, where it is no parabola over one error: one parameter is held at values further and further
//! away while all others follow (profile likelihood; Venzon and Moolgavkar, Appl. Stat. 37 (1988) 87, doi 10.2307/2347496).
//!
//! The cost takes pairs as independent. What pairs share widens errors by V / V_cost, and the increase of the cost counts that
//! much less (Royall and Tsou, J. R. Stat. Soc. B 65 (2003) 391, doi 10.1111/1467-9868.00392):
//!
//! ```text
//! z(v)^2 = 2 (cost(v) - least cost) V_cost / V          an interval ends where z = 1 (68 %) or 1.96 (95 %)
//! ```

use crate::error::Result;
use crate::fit::errors::profile_curve::Curve;
use crate::fit::errors::profile_side::{NEAR, Side};
use crate::fit::errors::surroundings::Surroundings;
use crate::outcome::parameter::Interval;

/// Intervals of one parameter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Profile {
    /// Physical parameter.
    pub parameter: usize,
    /// The intervals of 68 and 95 %; an end that lies beyond the bound is open.
    pub intervals: [Interval; 2],
}

impl Profile {
    /// Whether the 68 % interval ends on both sides before the bounds.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.intervals[0].iter().all(Option::is_some)
    }

    /// Half of the width of the 68 % interval.
    #[must_use]
    pub fn error(&self) -> Option<f64> {
        let [lower, upper] = self.intervals[0];
        Some(0.5 * (upper? - lower?))
    }
}

/// Intervals, and where their ends were found: all physical parameters, and how many errors that is.
pub struct Walked {
    /// The intervals.
    pub profile: Profile,
    ends: Vec<(Vec<f64>, f64)>,
    minimum: f64,
    error: f64,
}

impl Surroundings<'_> {
    /// The intervals of a parameter with a standard error.
    ///
    /// # Errors
    /// What the sweeps report; Interrupted if the user asks to stop.
    pub fn walk(&self, parameter: usize, error: f64) -> Result<Walked> {
        let (mut intervals, mut ends) = ([[None; 2]; 2], Vec::new());
        let minimum = self.point.theta[parameter];
        self.walking.begin();
        let along = self.valley(parameter).iter().map(|along| along * error).collect();
        let mut curve = Curve::new(self.point.theta.clone(), along);
        for (end, side) in [-1.0, 1.0].into_iter().enumerate() {
            let mut walk = Side::new(self, parameter, side, &mut curve);
            for (interval, distance) in intervals.iter_mut().zip(walk.distances(error)?) {
                let is_inside = distance < walk.room();
                interval[end] = is_inside.then_some(minimum + side * distance);
            }
            ends.extend(walk.ends);
        }
        self.walking.finish();
        Ok(Walked { profile: Profile { parameter, intervals: nested(intervals) }, ends, minimum, error })
    }

    /// Whether these data say the same as condensed ones of the end that lies farthest from the minimum, and of ends where the model is
    /// `rough`. Condensed data that are believed at the minimum are off by some 1e-5 there, at nearer ends by less.
    ///
    /// # Errors
    /// What the sweeps report.
    pub fn confirms(&self, walks: &[Walked], is_rough: impl Fn(&[f64]) -> bool) -> Result<bool> {
        let farthest = walks.iter().flat_map(Walked::distances).fold(0.0, f64::max);
        for walked in walks {
            for ((theta, found), distance) in walked.ends.iter().zip(walked.distances()) {
                if distance == farthest || is_rough(theta) {
                    let cost = self.problem.cost(self.objective, theta)?;
                    if (self.errors_away(walked.profile.parameter, cost) - found).abs() > NEAR {
                        return Ok(false);
                    }
                }
            }
        }
        Ok(true)
    }
}

impl Walked {
    /// How many errors of the Hessian away the ends lie.
    fn distances(&self) -> impl Iterator<Item = f64> {
        let (parameter, minimum, error) = (self.profile.parameter, self.minimum, self.error);
        self.ends.iter().map(move |(theta, _)| (theta[parameter] - minimum).abs() / error)
    }
}

/// The wider interval holds the narrower one, also where the cost is so flat that neither end is found to its last digit.
fn nested([inner, outer]: [Interval; 2]) -> [Interval; 2] {
    let wider = |end: usize, choose: fn(f64, f64) -> f64| match (inner[end], outer[end]) {
        (Some(inner), Some(outer)) => Some(choose(inner, outer)),
        (_, outer) => outer,
    };
    [inner, [wider(0, f64::min), wider(1, f64::max)]]
}
