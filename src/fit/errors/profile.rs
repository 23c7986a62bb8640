//! Intervals from the cost itself, where it is no parabola over one error: one parameter is held at values further and further
//! away while all others follow (profile likelihood; Venzon and Moolgavkar, Appl. Stat. 37 (1988) 87, doi 10.2307/2347496).
//!
//! The cost takes pairs as independent. What pairs share widens errors by V / V_cost, and the increase of the cost counts that
//! much less (Royall and Tsou, J. R. Stat. Soc. B 65 (2003) 391, doi 10.1111/1467-9868.00392):
//!
//! ```text
//! z(v)^2 = 2 (cost(v) - least cost) V_cost / V          an interval ends where z = 1 (68 %) or 1.96 (95 %)
//! ```

use crate::error::{Fault, Result};
use crate::fit::errors::uncertainty::Uncertainty;
use crate::fit::errors::walking::Walking;
use crate::fit::settings::Tolerances;
use crate::fit::solver::journal::Following;
use crate::fit::solver::minimise::minimise;
use crate::fit::solver::problem::{Point, Problem, System, moving};
use crate::likelihood::reduced::Evaluation;
use crate::outcome::parameter::Interval;
use crate::outcome::verdict::Stop;
use crate::parameters::definitions::LawPlaces;
use crate::parameters::space::Parameter;
use crate::sums::algebra::{Algebra, dot};
use crate::sums::objective::Objective;

/// How many standard errors hold 68 and 95 %.
pub const LEVELS: [f64; 2] = [1.0, 1.959_964];
/// An end is found when z is so near.
const NEAR: f64 = 0.02;
/// A minimum is found when the next step would lower its cost by less than this share of what one error raises it.
const SETTLED: f64 = 1e-2;
/// Most costs that are looked at for one end.
const MOST: usize = 16;
/// A cost that differs by this share from its parabola one error away is none.
const BENT: f64 = 0.5;
/// Times at which two laws of one amplitude may agree: so many on either side of the middle of the measurement ..
const MIRRORS: i32 = 3;
/// .. each so many times the one before.
const BETWEEN_MIRRORS: f64 = 4.0;
/// An end is looked for at most so many times as far as the last step.
const STRIDE: f64 = 10.0 / 3.0;
/// The parabola is taken from so small a part of one error.
const NEARBY: f64 = 0.125;

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
    /// The farthest end on either side.
    fn outermost(&self) -> impl Iterator<Item = &(Vec<f64>, f64)> {
        let parameter = self.profile.parameter;
        let by_value = |a: &&(Vec<f64>, f64), b: &&(Vec<f64>, f64)| a.0[parameter].total_cmp(&b.0[parameter]);
        [self.ends.iter().min_by(by_value), self.ends.iter().max_by(by_value)].into_iter().flatten()
    }
}

/// A minimum whose surroundings are looked at.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// What costs are computed from.
    pub objective: &'a dyn Objective,
    /// The cost there.
    pub least: f64,
    /// What was solved.
    pub problem: &'a Problem<'a>,
    /// The minimum.
    pub point: &'a Point,
    /// Its errors.
    pub uncertainty: &'a Uncertainty,
    /// Who hears how far walks have come.
    pub walking: &'a Walking<'a>,
}

/// A value at some distance from the minimum, how many errors that is, and how many more a distance of one adds there.
#[derive(Debug, Clone, Copy)]
struct Step {
    distance: f64,
    z: f64,
    slope: f64,
}

/// The least cost with one parameter held, and how it goes on from there.
struct Held {
    theta: Vec<f64>,
    cost: f64,
    /// How all parameters follow the held one: the others stay at their best.
    valley: Vec<f64>,
    /// By how much a distance of one raises the least cost.
    slope: f64,
}

impl Surroundings<'_> {
    /// Moving parameters whose cost is no parabola over one error, by a few costs of the data that are cheap.
    ///
    /// # Errors
    /// What the sweeps report.
    pub fn bent(&self, cheap: &dyn Objective, coarse: &Problem<'_>) -> Result<Vec<usize>> {
        let theta = &self.point.theta;
        let center = System::Gram(cheap).point(coarse, theta.clone())?.evaluation;
        let mut bent = Vec::new();
        for (k, &parameter) in self.uncertainty.moving.iter().enumerate() {
            let Some(step) = self.step(k) else { continue };
            let slope = dot(&center.gradient, &step);
            // Few data have noise of their own, which bends their cost: the parabola is the one that they have nearby.
            let rise = |share: f64| -> Result<Option<f64>> {
                let moved = self.moved(&step, share);
                let is_inside = coarse.between_bounds(&moved) == moved;
                let rise = if is_inside { coarse.cost(cheap, &moved)? - center.cost - share * slope } else { 0.0 };
                Ok(Some(rise).filter(|_| is_inside))
            };
            let nearby = [rise(-NEARBY)?, rise(NEARBY)?].map(|rise| rise.unwrap_or(0.0));
            let parabola = 0.5 * (nearby[0] + nearby[1]) / (NEARBY * NEARBY);
            let smooth = 0.5 * dot(&center.hessian.times(&step), &step);
            let is_bent =
                |rise: Option<f64>| rise.is_some_and(|rise| (rise - parabola).abs() > BENT * parabola.max(smooth));
            if is_bent(rise(-1.0)?) || is_bent(rise(1.0)?) {
                bent.push(parameter);
            }
        }
        Ok(bent)
    }

    /// Where all physical parameters are one reported error of a moving one away, along the valley of the cost.
    fn step(&self, k: usize) -> Option<Vec<f64>> {
        let parameter = self.uncertainty.moving[k];
        let error = self.uncertainty.standard_error(parameter)?;
        Some(self.valley(parameter).iter().map(|along| error * along).collect())
    }

    /// How all physical parameters follow a moving one along the valley of the cost.
    fn valley(&self, parameter: usize) -> Vec<f64> {
        let (moving, inverse) = (&self.uncertainty.moving, &self.uncertainty.squared);
        let mut valley = vec![0.0; self.point.theta.len()];
        if let Some(k) = moving.iter().position(|&known| known == parameter) {
            moving.iter().enumerate().for_each(|(l, &other)| valley[other] = inverse[[l, k]] / inverse[[k, k]]);
        }
        valley
    }

    /// The point a share of a step away, in the coordinates of the search.
    fn moved(&self, step: &[f64], share: f64) -> Vec<f64> {
        let known = self.problem.space.physical.iter().zip(&self.point.theta);
        let along = |((known, &value), step): ((&Parameter, &f64), &f64)| {
            let [below, above] = known.around(value, (share * step).abs());
            let end = if share * step < 0.0 { below } else { above };
            end.unwrap_or(f64::INFINITY)
        };
        known.zip(step).map(along).collect()
    }

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
            let (theta, valley) = (self.point.theta.clone(), self.valley(parameter));
            let mut walk = Side { surroundings: self, parameter, side, theta, valley, ends: Vec::new() };
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

    /// Whether these data say the same of the outermost end on either side.
    fn confirms(&self, walked: &Walked) -> Result<bool> {
        for (theta, found) in walked.outermost() {
            let cost = self.problem.cost(self.objective, theta)?;
            if (self.errors_away(walked.profile.parameter, cost) - found).abs() > NEAR {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// How many errors a cost is away from the least.
    fn errors_away(&self, parameter: usize, cost: f64) -> f64 {
        (2.0 * (cost - self.least).max(0.0) / self.uncertainty.widening(parameter)).sqrt()
    }
}

/// One side of a profile.
struct Side<'a> {
    surroundings: &'a Surroundings<'a>,
    parameter: usize,
    side: f64,
    /// Where the valley was left last, and how all parameters follow the held one there.
    theta: Vec<f64>,
    valley: Vec<f64>,
    /// Where ends were found.
    ends: Vec<(Vec<f64>, f64)>,
}

impl Side<'_> {
    /// How far the bound is.
    fn room(&self) -> f64 {
        let known = &self.surroundings.problem.space.physical[self.parameter];
        let bound = if self.side > 0.0 { known.upper } else { known.lower };
        (bound - self.surroundings.point.theta[self.parameter]).abs()
    }

    /// The distance at which a level is reached, or the distance of the bound.
    fn end(&mut self, inside: &mut Step, level: f64) -> Result<f64> {
        let room = self.room();
        let mut outside: Option<Step> = None;
        let mut next = towards(*inside, *inside, None, level);
        for _ in 0..MOST {
            let distance = next.min(room);
            let (theta, step) = self.follow(distance)?;
            let mut found = step;
            if (step.z - level).abs() < NEAR {
                match self.lower_in_the_other_valley(&theta, step)? {
                    // From here on the cost is followed there.
                    Some(lower) => (found, outside) = (lower, None),
                    None => {
                        *inside = step;
                        self.ends.push((theta, step.z));
                        return Ok(distance);
                    }
                }
            }
            match found.z < level {
                true if distance >= room => return Ok(room),
                true => *inside = found,
                false => outside = Some(found),
            }
            next = towards(found, *inside, outside, level);
        }
        Ok(next.min(room))
    }

    /// Where all parameters are with the one at a distance and the others at their best, and how many errors that is.
    fn follow(&mut self, distance: f64) -> Result<(Vec<f64>, Step)> {
        let value = self.surroundings.point.theta[self.parameter] + self.side * distance;
        let moved = value - self.theta[self.parameter];
        let mut start: Vec<f64> =
            self.theta.iter().zip(&self.valley).map(|(from, along)| from + along * moved).collect();
        start[self.parameter] = value;
        let held = self.best(&start)?;
        self.surroundings.walking.looked();
        Ok(self.stand(held, distance))
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
        let Some(other) = self.other_valley(theta)? else { return Ok(None) };
        let held = self.best(&other)?;
        let is_lower = self.surroundings.errors_away(self.parameter, held.cost) <= found.z - NEAR;
        Ok(is_lower.then(|| self.stand(held, found.distance).1))
    }

    /// The least cost with the parameter held, and where it is.
    fn best(&self, start: &[f64]) -> Result<Held> {
        let Surroundings { objective, problem, point, uncertainty, .. } = self.surroundings;
        let mut space = problem.space.clone();
        space.physical[self.parameter].fixed = Some(start[self.parameter]);
        let widening = uncertainty.widening(self.parameter);
        let per_pair = point.evaluation.cost / point.evaluation.pairs.max(1) as f64;
        let ftol = (SETTLED * 0.5 * widening / per_pair).max(problem.tolerances.ftol);
        let tolerances = Tolerances { ftol, ..problem.tolerances };
        let held = Problem { space: &space, tolerances, ..(*problem).clone() };
        let found = minimise(System::Gram(*objective), &held, start, "profile", &mut Following::default())?;
        match found.stop {
            Stop::Interrupted => Err(Fault::stopped()),
            _ => {
                let others = moving(&held, &found.point);
                Ok(Held::at(found.point, self.parameter, &others))
            }
        }
    }

    /// A place in the other valley of the power law whose amplitude is held, if the law is free otherwise and it lies between the
    /// bounds: the best of laws that have the same value and slope at some time.
    fn other_valley(&self, theta: &[f64]) -> Result<Option<Vec<f64>>> {
        let Surroundings { objective, problem, .. } = self.surroundings;
        let free = problem.space.free();
        let is_free = |law: &&LawPlaces| law.all().iter().all(|place| free.contains(place));
        let laws = problem.space.mode.power_laws().iter();
        let Some(law) = laws.filter(|law| law.amplitude == self.parameter).find(is_free) else { return Ok(None) };
        let mut best: Option<(f64, Vec<f64>)> = None;
        for step in -MIRRORS..=MIRRORS {
            let time_seconds = problem.t_ref_seconds * BETWEEN_MIRRORS.powi(step);
            let Some(other) = law.of(theta).mirrored(time_seconds) else { continue };
            let mut mirrored = theta.to_vec();
            (mirrored[law.exponent], mirrored[law.constant]) = (other.exponent, other.constant);
            if problem.between_bounds(&mirrored) == mirrored {
                let cost = problem.cost(*objective, &mirrored)?;
                best = best.filter(|(least, _)| *least <= cost).or(Some((cost, mirrored)));
            }
        }
        Ok(best.map(|(_, theta)| theta))
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

impl Held {
    /// The least cost turns with the held parameter as its gradient says (the others are at their best), and they follow as the
    /// Hessian says.
    fn at(point: Point, parameter: usize, others: &[usize]) -> Self {
        let Evaluation { cost, gradient, hessian, .. } = point.evaluation;
        let coupling: Vec<f64> = others.iter().map(|&other| hessian[[other, parameter]]).collect();
        let mut valley = vec![0.0; point.theta.len()];
        valley[parameter] = 1.0;
        let follow = hessian.among(others).solve_determined(&coupling);
        others.iter().zip(follow).for_each(|(&other, follow)| valley[other] = -follow);
        let slope = dot(&gradient, &valley);
        Held { theta: point.theta, cost, valley, slope }
    }
}

/// Where a level is to be expected from the last step (Newton), if that lies between the steps on either side of it; else on the
/// line between these, or at most so many times as far as the outermost.
fn towards(last: Step, inside: Step, outside: Option<Step>, level: f64) -> f64 {
    let newton = last.distance + (level - last.z) / last.slope;
    match outside {
        Some(outside) if !(inside.distance..outside.distance).contains(&newton) => {
            let share = ((level - inside.z) / (outside.z - inside.z)).clamp(0.1, 0.9);
            inside.distance + share * (outside.distance - inside.distance)
        }
        Some(_) => newton,
        None if inside.distance == 0.0 => newton,
        None => {
            let farthest = STRIDE * inside.distance;
            if newton > inside.distance { newton.min(farthest) } else { farthest }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    }
}
