//! The program, run as users run it.

use assert_cmd::Command;
use std::path::Path;
use std::process::Output;

/// Laminar flow on `data.h5`, for a configuration in the same folder.
pub const LAMINAR_CONFIG: &str = "\
analysis_mode: laminar_flow
analyzer_parameters:
  scattering: {wavevector_q: 0.0054}
  geometry: {stator_rotor_gap: 2000000}
experimental_data: {file_path: data.h5}
";

/// Runs the program in a folder.
pub fn homodyne(folder: &Path, words: &[&str]) -> Output {
    let mut command = Command::cargo_bin("homodyne").expect("built");
    command.current_dir(folder).env_remove("RUST_LOG").args(words).output().expect("run")
}

/// A folder with static data `data.h5`, simulated as more words say, and a configuration `c.yaml`.
pub fn folder_with_data(config: &str, more: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("folder");
    let words = [&["simulate", "--mode", "static", "--out", "data.h5"], more].concat();
    assert!(homodyne(folder.path(), &words).status.success());
    std::fs::write(folder.path().join("c.yaml"), config).expect("config");
    folder
}

/// What the program has said on stderr.
pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Names of staging files and folders that were left behind.
pub fn remains(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("folder").flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter(|name| name.contains("staging")).collect()
}
