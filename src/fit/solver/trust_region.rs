//! The bounded trust region as an ask/tell state machine. It holds no data, thread or file, and can be stored.
//!
//! Rectangular trust region between bounds (Voglis and Lagaris, WSEAS 2004, "A rectangular trust region dogleg approach
//! for unconstrained and bound constrained nonlinear optimization"): the step minimises the quadratic model exactly in
//! the box where bounds and trust region meet, instead of along a dogleg. Marquardt scaling by the largest diagonal seen
//! (More, Lecture Notes in Mathematics 630 (1978) 105, doi 10.1007/BFb0067700). Ratios allow for the rounding of the
//! cost (Conn, Gould and Toint, Trust-Region Methods (2000), section 17.4.2).

use crate::fit::settings::Tolerances;
use crate::likelihood::reduced::Evaluation;
use crate::outcome::verdict::Stop;
use crate::sums::algebra::{Algebra, dot};
use crate::sums::box_quadratic::{box_constraints, minimise, minimise_residual};
use ndarray::Array2;

/// A Hessian that lacks this share of the curvature along a step is mended.
const WORTH_LEARNING: f64 = 0.25;
/// The solver.
#[derive(Debug, Clone)]
pub struct TrustRegion {
    lower: Vec<f64>,
    upper: Vec<f64>,
    tolerances: Tolerances,
    scale: Vec<f64>,
    /// Characteristic size of a coordinate in place of Marquardt's.
    sizes: Vec<Option<f64>>,
    /// What steps have shown the Hessian, which takes the model as linear, to lack.
    lacking: Array2<f64>,
    evaluations: usize,
    last_step: f64,
    state: State,
}

#[derive(Debug, Clone)]
enum State {
    /// Nothing is known: the start is asked for.
    Begin { x: Vec<f64> },
    /// A step from the best point is asked for.
    Try { best: Best, trial: Trial, radius: f64 },
    /// The search is over.
    End { best: Best, stop: Stop },
}

#[derive(Debug, Clone)]
struct Best {
    x: Vec<f64>,
    evaluation: Evaluation,
}

#[derive(Debug, Clone)]
struct Trial {
    x: Vec<f64>,
    step: Vec<f64>,
    predicted: f64,
}

/// What became of a told evaluation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Told {
    /// The point is the best so far.
    pub accepted: bool,
    /// Radius of the trust region afterwards.
    pub radius: f64,
    /// Largest scaled component of the projected gradient at the best point.
    pub projected_gradient: f64,
}

impl TrustRegion {
    /// Starts at `start`, moved between the bounds if it is outside.
    #[must_use]
    pub fn new(start: &[f64], bounds: (Vec<f64>, Vec<f64>), tolerances: Tolerances) -> Self {
        let (lower, upper) = bounds;
        let clamped: Vec<f64> = start.iter().enumerate().map(|(k, x)| x.clamp(lower[k], upper[k])).collect();
        TrustRegion {
            scale: vec![0.0; start.len()],
            lacking: Array2::zeros((start.len(), start.len())),
            sizes: vec![None; start.len()],
            lower,
            upper,
            tolerances,
            evaluations: 0,
            last_step: f64::INFINITY,
            state: State::Begin { x: clamped },
        }
    }

    /// Measures some coordinates by given sizes instead of the Hessian's.
    #[must_use]
    pub fn with_sizes(mut self, sizes: Vec<Option<f64>>) -> Self {
        self.sizes = sizes;
        self
    }

    /// The point that is to be evaluated; `None` when the search is over.
    #[must_use]
    pub fn ask(&self) -> Option<&[f64]> {
        match &self.state {
            State::Begin { x } => Some(x),
            State::Try { trial, .. } => Some(&trial.x),
            State::End { .. } => None,
        }
    }

    /// Why the search is over, once it is.
    #[must_use]
    pub fn stop(&self) -> Option<Stop> {
        match &self.state {
            State::End { stop, .. } => Some(*stop),
            _ => None,
        }
    }

    /// The best point so far, once one is known.
    #[must_use]
    pub fn best(&self) -> Option<&[f64]> {
        self.known().map(|best| &best.x[..])
    }

    fn known(&self) -> Option<&Best> {
        match &self.state {
            State::Begin { .. } => None,
            State::Try { best, .. } | State::End { best, .. } => Some(best),
        }
    }

    /// Takes the evaluation of the point that was asked for, or of a point `x` that agrees with it to first order in the
    /// step. When the search is over, nothing changes.
    pub fn tell(&mut self, x: Vec<f64>, evaluation: Evaluation) -> Told {
        let told = Best { x, evaluation };
        let (accepted, radius) = match std::mem::replace(&mut self.state, State::Begin { x: Vec::new() }) {
            State::Begin { .. } => self.begin(told),
            State::Try { best, trial, radius } => self.compare(best, told, &trial, radius),
            end @ State::End { .. } => {
                self.state = end;
                (false, f64::INFINITY)
            }
        };
        let projected_gradient = self.known().map_or(f64::INFINITY, |best| self.projected_gradient(best));
        Told { accepted, radius, projected_gradient }
    }

    fn begin(&mut self, first: Best) -> (bool, f64) {
        self.evaluations += 1;
        self.rescale(&first.evaluation.hessian);
        let radius = self.go_on(first, None);
        // A start from which next to nothing can be gained is the minimum.
        self.state = match std::mem::replace(&mut self.state, State::Begin { x: Vec::new() }) {
            State::Try { best, trial, .. } if trial.predicted <= self.enough(&best.evaluation) => {
                State::End { best, stop: Stop::Cost }
            }
            state => state,
        };
        (true, radius)
    }

    /// A decrease of the cost that is not worth a step.
    fn enough(&self, evaluation: &Evaluation) -> f64 {
        self.tolerances.ftol * evaluation.cost / evaluation.pairs.max(1) as f64
    }

    /// Accepts or rejects what the trial has led to.
    fn compare(&mut self, best: Best, told: Best, trial: &Trial, radius: f64) -> (bool, f64) {
        self.evaluations += 1;
        let rounding = best.evaluation.cost_rounding.max(told.evaluation.cost_rounding);
        let actual = best.evaluation.cost - told.evaluation.cost;
        let ratio = (actual + rounding) / (trial.predicted + rounding);
        let radius = self.resized(trial, ratio, radius);
        // Within one standard error of the minimum; farther away a step tells too little of where it leads.
        if trial.predicted <= best.evaluation.cost / best.evaluation.pairs.max(1) as f64 {
            self.learn(&best, &told);
        }
        if !(told.evaluation.cost.is_finite() && ratio > 1e-4) {
            return (false, self.go_on(best, Some(radius)));
        }
        let converged = self.converged(&told.x, trial, &best.evaluation, rounding);
        self.last_step = self.size(&trial.step);
        self.rescale(&told.evaluation.hessian);
        match converged {
            Some(stop) => self.state = State::End { best: told, stop },
            None => return (true, self.go_on(told, Some(radius))),
        }
        (true, radius)
    }

    /// What the gradient's change along a step shows beyond the Hessian, by a symmetric update of rank one, sized to what the step has
    /// seen of it (Dennis, Gay and Welsch, ACM Trans. Math. Softw. 7 (1981) 348, doi 10.1145/355958.355965). Where residuals bend the cost
    /// much more than the model's slopes tell, as they do next to a direction across the flow, steps would be far too long for ever.
    fn learn(&mut self, from: &Best, to: &Best) {
        if !to.evaluation.cost.is_finite() || to.evaluation.residual.is_some() {
            return;
        }
        let step: Vec<f64> = to.x.iter().zip(&from.x).map(|(to, from)| to - from).collect();
        let known = from.evaluation.hessian.times(&step);
        let change = to.evaluation.gradient.iter().zip(&from.evaluation.gradient).map(|(to, from)| to - from);
        let beyond: Vec<f64> = change.zip(&known).map(|(change, known)| change - known).collect();
        let held = dot(&self.lacking.times(&step), &step);
        if held > 0.0 {
            self.lacking *= (dot(&beyond, &step) / held).clamp(0.0, 1.0);
        }
        let along = self.lacking.times(&step);
        let new: Vec<f64> = beyond.iter().zip(&along).map(|(beyond, along)| beyond - along).collect();
        let size = dot(&new, &step);
        if size > WORTH_LEARNING * dot(&known, &step) {
            self.lacking += &Array2::from_shape_fn(self.lacking.raw_dim(), |(row, col)| new[row] * new[col] / size);
        }
    }

    /// The cost's curvature as far as it is known.
    fn curvature(&self, evaluation: &Evaluation) -> Array2<f64> {
        &evaluation.hessian + &self.lacking
    }

    fn rescale(&mut self, hessian: &Array2<f64>) {
        for (k, scale) in self.scale.iter_mut().enumerate() {
            *scale = scale.max(hessian[[k, k]].max(0.0).sqrt());
        }
    }

    fn scale_of(&self, k: usize) -> f64 {
        match self.sizes[k] {
            Some(size) => 1.0 / size,
            None if self.scale[k] > 0.0 => self.scale[k],
            None => 1.0,
        }
    }

    /// Largest scaled component of a step.
    fn size(&self, step: &[f64]) -> f64 {
        step.iter().enumerate().map(|(k, step)| (step * self.scale_of(k)).abs()).fold(0.0, f64::max)
    }

    /// The radius after a trial.
    fn resized(&self, trial: &Trial, ratio: f64, radius: f64) -> f64 {
        let size = self.size(&trial.step);
        match ratio {
            ratio if ratio.is_nan() || ratio < 0.25 => 0.25 * size.min(radius),
            ratio if ratio > 0.75 && size > 0.9 * radius => 2.0 * radius,
            _ => radius,
        }
    }

    /// Convergence by a step to `x` that has just been accepted.
    fn converged(&self, x: &[f64], trial: &Trial, before: &Evaluation, rounding: f64) -> Option<Stop> {
        let tolerances = self.tolerances;
        let small = |(k, step): (usize, &f64)| {
            let range = self.upper[k] - self.lower[k];
            step.abs() <= tolerances.xtol * x[k].abs().max(1e-6 * range)
        };
        if trial.step.iter().enumerate().all(small) {
            return Some(Stop::Step);
        }
        if trial.predicted > rounding {
            return (trial.predicted <= self.enough(before)).then_some(Stop::Cost);
        }
        // Below the rounding of the cost the gradient still guides; when steps no longer shrink, it does not. Under a robust
        // loss the scaling is not settled any finer.
        let shrinks = self.size(&trial.step) <= 0.5 * self.last_step;
        (before.is_robust || !shrinks).then_some(Stop::Rounding)
    }

    /// Ends by the gradient, or asks for the next point. Returns the radius; an unknown one is infinite.
    fn go_on(&mut self, best: Best, radius: Option<f64>) -> f64 {
        let known = radius.unwrap_or(f64::INFINITY);
        let stop = if best.x.is_empty() {
            Stop::NothingFree
        } else if self.projected_gradient(&best) <= self.tolerances.gtol {
            Stop::Gradient
        } else if self.evaluations >= self.tolerances.max_iterations {
            Stop::MaxIterations
        } else {
            let radius = radius.unwrap_or_else(|| self.first_radius());
            let step = self.box_step(&best.x, &best.evaluation, radius);
            let x = self.moved(&best.x, &step);
            if x != best.x && x.iter().all(|x| x.is_finite()) {
                let predicted = self.predicted_decrease(&best.evaluation, &step).max(0.0);
                self.state = State::Try { best, trial: Trial { x, step, predicted }, radius };
                return radius;
            }
            Stop::NoProgress
        };
        self.state = State::End { best, stop };
        known
    }

    fn moved(&self, x: &[f64], step: &[f64]) -> Vec<f64> {
        x.iter().zip(step).enumerate().map(|(k, (x, step))| (x + step).clamp(self.lower[k], self.upper[k])).collect()
    }

    /// A quarter of the widest range, in scaled coordinates.
    fn first_radius(&self) -> f64 {
        let range = |k: usize| self.upper[k] - self.lower[k];
        (0..self.scale.len()).map(|k| 0.25 * range(k) * self.scale_of(k)).fold(0.0, f64::max)
    }

    /// The minimum of the quadratic model in the box where bounds and trust region meet.
    fn box_step(&self, x: &[f64], evaluation: &Evaluation, radius: f64) -> Vec<f64> {
        let n = x.len();
        let reach = |k: usize| radius / self.scale_of(k);
        let lower: Vec<f64> = (0..n).map(|k| (self.lower[k] - x[k]).max(-reach(k))).collect();
        let upper: Vec<f64> = (0..n).map(|k| (self.upper[k] - x[k]).min(reach(k))).collect();
        let (constraints, start) = (box_constraints(&lower, &upper), vec![0.0; n]);
        if let Some((a, f)) = &evaluation.residual {
            return minimise_residual(a, f, &constraints, &start).x;
        }
        let downhill: Vec<f64> = evaluation.gradient.iter().map(|g| -g).collect();
        minimise(&self.curvature(evaluation), &downhill, &constraints, &start).x
    }

    /// max |g_k| / (sqrt(H_kk) sqrt(2 cost)) over the components that no bound holds back.
    fn projected_gradient(&self, best: &Best) -> f64 {
        let held =
            |k: usize, g: f64| (best.x[k] <= self.lower[k] && g > 0.0) || (best.x[k] >= self.upper[k] && g < 0.0);
        let residual = (2.0 * best.evaluation.cost).sqrt().max(f64::MIN_POSITIVE);
        let component = |(k, &g): (usize, &f64)| match held(k, g) {
            true => 0.0,
            false => g.abs() / (best.evaluation.hessian[[k, k]].max(0.0).sqrt().max(f64::MIN_POSITIVE) * residual),
        };
        let parts = best.evaluation.gradient.iter().enumerate().filter(|(_, g)| **g != 0.0);
        parts.map(component).fold(0.0, f64::max)
    }

    /// How much the quadratic model falls along a step.
    fn predicted_decrease(&self, evaluation: &Evaluation, step: &[f64]) -> f64 {
        match &evaluation.residual {
            // |f|^2 - |f + A s|^2 = -(A s) . (2 f + A s)
            Some((a, f)) => {
                let along = a.times(step);
                -0.5 * along.iter().zip(f).map(|(along, f)| along * (2.0 * f + along)).sum::<f64>()
            }
            None => -dot(&evaluation.gradient, step) - 0.5 * dot(step, &self.curvature(evaluation).times(step)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Residuals of an analytic problem as a trust region sees them.
    fn evaluate(residuals: &dyn Fn(&[f64]) -> Vec<f64>, x: &[f64]) -> Evaluation {
        let r = residuals(x);
        let column = |k: usize| {
            let h = 1e-6 * x[k].abs().max(1e-3);
            let at = |sign: f64| {
                residuals(
                    &x.iter().enumerate().map(|(i, x)| x + if i == k { sign * h } else { 0.0 }).collect::<Vec<f64>>(),
                )
            };
            at(1.0).iter().zip(at(-1.0)).map(|(a, b)| (a - b) / (2.0 * h)).collect::<Vec<f64>>()
        };
        let jacobian: Vec<Vec<f64>> = (0..x.len()).map(column).collect();
        Evaluation {
            cost: 0.5 * dot(&r, &r),
            cost_rounding: 0.0,
            pairs: 2,
            gradient: jacobian.iter().map(|column| dot(column, &r)).collect(),
            hessian: Array2::from_shape_fn((x.len(), x.len()), |(row, col)| dot(&jacobian[row], &jacobian[col])),
            residual: None,
            is_robust: false,
        }
    }

    fn run(residuals: &dyn Fn(&[f64]) -> Vec<f64>, start: &[f64], bounds: (Vec<f64>, Vec<f64>)) -> (Vec<f64>, Stop) {
        let mut solver = TrustRegion::new(start, bounds, Tolerances::default());
        while let Some(x) = solver.ask().map(<[f64]>::to_vec) {
            solver.tell(x.clone(), evaluate(residuals, &x));
        }
        (solver.best().expect("evaluated").to_vec(), solver.stop().expect("over"))
    }

    fn rosenbrock(x: &[f64]) -> Vec<f64> {
        vec![10.0 * (x[1] - x[0] * x[0]), 1.0 - x[0]]
    }

    #[test]
    fn rosenbrock_is_solved_from_the_usual_start() {
        let (x, stop) = run(&rosenbrock, &[-1.2, 1.0], (vec![-5.0; 2], vec![5.0; 2]));
        assert!((x[0] - 1.0).abs() < 1e-6 && (x[1] - 1.0).abs() < 1e-6, "{x:?} {stop:?}");
    }

    #[test]
    fn a_minimum_outside_ends_on_the_bound() {
        let (x, stop) = run(&rosenbrock, &[-1.2, 1.0], (vec![-5.0; 2], vec![0.5, 5.0]));
        assert_eq!(x[0], 0.5);
        assert!((x[1] - 0.25).abs() < 1e-6 && stop != Stop::NoProgress, "{x:?} {stop:?}");
    }

    #[test]
    fn a_start_on_the_bounds_is_left() {
        let (x, _) = run(&rosenbrock, &[-5.0, 5.0], (vec![-5.0; 2], vec![5.0; 2]));
        assert!((x[0] - 1.0).abs() < 1e-6, "{x:?}");
    }

    /// Residuals a t^b + c - (3 t^0.5 + 1) with their exact derivatives; every sum is off by a few last bits.
    fn power_law(x: &[f64], seed: usize) -> Evaluation {
        let rows: Vec<[f64; 4]> = (1..=40)
            .map(|k| {
                let t = f64::from(k) * 0.1;
                let power = t.powf(x[1]);
                [power, x[0] * power * t.ln(), 1.0, x[0] * power + x[2] - 3.0 * t.sqrt() - 1.0]
            })
            .collect();
        let bits = |place: usize| 1.0 + 4e-16 * ((seed * 7 + place * 13) as f64).sin();
        let sum = |a: usize, b: usize| {
            let (a, b) = (a.min(b), a.max(b));
            bits(4 * a + b) * rows.iter().map(|row| row[a] * row[b]).sum::<f64>()
        };
        let cost = 0.5 * sum(3, 3);
        Evaluation {
            cost,
            cost_rounding: 64.0 * f64::EPSILON * cost,
            pairs: 40,
            gradient: (0..3).map(|k| sum(k, 3)).collect(),
            hessian: Array2::from_shape_fn((3, 3), |(row, col)| sum(row, col)),
            residual: None,
            is_robust: false,
        }
    }

    #[test]
    fn last_bits_of_the_sums_do_not_choose_the_way_where_parameters_trade_off() {
        // Where b = 0, t^b is 1: a and c are one parameter, and the Hessian is singular but for rounding.
        let way = |seed: usize| {
            let mut solver = TrustRegion::new(&[1.0, 0.0, 0.0], (vec![-1e5; 3], vec![1e5; 3]), Tolerances::default());
            let mut asked = Vec::new();
            while let Some(x) = solver.ask().map(<[f64]>::to_vec) {
                solver.tell(x.clone(), power_law(&x, seed));
                asked.push(x);
            }
            (asked, solver.stop().expect("over"))
        };
        let (first, _) = way(0);
        for seed in 1..30 {
            let (asked, stop) = way(seed);
            assert!(first[1].iter().zip(&asked[1]).all(|(a, b)| (a - b).abs() < 1e-6), "{:?} {:?}", first[1], asked[1]);
            let end = asked.last().expect("asked");
            let apart = [end[0] - 3.0, end[1] - 0.5, end[2] - 1.0];
            assert!(apart.iter().all(|apart| apart.abs() < 1e-6), "{seed}: {end:?} {stop:?}");
            assert!(asked.len() <= first.len() + 2, "{seed}: {} evaluations, {}", asked.len(), first.len());
        }
    }

    #[test]
    fn steps_to_and_fro_that_lower_nothing_end_the_search() {
        // Residuals x^2 / 2 + c and x: near 0 the cost bends by 1 + c, its model by 1, so that each step leads to the other side.
        let curved = |x: &[f64]| {
            let (c, x) = (1.0, x[0]);
            let residual = 0.5 * x * x + c;
            let cost = 0.5 * (residual * residual + x * x) * 1e4;
            Evaluation {
                cost,
                cost_rounding: 64.0 * f64::EPSILON * cost,
                pairs: 20_000,
                gradient: vec![1e4 * (x * residual + x)],
                hessian: Array2::from_elem((1, 1), 1e4 * (x * x + 1.0)),
                residual: None,
                is_robust: false,
            }
        };
        for start in [1e-8, 1e-7, 3e-7, 1e-6, 1e-5, 1e-3] {
            let mut solver = TrustRegion::new(&[start], (vec![-1.0], vec![1.0]), Tolerances::default());
            let mut count = 0;
            while let Some(x) = solver.ask().map(<[f64]>::to_vec) {
                solver.tell(x.clone(), curved(&x));
                count += 1;
            }
            let (x, stop) = (solver.best().expect("evaluated")[0], solver.stop().expect("over"));
            assert!(stop != Stop::MaxIterations && x.abs() < 1e-6 && count < 60, "{start}: {x} {stop:?} {count}");
        }
    }

    #[test]
    fn the_limit_of_iterations_is_not_convergence() {
        let tolerances = Tolerances { max_iterations: 2, ..Tolerances::default() };
        let mut solver = TrustRegion::new(&[-1.2, 1.0], (vec![-5.0; 2], vec![5.0; 2]), tolerances);
        while let Some(x) = solver.ask().map(<[f64]>::to_vec) {
            solver.tell(x.clone(), evaluate(&rosenbrock, &x));
        }
        assert_eq!(solver.stop(), Some(Stop::MaxIterations));
    }
}
