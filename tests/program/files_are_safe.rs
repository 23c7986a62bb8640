//! The program replaces files of the user only on request.

use crate::program::{homodyne, remains, stderr};
use std::path::Path;
use std::process::{Command, Stdio};

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
    assert!(
        line.contains("[E72]") && line.contains("phi=-90.0") && line.contains("--force (`homodyne ingest`"),
        "{line}"
    );
    let believed = run(&["--set", "optimization.nlsq.ftol=1e-9", "--no-verify"]);
    assert!(stderr(&believed).contains("are not compared with their checksums"), "{}", stderr(&believed));
    let written = std::fs::read_dir(folder.path().join("results")).expect("results").flatten();
    let records = written.filter_map(|entry| std::fs::read_to_string(entry.path().join("run.json")).ok());
    assert!(records.into_iter().any(|record| record.contains("\"store_verified\": false")));
    let verified = homodyne(folder.path(), &["ingest", "--config", "c.yaml", "--verify", "-q"]);
    assert!(verified.status.code() == Some(2) && stderr(&verified).contains("[E72]"), "{}", stderr(&verified));
    assert!(homodyne(folder.path(), &["ingest", "--config", "c.yaml", "--force"]).status.success());
    assert!(run(&["--set", "optimization.nlsq.ftol=1e-9", "--set", "optimization.nlsq.xtol=1e-9"]).status.success());
}

const STATIC: &str = "analysis_mode: static\nexperimental_data: {file_path: data.h5}\nstore: {directory: S}\n\
                      analyzer_parameters: {scattering: {wavevector_q: 0.0054}}\n";

/// A folder with data, a configuration and the results of a run, whose store is `S`.
fn after_a_run() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("folder");
    simulate(folder.path(), "data.h5", "1");
    std::fs::write(folder.path().join("c.yaml"), STATIC).expect("config");
    let run = homodyne(folder.path(), &["run", "c.yaml"]);
    assert!(run.status.success(), "{}", stderr(&run));
    folder
}

fn simulate(folder: &Path, name: &str, seed: &str) {
    let words = ["simulate", "--mode", "static", "--frames", "60", "--angles", "2", "--seed", seed, "--out", name];
    let made = homodyne(folder, &words);
    assert!(made.status.success(), "{}", stderr(&made));
}

/// Refused in one line.
fn refused(folder: &Path, words: &[&str], told: &str) {
    let output = homodyne(folder, words);
    let line = stderr(&output);
    let errors = line.lines().filter(|line| line.starts_with("error: ")).count();
    assert_eq!((output.status.code(), errors), (Some(2), 1), "{words:?}: {line}");
    assert!(line.contains(told), "{words:?}: {line}");
}

#[test]
fn foreign_files_in_stores_leftovers_and_checkpoints_are_kept() {
    let folder = after_a_run();
    let at = |name: &str| folder.path().join(name);
    let keep = |name: &str| {
        std::fs::create_dir_all(at(name).parent().expect("a folder")).expect("folder");
        std::fs::write(at(name), "a thesis").expect("written");
    };
    let anew = ["ingest", "--config", "c.yaml", "--block-points", "1000"];
    keep("S/c2/phi=1.0/c2.arrow");
    refused(folder.path(), &anew, "holds c2/phi=1.0/c2.arrow, which is no part of the store");
    std::fs::remove_dir_all(at("S/c2/phi=1.0")).expect("moved");
    // As if a killed run had left it, but for what somebody has put there.
    keep(".S.staging-0123456789abcdef/thesis.tex");
    std::fs::write(at(".S.staging-0123456789abcdef.lock"), b"").expect("written");
    keep(".S.staging-1123456789abcdef.lock");
    std::fs::create_dir_all(at(".S.staging-2123456789abcdef/c2/phi=0.0")).expect("remains");
    std::fs::write(at(".S.staging-2123456789abcdef.lock"), b"").expect("written");
    let made = homodyne(folder.path(), &anew);
    assert!(made.status.success(), "{}", stderr(&made));
    let mut left = remains(folder.path());
    left.sort();
    assert_eq!(
        left,
        [".S.staging-0123456789abcdef", ".S.staging-0123456789abcdef.lock", ".S.staging-1123456789abcdef.lock"]
    );
    // Notes in results are kept with the results that they were written into.
    let results = std::fs::canonicalize(at("results/latest")).expect("results");
    let summary = std::fs::read_to_string(results.join("summary.txt")).expect("written");
    std::fs::write(results.join("summary.txt"), format!("{summary}notes")).expect("changed");
    assert!(homodyne(folder.path(), &["run", "c.yaml"]).status.success());
    assert_eq!(std::fs::read_to_string(results.join("summary.txt")).expect("anew"), summary);
    let kept = format!("{}-changed-1", results.display());
    assert!(std::fs::read_to_string(Path::new(&kept).join("summary.txt")).expect("kept").ends_with("notes"));
}

#[test]
fn results_with_foreign_files_anywhere_are_not_removed_and_remains_do_not_keep_them() {
    let folder = after_a_run();
    let run = std::fs::canonicalize(folder.path().join("results/latest")).expect("results");
    let id = run.file_name().and_then(|name| name.to_str()).expect("a name").to_owned();
    let drawn = homodyne(folder.path(), &["report", "results/latest", "--fitted", "--npz"]);
    assert!(drawn.status.success(), "{}", stderr(&drawn));
    for place in [
        "report/thesis.tex",
        "report/plots/thesis.tex",
        "report/mine/thesis.tex",
        "fitted/thesis.tex",
        "nlsq/thesis.tex",
    ] {
        let thesis = run.join(place);
        std::fs::create_dir_all(thesis.parent().expect("a folder")).expect("folder");
        std::fs::write(&thesis, "a thesis").expect("written");
        refused(folder.path(), &["runs", "remove", &id], &format!("{place}: is no result of this program"));
        std::fs::remove_file(&thesis).expect("moved");
        if std::fs::remove_dir(thesis.parent().expect("a folder")).is_ok() {
            assert_eq!(place, "report/mine/thesis.tex");
        }
    }
    // Somebody has made an empty folder, too.
    for mine in ["report/mine", "report/plots/mine", "fitted/phi=mine"] {
        std::fs::create_dir(run.join(mine)).expect("folder");
        refused(folder.path(), &["runs", "remove", &id], &format!("{mine}: is no result of this program"));
        std::fs::remove_dir(run.join(mine)).expect("moved");
    }
    // As a killed report leaves it.
    std::fs::create_dir(run.join(".fitted.staging-0123456789abcdef")).expect("remains");
    std::fs::write(run.join(".fitted.staging-0123456789abcdef.lock"), b"").expect("remains");
    let removed = homodyne(folder.path(), &["runs", "remove", &id]);
    assert!(removed.status.success() && !run.exists(), "{}", stderr(&removed));
}

/// Names that begin with a dot, in a folder and in all below it.
fn hidden(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("folder").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') {
            found.push(name);
        } else if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            found.extend(hidden(&entry.path()));
        }
    }
    found
}

#[test]
fn what_killed_commands_have_left_is_removed_also_where_nothing_is_to_be_done() {
    let folder = after_a_run();
    let at = |name: &str| folder.path().join(name);
    let keyed = ["run", "c.yaml", "--set", "store.directory=null"];
    assert!(homodyne(folder.path(), &keyed).status.success());
    let results = std::fs::canonicalize(at("results/latest")).expect("results");
    let leave = |place: &Path, name: &str, files: &[&str]| {
        for file in files {
            let path = place.join(name).join(file);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("folder");
            std::fs::write(path, "half").expect("written");
        }
        let lock = place.join(format!("{name}.lock"));
        std::fs::write(&lock, b"").expect("written");
        lock
    };
    let stores = at("results/stores");
    // Of this store, of one of another selection, of results of another day, of pictures; and a lock without anything.
    leave(&stores, ".c-0123456789ab.staging-0123456789abcdef", &["c2/phi=0.0/c2.arrow", "_manifest.json"]);
    leave(&stores, ".other-0123456789ab.staging-1123456789abcdef", &["c2/phi=0.0/c2.parquet"]);
    leave(&at("results"), ".2001-01-01-c-0123abcd.staging-2123456789abcdef", &["parameters.json", "run.json"]);
    leave(&results, ".report.staging-3123456789abcdef", &["plots/a.svg", "report.html"]);
    leave(&results, ".fitted.staging-4123456789abcdef", &["phi=0.0/fitted.parquet"]);
    leave(&stores, ".c-0123456789ab.staging-5123456789abcdef", &[]);
    // Somebody is still at work.
    let lock = leave(&stores, ".c-0123456789ab.staging-6123456789abcdef", &["_manifest.json"]);
    let owner = std::fs::File::open(&lock).expect("there");
    owner.lock().expect("free");
    let again = homodyne(folder.path(), &keyed);
    assert!(stderr(&again).contains("nothing changed: reusing"), "{}", stderr(&again));
    let mut left = hidden(&at("results"));
    left.sort();
    let own = ".c-0123456789ab.staging-6123456789abcdef";
    assert_eq!(left, [own.to_owned(), format!("{own}.lock")]);
    drop(owner);
    assert!(
        homodyne(folder.path(), &["ingest", "--config", "c.yaml", "--set", "store.directory=null"]).status.success()
    );
    assert_eq!(hidden(&at("results")), [""; 0]);
}

#[test]
fn the_last_place_of_data_is_given_up_only_by_name() {
    let folder = after_a_run();
    let at = |name: &str| folder.path().join(name);
    // Tables that are gone.
    let tables = Command::new("cp").args(["-r", "S/c2", "tables"]).current_dir(folder.path()).status();
    assert!(tables.expect("cp").success());
    let adopted = homodyne(folder.path(), &["adopt", "tables", "--out", "A", "--q", "0.0054"]);
    assert!(adopted.status.success(), "{}", stderr(&adopted));
    std::fs::remove_dir_all(at("tables")).expect("removed");
    let over = ["ingest", "data.h5", "--q", "0.0054", "--store", "A"];
    refused(folder.path(), &over, "experimental_data.file_path is");
    // A broken seal does not change what is lost.
    let manifest = std::fs::read_to_string(at("A/_manifest.json")).expect("a manifest");
    for (from, to) in [("\"n_frames\": 60", "\"n_frames\": 61"), ("\"format_version\": 2", "\"format_version\": 3")] {
        std::fs::write(at("A/_manifest.json"), manifest.replace(from, to)).expect("changed");
        refused(folder.path(), &over, "is not there as it was");
    }
    std::fs::write(at("A/_manifest.json"), &manifest).expect("restored");
    // A later state of the same file, however it is written, and the same content elsewhere, take the place of the earlier one.
    std::fs::create_dir(at("sub")).expect("folder");
    let stored = ["--q", "0.0054", "--store", "Y"];
    std::fs::copy(at("data.h5"), at("changing.h5")).expect("copied");
    assert!(homodyne(folder.path(), &[&["ingest", "changing.h5"], &stored[..]].concat()).status.success());
    simulate(folder.path(), "later.h5", "3");
    std::fs::rename(at("later.h5"), at("changing.h5")).expect("replaced");
    assert!(homodyne(folder.path(), &[&["ingest", "sub/../changing.h5"], &stored[..]].concat()).status.success());
    std::fs::rename(at("changing.h5"), at("moved.h5")).expect("moved");
    let as_table = homodyne(folder.path(), &[&["ingest", "moved.h5", "--format", "parquet"], &stored[..]].concat());
    assert!(as_table.status.success(), "{}", stderr(&as_table));
    // A file that holds another measurement by now.
    std::fs::copy(at("data.h5"), at("first.h5")).expect("copied");
    let keyed = ["run", "c.yaml", "--set", "store.directory=null", "--set", "experimental_data.file_path=first.h5"];
    let run = homodyne(folder.path(), &keyed);
    assert!(run.status.success(), "{}", stderr(&run));
    simulate(folder.path(), "second.h5", "2");
    std::fs::rename(at("second.h5"), at("first.h5")).expect("replaced");
    refused(folder.path(), &["stores", "remove", "c-"], "is not there as it was");
    let stores = std::fs::read_dir(at("results/stores")).expect("stores").flatten().count();
    assert_eq!(stores, 1);
}

/// What a store holds is asked by content and by the q that the file has, not by time stamps and tolerances.
#[test]
fn a_store_of_a_neighbouring_q_or_of_an_overwritten_file_is_not_fitted() {
    let folder = tempfile::tempdir().expect("folder");
    let at = |name: &str| folder.path().join(name);
    let words = ["simulate", "--mode", "static", "--frames", "40", "--angles", "1", "--q", "0.0053,0.0054,0.0062"];
    let made = homodyne(folder.path(), &[&words[..], &["--out", "data.h5"]].concat());
    assert!(made.status.success(), "{}", stderr(&made));
    std::fs::write(at("c.yaml"), STATIC).expect("config");
    assert!(homodyne(folder.path(), &["ingest", "--config", "c.yaml"]).status.success());
    let near = ["fit", "c.yaml", "--store", "S", "--set", "analyzer_parameters.scattering.wavevector_q=0.00531"];
    refused(folder.path(), &near, "wavevector_q is 0.00531");
    let same = ["fit", "c.yaml", "--store", "S", "--set", "analyzer_parameters.scattering.wavevector_q=0.00541"];
    assert!(homodyne(folder.path(), &same).status.code().is_some_and(|code| code < 2), "the nearest q of the file");
    // Another content of the same size, under the same name and with the same time stamp.
    let stamp = std::fs::metadata(at("data.h5")).and_then(|metadata| metadata.modified()).expect("a time");
    let mut content = std::fs::read(at("data.h5")).expect("there");
    let middle = content.len() / 2;
    content[middle] ^= 1;
    std::fs::write(at("other.h5"), content).expect("written");
    let file = std::fs::File::options().write(true).open(at("other.h5")).expect("own file");
    file.set_modified(stamp).expect("set");
    std::fs::rename(at("other.h5"), at("data.h5")).expect("exchanged");
    refused(folder.path(), &["fit", "c.yaml", "--store", "S"], "experimental_data.file_path is");
}

#[test]
fn pipes_in_place_of_files_end_a_command_at_once() {
    let folder = after_a_run();
    let results = std::fs::canonicalize(folder.path().join("results/latest")).expect("results");
    let partition = std::fs::read_dir(folder.path().join("S/c2")).expect("store").flatten().next().expect("an angle");
    let places = [
        (folder.path().join("S/_manifest.json"), vec!["fit", "c.yaml", "--store", "S"]),
        (partition.path().join("c2.arrow"), vec!["fit", "c.yaml", "--store", "S"]),
        (results.join("run.json"), vec!["run", "c.yaml"]),
        (results.join("summary.txt"), vec!["run", "c.yaml"]),
    ];
    for (place, words) in places {
        let aside = place.with_extension("aside");
        std::fs::rename(&place, &aside).expect("moved");
        assert!(Command::new("mkfifo").arg(&place).status().expect("mkfifo").success());
        let mut command = Command::new("timeout");
        command.arg("20").arg(assert_cmd::cargo::cargo_bin("homodyne")).args(words).current_dir(folder.path());
        let output = command.output().expect("timeout");
        assert!(output.status.code().is_some_and(|code| code < 3), "{}: {output:?}", place.display());
        if std::fs::symlink_metadata(&place).is_ok_and(|there| !there.is_file()) {
            std::fs::remove_file(&place).expect("removed");
            std::fs::rename(&aside, &place).expect("back");
        }
    }
}

/// A shell sets the limit.
fn limited(folder: &Path, limit: &str, words: &str) -> std::process::Output {
    let program = assert_cmd::cargo::cargo_bin("homodyne");
    let script = format!("ulimit {limit} && exec {} {words}", program.display());
    Command::new("sh").args(["-c", &script]).current_dir(folder).output().expect("sh")
}

#[test]
fn limits_of_memory_and_of_files_are_one_line() {
    let folder = after_a_run();
    for (limit, words, told) in [
        ("-v 60000", "fit c.yaml --store S -q", "[E38] ulimit -v"),
        ("-v 130000", "ingest --config c.yaml --format parquet --store P -q", "[E38] ulimit -v"),
        ("-f 8", "ingest --config c.yaml --store P -q", "P"),
    ] {
        let output = limited(folder.path(), limit, words);
        let line = stderr(&output);
        assert_eq!((output.status.code(), line.lines().count()), (Some(2), 1), "{limit}: {line} {output:?}");
        assert!(line.contains(told), "{limit}: {line}");
    }
    assert!(!folder.path().join("P").exists() && remains(folder.path()).is_empty());
}

#[test]
fn commands_that_run_at_once_do_not_disturb_each_other() {
    let folder = after_a_run();
    let program = assert_cmd::cargo::cargo_bin!("homodyne");
    let commands = [
        "ingest --config c.yaml --store T --threads 1",
        "ingest --config c.yaml --store T --threads 1 --force",
        "run c.yaml --output together --set store.directory=null --threads 1",
    ];
    for _ in 0..3 {
        // Namespaces of processes know nothing of each other's numbers: as in several containers, where the system allows it.
        let apart =
            ["sh", "-c", "if unshare -pf true 2>/dev/null; then exec unshare -pf \"$@\"; else exec \"$@\"; fi", "sh"];
        let start = |k: usize| {
            let words = [program.to_str().expect("a path")].into_iter().chain(commands[k % 3].split_whitespace());
            let words: Vec<&str> = apart.into_iter().chain(words).collect();
            let command = &mut Command::new(words[0]);
            command
                .args(&words[1..])
                .current_dir(folder.path())
                .stderr(Stdio::piped())
                .stdout(Stdio::null())
                .spawn()
                .expect("begun")
        };
        let begun: Vec<std::process::Child> = (0..6).map(start).collect();
        for child in begun {
            let done = child.wait_with_output().expect("ended");
            assert!(done.status.success(), "{}", stderr(&done));
        }
        let whole = homodyne(folder.path(), &["inspect", "T", "--verify"]);
        assert!(whole.status.success(), "{}", stderr(&whole));
        assert!(remains(folder.path()).is_empty());
        assert_eq!(hidden(&folder.path().join("together")), [""; 0]);
        std::fs::remove_dir_all(folder.path().join("T")).expect("removed");
        std::fs::remove_dir_all(folder.path().join("together")).expect("removed");
    }
}

#[test]
fn an_empty_folder_of_somebody_in_a_store_is_kept() {
    let folder = after_a_run();
    let again = ["ingest", "--config", "c.yaml", "--store", "T", "--format", "parquet"];
    let made = homodyne(folder.path(), &["ingest", "--config", "c.yaml", "--store", "T"]);
    assert!(made.status.success(), "{}", stderr(&made));
    for mine in ["notes", "c2/notes", "c2/phi=-90.0/notes", "notes/of/mine"] {
        let place = folder.path().join("T").join(mine);
        std::fs::create_dir_all(&place).expect("folder");
        refused(folder.path(), &again, &format!("T: holds {mine}, which is no part of the store"));
        assert!(place.is_dir());
        std::fs::remove_dir_all(folder.path().join("T/notes")).or_else(|_| std::fs::remove_dir(&place)).expect("moved");
    }
    assert!(homodyne(folder.path(), &again).status.success());
}
