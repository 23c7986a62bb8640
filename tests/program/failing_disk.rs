//! Whichever change of the disk fails, the first or the last: what was there is whole, or what is new is, and the next run succeeds.

use crate::program::{homodyne, remains, stderr};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const CONFIG: &str = "analysis_mode: static\nexperimental_data: {file_path: data.h5}\nstore: {directory: store}\n\
                      analyzer_parameters: {scattering: {wavevector_q: 0.0054}}\n";
/// ENOSPC and EACCES.
const ERRORS: [&str; 2] = ["28", "13"];
/// More changes than any of these commands makes.
const MANY: usize = 2000;

/// The library that makes changes fail; `None` where it cannot be built.
fn library(folder: &Path) -> Option<PathBuf> {
    let (source, built) =
        (Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/program/fail_nth.c"), folder.join("fail.so"));
    let compile =
        Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&built).arg(source).arg("-ldl").status();
    (cfg!(target_os = "linux") && compile.is_ok_and(|status| status.success())).then_some(built)
}

/// What becomes of a change of the disk.
#[derive(Debug, Clone, Copy, PartialEq)]
enum How {
    /// It fails, and later ones do not.
    Once,
    /// It fails, and so does every later one.
    FromThenOn,
    /// The program is killed in place of it.
    Killed,
    /// It fails once; removing a name is a change, too.
    WithRemovals,
}

/// The program with something wrong at its `nth` change of the disk, and whether it came to that.
fn failing(folder: &Path, words: &[&str], nth: usize, how: How) -> (Output, bool) {
    let mark = folder.join("mark");
    let _ = std::fs::remove_file(&mark);
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("homodyne"));
    command.current_dir(folder).args(words).env("LD_PRELOAD", folder.join("fail.so"));
    command.env("FAIL_AT", nth.to_string()).env("FAIL_ERRNO", ERRORS[nth % 2]).env("FAIL_MARK", &mark);
    match how {
        How::Once => {}
        How::FromThenOn => drop(command.env("FAIL_ON", "1")),
        How::Killed => drop(command.env("FAIL_KILL", "1")),
        How::WithRemovals => drop(command.env("FAIL_REMOVALS", "1")),
    }
    (command.output().expect("run"), mark.exists())
}

fn prepared() -> Option<tempfile::TempDir> {
    let folder = tempfile::tempdir().expect("folder");
    let simulate = ["simulate", "--mode", "static", "--frames", "40", "--angles", "2", "--out", "data.h5"];
    assert!(homodyne(folder.path(), &simulate).status.success());
    std::fs::write(folder.path().join("c.yaml"), CONFIG).expect("config");
    if library(folder.path()).is_none() {
        println!("not tested: there is no C compiler, or this is not Linux");
        return None;
    }
    Some(folder)
}

/// Number of frames of the store, all of whose checksums are right.
fn whole_store(folder: &Path) -> String {
    let told = homodyne(folder, &["inspect", "store", "--verify"]);
    assert!(told.status.success(), "{}", stderr(&told));
    let text = String::from_utf8(told.stdout).expect("text");
    text.lines()
        .find(|line| line.starts_with("frames "))
        .expect("frames")
        .split_whitespace()
        .last()
        .expect("number")
        .into()
}

#[test]
fn an_ingest_leaves_the_old_store_or_the_new_one() {
    let Some(folder) = prepared() else { return };
    let folder = folder.path();
    for frames in ["30", "36"] {
        let simulate = ["simulate", "--mode", "static", "--frames", frames, "--angles", "2", "--out", frames];
        assert!(homodyne(folder, &simulate).status.success());
    }
    // Two states of one file: the later one takes the place of the earlier.
    let data = |frames: &str| std::fs::copy(folder.join(frames), folder.join("data.h5")).expect("copied");
    let ingest = ["ingest", "--config", "c.yaml", "-q", "--threads", "1"];
    for how in [How::Once, How::FromThenOn] {
        let (mut came, mut kept) = (0, 0);
        for nth in 1..MANY {
            data("30");
            assert!(homodyne(folder, &ingest).status.success());
            data("36");
            let (output, failed) = failing(folder, &ingest, nth, how);
            if !failed {
                assert!(output.status.success(), "{}", stderr(&output));
                break;
            }
            came += 1;
            let frames = whole_store(folder);
            let line = stderr(&output);
            match output.status.code() {
                Some(0) => assert_eq!(frames, "36", "change {nth}"),
                Some(2) => {
                    assert!(line.lines().count() == 1 && ["30", "36"].contains(&&*frames), "change {nth}: {line}")
                }
                code => panic!("change {nth}: {code:?} {line}"),
            }
            kept += usize::from(frames == "30");
        }
        assert!(came > 15 && kept > 10, "{came} changes, {kept} times the old store");
        assert!(homodyne(folder, &ingest).status.success());
        assert!(remains(folder).is_empty(), "{:?}", remains(folder));
    }
}

#[test]
fn a_run_leaves_whole_results_or_none() {
    let Some(folder) = prepared() else { return };
    let folder = folder.path();
    let words = ["run", "c.yaml", "-q", "--threads", "1"];
    let good = homodyne(folder, &words);
    assert!(good.status.success(), "{}", stderr(&good));
    let latest = || std::fs::read_to_string(folder.join("results/latest/parameters.json")).expect("results");
    let whole = latest();
    for how in [How::Once, How::FromThenOn] {
        let (mut came, mut ended, mut undrawn) = (0, 0, 0);
        for nth in 1..MANY {
            std::fs::remove_dir_all(folder.join("results")).expect("removed");
            let (output, failed) = failing(folder, &words, nth, how);
            let line = stderr(&output);
            if !failed {
                assert!(output.status.success(), "{line}");
                break;
            }
            came += 1;
            assert!(matches!(output.status.code(), Some(0 | 2 | 3)), "change {nth}: {line}");
            assert!(line.lines().count() <= 1, "change {nth}: {line}");
            // Numbers without the page that was asked for: what is lost is told, and what is not.
            if output.status.code() == Some(3) {
                assert!(line.contains("the report could not be drawn") && line.contains("homodyne report"), "{line}");
                undrawn += 1;
            }
            ended += usize::from(output.status.code() == Some(2));
            // Whatever is there can be taken for results: they are whole and reused, or there are none.
            let again = homodyne(folder, &["run", "c.yaml"]);
            assert!(again.status.success(), "change {nth}: {}", stderr(&again));
            assert!(!stderr(&again).contains("is not as it was written"), "change {nth}");
            assert_eq!(latest(), whole, "change {nth}");
            assert!(
                remains(&folder.join("results")).is_empty(),
                "change {nth}: {:?}",
                remains(&folder.join("results"))
            );
        }
        assert!(came > 20 && ended > 10, "{came} changes, {ended} ends");
        assert!(undrawn > 3 || how == How::Once, "{undrawn} without a report");
    }
}

#[test]
fn a_run_that_is_killed_leaves_nothing_that_stays() {
    let Some(folder) = prepared() else { return };
    let folder = folder.path();
    // The store among the results, as it is usually.
    let words = ["run", "c.yaml", "-q", "--threads", "1", "--set", "store.directory=null"];
    let usual = homodyne(folder, &words);
    assert!(usual.status.success(), "{}", stderr(&usual));
    let latest = || std::fs::read_to_string(folder.join("results/latest/parameters.json")).expect("results");
    let whole = latest();
    let mut came = 0;
    // Every change is another state of the disk; a few are enough to tell.
    for nth in (1..MANY).step_by(2) {
        std::fs::remove_dir_all(folder.join("results")).expect("removed");
        if !failing(folder, &words, nth, How::Killed).1 {
            break;
        }
        came += 1;
        for _ in 0..2 {
            let again = homodyne(folder, &words);
            assert!(again.status.success(), "change {nth}: {}", stderr(&again));
            assert_eq!(latest(), whole, "change {nth}");
        }
        for place in ["results", "results/stores", "results/latest"].map(|place| folder.join(place)) {
            assert!(remains(&place).is_empty(), "change {nth}: {:?}", remains(&place));
        }
    }
    assert!(came > 10, "{came} changes");
}

/// Names of all files and folders below a folder.
fn names_below(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> =
        std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    let inner: Vec<PathBuf> = found.iter().filter(|path| path.is_dir() && !path.is_symlink()).cloned().collect();
    found.extend(inner.iter().flat_map(|path| names_below(path)));
    found.sort();
    found
}

#[test]
fn what_is_removed_is_gone_whole_or_there_whole() {
    let Some(folder) = prepared() else { return };
    let folder = folder.path();
    let run = ["run", "c.yaml", "-q", "--set", "store.directory=null"];
    for what in ["stores", "runs"] {
        let (mut came, mut whole, mut left) = (0, 0, 0);
        for nth in 1..MANY {
            assert!(homodyne(folder, &run).status.success());
            let place = std::fs::canonicalize(folder.join("results/latest")).expect("results");
            let place = if what == "runs" { place } else { names_below(&folder.join("results/stores")).remove(0) };
            let before = names_below(&place);
            let name = place.file_name().expect("a name").to_string_lossy().into_owned();
            let (output, failed) = failing(folder, &[what, "remove", &name], nth, How::WithRemovals);
            if !failed {
                assert!(output.status.success(), "{}", stderr(&output));
                break;
            }
            came += 1;
            let (line, parent) = (stderr(&output), place.parent().expect("a folder"));
            match place.exists() {
                true => {
                    assert_eq!((names_below(&place), output.status.code()), (before, Some(2)), "change {nth}: {line}");
                    whole += 1;
                }
                false if output.status.success() => {
                    assert_eq!(
                        line.contains("the next run tries again"),
                        remains(parent).len() > 1,
                        "change {nth}: {line}"
                    );
                    left += usize::from(!line.is_empty());
                }
                false => assert!(line.contains("latest"), "change {nth}: {line}"),
            }
            assert!(homodyne(folder, &run).status.success());
            assert!(remains(parent).is_empty(), "change {nth}: {:?}", remains(parent));
        }
        assert!(whole > 0 && left > 3, "{what}: {came} changes, {whole} times whole, {left} times left behind");
    }
}
