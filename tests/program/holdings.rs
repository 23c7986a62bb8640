//! Stores and results of an output folder: each selection has its own, they are listed, found again and removed.

use crate::program::{homodyne, stderr};
use std::path::{Path, PathBuf};

const CONFIG: &str = "analysis_mode: static\nexperimental_data: {file_path: data.h5}\n\
                      analyzer_parameters: {scattering: {wavevector_q: 0.0054}}\n";

fn folder_with_data(q: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("folder");
    let simulate = ["simulate", "--mode", "static", "--frames", "90", "--angles", "3", "--q", q, "--out", "data.h5"];
    assert!(homodyne(folder.path(), &simulate).status.success());
    std::fs::write(folder.path().join("c.yaml"), CONFIG).expect("config");
    folder
}

fn listed(folder: &Path, what: &str) -> Vec<serde_json::Value> {
    let listed = homodyne(folder, &[what, "--json"]);
    assert!(listed.status.success(), "{}", stderr(&listed));
    serde_json::from_slice(&listed.stdout).expect("JSON")
}

fn text<'a>(value: &'a serde_json::Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

#[test]
fn another_selection_is_another_store_and_results_know_theirs() {
    let folder = folder_with_data("0.0054");
    let run = |words: &[&str]| {
        let done = homodyne(folder.path(), &[&["run", "c.yaml"], words].concat());
        assert!(done.status.success(), "{}", stderr(&done));
        stderr(&done)
    };
    let latest = || std::fs::read_link(folder.path().join("results/latest")).expect("a link");
    run(&[]);
    let first = latest();
    run(&["--set", "analyzer_parameters.end_frame=80"]);
    let second = latest();
    assert_ne!(first, second);
    assert!(run(&[]).contains("nothing changed: reusing"), "the first store and result are still there");
    assert_eq!(latest(), first, "the ones asked for last");
    let (stores, runs) = (listed(folder.path(), "stores"), listed(folder.path(), "runs"));
    assert_eq!((stores.len(), runs.len()), (2, 2));
    for (store, run) in stores.iter().map(|store| (store, runs.iter().find(|run| run["store_key"] == store["key"]))) {
        let run = run.expect("each store has its result");
        assert_eq!(store["used_by"], serde_json::json!([run["id"]]));
        assert!(store["source_is_there"] == true && store["bytes"].as_u64() > Some(0));
        let (place, named) = (Path::new(text(store, "directory")), Path::new(text(run, "store")));
        assert_eq!(folder.path().join(place).canonicalize().expect("there"), named);
        assert!(text(store, "directory").ends_with(&text(store, "key")[..12]), "{store}");
        assert!(text(run, "id").ends_with(&text(run, "key")[..8]) && text(run, "id").starts_with("20"), "{run}");
    }
    let selected: Vec<&str> = stores.iter().map(|store| text(store, "selection")).collect();
    assert!(selected.iter().any(|selection| selection.contains("end_frame 80")), "{selected:?}");

    // The tree moves: results still find their stores.
    std::fs::rename(folder.path().join("results"), folder.path().join("moved")).expect("moved");
    let moved = homodyne(folder.path(), &["runs", "--output", "moved"]);
    let lines = String::from_utf8(moved.stdout).expect("text");
    assert!(lines.lines().count() == 2 && !lines.contains("gone"), "{lines}");
}

#[test]
fn stores_and_results_are_removed_by_key_and_nothing_else_is() {
    let folder = folder_with_data("0.0054");
    assert!(homodyne(folder.path(), &["run", "c.yaml", "-q"]).status.success());
    let store = listed(folder.path(), "stores").remove(0);
    let (key, place) = (text(&store, "key"), PathBuf::from(text(&store, "directory")));
    let place = folder.path().join(place);
    let removed = |words: &[&str]| homodyne(folder.path(), words);
    std::fs::create_dir(folder.path().join("empty")).expect("folder");
    let nothing = stderr(&removed(&["runs", "remove", "x", "--output", "empty"]));
    assert!(nothing.contains("of what is there, and there is nothing; "), "{nothing}");
    assert_eq!(removed(&["stores", "remove", "xyz"]).status.code(), Some(2));
    // A foreign file in it is kept.
    std::fs::write(place.join("thesis.tex"), b"precious").expect("written");
    let refused = removed(&["stores", "remove", &key[..8]]);
    assert!(refused.status.code() == Some(2) && stderr(&refused).contains("thesis.tex"), "{}", stderr(&refused));
    std::fs::remove_file(place.join("thesis.tex")).expect("removed");
    // The last place of data is removed only on request.
    std::fs::rename(folder.path().join("data.h5"), folder.path().join("away.h5")).expect("renamed");
    let refused = removed(&["stores", "remove", &key[..8]]);
    assert!(refused.status.code() == Some(2) && stderr(&refused).contains("--force"), "{}", stderr(&refused));
    assert!(place.is_dir());
    // Without its file the store is still what the configuration asks for; a file of another name is another.
    let again = homodyne(folder.path(), &["run", "c.yaml"]);
    assert!(again.status.success() && stderr(&again).contains("is gone: taking the store"), "{}", stderr(&again));
    let other = homodyne(folder.path(), &["run", "c.yaml", "--set", "experimental_data.file_path=other.h5"]);
    assert!(other.status.code() == Some(2) && stderr(&other).contains("E01"), "{}", stderr(&other));
    assert!(removed(&["stores", "remove", &key[..8], "--force"]).status.success());
    assert!(!place.exists());
    let id = text(&listed(folder.path(), "runs")[0], "id").to_owned();
    assert!(removed(&["runs", "remove", &id]).status.success());
    assert_eq!((listed(folder.path(), "stores").len(), listed(folder.path(), "runs").len()), (0, 0));
    let mut left: Vec<String> = std::fs::read_dir(folder.path().join("results"))
        .expect("folder")
        .map(|entry| entry.expect("entry").file_name().to_string_lossy().into_owned())
        .collect();
    left.sort();
    assert_eq!(left, ["stores"], "nothing is left behind");
}

#[test]
fn stores_of_many_q_and_plain_ones_never_contain_one_another() {
    let folder = folder_with_data("0.0054,0.007");
    let run = |words: &[&str]| homodyne(folder.path(), &[&["run", "c.yaml", "-q"], words].concat());
    assert!(run(&["--store", "plain"]).status.success());
    let refused = run(&["--store", "plain", "--q", "all"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(!folder.path().join("plain/q=0.0054").exists());
    assert!(run(&["--store", "both", "--q", "all"]).status.success());
    let refused = run(&["--store", "both"]);
    let told = "[E70] both: holds stores of several q and is none itself: q=0.0054, q=0.007; ";
    let line = stderr(&refused);
    assert!(refused.status.code() == Some(2) && line.contains(told), "{line}");
    assert!(line.contains("name one of them, for instance both/q=0.0054, or another directory"), "{line}");
    assert!(folder.path().join("both/q=0.007/c2").is_dir());
    assert!(run(&["--q", "all"]).status.success() && run(&[]).status.success(), "the default places differ");
    assert_eq!(listed(folder.path(), "stores").len(), 6, "one plain and two by q, named and by default");
    let table = std::fs::read_link(folder.path().join("results/latest")).expect("a link");
    assert!(!table.to_string_lossy().contains("q_table"), "the plain run was the last");
}
