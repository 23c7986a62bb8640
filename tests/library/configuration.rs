//! Configurations: every documented key changes something, unknown keys are refused with their place, and the files of
//! the homodyne program run as they are.

use homodyne::config::key::Meaning;
use homodyne::config::keys::{all, patterns};
use homodyne::config::load::load;
use homodyne::config::reference::{reference, reference_page};
use homodyne::config::settings::Settings;
use homodyne::config::template::template;
use homodyne::config::tree::{Node, override_node};
use homodyne::error::Error;
use homodyne::fit::settings::Enable;
use homodyne::ingest::request::IngestSettings;
use homodyne::parameters::definitions::AnalysisMode;
use homodyne::sums::loss::Loss;
use std::path::PathBuf;

pub const BASE: &str = "\
analysis_mode: laminar_flow
analyzer_parameters:
  scattering: {wavevector_q: 0.0054}
  geometry: {stator_rotor_gap: 2000000}
experimental_data: {file_path: a.h5}
";

pub fn load_text(text: &str, overrides: &[(String, Node)]) -> Result<Settings, Error> {
    let folder = tempfile::tempdir().expect("folder");
    let path: PathBuf = folder.path().join("config.yaml");
    std::fs::write(&path, text).expect("written");
    let settings = load(&path, overrides)?;
    let folder = folder.path().display().to_string();
    let source = settings.ingest.source.map(|source| source.display().to_string().replace(&folder, "").into());
    Ok(Settings { ingest: IngestSettings { source, ..settings.ingest }, ..settings })
}

fn list(items: &[&str]) -> Node {
    let text = items.iter().map(|item| Node::Text((*item).into()));
    Node::List(text.map(homodyne::config::tree::Placed::elsewhere).collect())
}

fn numbers(items: &[f64]) -> Node {
    Node::List(items.iter().map(|item| homodyne::config::tree::Placed::elsewhere(Node::Float(*item))).collect())
}

fn one(members: &[(&str, Node)]) -> Node {
    let placed = |node: &Node| homodyne::config::tree::Placed::elsewhere(node.clone());
    let map = members.iter().map(|(key, node)| ((*key).to_owned(), placed(node))).collect();
    Node::List(vec![homodyne::config::tree::Placed::elsewhere(Node::Map(map))])
}

/// A value other than the default for every key that is used, and what must be set with it.
fn changes() -> Vec<(&'static str, Vec<(&'static str, Node)>)> {
    let text = |value: &str| Node::Text(value.into());
    let (int, float) = (Node::Integer, Node::Float);
    let angle = "phi_filtering.target_ranges";
    let range = one(&[("min_angle", float(-10.0)), ("max_angle", float(10.0))]);
    let bounds = "parameter_space.bounds";
    let bound = one(&[("name", text("D0")), ("min", float(1.0)), ("max", float(1e6))]);
    let constant = ("optimization.nlsq.anti_degeneracy.per_angle_mode", text("constant"));
    let contrast = ("initial_parameters.per_angle_scaling.contrast", numbers(&[0.1]));
    let offset = ("initial_parameters.per_angle_scaling.offset", numbers(&[1.0]));
    let values = ("initial_parameters.values", numbers(&[1e4, 0.0, 0.0, 1e-3, 0.0, 0.0, 0.0]));
    let reversed = list(&["phi_0", "gamma_dot_offset", "beta", "gamma_dot_0", "D_offset", "alpha", "D0"]);
    let single = |key: &'static str, value: Node| (key, vec![(key, value)]);
    let believed = one(&[
        ("name", text("D0")),
        ("type", text("LogNormal")),
        ("prior_mu", float(9.0)),
        ("prior_sigma", float(1.0)),
    ]);
    vec![
        single("optimization.cmc.per_shard_mcmc.num_chains", int(3)),
        single("optimization.cmc.per_shard_mcmc.num_warmup", int(300)),
        single("optimization.cmc.per_shard_mcmc.num_samples", int(3000)),
        single("optimization.cmc.per_shard_mcmc.target_accept_prob", float(0.95)),
        single("optimization.cmc.per_shard_mcmc.max_tree_depth", int(8)),
        single("optimization.cmc.seed", int(7)),
        single("optimization.cmc.sharding.num_shards", int(7)),
        single("optimization.cmc.sharding.max_points_per_shard", int(70_000)),
        single("optimization.cmc.sharding.min_points_per_shard", int(700)),
        single("optimization.cmc.sharding.min_points_per_param", int(70)),
        single("optimization.cmc.sharding.seed_base", int(8)),
        single("optimization.cmc.backend_config.num_workers", int(3)),
        single("optimization.cmc.backend_config.enable_checkpoints", Node::Bool(false)),
        single("optimization.cmc.backend_config.checkpoint_dir", text("kept")),
        single("optimization.cmc.backend_config.resume_from_checkpoint", Node::Bool(true)),
        single("optimization.cmc.enable", Node::Bool(true)),
        single("optimization.cmc.direct_budget_s", float(60.0)),
        single("optimization.cmc.min_points_for_cmc", int(5)),
        single("optimization.cmc.per_shard_timeout", int(60)),
        single("optimization.cmc.prior_tempering", Node::Bool(false)),
        single("optimization.cmc.per_shard_mcmc.adaptive_sampling", Node::Bool(false)),
        single("optimization.cmc.per_shard_mcmc.min_warmup", int(150)),
        single("optimization.cmc.per_shard_mcmc.min_samples", int(150)),
        single("optimization.cmc.combination.method", text("simple_average")),
        single("optimization.cmc.combination.min_success_rate", float(0.5)),
        single("optimization.cmc.combination.min_success_rate_warning", float(0.5)),
        single("optimization.cmc.validation.max_divergence_rate", float(0.2)),
        single("optimization.cmc.validation.max_per_shard_rhat", float(1.2)),
        single("optimization.cmc.validation.min_per_shard_ess", int(50)),
        single("optimization.cmc.validation.max_between_shard_kl", float(2.0)),
        single("optimization.cmc.validation.max_parameter_cv", float(1.0)),
        single("optimization.cmc.validation.use_nlsq_informed_priors", Node::Bool(true)),
        single("optimization.cmc.validation.nlsq_prior_width_factor", float(3.0)),
        single("optimization.cmc.per_angle_mode", text("individual")),
        single("optimization.cmc.constant_scaling_threshold", int(9)),
        single("optimization.method", text("both")),
        single("optimization.cmc.noise", text("per_angle")),
        single("optimization.cmc.noise_correlation", text("none")),
        single("analysis_mode", text("static")),
        single("analyzer_parameters.dt", float(0.2)),
        single("analyzer_parameters.start_frame", int(5)),
        single("analyzer_parameters.end_frame", int(50)),
        single("analyzer_parameters.scattering.wavevector_q", float(0.01)),
        single("analyzer_parameters.geometry.stator_rotor_gap", float(1e6)),
        single("experimental_data.file_path", text("b.h5")),
        (
            "experimental_data.data_folder_path",
            vec![
                ("experimental_data.file_path", Node::Null),
                ("experimental_data.data_folder_path", text("x")),
                ("experimental_data.data_file_name", text("a.h5")),
            ],
        ),
        (
            "experimental_data.data_file_name",
            vec![("experimental_data.file_path", Node::Null), ("experimental_data.data_file_name", text("c.h5"))],
        ),
        single("experimental_data.layout", text("aps_legacy")),
        single("experimental_data.q_tolerance", float(0.1)),
        single("experimental_data.dt_override", Node::Bool(true)),
        single("experimental_data.exclude_first_frame", Node::Bool(false)),
        single("experimental_data.masked_frames", numbers(&[4.0])),
        single("experimental_data.symmetrise", text("mean")),
        single("experimental_data.skip_bad_bins", Node::Bool(true)),
        single("experimental_data.allow_missing", Node::Bool(true)),
        single("experimental_data.max_non_finite_fraction", float(0.5)),
        // Switching the filter off must undo the ranges: compared with the ranges alone below.
        ("phi_filtering.enabled", vec![(angle, range.clone()), ("phi_filtering.enabled", Node::Bool(false))]),
        ("phi_filtering.target_ranges[].min_angle", vec![(angle, range.clone())]),
        ("phi_filtering.target_ranges[].max_angle", vec![(angle, range)]),
        (
            "initial_parameters.parameter_names",
            vec![
                ("initial_parameters.values", numbers(&[0.0, 0.0, 0.0, 2e-3, 0.0, 0.0, 2e4])),
                ("initial_parameters.parameter_names", reversed),
            ],
        ),
        ("initial_parameters.values", vec![values]),
        ("initial_parameters.starts.*", vec![("initial_parameters.starts.alpha", float(0.5))]),
        single("initial_parameters.active_parameters", list(&["D0", "alpha"])),
        (
            "initial_parameters.fixed_parameters.*",
            vec![("initial_parameters.fixed_parameters.gamma_dot_offset", float(0.0))],
        ),
        ("initial_parameters.per_angle_scaling.contrast", vec![constant.clone(), contrast.clone(), offset.clone()]),
        ("initial_parameters.per_angle_scaling.offset", vec![constant, contrast, offset]),
        ("parameter_space.bounds[].name", vec![(bounds, bound.clone())]),
        ("parameter_space.bounds[].min", vec![(bounds, bound.clone())]),
        ("parameter_space.bounds[].max", vec![(bounds, bound)]),
        ("parameter_space.bounds[].type", vec![(bounds, believed.clone())]),
        ("parameter_space.bounds[].prior_mu", vec![(bounds, believed.clone())]),
        ("parameter_space.bounds[].prior_sigma", vec![(bounds, believed)]),
        single("phi_filtering.merge_within_degrees", float(0.5)),
        single("optimization.nlsq.max_iterations", int(7)),
        single("optimization.nlsq.tolerance", float(1e-5)),
        single("optimization.nlsq.ftol", float(1e-5)),
        single("optimization.nlsq.xtol", float(1e-5)),
        single("optimization.nlsq.gtol", float(1e-5)),
        single("optimization.nlsq.block_points", int(1000)),
        single("optimization.nlsq.loss", text("huber")),
        single("optimization.nlsq.f_scale", float(2.5)),
        ("optimization.nlsq.x_scale_map.*", vec![("optimization.nlsq.x_scale_map.phi_0", float(3.0))]),
        single("optimization.nlsq.strategy", text("stratified")),
        single("optimization.nlsq.memory_fraction", float(0.5)),
        single("optimization.nlsq.memory_threshold_gb", float(2.0)),
        single("optimization.nlsq.stratified_max_points", int(77)),
        single("optimization.nlsq.anti_degeneracy.per_angle_mode", text("individual")),
        single("optimization.nlsq.anti_degeneracy.constant_scaling_threshold", int(9)),
        (
            "optimization.nlsq.anti_degeneracy.fourier_order",
            vec![
                ("optimization.nlsq.anti_degeneracy.per_angle_mode", text("fourier")),
                ("optimization.nlsq.anti_degeneracy.fourier_order", int(1)),
            ],
        ),
        single("optimization.nlsq.weighting", text("uniform")),
        single("optimization.nlsq.profile_intervals", text("all")),
        single("optimization.nlsq.quality_validation.enable", Node::Bool(false)),
        single("optimization.nlsq.quality_validation.reduced_chi_squared_threshold", float(10.0)),
        single("optimization.nlsq.quality_validation.p_value_threshold", float(1e-6)),
        single("optimization.nlsq.quality_validation.bounds_tolerance", float(1e-3)),
        single("performance.computation.pin_threads", Node::Bool(true)),
        single("store.verify", Node::Bool(false)),
        single("performance.computation.cpu_threads", int(7)),
        single("optimization.nlsq.cmaes.enable", Node::Bool(true)),
        single("optimization.nlsq.cmaes.preset", text("cmaes-hpc")),
        single("optimization.nlsq.cmaes.max_generations", int(3)),
        single("optimization.nlsq.cmaes.popsize", int(33)),
        single("optimization.nlsq.cmaes.sigma", float(0.1)),
        single("optimization.nlsq.cmaes.tol_fun", float(1e-3)),
        single("optimization.nlsq.cmaes.tol_x", float(1e-3)),
        single("optimization.nlsq.cmaes.restart_strategy", text("none")),
        single("optimization.nlsq.cmaes.max_restarts", int(2)),
        single("optimization.nlsq.cmaes.scale_threshold", float(1e9)),
        single("optimization.nlsq.cmaes.refine_with_nlsq", Node::Bool(false)),
        single("optimization.nlsq.cmaes.seed", int(5)),
        single("model.shear_convention", text("gap_average")),
        single("store.directory", text("elsewhere")),
        single("store.format", text("parquet")),
        single("store.long", Node::Bool(true)),
        single("output.directory", text("elsewhere")),
        single("logging.level", text("debug")),
        single("pipeline.stages", list(&["ingest"])),
    ]
}

/// The same for other spellings of keys, and for old layouts.
fn other_spellings() -> Vec<(&'static str, Vec<(&'static str, Node)>)> {
    let text = |value: &str| Node::Text(value.into());
    let single = |key: &'static str, value: Node| (key, vec![(key, value)]);
    let range = || one(&[("min_angle", Node::Float(-10.0)), ("max_angle", Node::Float(10.0))]);
    let instead = |key: &'static str, value: Node| (key, vec![("analysis_mode", Node::Null), (key, value)]);
    let filter = |key: &'static str| (key, vec![("phi_filtering.target_ranges", range()), (key, Node::Bool(false))]);
    let member = |path: &'static str| (path, vec![(path.split("[]").next().expect("a list"), range())]);
    vec![
        instead("parameter_space.model", text("static")),
        instead("metadata.analysis_mode", text("static_isotropic")),
        instead("analysis_settings.static_mode", Node::Bool(true)),
        single("analyzer_parameters.temporal.dt", Node::Float(0.2)),
        single("analyzer_parameters.temporal.start_frame", Node::Integer(5)),
        single("analyzer_parameters.temporal.end_frame", Node::Integer(50)),
        single("optimization.lsq.max_iterations", Node::Integer(7)),
        single("optimization.lsq.tolerance", Node::Float(1e-5)),
        single("optimization.nlsq.anti_degeneracy.fourier.order", Node::Integer(1)),
        single("optimization.nlsq.anti_degeneracy.fourier.fourier_order", Node::Integer(1)),
        single("optimization.cmc.num_workers", Node::Integer(3)),
        single("optimization.cmc.backend.enable_checkpoints", Node::Bool(false)),
        single("optimization.cmc.backend.checkpoint_dir", text("kept")),
        single("optimization.cmc.backend.resume_from_checkpoint", Node::Bool(true)),
        single("optimization.cmc.validation.min_success_rate", Node::Float(0.5)),
        single("optimization.mcmc.num_chains", Node::Integer(3)),
        single("optimization.mcmc.num_warmup", Node::Integer(300)),
        single("optimization.mcmc.num_samples", Node::Integer(3000)),
        single("optimization.mcmc.target_accept_prob", Node::Float(0.95)),
        single("optimization.mcmc.max_tree_depth", Node::Integer(8)),
        single("optimization.mcmc.seed", Node::Integer(7)),
        single("output.base_directory", text("elsewhere")),
        single("output_settings.results_directory", text("elsewhere")),
        filter("optimization_config.angle_filtering.enabled"),
        filter("optimization.angle_filtering.enabled"),
        member("optimization_config.angle_filtering.target_ranges[].min_angle"),
        member("optimization_config.angle_filtering.target_ranges[].max_angle"),
        member("optimization.angle_filtering.target_ranges[].min_angle"),
        member("optimization.angle_filtering.target_ranges[].max_angle"),
        member("optimization.angle_filtering.target_angle_ranges[].min_angle"),
        member("optimization.angle_filtering.target_angle_ranges[].max_angle"),
    ]
}

/// The same for multi-start, whose keys count once it is enabled.
fn multi_start_changes() -> Vec<(&'static str, Node)> {
    let (int, float) = (Node::Integer, Node::Float);
    let start =
        Node::List(vec![homodyne::config::tree::Placed::elsewhere(numbers(&[1e4, 0.0, 0.0, 1e-3, 0.0, 0.0, 0.0]))]);
    vec![
        ("optimization.nlsq.multi_start.n_starts", int(33)),
        ("optimization.nlsq.multi_start.seed", int(7)),
        ("optimization.nlsq.multi_start.sampling_strategy", Node::Text("sobol".into())),
        ("optimization.nlsq.multi_start.custom_starts", start),
        ("optimization.nlsq.multi_start.use_screening", Node::Bool(false)),
        ("optimization.nlsq.multi_start.screen_keep_fraction", float(0.25)),
        ("optimization.nlsq.multi_start.refine_top_k", int(1)),
        ("optimization.nlsq.multi_start.refinement_ftol", float(1e-6)),
        ("optimization.nlsq.multi_start.degeneracy_threshold", float(0.01)),
    ]
}

#[test]
fn every_key_of_multi_start_changes_the_settings_once_it_is_enabled() {
    let enable = ("optimization.nlsq.multi_start.enable".to_owned(), Node::Bool(true));
    let base = load_text(BASE, &[]).expect("valid");
    assert!(!base.fit.multi_start.enable);
    let enabled = fingerprint(&load_text(BASE, std::slice::from_ref(&enable)).expect("valid"));
    assert_ne!(enabled, fingerprint(&base));
    for (key, value) in multi_start_changes() {
        let overrides = [enable.clone(), (key.to_owned(), value)];
        assert_ne!(fingerprint(&load_text(BASE, &overrides).expect("valid")), enabled, "{key}");
    }
}

fn fingerprint(settings: &Settings) -> String {
    // Remarks tell of a folder that is another one each time.
    format!("{:?}", Settings { effective: Vec::new(), remarks: Vec::new(), ..settings.clone() })
}

#[test]
fn every_used_key_changes_the_settings() {
    let base = fingerprint(&load_text(BASE, &[]).expect("valid"));
    let changes = changes();
    for (key, overrides) in changes.iter().chain(&other_spellings()) {
        let overrides: Vec<(String, Node)> =
            overrides.iter().map(|(key, node)| ((*key).to_owned(), node.clone())).collect();
        let found = fingerprint(&load_text(BASE, &overrides).unwrap_or_else(|error| panic!("{key}: {error}")));
        if key.ends_with("filtering.enabled") {
            assert_eq!(found, base, "switched off, the ranges have no effect");
        } else {
            assert_ne!(found, base, "{key}");
        }
    }
    for (key, meaning) in patterns() {
        let tried = changes.iter().chain(&other_spellings()).any(|(tried, _)| *tried == key)
            || multi_start_changes().iter().any(|(tried, _)| *tried == key)
            || key == "optimization.nlsq.multi_start.enable";
        assert!(tried || *meaning != Meaning::Used, "{key} is used and not tried here");
    }
    let method = [("optimization.method".to_owned(), Node::Text("vi".into()))];
    assert!(load_text(BASE, &method).is_err(), "what is not there is refused");
}

#[test]
fn what_is_given_is_shown_with_its_origin_and_what_is_not_with_its_default() {
    let shown = |settings: &Settings, key: &str| {
        let entry = settings.effective.iter().find(|entry| entry.key == key).expect("every key is shown");
        (entry.value.clone(), entry.origin.clone())
    };
    let base = load_text(BASE, &[]).expect("valid");
    for (path, overrides) in changes().into_iter().chain(other_spellings()) {
        let overrides: Vec<(String, Node)> =
            overrides.iter().map(|(key, node)| ((*key).into(), node.clone())).collect();
        let found = load_text(BASE, &overrides).expect("valid");
        let own = |key: &&homodyne::config::key::Key| {
            let rest = |known: &str| path.strip_prefix(known).map(str::to_owned);
            key.paths().filter_map(rest).any(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        let key = all().find(own).expect("a key of the table");
        let (value, origin) = shown(&found, key.path);
        assert_eq!(origin, "command line", "{path}");
        assert_ne!(value, shown(&base, key.path).0, "{path}");
    }
    // Default bounds are those of the mode.
    let given = [
        "analysis_mode",
        "experimental_data.file_path",
        "analyzer_parameters.scattering.wavevector_q",
        "analyzer_parameters.geometry.stator_rotor_gap",
        "parameter_space.bounds",
    ];
    for key in all().filter(|key| !given.contains(&key.path)) {
        assert_eq!(shown(&base, key.path), (key.default(), "default".into()), "{}", key.path);
    }
}

#[test]
fn the_reference_tells_of_every_key_what_it_means_accepts_and_defaults_to() {
    let keys = reference("");
    assert_eq!(keys.len(), all().count());
    for key in &keys {
        assert!(key.doc.len() > 8 && !key.accepts.is_empty() && !key.default.is_empty(), "{key:?}");
    }
    let page = reference_page(&reference("optimization.nlsq.loss"));
    let expected = "optimization.nlsq.loss\n    loss of the residuals\n    word: one of linear, soft_l1, huber, cauchy, arctan; \
                    default linear\n";
    assert_eq!(page, expected);
    assert!(reference_page(&keys).contains("also read as optimization.nlsq.tolerance"));
    let without = keys.iter().filter(|key| !key.affects_result).map(|key| key.key).collect::<Vec<&str>>();
    assert_eq!(without.len(), 51, "{without:?}");
}

#[test]
fn null_on_the_command_line_takes_a_value_back_and_lists_are_read_as_in_a_file() {
    let text = format!(
        "{BASE}initial_parameters: {{values: [1.0e4, 0, 0, 1.0e-3, 0, 0, 0]}}\nphi_filtering: {{target_ranges: {{}}}}\n"
    );
    let with = |key: &str, value: &str| load_text(&text, &[(key.into(), override_node(value))]).expect("valid");
    assert!(load_text(&text, &[]).expect("valid").fit.start.is_some());
    assert_eq!(with("initial_parameters.values", "null").fit.start, None);
    let ranges = with("phi_filtering.target_ranges", "[{min_angle: -10, max_angle: 10}]");
    assert_eq!(ranges.ingest.selection.phi_ranges.len(), 1);
    assert_eq!(with("initial_parameters.fixed_parameters", "[]").fit.space.free().len(), 7);
    let unknown = load_text(&text, &[("optimization.nlsq.f_scal".into(), override_node("2"))]).expect_err("unknown");
    assert!(
        unknown.to_string().contains("command line: unknown key") && unknown.to_string().contains("f_scale"),
        "{unknown}"
    );
}

#[test]
fn equal_values_are_in_force_however_they_are_written() {
    let shown = |text: &str| {
        let settings = load_text(&format!("{BASE}optimization: {{nlsq: {{f_scale: {text}}}}}\n"), &[]).expect("valid");
        settings.effective.iter().find(|entry| entry.key.ends_with("f_scale")).expect("shown").value.clone()
    };
    assert_eq!([shown("1"), shown("1.0"), shown("1e0")], ["1.0", "1.0", "1.0"]);
}

#[test]
fn another_spelling_is_read_and_the_path_itself_has_precedence() {
    let ftol = |text: &str| {
        load_text(&format!("{BASE}optimization: {{nlsq: {{{text}}}}}\n"), &[]).expect("valid").fit.tolerances.ftol
    };
    assert_eq!(ftol("tolerance: 1.0e-5"), 1e-5);
    assert_eq!(ftol("tolerance: 1.0e-5, ftol: 1.0e-7"), 1e-7);
}

#[test]
fn unknown_keys_are_refused_with_place_and_nearest_name() {
    let text = format!("{BASE}optimization:\n  nlsq:\n    max_iteration: 5\n");
    let line = load_text(&text, &[]).expect_err("unknown").to_string();
    assert!(line.contains("config.yaml:8:5") && line.contains("`optimization.nlsq.max_iterations`"), "{line}");
    let line = load_text("analysis_mode: static\nanalyser_parameters: {}\n", &[]).expect_err("unknown").to_string();
    assert!(line.contains(":2:1"), "{line}");
}

#[test]
fn wrong_values_are_refused_with_line_and_key() {
    let cases = [
        ("analysis_mode: turbulent\n", "one of static"),
        ("analysis_mode: static\nanalyzer_parameters: {dt: fast}\n", "a number from 1e-9"),
        ("analysis_mode: static\nanalyzer_parameters: {dt: -1}\n", "up to 1e6"),
        ("analysis_mode: laminar_flow\n", "stator_rotor_gap"),
        ("analyzer_parameters: {dt: 1}\n", "analysis_mode"),
        ("analysis_mode: static\ninitial_parameters: {values: [1, 2]}\n", "D_offset"),
        ("analysis_mode: static\nparameter_space: {bounds: [{name: D9, min: 1, max: 2}]}\n", "D0"),
        ("analysis_mode: static\nparameter_space: {bounds: [{name: D0, min: 3, max: 2}]}\n", "min < max"),
        ("analysis_mode: static\noptimization: {nlsq: {max_iterations: 0}}\n", "at least 1"),
        ("analysis_mode: [static\n", "YAML"),
        ("just text\n", "mapping"),
    ];
    for (text, expected) in cases {
        let error = load_text(text, &[]).expect_err(text);
        let line = error.to_string();
        assert!(line.contains(expected) && !line.contains('\n') && error.exit_code() == 2, "{text}: {line}");
    }
}

#[test]
fn a_file_of_the_homodyne_program_runs_as_it_is_and_says_what_has_no_effect() {
    let text = format!(
        "{BASE}
metadata: {{config_version: '2.23.1', template_type: reference}}
phi_filtering: {{enabled: true, target_ranges: [{{min_angle: -10.0, max_angle: 10.0, description: parallel}}], algorithm: range_based, tolerance: 3.0, quality_control: {{min_angles_required: 1}}}}
initial_parameters:
  parameter_names: [D0, alpha, D_offset, gamma_dot_0, beta, gamma_dot_offset, phi_0]
  values: null
  units: [a, b]
  per_angle_scaling: {{contrast: null, offset: null}}
  active_parameters: null
  fixed_parameters: null
parameter_space:
  model: laminar_flow
  bounds:
    - {{name: contrast, min: 0.0, max: 1.0, type: TruncatedNormal}}
    - {{name: gamma_dot_0, min: 1.0e-5, max: 1.0, type: TruncatedNormal, prior_mu: 1.0, prior_sigma: 10.0, unit: s}}
  priors: null
optimization:
  method: nlsq
  nlsq:
    workflow: auto
    memory_fraction: 0.75
    tolerance: 1.0e-8
    loss: soft_l1
    x_scale_map: null
    hybrid_streaming: {{enable: true, warmup_iterations: 200}}
    anti_degeneracy: {{enable: true, per_angle_mode: auto, hierarchical: {{enable: true}}, shear_weighting: {{enable: true}}}}
    cmaes: {{enable: false, preset: cmaes-global}}
    quality_validation: {{enable: true, reduced_chi_squared_threshold: 10.0}}
  streaming: {{enable_checkpoints: true}}
  cmc: {{enable: auto, run_id: null, sharding: {{num_shards: auto, strategy: stratified}}, per_shard_mcmc: {{dense_mass: false}}, validation: {{heterogeneity_abort: true}}}}
noise_estimation: {{enabled: false, adam_config: {{learning_rate: 0.01}}}}
performance: {{memory_optimization: {{enabled: true}}, computation: {{cpu_threads: auto}}}}
logging: {{enabled: true, level: INFO, console: {{enabled: true}}}}
plotting: {{datashader: {{canvas_width: 1200}}}}
output: {{directory: ./results, formats: {{hdf5: true}}}}
validation: {{strict_mode: false}}
"
    );
    let settings = load_text(&text, &[]).expect("known keys only");
    let notes = settings.without_effect.join("\n");
    for key in ["hierarchical", "shear_weighting", "metadata", "hybrid_streaming", "adam", "datashader", "cmc"] {
        let told = notes.contains(key)
            || (key == "adam" && notes.contains("noise_estimation"))
            || (key == "datashader" && notes.contains("plotting"));
        assert!(told, "{key}: {notes}");
    }
    assert_eq!(
        settings.without_effect.len(),
        settings.without_effect.iter().collect::<std::collections::BTreeSet<_>>().len(),
        "once each"
    );
    assert_eq!((settings.fit.space.physical[3].lower, settings.fit.space.physical[3].upper), (1e-5, 1.0));
    assert_eq!(settings.fit.quality.max_reduced_chi_squared, Some(10.0));
    assert_eq!((settings.fit.loss, settings.fit.cma_es.enable), (Loss::SoftL1, Enable::No));
}

#[test]
fn the_memory_fraction_comes_from_command_line_file_or_variable_in_this_order_and_is_clamped() {
    // Environment variables belong to the process: each case is a run of the program.
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("c.yaml");
    let shown = |text: &str, variable: Option<&str>, words: &[&str]| {
        std::fs::write(&path, text).expect("written");
        let mut command = assert_cmd::Command::cargo_bin("homodyne").expect("built");
        command.args(["config", "show"]).arg(&path).args(words).env_remove("NLSQ_MEMORY_FRACTION");
        variable.into_iter().for_each(|value| {
            let _ = command.env("NLSQ_MEMORY_FRACTION", value);
        });
        let output = String::from_utf8(command.output().expect("run").stdout).expect("text");
        let line = output.lines().find(|line| line.starts_with("optimization.nlsq.memory_fraction")).expect("shown");
        line.split_whitespace().skip(1).collect::<Vec<&str>>().join(" ")
    };
    let file = format!("{BASE}optimization: {{nlsq: {{memory_fraction: 0.6}}}}\n");
    let word = ["--set", "optimization.nlsq.memory_fraction=0.7"];
    assert_eq!(shown(BASE, None, &[]), "0.75 # default");
    assert_eq!(shown(BASE, Some("0.5"), &[]), "0.5 # environment NLSQ_MEMORY_FRACTION");
    assert!(shown(&file, Some("0.5"), &[]).starts_with("0.6 # "));
    assert_eq!(shown(&file, Some("0.5"), &word), "0.7 # command line");
    for (asked, used) in [(0.01, 0.1), (5.0, 0.9)] {
        let overrides = [("optimization.nlsq.memory_fraction".to_owned(), Node::Float(asked))];
        let settings = load_text(BASE, &overrides).expect("clamped, not refused");
        assert_eq!(settings.fit.memory.fraction, used);
        assert!(settings.notes.iter().any(|note| note.contains("memory_fraction")), "{:?}", settings.notes);
    }
}

#[test]
fn templates_are_valid_and_name_the_origin_of_their_values() {
    for mode in [AnalysisMode::Static, AnalysisMode::LaminarFlow] {
        let settings =
            load_text(&template(mode), &[("analyzer_parameters.dt".into(), Node::Float(0.5))]).expect("valid");
        assert_eq!(settings.fit.space.mode, mode);
        let origin =
            |key: &str| settings.effective.iter().find(|entry| entry.key == key).map(|entry| entry.origin.clone());
        assert_eq!(origin("analyzer_parameters.dt").as_deref(), Some("command line"));
        assert_eq!(origin("optimization.nlsq.max_iterations").as_deref(), Some("default"));
        assert!(origin("analysis_mode").is_some_and(|origin| origin.contains("config.yaml:2")));
    }
}
