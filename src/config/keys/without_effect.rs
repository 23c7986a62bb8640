//! Keys that are known and have no effect, each with the reason.

use crate::config::key::Meaning::{self, Later, NoEffect};

const DOCUMENTATION: Meaning = NoEffect("it only documents the file");
const SAMPLING: Meaning = Later("sampling is not part of this version");
const ELIMINATED: Meaning = NoEffect("contrast and offset are eliminated exactly, so that nothing has to be balanced");
const NO_CACHE: Meaning = NoEffect("the store is keyed by content and needs no cache");
const REPORTED: Meaning = NoEffect("bad data are refused or reported, never repaired");

/// Keys by dotted path; `[]` stands for the items of a list, a trailing `*` for everything below.
pub(super) const WITHOUT_EFFECT: &[(&str, Meaning)] = &[
    // Planned.
    ("parameter_space.bounds[].type", SAMPLING),
    ("parameter_space.bounds[].prior_mu", SAMPLING),
    ("parameter_space.bounds[].prior_sigma", SAMPLING),
    ("parameter_space.priors.*", SAMPLING),
    ("optimization.cmc.*", SAMPLING),
    ("optimization.mcmc.*", SAMPLING),
    ("plotting.*", Later("plots are not part of this version")),
    // Known from the homodyne program.
    ("metadata.*", DOCUMENTATION),
    ("analysis_settings.*", DOCUMENTATION),
    ("initial_parameters.units", DOCUMENTATION),
    ("phi_filtering.target_ranges[].description", DOCUMENTATION),
    ("parameter_space.bounds[].unit", DOCUMENTATION),
    ("parameter_space.bounds[].description", DOCUMENTATION),
    ("parameter_space.model", DOCUMENTATION),
    ("experimental_data.phi_angles_path", NoEffect("angles are read from the data file")),
    ("experimental_data.phi_angles_file", NoEffect("angles are read from the data file")),
    ("experimental_data.cache_*", NO_CACHE),
    ("experimental_data.data_type", NoEffect("values keep the width of the file")),
    ("experimental_data.file_format", NoEffect("the format is found from the content")),
    ("experimental_data.exchange_key", NoEffect("the layout is found from the content")),
    ("phi_filtering.fallback_to_all_angles", NoEffect("ranges without an angle are an error")),
    ("phi_filtering.algorithm", NoEffect("ranges are the only rule")),
    ("phi_filtering.tolerance", NoEffect("ranges are taken as they are written")),
    ("phi_filtering.quality_control.*", REPORTED),
    ("optimization.nlsq.workflow", NoEffect("there is one workflow")),
    ("optimization.nlsq.goal", NoEffect("tolerances are set directly")),
    ("optimization.nlsq.multi_start.*", NoEffect("candidates are evaluated one after another, each in parallel")),
    ("optimization.nlsq.cmaes.*", NoEffect("candidates are evaluated on a sample of bounded size")),
    ("optimization.nlsq.trust_region_scale", NoEffect("the first radius comes from the bounds")),
    ("optimization.nlsq.verbose", NoEffect("use logging.level")),
    ("optimization.nlsq.progress.*", NoEffect("progress is shown on a terminal; use --quiet")),
    ("optimization.nlsq.diagnostics.*", NoEffect("diagnostics are always computed")),
    ("optimization.nlsq.hybrid_streaming.*", NoEffect("streaming needs no warm-up, rates or regularisation")),
    ("optimization.nlsq.anti_degeneracy.enable", ELIMINATED),
    ("optimization.nlsq.anti_degeneracy.fourier_auto_threshold", ELIMINATED),
    ("optimization.nlsq.anti_degeneracy.hierarchical.*", ELIMINATED),
    ("optimization.nlsq.anti_degeneracy.regularization.*", ELIMINATED),
    ("optimization.nlsq.anti_degeneracy.gradient_monitoring.*", ELIMINATED),
    ("optimization.nlsq.anti_degeneracy.shear_weighting.*", ELIMINATED),
    ("optimization.nlsq.quality_validation.*", NoEffect("the verdict always checks bounds and convergence")),
    ("optimization.streaming.*", NoEffect("streaming needs no batches")),
    ("optimization.stratification.*", NoEffect("sums do not depend on how the data are cut")),
    ("optimization.sequential.*", NoEffect("sums do not depend on how the data are cut")),
    ("optimization.recovery.*", NoEffect("the solver is bounded and needs no retries")),
    ("optimization.vi.*", NoEffect("there is no variational inference")),
    ("optimization.hybrid.*", NoEffect("there is no variational inference")),
    ("noise_estimation.*", NoEffect("noise is always estimated from the data")),
    ("performance.*", NoEffect("memory is bounded by the block size")),
    ("logging.*", NoEffect("use logging.level")),
    ("quality_control.*", REPORTED),
    ("validation.*", REPORTED),
    ("output.*", NoEffect("results are JSON and Parquet in one directory")),
];
