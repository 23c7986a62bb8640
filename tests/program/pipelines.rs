//! Every file in `pipelines/` runs on the shipped sample and finds its truth; what has not changed is reused.

use crate::program::{homodyne, remains};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// The truth of data/SOURCES.md.
const TRUTH: [(&str, f64); 7] = [
    ("D0", 19_000.0),
    ("alpha", -0.35),
    ("D_offset", 900.0),
    ("gamma_dot_t0", 0.0013),
    ("beta", 0.25),
    ("gamma_dot_t_offset", 0.000_15),
    ("phi0", -6.5),
];

fn shipped() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("pipelines");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("pipelines").flatten().map(|entry| entry.path()).collect();
    // Below folders lie configurations that need another tool first.
    files.retain(|file| file.is_file());
    files.sort();
    assert!(files.len() >= 2);
    files
}

#[test]
fn every_pipeline_runs_and_finds_the_truth_of_the_sample() {
    for file in shipped() {
        let folder = tempfile::tempdir().expect("folder");
        let output = homodyne(folder.path(), &["run", &file.display().to_string(), "--json", "--quiet"]);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{}: {error}", file.display());
        let result: Value = serde_json::from_slice(&output.stdout).expect("JSON on stdout, and nothing else");
        assert_eq!(result["verdict"], "converged");
        for (name, truth) in TRUTH {
            let Some(found) = result["parameters"].get(name) else { continue };
            let (value, error) =
                (found["value"].as_f64().expect("value"), found["uncertainty"].as_f64().expect("determined"));
            assert!((value - truth).abs() < 4.0 * error, "{name}: {value} +- {error}, truth {truth}");
        }
    }
}

#[test]
fn a_run_directory_holds_what_is_promised_and_is_reused() {
    let folder = tempfile::tempdir().expect("folder");
    let file = shipped()[0].display().to_string();
    assert!(homodyne(folder.path(), &["run", &file]).status.success());
    let run = std::fs::read_dir(folder.path().join("results")).expect("results").flatten().map(|entry| entry.path());
    let run = run.into_iter().find(|path| path.join("run.json").is_file()).expect("a run directory");
    for name in
        ["parameters.json", "parameters.parquet", "per_angle.parquet", "iterations.parquet", "run.json", "log.txt"]
    {
        assert!(run.join(name).metadata().is_ok_and(|metadata| metadata.len() > 0), "{name}");
    }
    let json: Value = serde_json::from_slice(&std::fs::read(run.join("run.json")).expect("run.json")).expect("JSON");
    for pointer in [
        "/sweep/pairs_per_second",
        "/sweep/pairs",
        "/memory/peak_rss_anon_bytes",
        "/memory/peak_rss_bytes",
        "/stages/ingest/wall_seconds",
        "/stages/fit/wall_seconds",
        "/source_blake3",
        "/store_content_key",
        "/configuration/analysis_mode/origin",
        "/program",
    ] {
        assert!(json.pointer(pointer).is_some_and(|value| !value.is_null()), "{pointer}");
    }
    let before = run.join("run.json").metadata().expect("run.json").modified().expect("time");
    let again = homodyne(folder.path(), &["run", &file]);
    assert!(String::from_utf8_lossy(&again.stderr).contains("nothing changed"));
    assert_eq!(run.join("run.json").metadata().expect("run.json").modified().expect("time"), before);
    let other = homodyne(folder.path(), &["run", &file, "--set", "optimization.nlsq.max_iterations=99"]);
    assert!(
        !String::from_utf8_lossy(&other.stderr).contains("nothing changed"),
        "another configuration is another run"
    );
}

#[test]
fn results_are_the_same_bytes_for_any_threads_and_store_format() {
    let folder = tempfile::tempdir().expect("folder");
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("pipelines/laminar_flow.yaml").display().to_string();
    let mut first: Option<Vec<u8>> = None;
    for (threads, format) in [("1", "arrow"), ("2", "arrow"), ("7", "arrow"), ("1", "parquet"), ("7", "parquet")] {
        let store = format!("store-{format}");
        let words = ["fit", &file, "--store", &store, "--threads", threads, "--format", format, "--json", "--quiet"];
        let output = homodyne(folder.path(), &words);
        assert_eq!(output.status.code(), Some(0));
        match &first {
            None => first = Some(output.stdout),
            Some(first) => assert!(*first == output.stdout, "{threads} threads, {format}"),
        }
    }
}

/// Kills a process after a number of milliseconds, if it is still running.
fn kill_after(folder: &Path, words: &[&str], milliseconds: u64) {
    let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin!("homodyne"))
        .current_dir(folder)
        .args(words)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("started");
    std::thread::sleep(std::time::Duration::from_millis(milliseconds));
    let _ = child.kill();
    let _ = child.wait();
}

#[test]
fn a_killed_ingest_or_fit_leaves_nothing_half_done() {
    let folder = tempfile::tempdir().expect("folder");
    let simulate = ["simulate", "--frames", "500", "--angles", "8", "--out", "data.h5"];
    assert!(homodyne(folder.path(), &simulate).status.success());
    let config = "analysis_mode: laminar_flow\nanalyzer_parameters:\n  scattering: {wavevector_q: 0.0054}\n  geometry: {stator_rotor_gap: 2000000}\nexperimental_data: {file_path: data.h5}\n";
    std::fs::write(folder.path().join("c.yaml"), config).expect("config");
    for k in 0..10_u64 {
        let store = folder.path().join("s");
        let _ = std::fs::remove_dir_all(&store);
        kill_after(folder.path(), &["ingest", "--config", "c.yaml", "--store", "s"], 3 + k * 7);
        if store.exists() {
            let verified = homodyne(folder.path(), &["inspect", "s", "--verify"]);
            assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
        }
        assert!(homodyne(folder.path(), &["ingest", "--config", "c.yaml", "--store", "s"]).status.success());
        kill_after(folder.path(), &["fit", "c.yaml", "--store", "s"], 5 + k * 60);
        let runs = std::fs::read_dir(folder.path().join("results")).into_iter().flatten().flatten();
        for run in runs.filter(|run| !run.file_name().to_string_lossy().starts_with('.')) {
            assert!(run.path().join("run.json").is_file(), "a visible run is whole");
        }
    }
    assert_eq!(homodyne(folder.path(), &["fit", "c.yaml", "--store", "s"]).status.code(), Some(0));
    assert_eq!(remains(folder.path()), Vec::<String>::new());
}
