//! Keys that are known from other programs and have no effect, each with the reason. It knows no key that has one.

use crate::config::key::Meaning::{self, Differs, Later, NoEffect};

/// Keys of one section for one reason.
pub struct Group {
    /// The section; empty for the top.
    section: &'static str,
    /// Names in it, separated by spaces; a trailing `*` stands for everything that begins so.
    names: &'static str,
    /// Why.
    pub meaning: Meaning,
}

impl Group {
    /// Dotted paths.
    pub fn paths(&self) -> impl Iterator<Item = String> {
        let joined = |name: &str| match self.section {
            "" => name.to_owned(),
            section if name.starts_with('[') => format!("{section}{name}"),
            section => format!("{section}.{name}"),
        };
        self.names.split_whitespace().map(joined)
    }
}

const fn group(section: &'static str, names: &'static str, meaning: Meaning) -> Group {
    Group { section, names, meaning }
}

const DOCUMENTATION: Meaning = NoEffect("it only documents the file");
const CHAINS: Meaning = NoEffect("chains are started, stretched and kept by what the data tell");
const BALANCED: Meaning = Differs("stratified random", "shards are always balanced over angle and lag, and shuffled");
const WARM_START: Meaning = Differs("true", "chains always start around a fit");
const NO_ABORT: Meaning =
    NoEffect("draws are never thrown away: what differs between shards is told, and widens the posterior");
const BESIDE: Meaning = NoEffect("what is kept of chains is kept until the results are written");
const CHECKED: Meaning = NoEffect("draws are always checked, and the verdict and exit code say what came out");
const THREADS: Meaning = NoEffect("chains are threads of one process");
const ELIMINATED: Meaning = NoEffect("contrast and offset are eliminated exactly, so that nothing has to be balanced");
const NO_CACHE: Meaning = NoEffect("the store is keyed by content and needs no cache");
const REPORTED: Meaning = NoEffect("bad data are refused or reported, never repaired");
const ANGLES: Meaning = NoEffect("angles are read from the data file");
const FOUND: Meaning = NoEffect("format and layout are found from the content");
const FALLBACK: Meaning = Differs("false", "ranges without an angle are an error; no other angles are taken instead");
const STREAMED: Meaning = NoEffect("streaming needs no warm-up, rates, batches or regularisation");
const CUT: Meaning = NoEffect("sums do not depend on how the data are cut");
const BOUNDED: Meaning = NoEffect("memory is bounded by the block size");
const ALL_DATA: Meaning = NoEffect("all data are used");
const COMPILED: Meaning = NoEffect("the program is compiled for the machine's vector instructions, and uses no GPU");
const REFINED: Meaning = NoEffect("basins are followed with the solver and tolerances of the fit");
const SAMPLED: Meaning = NoEffect("candidates are evaluated on a sample of bounded size");
const ONE_LOG: Meaning = NoEffect("there is one log, and logging.level rules it");
const PLOTS: Meaning = Later("plots are not part of this version");
const FORMATS: Meaning = NoEffect("results are JSON and Parquet in one directory");
const CLUSTER: Meaning = NoEffect("a run uses one machine");
const RANGES: Meaning = NoEffect("target_ranges are the only rule");
const SOLVER: Meaning = NoEffect("the solver is one, bounded and scaled by itself");

/// The table.
pub(super) const WITHOUT_EFFECT: &[Group] = &[
    group("", "metadata.* analysis_settings.*", DOCUMENTATION),
    group("", "plotting.*", PLOTS),
    group("", "quality_control.* validation.* validation_rules.* data_filtering.* preprocessing.*", REPORTED),
    group("", "noise_estimation.*", NoEffect("noise is always estimated from the data")),
    group("", "hardware.* v2_features.* performance_settings.*", COMPILED),
    group("", "hpc_settings.* pbs.* batch_processing.*", CLUSTER),
    group("", "advanced.* advanced_settings.* data_loading.*", SOLVER),
    group("", "output_settings.*", FORMATS),
    group("", "shear_transforms.*", SOLVER),
    group("", "optimization_config.*", NoEffect("methods of earlier programs are not there")),
    group("optimization_config.angle_filtering", "fallback_to_all_angles", FALLBACK),
    group("optimization_config.angle_filtering", "validation_mode", RANGES),
    group("analyzer_parameters", "frame_step", Differs("1", "every frame is used; frames to leave out: masked_frames")),
    group("analyzer_parameters", "time_unit", Differs("s second seconds", "times are in seconds")),
    group("analyzer_parameters", "computational.*", NoEffect("threads: performance.computation.cpu_threads")),
    group("analyzer_parameters.temporal", "frame_interval", Differs("1", "every frame is used")),
    group("analyzer_parameters.temporal", "dt_unit", Differs("s second seconds", "times are in seconds")),
    group("analyzer_parameters.temporal", "frame_description", DOCUMENTATION),
    group("analyzer_parameters.scattering", "q_unit", Differs("Å⁻¹ 1/angstrom 1/Å A^-1", "q is in 1/angstrom")),
    group("analyzer_parameters.scattering", "typical_range", DOCUMENTATION),
    group("analyzer_parameters.geometry", "gap_unit", Differs("Å angstrom A", "the gap is in angstrom")),
    group("analyzer_parameters.geometry", "gap_in_microns", DOCUMENTATION),
    group("experimental_data", "phi_angles_path phi_angles_file phi_angles_manual", ANGLES),
    group("experimental_data", "cache_* use_caching", NO_CACHE),
    group("experimental_data", "data_type", NoEffect("values keep the width of the file")),
    group("experimental_data", "file_format exchange_key", FOUND),
    group("experimental_data", "preprocessing.* validation.*", REPORTED),
    group("experimental_data", "loading.* estimated_data_points frame_optimization", BOUNDED),
    group("phi_filtering", "fallback_to_all_angles", FALLBACK),
    group("phi_filtering", "tolerance", Differs("0", "ranges are taken as they are written, without slack")),
    group("phi_filtering", "algorithm laminar_flow_ranges", RANGES),
    group("phi_filtering", "target_ranges[].description", DOCUMENTATION),
    group("phi_filtering", "quality_control.*", REPORTED),
    group("initial_parameters", "units physical_meaning.*", DOCUMENTATION),
    group("initial_parameters", "tied_parameters", Differs("{}", "parameters are not tied to each other")),
    group("parameter_space", "priors.*", NoEffect("priors stand in parameter_space.bounds")),
    group("parameter_space.bounds", "[].unit [].description [].physics_validation", DOCUMENTATION),
    group("optimization.cmc", "run_id", NoEffect("results have names of their own")),
    group("optimization.cmc", "heartbeat_timeout backend initialization.* reparameterization.*", CHAINS),
    group("optimization.cmc.backend", "name", THREADS),
    group("optimization.cmc.backend", "checkpoint_frequency keep_last_checkpoints", BESIDE),
    group("optimization.cmc.combination", "validate_results", CHECKED),
    group("optimization.cmc.validation", "strict_mode", CHECKED),
    group("optimization.cmc.per_shard_mcmc", "subsample_size", ALL_DATA),
    group("optimization.cmc.per_shard_mcmc", "enable_jax_profiling jax_profile_dir", COMPILED),
    group("optimization.cmc.sharding", "strategy", BALANCED),
    group("optimization.cmc.validation", "require_nlsq_warmstart", WARM_START),
    group("optimization.cmc.validation", "heterogeneity_abort", NO_ABORT),
    group(
        "optimization.cmc.per_shard_mcmc",
        "dense_mass",
        NoEffect("coordinates are stretched by the whole covariance"),
    ),
    group("optimization.cmc.backend_config", "name", THREADS),
    group("optimization.cmc.backend_config", "checkpoint_frequency keep_last_checkpoints", BESIDE),
    group(
        "optimization.mcmc",
        "backend progress_bar dense_mass dense_mass_matrix initial_values.* method_selection.*",
        CHAINS,
    ),
    group("optimization", "streaming.*", STREAMED),
    group("optimization", "stratification.* sequential.*", CUT),
    group("optimization", "recovery.* shear_transforms.*", SOLVER),
    group("optimization", "vi.* hybrid.*", NoEffect("there is no variational inference")),
    group("optimization.lsq", "enabled method bounds_handling enable_recovery", SOLVER),
    group("optimization.angle_filtering", "fallback_to_all_angles", FALLBACK),
    group(
        "optimization.nlsq",
        "workflow goal enabled method",
        NoEffect("there is one workflow; tolerances are set directly"),
    ),
    group("optimization.nlsq", "trust_region_scale recovery.* shear_transforms.*", SOLVER),
    group("optimization.nlsq", "x_scale", NoEffect("sizes of parameters come from the data, or from x_scale_map")),
    group("optimization.nlsq", "verbose progress.*", NoEffect("progress is shown on a terminal; see -v and --quiet")),
    group("optimization.nlsq", "diagnostics.*", NoEffect("diagnostics are always computed")),
    group("optimization.nlsq", "hybrid_streaming.* streaming.*", STREAMED),
    group("optimization.nlsq", "stratified.*", CUT),
    group(
        "optimization.nlsq.multi_start",
        "n_workers",
        NoEffect("candidates are evaluated one by one, each in parallel"),
    ),
    group("optimization.nlsq.multi_start", "subsample_size warmup_only_threshold", SAMPLED),
    group(
        "optimization.nlsq.cmaes",
        "population_batch_size data_chunk_size memory_limit_gb normalize normalization_epsilon",
        SAMPLED,
    ),
    group(
        "optimization.nlsq.cmaes",
        "auto_select sigma_warmstart warmstart_auto_skip warmstart_skip_threshold",
        NoEffect("enable: auto looks for other basins when the fit is not acceptable"),
    ),
    group(
        "optimization.nlsq.cmaes",
        "refinement_workflow refinement_ftol refinement_xtol refinement_gtol refinement_max_nfev refinement_loss",
        REFINED,
    ),
    group(
        "optimization.nlsq.anti_degeneracy",
        "enable execute_layers fourier_auto_threshold hierarchical.* regularization.* gradient_monitoring.* \
         shear_weighting.*",
        ELIMINATED,
    ),
    group("optimization.nlsq.anti_degeneracy.fourier", "enable auto_threshold fourier_auto_threshold", ELIMINATED),
    group(
        "optimization.nlsq.quality_validation",
        "warn_on_max_restarts warn_on_bounds_hit warn_on_convergence_failure",
        NoEffect("the verdict always checks bounds and convergence"),
    ),
    group("performance", "strategy_override", NoEffect("use optimization.nlsq.strategy")),
    group(
        "performance",
        "memory_limit_gb memory_optimization.* memory.* memory_mapping.* caching.* chunking.*",
        BOUNDED,
    ),
    group("performance", "memory_mapped_io io_optimization.* prefetching.* multi_level_caching", BOUNDED),
    group("performance", "advanced_chunking background_prefetching memory_pressure_monitoring", BOUNDED),
    group(
        "performance",
        "enable_progress monitoring.*",
        NoEffect("progress is shown on a terminal; see -v and --quiet"),
    ),
    group("performance", "performance_engine_enabled parallel.* advanced_features.* device.*", COMPILED),
    group("performance", "subsampling.*", ALL_DATA),
    group("performance.computation", "enable_jit vectorization_level gpu_acceleration numerical_precision", COMPILED),
    group("performance.computation", "gradient_clipping gradient_clip_value", SOLVER),
    group(
        "logging",
        "enabled console.* file.* modules.* performance.* scientific_contexts.* validation_logging.* debugging.* jax.* \
         scientific.* distributed.* advanced_debugging.* production.* debug.*",
        ONE_LOG,
    ),
    group(
        "output",
        "formats.* create_subdirs timestamp_dirs compress_hdf5 compression_level include_diagnostics reports.* \
         save_per_shard_diagnostics save_combined_posterior save_convergence_metrics",
        FORMATS,
    ),
    group("output", "plots.* generate_plots plot_format plot_dpi", PLOTS),
    group("output", "log_level log_file console_output", ONE_LOG),
];
