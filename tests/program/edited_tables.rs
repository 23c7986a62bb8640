//! Tables that Polars has made of stores are adopted and fitted, as `pipelines/edited` shows.

use crate::program::{homodyne, stderr};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

fn pipeline(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("pipelines/edited").join(name).display().to_string()
}

/// A Python that has Polars: that of the environment variable `PYTHON`, or `python3`.
fn python() -> Option<String> {
    let named = std::env::var("PYTHON").ok();
    let has_polars = |python: &String| {
        let output = Command::new(python).args(["-c", "import polars"]).output();
        output.is_ok_and(|output| output.status.success())
    };
    named.into_iter().chain(["python3".to_owned()]).find(has_polars)
}

fn succeeds(folder: &Path, words: &[&str]) -> Vec<u8> {
    let output = homodyne(folder, words);
    assert_eq!(output.status.code(), Some(0), "{words:?}: {}", stderr(&output));
    output.stdout
}

#[test]
fn repeats_are_averaged_with_polars_adopted_and_fitted() {
    let Some(python) = python() else {
        println!("skipped: no Python with Polars (set PYTHON)");
        return;
    };
    let place = tempfile::tempdir().expect("folder");
    let folder = place.path();
    let stores = ["one", "two", "three"];
    for (seed, store) in stores.iter().enumerate() {
        let seed = (seed + 1).to_string();
        let made = ["simulate", "--frames", "200", "--angles", "6", "--seed", &seed, "--out", "a.h5", "--force"];
        succeeds(folder, &made);
        succeeds(folder, &["ingest", "a.h5", "--store", store, "--format", "parquet", "--quiet"]);
    }
    let prepare = pipeline("prepare.py");
    let words = [&[prepare.as_str(), "edited"], &stores[..], &["--without", "60.0"]].concat();
    let prepared = Command::new(python).current_dir(folder).args(words).output().expect("run");
    assert!(prepared.status.success(), "{}", String::from_utf8_lossy(&prepared.stderr));
    succeeds(folder, &["adopt", "edited", "--out", "stores/edited", "--q", "0.0054"]);
    let facts: Vec<(String, String)> =
        serde_json::from_slice(&succeeds(folder, &["inspect", "stores/edited", "--json"])).expect("JSON");
    let sigma = facts.iter().find(|(name, _)| name == "phi = 0").expect("an angle").1.clone();
    let sigma: f64 = sigma.split([' ', ';']).nth(1).expect("a number").parse().expect("a number");
    assert!((sigma * 3.0_f64.sqrt() / 0.003 - 1.0).abs() < 0.05, "{sigma}");
    let fitted = succeeds(folder, &["fit", &pipeline("fit.yaml"), "--store", "stores/edited", "--json", "--quiet"]);
    let result: Value = serde_json::from_slice(&fitted).expect("JSON");
    assert_eq!((&result["verdict"], result["per_angle"].as_array().map(Vec::len)), (&"converged".into(), Some(5)));
    let found = &result["parameters"]["D0"];
    let (value, error) = (found["value"].as_f64().expect("value"), found["uncertainty"].as_f64().expect("determined"));
    assert!((value - 19_000.0).abs() < 4.0 * error, "{value} +- {error}");
}

#[test]
fn a_store_is_adopted_and_fitted_without_another_tool() {
    let place = tempfile::tempdir().expect("folder");
    let folder = place.path();
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/laminar_flow.h5").display().to_string();
    succeeds(folder, &["ingest", &sample, "--store", "sample", "--long", "--quiet"]);
    std::fs::remove_dir_all(folder.join("sample/c2/phi=83.5")).expect("a bad angle");
    let written = String::from_utf8(succeeds(folder, &["adopt", "sample/c2", "--out", "adopted", "--quiet"]));
    assert_eq!(written.as_deref(), Ok("store written: adopted\n"));
    assert!(succeeds(folder, &["adopt", "sample/c2", "--out", "adopted"]).starts_with(b"store up to date"));
    succeeds(folder, &["run", &pipeline("fit.yaml"), "--set", "store.directory=adopted", "--quiet"]);
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("pipelines/laminar_flow.yaml").display().to_string();
    // The file that the configuration does not name is not missed.
    succeeds(
        folder,
        &["run", &pipeline("fit.yaml"), "--set", "pipeline.stages=[ingest, fit]", "--store", "adopted", "--quiet"],
    );
    let refused = homodyne(folder, &["fit", &shipped, "--store", "adopted"]);
    let line = stderr(&refused).lines().last().unwrap_or_default().to_owned();
    assert!(refused.status.code() == Some(2) && line.contains("[E76]") && line.contains("file_path=null"), "{line}");
    let words = ["fit", &shipped, "--store", "adopted", "--set", "experimental_data.file_path=null"];
    succeeds(folder, &words);
    for words in [["--q", "0"], ["--dt", "nan"], ["--gap", "-1"], ["--block-points", "3"]] {
        let refused = homodyne(folder, &[&["adopt", "sample/c2", "--out", "x"], &words[..]].concat());
        assert_eq!((refused.status.code(), refused.stdout.len()), (Some(2), 0), "{words:?}");
    }
}
