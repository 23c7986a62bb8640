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
use crate::fit::errors::profile_side::{NEAR, Side, Step};
use crate::fit::errors::surroundings::{LEVELS, Surroundings};
use crate::outcome::parameter::Interval;

/// Intervals of one parameter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Profile {
    /// Physical parameter.
    pub parameter: usize,
    /// The intervals of [`LEVELS`]; an end that lies beyond the bound is open.
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
struct Walked {
    profile: Profile,
    ends: Vec<(Vec<f64>, f64)>,
}

impl Walked {
    /// The end that lies farthest from the minimum.
    fn farthest(&self, minimum: &[f64]) -> Option<&(Vec<f64>, f64)> {
        let parameter = self.profile.parameter;
        let distance = |end: &(Vec<f64>, f64)| (end.0[parameter] - minimum[parameter]).abs();
        self.ends.iter().max_by(|a, b| distance(a).total_cmp(&distance(b)))
    }
}

impl Surroundings<'_> {
    /// The intervals of a parameter with a standard error, found on quicker data where these data say the same of their ends.
    ///
    /// # Errors
    /// What the sweeps report; Interrupted if the user asks to stop.
    pub fn profile(&self, parameter: usize, error: f64, quick: Option<&Surroundings<'_>>) -> Result<Profile> {
        if let Some(quick) = quick {
            let walked = quick.walk(parameter, error)?;
            if self.confirms(&walked)? {
                return Ok(walked.profile);
            }
        }
        Ok(self.walk(parameter, error)?.profile)
    }

    fn walk(&self, parameter: usize, error: f64) -> Result<Walked> {
        let (mut intervals, mut ends) = ([[None; 2]; 2], Vec::new());
        self.walking.begin();
        for (end, side) in [-1.0, 1.0].into_iter().enumerate() {
            let mut walk = Side::new(self, parameter, side);
            let mut inside = Step { distance: 0.0, z: 0.0, slope: 1.0 / error };
            for (interval, level) in intervals.iter_mut().zip(LEVELS) {
                let distance = walk.end(&mut inside, level)?;
                self.walking.found();
                let is_inside = distance < walk.room();
                interval[end] = is_inside.then(|| self.point.theta[parameter] + side * distance);
            }
            ends.extend(walk.ends);
        }
        Ok(Walked { profile: Profile { parameter, intervals: nested(intervals) }, ends })
    }

    /// Whether these data say the same of the farthest end. Quicker data that are believed at the minimum are off by some 1e-5 there,
    /// nearer ends by less.
    fn confirms(&self, walked: &Walked) -> Result<bool> {
        let Some((theta, found)) = walked.farthest(&self.point.theta) else { return Ok(true) };
        let cost = self.problem.cost(self.objective, theta)?;
        Ok((self.errors_away(walked.profile.parameter, cost) - found).abs() <= NEAR)
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
