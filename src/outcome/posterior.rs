//! What sampling found.

use crate::outcome::consensus::ConsensusSampling;
use crate::outcome::verdict::Verdict;
use serde::{Deserialize, Serialize};

/// Chains agree below this R-hat.
pub const LARGEST_R_HAT: f64 = 1.01;
/// So many independent draws tell a mean and the ends of an interval.
pub const FEWEST_INDEPENDENT: f64 = 400.0;

/// One draw of a chain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Draw {
    /// All numbers, as they are sampled.
    pub values: Vec<f64>,
    /// Logarithm of the density, up to a constant.
    pub log_density: f64,
    /// Energy of the walk.
    pub energy: f64,
    /// Mean acceptance along the walk.
    pub acceptance: f64,
    /// Gradients.
    pub steps: u64,
    /// Doublings.
    pub depth: u64,
    /// Whether the walk has left the level of its energy.
    pub diverging: bool,
}

/// Whether the draws can be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PosteriorVerdict {
    /// Chains agree, and have drawn enough.
    Converged,
    /// They do not, or have not.
    NotConverged,
    /// Draws of shards do not combine to those of all data, or too many shards have none.
    ConsensusUnreliable,
    /// The user asked to stop: what was drawn is there.
    Interrupted,
}

impl PosteriorVerdict {
    /// Name in results.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            PosteriorVerdict::Converged => "converged",
            PosteriorVerdict::NotConverged => "not_converged",
            PosteriorVerdict::ConsensusUnreliable => "consensus_unreliable",
            PosteriorVerdict::Interrupted => "interrupted",
        }
    }
}

/// One number of the posterior.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PosteriorNumber {
    /// Name, as in the table of draws.
    pub name: String,
    /// Unit.
    pub unit: String,
    /// Mean.
    pub mean: f64,
    /// Standard deviation.
    pub deviation: f64,
    /// Median.
    pub median: f64,
    /// Central interval that holds 68 %.
    pub interval_68: [f64; 2],
    /// Central interval that holds 95 %.
    pub interval_95: [f64; 2],
    /// Largest of the rank-normalised split R-hats of value and distance from the median; `None` for a constant.
    pub r_hat: Option<f64>,
    /// Independent draws that tell the mean as well.
    pub ess_bulk: Option<f64>,
    /// The same for the 5 and 95 % quantiles.
    pub ess_tail: Option<f64>,
    /// Monte Carlo standard error of the mean.
    pub mcse_mean: Option<f64>,
    /// The least-squares value.
    pub least_squares: Option<f64>,
    /// Its standard error.
    pub least_squares_uncertainty: Option<f64>,
    /// (mean - least squares) / that error.
    pub difference_in_errors: Option<f64>,
    /// Posterior over prior standard deviation, where bounds or prior have one.
    pub contraction: Option<f64>,
}

/// One chain.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ChainFacts {
    /// Draws.
    pub draws: usize,
    /// Draws whose walk diverged.
    pub divergences: usize,
    /// Gradients, those of the warm-up included.
    pub gradients: u64,
    /// Step size after the warm-up.
    pub step_size: f64,
    /// Mean acceptance.
    pub acceptance: f64,
    /// How well the walk explores energies (Betancourt, arXiv 1604.00695); below 0.3 is bad.
    pub e_bfmi: Option<f64>,
}

/// How the data stood for all pairs while sampling.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CondensedSampling {
    /// Pseudo-pairs that every gradient has visited.
    pub pseudo_pairs: u64,
    /// Draws whose log likelihood was compared with that of all pairs: none if the user has stopped before.
    pub compared_draws: usize,
    /// The largest difference found, less that of their mean.
    pub largest_difference: f64,
}

/// Everything a sampling found; its written form is `posterior.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PosteriorResult {
    /// Whether the draws can be believed.
    pub verdict: PosteriorVerdict,
    /// Why not, in words.
    pub reasons: Vec<String>,
    /// The verdict on the fit that the chains start from: draws of a model that does not describe the data tell as little as its fit.
    #[serde(default)]
    pub fit_verdict: Option<Verdict>,
    /// The numbers, in the order of the table of draws.
    pub numbers: Vec<PosteriorNumber>,
    /// The chains.
    pub chains: Vec<ChainFacts>,
    /// Draws of the warm-up, per chain.
    pub n_warmup: usize,
    /// Seed.
    pub seed: u64,
    /// Acceptance that was aimed at.
    pub target_acceptance: f64,
    /// Whether widths allow for what pairs share.
    pub allows_for_shared_noise: bool,
    /// The factor on the log likelihood that this took; 1 without.
    pub magnitude: f64,
    /// Pairs.
    pub n_pairs: u64,
    /// Condensed data; `None` where all pairs were swept for every gradient.
    pub condensed: Option<CondensedSampling>,
    /// Shards; `None` where all data were sampled directly.
    #[serde(default)]
    pub consensus: Option<ConsensusSampling>,
    /// Seconds of all chains.
    pub seconds: f64,
    /// Gradients per second, all chains together.
    pub gradients_per_second: f64,
    /// Draws of every chain; they have a table of their own.
    #[serde(skip)]
    pub draws: Vec<Vec<Draw>>,
}

impl PosteriorResult {
    /// Process exit code: that of the fit where the draws can be believed.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self.verdict {
            PosteriorVerdict::Converged => self.fit_verdict.map_or(0, Verdict::exit_code),
            PosteriorVerdict::NotConverged | PosteriorVerdict::ConsensusUnreliable => 1,
            PosteriorVerdict::Interrupted => 130,
        }
    }

    /// What is to be said of a fit that is not accepted; `None` of one that is.
    #[must_use]
    pub fn doubt_of_fit(&self) -> Option<String> {
        let verdict = self.fit_verdict.filter(|verdict| verdict.exit_code() != 0)?;
        let but = match verdict {
            Verdict::PoorFit => "the model does not describe the data, and neither do its draws",
            Verdict::Unchecked => "nothing tells whether the model describes the data, and draws do not either",
            Verdict::Undetermined | Verdict::AtBound => "what the data leave open is in the widths of the draws",
            _ => "it is no minimum, and draws may be of another place",
        };
        Some(format!("fit: {} ({but}; exit code {})", verdict.name(), self.exit_code()))
    }
}
