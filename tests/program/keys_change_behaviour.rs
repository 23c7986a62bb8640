//! Every key of `optimization.nlsq` changes what a run does, not only what it reads.

use crate::program::{LAMINAR_CONFIG, homodyne};
use serde_json::Value;
use std::path::Path;

const START: &str = "initial_parameters: {values: [9000.0, -0.1, 0.0, 0.004, 0.0, 0.0, 0.0]}\n";

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let place = Place(tempfile::tempdir().expect("folder"));
        let simulate =
            ["simulate", "--frames", "80", "--angles", "6", "--scaling-variation", "0.02", "--out", "data.h5"];
        assert!(place.run(&simulate).status.success());
        place
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn run(&self, words: &[&str]) -> std::process::Output {
        homodyne(self.path(), words)
    }

    /// `parameters.json` of a run with these keys.
    fn fit(&self, text: &str, set: &[&str]) -> Value {
        std::fs::write(self.path().join("c.yaml"), format!("{LAMINAR_CONFIG}{text}")).expect("config");
        let mut words = vec!["fit", "c.yaml", "--json", "--quiet"];
        set.iter().for_each(|word| words.extend(["--set", word]));
        let output = self.run(&words);
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("{set:?}: {}", String::from_utf8_lossy(&output.stderr)))
    }
}

fn count(result: &Value) -> u64 {
    result["n_iterations"].as_u64().expect("iterations")
}

#[test]
fn tolerances_and_limits_end_the_fit_where_they_say() {
    let place = Place::new();
    let base = place.fit(START, &[]);
    let stop = |result: &Value| result["stop"].as_str().expect("stop").to_owned();
    let limited = place.fit(START, &["optimization.nlsq.max_iterations=2"]);
    assert_eq!((count(&limited), stop(&limited)), (2, "max_iterations".into()));
    for key in ["tolerance", "ftol"] {
        let early = place.fit(START, &[&format!("optimization.nlsq.{key}=10")]);
        assert!(count(&early) < count(&base) && stop(&early) == "cost", "{key}: {early:#}");
    }
    let both = place.fit(START, &["optimization.nlsq.tolerance=10", "optimization.nlsq.ftol=1e-12"]);
    assert_eq!(count(&both), count(&base), "ftol is the more exact of the two");
    let by_step = place.fit(START, &["optimization.nlsq.xtol=0.5"]);
    assert!(count(&by_step) < count(&base) && stop(&by_step) == "step", "{by_step:#}");
    let by_gradient = place.fit(START, &["optimization.nlsq.gtol=0.1"]);
    assert!(count(&by_gradient) < count(&base) && stop(&by_gradient) == "gradient", "{by_gradient:#}");
}

#[test]
fn losses_scales_and_blocks_change_the_way_or_the_result() {
    let place = Place::new();
    let base = place.fit(START, &[]);
    let d0 = |result: &Value| result["parameters"]["D0"]["value"].as_f64().expect("D0");
    let soft = place.fit(START, &["optimization.nlsq.loss=soft_l1"]);
    let wide = place.fit(START, &["optimization.nlsq.loss=soft_l1", "optimization.nlsq.f_scale=3"]);
    assert!(d0(&soft) != d0(&base) && d0(&wide) != d0(&soft));
    assert_eq!((&soft["loss"], &wide["f_scale"]), (&"soft_l1".into(), &3.0.into()));
    let tight = "optimization: {nlsq: {x_scale_map: {D0: 1.0e-3, gamma_dot_0: 1.0e-9}}}\n";
    let scaled = place.fit(&format!("{START}{tight}"), &[]);
    assert_ne!(count(&scaled), count(&base), "other sizes of coordinates make other trust regions");
    let store = |points: &str| {
        let word = format!("optimization.nlsq.block_points={points}");
        let _ = place.fit(START, &[&word, &format!("store.directory=store{points}")]);
        let path = place.path().join(format!("store{points}/_manifest.json"));
        let manifest: Value = serde_json::from_slice(&std::fs::read(path).expect("manifest")).expect("JSON");
        manifest["block_points"].as_u64().expect("points")
    };
    assert_eq!((store("1000"), store("2000")), (1000, 2000));
}

#[test]
fn scaling_keys_change_the_scaling() {
    let place = Place::new();
    let mode = |set: &[&str]| {
        let found = place.fit(START, set);
        (found["scaling_mode"].as_str().expect("mode").to_owned(), found["n_scaling"].as_u64().expect("count"))
    };
    let key = "optimization.nlsq.anti_degeneracy";
    let per_angle = |mode: &str| format!("{key}.per_angle_mode={mode}");
    assert_eq!(mode(&[]), ("auto".into(), 2));
    assert_eq!(mode(&[&format!("{key}.constant_scaling_threshold=7")]), ("individual".into(), 12));
    assert_eq!(mode(&[&per_angle("individual")]), ("individual".into(), 12));
    assert_eq!(mode(&[&per_angle("constant")]), ("constant".into(), 0));
    assert_eq!(mode(&[&per_angle("fourier")]), ("fourier".into(), 10));
    assert_eq!(mode(&[&per_angle("fourier"), &format!("{key}.fourier_order=1")]), ("fourier".into(), 6));
}

#[test]
fn quality_keys_change_the_verdict() {
    let place = Place::new();
    // The constant parts are not determined by so few frames, which would be graver than a poor fit.
    let fixed = "initial_parameters.fixed_parameters={D_offset: 900.0, gamma_dot_offset: 0.00015}";
    // The sample's contrast varies with the angle.
    let scaling = "optimization.nlsq.anti_degeneracy.per_angle_mode=individual";
    let verdict = |set: &[&str]| {
        let result = place.fit(START, &[&[fixed, scaling], set].concat());
        result["verdict"].as_str().expect("verdict").to_owned()
    };
    let key = "optimization.nlsq.quality_validation";
    let strict = format!("{key}.reduced_chi_squared_threshold=0.5");
    let base = verdict(&[]);
    assert_ne!(base, "poor_fit");
    assert_eq!(verdict(&[&strict]), "poor_fit");
    assert_eq!(verdict(&[&strict, &format!("{key}.enable=false")]), base);
    assert_eq!(verdict(&[&format!("{key}.bounds_tolerance=0.49")]), "at_bound");
}

#[test]
fn memory_keys_change_the_strategy() {
    let place = Place::new();
    let strategy = |set: &[&str]| place.fit(START, set)["strategy"].as_str().expect("strategy").to_owned();
    let key = "optimization.nlsq";
    let many = format!("{key}.stratified_max_points=1000000");
    assert_eq!(strategy(&[&format!("{key}.stratified_max_points=0")]), "hybrid_streaming");
    assert_eq!(strategy(&[&many]), "stratified");
    assert_eq!(strategy(&[&many, &format!("{key}.memory_threshold_gb=0.000001")]), "hybrid_streaming");
    assert_eq!(strategy(&[&many, &format!("{key}.strategy=hybrid_streaming")]), "hybrid_streaming");
    // memory_fraction moves the threshold: tests/program/angles_and_q.rs.
}

#[test]
fn keys_of_multi_start_change_the_search() {
    let place = Place::new();
    let key = |name: &str, value: &str| format!("optimization.nlsq.multi_start.{name}={value}");
    let enable = [key("enable", "true"), key("n_starts", "8"), "optimization.nlsq.cmaes.enable=false".to_owned()];
    let search = |text: &str, more: &[String]| {
        let words: Vec<&str> = enable.iter().chain(more).map(String::as_str).collect();
        place.fit(&format!("{START}{text}"), &words)["global_search"].clone()
    };
    let base = search("", &[]);
    assert_eq!(base["method"], "multi_start");
    assert_eq!(place.fit(START, &["optimization.nlsq.cmaes.enable=false"])["global_search"], Value::Null);
    for (name, value) in [
        ("n_starts", "9"),
        ("seed", "1"),
        ("sampling_strategy", "sobol"),
        ("use_screening", "false"),
        ("screen_keep_fraction", "0.2"),
    ] {
        assert_ne!(search("", &[key(name, value)]), base, "{name}");
    }
    let custom =
        "optimization: {nlsq: {multi_start: {custom_starts: [[19000, -0.35, 900, 0.0013, 0.25, 0.00015, -6.5]]}}}\n";
    assert_ne!(search(custom, &[])["evaluations"], base["evaluations"]);
    let refined = |search: &Value| {
        let basins = search["basins"].as_array().expect("basins");
        basins.iter().filter(|basin| !basin["cost"].is_null()).count()
    };
    let all = [key("use_screening", "false"), key("refine_top_k", "1")];
    assert_eq!(refined(&search("", &all)), 1);
    let two = [key("use_screening", "false"), key("refine_top_k", "2")];
    assert_eq!(refined(&search("", &two)), 2);
    // The refinement's tolerance and the threshold for alternatives show in the log and the last iterations.
    let loose = [key("refinement_ftol", "1e3"), key("refine_top_k", "1")];
    assert_ne!(search("", &loose)["basins"][0]["cost"], search("", &[key("refine_top_k", "1")])["basins"][0]["cost"]);
    let told = |threshold: &str| {
        let mut words = vec!["fit", "c.yaml"];
        let many = [key("n_starts", "30"), key("use_screening", "false"), key("refine_top_k", "8")];
        let words_set = [&enable[..], &many, &[key("degeneracy_threshold", threshold)]].concat();
        words_set.iter().for_each(|word| words.extend(["--set", word]));
        String::from_utf8_lossy(&place.run(&words).stderr).matches("fits nearly as well").count()
    };
    assert!(told("1e9") > told("1e-9"), "with a wide threshold every other basin is named");
}

#[test]
fn keys_of_cma_es_change_the_search() {
    let place = Place::new();
    let key = |name: &str, value: &str| format!("optimization.nlsq.cmaes.{name}={value}");
    let quick = [key("enable", "true"), key("max_generations", "12"), key("max_restarts", "3")];
    let search = |more: &[String]| {
        let words: Vec<&str> = quick.iter().chain(more).map(String::as_str).collect();
        place.fit(START, &words)["global_search"].clone()
    };
    let base = search(&[]);
    assert_eq!(base["method"], "cmaes");
    for (name, value) in [
        ("max_generations", "9"),
        ("popsize", "21"),
        ("sigma", "0.05"),
        ("tol_x", "10"),
        ("restart_strategy", "none"),
        ("max_restarts", "1"),
        ("seed", "3"),
    ] {
        assert_ne!(search(&[key(name, value)]), base, "{name}");
    }
    // Costs within a population are compared over some thirty generations.
    let long = [key("max_generations", "80"), key("restart_strategy", "none")];
    let loose = [&long[..], &[key("tol_fun", "1")]].concat();
    assert!(search(&loose)["evaluations"].as_u64() < search(&long)["evaluations"].as_u64());
    let refined = |search: &Value| {
        let basins = search["basins"].as_array().expect("basins");
        basins.iter().filter(|basin| !basin["cost"].is_null()).count()
    };
    assert_eq!(refined(&search(&[key("refine_with_nlsq", "false")])), 0);
    assert!(refined(&base) >= 1);
    // Presets are numbers of generations; auto needs an unacceptable fit and a scale ratio above the threshold.
    let evaluations = |preset: &str| {
        let words =
            [key("enable", "true"), key("preset", preset), key("restart_strategy", "none"), key("tol_x", "1e-300")];
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let all = [&words[..], &["optimization.nlsq.cmaes.tol_fun=1e-300"]].concat();
        place.fit(START, &all)["global_search"]["evaluations"].as_u64().expect("count")
    };
    assert!(evaluations("cmaes-fast") < evaluations("cmaes-global"));
    let auto = |more: &[&str]| {
        place.fit(START, &[&["optimization.nlsq.max_iterations=1"], more].concat())["global_search"].clone()
    };
    assert_eq!(auto(&[&quick[1]])["method"], "cmaes");
    assert_eq!(auto(&["optimization.nlsq.cmaes.enable=false"]), Value::Null);
    assert_eq!(auto(&["optimization.nlsq.cmaes.scale_threshold=1e12"]), Value::Null);
}
