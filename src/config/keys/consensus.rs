//! Keys about sampling in shards. They change no number of a fit.

use crate::config::draft::Draft;
use crate::config::field::Field;
use crate::config::key::{Access, Key};
use crate::config::limits::Limits;
use crate::config::reader::Given;
use crate::error::Result;
use crate::parameters::scaling::ScalingMode;
use crate::sample::consensus::settings::{Combination, ConsensusSettings, Sharded};

/// Shares.
const SHARE: Limits = Limits::between(0.0, 1.0);
/// Seconds.
const SECONDS: Limits = Limits::positive(1e9);

/// The keys.
pub(super) const KEYS: &[Key] = &[
    count(
        "optimization.cmc.sharding.num_shards",
        "shards; auto: as budget of time and widths want",
        &[],
        Access::Own {
            accepts: AUTO_OR_COUNT,
            members: &[],
            set: |draft, given| {
                let n = auto_or(given, 1)?;
                draft.settings.sample.consensus.n_shards = n;
                Ok(())
            },
            get: |draft| shown(of(draft).n_shards),
        },
    ),
    count(
        "optimization.cmc.sharding.max_points_per_shard",
        "most pairs of a shard; auto: as budget of time and widths want",
        &[],
        Access::Own {
            accepts: AUTO_OR_COUNT,
            members: &[],
            set: |draft, given| {
                draft.settings.sample.consensus.max_points_per_shard = auto_or(given, 1)?;
                Ok(())
            },
            get: |draft| shown(of(draft).max_points_per_shard),
        },
    ),
    count(
        "optimization.cmc.backend_config.num_workers",
        "chains of shards that walk at a time; auto: one per thread",
        &["optimization.cmc.num_workers"],
        Access::Own {
            accepts: AUTO_OR_COUNT,
            members: &[],
            set: |draft, given| {
                draft.settings.sample.consensus.n_workers = auto_or(given, 1)?;
                Ok(())
            },
            get: |draft| shown(of(draft).n_workers),
        },
    ),
    count(
        "optimization.cmc.sharding.seed_base",
        "seed of the shuffle; auto: that of the chains",
        &[],
        Access::Own {
            accepts: "auto or a whole number of at least 0",
            members: &[],
            set: |draft, given| {
                draft.settings.sample.consensus.shuffle_seed = auto_or(given, 0)?.map(|seed| seed as u64);
                Ok(())
            },
            get: |draft| shown(of(draft).shuffle_seed),
        },
    ),
    Key::new(
        "optimization.cmc.enable",
        "true: shards are sampled; false: all data directly; auto: shards where all data would take longer than direct_budget_s",
        Access::Field(|draft| Field::choice(&mut to(draft).enable, &Sharded::NAMES)),
    )
    .without_influence(),
    Key::new(
        "optimization.cmc.direct_budget_s",
        "time that sampling all data directly may take",
        Access::Field(|draft| Field::Number(&mut to(draft).direct_budget_seconds, SECONDS)),
    )
    .unit("s")
    .without_influence(),
    Key::new(
        "optimization.cmc.min_points_for_cmc",
        "fewer pairs are always sampled directly, unless enable is true",
        Access::Field(|draft| Field::Count(&mut to(draft).min_points, 0..=1_000_000_000_000)),
    )
    .without_influence(),
    Key::new(
        "optimization.cmc.sharding.min_points_per_shard",
        "fewest pairs of a shard",
        Access::Field(|draft| Field::Count(&mut to(draft).min_points_per_shard, 1..=1_000_000_000_000)),
    )
    .without_influence(),
    Key::new(
        "optimization.cmc.sharding.min_points_per_param",
        "fewest pairs of a shard per number that is sampled",
        Access::Field(|draft| Field::Count(&mut to(draft).min_points_per_param, 1..=1_000_000_000)),
    )
    .without_influence(),
    Key::new(
        "optimization.cmc.per_shard_timeout",
        "time that a chain of a shard may take; one that is cut is used if it has min_samples draws",
        Access::Field(|draft| Field::Number(&mut to(draft).timeout_seconds, SECONDS)),
    )
    .unit("s")
    .without_influence(),
    Key::new(
        "optimization.cmc.prior_tempering",
        "false: every shard has the whole prior, which then counts once per shard",
        Access::Field(|draft| Field::Switch(&mut to(draft).tempers_prior)),
    )
    .without_influence(),
    Key::new(
        "optimization.cmc.per_shard_mcmc.adaptive_sampling",
        "true: shards of fewer than 10 000 pairs draw less",
        Access::Field(|draft| Field::Switch(&mut to(draft).adaptive)),
    )
    .without_influence(),
    Key::new(
        "optimization.cmc.per_shard_mcmc.min_warmup",
        "fewest draws of the warm-up of a small shard",
        Access::Field(|draft| Field::Count(&mut to(draft).min_warmup, 50..=1_000_000)),
    )
    .without_influence(),
    Key::new(
        "optimization.cmc.per_shard_mcmc.min_samples",
        "fewest draws that are kept of a small shard, or of a chain at its deadline",
        Access::Field(|draft| Field::Count(&mut to(draft).min_draws, 10..=1_000_000)),
    )
    .without_influence(),
    Key::new(
        "optimization.cmc.combination.method",
        "how draws of shards become draws of all data",
        Access::Field(|draft| Field::choice(&mut to(draft).method, &Combination::NAMES)),
    )
    .without_influence(),
    Key::new(
        "optimization.cmc.combination.min_success_rate",
        "smallest share of the data in shards with draws; below, the verdict is consensus_unreliable",
        Access::Field(|draft| Field::Number(&mut to(draft).min_success_rate, SHARE)),
    )
    .also(&["optimization.cmc.validation.min_success_rate"])
    .without_influence(),
    Key::new(
        "optimization.cmc.combination.min_success_rate_warning",
        "a smaller share is told",
        Access::Field(|draft| Field::Number(&mut to(draft).min_success_rate_warning, SHARE)),
    )
    .without_influence(),
    Key::new(
        "optimization.cmc.validation.max_divergence_rate",
        "a shard with a larger share of divergences is sampled again",
        Access::Field(|draft| Field::Number(&mut to(draft).max_divergence_rate, SHARE)),
    )
    .without_influence(),
    Key::new(
        "optimization.cmc.validation.max_per_shard_rhat",
        "a shard with a larger R-hat is sampled again",
        Access::Field(|draft| Field::Number(&mut to(draft).max_r_hat, Limits::between(1.0, 100.0))),
    )
    .without_influence(),
    Key::new(
        "optimization.cmc.validation.min_per_shard_ess",
        "a shard with fewer independent draws is sampled again",
        Access::Field(|draft| Field::Number(&mut to(draft).min_ess, Limits::between(0.0, 1e9))),
    )
    .without_influence(),
    Key::new(
        "optimization.cmc.validation.max_between_shard_kl",
        "a larger divergence (Kullback and Leibler, symmetric, in nats) between two shards is told; null: none is",
        Access::Field(|draft| Field::OptionalNumber(&mut to(draft).max_between_shard_kl, Limits::POSITIVE)),
    )
    .without_influence(),
    Key::new(
        "optimization.cmc.validation.max_parameter_cv",
        "a larger scatter of the shards' means of a number, over their mean, is told; null: none is",
        Access::Field(|draft| Field::OptionalNumber(&mut to(draft).max_parameter_cv, Limits::POSITIVE)),
    )
    .without_influence(),
    Key::new(
        "optimization.cmc.validation.use_nlsq_informed_priors",
        "true: the fit is believed before the data, a normal prior of nlsq_prior_width_factor errors: data count twice",
        Access::Field(|draft| Field::Switch(&mut draft.settings.sample.believes_fit)),
    )
    .without_influence(),
    Key::new(
        "optimization.cmc.validation.nlsq_prior_width_factor",
        "width of that prior, in errors of the fit",
        Access::Field(|draft| Field::Number(&mut draft.settings.sample.fit_width_factor, Limits::positive(1e6))),
    )
    .without_influence(),
    Key::new(
        "optimization.cmc.per_angle_mode",
        "how contrast and offset depend on the angle in a posterior; as_fitted: as in the fit",
        Access::Field(|draft| {
            Field::choice_or(&mut draft.settings.sample.scaling_mode, "as_fitted", &ScalingMode::NAMES)
        }),
    )
    .without_influence(),
    count(
        "optimization.cmc.constant_scaling_threshold",
        "angles from which on a posterior has one contrast and offset for all under auto; auto: as in the fit",
        &[],
        Access::Own {
            accepts: AUTO_OR_COUNT,
            members: &[],
            set: |draft, given| {
                draft.settings.sample.shared_from_angles = auto_or(given, 1)?;
                Ok(())
            },
            get: |draft| shown(draft.settings.sample.shared_from_angles),
        },
    ),
];

/// What such keys accept.
const AUTO_OR_COUNT: &str = "auto or a whole number of at least 1";

const fn count(path: &'static str, doc: &'static str, spellings: &'static [&'static str], access: Access) -> Key {
    Key::new(path, doc, access).also(spellings).without_influence()
}

fn of(draft: &Draft) -> &ConsensusSettings {
    &draft.settings.sample.consensus
}

fn to(draft: &mut Draft) -> &mut ConsensusSettings {
    &mut draft.settings.sample.consensus
}

fn auto_or(given: &Given<'_>, least: usize) -> Result<Option<usize>> {
    match given.text().as_deref() {
        Some("auto") => Ok(None),
        _ => given.count().filter(|count| *count >= least).map(Some).ok_or_else(|| given.refused()),
    }
}

fn shown<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(|| "auto".into(), |value| value.to_string())
}
