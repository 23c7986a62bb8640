//! Keys about the posterior. They change no number of a fit.

use crate::config::field::Field;
use crate::config::key::{Access, Key};
use crate::config::limits::Limits;
use crate::sample::settings::{NoiseCorrelation, NoiseScale};

/// The keys.
pub(super) const KEYS: &[Key] = &[
    Key::new(
        "optimization.cmc.per_shard_mcmc.num_chains",
        "chains of a posterior, each on a thread of its own",
        Access::Field(|draft| Field::Count(&mut draft.settings.sample.n_chains, 1..=1000)),
    )
    .also(&["optimization.mcmc.num_chains"])
    .without_influence(),
    Key::new(
        "optimization.cmc.per_shard_mcmc.num_warmup",
        "draws of a chain that find step size and metric, and are not kept",
        Access::Field(|draft| Field::Count(&mut draft.settings.sample.n_warmup, 50..=1_000_000)),
    )
    .also(&["optimization.mcmc.num_warmup"])
    .without_influence(),
    Key::new(
        "optimization.cmc.per_shard_mcmc.num_samples",
        "draws of a chain that are kept",
        Access::Field(|draft| Field::Count(&mut draft.settings.sample.n_draws, 10..=1_000_000)),
    )
    .also(&["optimization.mcmc.num_samples"])
    .without_influence(),
    Key::new(
        "optimization.cmc.per_shard_mcmc.target_accept_prob",
        "acceptance that step sizes aim at; null: 0.85, under shear 0.9",
        Access::Field(|draft| Field::OptionalNumber(&mut draft.settings.sample.target_acceptance, ACCEPTANCE)),
    )
    .also(&["optimization.mcmc.target_accept_prob"])
    .without_influence(),
    Key::new(
        "optimization.cmc.per_shard_mcmc.max_tree_depth",
        "a draw takes at most 2^depth gradients",
        Access::Field(|draft| Field::Count(&mut draft.settings.sample.max_tree_depth, 1..=20)),
    )
    .also(&["optimization.mcmc.max_tree_depth"])
    .without_influence(),
    Key::new(
        "optimization.cmc.seed",
        "seed of all chains",
        Access::Field(|draft| Field::Seed(&mut draft.settings.sample.seed)),
    )
    .also(&["optimization.mcmc.seed"])
    .without_influence(),
    Key::new(
        "optimization.cmc.noise",
        "factors on sigma that are sampled",
        Access::Field(|draft| Field::choice(&mut draft.settings.sample.noise, &NoiseScale::NAMES)),
    )
    .without_influence(),
    Key::new(
        "optimization.cmc.noise_correlation",
        "frame: widths allow for what pairs share; none: pairs are taken as independent, and widths are too small",
        Access::Field(|draft| Field::choice(&mut draft.settings.sample.noise_correlation, &NoiseCorrelation::NAMES)),
    )
    .without_influence(),
    Key::new(
        "optimization.cmc.backend_config.enable_checkpoints",
        "keep what chains have walked until the results are written",
        Access::Field(|draft| Field::Switch(&mut draft.settings.run.chains.are_kept)),
    )
    .also(&["optimization.cmc.backend.enable_checkpoints"])
    .without_influence(),
    Key::new(
        "optimization.cmc.backend_config.checkpoint_dir",
        "where; null: beside the results",
        Access::Field(|draft| Field::OptionalPath(&mut draft.settings.run.chains.folder)),
    )
    .also(&["optimization.cmc.backend.checkpoint_dir"])
    .without_influence(),
    Key::new(
        "optimization.cmc.backend_config.resume_from_checkpoint",
        "go on from chains of the same sampling that were kept, also without --resume",
        Access::Field(|draft| Field::Switch(&mut draft.settings.run.chains.go_on)),
    )
    .also(&["optimization.cmc.backend.resume_from_checkpoint"])
    .without_influence(),
];

/// Step sizes can aim at these.
const ACCEPTANCE: Limits = Limits::between(0.5, 0.999);
