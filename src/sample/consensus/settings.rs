//! What can be chosen about sampling in shards, with its defaults.

/// How shards are cut, sampled, judged and combined.
#[derive(Debug, Clone, PartialEq)]
pub struct ConsensusSettings {
    /// Whether shards are sampled in place of all data.
    pub enable: Sharded,
    /// Seconds that sampling all data may take; beyond, shards are sampled.
    pub direct_budget_seconds: f64,
    /// Fewer pairs are never cut unless shards are asked for.
    pub min_points: usize,
    /// Shards; `None`: as budget and widths want.
    pub n_shards: Option<usize>,
    /// Most pairs of a shard; `None`: as budget and widths want.
    pub max_points_per_shard: Option<usize>,
    /// Fewest pairs of a shard.
    pub min_points_per_shard: usize,
    /// Fewest pairs of a shard per number that is sampled.
    pub min_points_per_param: usize,
    /// Seed of the shuffle; `None`: that of the chains.
    pub shuffle_seed: Option<u64>,
    /// Seconds that one chain of a shard may take.
    pub timeout_seconds: f64,
    /// Chains that walk at a time; `None`: as many as there are threads.
    pub n_workers: Option<usize>,
    /// Whether every shard has its share of the prior; otherwise every one has all of it.
    pub tempers_prior: bool,
    /// Whether small shards draw less.
    pub adaptive: bool,
    /// Fewest draws of a warm-up, where shards draw less.
    pub min_warmup: usize,
    /// Fewest draws that are kept, where shards draw less; a chain that was cut is used from so many on.
    pub min_draws: usize,
    /// How draws are combined.
    pub method: Combination,
    /// Smallest share of the data whose shards must have been sampled.
    pub min_success_rate: f64,
    /// A smaller share is told.
    pub min_success_rate_warning: f64,
    /// Most of a shard's draws that may diverge.
    pub max_divergence_rate: f64,
    /// Largest R-hat of a shard.
    pub max_r_hat: f64,
    /// Fewest independent draws of a shard.
    pub min_ess: f64,
    /// Larger divergences (Kullback and Leibler, symmetric, in nats) between two shards are told; `None`: none is.
    pub max_between_shard_kl: Option<f64>,
    /// Larger scatter of the shards' means of a number, over their mean, is told; `None`: none is.
    pub max_parameter_cv: Option<f64>,
}

impl Default for ConsensusSettings {
    fn default() -> Self {
        ConsensusSettings {
            enable: Sharded::Auto,
            direct_budget_seconds: 900.0,
            min_points: 100_000,
            n_shards: None,
            max_points_per_shard: None,
            min_points_per_shard: 10_000,
            min_points_per_param: 1500,
            shuffle_seed: None,
            timeout_seconds: 7200.0,
            n_workers: None,
            tempers_prior: true,
            adaptive: true,
            min_warmup: 100,
            min_draws: 200,
            method: Combination::RobustConsensusMc,
            min_success_rate: 0.9,
            min_success_rate_warning: 0.95,
            max_divergence_rate: 0.1,
            max_r_hat: 1.05,
            min_ess: 100.0,
            max_between_shard_kl: None,
            max_parameter_cv: None,
        }
    }
}

/// Whether shards are sampled in place of all data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sharded {
    /// Where all data would take longer than they may.
    Auto,
    /// Always.
    Yes,
    /// Never.
    No,
}

impl Sharded {
    /// Names in configuration.
    pub const NAMES: [(&'static str, Sharded); 3] =
        [("auto", Sharded::Auto), ("true", Sharded::Yes), ("false", Sharded::No)];
}

/// How draws of shards become draws of all data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Combination {
    /// Means weighed by the inverse covariance of every shard.
    ConsensusMc,
    /// The same, where shards that lie far from the others count less.
    RobustConsensusMc,
    /// Draws of the product of the shards' Gaussians.
    WeightedGaussian,
    /// Plain means.
    SimpleAverage,
    /// `RobustConsensusMc`.
    Auto,
}

impl Combination {
    /// Names in configuration and results.
    pub const NAMES: [(&'static str, Combination); 5] = [
        ("consensus_mc", Combination::ConsensusMc),
        ("robust_consensus_mc", Combination::RobustConsensusMc),
        ("weighted_gaussian", Combination::WeightedGaussian),
        ("simple_average", Combination::SimpleAverage),
        ("auto", Combination::Auto),
    ];

    /// Name in results.
    #[must_use]
    pub fn name(self) -> &'static str {
        Combination::NAMES.iter().find(|(_, method)| *method == self).map_or("", |(name, _)| name)
    }
}
