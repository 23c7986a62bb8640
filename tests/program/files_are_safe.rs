//! The program replaces files of the user only on request.

use crate::program::{homodyne, stderr};

#[test]
fn files_are_replaced_only_with_force_and_links_never() {
    let folder = tempfile::tempdir().expect("folder");
    let simulate = ["simulate", "--frames", "20", "--angles", "1", "--noise", "0", "--out", "data.h5"];
    let init = ["config", "init", "static", "-o", "my.yaml"];
    for (words, name) in [(&simulate[..], "data.h5"), (&init[..], "my.yaml")] {
        let path = folder.path().join(name);
        std::fs::write(&path, "a thesis").expect("written");
        let refused = homodyne(folder.path(), words);
        let line = stderr(&refused);
        assert_eq!((refused.status.code(), line.lines().count()), (Some(2), 1), "{line}");
        assert!(line.contains("[E78]") && line.contains(name) && line.contains("--force"), "{line}");
        assert_eq!(std::fs::read_to_string(&path).expect("kept"), "a thesis");
        assert!(homodyne(folder.path(), &[words, &["--force"]].concat()).status.success());
        assert_ne!(std::fs::read(&path).expect("replaced"), b"a thesis");
        std::fs::rename(&path, folder.path().join("real")).expect("moved");
        std::os::unix::fs::symlink("real", &path).expect("link");
        let refused = homodyne(folder.path(), &[words, &["--force"]].concat());
        assert!(stderr(&refused).contains("is a symbolic link"), "{}", stderr(&refused));
        std::fs::remove_file(&path).expect("removed");
        assert!(homodyne(folder.path(), words).status.success(), "a new name needs no --force");
        let left = std::fs::read_dir(folder.path()).expect("folder").flatten();
        assert!(left.into_iter().all(|entry| !entry.file_name().to_string_lossy().starts_with('.')));
    }
    let written = std::fs::read_to_string(folder.path().join("my.yaml")).expect("written");
    let printed = homodyne(folder.path(), &["config", "init", "static"]);
    assert_eq!(written.as_bytes(), printed.stdout);
}

#[test]
fn altered_stores_and_results_are_noticed() {
    let folder = tempfile::tempdir().expect("folder");
    let simulate = ["simulate", "--mode", "static", "--frames", "90", "--angles", "3", "--out", "data.h5"];
    assert!(homodyne(folder.path(), &simulate).status.success());
    let config = "analysis_mode: static\nexperimental_data: {file_path: data.h5}\nstore: {directory: store}\n\
                  analyzer_parameters: {scattering: {wavevector_q: 0.0054}}\n";
    std::fs::write(folder.path().join("c.yaml"), config).expect("config");
    let run = |words: &[&str]| homodyne(folder.path(), &[&["run", "c.yaml"], words].concat());
    let first = run(&[]);
    assert!(first.status.success(), "{}", stderr(&first));
    assert!(stderr(&run(&[])).contains("nothing changed: reusing"));
    let results = std::fs::read_dir(folder.path().join("results")).expect("results").flatten();
    let is_run = |path: &std::path::PathBuf| path.join("run.json").is_file();
    let results = results.map(|entry| entry.path()).find(is_run).expect("a run directory");
    let parameters = std::fs::read_to_string(results.join("parameters.json")).expect("written");
    std::fs::write(results.join("parameters.json"), parameters.replace("converged", "poor_fit")).expect("altered");
    let again = run(&[]);
    assert!(stderr(&again).contains("parameters.json is not as it was written: fitting anew"), "{}", stderr(&again));
    assert_eq!(std::fs::read_to_string(results.join("parameters.json")).expect("anew"), parameters);
    let partition = folder.path().join("store/c2/phi=-90.0/c2.arrow");
    let mut content = std::fs::read(&partition).expect("partition");
    let middle = content.len() / 2;
    content[middle] ^= 0x10;
    std::fs::write(&partition, content).expect("altered");
    let refused = run(&["--set", "optimization.nlsq.ftol=1e-9", "-q"]);
    let line = stderr(&refused);
    assert_eq!((refused.status.code(), line.lines().count()), (Some(2), 1), "{line}");
    assert!(line.contains("[E72]") && line.contains("phi=-90.0") && line.contains("ingest --verify"), "{line}");
    let believed = run(&["--set", "optimization.nlsq.ftol=1e-9", "--no-verify"]);
    assert!(stderr(&believed).contains("are not compared with their checksums"), "{}", stderr(&believed));
    let written = std::fs::read_dir(folder.path().join("results")).expect("results").flatten();
    let records = written.filter_map(|entry| std::fs::read_to_string(entry.path().join("run.json")).ok());
    assert!(records.into_iter().any(|record| record.contains("\"store_verified\": false")));
    assert!(homodyne(folder.path(), &["ingest", "--config", "c.yaml", "--verify"]).status.success());
    assert!(run(&["--set", "optimization.nlsq.ftol=1e-9", "--set", "optimization.nlsq.xtol=1e-9"]).status.success());
}
