//! One try at a shard: its chains judged together. It starts none.

use crate::error::Result;
use crate::sample::chain::Target;
use crate::sample::consensus::kept::{Kept, Rows};
use crate::sample::consensus::ladder::{Rung, Trouble};
use crate::sample::consensus::moments::Moments;
use crate::sample::consensus::settings::ConsensusSettings;
use crate::sample::diagnostics::{ess_bulk, ess_tail, mean, r_hat};

/// Densities of shards: the likelihood of their pairs with their share of the prior.
pub trait ShardTargets: Sync {
    /// Numbers that are sampled.
    fn width(&self) -> usize;

    /// Pairs of every shard.
    fn sizes(&self) -> &[u64];

    /// The density of some shards together.
    ///
    /// # Errors
    /// What the data report.
    fn open(&self, members: &[usize]) -> Result<Box<dyn Target + '_>>;

    /// The values of a draw at a place; the same for all shards.
    fn values(&self, place: &[f64]) -> Vec<f64>;
}

/// What is to be tried.
#[derive(Debug, Clone, PartialEq)]
pub struct Try {
    /// Shards that are sampled together: one, but for what was merged.
    pub members: Vec<usize>,
    /// Pairs.
    pub pairs: u64,
    /// How.
    pub rung: Rung,
}

impl Try {
    /// What tells it from others.
    #[must_use]
    pub fn name(&self) -> String {
        let members: Vec<String> = self.members.iter().map(usize::to_string).collect();
        format!("shard-{}-{}", members.join("+"), self.rung.name())
    }
}

/// How a chain ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// With all its draws.
    Whole,
    /// At its deadline.
    OutOfTime,
    /// Where no start has a density.
    NoDensity,
    /// Because the user wants to stop.
    Stopped,
}

/// What became of a chain.
#[derive(Debug, Clone)]
pub struct ChainEnd {
    /// Its draws, if it made any.
    pub kept: Option<Kept>,
    /// How it ended.
    pub ended: Ended,
    /// Whether an earlier sampling has walked it.
    pub is_recalled: bool,
}

/// A shard with draws.
#[derive(Debug, Clone)]
pub struct ShardDraws {
    /// What was tried.
    pub tried: Try,
    /// Draws of every chain.
    pub chains: Vec<Kept>,
    /// Largest R-hat of its numbers.
    pub r_hat: Option<f64>,
    /// Independent draws of the least well known of its numbers, of bulk or tail.
    pub ess: Option<f64>,
    /// Mean and covariance where chains walk.
    pub moments: Moments,
    /// Means of the values of all numbers.
    pub mean_values: Vec<f64>,
    /// Why it is not believed; `None` if it is.
    pub doubt: Option<String>,
}

impl ShardDraws {
    /// Draws of all chains, of which each gives as many.
    #[must_use]
    pub fn n_draws(&self) -> usize {
        self.chains.iter().map(|chain| chain.n_draws).min().unwrap_or(0)
    }

    /// Draws that diverged.
    #[must_use]
    pub fn divergences(&self) -> usize {
        self.chains.iter().map(|chain| chain.divergences).sum()
    }
}

/// What chains of one try have drawn, or why there is nothing to use.
///
/// # Errors
/// Io if their files cannot be read.
pub fn judged(
    tried: &Try,
    ends: Vec<ChainEnd>,
    shards: &dyn ShardTargets,
    limits: &ConsensusSettings,
) -> Result<std::result::Result<ShardDraws, Trouble>> {
    let fewest = |end: &ChainEnd| match end.ended {
        Ended::Whole => 1,
        _ => limits.min_draws,
    };
    let is_used = |end: &ChainEnd| end.kept.as_ref().is_some_and(|kept| kept.n_draws >= fewest(end));
    if let Some(short) = ends.iter().find(|end| !is_used(end)) {
        let trouble = match short.ended {
            Ended::NoDensity => Trouble::NoDensity,
            _ => Trouble::OutOfTime,
        };
        ends.into_iter().filter_map(|end| end.kept).for_each(|kept| kept.remove());
        return Ok(Err(trouble));
    }
    let chains: Vec<Kept> = ends.into_iter().filter_map(|end| end.kept).collect();
    let rows: Vec<Rows> = chains.iter().map(Kept::read).collect::<Result<_>>()?;
    let n = chains.iter().map(|chain| chain.n_draws).min().unwrap_or(0);
    let values: Vec<Vec<Vec<f64>>> =
        rows.iter().map(|rows| (0..n).map(|k| shards.values(rows.draw(k).place)).collect()).collect();
    let columns = |number: usize| -> Vec<Vec<f64>> {
        values.iter().map(|chain| chain.iter().map(|draw| draw[number]).collect()).collect()
    };
    let all: Vec<Vec<Vec<f64>>> = (0..shards.width()).map(columns).collect();
    let r_hat = all.iter().filter_map(|columns| r_hat(columns)).reduce(f64::max);
    let ess = all.iter().flat_map(|columns| [ess_bulk(columns), ess_tail(columns)]).flatten().reduce(f64::min);
    let moments = Moments::of(rows.iter().flat_map(Rows::places), shards.width());
    let mean_values = all.iter().map(|columns| mean(&columns.concat())).collect();
    let mut found = ShardDraws { tried: tried.clone(), chains, r_hat, ess, moments, mean_values, doubt: None };
    found.doubt = doubt(&found, limits);
    Ok(Ok(found))
}

fn doubt(found: &ShardDraws, limits: &ConsensusSettings) -> Option<String> {
    let draws: usize = found.chains.iter().map(|chain| chain.n_draws).sum();
    let rate = found.divergences() as f64 / draws.max(1) as f64;
    if rate > limits.max_divergence_rate {
        return Some(format!("{:.0} % of its draws diverged", 100.0 * rate));
    }
    match (found.r_hat, found.ess) {
        // One chain of few draws: nothing can be said.
        (None, _) => Some("too few draws".into()),
        (Some(r_hat), _) if r_hat >= limits.max_r_hat => Some(format!("R-hat {r_hat:.3}")),
        (_, Some(ess)) if ess < limits.min_ess => Some(format!("{ess:.0} independent draws")),
        _ => None,
    }
}
