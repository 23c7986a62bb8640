//! Condensed data in a fit: where they bring it near its minimum, how far they are believed, what is told of them. All pairs have the
//! last word.

use crate::error::{Fault, Result, unless_stopped};
use crate::fit::settings::Tolerances;
use crate::fit::solver::journal::Following;
use crate::fit::solver::minimise::{Solution, joined, minimise};
use crate::fit::solver::problem::{Point, Problem, System, Tilt};
use crate::outcome::condensed::CondensedFit;
use crate::outcome::verdict::Stop;
use crate::sums::algebra::{Algebra, dot};
use crate::sums::objective::{CondensedData, Fineness, RawData};
use std::cell::RefCell;
use std::rc::Rc;

/// What the prediction is multiplied with: where it was measured, shifts were at most seven times as large.
const SAFETY: f64 = 10.0;
/// A shift of the minimum, in standard errors, up to which condensed data are believed.
const BELIEVED: f64 = 0.1;
/// Where their search ends: 3e-5 standard errors from their minimum. All pairs go on from there.
const FTOL: f64 = 1e-9;
/// Pseudo-pairs of all angles up to which they stay in memory beside the noise: some 30 MB.
const MOST_KEPT: u64 = 3_000_000;

/// Condensed data of a fit, made when they are first asked for.
pub struct Condensing<'a> {
    raw: &'a dyn RawData,
    is_wanted: bool,
    data: RefCell<Option<Rc<dyn CondensedData + 'a>>>,
    near: RefCell<Option<Near>>,
}

/// The minimum of condensed data.
#[derive(Debug, Clone)]
pub struct Near {
    /// All physical parameters.
    pub theta: Vec<f64>,
    found: CondensedFit,
}

impl Near {
    /// The minimum next to a start.
    fn of(data: &dyn CondensedData, fineness: Fineness, problem: &Problem<'_>, start: &[f64]) -> Result<Self> {
        let tolerances = Tolerances { ftol: problem.tolerances.ftol.max(FTOL), ..problem.tolerances };
        let problem = &Problem { tolerances, ..problem.clone() };
        let solution = minimise(System::Gram(data), problem, start, "condensed", &mut Following::default())?;
        if solution.stop == Stop::Interrupted {
            return Err(Fault::stopped());
        }
        let point = solution.point;
        // What the steps on the way crossed is of no account: all pairs go on from here.
        let floor_frame = data.floor_frame(&point.theta);
        let contrast: Vec<f64> = point.scaling.per_angle.iter().map(|scaling| scaling.contrast).collect();
        let predicted_shift = data.predicted_shift(&problem.query(&point.theta, None), &point.grams, &contrast)?;
        let found = CondensedFit {
            pseudo_pairs: data.n_pseudo_pairs(),
            is_fine: fineness == Fineness::Fine,
            predicted_shift,
            measured_shift: None,
            floor_frame,
            is_believed: floor_frame.is_none() && SAFETY * predicted_shift <= BELIEVED,
            raw_sweeps: 0,
        };
        Ok(Near { theta: point.theta, found })
    }

    /// Whether it stands for that of all pairs.
    #[must_use]
    pub fn is_believed(&self) -> bool {
        self.found.is_believed
    }
}

impl<'a> Condensing<'a> {
    /// Of all data of a fit, if they are wanted at all.
    #[must_use]
    pub fn new(raw: &'a dyn RawData, is_wanted: bool) -> Self {
        Condensing { raw, is_wanted, data: RefCell::default(), near: RefCell::default() }
    }

    /// Data that are believed where the minimum is; `None` where all pairs have to answer for themselves.
    ///
    /// # Errors
    /// What the sweeps report; Interrupted if the user asks to stop.
    pub fn believed(&self) -> Result<Option<Rc<dyn CondensedData + 'a>>> {
        let near = self.near.borrow().clone();
        let believed = near.filter(Near::is_believed);
        believed.map_or(Ok(None), |near| self.made(near.found.fineness()))
    }

    /// Gives their memory back if it is worth it: they are made again where they are asked for.
    pub fn let_go_if_large(&self) {
        let is_large = |data: &Rc<dyn CondensedData + 'a>| data.n_pseudo_pairs() > MOST_KEPT;
        if self.data.borrow().as_ref().is_some_and(is_large) {
            self.data.replace(None);
        }
    }

    /// The minimum next to a start, of condensed data. They are made finer where the prediction asks for it.
    ///
    /// # Errors
    /// What the sweeps report; Interrupted if the user asks to stop.
    pub fn nearer(&self, problem: &Problem<'_>, start: &[f64], following: &Following<'_>) -> Result<Option<Near>> {
        let mut theta = start.to_vec();
        let known = self.near.borrow().as_ref().map(|near| near.found.fineness());
        for fineness in [Fineness::Usual, Fineness::Fine].into_iter().filter(|fineness| Some(*fineness) >= known) {
            let Some(data) = self.made(fineness)? else { return Ok(None) };
            let near = Near::of(&*data, fineness, problem, &theta)?;
            let CondensedFit { pseudo_pairs, .. } = near.found;
            let (unseen, near_in_words) = (data.unseen_in_words(), near.found.in_words());
            following.note(&format!("condensed data: {pseudo_pairs} pseudo-pairs{unseen}; {near_in_words}"));
            let is_enough = near.found.is_believed || near.found.floor_frame.is_some();
            theta.clone_from(&near.theta);
            self.near.replace(Some(near));
            if is_enough {
                break;
            }
        }
        Ok(self.near.borrow().clone())
    }

    /// From the minimum of condensed data to that of all pairs: one sweep of these tells what condensed data lack there, and the next, at
    /// the minimum that they have with it, that little is left.
    ///
    /// # Errors
    /// What the sweeps report; Interrupted if the user asks to stop before there is anything.
    pub fn confirmed(
        &self,
        problem: &Problem<'_>,
        near: &Near,
        phase: &str,
        following: &mut Following<'_>,
    ) -> Result<Solution> {
        let tolerances = Tolerances { max_iterations: 1, ..problem.tolerances };
        let once = Problem { tolerances, ..problem.clone() };
        let raw = System::Gram(self.raw);
        let seen = minimise(raw, &once, &near.theta, &format!("{phase}, condensed"), following)?;
        if seen.stop != Stop::MaxIterations || problem.tolerances.max_iterations == 1 {
            return Ok(seen);
        }
        match unless_stopped(self.beyond(problem, &seen.point))?.flatten() {
            Some(theta) if theta == seen.point.theta => Ok(Solution { stop: Stop::Cost, ..seen }),
            Some(theta) => joined(seen, minimise(raw, problem, &theta, phase, following)),
            None => Ok(Solution { stop: Stop::Interrupted, ..seen }),
        }
    }

    /// The minimum of condensed data with the slope that they lack where all pairs were seen: that of all pairs to second order. `None` where
    /// they are not believed.
    fn beyond(&self, problem: &Problem<'_>, seen: &Point) -> Result<Option<Vec<f64>>> {
        let Some(data) = self.believed()? else { return Ok(None) };
        let tilt = Tilt::between(&System::Gram(&*data).point(problem, seen.theta.clone())?, seen);
        let following = &mut Following::default();
        let found = minimise(System::Tilted(&*data, &tilt), problem, &seen.theta, "condensed", following)?;
        if found.stop == Stop::Interrupted {
            return Err(Fault::stopped());
        }
        Ok(Some(found.point.theta))
    }

    fn made(&self, fineness: Fineness) -> Result<Option<Rc<dyn CondensedData + 'a>>> {
        if !self.is_wanted {
            return Ok(None);
        }
        let is_of = |near: &Near| near.found.fineness() == fineness;
        if self.data.borrow().is_none() || !self.near.borrow().as_ref().is_some_and(is_of) {
            // One at a time in memory.
            self.data.replace(None);
            self.data.replace(self.raw.condensed(fineness)?.map(Rc::from));
        }
        Ok(self.data.borrow().clone())
    }

    /// Compares their minimum with that of all pairs: where it lies much farther off than predicted they are not believed any more.
    pub fn compare(&self, problem: &Problem<'_>, point: &Point, following: &Following<'_>) {
        let Some(near) = &mut *self.near.borrow_mut() else { return };
        let free = problem.space.free();
        let hessian = problem.in_coordinates(&point.evaluation, &point.theta, &free).hessian;
        let coordinate = |theta: &[f64], k: usize| problem.space.physical[k].coordinate(theta[k]);
        let apart: Vec<f64> = free.iter().map(|&k| coordinate(&near.theta, k) - coordinate(&point.theta, k)).collect();
        let shift = dot(&hessian.times(&apart), &apart).max(0.0).sqrt();
        near.found.measured_shift = Some(shift).filter(|shift| shift.is_finite());
        let predicted = near.found.predicted_shift;
        if near.found.is_believed && !(shift <= SAFETY * predicted || SAFETY * shift <= BELIEVED) {
            near.found.is_believed = false;
            following.note(&format!(
                "condensed data: their minimum lies {shift:.0e} errors from that of all pairs, predicted were {predicted:.0e}: not \
                 believed any more"
            ));
        }
    }

    /// What is told of them, where so many sweeps of all pairs had the last word.
    #[must_use]
    pub fn told(&self, raw_sweeps: usize) -> Option<CondensedFit> {
        self.near.borrow().as_ref().map(|near| CondensedFit { raw_sweeps, ..near.found.clone() })
    }
}

/// How near condensed data of the usual fineness lead, from a start, without a look at all pairs.
///
/// # Errors
/// What the sweeps report; Interrupted if the user asks to stop.
pub fn foreseen(data: &dyn CondensedData, problem: &Problem<'_>, start: &[f64]) -> Result<CondensedFit> {
    Ok(Near::of(data, Fineness::Usual, problem, start)?.found)
}

impl CondensedFit {
    fn fineness(&self) -> Fineness {
        if self.is_fine { Fineness::Fine } else { Fineness::Usual }
    }
}
