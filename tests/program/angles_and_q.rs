//! Subsets and near-duplicates of angles, and many q: what is merged is recorded, what is left out is left out, and one q that
//! fails does not stop the rest.

use crate::program::{folder_with_data, homodyne, stderr};
use serde_json::Value;
use std::path::Path;

fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).expect("file")).expect("JSON")
}

fn config(folder: &Path, text: &str) {
    let head = "analysis_mode: static\nexperimental_data: {file_path: data.h5}\n";
    std::fs::write(folder.join("c.yaml"), format!("{head}{text}")).expect("config");
}

fn simulate(folder: &Path, words: &[&str]) {
    let all = [&["simulate", "--mode", "static", "--frames", "120", "--out", "data.h5"], words].concat();
    let output = homodyne(folder, &all);
    assert!(output.status.success(), "{}", stderr(&output));
}

#[test]
fn nearly_identical_angles_become_one_and_the_merge_is_recorded() {
    let folder = tempfile::tempdir().expect("folder");
    simulate(folder.path(), &["--phi=-0.2,0.2,45,179.9,-179.8", "--sigma", "0.004"]);
    config(folder.path(), "phi_filtering: {merge_within_degrees: 0.5}\n");
    let output = homodyne(folder.path(), &["ingest", "--config", "c.yaml", "--store", "s"]);
    assert!(output.status.success() && stderr(&output).contains("merged into"), "{}", stderr(&output));
    let manifest = json(&folder.path().join("s/_manifest.json"));
    let angles = manifest["experiment"]["angles"].as_array().expect("angles");
    assert_eq!(angles.len(), 3, "{angles:?}");
    for (angle, partition) in angles.iter().zip(manifest["partitions"].as_array().expect("partitions")) {
        let (phi, sigma) = (angle["phi_degrees"].as_f64().expect("phi"), angle["sigma"].as_f64().expect("sigma"));
        let merged = partition["merged_from"].as_array().expect("a list");
        let (members, expected) = if (phi - 45.0).abs() < 1e-9 { (0, 0.004) } else { (2, 0.004 / 2.0_f64.sqrt()) };
        assert_eq!(merged.len(), members, "{phi}");
        assert!((sigma / expected - 1.0).abs() < 0.1, "{phi}: {sigma}");
        assert!((phi - 45.0).abs() < 1e-9 || phi.abs() < 0.1 || phi.abs() > 179.8, "{phi}");
    }
    // The store is keyed by the merge too.
    let other = ["ingest", "--config", "c.yaml", "--set", "phi_filtering.merge_within_degrees=0", "--store"];
    let refused = homodyne(folder.path(), &[&other[..], &["s"]].concat());
    assert!(
        refused.status.code() == Some(2) && stderr(&refused).contains("merge_within_degrees is 0.0"),
        "{refused:?}"
    );
    assert!(homodyne(folder.path(), &[&other[..], &["t"]].concat()).status.success());
    assert_eq!(json(&folder.path().join("t/_manifest.json"))["experiment"]["angles"].as_array().expect("5").len(), 5);
}

#[test]
fn a_subset_of_angles_is_fitted_alone() {
    let folder = tempfile::tempdir().expect("folder");
    simulate(folder.path(), &["--phi=-90,-45,0,45,80", "--seed", "3"]);
    config(folder.path(), "phi_filtering: {target_ranges: [{min_angle: -50, max_angle: 50}]}\n");
    let output = homodyne(folder.path(), &["run", "c.yaml", "--json", "--quiet"]);
    let found: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let phi: Vec<f64> = found["per_angle"]
        .as_array()
        .expect("angles")
        .iter()
        .filter_map(|angle| angle["phi_degrees"].as_f64())
        .collect();
    assert_eq!(phi, [-45.0, 0.0, 45.0], "{}", stderr(&output));
    let truth = 19_000.0;
    let d0 = &found["parameters"]["D0"];
    let (value, error) = (d0["value"].as_f64().expect("value"), d0["uncertainty"].as_f64().expect("determined"));
    assert!((value - truth).abs() < 4.0 * error, "{value} {error}");
}

/// Nothing is as good as that.
const QUALITY: &str = "optimization.nlsq.quality_validation.reduced_chi_squared_threshold=0.5";

#[test]
fn every_q_is_fitted_into_one_table_and_a_failed_one_does_not_stop_the_rest() {
    let folder = tempfile::tempdir().expect("folder");
    simulate(folder.path(), &["--q", "0.004,0.0054,0.007", "--angles", "4"]);
    config(folder.path(), "initial_parameters: {fixed_parameters: {D_offset: 900.0}}\n");
    let output = homodyne(folder.path(), &["run", "c.yaml", "--q", "all", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let table: Value = serde_json::from_slice(&output.stdout).expect("JSON on stdout");
    let rows = table["rows"].as_array().expect("rows");
    assert_eq!(rows.len(), 3);
    for row in rows {
        assert_eq!(row["verdict"], "converged", "{row:#}");
        let d0 = &row["result"]["parameters"]["D0"];
        let (value, error) = (d0["value"].as_f64().expect("value"), d0["uncertainty"].as_f64().expect("determined"));
        assert!((value - 19_000.0).abs() < 4.0 * error, "{value} {error}");
    }
    let law = &table["D0_power_law"];
    let (exponent, error) =
        (law["exponent"].as_f64().expect("exponent"), law["exponent_uncertainty"].as_f64().expect("error"));
    assert!(exponent.abs() < 4.0 * error && error < 0.2, "{law:#}");
    for file in ["q_table.parquet", "q_table.json", "summary.txt"] {
        assert!(folder.path().join("results/latest").join(file).is_file(), "{file}");
    }
    let latest = std::fs::canonicalize(folder.path().join("results/latest")).expect("results");
    let noted = std::fs::read_to_string(latest.join("summary.txt")).expect("written") + "my notes";
    std::fs::write(latest.join("summary.txt"), noted).expect("changed");
    assert_eq!(homodyne(folder.path(), &["run", "c.yaml", "--q", "all"]).status.code(), Some(0));
    let kept = std::path::PathBuf::from(format!("{}-changed-1", latest.display())).join("summary.txt");
    assert!(std::fs::read_to_string(kept).expect("kept").ends_with("my notes"));
    let some = homodyne(folder.path(), &["run", "c.yaml", "--q", "0.0054,0.05,0.007", "--store", "both"]);
    // One dataset, partitioned by q and angle.
    assert!(folder.path().join("both/q=0.0054/c2/phi=0.0/c2.arrow").is_file());
    assert_eq!(some.status.code(), Some(1), "{}", stderr(&some));
    let errors = |output: &std::process::Output| -> Vec<String> {
        let said = stderr(output);
        said.lines().filter(|line| line.starts_with("error: ")).map(str::to_owned).collect()
    };
    let told = errors(&some);
    assert!(told.len() == 1 && told[0].contains("q = 0.05: ") && told[0].contains("[E30]"), "{told:?}");
    let text = String::from_utf8_lossy(&some.stdout).into_owned();
    assert!(text.contains("no fit") && text.contains("E30") && text.matches("converged").count() == 2, "{text}");
    assert!(text.contains("over 2 q") && text.contains("1 of 3 q have no accepted fit"), "{text}");
    // What is refused tells no exponent.
    let other = ["run", "c.yaml", "--q", "0.0054,0.007", "--output", "refused"];
    let refused = homodyne(folder.path(), &[&other[..], &["--set", QUALITY]].concat());
    let text = String::from_utf8_lossy(&refused.stdout).into_owned();
    assert!(text.matches("poor_fit").count() == 2 && text.contains("takes two accepted fits"), "{text}");
    // Where no q was fitted, nothing is published.
    let names = || {
        let entries = std::fs::read_dir(folder.path().join("results")).expect("results").flatten();
        let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        (names, std::fs::read_link(folder.path().join("results/latest")).expect("a link"))
    };
    let before = names();
    for quiet in [&[][..], &["--quiet"], &["--json"]] {
        let none = homodyne(folder.path(), &[&["run", "c.yaml", "--q", "0.05,0.06"], quiet].concat());
        let told = errors(&none);
        assert_eq!((none.status.code(), told.len(), none.stdout.len()), (Some(2), 2, 0), "{told:?}");
        assert!(told[0].contains("q = 0.05: ") && told[1].contains("q = 0.06: "), "{told:?}");
    }
    assert_eq!(names(), before);
    let wrong = homodyne(folder.path(), &["run", "c.yaml", "--q", "0.004,x"]);
    assert_eq!(wrong.status.code(), Some(2));
}

#[test]
fn plan_tells_what_the_fit_then_does_with_and_without_a_store() {
    let folder = tempfile::tempdir().expect("folder");
    simulate(folder.path(), &["--angles", "4"]);
    config(folder.path(), "");
    let plan = |words: &[&str]| {
        let output = homodyne(folder.path(), &[&["plan", "c.yaml", "--json"], words].concat());
        assert!(output.status.success(), "{}", stderr(&output));
        serde_json::from_slice::<Value>(&output.stdout).expect("JSON")
    };
    let from_file = plan(&[]);
    assert_eq!(from_file["n_points"], 4 * 120 * 119 / 2);
    assert_eq!((&from_file["n_params"], &from_file["strategy"]), (&5.into(), &"hybrid_streaming".into()));
    assert!(!folder.path().join("results").exists(), "a plan runs nothing");
    let output = homodyne(folder.path(), &["run", "c.yaml"]);
    assert!(stderr(&output).contains(from_file["reason"].as_str().expect("text")), "{}", stderr(&output));
    assert_eq!(plan(&[])["reason"], from_file["reason"], "from the store as from the file");
    // Every key that is said to steer does.
    let key = |name: &str, value: &str| format!("optimization.nlsq.{name}={value}");
    for (word, strategy) in
        [(key("stratified_max_points", "1000000"), "stratified"), (key("strategy", "stratified"), "stratified")]
    {
        assert_eq!(plan(&["--set", &word])["strategy"], strategy, "{word}");
    }
    let wide = key("stratified_max_points", "1000000");
    let tight = key("memory_threshold_gb", "0.001");
    assert_eq!(plan(&["--set", &wide, "--set", &tight])["strategy"], "hybrid_streaming");
    let (half, default) = (plan(&["--set", &key("memory_fraction", "0.375")]), plan(&[]));
    let bytes = |plan: &Value| plan["threshold_bytes"].as_f64().expect("bytes");
    assert!((bytes(&half) / bytes(&default) - 0.5).abs() < 1e-6);
    let fit = homodyne(folder.path(), &["fit", "c.yaml", "--strategy", "stratified", "--json"]);
    let found: Value = serde_json::from_slice(&fit.stdout).expect("JSON");
    assert_eq!(found["strategy"], "stratified");
}

#[test]
fn tune_tells_the_machine_and_pinned_threads_give_the_same_bits() {
    let folder = tempfile::tempdir().expect("folder");
    for mode in ["nlsq", "cmc", "cmc-hpc", "auto"] {
        let output = homodyne(folder.path(), &["tune", "--mode", mode, "--json"]);
        let tuning: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        for name in ["cores", "nodes", "simd", "total_bytes", "threads", "workers", "block_points", "measured"] {
            assert!(!tuning[name].is_null(), "{mode} {name}: {tuning:#}");
        }
        let cores = tuning["cores"].as_u64().expect("cores");
        assert!(tuning["threads"].as_u64().expect("threads") * tuning["workers"].as_u64().expect("workers") <= cores);
    }
    simulate(folder.path(), &["--angles", "4"]);
    config(folder.path(), "");
    let words = ["fit", "c.yaml", "--store", "s", "--threads", "3", "--json", "--quiet"];
    let free = homodyne(folder.path(), &words).stdout;
    assert_eq!(homodyne(folder.path(), &[&words[..], &["--pin"]].concat()).stdout, free);
}

#[test]
fn a_q_that_is_listed_twice_is_fitted_once() {
    let folder = tempfile::tempdir().expect("folder");
    simulate(folder.path(), &["--q", "0.004,0.0054", "--angles", "2"]);
    config(folder.path(), "");
    // Equal as written, and equal as the file has it.
    let list = "0.004,0.0054,0.004,0.00401,0.00402";
    let output = homodyne(folder.path(), &["run", "c.yaml", "--q", list, "--json"]);
    assert!(output.status.code().is_some_and(|code| code < 2), "{}", stderr(&output));
    let table: Value = serde_json::from_slice(&output.stdout).expect("JSON on stdout");
    let q: Vec<f64> =
        table["rows"].as_array().expect("rows").iter().filter_map(|row| row["q_per_angstrom"].as_f64()).collect();
    assert_eq!(q, [0.004, 0.0054]);
    let said = stderr(&output);
    assert!(said.contains("q = 0.004 and q = 0.004 of the list are one"), "{said}");
    assert!(said.contains("q = 0.00401 and q = 0.004 of the list are one, 0.004 of the file: fitted once"), "{said}");
}

#[test]
fn what_is_asked_of_angles_and_starts_is_done_or_refused() {
    let config = "analysis_mode: static\nexperimental_data: {file_path: data.h5}\n\
                  analyzer_parameters: {scattering: {wavevector_q: 0.0054}}\n";
    let folder = folder_with_data(config, &["--frames", "60", "--angles", "6"]);
    let folder = folder.path();
    for (words, told) in [
        (&["--set", "phi_filtering.enabled=true"][..], "phi_filtering.enabled: true; expected false, or ranges in"),
        (&["--set", "phi_filtering={enabled: true, target_ranges: []}"], "expected false, or ranges in"),
        (&["--initial-phi0", "3"], "a start of D0, alpha, D_offset, as static has no phi0"),
        (&["--initial-gamma-dot-t0", "1e-3"], "as static has no gamma_dot_t0"),
    ] {
        let refused = homodyne(folder, &[&["run", "c.yaml"], words].concat());
        let line = stderr(&refused);
        assert!(refused.status.code() == Some(2) && line.contains("[E62]") && line.contains(told), "{words:?}: {line}");
    }
    // A range whose first angle is above its last goes through 180 degrees.
    for (range, kept) in
        [("{min_angle: 80, max_angle: -50}", "2 angles"), ("{min_angle: -50, max_angle: 80}", "4 angles")]
    {
        let set = format!("phi_filtering={{enabled: true, target_ranges: [{range}]}}");
        let done = homodyne(folder, &["ingest", "--config", "c.yaml", "--set", &set]);
        assert!(stderr(&done).contains(&format!("({kept}, ")), "{range}: {}", stderr(&done));
    }
}
