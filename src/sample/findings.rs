//! Draws as plain data: numbers with their intervals and diagnostics, chains, verdict. It draws nothing.

use crate::outcome::posterior::{
    ChainFacts, CondensedSampling, Draw, FEWEST_INDEPENDENT, LARGEST_R_HAT, PosteriorNumber, PosteriorResult,
    PosteriorVerdict,
};
use crate::parameters::prior::Prior;
use crate::sample::ask::Ask;
use crate::sample::chain::{Chains, Walked};
use crate::sample::diagnostics::{e_bfmi, ess_bulk, ess_tail, mcse_mean, mean, quantile, r_hat, variance};
use crate::sample::geometry::Geometry;
use crate::sample::numbers::{Number, Numbers};
use crate::sample::settings::NoiseCorrelation;

/// More of the draws that diverge are told.
const MOST_DIVERGENT: f64 = 0.01;
/// Lower ones are told.
const LOWEST_E_BFMI: f64 = 0.3;

/// What was sampled.
pub struct Sampled<'a> {
    /// The numbers.
    pub numbers: &'a Numbers,
    /// What was asked for.
    pub ask: &'a Ask<'a>,
    /// The coordinates.
    pub geometry: &'a Geometry,
}

/// Everything about what chains have drawn.
#[must_use]
pub fn findings(sampled: &Sampled<'_>, walked: Chains, condensed: Option<CondensedSampling>) -> PosteriorResult {
    let (ask, settings) = (sampled.ask, sampled.ask.settings);
    let Chains { chains, seconds, new_gradients } = walked;
    let is_cut = chains.iter().any(|chain| chain.is_cut);
    let numbers: Vec<PosteriorNumber> =
        (0..sampled.numbers.all.len()).map(|place| sampled.number(place, &chains)).collect();
    let facts: Vec<ChainFacts> = chains.iter().map(facts).collect();
    let reasons = reasons(&numbers, &facts);
    let verdict = match (is_cut, reasons.is_empty()) {
        (true, _) => PosteriorVerdict::Interrupted,
        (false, true) => PosteriorVerdict::Converged,
        (false, false) => PosteriorVerdict::NotConverged,
    };
    PosteriorResult {
        verdict,
        reasons,
        numbers,
        n_warmup: settings.n_warmup,
        seed: settings.seed,
        target_acceptance: ask.acceptance(),
        allows_for_shared_noise: settings.noise_correlation == NoiseCorrelation::Frame,
        magnitude: sampled.geometry.magnitude,
        n_pairs: ask.fitted.n_pairs,
        condensed,
        consensus: None,
        seconds,
        gradients_per_second: new_gradients as f64 / seconds.max(1e-9),
        chains: facts,
        draws: chains.into_iter().map(|chain| sampled.shown(chain.draws)).collect(),
    }
}

impl Sampled<'_> {
    fn shown(&self, mut draws: Vec<Draw>) -> Vec<Draw> {
        for draw in &mut draws {
            for (place, value) in draw.values.iter_mut().enumerate() {
                *value = self.numbers.shown(place, *value);
            }
        }
        draws
    }

    fn number(&self, place: usize, chains: &[Walked]) -> PosteriorNumber {
        let number = &self.numbers.all[place];
        let shortest = chains.iter().map(|chain| chain.draws.len()).min().unwrap_or(0);
        let column = |chain: &Walked| {
            chain.draws[..shortest].iter().map(|draw| self.numbers.shown(place, draw.values[place])).collect()
        };
        let columns: Vec<Vec<f64>> = chains.iter().map(column).collect();
        let mut all = columns.concat();
        all.sort_by(f64::total_cmp);
        let at = |probability: f64| if all.is_empty() { f64::NAN } else { quantile(&all, probability) };
        let (mean, deviation) = (mean(&all), variance(&all).sqrt());
        let (least_squares, least_squares_uncertainty) = self.least_squares(&number.name);
        let error = least_squares_uncertainty.filter(|error| *error > 0.0);
        PosteriorNumber {
            name: number.name.clone(),
            unit: number.unit.clone(),
            mean,
            deviation,
            median: at(0.5),
            interval_68: [at(0.158_655), at(0.841_345)],
            interval_95: [at(0.025), at(0.975)],
            r_hat: r_hat(&columns),
            ess_bulk: ess_bulk(&columns),
            ess_tail: ess_tail(&columns),
            mcse_mean: mcse_mean(&columns),
            least_squares,
            least_squares_uncertainty,
            difference_in_errors: least_squares.zip(error).map(|(value, error)| (mean - value) / error),
            contraction: prior_deviation(number).map(|prior| deviation / prior),
        }
    }

    /// Value and reported error of the fit.
    fn least_squares(&self, name: &str) -> (Option<f64>, Option<f64>) {
        let fitted = self.ask.fitted;
        if let Some(found) = fitted.parameters.iter().find(|found| found.name == name) {
            return (Some(found.value), found.uncertainty);
        }
        let place = fitted.covariance_names.iter().position(|known| known == name);
        let error = place.and_then(|place| fitted.covariance.get(place)?.get(place).copied().flatten());
        (None, error.map(f64::sqrt))
    }
}

/// What bounds and prior alone let expect; the narrower of both.
fn prior_deviation(number: &Number) -> Option<f64> {
    let of_bounds = number.bounds.map(|(lower, upper)| (upper - lower) / 12.0_f64.sqrt());
    let of_prior = match number.prior {
        Prior::Normal { deviation, .. } => Some(deviation),
        Prior::HalfNormal { deviation } => Some(deviation * (1.0 - 2.0 / std::f64::consts::PI).sqrt()),
        Prior::Uniform | Prior::LogNormal { .. } => None,
    };
    of_bounds.into_iter().chain(of_prior).reduce(f64::min)
}

fn facts(chain: &Walked) -> ChainFacts {
    let energies: Vec<f64> = chain.draws.iter().map(|draw| draw.energy).collect();
    let acceptances: Vec<f64> = chain.draws.iter().map(|draw| draw.acceptance).collect();
    ChainFacts {
        draws: chain.draws.len(),
        divergences: chain.draws.iter().filter(|draw| draw.diverging).count(),
        gradients: chain.gradients,
        step_size: chain.step_size,
        acceptance: mean(&acceptances),
        e_bfmi: e_bfmi(&energies),
    }
}

/// Why draws are not believed.
fn reasons(numbers: &[PosteriorNumber], chains: &[ChainFacts]) -> Vec<String> {
    let mut reasons = Vec::new();
    for number in numbers {
        match number.r_hat {
            Some(r_hat) if r_hat < LARGEST_R_HAT => {}
            Some(r_hat) => reasons.push(format!("{}: R-hat {r_hat:.3} is not below {LARGEST_R_HAT}", number.name)),
            None => reasons.push(format!("{}: too few draws, or a constant", number.name)),
        }
        for (what, ess) in [("bulk", number.ess_bulk), ("tail", number.ess_tail)] {
            if let Some(ess) = ess.filter(|ess| *ess <= FEWEST_INDEPENDENT) {
                let told = format!("{}: {ess:.0} independent draws of the {what}, at most 400", number.name);
                reasons.push(told);
            }
        }
    }
    let (draws, divergences) =
        chains.iter().fold((0, 0), |sum, chain| (sum.0 + chain.draws, sum.1 + chain.divergences));
    if divergences as f64 > MOST_DIVERGENT * draws as f64 {
        reasons.push(format!("{divergences} of {draws} draws diverged: raise target_accept_prob"));
    }
    let low = chains.iter().filter_map(|chain| chain.e_bfmi).fold(f64::INFINITY, f64::min);
    if low < LOWEST_E_BFMI {
        reasons.push(format!("E-BFMI {low:.2} is below {LOWEST_E_BFMI}: energies are explored slowly"));
    }
    reasons
}
