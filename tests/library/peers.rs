//! Files of the Python programs homodyne and xpcsjax load: every key that their templates have is known, what carries data is used
//! under its old name as well, and the rest is told in one line. The files here are our own, with their key names.

use crate::configuration::{BASE, load_text};
use homodyne::config::settings::Settings;
use homodyne::config::tree::override_node;
use homodyne::fit::settings::Enable;
use homodyne::ingest::selection::PhiRange;
use homodyne::parameters::definitions::AnalysisMode;

fn loaded(text: &str) -> Settings {
    load_text(text, &[])
        .unwrap_or_else(|error| panic!("{}", error.each().map(|one| format!("{one}\n")).collect::<String>()))
}

#[test]
fn the_older_name_of_a_method_is_read_and_told() {
    let method = |word: &str| load_text(BASE, &[("optimization.method".to_owned(), override_node(word))]).expect(word);
    let (older, own) = (method("mcmc"), method("cmc"));
    assert_eq!(older.run.method, own.run.method);
    let of_method = older.effective.iter().find(|known| known.key == "optimization.method").expect("a key");
    assert_eq!(of_method.value, "cmc");
    let told = |settings: &Settings| settings.notes.iter().filter(|note| note.contains("mcmc is read as cmc")).count();
    assert_eq!((told(&older), told(&own)), (1, 0));
}

/// Every key of homodyne's master template (2.23) and of its two production templates.
const HOMODYNE: &str = "\
metadata: {config_version: '2.23.1', description: d, analysis_mode: laminar_flow, parameter_count: 7, physics_model: m, shear_model: m, integration_method: i, diagonal_correction: mandatory, nlsq_cmc_physics_match: true, template_type: reference, complexity: c, generated_at: null, generated_by: null}
analysis_mode: laminar_flow
analyzer_parameters: {dt: 0.001, start_frame: 1, end_frame: 2000, scattering: {wavevector_q: 0.0054}, geometry: {stator_rotor_gap: 2000000}}
analysis_settings: {model_description: {type: t, parameters: 7, physics: p}}
experimental_data: {file_path: ./data/e.hdf, data_folder_path: ./data/, data_file_name: e.hdf, phi_angles_path: ./data/, phi_angles_file: p.txt, cache_file_path: ./data/, cache_filename_template: 'c_${start_frame}.npz', cache_compression: true, data_type: float64, file_format: HDF5, exchange_key: exchange}
phi_filtering: {enabled: true, target_ranges: [{min_angle: -10.0, max_angle: 10.0, description: d}, {min_angle: 170.0, max_angle: -170.0, description: d}], fallback_to_all_angles: true, algorithm: range_based, tolerance: 3.0, quality_control: {min_angles_required: 1, max_angle_spread: 36.0, validate_coverage: true, require_orthogonal_angles: true}}
initial_parameters: {parameter_names: [D0, alpha, D_offset, gamma_dot_t0, beta, gamma_dot_t_offset, phi0], values: null, per_angle_scaling: {contrast: null, offset: null}, units: [a, b], active_parameters: null, fixed_parameters: null}
parameter_space:
  model: laminar_flow
  bounds:
    - {name: contrast, min: 0.0, max: 1.0, type: TruncatedNormal}
    - {name: D0, min: 100.0, max: 100000.0, type: TruncatedNormal, prior_mu: 1000.0, prior_sigma: 1000.0, unit: u, description: d}
  priors: {contrast: {dist_type: TruncatedNormal, mu: 0.06, sigma: 0.05, min_val: 0.0, max_val: 0.5}}
optimization:
  method: nlsq
  nlsq:
    workflow: auto
    goal: quality
    memory_fraction: 0.75
    max_iterations: 100
    tolerance: 1.0e-8
    xtol: 1.0e-8
    gtol: 1.0e-8
    trust_region_scale: 1.0
    verbose: false
    loss: soft_l1
    x_scale_map: null
    progress: {enable: true, verbose: 1, log_interval: 10}
    diagnostics: {enabled: false, sample_size: 2048, check_gradients: true, log_jacobian_norms: false}
    hybrid_streaming: {enable: true, normalize: true, warmup_iterations: 200, gauss_newton_tol: 1.0e-8, chunk_size: 10000, enable_step_clipping: true}
    anti_degeneracy: {enable: true, per_angle_mode: auto, constant_scaling_threshold: 3, fourier_order: 2, fourier_auto_threshold: 6, hierarchical: {enable: true, outer_tolerance: 1.0e-6}, regularization: {enable: false, lambda: 1.0}, gradient_monitoring: {enable: true, response: hierarchical}, shear_weighting: {enable: true, alpha: 1.0}}
    multi_start: {enable: false, n_starts: 10, seed: 42, sampling_strategy: latin_hypercube, n_workers: 0, use_screening: true, screen_keep_fraction: 0.5, refine_top_k: 3, refinement_ftol: 1.0e-12, degeneracy_threshold: 0.1, subsample_size: 500000, warmup_only_threshold: 100000000}
    cmaes: {enable: false, preset: cmaes-global, max_generations: null, sigma: 0.5, sigma_warmstart: 0.05, warmstart_auto_skip: true, warmstart_skip_threshold: 5.0, popsize: null, tol_fun: 1.0e-8, tol_x: 1.0e-8, restart_strategy: bipop, max_restarts: 10, population_batch_size: 5, data_chunk_size: 5, memory_limit_gb: 8.0, auto_select: true, scale_threshold: 1000.0, normalize: true, normalization_epsilon: 1.0e-12, refine_with_nlsq: true, refinement_workflow: auto, refinement_ftol: 1.0e-10, refinement_xtol: 1.0e-10, refinement_gtol: 1.0e-10, refinement_max_nfev: 500, refinement_loss: linear}
    quality_validation: {enable: true, reduced_chi_squared_threshold: 10.0, warn_on_max_restarts: true, warn_on_bounds_hit: true, warn_on_convergence_failure: true, bounds_tolerance: 1.0e-9}
  streaming: {enable_checkpoints: true, batch_size: null}
  stratification: {enabled: auto, target_chunk_size: 100000}
  sequential: {min_success_rate: 0.5, weighting: inverse_variance}
  recovery: {enable: true, max_attempts: 3}
  mcmc: {backend: numpyro, num_warmup: 1000, initial_values: {phi: {}, percentile_fallback: {offset_pct: 50}}}
  cmc: {enable: auto, sharding: {strategy: random, num_shards: auto}, validation: {strict_mode: true}}
noise_estimation: {enabled: false, model: per_angle, adam_config: {learning_rate: 0.01}}
performance: {strategy_override: null, memory_limit_gb: null, enable_progress: true, memory_optimization: {enabled: true}, computation: {enable_jit: true, cpu_threads: auto, vectorization_level: high, gpu_acceleration: auto, numerical_precision: float64, gradient_clipping: true, gradient_clip_value: 1.0}, io_optimization: {parallel_loading: true}, subsampling: {enabled: true}, device: {preferred_device: auto}}
logging: {enabled: true, level: INFO, console: {enabled: true}, file: {path: ./logs/}, modules: {homodyne.data.xpcs_loader: INFO, jax._src: WARNING}}
quality_control: {enabled: false, angle_quality: {min_angles_per_range: 1}}
plotting: {save_plots: true, datashader: {canvas_width: 1200}}
output: {directory: ./results, base_directory: ./homodyne_results/, formats: {hdf5: true}, create_subdirs: true, timestamp_dirs: false, compress_hdf5: true, compression_level: 6}
validation: {strict_mode: false, angle_validation: {min_angle_count: 1}}
";

/// What xpcsjax's templates (0.1.6) have besides.
const XPCSJAX: &str = "\
metadata: {config_version: '0.1.6', parameter_count: 3}
analysis_mode: static_anisotropic
analyzer_parameters: {dt: 0.1, start_frame: 1, end_frame: 1000, frame_step: 1, time_unit: seconds, scattering: {wavevector_q: 0.0237}, geometry: {stator_rotor_gap: 2000000}}
analysis_settings: {model_description: {parameters: [D0, alpha, D_offset], per_angle_scaling: true}}
experimental_data: {file_path: null, data_folder_path: ./data/, data_file_name: sample.hdf, cache_directory: ./cache, use_caching: true, data_type: aps_old, file_format: hdf5, exchange_key: exchange}
phi_filtering: {enabled: true, target_ranges: [{min_angle: 85.0, max_angle: 95.0}], fallback_to_all_angles: true, algorithm: range_based, tolerance: 3.0}
initial_parameters: {parameter_names: [D0, alpha, D_offset], values: null, tied_parameters: null}
parameter_space: {model: static_anisotropic, bounds: [{name: offset, min: 0.5, max: 1.5, unit: dimensionless}]}
optimization:
  method: nlsq
  nlsq:
    max_iterations: 10000
    x_scale: jac
    x_scale_map: null
    shear_transforms: {enable_gamma_dot_log: true}
    anti_degeneracy: {enable: true, execute_layers: true, per_angle_mode: auto, fourier: {order: 3, auto_threshold: 6}}
  angle_filtering: {enabled: false, target_angle_ranges: []}
noise_estimation: {enabled: false, model: per_angle}
logging: {enabled: true, level: INFO, modules: {\"jax._src\": WARNING}}
output: {directory: ./results, formats: {npz: true}, include_diagnostics: true}
";

/// The first layouts: times in a section of their own, angles below the optimization, the mode as a switch, comments as keys.
const OLDEST: &str = "\
_template_info: {_comment: c}
metadata: {config_version: 0.8.0, description: d}
logging: {level: INFO, jax: {enabled: true}, scientific: {enabled: true}, production: {enabled: false}, debug: {trace_calls: false}, validation_logging: {enabled: true}, scientific_contexts: {a: true}}
experimental_data: {_comment: c, data_folder_path: ./data/, data_file_name: x.hdf, preprocessing: {normalize_data: true}, loading: {strategy: adaptive}, validation: {validate_on_load: true}}
analyzer_parameters:
  temporal: {dt: 0.05, dt_unit: seconds, start_frame: 100, end_frame: 1000, frame_description: d, frame_interval: 1}
  scattering: {wavevector_q: 0.0015, q_unit: Å⁻¹, typical_range: [0.001, 0.1]}
  geometry: {stator_rotor_gap: 2500000, gap_unit: Å, gap_in_microns: 250}
  computational: {num_threads: auto}
analysis_settings: {static_mode: false, static_submode: null}
initial_parameters: {values: [50000.0, -1.2, 100.0, 0.001, 0.2, 0.0001, 2.5], parameter_names: [D0, alpha, D_offset, gamma_dot_0, beta, gamma_dot_offset, phi_0], units: [a]}
parameter_space: {bounds: [{name: D0, min: 1.0, max: 1000000.0, physics_validation: true}]}
optimization_config:
  angle_filtering: {enabled: true, target_ranges: [{min_angle: 165.0, max_angle: 195.0}, {min_angle: 285.0, max_angle: 315.0}], fallback_to_all_angles: true, validation_mode: true}
  classical_optimization: {methods: [Nelder-Mead]}
optimization: {lsq: {enabled: true, max_iterations: 321, tolerance: 1e-7, method: trf, bounds_handling: clip, enable_recovery: true}, vi: {enabled: true}, hybrid: {enabled: false}}
performance: {performance_engine_enabled: true, memory_mapped_io: true, monitoring: {enabled: true}, caching: {memory_cache_mb: 1}, prefetching: {enabled: true}, parallel: {max_workers: 8}, advanced_features: {a: true}, _comment: c}
hardware: {gpu_memory_fraction: 0.75}
hpc_settings: {pbs: {nodes: 2}}
performance_settings: {numba_optimization: {enable_numba: true}}
advanced_settings: {validity_check: {check_positive_D0: true}}
batch_processing: {enabled: true}
validation_rules: {data_quality: {check_data_range: true}}
data_filtering: {enabled: true}
preprocessing: {enabled: true}
output_settings: {results_directory: ./old_results, file_formats: {compression: true}}
v2_features: {output_format: auto}
";

#[test]
fn a_mode_and_a_switch_that_contradict_each_other_are_told() {
    for (switch, mode, is_told) in [(false, "static", true), (true, "laminar_flow", true), (true, "static", false)] {
        let gap = "analyzer_parameters: {geometry: {stator_rotor_gap: 2000000}}";
        let settings = loaded(&format!("analysis_mode: {mode}\nanalysis_settings: {{static_mode: {switch}}}\n{gap}\n"));
        let told =
            settings.notes.iter().any(|note| note.contains("static_mode are one key: the value of analysis_mode"));
        assert_eq!(told, is_told, "{mode} {switch}: {:?}", settings.notes);
        assert_eq!(settings.fit.space.mode.name(), mode);
    }
}

#[test]
fn the_templates_of_both_programs_load_and_say_in_one_line_what_has_no_effect() {
    let master = loaded(HOMODYNE);
    assert!(master.without_effect.len() > 90, "{}", master.without_effect.len());
    let line = master.without_effect_in_one_line("listed in log.txt").expect("some");
    assert_eq!(line, format!("{} keys without effect, listed in log.txt", master.without_effect.len()));
    assert!(master.without_effect.iter().all(|line| line.split_once(": ").is_some_and(|(_, why)| why.len() > 8)));
    assert_eq!(master.fit.space.mode, AnalysisMode::LaminarFlow);
    assert_eq!(master.ingest.selection.phi_ranges.len(), 2);
    assert_eq!((master.fit.cma_es.enable, master.fit.multi_start.enable), (Enable::No, false));
    let path = master.ingest.source.expect("named").display().to_string();
    assert!(path.ends_with("data/e.hdf"), "{path}");
    let jax = loaded(XPCSJAX);
    assert_eq!((jax.fit.space.mode, jax.fit.tolerances.max_iterations), (AnalysisMode::Static, 10_000));
    assert_eq!(jax.fit.scaling.fourier_order, 3, "an old layout that carries data is mapped");
    assert!(jax.ingest.source.is_some_and(|path| path.ends_with("data/sample.hdf")));
    for key in ["frame_step", "time_unit", "use_caching", "x_scale", "execute_layers", "shear_transforms", "fourier"] {
        assert!(jax.without_effect.iter().any(|line| line.contains(key)), "{key}: {:#?}", jax.without_effect);
    }
}

#[test]
fn keys_that_mean_something_else_here_are_warnings_of_their_own() {
    for text in [HOMODYNE, XPCSJAX] {
        let notes = loaded(text).notes;
        for key in ["phi_filtering.tolerance: 3.0", "phi_filtering.fallback_to_all_angles: true"] {
            assert_eq!(notes.iter().filter(|note| note.starts_with(key)).count(), 1, "{key}: {notes:#?}");
        }
    }
    let changed = |more: &str| load_text(&format!("{BASE}{more}"), &[]).expect("valid").notes;
    assert_eq!(changed("phi_filtering: {tolerance: 0, fallback_to_all_angles: false}\n"), Vec::<String>::new());
    let text = BASE.replace("geometry", "frame_step: 2\n  time_unit: ms\n  geometry");
    let notes = loaded(&text).notes;
    assert!(notes.len() == 2 && notes[0].contains("frame_step: 2") && notes[1].contains("time_unit: ms"), "{notes:#?}");
}

#[test]
fn old_layouts_are_mapped_where_they_carry_data() {
    let old = loaded(OLDEST);
    let selection = &old.ingest.selection;
    assert_eq!(old.fit.space.mode, AnalysisMode::LaminarFlow);
    assert_eq!((selection.dt_seconds, selection.start_frame, selection.end_frame), (Some(0.05), 100, 1000));
    let ranges = [PhiRange { min_angle: 165.0, max_angle: 195.0 }, PhiRange { min_angle: 285.0, max_angle: 315.0 }];
    assert_eq!(selection.phi_ranges, ranges);
    assert!(ranges[0].contains(-170.0) && ranges[1].contains(-60.0) && !ranges[1].contains(60.0));
    assert_eq!((old.fit.tolerances.max_iterations, old.fit.tolerances.ftol), (321, 1e-7));
    assert!(old.run.output.ends_with("old_results"));
    assert_eq!(old.fit.start.expect("given"), [50000.0, -1.2, 100.0, 0.001, 0.2, 0.0001, 2.5]);
    assert_eq!(old.notes.len(), 1, "fallback_to_all_angles alone means something else: {:#?}", old.notes);
}

#[test]
fn every_word_for_a_mode_is_known() {
    for (word, mode) in [
        ("static", AnalysisMode::Static),
        ("static_isotropic", AnalysisMode::Static),
        ("static_anisotropic", AnalysisMode::Static),
        ("Static-Isotropic", AnalysisMode::Static),
        ("laminar_flow", AnalysisMode::LaminarFlow),
        ("laminar-flow", AnalysisMode::LaminarFlow),
    ] {
        assert_eq!(loaded(&BASE.replace("laminar_flow", word)).fit.space.mode, mode, "{word}");
    }
    let clash = load_text(&format!("{BASE}parameter_space: {{model: static}}\n"), &[]).expect("valid").notes;
    assert!(clash.len() == 1 && clash[0].contains("analysis_mode") && clash[0].contains("parameter_space.model"));
}

#[test]
fn start_values_may_be_given_for_some_parameters() {
    let some = "initial_parameters: {parameter_names: [beta, D0], values: [0.5, 4000]}\n";
    let settings = loaded(&format!("{BASE}{some}"));
    assert_eq!(settings.fit.start, None);
    let known = [Some(4000.0), None, None, None, Some(0.5), None, None];
    assert_eq!(settings.fit.known_starts, known);
    let by_name = [("initial_parameters.starts.D0".to_owned(), override_node("5000"))];
    let over = load_text(&format!("{BASE}{some}"), &by_name).expect("valid").fit.known_starts;
    assert_eq!((over[0], over[4]), (Some(5000.0), Some(0.5)), "a start by name stands before the list");
    // A list for laminar flow serves a static fit.
    let seven = "initial_parameters: {values: [4000, 0.1, 5, 0.001, 0, 0, 0]}\n";
    let static_fit = loaded(&format!("{}{seven}", BASE.replace("laminar_flow", "static"))).fit;
    assert_eq!(static_fit.start, Some(vec![4000.0, 0.1, 5.0]));
    let twice = "initial_parameters: {parameter_names: [phi0, phi_0], values: [1, 2]}\n";
    assert!(load_text(&format!("{BASE}{twice}"), &[]).expect_err("twice").to_string().contains("phi0 once"));
}
