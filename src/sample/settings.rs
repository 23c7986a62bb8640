//! What can be chosen about sampling, with its defaults.

use crate::parameters::scaling::ScalingMode;
use crate::sample::consensus::settings::ConsensusSettings;

/// What is sampled, and how long.
#[derive(Debug, Clone, PartialEq)]
pub struct SampleSettings {
    /// Chains.
    pub n_chains: usize,
    /// Draws of every chain that only find step size and metric.
    pub n_warmup: usize,
    /// Draws of every chain that are kept.
    pub n_draws: usize,
    /// Acceptance that the step size aims at; `None`: 0.85, under shear 0.9.
    pub target_acceptance: Option<f64>,
    /// A draw takes at most 2^depth gradients.
    pub max_tree_depth: usize,
    /// Seed of all chains.
    pub seed: u64,
    /// What is not known of sigma.
    pub noise: NoiseScale,
    /// What pairs share.
    pub noise_correlation: NoiseCorrelation,
    /// How contrast and offset depend on the angle; `None`: as in the fit.
    pub scaling_mode: Option<ScalingMode>,
    /// Angles from which on one pair of them holds for all; `None`: as in the fit.
    pub shared_from_angles: Option<usize>,
    /// Whether the fit is believed before the data.
    pub believes_fit: bool,
    /// How wide that is, in errors of the fit.
    pub fit_width_factor: f64,
    /// Sampling in shards, and when.
    pub consensus: ConsensusSettings,
}

impl Default for SampleSettings {
    fn default() -> Self {
        SampleSettings {
            n_chains: 4,
            n_warmup: 500,
            n_draws: 1500,
            target_acceptance: None,
            max_tree_depth: 10,
            seed: 42,
            noise: NoiseScale::Shared,
            noise_correlation: NoiseCorrelation::Frame,
            scaling_mode: None,
            shared_from_angles: None,
            believes_fit: false,
            fit_width_factor: 2.0,
            consensus: ConsensusSettings::default(),
        }
    }
}

/// What of the noise is sampled besides: a factor on sigma, with a density that is flat in its logarithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoiseScale {
    /// One factor for every angle.
    PerAngle,
    /// One factor for all angles.
    Shared,
    /// None: sigma is what ingest has found.
    Fixed,
}

impl NoiseScale {
    /// Names in configuration and results.
    pub const NAMES: [(&'static str, NoiseScale); 3] =
        [("per_angle", NoiseScale::PerAngle), ("shared", NoiseScale::Shared), ("fixed", NoiseScale::Fixed)];

    /// Factors for so many angles.
    #[must_use]
    pub fn n_factors(self, n_angles: usize) -> usize {
        match self {
            NoiseScale::PerAngle => n_angles,
            NoiseScale::Shared => 1,
            NoiseScale::Fixed => 0,
        }
    }
}

/// Whether the likelihood allows for what pairs have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoiseCorrelation {
    /// Its width is that of the noise model of the fit: speckles, photons, normalisation.
    Frame,
    /// Pairs are taken as independent: widths are those of the plain product.
    None,
}

impl NoiseCorrelation {
    /// Names in configuration and results.
    pub const NAMES: [(&'static str, NoiseCorrelation); 2] =
        [("frame", NoiseCorrelation::Frame), ("none", NoiseCorrelation::None)];
}
