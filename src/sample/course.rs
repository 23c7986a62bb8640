//! A whole sampling: the center from a fit, chains on condensed data as far as these can be believed, else on all pairs, diagnostics,
//! judgement. It asks for sweeps and returns plain data.

use crate::error::catalogue::Code;
use crate::error::{Fault, Result};
use crate::likelihood::reduced::{angle_cost, full_hessian};
use crate::likelihood::scaling::{Scaling, ScalingMap, ScalingSettings, weights};
use crate::listener::{LogLevel, Watch};
use crate::outcome::fit::{AngleResult, FitResult};
use crate::outcome::posterior::{CondensedSampling, PosteriorResult};
use crate::parameters::prior::Prior;
use crate::parameters::scaling::{AngleScaling, ScalingMode};
use crate::sample::ask::{Ask, Data};
use crate::sample::chain::Target;
use crate::sample::density::{Correction, Likelihood, Posterior, Slope};
use crate::sample::ensemble::{COMPARED, walk_all};
use crate::sample::findings::{Sampled, findings};
use crate::sample::geometry::{Center, Geometry};
use crate::sample::journal::Journal;
use crate::sample::numbers::{Known, Numbers};
use crate::sample::settings::NoiseScale;
use crate::sample::walked::{Chains, Walked};
use crate::sums::gram::Gram;
use crate::sums::objective::{Fineness, Objective, RawData};
use crate::sums::rank_update::Depth;
use ndarray::Array2;

/// Largest difference, in units of the log likelihood, up to which condensed data are believed.
const BELIEVED: f64 = 0.05;

/// Samples.
///
/// # Errors
/// What the sweeps report; E62 where noise is fixed and not known; E63 where no start has a density.
pub fn sample(data: Data<'_>, ask: &Ask<'_>, watch: &Watch<'_>) -> Result<PosteriorResult> {
    sample_into(&(), data, ask, watch)
}

/// Samples, and hands every piece of a chain to a journal, which gives back those that an earlier sampling has kept.
///
/// # Errors
/// What [`sample`] and the journal report.
pub fn sample_into(journal: &dyn Journal, data: Data<'_>, ask: &Ask<'_>, watch: &Watch<'_>) -> Result<PosteriorResult> {
    let center = Start::of(data.together, ask)?;
    let levels = if data.may_be_condensed { &[Some(Fineness::Usual), Some(Fineness::Fine), None][..] } else { &[None] };
    for level in levels {
        let made = level.map_or(Ok(None), |fineness| data.together.condensed(fineness))?;
        let Some(mut condensed) = made else {
            if level.is_some() {
                continue;
            }
            journal.begin("all", &center.numbers.all)?;
            let walked = walk_all(&center.posterior(data.alone, None), ask, journal, watch)?;
            return Ok(center.told(ask, walked, None));
        };
        condensed.sweep_alone();
        let correction = center.correction(&*condensed)?;
        let posterior = center.posterior(&*condensed, Some(&correction));
        journal.begin(if level == &Some(Fineness::Usual) { "condensed" } else { "fine" }, &center.numbers.all)?;
        let walked = walk_all(&posterior, ask, journal, watch)?;
        let compared = difference(&posterior, data.together, &walked.chains)?;
        if let Some(largest_difference) = compared.filter(|difference| *difference > BELIEVED) {
            let told = format!(
                "condensed data: the log likelihood of {COMPARED} draws differs from that of all pairs by up to \
                 {largest_difference:.2}: not believed, sampling again"
            );
            watch.log(LogLevel::Warning, &told);
            continue;
        }
        let pseudo_pairs = condensed.n_pseudo_pairs();
        let compared = CondensedSampling {
            pseudo_pairs,
            compared_draws: compared.map_or(0, |_| COMPARED),
            largest_difference: compared.unwrap_or_default(),
        };
        return Ok(center.told(ask, walked, Some(compared)));
    }
    Err(Fault::at("sampling", "no data to sample on").internal())
}

/// The least-squares result as a place to start from.
pub struct Start {
    pub(super) numbers: Numbers,
    map: ScalingMap,
    weights: Vec<f64>,
    values: Vec<f64>,
    grams: Vec<Gram>,
    pub(super) geometry: Geometry,
}

/// What no sampling can be made of.
fn check_settings(ask: &Ask<'_>, sigma: &[f64]) -> Result<()> {
    if ask.settings.noise == NoiseScale::Fixed && sigma.iter().any(|&sigma| sigma <= 0.0) {
        return Err(Fault::at("optimization.cmc.noise", "fixed, but the noise of some angles is not known")
            .expected("shared or per_angle")
            .code(Code::E62)
            .config());
    }
    let priors = [ask.space.contrast.prior, ask.space.offset.prior];
    if ask.scaling.mode == ScalingMode::Fourier && priors.iter().any(|prior| *prior != Prior::Uniform) {
        return Err(Fault::at("parameter_space.bounds", "a prior of contrast or offset with a Fourier series")
            .expected("Uniform for both, or another per_angle_mode")
            .code(Code::E62)
            .config());
    }
    Ok(())
}

impl Start {
    /// From one sweep of all pairs there.
    ///
    /// # Errors
    /// What the sweep reports; E62 where noise is fixed and not known.
    pub fn of(raw: &dyn RawData, ask: &Ask<'_>) -> Result<Self> {
        let (sigma, n) = (raw.sigma(), raw.phi_degrees().len());
        check_settings(ask, &sigma)?;
        let theta: Vec<f64> = ask.fitted.parameters.iter().map(|found| found.value).collect();
        let map = ScalingMap::new(&scaling_settings(ask), &raw.phi_degrees(), ask.space)?;
        let weights = weights(&sigma);
        let known = Known {
            theta: &theta,
            covariance: &|one, other| covariance_of(ask.fitted, one, other),
            t_ref_seconds: ask.t_ref_seconds,
        };
        let numbers = Numbers::new(ask.space, &map, (ask.settings.noise, n), &known);
        let free: Vec<f64> = numbers.free.iter().map(|&k| theta[k]).collect();
        let likelihood = Likelihood { numbers: &numbers, map: &map, weights: &weights };
        let grams = likelihood.grams(raw, &free, Depth::Normal)?;
        let coefficients = map.coefficients(&grams);
        let per_angle = map.per_angle(&coefficients, n);
        let factors = Factors::of(ask.settings.noise, &grams, &per_angle);
        let values = [free, coefficients, factors.logarithms.clone()].concat();
        if values.is_empty() {
            return Err(Fault::at(
                "initial_parameters.fixed_parameters",
                "holds every number: there is nothing to sample",
            )
            .expected("a parameter, a scaling or a noise factor that is free")
            .code(Code::E62)
            .config());
        }
        let least = likelihood.log(&grams, &values, None).value;
        let scaled: Vec<Gram> = grams
            .iter()
            .enumerate()
            .map(|(angle, gram)| gram.scaled((-2.0 * numbers.log_factor(&values, angle)).exp()))
            .collect();
        let scaling = Scaling { per_angle, active: Vec::new() };
        let center = Center {
            values: &values,
            hessian: &full_hessian(&map, &scaled, &scaling, &numbers.free),
            covariance: &covariance(&numbers, ask.fitted),
            pairs: &factors.pairs,
            least,
        };
        let geometry = Geometry::new(&numbers, &center, ask.settings.noise_correlation).ok_or_else(|| {
            Fault::at("posterior", "its covariance at the least-squares result is no number")
                .advice("please report this")
                .internal()
        })?;
        Ok(Start { geometry, numbers, map, weights, values, grams })
    }

    pub(super) fn likelihood(&self) -> Likelihood<'_> {
        Likelihood { numbers: &self.numbers, map: &self.map, weights: &self.weights }
    }

    /// The posterior on some data, corrected for what they miss at the start.
    #[must_use]
    pub fn posterior<'a>(
        &'a self,
        data: &'a (dyn Objective + Sync),
        correction: Option<&'a Correction>,
    ) -> Posterior<'a> {
        Posterior { likelihood: self.likelihood(), data, correction, geometry: &self.geometry, prior_power: 1.0 }
    }

    /// What data that stand for all pairs miss at the start.
    ///
    /// # Errors
    /// What the sweep reports.
    pub fn correction(&self, some: &dyn Objective) -> Result<Correction> {
        let likelihood = self.likelihood();
        let grams = likelihood.grams(some, &self.values, Depth::Gradient)?;
        Ok(Correction::of(&likelihood, &self.values, (&self.grams, &grams)))
    }

    fn told(&self, ask: &Ask<'_>, walked: Chains, condensed: Option<CondensedSampling>) -> PosteriorResult {
        findings(&Sampled { numbers: &self.numbers, ask, geometry: &self.geometry }, walked, condensed)
    }
}

/// As the fit has treated contrast and offset; what it has estimated before is given now.
fn scaling_settings(ask: &Ask<'_>) -> ScalingSettings {
    let estimated = || {
        let of_angle = |angle: &AngleResult| AngleScaling::new(angle.contrast_fitted, angle.offset);
        ask.fitted.angles.iter().map(of_angle).collect()
    };
    match (ask.scaling.mode, &ask.scaling.given) {
        (ScalingMode::Constant, None) => ScalingSettings { given: Some(estimated()), ..ask.scaling.clone() },
        _ => ask.scaling.clone(),
    }
}

/// The most likely factors on sigma, as logarithms, and the pairs behind each.
struct Factors {
    logarithms: Vec<f64>,
    pairs: Vec<f64>,
}

impl Factors {
    fn of(noise: NoiseScale, grams: &[Gram], per_angle: &[AngleScaling]) -> Self {
        let sums = grams.iter().zip(per_angle).map(|(gram, &at)| (angle_cost(gram, at).0, gram.pairs as f64));
        let sums: Vec<(f64, f64)> = match noise {
            NoiseScale::Fixed => Vec::new(),
            NoiseScale::PerAngle => sums.collect(),
            NoiseScale::Shared => vec![sums.fold((0.0, 0.0), |all, one| (all.0 + one.0, all.1 + one.1))],
        };
        let logarithm = |(cost, pairs): &(f64, f64)| 0.5 * (2.0 * cost / pairs.max(1.0)).max(f64::MIN_POSITIVE).ln();
        Factors { logarithms: sums.iter().map(logarithm).collect(), pairs: sums.iter().map(|sum| sum.1).collect() }
    }
}

/// The covariance of the fit in the order of the numbers; not a number where the fit has none.
fn covariance(numbers: &Numbers, fitted: &FitResult) -> Array2<f64> {
    let known = fitted.covariance_array();
    let place = |k: usize| fitted.covariance_names.iter().position(|name| *name == numbers.all[k].name);
    let places: Vec<Option<usize>> = (0..numbers.n_of_model).map(place).collect();
    Array2::from_shape_fn((places.len(), places.len()), |(row, col)| match (places[row], places[col]) {
        (Some(row), Some(col)) if row.max(col) < known.nrows() => known[[row, col]],
        _ => f64::NAN,
    })
}

/// The covariance of two numbers by the fit, if they have one.
fn covariance_of(fitted: &FitResult, one: &str, other: &str) -> Option<f64> {
    let place = |name: &str| fitted.covariance_names.iter().position(|known| known == name);
    fitted.covariance.get(place(one)?)?.get(place(other)?).copied().flatten()
}

impl Target for Posterior<'_> {
    fn width(&self) -> usize {
        self.geometry.width()
    }

    fn log(&self, w: &[f64]) -> Result<Slope> {
        Posterior::log(self, w)
    }

    fn values(&self, w: &[f64]) -> Vec<f64> {
        Posterior::values(self, w)
    }
}

/// The largest difference between the log likelihood of all pairs and that of the data that stand for them, over draws that were kept for it, less
/// what is common to all. None if the user asks to stop: then nothing more is compared.
fn difference(posterior: &Posterior<'_>, raw: &dyn Objective, chains: &[Walked]) -> Result<Option<f64>> {
    let places: Vec<&Vec<f64>> = chains.iter().flat_map(|chain| &chain.places).collect();
    if places.is_empty() || chains.iter().any(|chain| chain.is_cut) {
        return Ok(None);
    }
    let mut differences = Vec::new();
    for place in places {
        let stands_for = posterior.log_likelihood(posterior.data, posterior.correction, place)?;
        differences.push(posterior.log_likelihood(raw, None, place)? - stands_for);
    }
    let mean = differences.iter().sum::<f64>() / differences.len() as f64;
    Ok(Some(differences.iter().map(|difference| (difference - mean).abs()).fold(0.0, f64::max)))
}
