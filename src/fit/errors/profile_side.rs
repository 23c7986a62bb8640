//! One side of a profile: how far a parameter can be moved until the least cost of the others has risen to a level.
//!
//! A normal sweep tells more than the cost where it was made: how the others lie best there (by Gauss and Newton), what the cost is
//! then, and how both go on with the held parameter. So the held parameter and the others are moved together along the curve that the
//! ends known so far lie on, and where what is told is all but what is there, one or two sweeps find an end.

use crate::error::{Fault, Result};
use crate::fit::errors::profile_curve::Curve;
use crate::fit::errors::surroundings::{LEVELS, Surroundings};
use crate::fit::solver::journal::Following;
use crate::fit::solver::minimise::minimise;
use crate::fit::solver::problem::{Point, Problem, System, moving};
use crate::likelihood::reduced::Evaluation;
use crate::outcome::verdict::Stop;
use crate::sums::algebra::{Algebra, SINGULAR, dot};
use ndarray::Array2;

/// Values of z that are so near are alike.
pub const NEAR: f64 = 0.02;
/// An end is found when z is so near its level: what is left of the way is told by the slope, to a thousandth of an error.
const CLOSE: f64 = 0.05;
/// What a step of the others is told to lower the cost is believed up to this share ..
const BELIEVED: f64 = 0.1;
/// .. and up to this the step is worth being taken without being looked for ..
const WORTH_A_STEP: f64 = 25.0;
/// .. where it is a step again, if the share has fallen so far.
const FALLING: f64 = 0.25;
/// Most costs that are looked at for one end.
const MOST: usize = 16;
/// A cost whose z rises by less than this share of what it has risen by on the way is flat.
const RISING: f64 = 0.3;
/// An end is looked for at most so many times as far as the last step.
const STRIDE: f64 = 10.0 / 3.0;

/// A value at some distance from the minimum, how many errors that is, and how many more a distance of one adds there.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// Distance.
    pub distance: f64,
    /// In errors.
    pub z: f64,
    /// Errors per distance.
    pub slope: f64,
}

impl Step {
    fn rises(&self) -> bool {
        self.slope * self.distance > RISING * self.z
    }

    /// The distance of a level that is near.
    fn end(&self, level: f64) -> Option<f64> {
        let left = level - self.z;
        match self.rises() {
            true => (left.abs() < CLOSE).then(|| self.distance + left / self.slope),
            false => (left.abs() < NEAR).then_some(self.distance),
        }
    }
}

/// The least cost with one parameter held, and how it goes on from there.
struct Held {
    theta: Vec<f64>,
    cost: f64,
    /// How all parameters follow the held one: the others stay at their best.
    valley: Vec<f64>,
    /// By how much a distance of one raises the least cost.
    slope: f64,
    /// By how much the cost is told, not found, to be lower.
    told: f64,
}

/// One side of a profile.
pub struct Side<'a> {
    surroundings: &'a Surroundings<'a>,
    parameter: usize,
    side: f64,
    /// Where the valley was left last, and how all parameters follow the held one there.
    theta: Vec<f64>,
    valley: Vec<f64>,
    /// The minimum and ends in its valley, of both sides.
    curve: &'a mut Curve,
    /// All physical parameters where ends were found, and how many errors that is.
    pub ends: Vec<(Vec<f64>, f64)>,
    has_crossed: bool,
}

impl<'a> Side<'a> {
    /// The side of a parameter below (-1) or above (1) the minimum.
    #[must_use]
    pub fn new(surroundings: &'a Surroundings<'a>, parameter: usize, side: f64, curve: &'a mut Curve) -> Self {
        let (theta, valley) = (surroundings.point.theta.clone(), surroundings.valley(parameter));
        Side { surroundings, parameter, side, theta, valley, curve, ends: Vec::new(), has_crossed: false }
    }

    /// How far the bound is.
    #[must_use]
    pub fn room(&self) -> f64 {
        let known = &self.surroundings.problem.space.physical[self.parameter];
        let bound = if self.side > 0.0 { known.upper } else { known.lower };
        (bound - self.surroundings.point.theta[self.parameter]).abs()
    }

    /// The distances at which the levels are reached, or that of the bound, for a parameter of a standard error. The other valley is
    /// looked for at the outermost level: where the cost is lower there, it may be at the others, too.
    ///
    /// # Errors
    /// What the sweeps report; Interrupted if the user asks to stop.
    pub fn distances(&mut self, error: f64) -> Result<[f64; 2]> {
        let from = Step { distance: 0.0, z: 0.0, slope: 1.0 / error };
        let mut inside = from;
        let inner = self.end(&mut inside, LEVELS[0], false)?;
        let outer = self.end(&mut inside, LEVELS[1], true)?;
        if !self.has_crossed {
            return Ok([inner, outer]);
        }
        (self.theta, self.valley) = (self.surroundings.point.theta.clone(), self.surroundings.valley(self.parameter));
        self.ends.clear();
        inside = from;
        Ok([self.end(&mut inside, LEVELS[0], true)?, self.end(&mut inside, LEVELS[1], true)?])
    }

    /// The distance at which a level is reached, or that of the bound: where it is not reached before, and where it is not found.
    fn end(&mut self, inside: &mut Step, level: f64, looks_across: bool) -> Result<f64> {
        let room = self.room();
        let mut outside: Option<Step> = None;
        let mut next = self.begin(level, *inside);
        let mut tolerated = WORTH_A_STEP;
        for _ in 0..MOST {
            let distance = next.min(room);
            let (theta, step, told) = self.follow(distance, tolerated)?;
            if told > BELIEVED {
                // The others have been moved, and what is told of them says where the level is: all go there together.
                (tolerated, next) = (FALLING * told, towards(step, *inside, outside, level));
                continue;
            }
            tolerated = WORTH_A_STEP;
            let mut found = step;
            if let Some(end) = step.end(level) {
                let lower = if looks_across { self.lower_in_the_other_valley(&theta, step)? } else { None };
                let Some(lower) = lower else {
                    *inside = step;
                    self.keep(&theta, step);
                    self.ends.push((theta, step.z));
                    self.surroundings.walking.found();
                    return Ok(end.min(room));
                };
                // From here on the cost is followed there.
                (self.has_crossed, found, outside) = (true, lower, None);
            }
            match found.z < level {
                true if distance >= room => return Ok(room),
                true => *inside = found,
                false => outside = Some(found),
            }
            next = towards(found, *inside, outside, level);
        }
        // Nowhere: the end is open.
        Ok(room)
    }

    /// The distance at which a level is looked for first: where the curve of the known ends leads, if it leads on between the bounds and
    /// not too far.
    fn begin(&mut self, level: f64, inside: Step) -> f64 {
        let theta = self.curve.at(self.side * level);
        let distance = self.side * (theta[self.parameter] - self.surroundings.point.theta[self.parameter]);
        let is_on = distance > inside.distance && (inside.distance == 0.0 || distance < STRIDE * inside.distance);
        if self.has_crossed || !is_on || self.surroundings.problem.between_bounds(&theta) != theta {
            return towards(inside, inside, None, level);
        }
        self.theta = theta;
        distance
    }

    /// Keeps an end for those to come, if it lies in the valley of the minimum and the cost still rises there.
    fn keep(&mut self, theta: &[f64], found: Step) {
        if !self.has_crossed && found.rises() {
            let along = self.valley.iter().map(|along| along / found.slope).collect();
            self.curve.add(self.side * found.z, theta.to_vec(), along);
        }
    }

    /// Where all parameters are with the one at a distance and the others at their best, how many errors that is, and what share of it is
    /// told, not found, up to what is tolerated.
    fn follow(&mut self, distance: f64, tolerated: f64) -> Result<(Vec<f64>, Step, f64)> {
        let value = self.surroundings.point.theta[self.parameter] + self.side * distance;
        let moved = value - self.theta[self.parameter];
        let mut start: Vec<f64> =
            self.theta.iter().zip(&self.valley).map(|(from, along)| from + along * moved).collect();
        start[self.parameter] = value;
        self.surroundings.walking.looked();
        let told = self.look(&start)?.filter(|held| held.told <= tolerated.max(BELIEVED));
        let held = told.map_or_else(|| self.best(&start), Ok)?;
        let told = held.told;
        let (theta, step) = self.stand(held, distance);
        Ok((theta, step, told))
    }

    /// Goes on from where the cost is least at a distance.
    fn stand(&mut self, held: Held, distance: f64) -> (Vec<f64>, Step) {
        let z = self.surroundings.errors_away(self.parameter, held.cost);
        let slope = self.side * held.slope / (z * self.surroundings.uncertainty.widening(self.parameter));
        (self.theta, self.valley) = (held.theta.clone(), held.valley);
        (held.theta, Step { distance, z, slope })
    }

    /// With its amplitude held a power law has two valleys: the same distance in the other one, if the cost is lower there.
    fn lower_in_the_other_valley(&mut self, theta: &[f64], found: Step) -> Result<Option<Step>> {
        let lower = self.surroundings.lower_in_the_other_valley(self.parameter, theta, found.z - NEAR)?;
        Ok(lower.map(|point| self.stand(self.held(point), found.distance).1))
    }

    /// What one sweep tells of the least cost with the parameter held; `None` where the others are at their bounds or would leave
    /// them, or the sweep tells nothing.
    fn look(&self, start: &[f64]) -> Result<Option<Held>> {
        let Surroundings { objective, problem, .. } = self.surroundings;
        let space = self.surroundings.holding(self.parameter, start[self.parameter]);
        let held = Problem { space: &space, ..(*problem).clone() };
        let point = System::Gram(*objective).point(&held, problem.between_bounds(start))?;
        let others = moving(&held, &point);
        if others.len() < space.free().len() || !point.evaluation.cost.is_finite() {
            return Ok(None);
        }
        let Some(held) = Held::told(point, self.parameter, &others, self.surroundings.rise(self.parameter)) else {
            return Ok(None);
        };
        let is_inside = problem.between_bounds(&held.theta) == held.theta;
        Ok(Some(held).filter(|_| is_inside))
    }

    /// The least cost with the parameter held, and where it is.
    fn best(&self, start: &[f64]) -> Result<Held> {
        let Surroundings { objective, problem, .. } = self.surroundings;
        let space = self.surroundings.holding(self.parameter, start[self.parameter]);
        let tolerances = self.surroundings.settled(self.parameter);
        let held = Problem { space: &space, tolerances, ..(*problem).clone() };
        let found = minimise(System::Gram(*objective), &held, start, "profile", &mut Following::default())?;
        match found.stop {
            Stop::Interrupted => Err(Fault::stopped()),
            _ => Ok(self.held(found.point)),
        }
    }

    /// At a minimum with the parameter held.
    fn held(&self, point: Point) -> Held {
        let space = self.surroundings.holding(self.parameter, point.theta[self.parameter]);
        let others = moving(&Problem { space: &space, ..self.surroundings.problem.clone() }, &point);
        Held::found(point, self.parameter, &others)
    }
}

impl Held {
    /// At a minimum: its cost turns with the held parameter as its gradient says (the others are at their best), and they follow as
    /// the Hessian says.
    fn found(point: Point, parameter: usize, others: &[usize]) -> Self {
        let Evaluation { cost, gradient, hessian, .. } = point.evaluation;
        let white = hessian.among(others).whitened(SINGULAR);
        let valley = valley(&hessian, white.as_ref(), parameter, others);
        let slope = dot(&gradient, &valley);
        Held { theta: point.theta, cost, valley, slope, told: 0.0 }
    }

    /// Near a minimum: the others go where the quadratic form of the cost is least.
    fn told(point: Point, parameter: usize, others: &[usize], rise: f64) -> Option<Self> {
        let Point { mut theta, evaluation: Evaluation { cost, gradient, hessian, .. }, .. } = point;
        let white = hessian.among(others).whitened(SINGULAR)?;
        let valley = valley(&hessian, Some(&white), parameter, others);
        let slope = dot(&gradient, &valley);
        let downhill: Vec<f64> = others.iter().map(|&other| -gradient[other]).collect();
        let along = white.t().times(&downhill);
        let lower = 0.5 * dot(&along, &along);
        others.iter().zip(white.times(&along)).for_each(|(&other, step)| theta[other] += step);
        Some(Held { theta, cost: cost - lower, valley, slope, told: lower / rise })
    }
}

/// How all parameters follow the held one where the quadratic form of the cost stays least, from the whitened form of the others.
fn valley(hessian: &Array2<f64>, white: Option<&Array2<f64>>, parameter: usize, others: &[usize]) -> Vec<f64> {
    let mut valley = vec![0.0; hessian.nrows()];
    valley[parameter] = 1.0;
    if let Some(white) = white {
        let coupling: Vec<f64> = others.iter().map(|&other| hessian[[other, parameter]]).collect();
        let follow = white.times(&white.t().times(&coupling));
        others.iter().zip(follow).for_each(|(&other, follow)| valley[other] = -follow);
    }
    valley
}

/// Where a level is to be expected from the last step (Newton), if that lies between the steps on either side of it; else on the
/// line between these, or at most so many times as far as the outermost; never on the other side of the minimum.
fn towards(last: Step, inside: Step, outside: Option<Step>, level: f64) -> f64 {
    let newton = last.distance + (level - last.z) / last.slope;
    match outside {
        Some(outside) if !(inside.distance..outside.distance).contains(&newton) => {
            let share = ((level - inside.z) / (outside.z - inside.z)).clamp(0.1, 0.9);
            inside.distance + share * (outside.distance - inside.distance)
        }
        Some(_) => newton,
        // Nothing is known inside.
        None if inside.distance == 0.0 && newton > 0.0 => newton,
        None if inside.distance == 0.0 => 0.5 * last.distance,
        None if newton > inside.distance => newton.min(STRIDE * inside.distance),
        None => STRIDE * inside.distance,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_told_by_the_slope_where_the_cost_rises() {
        let step = Step { distance: 2.0, z: 0.96, slope: 0.4 };
        assert!((step.end(1.0).unwrap() - 2.1).abs() < 1e-12);
        assert_eq!(Step { z: 0.85, ..step }.end(1.0), None);
        let flat = Step { slope: 0.01, ..step };
        assert_eq!(flat.end(1.0), None);
        assert_eq!(Step { z: 0.99, ..flat }.end(1.0), Some(2.0));
    }

    #[test]
    fn the_next_distance_lies_where_the_level_is_expected() {
        let step = |distance: f64, z: f64, slope: f64| Step { distance, z, slope };
        let (near, far) = (step(1.0, 0.5, 0.4), step(3.0, 1.5, 0.6));
        assert!((towards(near, near, Some(far), 1.0) - 2.25).abs() < 1e-12);
        assert!((towards(far, near, Some(far), 1.0) - (3.0 - 0.5 / 0.6)).abs() < 1e-12);
        // Beyond the outermost step the slope leads on ..
        assert!((towards(near, near, None, 1.0) - 2.25).abs() < 1e-12);
        // .. but a flat cost is not followed at a stride, and a slope that leads astray not at all.
        assert!(towards(step(1.0, 0.0, 1e-9), step(1.0, 0.0, 1e-9), None, 1.0) < 4.0);
        assert!((towards(step(1.0, 0.5, -0.1), near, Some(far), 1.0) - 2.0).abs() < 1e-12);
        // Nothing leads to the other side of the minimum.
        assert!((towards(step(1.0, 3.0, 0.5), step(0.0, 0.0, 1.0), None, 1.0) - 0.5).abs() < 1e-12);
    }
}
