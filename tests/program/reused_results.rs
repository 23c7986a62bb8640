//! Earlier results stand for new ones only if a run would give the same now; `latest` is a link of this program, or left alone.

use crate::program::{folder_with_data, homodyne, stderr};
use std::path::{Path, PathBuf};

const CONFIG: &str = "analysis_mode: static\nexperimental_data: {file_path: data.h5}\nstore: {directory: S}\n\
                      analyzer_parameters: {scattering: {wavevector_q: 0.0054}}\n";

fn folder() -> tempfile::TempDir {
    folder_with_data(CONFIG, &["--frames", "60", "--angles", "2"])
}

/// What a run says on stderr, and its results.
fn run(folder: &Path, words: &[&str]) -> (String, PathBuf) {
    let done = homodyne(folder, &[&["run", "c.yaml"], words].concat());
    assert!(done.status.code().is_some_and(|code| code < 2), "{}", stderr(&done));
    (stderr(&done), std::fs::canonicalize(folder.join("results/latest")).expect("results"))
}

fn record(results: &Path) -> String {
    std::fs::read_to_string(results.join("run.json")).expect("run.json")
}

#[test]
fn a_verified_run_does_not_take_what_was_not_verified() {
    let folder = folder();
    let folder = folder.path();
    let (_, results) = run(folder, &["--no-verify"]);
    assert!(record(&results).contains("\"store_verified\": false"));
    let (told, results) = run(folder, &[]);
    assert!(told.contains("without comparing the store with its checksums: fitting anew"), "{told}");
    assert!(record(&results).contains("\"store_verified\": true"));
    for words in [&[][..], &["--no-verify"]] {
        let (told, again) = run(folder, words);
        assert!(told.contains("nothing changed: reusing") && again == results, "{words:?}: {told}");
        assert!(record(&again).contains("\"store_verified\": true"));
    }
}

#[test]
fn a_record_that_was_changed_is_not_reused_and_kept_aside() {
    let folder = folder();
    let folder = folder.path();
    let (_, results) = run(folder, &[]);
    let written = record(&results);
    let changed = written.replace("\"value\": \"0.0054\"", "\"value\": \"0.0064\"");
    assert_ne!(changed, written, "the configuration in force stands in it");
    std::fs::write(results.join("run.json"), &changed).expect("changed");
    let (told, anew) = run(folder, &[]);
    assert!(told.contains("run.json is not as it was written: fitting anew"), "{told}");
    assert!(anew == results && record(&anew).contains("\"value\": \"0.0054\""));
    assert_eq!(record(Path::new(&format!("{}-changed-1", results.display()))), changed);
    assert!(run(folder, &[]).0.contains("nothing changed: reusing"));
}

#[test]
fn latest_leads_to_results_that_are_there_and_a_link_of_the_user_is_left_alone() {
    let folder = folder();
    let folder = folder.path();
    let link = folder.join("results/latest");
    let (_, first) = run(folder, &[]);
    let (_, second) = run(folder, &["--set", "optimization.nlsq.ftol=1e-9"]);
    let name = |results: &Path| results.file_name().expect("a name").to_string_lossy().into_owned();
    for (removed, left) in [(&second, Some(&first)), (&first, None)] {
        assert!(homodyne(folder, &["runs", "remove", &name(removed)]).status.success());
        assert_eq!(std::fs::canonicalize(&link).ok().as_ref(), left);
    }
    assert!(link.symlink_metadata().is_err(), "no link that leads nowhere");
    std::fs::create_dir(folder.join("mine")).expect("folder");
    std::os::unix::fs::symlink("../mine", &link).expect("a link of the user");
    let done = homodyne(folder, &["run", "c.yaml"]);
    assert!(done.status.success() && stderr(&done).contains("results/latest does not lead to these results"));
    assert_eq!(std::fs::read_link(&link).expect("a link"), Path::new("../mine"));
}

#[test]
fn a_change_that_no_time_tells_is_found_before_results_are_reused() {
    // In memory, what is written through a map leaves no time.
    let Ok(folder) = tempfile::tempdir_in("/dev/shm") else { return };
    let folder = folder.path();
    let simulate = ["simulate", "--mode", "static", "--out", "data.h5", "--frames", "60", "--angles", "2"];
    assert!(homodyne(folder, &simulate).status.success());
    std::fs::write(folder.join("c.yaml"), CONFIG).expect("config");
    run(folder, &[]);
    let (told, _) = run(folder, &[]);
    assert!(told.contains("nothing changed: reusing"), "{told}");
    let partition = std::fs::read_dir(folder.join("S/c2")).expect("angles").flatten().next().expect("one");
    let file =
        std::fs::File::options().read(true).write(true).open(partition.path().join("c2.arrow")).expect("own file");
    // Nobody else has it open.
    let mut map = unsafe { memmap2::MmapMut::map_mut(&file) }.expect("mapped");
    let middle = map.len() / 2;
    map[middle] ^= 1;
    drop(map);
    let refused = homodyne(folder, &["run", "c.yaml"]);
    assert!(refused.status.code() == Some(2) && stderr(&refused).contains("[E72]"), "{}", stderr(&refused));
}
