//! The weighted estimate: a few steps from the least-squares solution to where the weighted scores vanish, each one sweep. It judges
//! nothing.

use crate::error::Result;
use crate::fit::weighting::predicted::{Predicted, Solved, roots};
use crate::likelihood::speckle::departure::Departure;
use crate::parameters::scaling::AngleScaling;
use crate::sums::algebra::Algebra;
use ndarray::{Array1, Array2};

/// Most steps.
const STEPS: usize = 14;
/// A step below this share of an error is the last one: the next would be a few hundredths of it.
const SETTLED: f64 = 0.02;
/// Longer steps, in errors, are cut: where the model is not linear the answer of the scores is another there.
const LONGEST: f64 = 1.0;
/// After a longer one weights and answer are those of the new place, so often.
const FAR: f64 = 0.5;
const RENEWALS: usize = 3;
/// A step that would leave the bounds is halved so often.
const HALVINGS: usize = 4;
/// Directions in which both estimates differ by less than this share of a variance of least squares are no test.
const TOLD: f64 = 0.03;

/// Where the weighted scores vanish.
#[derive(Clone)]
pub struct Estimate {
    /// Physical parameters.
    pub theta: Vec<f64>,
    /// Scaling coefficients.
    pub coefficients: Vec<f64>,
    /// Contrast and offset of every angle.
    pub per_angle: Vec<AngleScaling>,
}

/// What becomes of the steps.
pub enum Way {
    /// They have ended.
    Settled(Estimate),
    /// They have not, for a reason in words.
    Lost(String),
}

impl Estimate {
    /// That of least squares.
    fn of(solved: &Solved<'_>) -> Self {
        Estimate {
            theta: solved.point.theta.clone(),
            per_angle: solved.point.scaling.per_angle.clone(),
            coefficients: solved.problem.map.coefficients(&solved.point.grams),
        }
    }

    /// A share of a step away, in the coordinates of the search and on the bent path of power laws; the name of a number if that would
    /// leave its bounds.
    fn moved(&self, solved: &Solved<'_>, step: &[f64], share: f64) -> std::result::Result<Self, String> {
        let (problem, moving) = (solved.problem, &solved.uncertainty.moving);
        let physical = &problem.space.physical;
        let coordinate = |(&k, step): (&usize, &f64)| {
            physical[k].coordinate(self.theta[k]) + share * step / physical[k].slope(self.theta[k])
        };
        let coordinates: Vec<f64> = moving.iter().zip(step).map(coordinate).collect();
        let (theta, _) = problem.theta_of(moving, &coordinates, &self.theta);
        let is_outside = |&&k: &&usize| theta[k] <= physical[k].lower || theta[k] >= physical[k].upper;
        if let Some(&k) = moving.iter().find(is_outside) {
            return Err(physical[k].name.clone());
        }
        let further = self.coefficients.iter().zip(&step[moving.len()..]).map(|(value, step)| value + share * step);
        let coefficients: Vec<f64> = further.collect();
        let per_angle = problem.map.per_angle(&coefficients, self.per_angle.len());
        // What least squares has put on a bound stays there, give or take rounding.
        let is_free = solved.point.scaling.active.iter().all(Vec::is_empty);
        if is_free && !problem.map.holds(&per_angle) {
            return Err("contrast or offset".into());
        }
        // Given scaling is no sum of coefficients.
        let per_angle = if coefficients.is_empty() { self.per_angle.clone() } else { per_angle };
        Ok(Estimate { theta, coefficients, per_angle })
    }

    /// The first of some ever shorter steps that stays within the bounds.
    fn stepped(&self, solved: &Solved<'_>, step: &[f64], share: f64) -> std::result::Result<Self, String> {
        let mut outcome = self.moved(solved, step, share);
        for halving in 1..=HALVINGS {
            if outcome.is_ok() {
                break;
            }
            outcome = self.moved(solved, step, share * 0.5_f64.powi(halving as i32));
        }
        outcome
    }

    /// The step from another estimate, of all numbers.
    fn from(&self, other: &Estimate, solved: &Solved<'_>) -> Array1<f64> {
        let coefficients = self.coefficients.iter().zip(&other.coefficients).map(|(to, from)| to - from);
        self.less(other, solved).into_iter().chain(coefficients).collect()
    }

    /// Difference of two estimates of the moving parameters, as steps from the first.
    fn less(&self, other: &Estimate, solved: &Solved<'_>) -> Array1<f64> {
        let step = |&k: &usize| {
            let known = &solved.problem.space.physical[k];
            let (to, from) = (known.coordinate(self.theta[k]), known.coordinate(other.theta[k]));
            (to - from) * known.slope(other.theta[k])
        };
        solved.uncertainty.moving.iter().map(step).collect()
    }
}

/// How estimates answer scores, as far as it is known: what steps have shown corrects it (Broyden, Math. Comput. 19 (1965) 577, doi
/// 10.1090/S0025-5718-1965-0198670-6), where two numbers nearly do the same above all.
struct Answer {
    inverse: Array2<f64>,
    /// Of all numbers; 1 where there is none.
    errors: Array1<f64>,
    /// Scores before the last step, and the step.
    last: Option<(Array1<f64>, Array1<f64>)>,
}

impl Answer {
    fn of(predicted: &Predicted) -> Self {
        let errors = roots(&predicted.weighted).into_iter().map(|error| error.unwrap_or(1.0)).collect();
        Answer { inverse: predicted.inverse.clone(), errors, last: None }
    }

    /// Learns from the last step, which has led to these scores, and says the next.
    fn step(&mut self, scores: &Array1<f64>) -> Array1<f64> {
        if let Some((before, step)) = self.last.take() {
            let moved = self.inverse.dot(&(scores - &before));
            // Inner products in units of the errors.
            let weighed = &step / &self.errors / &self.errors;
            let told = weighed.dot(&moved);
            if told.abs() > LEAST_TOLD * weighed.dot(&step) {
                let row = weighed.dot(&self.inverse) / told;
                let lacking = step - moved;
                for (k, lacking) in lacking.iter().enumerate() {
                    self.inverse.row_mut(k).scaled_add(*lacking, &row);
                }
            }
        }
        -self.inverse.dot(scores)
    }

    /// The size of a step in errors.
    fn size(&self, step: &Array1<f64>) -> f64 {
        step.iter().zip(&self.errors).map(|(step, error)| (step / error).abs()).fold(0.0, f64::max)
    }
}

/// A step whose scores have answered less than this share of what was foretold teaches nothing.
const LEAST_TOLD: f64 = 0.1;

/// Walks to where the weighted scores vanish.
///
/// # Errors
/// What the sweeps report; Interrupted if the user has asked to stop.
pub fn walk(solved: &Solved<'_>, predicted: &Predicted, grids: usize) -> Result<Way> {
    let groups = &solved.last.nodes.groups;
    let (mut at, mut answer) = (Estimate::of(solved), Answer::of(predicted));
    let mut renewed: Option<Predicted> = None;
    for round in 0..STEPS {
        let known = renewed.as_ref().unwrap_or(predicted);
        let values = known.scores.values(solved.data, (&at.theta, &at.per_angle), groups)?;
        let mut scores = Array1::zeros(solved.n_numbers());
        for (angle, values) in values.into_iter().enumerate() {
            scores.scaled_add(solved.speckles(angle), &solved.spread(angle).dot(&Array1::from(values)));
        }
        let step = answer.step(&scores);
        let size = answer.size(&step);
        if !size.is_finite() {
            break;
        }
        let share = (LONGEST / size).min(1.0);
        let before = at.clone();
        match at.stepped(solved, &step.to_vec(), share) {
            Ok(moved) => at = moved,
            Err(name) => return Ok(Way::Lost(format!("its {name} would lie beyond a bound"))),
        }
        if size < SETTLED {
            return Ok(Way::Settled(at));
        }
        if size > FAR && round < RENEWALS {
            let there = Predicted::of(solved, (&at.theta, &at.per_angle), known.ridge, grids)?;
            answer = Answer::of(&there);
            renewed = Some(there);
        } else {
            answer.last = Some((scores, at.from(&before, solved)));
        }
    }
    Ok(Way::Lost(format!("its steps do not end within {STEPS} sweeps")))
}

/// Whether a weighted estimate agrees with that of least squares in the moving parameters (Hausman, Econometrica 46 (1978) 1251, doi
/// 10.2307/1913827, with the covariance of the difference as it is), but for those whose cost is far from a parabola: there covariances do
/// not tell how far both may lie apart.
#[must_use]
pub fn agreement(solved: &Solved<'_>, predicted: &Predicted, estimate: &Estimate) -> (Departure, Vec<Option<f64>>) {
    let moving = &solved.uncertainty.moving;
    let n: Vec<usize> = (0..moving.len()).collect();
    let straight: Vec<usize> = n.iter().copied().filter(|&k| !solved.bent.contains(&moving[k])).collect();
    let (difference, uniform) = (predicted.difference.among(&n), predicted.uniform.among(&n));
    let steps = estimate.less(&Estimate::of(solved), solved);
    let single = |k: usize| {
        let is_told = difference[[k, k]] > TOLD * uniform[[k, k]];
        is_told.then(|| steps[k] / difference[[k, k]].sqrt())
    };
    let sizes = n.iter().map(|&k| single(k)).collect();
    let tested = straight.iter().map(|&k| steps[k]).collect();
    (Departure::of(&tested, (&difference.among(&straight), &uniform.among(&straight)), TOLD), sizes)
}
