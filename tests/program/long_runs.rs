//! Long runs end well: interrupted with the best so far, killed and resumed to the same bits, never resumed onto other data.

use crate::program::{LAMINAR_CONFIG, homodyne, remains};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// A start far enough from the truth for several iterations.
const START: &str = "\
initial_parameters: {values: [1000.0, 0.5, 0.0, 0.02, -0.5, 0.0, 3.0]}
optimization: {nlsq: {cmaes: {enable: false}, ftol: 1.0e-12}}
";

/// The checkpoint of the only fit in a folder.
fn checkpoint(folder: &Path) -> Option<PathBuf> {
    let entries = std::fs::read_dir(folder.join("results")).into_iter().flatten().flatten();
    let is_one = |path: &PathBuf| path.to_string_lossy().ends_with(".checkpoint.json");
    entries.map(|entry| entry.path()).find(is_one)
}

fn start(folder: &Path, words: &[&str]) -> Child {
    std::process::Command::new(assert_cmd::cargo::cargo_bin!("homodyne"))
        .current_dir(folder)
        .args(words)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("started")
}

/// A folder with data, configuration and store. Scalar-slow it is not: one thread makes the fit last long enough to hit.
fn prepared() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("folder");
    let simulate = ["simulate", "--frames", "700", "--angles", "10", "--out", "data.h5"];
    assert!(homodyne(folder.path(), &simulate).status.success());
    std::fs::write(folder.path().join("c.yaml"), format!("{LAMINAR_CONFIG}{START}")).expect("config");
    assert!(homodyne(folder.path(), &["ingest", "--config", "c.yaml", "--store", "s"]).status.success());
    folder
}

const FIT: [&str; 7] = ["fit", "c.yaml", "--store", "s", "--threads", "1", "--json"];

fn parameters(output: &std::process::Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("JSON on stdout: {}", String::from_utf8_lossy(&output.stderr)))
}

/// Waits until the checkpoint holds at least `evaluations`; false if the program has ended first.
fn wait_for(folder: &Path, child: &mut Child, evaluations: u64) -> bool {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let text = checkpoint(folder).and_then(|path| std::fs::read_to_string(path).ok()).unwrap_or_default();
        let known = serde_json::from_str::<Value>(&text).ok().and_then(|json| json["content"]["iteration"].as_u64());
        if known.is_some_and(|known| known >= evaluations) {
            return true;
        }
        if child.try_wait().expect("a child").is_some() {
            return false;
        }
        assert!(Instant::now() < deadline, "no checkpoint");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn killed_at_five_moments_and_resumed_the_bits_are_those_of_an_undisturbed_run() {
    let folder = prepared();
    let undisturbed = parameters(&homodyne(folder.path(), &FIT));
    assert!(checkpoint(folder.path()).is_none(), "a finished fit leaves no checkpoint");
    let mut resumed_from_a_checkpoint = 0;
    for moment in 1..=5 {
        let _ = std::fs::remove_dir_all(folder.path().join("results"));
        let mut child = start(folder.path(), &FIT);
        let killed = wait_for(folder.path(), &mut child, 1 + moment);
        let _ = child.kill();
        let _ = child.wait();
        let visible = std::fs::read_dir(folder.path().join("results")).into_iter().flatten().flatten();
        for entry in visible.filter(|entry| !entry.file_name().to_string_lossy().starts_with('.')) {
            assert!(entry.path().join("run.json").is_file(), "nothing half-written is visible");
        }
        let mut words = FIT.to_vec();
        words.push("--resume");
        let again = homodyne(folder.path(), &words);
        let told = String::from_utf8_lossy(&again.stderr).into_owned();
        assert_eq!(told.contains("resuming after"), killed, "{told}");
        resumed_from_a_checkpoint += u32::from(killed);
        assert_eq!(parameters(&again), undisturbed, "moment {moment}");
    }
    // On a busy machine a kill may come after the end; most must come in time for the test to mean something.
    assert!(resumed_from_a_checkpoint >= 3, "{resumed_from_a_checkpoint} of 5 were killed in time");
}

#[test]
fn a_checkpoint_of_another_configuration_or_store_is_refused() {
    let folder = prepared();
    let mut child = start(folder.path(), &FIT);
    assert!(wait_for(folder.path(), &mut child, 3));
    let _ = child.kill();
    let _ = child.wait();
    let resume = |extra: &[&str]| homodyne(folder.path(), &[&FIT[..], &["--resume"], extra].concat());
    let other = resume(&["--set", "optimization.nlsq.max_iterations=77"]);
    let line = String::from_utf8_lossy(&other.stderr).into_owned();
    assert_eq!(other.status.code(), Some(2), "{line}");
    assert!(line.contains("another configuration") && line.contains("without --resume"), "{line}");
    let ingest = ["ingest", "--config", "c.yaml", "--store", "t", "--set", "analyzer_parameters.end_frame=600"];
    assert!(homodyne(folder.path(), &ingest).status.success());
    let other = homodyne(folder.path(), &["fit", "c.yaml", "--store", "t", "--resume"]);
    let line = String::from_utf8_lossy(&other.stderr).into_owned();
    assert_eq!(other.status.code(), Some(2), "{line}");
    assert!(line.contains("[E76]") && line.contains("end_frame is -1 in the configuration and 600 in"), "{line}");
    assert!(checkpoint(folder.path()).is_some(), "a refusal destroys nothing");
}

fn signal(child: &Child, name: &str) {
    let sent = std::process::Command::new("kill").args([name, &child.id().to_string()]).status();
    assert!(sent.expect("kill").success());
}

#[test]
fn sigint_and_sigterm_end_with_the_best_so_far_and_resume_goes_on() {
    let folder = prepared();
    let undisturbed = parameters(&homodyne(folder.path(), &FIT));
    for name in ["-INT", "-TERM"] {
        let _ = std::fs::remove_dir_all(folder.path().join("results"));
        let mut child = start(folder.path(), &FIT);
        assert!(wait_for(folder.path(), &mut child, 3));
        signal(&child, name);
        let output = child.wait_with_output().expect("ended");
        assert_eq!(output.status.code(), Some(130), "{}", String::from_utf8_lossy(&output.stderr));
        let found = parameters(&output);
        assert_eq!(found["verdict"], "interrupted");
        assert!(found["parameters"]["D0"]["value"].is_number(), "the best so far");
        assert_eq!(found["uncertainty_method"], "plain");
        assert!(checkpoint(folder.path()).is_some());
        let resumed = homodyne(folder.path(), &[&FIT[..], &["--resume"]].concat());
        assert_eq!(parameters(&resumed), undisturbed);
    }
}

#[test]
fn an_interrupted_run_tells_what_was_found_as_a_fit_does() {
    let folder = prepared();
    let robust = ["--set", "optimization.nlsq.loss=soft_l1"];
    let mut child = start(folder.path(), &[&["run"], &FIT[1..], &robust].concat());
    assert!(wait_for(folder.path(), &mut child, 3));
    signal(&child, "-INT");
    let output = child.wait_with_output().expect("ended");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert!(!said.contains("error:"), "{said}");
    let found = parameters(&output);
    assert_eq!(found["verdict"], "interrupted");
    // The loss is not chi-square.
    assert!(found["reduced_chi_squared"].is_null() && found["reduced_loss"].is_number(), "{found}");
}

#[test]
fn searches_hear_a_signal_too() {
    let folder = prepared();
    let multi_start = ["multi_start.enable=true", "multi_start.n_starts=100000", "multi_start.use_screening=false"];
    let evolution = ["cmaes.enable=true", "cmaes.max_generations=100000", "cmaes.popsize=1000", "cmaes.tol_fun=1e-300"];
    let large = ["cmaes.enable=true", "cmaes.popsize=1000000"];
    for (keys, most_seconds) in [(&multi_start[..], 30), (&evolution, 30), (&large, 10)] {
        let keys: Vec<String> = keys.iter().map(|key| format!("optimization.nlsq.{key}")).collect();
        let set = keys.iter().flat_map(|key| ["--set", key]);
        let mut child = start(folder.path(), &FIT.into_iter().chain(set).collect::<Vec<&str>>());
        // The local fit is long over by then, and the search would take hours.
        std::thread::sleep(Duration::from_secs(4));
        assert!(child.try_wait().expect("a child").is_none(), "{keys:?}");
        signal(&child, "-INT");
        let begin = Instant::now();
        let output = child.wait_with_output().expect("ended");
        assert_eq!(output.status.code(), Some(130), "{keys:?}: {}", String::from_utf8_lossy(&output.stderr));
        assert!(begin.elapsed() < Duration::from_secs(most_seconds), "{keys:?}: {:?}", begin.elapsed());
        assert_eq!(parameters(&output)["verdict"], "interrupted", "{keys:?}");
    }
}

#[test]
fn an_interrupted_ingest_leaves_nothing() {
    let folder = tempfile::tempdir().expect("folder");
    let simulate = ["simulate", "--frames", "600", "--angles", "24", "--out", "data.h5"];
    assert!(homodyne(folder.path(), &simulate).status.success());
    std::fs::write(folder.path().join("c.yaml"), format!("{LAMINAR_CONFIG}{START}")).expect("config");
    let child = start(folder.path(), &["ingest", "--config", "c.yaml", "--store", "s", "--threads", "1"]);
    std::thread::sleep(Duration::from_millis(40));
    signal(&child, "-INT");
    let output = child.wait_with_output().expect("ended");
    // Early enough it is interrupted, later it has finished: never anything between.
    match output.status.code() {
        Some(130) => assert!(!folder.path().join("s").exists()),
        code => assert_eq!(code, Some(0), "{}", String::from_utf8_lossy(&output.stderr)),
    }
    assert_eq!(remains(folder.path()), Vec::<String>::new());
}

#[test]
fn a_store_that_is_cut_short_during_a_fit_ends_it_with_one_line_and_keeps_the_checkpoint() {
    let folder = prepared();
    let mut child = start(folder.path(), &[&FIT[..], &["-q"]].concat());
    assert!(wait_for(folder.path(), &mut child, 2), "the fit was too fast to be disturbed");
    let partitions = std::fs::read_dir(folder.path().join("s/c2")).expect("partitions").flatten();
    for partition in partitions.map(|entry| entry.path().join("c2.arrow")) {
        let file = std::fs::File::options().write(true).open(partition).expect("there");
        file.set_len(1000).expect("cut");
    }
    let output = child.wait_with_output().expect("ended");
    let line = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.status.code(), line.lines().count()), (Some(2), 1), "{line}");
    assert!(line.contains("[E72]") && line.contains("was cut short"), "{line}");
    assert!(checkpoint(folder.path()).is_some(), "what was done is kept");
}
