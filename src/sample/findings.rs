//! Draws as plain data: numbers with their intervals and diagnostics, chains, verdict. It draws nothing.

use crate::outcome::posterior::{
    ChainFacts, CondensedSampling, Draw, FEWEST_INDEPENDENT, LARGEST_R_HAT, PosteriorNumber, PosteriorResult,
    PosteriorVerdict,
};
use crate::parameters::prior::Prior;
use crate::sample::ask::Ask;
use crate::sample::diagnostics::{e_bfmi, ess_bulk, ess_tail, mcse_mean, mean, quantile, r_hat, variance};
use crate::sample::geometry::Geometry;
use crate::sample::numbers::{Number, Numbers};
use crate::sample::settings::NoiseCorrelation;
use crate::sample::walked::{Chains, Walked};

/// More of the draws that diverge are told.
const MOST_DIVERGENT: f64 = 0.01;
/// Share of all draws that are a tail of a number, and the fewest divergences that say something about it.
const TAIL: f64 = 0.05;
const FEWEST_IN_TAIL: usize = 5;
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
    let mut reasons = reasons(&numbers, &facts);
    reasons.extend(tail_that_diverges(&numbers, &chains));
    let verdict = match (is_cut, reasons.is_empty()) {
        (true, _) => PosteriorVerdict::Interrupted,
        (false, true) => PosteriorVerdict::Converged,
        (false, false) => PosteriorVerdict::NotConverged,
    };
    PosteriorResult {
        verdict,
        reasons,
        fit_verdict: Some(ask.fitted.verdict),
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

/// The tail of a number in which most draws diverge, if that are too many: walks turn back there, and what lies beyond is missing.
fn tail_that_diverges(numbers: &[PosteriorNumber], chains: &[Walked]) -> Option<String> {
    let draws: Vec<&Draw> = chains.iter().flat_map(|chain| &chain.draws).collect();
    if draws.iter().filter(|draw| draw.diverging).count() < FEWEST_IN_TAIL {
        return None;
    }
    let n = (TAIL * draws.len() as f64) as usize;
    let tails = (0..numbers.len()).flat_map(|place| {
        let mut ascending = draws.clone();
        ascending.sort_by(|one, other| one.values[place].total_cmp(&other.values[place]));
        let diverging = |tail: &[&Draw]| tail.iter().filter(|draw| draw.diverging).count();
        let of_tails = [("lower", &ascending[..n]), ("upper", &ascending[draws.len() - n..])];
        of_tails.map(|(which, tail)| (diverging(tail), which, place))
    });
    let (most, which, place) = tails.max_by_key(|(divergences, ..)| *divergences)?;
    (most >= FEWEST_IN_TAIL && most as f64 > MOST_DIVERGENT * n as f64).then(|| {
        let name = &numbers[place].name;
        format!(
            "{name}: {most} of the {n} draws in its {which} tail diverged, what lies beyond may be missing: raise target_accept_prob"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn divergences_in_one_tail_are_a_reason_though_few_of_all_draws_diverge() {
        let number = |name: &str| PosteriorNumber {
            name: name.into(),
            unit: String::new(),
            mean: 0.0,
            deviation: 1.0,
            median: 0.0,
            interval_68: [0.0; 2],
            interval_95: [0.0; 2],
            r_hat: None,
            ess_bulk: None,
            ess_tail: None,
            mcse_mean: None,
            least_squares: None,
            least_squares_uncertainty: None,
            difference_in_errors: None,
            contraction: None,
        };
        let numbers = [number("alpha"), number("D0")];
        // 1000 draws; alpha is shuffled against D0.
        let told = |diverges: &dyn Fn(usize) -> bool| {
            let draw = |k: usize| Draw {
                values: vec![(k * 617 % 1000) as f64, k as f64],
                log_density: 0.0,
                energy: 0.0,
                acceptance: 1.0,
                steps: 1,
                depth: 1,
                diverging: diverges(k),
            };
            tail_that_diverges(&numbers, &[Walked { draws: (0..1000).map(draw).collect(), ..Walked::default() }])
        };
        assert_eq!(told(&|_| false), None);
        // The same six, spread over D0, and in its upper twentieth.
        assert_eq!(told(&|k| k % 160 == 70), None);
        let in_tail = told(&|k| k >= 950 && k % 8 == 0).expect("clustered");
        assert!(in_tail.contains("D0: 6 of the 50 draws in its upper tail diverged"), "{in_tail}");
        assert_eq!(told(&|k| k >= 950 && k % 16 == 0), None);
    }
}
