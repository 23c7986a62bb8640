//! What is wrong in a configuration is told whole: every error of a file at once, each in one line with place, found and expected.

use crate::configuration::{BASE, load_text};
use homodyne::config::tree::override_node;
use homodyne::error::Error;

fn lines(text: &str, set: &[&str]) -> Vec<String> {
    let parse = |word: &&str| word.split_once('=').map(|(key, value)| (key.to_owned(), override_node(value)));
    let overrides: Vec<_> = set.iter().filter_map(parse).collect();
    let found = load_text(text, &overrides).expect_err(text);
    assert!(found.each().all(|error| error.exit_code() == 2));
    found.each().map(Error::to_string).collect()
}

fn refused(text: &str, set: &[&str], words: &[&str]) {
    let found = lines(text, set);
    assert_eq!(found.len(), 1, "{text} {set:?}: {found:#?}");
    assert!(words.iter().all(|word| found[0].contains(word)), "{words:?}: {}", found[0]);
    assert!(!found[0].contains('\n'));
}

#[test]
fn what_would_be_dropped_in_silence_is_refused_with_line_and_column() {
    for (more, words) in [
        (
            "optimization.nlsq.ftol: 1.0e-5\n",
            vec!["config.yaml:6:1", "dotted key `optimization.nlsq.ftol`", "{nlsq: {ftol:"],
        ),
        ("optimization: 5\n", vec!["config.yaml:6:1 optimization: 5", "a section with keys such as"]),
        ("optimization: {nlsq: [1, 2]}\n", vec!["6:16 optimization.nlsq: [1, 2]", "a section"]),
        ("phi_filtering: all\n", vec!["6:1 phi_filtering: all", "target_ranges"]),
        ("phi_filtering: {target_ranges: all}\n", vec!["6:17", "a list of {min_angle, max_angle}"]),
        ("phi_filtering: {target_ranges: [{min_angle: 1}]}\n", vec!["min_angle and max_angle"]),
        ("initial_parameters: {active_parameters: D0}\n", vec!["6:22", "a list of names"]),
        ("initial_parameters: {parameter_names: D0}\n", vec!["a list of names"]),
        ("initial_parameters: {values: 5}\n", vec!["a list of numbers"]),
        ("initial_parameters: {fixed_parameters: D0}\n", vec!["a number by name"]),
        ("parameter_space: {bounds: D0}\n", vec!["a list of {name, min, max}"]),
        ("pipeline: {stages: fit}\n", vec!["a list of ingest, condense, fit"]),
        ("pipeline: {stages: []}\n", vec!["a list of ingest, condense, fit"]),
        ("pipeline: {stages: [report]}\n", vec!["sample, report (both need fit)"]),
        ("optimization: {nlsq: {multi_start: {custom_starts: none}}}\n", vec!["lists of one number per parameter"]),
    ] {
        refused(&format!("{BASE}{more}"), &[], &words);
    }
    for set in ["optimization=5", "optimization.nlsq=[1]", "analyzer_parameters=text"] {
        refused(BASE, &[set], &["command line", "a section with keys such as"]);
    }
}

#[test]
fn what_the_parser_of_yaml_says_is_told_in_plain_words() {
    let mut bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (name, earlier) in ('b'..='i').zip('a'..) {
        bomb += &format!("{name}: &{name} [{}]\n", vec![format!("*{earlier}"); 9].join(", "));
    }
    let deep = format!("a: {}{}", "[".repeat(5000), "]".repeat(5000));
    for (text, told) in [
        ("analysis_mode: static\nnull: 2\n", "2:1: not valid YAML: a key is null, and that is no name"),
        ("[1, 2]: 3\n", "1:1: not valid YAML: a key is a list or a mapping"),
        ("analysis_mode: static\n---\nb: 2\n", "3:1: not valid YAML: a second document begins here"),
        (&bomb, "more lists, mappings or aliases (*name) than any configuration has"),
        (&deep, "too many lists or mappings within each other"),
    ] {
        refused(text, &[], &["[E60]", told]);
    }
}

#[test]
fn paths_hold_no_nul() {
    let told = "expected text without the character NUL";
    for key in ["output: {directory: \"a\\0b\"}", "store: {directory: \"\\0\"}"] {
        refused(&format!("{BASE}{key}\n"), &[], &["[E62]", "6:", told]);
    }
    for key in ["file_path", "data_folder_path", "data_file_name"] {
        refused(BASE, &[&format!("experimental_data.{key}=\"a\\0b\"")], &["[E62]", "command line", told]);
    }
}

#[test]
fn misspelt_keys_are_seen_in_every_section_that_has_an_effect() {
    for (path, near) in [
        ("optimization.nlsq.cmaes.max_generation", "optimization.nlsq.cmaes.max_generations"),
        ("optimization.nlsq.multi_start.n_start", "optimization.nlsq.multi_start.n_starts"),
        ("optimization.nlsq.anti_degeneracy.per_angle_mod", "per_angle_mode"),
        ("optimization.nlsq.quality_validation.enabl", "quality_validation.enable"),
        ("optimization.metod", "optimization.method"),
        ("performance.computation.cpu_thread", "performance.computation.cpu_threads"),
        ("performance.computatoin.cpu_threads", "performance.computation"),
        ("logging.levl", "logging.level"),
        ("output.directry", "output.directory"),
        ("store.directry", "store.directory"),
        ("experimental_data.file_pth", "experimental_data.file_path"),
        ("analyzer_parameters.geometry.gap", "nearest"),
        ("phi_filtering.target_range", "phi_filtering.target_ranges"),
        ("parameter_space.bound", "parameter_space.bounds"),
        ("initial_parameters.value", "initial_parameters.values"),
        ("optimisation.nlsq.ftol", "optimization"),
        ("optimization.cmc.min_points_for_cms", "optimization.cmc.min_points_for_cmc"),
        ("optimization.cmc.per_shard_mcmc.num_chanis", "optimization.cmc.per_shard_mcmc.num_chains"),
        ("optimization.cmc.per_shard_mcmc.target_accept", "optimization.cmc.per_shard_mcmc.target_accept_prob"),
        ("optimization.cmc.sharding.num_shard", "optimization.cmc.sharding.num_shards"),
        ("optimization.cmc.combination.metod", "optimization.cmc.combination.method"),
        ("optimization.cmc.validation.max_r_hat", "a known key"),
        ("optimization.cmc.backend_config.num_worker", "optimization.cmc.backend_config.num_workers"),
        ("optimization.mcmc.num_chanis", "optimization.mcmc.num_chains"),
    ] {
        refused(BASE, &[&format!("{path}=1")], &["command line", "unknown key", near]);
        let (depth, mut text) = (path.split('.').count(), String::new());
        for (level, name) in path.split('.').enumerate() {
            text += &format!("{}{name}:{}\n", "  ".repeat(level), if level + 1 == depth { " 1" } else { "" });
        }
        // A section that is there already cannot stand twice.
        if !BASE.contains(path.split('.').next().expect("a section")) {
            refused(&format!("{BASE}{text}"), &[], &["config.yaml:", "unknown key", near]);
        }
    }
    let item = "phi_filtering: {target_ranges: [{min_angle: 1, max_angle: 2, mid_angle: 3}]}\n";
    refused(&format!("{BASE}{item}"), &[], &["config.yaml:6:", "target_ranges[].mid_angle"]);
}

#[test]
fn bounds_without_order_are_no_panic_where_parameters_are_held() {
    let bounds = "parameter_space.bounds=[{name: alpha, min: 2, max: -2}]";
    refused("analysis_mode: static\n", &["initial_parameters.active_parameters=[D0]", bounds], &["alpha", "min < max"]);
}

#[test]
fn weights_that_know_speckles_are_those_of_plain_squares() {
    let weighting = "optimization.nlsq.weighting=speckle";
    let words = ["optimization.nlsq.weighting", "auto or uniform with optimization.nlsq.loss huber", "plain residuals"];
    refused(BASE, &[weighting, "optimization.nlsq.loss=huber"], &words);
    assert!(load_text(BASE, &[("optimization.nlsq.weighting".into(), override_node("speckle"))]).is_ok());
}

#[test]
fn nothing_absurd_is_accepted() {
    for (set, expected) in [
        ("optimization.nlsq.gtol=1e300", "up to 1"),
        ("optimization.nlsq.xtol=0", "positive"),
        ("optimization.nlsq.ftol=-1e-8", "positive"),
        ("optimization.nlsq.f_scale=1e300", "up to 1e6"),
        ("analyzer_parameters.scattering.wavevector_q=0", "a number from"),
        ("analyzer_parameters.scattering.wavevector_q=-0.0054", "a number from"),
        ("analyzer_parameters.geometry.stator_rotor_gap=-2e6", "a number from"),
        ("optimization.nlsq.multi_start.screen_keep_fraction=2", "up to 1"),
        ("optimization.nlsq.cmaes.sigma=7", "up to 1"),
        ("optimization.nlsq.quality_validation.p_value_threshold=3", "up to 1"),
        ("optimization.nlsq.quality_validation.bounds_tolerance=0.5", "below 0.5"),
        ("optimization.nlsq.max_iterations=1e300", "a whole number"),
        ("optimization.nlsq.max_iterations=1.5", "a whole number"),
        ("optimization.nlsq.block_points=1e15", "at most"),
        ("optimization.nlsq.cmaes.max_restarts=-1", "at least 0"),
        ("experimental_data.max_non_finite_fraction=2", "from 0 up to 1"),
        ("experimental_data.q_tolerance=7", "up to 1"),
        ("phi_filtering.merge_within_degrees=200", "below 180"),
        ("phi_filtering.target_ranges=[{min_angle: -1000, max_angle: 1000}]", "from -360 to 360"),
        ("analyzer_parameters.start_frame=1.5", "a whole number"),
        ("analyzer_parameters.start_frame=0", "at least 1"),
        ("analyzer_parameters.end_frame=0", "a frame after the first"),
        ("experimental_data.masked_frames=[4.5]", "a frame number"),
        ("experimental_data.file_path=", "a path"),
        ("optimization.nlsq.gtol=nan", "positive"),
        ("analyzer_parameters.dt=1e-300", "from 1e-9"),
        ("performance.computation.cpu_threads=0", "from 1 to 4096"),
        ("parameter_space.bounds=[{name: D0, min: 1, max: 1e300}]", "a number for max"),
    ] {
        refused(BASE, &[set], &["command line", expected]);
    }
    refused(
        BASE,
        &["analyzer_parameters.start_frame=50", "analyzer_parameters.end_frame=20"],
        &["after the first, 50"],
    );
}

#[test]
fn starts_outside_their_bounds_are_refused_where_they_stand() {
    let bounds = "parameter_space: {bounds: [{name: D0, min: 1.0, max: 5.0}]}\n";
    let starts = "initial_parameters:\n  values: [9, 0, 0, 0.001, 0, 0, 55]\n";
    let found = lines(&format!("{BASE}{bounds}{starts}"), &[]);
    assert_eq!(found.len(), 2, "{found:#?}");
    assert!(
        found[0].contains("[E63]") && found[0].contains("config.yaml:8:12") && found[0].contains("1.0 to 5.0 angstrom")
    );
    assert!(
        found[1].contains("config.yaml:8:34") && found[1].contains("phi0") && found[1].contains("degree"),
        "{found:#?}"
    );
    refused(BASE, &["initial_parameters.starts.alpha=7"], &["[E63]", "command line", "alpha within its bounds"]);
    refused(BASE, &["initial_parameters.fixed_parameters.alpha=7"], &["[E63]", "alpha within its bounds"]);
    let custom = "optimization.nlsq.multi_start.custom_starts=[[1, 0, 0, 1e-3, 0, 0, 0]]";
    refused(BASE, &[custom], &["[E63]", "D0 within its bounds"]);
    let scaling =
        ["initial_parameters.per_angle_scaling.contrast=[7]", "initial_parameters.per_angle_scaling.offset=[1]"];
    refused(BASE, &scaling, &["[E63]", "contrast within its bounds"]);
    // What is held needs no start.
    let held = ["initial_parameters.values=[9, 0, 0, 1e-3, 0, 0, 0]", "initial_parameters.fixed_parameters.D0=500"];
    let parse = |word: &str| word.split_once('=').map(|(key, value)| (key.to_owned(), override_node(value)));
    let overrides: Vec<_> = held.iter().filter_map(|word| parse(word)).collect();
    assert_eq!(load_text(BASE, &overrides).expect("valid").fit.start.expect("given")[0], 500.0);
}

#[test]
fn all_errors_of_a_file_and_of_the_command_line_come_at_once() {
    let text = "\
analysis_mode: laminar_flow
analyzer_parameters: {dt: -1, start_frame: 1.5}
experimental_data: {file_path: a.h5, layout: mine}
optimization: {nlsq: {gtol: 1.0e+300, max_iteration: 3, loss: none}}
parameter_space: {bounds: [{name: D9, min: 1, max: 2}, {name: alpha, min: 3, max: 2}, {name: beta, min: a}]}
phi_filtering: {target_ranges: [{min_angle: 1}, {min_angle: x, max_angle: 2}]}
";
    let found = lines(text, &["optimization.nlsq.xtol=0"]);
    for words in [
        "2:23 analyzer_parameters.dt: -1",
        "2:31 analyzer_parameters.start_frame: 1.5",
        "stator_rotor_gap: not given",
        "experimental_data.layout: mine",
        "4:23 optimization.nlsq.gtol",
        "4:39: unknown key `optimization.nlsq.max_iteration`",
        "optimization.nlsq.loss: none",
        "D9",
        "min < max, where now 3.0 and 2.0",
        "a number for min",
        "{min_angle: 1}",
        "{min_angle: x, max_angle: 2}",
        "command line optimization.nlsq.xtol: 0",
    ] {
        assert_eq!(found.iter().filter(|line| line.contains(words)).count(), 1, "{words}: {found:#?}");
    }
    assert_eq!(found.len(), 13, "{found:#?}");
    // Without a mode nothing is said of parameters, which depend on it.
    let other =
        lines("analysis_mode: two_component\nparameter_space: {bounds: [{name: D0_ref, min: 0, max: 1}]}\n", &[]);
    assert_eq!(other.len(), 1, "{other:#?}");
}

#[test]
fn whole_numbers_may_be_written_with_an_exponent() {
    let text = format!("{BASE}optimization: {{nlsq: {{max_iterations: 1e5, multi_start: {{seed: 1.0e+3}}}}}}\n");
    let settings = load_text(&text, &[]).expect("valid");
    assert_eq!((settings.fit.tolerances.max_iterations, settings.fit.multi_start.seed), (100_000, 1000));
    let set = ("optimization.nlsq.max_iterations".to_owned(), override_node("2e3"));
    assert_eq!(load_text(BASE, &[set]).expect("valid").fit.tolerances.max_iterations, 2000);
}

#[test]
fn set_takes_lists_and_mappings_and_leaves_the_rest_of_a_section() {
    let text = format!("{BASE}optimization: {{nlsq: {{xtol: 1.0e-5, ftol: 1.0e-6}}}}\n");
    let set = |words: &[&str]| {
        let parse = |word: &&str| word.split_once('=').map(|(key, value)| (key.to_owned(), override_node(value)));
        load_text(&text, &words.iter().filter_map(parse).collect::<Vec<_>>()).expect("valid")
    };
    let tolerances = set(&["optimization.nlsq={ftol: 1e-7, cmaes: {seed: 3}}"]).fit;
    assert_eq!((tolerances.tolerances.ftol, tolerances.tolerances.xtol), (1e-7, 1e-5));
    assert_eq!(tolerances.cma_es.evolution.seed, 3);
    let fixed = set(&["initial_parameters={fixed_parameters: {alpha: 0.5}, active_parameters: [D0, beta]}"]).fit;
    assert_eq!((fixed.space.physical[1].fixed, fixed.space.free()), (Some(0.5), vec![0, 4]));
    assert_eq!(set(&["experimental_data.masked_frames=[3, 4]"]).ingest.selection.masked_frames, [3, 4]);
}

#[test]
fn of_two_spellings_the_command_line_holds_and_two_at_once_are_named() {
    let load = |text: &str, set: &[&str]| {
        let parse = |word: &&str| word.split_once('=').map(|(key, value)| (key.to_owned(), override_node(value)));
        load_text(&format!("{BASE}{text}"), &set.iter().filter_map(parse).collect::<Vec<_>>()).expect("valid")
    };
    let file = "optimization: {nlsq: {ftol: 1.0e-5}}\n";
    let over = load(file, &["optimization.nlsq.tolerance=1e-7"]);
    assert_eq!((over.fit.tolerances.ftol, over.notes.len()), (1e-7, 0), "{:?}", over.notes);
    let both = load("optimization: {nlsq: {ftol: 1.0e-5, tolerance: 1.0e-6}}\n", &[]);
    assert_eq!(both.fit.tolerances.ftol, 1e-5);
    assert!(both.notes.len() == 1 && both.notes[0].contains("6:23 optimization.nlsq.ftol"), "{:?}", both.notes);
    assert!(both.notes[0].contains("6:37 optimization.nlsq.tolerance"), "{:?}", both.notes);
    let words = load("", &["optimization.nlsq.tolerance=1e-7", "optimization.nlsq.ftol=1e-6"]);
    assert!(words.notes.len() == 1 && words.notes[0].contains("command line optimization.nlsq.tolerance"));
    let equal = load("optimization: {nlsq: {ftol: 1.0e-5, tolerance: 0.00001}}\n", &[]);
    assert_eq!(equal.notes, Vec::<String>::new(), "equal values contradict nobody");
    // Names of parameters are spellings, too.
    let alias = "initial_parameters: {fixed_parameters: {phi_0: 1.0}}\n";
    let over = load(alias, &["initial_parameters.fixed_parameters.phi0=2"]);
    assert_eq!(over.fit.space.physical[6].fixed, Some(2.0));
    refused(
        &format!("{BASE}initial_parameters: {{fixed_parameters: {{phi_0: 1.0, phi0: 2.0}}}}\n"),
        &[],
        &["`phi_0` and `phi0`, which are one parameter"],
    );
}

#[test]
fn the_origin_of_a_mapping_from_two_sources_is_told_by_name() {
    let text = format!("{BASE}initial_parameters:\n  fixed_parameters:\n    D_offset: 0.0\n");
    let set = ("initial_parameters.fixed_parameters.alpha".to_owned(), override_node("0.5"));
    let origin = |overrides: &[_]| {
        let settings = load_text(&text, overrides).expect("valid");
        let entry =
            settings.effective.into_iter().find(|entry| entry.key.ends_with("fixed_parameters")).expect("shown");
        entry.origin.rsplit_once('/').map_or(entry.origin.clone(), |(_, tail)| tail.to_owned())
    };
    assert_eq!(origin(&[]), "config.yaml:7");
    assert_eq!(origin(&[set]), "config.yaml:8, alpha: command line");
    let whole = ("initial_parameters.fixed_parameters".to_owned(), override_node("{alpha: 0.5}"));
    assert_eq!(origin(&[whole]), "command line");
}

#[test]
fn names_with_newlines_and_twice_the_same_key_are_one_line_each() {
    let found = lines(&format!("{BASE}\"a\\nb\": 3\noutput: {{\"c\\rd\": 1}}\n"), &[]);
    assert_eq!(found.len(), 2, "{found:#?}");
    assert!(found[0].contains("`a\\nb`") && found[1].contains("c\\rd"), "{found:#?}");
    assert!(found.iter().all(|line| line.chars().all(|c| !c.is_control())));
    refused(&format!("{BASE}analysis_mode: static\n"), &[], &["[E60]", "config.yaml:6:1: not valid YAML: duplicate"]);
}

#[test]
fn a_prior_without_negative_values_needs_bounds_without_them() {
    for kind in ["LogNormal", "HalfNormal"] {
        let of = |min: f64| {
            format!(
                "parameter_space: {{bounds: [{{name: D_offset, min: {min}, max: 900, type: {kind}, prior_mu: 3, prior_sigma: 1}}]}}\n"
            )
        };
        refused(&format!("{BASE}{}", of(-10.0)), &[], &["[E63]", "at least 0", "-10.0"]);
        load_text(&format!("{BASE}{}", of(0.0)), &[]).expect("possible");
    }
}
