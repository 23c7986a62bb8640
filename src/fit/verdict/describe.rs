//! A solution as plain data: parameters, angles, tables of covariance, verdict. It computes no new number.

use crate::fit::errors::bread::Bread;
use crate::fit::errors::identifiability::identifiability;
use crate::fit::errors::information::{independent_renewals, shares};
use crate::fit::errors::last_sweep::LastSweep;
use crate::fit::errors::normalisation::contrasts;
use crate::fit::errors::profile::Profile;
use crate::fit::errors::skewness::offset_shifts;
use crate::fit::errors::speckle_noise::SpeckleNoise;
use crate::fit::errors::surroundings::LEVELS;
use crate::fit::errors::transport::transport;
use crate::fit::errors::uncertainty::Uncertainty;
use crate::fit::settings::{FitSettings, Quality};
use crate::fit::solver::minimise::Solution;
use crate::fit::solver::problem::{Point, Problem};
use crate::fit::verdict::bounds::{far_ends, physical_bounds, scaling_bounds};
use crate::fit::verdict::judge::{Evidence, Judgement, judge};
use crate::fit::verdict::lack_of_fit::Tested;
use crate::fit::verdict::unknown_noise::unknown_noise;
use crate::fit::verdict::where_residuals_are::{extremes, extremes_of_all, lags, lags_of_all};
use crate::likelihood::reduced::angle_cost;
use crate::likelihood::speckle::covariance::Noise;
use crate::outcome::fit::{ActiveBound, AngleResult, FitResult, StartFrom, Strategy};
use crate::outcome::noise::{Expected, LackOfFit, NoiseFound};
use crate::outcome::parameter::{Interval, IntervalMethod, ParameterResult, ParameterStatus};
use crate::outcome::weighting::WeightingFound;
use crate::parameters::scaling::ScalingMode;
use crate::sums::box_quadratic::Side;
use crate::sums::loss::Loss;
use crate::sums::objective::Objective;
use crate::sums::residuals::ResidualSums;
use ndarray::Array2;
use std::collections::BTreeMap;

/// What a solution is described with.
pub struct Described<'a> {
    /// Settings.
    pub settings: &'a FitSettings,
    /// Problem.
    pub problem: &'a Problem<'a>,
    /// The last sweep, if it was made.
    pub last: Option<&'a LastSweep>,
    /// How the data were gone through.
    pub strategy: Strategy,
    /// Errors.
    pub uncertainty: &'a Uncertainty,
    /// Intervals from the cost itself.
    pub profiles: &'a [Profile],
    /// Weights that know speckles, if they were looked at.
    pub weighting: Option<&'a WeightingFound>,
    /// What the model says of settings that may make a fit impossible.
    pub advice: &'a [String],
    /// Where the fit started.
    pub start: Vec<f64>,
    /// Times in seconds of derived curves.
    pub curve_times_seconds: &'a [f64],
}

impl Described<'_> {
    /// Everything about a solution.
    #[must_use]
    pub fn result(&self, objective: &dyn Objective, solution: &Solution, found: &Found) -> FitResult {
        let (problem, settings, point, uncertainty) = (self.problem, self.settings, &solution.point, self.uncertainty);
        let phi = objective.phi_degrees();
        let mut active =
            physical_bounds(problem, point, (uncertainty, self.profiles), settings.quality.bounds_tolerance);
        active.extend(scaling_bounds(problem, point, uncertainty, &phi));
        let squares = self.squares(point, uncertainty);
        let Judgement { verdict, reasons, verdicts } = self.judgement(objective, solution, &active, (found, &squares));
        let [reported, plain] = uncertainty.known_covariances();
        let angles = self.angles(objective, point, uncertainty, found);
        FitResult {
            verdict,
            reasons,
            verdicts,
            stop: solution.stop,
            parameters: self.parameters(point, &active, found),
            residual_extremes: extremes_of_all(&angles),
            lags: lags_of_all(&angles),
            angles,
            uncertainty_method: uncertainty.kind(),
            shared_white_noise: uncertainty.noise.as_ref().and_then(|noise| noise.shared.told()),
            pixels_not_believed: uncertainty.noise.as_ref().and_then(|noise| noise.levels.pixels_not_believed),
            diagonal_not_believed: uncertainty.noise.as_ref().and_then(|noise| noise.levels.diagonal_not_believed),
            renewals: self.last.map(|last| last.nodes.renewals),
            strategy: self.strategy,
            loss: problem.loss,
            f_scale: problem.f_scale,
            scaling_mode: problem.map.mode,
            n_scaling: if problem.map.mode == ScalingMode::Constant { 0 } else { problem.map.n_free() },
            n_pairs: squares.pairs,
            degrees_of_freedom: squares.degrees,
            chi_squared: squares.chi_squared,
            reduced_chi_squared: squares.per_degree(squares.chi_squared),
            expected_reduced_chi_squared: squares.expected,
            lack_of_fit: found.lack_of_fit.clone(),
            reduced_loss: squares.per_degree(squares.loss),
            covariance_names: problem.names(&uncertainty.moving),
            covariance: table(uncertainty, reported, false),
            correlation: table(uncertainty, reported, true),
            covariance_plain: table(uncertainty, plain, false),
            identifiability: identifiability(problem, point, uncertainty, &phi),
            search: None,
            condensed: None,
            weighting: None,
            condition_number: uncertainty.condition_number,
            active_bounds: active,
            undetermined: uncertainty.directions.clone(),
            start: self.start.clone(),
            transport: transport(problem, &point.theta, uncertainty, self.curve_times_seconds),
            start_from: if settings.start.is_some() { StartFrom::Configuration } else { StartFrom::Data },
            n_iterations: solution.iterations.len(),
            iterations: solution.iterations.clone(),
        }
    }

    fn judgement(
        &self,
        objective: &dyn Objective,
        solution: &Solution,
        active: &[ActiveBound],
        (found, squares): (&Found, &Squares),
    ) -> Judgement {
        judge(&Evidence {
            stop: solution.stop,
            undetermined: &self.uncertainty.directions,
            far: &far_ends(self.problem, &solution.point.theta, self.profiles),
            active,
            lack_of_fit: found.lack_of_fit.as_ref(),
            reduced_chi_squared: squares.per_degree(squares.chi_squared),
            expected: squares.expected.filter(|_| self.problem.loss == Loss::Linear),
            unknown_noise: &unknown_noise(objective, &solution.point),
            few_speckles: found.few_speckles,
            disagreement: self.weighting.and_then(|weighting| weighting.agreement.as_ref()),
            turns_below_speckles: self.turns_below_speckles(),
            quality: &self.settings.quality,
            advice: self.advice,
        })
    }

    /// The spread of residuals in units of sigma, where a robust loss turns within what speckles scatter by.
    fn turns_below_speckles(&self) -> Option<(Loss, f64)> {
        let last = self.last.filter(|last| last.plain.is_some())?;
        Some((self.problem.loss, last.spread()))
    }

    fn squares(&self, point: &Point, uncertainty: &Uncertainty) -> Squares {
        let pairs: u64 = point.grams.iter().map(|gram| gram.pairs).sum();
        let degrees = pairs.saturating_sub(n_free(self.problem, point, uncertainty) as u64);
        let known = |value: f64| self.problem.noise_is_known.then_some(value);
        let chi_squared = self.chi_squared(point).and_then(known);
        let noise = uncertainty.noise.as_ref().zip(self.last);
        let expected = noise.map(|(noise, last)| noise.expected(self.problem, point, (last, degrees)));
        let loss = known(2.0 * point.evaluation.cost);
        // Of few renewals nothing is known that far.
        let expected = chi_squared.and(expected).filter(|expected| expected.spread < expected.value);
        Squares { pairs, degrees, chi_squared, expected, loss }
    }

    /// Sum of squared residuals in units of sigma, whatever the loss; with a robust one it takes the last sweep to know.
    fn chi_squared(&self, point: &Point) -> Option<f64> {
        match self.problem.loss {
            Loss::Linear => Some(2.0 * point.evaluation.cost),
            _ => self.last.map(|last| last.sums.iter().map(ResidualSums::squares).sum()),
        }
    }

    fn parameters(&self, point: &Point, active: &[ActiveBound], found: &Found) -> Vec<ParameterResult> {
        let (problem, uncertainty) = (self.problem, self.uncertainty);
        let status = |k: usize| {
            let parameter = &problem.space.physical[k];
            let on_bound = active.iter().find(|bound| bound.name == parameter.name && bound.is_met());
            let moving = uncertainty.moving.iter().position(|&moving| moving == k);
            match (parameter.fixed, on_bound, moving) {
                (Some(_), _, _) => ParameterStatus::Fixed,
                (_, Some(bound), _) if bound.side == Side::Lower => ParameterStatus::AtLowerBound,
                (_, Some(_), _) => ParameterStatus::AtUpperBound,
                (_, _, Some(moving)) if uncertainty.undetermined.contains(&moving) => ParameterStatus::Undetermined,
                _ => ParameterStatus::Free,
            }
        };
        let result = |(k, parameter): (usize, &crate::parameters::space::Parameter)| {
            let is_free = status(k) == ParameterStatus::Free;
            let errors = self.errors(k, point.theta[k]).filter(|_| is_free);
            ParameterResult {
                name: parameter.name.clone(),
                independent_renewals: found.renewals.get(&k).copied(),
                unit: parameter.unit.clone(),
                value: point.theta[k],
                uncertainty: errors.and_then(|errors| errors.uncertainty),
                interval_68: errors.map(|errors| errors.intervals[0]),
                interval_95: errors.map(|errors| errors.intervals[1]),
                interval_95_not_found: Vec::new(),
                interval_method: errors.map(|errors| errors.method),
                uncertainty_plain: uncertainty.plain_error(k).filter(|_| is_free),
                bounds: [parameter.lower, parameter.upper],
                status: status(k),
            }
            .with_ends_apart()
        };
        problem.space.physical.iter().enumerate().map(result).collect()
    }

    /// What is reported about the errors of a parameter that has some.
    fn errors(&self, k: usize, value: f64) -> Option<Errors> {
        let error = self.uncertainty.standard_error(k)?;
        let found = self.profiles.iter().find(|profile| profile.parameter == k);
        Some(match found {
            Some(profile) => {
                Errors { uncertainty: profile.error(), intervals: profile.intervals, method: IntervalMethod::Profile }
            }
            None => Errors {
                uncertainty: Some(error),
                intervals: LEVELS.map(|level| self.problem.space.physical[k].around(value, level * error)),
                method: IntervalMethod::Quadratic,
            },
        })
    }

    fn angles(
        &self,
        objective: &dyn Objective,
        point: &Point,
        uncertainty: &Uncertainty,
        found: &Found,
    ) -> Vec<AngleResult> {
        let positive = |variance: f64| (variance > HELD && variance.is_finite()).then(|| variance.sqrt());
        let plain_error = |variance: f64| positive(variance).filter(|_| uncertainty.plain_is_known);
        let error = |variance: f64| positive(variance).filter(|_| uncertainty.is_known());
        let (phi, sigma) = (objective.phi_degrees(), objective.sigma());
        let noise = uncertainty.noise.as_ref().zip(self.last);
        let result = |k: usize| {
            let expected = noise.map(|(noise, last)| noise.expected_of_angle(self.problem, point, (last, k)));
            let scaling = point.scaling.per_angle[k];
            let (reported, plain) = (uncertainty.scaling_variances[k], uncertainty.scaling_variances_plain[k]);
            let known_noise = Some(sigma[k]).filter(|&sigma| sigma > 0.0);
            let residuals = self.last.filter(|_| known_noise.is_some()).map(|last| &last.sums[k]);
            // Sums of a robust loss are weighted.
            let is_square = self.problem.loss == Loss::Linear;
            let quick = is_square.then(|| 2.0 * angle_cost(&point.grams[k], scaling).0.max(0.0));
            AngleResult {
                phi_degrees: phi[k],
                contrast: found.contrasts.get(k).copied().unwrap_or(scaling.contrast),
                contrast_fitted: scaling.contrast,
                contrast_uncertainty: error(reported.contrast),
                contrast_uncertainty_plain: plain_error(plain.contrast),
                offset: scaling.offset(),
                offset_uncertainty: error(
                    reported.offset + found.offset_shifts.get(k).map_or(0.0, |shift| shift * shift),
                ),
                offset_uncertainty_plain: plain_error(plain.offset),
                sigma: known_noise,
                noise: found.noise.get(k).copied().unwrap_or_default(),
                share_of_information: found.information.get(k).cloned().unwrap_or_default(),
                pairs: point.grams[k].pairs,
                chi_squared: known_noise.and_then(|_| residuals.map(ResidualSums::squares).or(quick)),
                expected_chi_squared: known_noise.and(expected).filter(|expected| expected.spread < expected.value),
                lags: residuals.map(lags).unwrap_or_default(),
                extremes: self.last.map(|last| extremes(last, (k, phi[k]))).unwrap_or_default(),
            }
        };
        (0..phi.len()).map(result).collect()
    }
}

/// Errors of one parameter.
#[derive(Clone, Copy)]
struct Errors {
    uncertainty: Option<f64>,
    intervals: [Interval; 2],
    method: IntervalMethod,
}

/// Sums of squares of a solution, where the noise is known.
struct Squares {
    pairs: u64,
    degrees: u64,
    chi_squared: Option<f64>,
    expected: Option<Expected>,
    loss: Option<f64>,
}

impl Squares {
    fn per_degree(&self, sum: Option<f64>) -> Option<f64> {
        sum.map(|sum| sum / self.degrees.max(1) as f64)
    }
}

/// What residuals tell of the noise and of the model.
#[derive(Default)]
pub struct Found {
    noise: Vec<NoiseFound>,
    /// Of speckles, not as c2 shows them.
    contrasts: Vec<f64>,
    /// By how much a robust loss may have moved each offset.
    offset_shifts: Vec<f64>,
    /// Speckles and pixels of a bin, where the residuals scatter as if nearly all pixels saw the same.
    few_speckles: Option<(f64, f64)>,
    information: Vec<BTreeMap<String, f64>>,
    /// Independent renewals of speckles behind each moving parameter.
    renewals: BTreeMap<usize, f64>,
    lack_of_fit: Option<LackOfFit>,
}

impl Found {
    /// Whether the test of fit refuses the model.
    #[must_use]
    pub fn is_refused(&self, quality: &Quality) -> bool {
        quality.enable && self.lack_of_fit.as_ref().is_some_and(|test| quality.refuses(test.p_value))
    }

    /// What follows from the values alone, at another point.
    pub fn follow(&mut self, problem: &Problem<'_>, point: &Point, uncertainty: &Uncertainty) {
        if let Some(noise) = &uncertainty.noise {
            self.contrasts = contrasts(problem, point, noise);
        }
    }

    /// From the last sweep; nothing without it. All that is asked of what speckles do is asked here.
    #[must_use]
    pub fn of(
        (problem, point): (&Problem<'_>, &Point),
        phi_degrees: &[f64],
        last: Option<&LastSweep>,
        uncertainty: &Uncertainty,
    ) -> Self {
        let moving = &uncertainty.moving;
        let (Some(last), Some(noise)) = (last, &uncertainty.noise) else {
            return Found::default();
        };
        let shown = point.scaling.per_angle.iter().map(|scaling| scaling.contrast).collect();
        let bread = Bread { inverse: &uncertainty.squared, moving, contrasts: shown };
        let shares = shares(problem, point, &bread);
        let of_angle = |angle: usize| {
            let share =
                |(k, &parameter): (usize, &usize)| (problem.space.physical[parameter].name.clone(), shares[[angle, k]]);
            moving.iter().enumerate().map(share).collect()
        };
        let renewals = |(k, &parameter): (usize, &usize)| {
            (parameter, independent_renewals(&shares.column(k).to_vec(), &last.renewals))
        };
        let undetermined = uncertainty.undetermined.iter().map(|&k| uncertainty.moving[k]).collect();
        let lack_of_fit = Tested { problem, last, noise, bread: &bread, phi_degrees, undetermined }.lack_of_fit();
        Found {
            contrasts: contrasts(problem, point, noise),
            offset_shifts: offset_shifts(problem, noise),
            few_speckles: noise.levels.far_below_pixels,
            noise: (0..phi_degrees.len()).map(|angle| angle_noise(noise, last, angle)).collect(),
            information: (0..phi_degrees.len()).map(of_angle).collect(),
            renewals: moving.iter().enumerate().map(renewals).collect(),
            lack_of_fit: Some(lack_of_fit),
        }
    }
}

fn angle_noise(noise: &SpeckleNoise, last: &LastSweep, angle: usize) -> NoiseFound {
    let Noise { root_speckle, white, .. } = noise.levels.angles[angle];
    let seen = root_speckle > 0.0 && noise.levels.shows_speckles;
    NoiseFound {
        speckles: seen.then(|| root_speckle.powi(-2)),
        white_variance: seen.then(|| white / root_speckle),
        renewals: Some(last.renewals[angle]),
    }
}

/// Free numbers that are not pinned at a bound.
fn n_free(problem: &Problem<'_>, point: &Point, uncertainty: &Uncertainty) -> usize {
    let pinned: usize = point.scaling.active.iter().map(Vec::len).sum();
    uncertainty.moving.len() + problem.map.n_free().saturating_sub(pinned)
}

/// A covariance, or the correlation that belongs to it, without entries for what is not determined; empty if it is not known.
fn table(uncertainty: &Uncertainty, covariance: Option<&Array2<f64>>, as_correlation: bool) -> Vec<Vec<Option<f64>>> {
    let Some(covariance) = covariance else { return Vec::new() };
    let variance = |k: usize| covariance[[k, k]];
    let known = |k: usize| !uncertainty.undetermined.contains(&k) && variance(k) > 0.0 && variance(k).is_finite();
    let entry = |row: usize, col: usize| {
        let scale = if as_correlation { (variance(row) * variance(col)).sqrt() } else { 1.0 };
        (known(row) && known(col)).then(|| covariance[[row, col]] / scale)
    };
    (0..covariance.nrows()).map(|row| (0..covariance.nrows()).map(|col| entry(row, col)).collect()).collect()
}

/// Contrast and offset that a bound holds have variances that are rounding.
const HELD: f64 = 1e-24;
