//! From combined draws to draws of all data: places around them, weighed by the density of all data, are drawn anew around what they told
//! until they tell enough (population Monte Carlo: Cappé, Guillin, Marin and Robert, JCGS 13 (2004) 907, doi 10.1198/106186004X12803), and
//! become chains. It samples no shard.
//!
//! Shards that are curved alike combine to draws that all data move by more than their width: few places around them tell much, but those
//! few tell where.

use crate::error::Result;
use crate::listener::{LogLevel, Watch};
use crate::outcome::consensus::{CheckAgainstAll, Places};
use crate::sample::consensus::check::{check, has_light_tail, is_believed};
use crate::sample::consensus::moments::Moments;
use crate::sample::consensus::reweighed::{Proposal, Proposed, places_per_draw};
use crate::sample::settings::SampleSettings;
use crate::sample::tally::Tally;
use crate::sample::walked::Walked;

/// Places are moved at most so many times, as long as they tell less than so large a share of as many draws.
const MOVES: usize = 4;
const ENOUGH: f64 = 0.5;
/// Fewer places of all chains together tell too little of where to move.
const FEWEST: usize = 4000;
/// What tells as much as fewer draws than so many times the numbers has no covariance.
const DRAWS_PER_NUMBER: f64 = 10.0;

/// All data, and who asks for their draws.
pub struct Population<'a> {
    /// ln of the density of all data at a place.
    pub density: &'a dyn Fn(&[f64]) -> Result<f64>,
    /// The values of a draw at a place.
    pub values: &'a dyn Fn(&[f64]) -> Vec<f64>,
    /// Names of the values.
    pub names: &'a [String],
    /// How many chains and draws.
    pub settings: &'a SampleSettings,
    /// Hears of it.
    pub watch: &'a Watch<'a>,
}

/// What all data say of a combination, and its draws where they can be believed.
#[derive(Default)]
pub struct Followed {
    /// Of places around the combined draws.
    pub check: Option<CheckAgainstAll>,
    /// The places that chains are made of, or that are not to be believed.
    pub places: Option<Places>,
    /// Draws of all data.
    pub chains: Option<Vec<Walked>>,
}

/// Places around some moments, and what their weights say.
struct Round {
    proposal: Proposal,
    chains: Vec<Vec<Proposed>>,
    check: CheckAgainstAll,
}

impl Population<'_> {
    /// From the moments of combined draws to draws of all data.
    ///
    /// # Errors
    /// What the density reports.
    pub fn follow(&self, combined: &Moments) -> Result<Followed> {
        let Some(mut last) = self.round(combined, 0)? else {
            return Ok(Followed { check: Some(check(&[], &[], self.names)), ..Followed::default() });
        };
        let (of_combined, mut moves) = (last.check.clone(), 0);
        while moves < MOVES && last.check.efficiency < ENOUGH && self.tells_where(&last.check) {
            let better = self.round(&last.moments(combined.mean.len()), moves + 1)?;
            let is_better = |next: &Round| next.check.efficiency > last.check.efficiency && has_light_tail(&next.check);
            let Some(better) = better.filter(is_better) else { break };
            (last, moves) = (better, moves + 1);
        }
        let mut per_draw = self.parts();
        if is_believed(&last.check) && places_per_draw(last.check.efficiency) > per_draw {
            per_draw = places_per_draw(last.check.efficiency);
            self.weigh((&last.proposal, &mut last.chains), per_draw)?;
            last.check = self.checked(&last.chains);
        }
        let CheckAgainstAll { pareto_k, efficiency, .. } = last.check;
        let chain = |(k, places): (usize, &Vec<Proposed>)| last.proposal.chain((k, per_draw), places, self.values);
        let chains = is_believed(&last.check).then(|| last.chains.iter().enumerate().map(chain).collect());
        let places = Places { moves, per_draw, pareto_k, efficiency };
        Ok(Followed { check: Some(of_combined), places: Some(places), chains })
    }

    /// Whether weights tell where to move: none outweighs all others, and there are enough for a covariance.
    fn tells_where(&self, check: &CheckAgainstAll) -> bool {
        let draws = check.efficiency * check.draws as f64;
        has_light_tail(check) && draws >= DRAWS_PER_NUMBER * self.names.len() as f64
    }

    /// Places to a draw, before it is known what they tell.
    fn parts(&self) -> usize {
        FEWEST.div_ceil(self.settings.n_chains * self.settings.n_draws)
    }

    /// Places around some moments; `None` where these have no inverse.
    fn round(&self, moments: &Moments, number: usize) -> Result<Option<Round>> {
        let Some(proposal) = Proposal::around(moments, (self.settings.seed, number)) else { return Ok(None) };
        let mut chains = vec![Vec::new(); self.settings.n_chains];
        self.weigh((&proposal, &mut chains), self.parts())?;
        let check = self.checked(&chains);
        Ok(Some(Round { proposal, chains, check }))
    }

    /// Weighs places of all chains until there are so many to a draw.
    fn weigh(&self, (proposal, chains): (&Proposal, &mut [Vec<Proposed>]), per_draw: usize) -> Result<()> {
        let n_draws = self.settings.n_draws;
        let had = chains[0].len() / n_draws;
        let all = chains.len() * (per_draw - had) * n_draws;
        let tally = Tally::new(all, self.watch);
        self.watch.log(LogLevel::Info, &format!("weighing {all} places by the likelihood of all data"));
        for (number, chain) in chains.iter_mut().enumerate() {
            for part in had..per_draw {
                chain.extend(proposal.weighed((number, part, n_draws), self.density, &|| tally.pass(1, 1))?);
            }
        }
        Ok(())
    }

    /// What the weights of places say.
    fn checked(&self, chains: &[Vec<Proposed>]) -> CheckAgainstAll {
        let of = |one: &Proposed| (one.log_weight, (self.values)(&one.place));
        let (logs, values): (Vec<f64>, Vec<Vec<f64>>) = chains.iter().flatten().map(of).unzip();
        check(&logs, &values, self.names)
    }
}

impl Round {
    /// Mean and covariance that the weighed places tell.
    fn moments(&self, width: usize) -> Moments {
        let places = || self.chains.iter().flatten();
        let largest = places().map(|one| one.log_weight).fold(f64::NEG_INFINITY, f64::max);
        let weighed = places().map(|one| ((one.log_weight - largest).exp(), one.place.as_slice()));
        Moments::of_weighed(weighed, width)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::consensus::check::LARGEST_K;
    use crate::sample::diagnostics::{ess_bulk, mean, r_hat, variance};

    /// ln of a density of all data that is bent as power laws are: y a unit Gaussian, x one of width 0.7 around 0.3 y^2.
    fn bent(place: &[f64]) -> Result<f64> {
        let (x, y) = (place[0], place[1]);
        Ok(-0.5 * ((x - 0.3 * y * y) / 0.7).powi(2) - 0.5 * y * y)
    }

    fn followed(moments: &Moments, density: &dyn Fn(&[f64]) -> Result<f64>) -> Followed {
        let settings = SampleSettings { n_chains: 4, n_draws: 2000, ..SampleSettings::default() };
        let (watch, names) = (Watch::nobody(), ["x".to_owned(), "y".to_owned()]);
        let values: &dyn Fn(&[f64]) -> Vec<f64> = &<[f64]>::to_vec;
        let population = Population { density, values, names: &names, settings: &settings, watch: &watch };
        population.follow(moments).expect("plain numbers")
    }

    fn moments(mean: [f64; 2], [of_x, of_y]: [f64; 2]) -> Moments {
        Moments { mean: mean.to_vec(), covariance: ndarray::array![[of_x, 0.0], [0.0, of_y]] }
    }

    #[test]
    fn places_go_where_all_data_send_them_and_become_their_draws() {
        // Shards have combined to something as narrow as half the width of all data, and two of their widths away.
        let found = followed(&moments([-0.4, -0.9], [0.15, 0.25]), &bent);
        let (check, places) = (found.check.expect("weighed"), found.places.expect("places"));
        assert!(check.efficiency < 0.3 && check.pareto_k.is_some_and(|k| k < LARGEST_K), "{check:?}");
        assert!(check.moved.expect("a mean that moves").deviations.abs() > 1.0);
        assert!(places.moves >= 1 && places.efficiency > 0.2, "{places:?}");
        let chains = found.chains.expect("believed");
        // x: mean 0.3, variance 2 * 0.09 + 0.49.
        for (number, (exact, of_variance)) in [(0.3, 0.67), (0.0, 1.0)].into_iter().enumerate() {
            let columns: Vec<Vec<f64>> =
                chains.iter().map(|chain| chain.draws.iter().map(|draw| draw.values[number]).collect()).collect();
            let all = columns.concat();
            let ess = ess_bulk(&columns).expect("draws");
            let error = (of_variance / ess).sqrt();
            assert!((mean(&all) - exact).abs() < 4.0 * error, "{number}: {} +- {error}", mean(&all));
            assert!((variance(&all) / of_variance - 1.0).abs() < 0.15, "{number}: {}", variance(&all));
            assert!(r_hat(&columns).expect("draws") < 1.01 && ess > 2000.0, "{ess}");
        }
    }

    #[test]
    fn what_tells_nothing_is_not_followed() {
        // So far away that a handful of places outweighs all others.
        let lost = followed(&moments([9.0, -6.0], [0.04, 0.04]), &bent);
        let (places, check) = (lost.places.expect("places"), lost.check.expect("weighed"));
        assert!(lost.chains.is_none() && places.moves == 0 && !is_believed(&check), "{places:?} {check:?}");
        // Where they are right from the beginning nothing is moved.
        let round = |place: &[f64]| Ok(-0.5 * (place[0] * place[0] + place[1] * place[1]));
        let right = followed(&moments([0.0; 2], [1.0; 2]), &round);
        assert!(right.chains.is_some() && right.places.is_some_and(|places| places.moves == 0));
        let flat = followed(&moments([0.0; 2], [0.0; 2]), &round);
        assert!(flat.chains.is_none() && flat.check.is_some_and(|check| !is_believed(&check)));
    }
}
