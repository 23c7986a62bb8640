//! What sampling in shards has brought.

use serde::{Deserialize, Serialize};

/// One shard, or several that were sampled together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ShardFacts {
    /// Which: more than one where they were merged.
    pub shards: Vec<usize>,
    /// Pairs.
    pub pairs: u64,
    /// The attempt whose draws are used: `first`, `longer`, `rewhitened`, `careful`, `merged`.
    pub attempt: String,
    /// Draws of all its chains.
    pub draws: usize,
    /// Draws that diverged.
    pub divergences: usize,
    /// Largest R-hat of its numbers.
    pub r_hat: Option<f64>,
    /// Independent draws of the least well known of them, of bulk or tail.
    pub ess: Option<f64>,
    /// What it counts: less than 1 where it lies far from the others.
    pub trust: f64,
    /// Why it is not believed; `None` if it is.
    pub doubt: Option<String>,
}

/// A shard without draws.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LostShard {
    /// Which.
    pub shard: usize,
    /// Pairs.
    pub pairs: u64,
    /// Why.
    pub why: String,
}

/// How shards differ in one number, in coordinates without bounds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Heterogeneity {
    /// The number.
    pub name: String,
    /// Cochran's Q.
    pub q: f64,
    /// Probability of a larger one, if shards agreed.
    pub p_value: f64,
    /// Share of the scatter that is not the shards' own.
    pub i_squared: f64,
    /// Standard deviation between shards.
    pub tau: f64,
    /// Whether it is significant: then the variance between shards is part of the combination.
    pub is_significant: bool,
}

/// What the draws of a consensus are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DrawsAre {
    /// Draws of shards, weighed together: of all data as far as the posteriors of shards are Gaussians.
    #[default]
    Combined,
    /// Places around the combined draws, taken or left by the density of all data: its draws, as those of direct sampling are.
    Reweighed,
}

/// Places around the combined draws under the likelihood of all data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckAgainstAll {
    /// Places: drawn from a Student t around the combined draws; of a single shard its draws.
    pub draws: usize,
    /// Shape of the distribution of their largest importance weights: above 0.7 they do not tell what all data say. `None` where all weigh
    /// the same.
    pub pareto_k: Option<f64>,
    /// Share of the places that weigh as much as all.
    pub efficiency: f64,
    /// The number whose mean these weights move most.
    #[serde(default)]
    pub moved: Option<MovedMean>,
}

/// The places that reweighed draws are taken from: around the combined draws, or moved from there to where the places before told.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Places {
    /// Times that they were moved.
    pub moves: usize,
    /// Places to a draw.
    pub per_draw: usize,
    /// As of [`CheckAgainstAll`].
    pub pareto_k: Option<f64>,
    /// As of [`CheckAgainstAll`].
    pub efficiency: f64,
}

/// How the likelihood of all data moves the mean of one number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MovedMean {
    /// The number.
    pub name: String,
    /// By so many of its standard deviations.
    pub deviations: f64,
    /// Standard error of that, in the same unit.
    pub error: f64,
}

/// Two modes, where draws have them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TwoModes {
    /// Shards.
    pub shards: Vec<usize>,
    /// Share of the draws in the smaller one.
    pub share: f64,
    /// By how much two Gaussians describe the draws better than one.
    pub delta_bic: f64,
    /// How far they are apart (Ashman, Bird and Zepf, Astron. J. 108 (1994) 2348, doi 10.1086/117248).
    pub ashman_d: f64,
}

/// Memory of shards and draws, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsensusMemory {
    /// workers x pairs of a shard x numbers x 8: Jacobians of the published program.
    pub shards_as_published: u64,
    /// shards x chains x draws x numbers x 8: the draws of all shards in memory.
    pub draws_as_published: u64,
    /// What is held here: draws of the chains that walk, of one shard on its way, and combined ones.
    pub held: u64,
    /// Shards and their draws in files, while they are needed.
    pub in_files: u64,
}

/// How draws of shards became draws of all data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConsensusSampling {
    /// Why shards were sampled.
    pub reason: String,
    /// Seconds that all data would take by direct sampling, as predicted.
    pub direct_seconds: f64,
    /// How draws were combined.
    pub method: String,
    /// Power of the prior in every shard.
    pub prior_power: f64,
    /// Shards that data were dealt into.
    pub n_shards: usize,
    /// Those with draws.
    pub shards: Vec<ShardFacts>,
    /// Those without.
    pub lost: Vec<LostShard>,
    /// Share of the data that were sampled more than once.
    pub retried_share: f64,
    /// Share of the data that the draws know nothing of.
    pub lost_share: f64,
    /// How shards differ.
    pub heterogeneity: Vec<Heterogeneity>,
    /// Largest divergence (Kullback and Leibler, symmetric, in nats) between two shards.
    pub largest_divergence: f64,
    /// Two modes in shards.
    pub two_modes: Vec<TwoModes>,
    /// What the draws are.
    #[serde(default)]
    pub draws: DrawsAre,
    /// The check against all data; `None` where the user did not wait for it.
    pub check: Option<CheckAgainstAll>,
    /// The places that draws are reweighed from, or would be if they could be believed; `None` of a single shard.
    #[serde(default)]
    pub places: Option<Places>,
    /// What was told while sampling: retries, losses, and what differs between shards.
    #[serde(default)]
    pub warnings: Vec<String>,
    /// Memory.
    pub memory: ConsensusMemory,
}
