//! Every key of the configuration and what it does here. It reads no value.

use crate::config::tree::{Node, Placed};
use crate::error::catalogue::Code;
use crate::error::{Fault, Result};

/// What a key does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// It is used.
    Used,
    /// Known from the homodyne program, without effect here.
    NoEffect(&'static str),
    /// Planned, without effect in this version.
    Later(&'static str),
}

use Meaning::{Later, NoEffect, Used};

const DOCUMENTATION: Meaning = NoEffect("it only documents the file");
const SAMPLING: Meaning = Later("sampling is not part of this version");
const ELIMINATED: Meaning = NoEffect("contrast and offset are eliminated exactly, so that nothing has to be balanced");
const NO_CACHE: Meaning = NoEffect("the store is keyed by content and needs no cache");
const REPORTED: Meaning = NoEffect("bad data are refused or reported, never repaired");

/// Keys by dotted path; `[]` stands for the items of a list, a trailing `*` for everything below.
pub const KEYS: &[(&str, Meaning)] = &[
    ("analysis_mode", Used),
    ("analyzer_parameters.dt", Used),
    ("analyzer_parameters.start_frame", Used),
    ("analyzer_parameters.end_frame", Used),
    ("analyzer_parameters.scattering.wavevector_q", Used),
    ("analyzer_parameters.geometry.stator_rotor_gap", Used),
    ("experimental_data.file_path", Used),
    ("experimental_data.data_folder_path", Used),
    ("experimental_data.data_file_name", Used),
    ("experimental_data.layout", Used),
    ("experimental_data.q_tolerance", Used),
    ("experimental_data.dt_override", Used),
    ("experimental_data.exclude_first_frame", Used),
    ("experimental_data.masked_frames", Used),
    ("experimental_data.symmetrise", Used),
    ("experimental_data.skip_bad_bins", Used),
    ("experimental_data.allow_missing", Used),
    ("experimental_data.max_non_finite_fraction", Used),
    ("phi_filtering.enabled", Used),
    ("phi_filtering.target_ranges[].min_angle", Used),
    ("phi_filtering.target_ranges[].max_angle", Used),
    ("phi_filtering.merge_within_degrees", Used),
    ("initial_parameters.parameter_names", Used),
    ("initial_parameters.values", Used),
    ("initial_parameters.active_parameters", Used),
    ("initial_parameters.fixed_parameters.*", Used),
    ("initial_parameters.per_angle_scaling.contrast", Used),
    ("initial_parameters.per_angle_scaling.offset", Used),
    ("parameter_space.bounds[].name", Used),
    ("parameter_space.bounds[].min", Used),
    ("parameter_space.bounds[].max", Used),
    ("optimization.method", Used),
    ("optimization.nlsq.max_iterations", Used),
    ("optimization.nlsq.tolerance", Used),
    ("optimization.nlsq.ftol", Used),
    ("optimization.nlsq.xtol", Used),
    ("optimization.nlsq.gtol", Used),
    ("optimization.nlsq.block_points", Used),
    ("optimization.nlsq.loss", Used),
    ("optimization.nlsq.f_scale", Used),
    ("optimization.nlsq.x_scale_map.*", Used),
    ("optimization.nlsq.strategy", Used),
    ("optimization.nlsq.memory_fraction", Used),
    ("optimization.nlsq.memory_threshold_gb", Used),
    ("optimization.nlsq.stratified_max_points", Used),
    ("optimization.nlsq.multi_start.enable", Used),
    ("optimization.nlsq.multi_start.n_starts", Used),
    ("optimization.nlsq.multi_start.seed", Used),
    ("optimization.nlsq.multi_start.sampling_strategy", Used),
    ("optimization.nlsq.multi_start.custom_starts", Used),
    ("optimization.nlsq.multi_start.use_screening", Used),
    ("optimization.nlsq.multi_start.screen_keep_fraction", Used),
    ("optimization.nlsq.multi_start.refine_top_k", Used),
    ("optimization.nlsq.multi_start.refinement_ftol", Used),
    ("optimization.nlsq.multi_start.degeneracy_threshold", Used),
    ("optimization.nlsq.cmaes.enable", Used),
    ("optimization.nlsq.cmaes.preset", Used),
    ("optimization.nlsq.cmaes.max_generations", Used),
    ("optimization.nlsq.cmaes.popsize", Used),
    ("optimization.nlsq.cmaes.sigma", Used),
    ("optimization.nlsq.cmaes.tol_fun", Used),
    ("optimization.nlsq.cmaes.tol_x", Used),
    ("optimization.nlsq.cmaes.restart_strategy", Used),
    ("optimization.nlsq.cmaes.max_restarts", Used),
    ("optimization.nlsq.cmaes.scale_threshold", Used),
    ("optimization.nlsq.cmaes.refine_with_nlsq", Used),
    ("optimization.nlsq.cmaes.seed", Used),
    ("optimization.nlsq.anti_degeneracy.per_angle_mode", Used),
    ("optimization.nlsq.anti_degeneracy.constant_scaling_threshold", Used),
    ("optimization.nlsq.anti_degeneracy.fourier_order", Used),
    ("optimization.nlsq.quality_validation.enable", Used),
    ("optimization.nlsq.quality_validation.reduced_chi_squared_threshold", Used),
    ("optimization.nlsq.quality_validation.bounds_tolerance", Used),
    ("performance.computation.cpu_threads", Used),
    ("performance.computation.pin_threads", Used),
    ("model.shear_convention", Used),
    ("store.directory", Used),
    ("store.format", Used),
    ("output.directory", Used),
    ("logging.level", Used),
    ("pipeline.stages", Used),
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

/// What a key does; the most exact entry wins.
#[must_use]
pub fn meaning(path: &str) -> Option<Meaning> {
    let fits = |pattern: &str| match pattern.strip_suffix('*') {
        Some(prefix) => path.starts_with(prefix) || path == prefix.trim_end_matches('.'),
        None => path == pattern,
    };
    KEYS.iter()
        .filter(|(pattern, _)| fits(pattern))
        .max_by_key(|(pattern, _)| pattern.len())
        .map(|(_, meaning)| *meaning)
}

/// Checks every key of a tree. Returns one line for every key (or group of keys) without effect.
///
/// # Errors
/// Config for a key that is not known, with line, column and the nearest known key.
pub fn check(tree: &Placed, file: &str) -> Result<Vec<String>> {
    let mut notes = Vec::new();
    visit(tree, "", file, &mut notes)?;
    notes.dedup();
    Ok(notes)
}

fn visit(node: &Placed, path: &str, file: &str, notes: &mut Vec<String>) -> Result<()> {
    match &node.node {
        Node::Map(members) => {
            for (key, value) in members {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                visit_member(value, &path, file, notes)?;
            }
            Ok(())
        }
        Node::List(items) => items.iter().try_for_each(|item| match item.node {
            Node::Map(_) => visit(item, &format!("{path}[]"), file, notes),
            _ => Ok(()),
        }),
        _ => Ok(()),
    }
}

fn visit_member(value: &Placed, path: &str, file: &str, notes: &mut Vec<String>) -> Result<()> {
    if has_member(path, |meaning| meaning == Used) {
        return visit(value, path, file, notes);
    }
    match meaning(path) {
        Some(Used) => {}
        Some(_) if value.node == Node::Null => {}
        Some(NoEffect(reason)) => notes.push(format!("{path}: no effect here: {reason}")),
        Some(Later(reason)) => notes.push(format!("{path}: no effect in this version: {reason}")),
        None if has_member(path, |_| true) => return visit(value, path, file, notes),
        None => return Err(unknown(value, path, file)),
    }
    Ok(())
}

fn has_member(path: &str, wanted: impl Fn(Meaning) -> bool) -> bool {
    let below =
        |known: &str| known.strip_prefix(path).is_some_and(|rest| rest.starts_with('.') || rest.starts_with('['));
    KEYS.iter().any(|(known, meaning)| below(known) && wanted(*meaning) && !known.ends_with('*'))
}

fn unknown(value: &Placed, path: &str, file: &str) -> crate::error::Error {
    let name = |path: &str| path.rsplit('.').next().unwrap_or_default().to_owned();
    let known = KEYS.iter().map(|(known, _)| known.trim_end_matches(".*")).filter(|known| !known.contains('*'));
    let distance = |known: &&str| {
        (strsim::damerau_levenshtein(&name(known), &name(path)), strsim::damerau_levenshtein(known, path))
    };
    let nearest = known.min_by_key(distance).unwrap_or_default();
    Fault::at(format!("{file}:{}:{}", value.line, value.column), format!("unknown key `{path}`"))
        .expected(format!("a known key; the nearest is `{nearest}`"))
        .advice("correct or remove it")
        .code(Code::E61)
        .config()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_exact_entry_wins() {
        assert_eq!(meaning("optimization.nlsq.quality_validation.reduced_chi_squared_threshold"), Some(Used));
        assert!(matches!(meaning("optimization.nlsq.quality_validation.warn_on_bounds_hit"), Some(NoEffect(_))));
        assert!(matches!(meaning("experimental_data.cache_compression"), Some(NoEffect(_))));
        assert_eq!(meaning("optimization.nlsq.max_iteration"), None);
    }
}
