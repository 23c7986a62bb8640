//! The edges of the command line: words in any order, equal selections in other words, names that break lines, files of others.

use crate::program::{folder_with_data, homodyne, stderr};
use assert_cmd::Command as Program;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

const CONFIG: &str = "analysis_mode: static\nexperimental_data: {file_path: data.h5}\n\
                      analyzer_parameters: {scattering: {wavevector_q: 0.0054}}\n";

fn folder() -> tempfile::TempDir {
    folder_with_data(CONFIG, &["--frames", "60", "--angles", "3"])
}

/// Whether the program has done its work, whatever the verdict.
fn is_done(folder: &Path, words: &[&str]) -> String {
    let done = homodyne(folder, words);
    let said = stderr(&done);
    assert!(done.status.code().is_some_and(|code| code < 2), "{words:?}: {said}");
    said
}

/// The only line of an error.
fn refused(folder: &Path, words: &[&str]) -> String {
    let output = homodyne(folder, words);
    let said = stderr(&output);
    let lines: Vec<&str> = said.lines().filter(|line| line.starts_with("error: ")).collect();
    assert_eq!((output.status.code(), lines.len()), (Some(2), 1), "{words:?}: {said}");
    lines[0].to_owned()
}

#[test]
fn options_may_stand_before_the_command() {
    let folder = folder();
    let folder = folder.path();
    assert_eq!(is_done(folder, &["-q", "fit", "c.yaml", "--store", "S"]), "");
    assert!(is_done(folder, &["-v", "run", "c.yaml", "--output", "other"]).contains(" DEBUG "));
    assert_eq!(is_done(folder, &["--quiet", "--threads", "1", "--set", "logging.level=debug", "fit", "c.yaml"]), "");
    // The value of an option is no command, and without a command `run` is meant.
    std::fs::copy(folder.join("data.h5"), folder.join("fit")).expect("copied");
    assert_eq!(is_done(folder, &["-q", "--data-file", "fit", "--static-mode"]), "");
    assert!(refused(folder, &["-q", "fit", "missing.yaml"]).contains("missing.yaml"));
}

#[test]
fn a_selection_in_other_words_is_the_same() {
    let folder = folder();
    let folder = folder.path();
    is_done(folder, &["ingest", "--config", "c.yaml", "--store", "S"]);
    let fit = |set: &[&str]| {
        let mut words = vec!["fit", "c.yaml", "--store", "S"];
        set.iter().for_each(|set| words.extend(["--set", set]));
        words.into_iter().map(str::to_owned).collect::<Vec<String>>()
    };
    let same = [
        "analyzer_parameters.end_frame=60",
        "phi_filtering.target_ranges=[{min_angle: -180, max_angle: 180}]",
        "phi_filtering.target_ranges=[{min_angle: 20, max_angle: 40}, {min_angle: -95, max_angle: 0}]",
        "experimental_data.masked_frames=[1, 1]",
    ];
    let other = [
        ("analyzer_parameters.end_frame=59", "end_frame is 59 in the configuration and -1 in the store"),
        (
            "phi_filtering.target_ranges=[{min_angle: 0, max_angle: 40}]",
            "target_ranges is 0.0 to 40.0 degrees in the configuration and all angles in the store",
        ),
        ("experimental_data.masked_frames=[7, 9]", "masked_frames is 7, 9 in the configuration and none in the store"),
    ];
    for is_there in [true, false] {
        if !is_there {
            std::fs::rename(folder.join("data.h5"), folder.join("away.h5")).expect("moved");
        }
        for set in same {
            is_done(folder, &fit(&[set]).iter().map(String::as_str).collect::<Vec<&str>>());
        }
        for (set, told) in other {
            let line = refused(folder, &fit(&[set]).iter().map(String::as_str).collect::<Vec<&str>>());
            let both = line.contains("`homodyne run` without --store") && line.contains("a --store of its own");
            assert!(line.contains("[E76] S: ") && line.contains(told) && both, "{line}");
        }
    }
}

#[test]
fn the_q_that_is_taken_and_another_store_of_it_are_told() {
    let folder = folder();
    let folder = folder.path();
    assert!(!is_done(folder, &["ingest", "--config", "c.yaml"]).contains("the file has no q"));
    let near = ["ingest", "--config", "c.yaml", "--set", "analyzer_parameters.scattering.wavevector_q=0.0053"];
    for what in ["another store is made, beside results/stores/c-", "another store is taken again, beside"] {
        let said = is_done(folder, &near);
        let lines: Vec<&str> = said.lines().filter(|line| line.contains("the file has no q = 0.0053")).collect();
        assert!(lines.len() == 1 && lines[0].contains("its q = 0.0054 is taken") && lines[0].contains(what), "{said}");
    }
}

#[test]
fn names_that_break_lines_are_told_in_one() {
    let folder = folder();
    let folder = folder.path();
    let name = "a\nERROR b\u{1b}[31m\u{202e}.h5";
    std::fs::rename(folder.join("data.h5"), folder.join(name)).expect("named");
    let config = CONFIG.replace("data.h5", r#""a\nERROR b\e[31m\u202e.h5""#);
    std::fs::write(folder.join("c.yaml"), config).expect("config");
    let said = is_done(folder, &["run", "c.yaml"]);
    assert!(said.lines().all(|line| line.starts_with("20") && line.contains('Z')), "{said}");
    assert!(said.contains("a\\nERROR b\\") && !said.contains('\u{1b}'), "{said}");
    let log = std::fs::read_to_string(folder.join("results/latest/log.txt")).expect("a log");
    assert!(log.lines().all(|line| line.starts_with("20")) && !log.contains(['\u{1b}', '\u{202e}']), "{log}");
    // Tables and JSON, too.
    let [output, store] = ["out\n\u{1b}[2J\u{202e}", "store\n\u{1b}[2J\u{202e}"];
    is_done(folder, &["run", "c.yaml", "--output", output]);
    for words in [
        &["stores", "--output", output][..],
        &["stores", "--output", output, "--json"],
        &["runs", "--output", output],
        &["runs", "--output", output, "--json"],
        &["ingest", "--config", "c.yaml", "--store", store],
        &["inspect", store],
        &["inspect", store, "--json"],
        &["config", "show", "c.yaml", "--set", &format!("output.directory={output}")],
        &["config", "validate", "c.yaml"],
        &["plan", "c.yaml"],
        &["report", &format!("{output}/latest")],
    ] {
        let told = homodyne(folder, words);
        let text = String::from_utf8(told.stdout.clone()).expect("text") + &stderr(&told);
        let is_raw = |c: char| c == '\u{202e}' || (c.is_control() && c != '\n');
        assert!(told.status.success() && !text.contains(is_raw), "{words:?}: {text:?}");
        // No name has broken a line.
        assert!(
            !text.lines().any(|line| line.starts_with("ERROR b") || line.starts_with("\\u{1b}")),
            "{words:?}: {text}"
        );
    }
    let listed = homodyne(folder, &["stores", "--output", output, "--json"]);
    let listed: serde_json::Value = serde_json::from_slice(&listed.stdout).expect("JSON");
    assert!(listed[0]["source"].as_str().is_some_and(|source| source.ends_with(name)), "{listed}");
}

#[test]
fn what_stands_where_a_command_or_a_file_belongs_is_told_with_what_to_write() {
    let folder = folder();
    let folder = folder.path();
    std::fs::create_dir(folder.join("scans")).expect("folder");
    std::fs::rename(folder.join("data.h5"), folder.join("scans/data.h5")).expect("moved");
    for (words, told) in [
        (&["c.yaml"][..], &["[E62]", "`c.yaml`, which is no command", "`homodyne run c.yaml`"][..]),
        (&["nowhere.yml"], &["`homodyne run nowhere.yml`"]),
        (&["scans/data.h5"], &["`homodyne inspect scans/data.h5`"]),
        (&["fti"], &["unrecognized subcommand 'fti'"]),
        (&["runs", "--output", "nowhere"], &["[E01] nowhere: no such folder", "output.directory", "--output"]),
        (&["stores"], &["[E01] results: no such folder", "`homodyne run` makes it"]),
        (
            &["report", "nowhere"],
            &["[E01] nowhere/parameters.json: is not there", "a run directory", "`homodyne runs`"],
        ),
        (&["report", "scans/data.h5"], &["[E01]", "is not there"]),
    ] {
        let line = refused(folder, words);
        assert!(told.iter().all(|told| line.contains(told)), "{words:?}: {line}");
    }
    let file = ["--set", "experimental_data.file_path=scans/data.h5"];
    is_done(folder, &[&["ingest", "--config", "c.yaml", "--store", "S"], &file[..]].concat());
    let scans = ["--set", "experimental_data.file_path=scans"];
    for words in [
        &["run", "c.yaml"][..],
        &["fit", "c.yaml", "--store", "S"],
        &["run", "c.yaml", "--store", "S"],
        &["plan", "c.yaml"],
        &["config", "validate", "c.yaml"],
    ] {
        let line = refused(folder, &[words, &scans[..]].concat());
        let told = "[E01] scans: is a folder; expected an HDF5 file; name a file in it; nearby: data.h5";
        assert!(line.contains(told), "{words:?}: {line}");
    }
}

#[test]
fn a_leading_tilde_is_the_home_directory_and_empty_text_is_no_path() {
    let folder = folder();
    let folder = folder.path();
    let mut program = Program::cargo_bin("homodyne").expect("built");
    let words = ["run", "c.yaml", "-q", "--set", "output.directory=~/out", "--set", "store.directory=~/S"];
    let done = program.current_dir(folder).env("HOME", folder.join("home")).args(words).output().expect("run");
    assert!(done.status.code().is_some_and(|code| code < 2), "{}", stderr(&done));
    assert!(folder.join("home/out/latest").exists() && folder.join("home/S/_manifest.json").is_file());
    // The shell leaves `~` as it is behind `=`.
    for words in [
        &["simulate", "--mode=static", "--frames=40", "--angles=2", "--out=~/s.h5", "--plot=~/look"][..],
        &["inspect", "~/s.h5"],
        &["inspect", "~/s.h5", "--plot=~/seen"],
        &["config", "init", "static", "-o=~/i.yaml"],
        &["config", "show", "~/i.yaml"],
        &["ingest", "~/s.h5", "--store=~/T"],
        &["adopt", "~/T/c2", "--out=~/A", "--q=0.0054"],
        &["fit", "--data-file=~/s.h5", "--static-mode", "--output-dir=~/out2", "--store=~/T"],
        &["report", "~/out2/latest"],
        &["stores", "--output=~/out2"],
        &["runs", "--output=~/out2"],
        &["man", "--out=~/man"],
        &["plan", "c.yaml", "--store=~/T", "--set=experimental_data.file_path=null"],
    ] {
        let mut program = Program::cargo_bin("homodyne").expect("built");
        let done = program.current_dir(folder).env("HOME", folder.join("home")).args(words).output().expect("run");
        assert!(done.status.code().is_some_and(|code| code < 2), "{words:?}: {}", stderr(&done));
    }
    let mut program = Program::cargo_bin("homodyne").expect("built");
    let done = program.current_dir(folder).env_remove("HOME").args(["inspect", "~/s.h5"]).output().expect("run");
    assert!(done.status.code() == Some(2) && stderr(&done).contains("the variable HOME"), "{}", stderr(&done));
    assert!(!folder.join("~").exists());
    let line = refused(folder, &["run", "c.yaml", "--output", ""]);
    assert!(line.contains("[E62] --output: \"\" (empty text); expected a value"), "{line}");
    for words in [&["--set", "output.directory="][..], &["--set", "output.directory=  "]] {
        let line = refused(folder, &[&["run", "c.yaml"], words].concat());
        assert!(line.contains("command line output.directory: \"\" (empty text); expected a path"), "{line}");
    }
}

#[test]
fn text_in_quotes_is_text_without_them() {
    let folder = folder();
    let folder = folder.path();
    for empty in [r#"output.directory="""#, "output.directory=''"] {
        let line = refused(folder, &["run", "c.yaml", "--set", empty]);
        assert!(line.contains("output.directory: \"\" (empty text); expected a path"), "{empty}: {line}");
    }
    for (set, place) in [(r#"output.directory="a b""#, "a b"), ("output.directory='it''s'", "it's")] {
        is_done(folder, &["run", "c.yaml", "-q", "--set", set, "--set", r#"analyzer_parameters.dt=0.1"#]);
        assert!(folder.join(place).join("latest").exists(), "{set}");
    }
    for open in [r#"output.directory="a"#, r#"output.directory="a" b"#, "output.directory='a"] {
        let line = refused(folder, &["run", "c.yaml", "--set", open]);
        assert!(line.contains("[E62] --set: ") && line.contains("expected a quote that ends"), "{open}: {line}");
    }
    assert!(!folder.join("\"a").exists());
}

#[test]
fn words_that_are_no_text_are_named() {
    let folder = folder();
    let [value, option] = [&b"output.directory=\xff"[..], b"--set=output.directory=\xff"].map(OsStr::from_bytes);
    let words = ["run", "c.yaml", "--set"].map(OsStr::new);
    for words in [&[&words[..], &[value]].concat()[..], &[option, words[0], words[1]], &[option, words[1]]] {
        let mut program = Program::cargo_bin("homodyne").expect("built");
        let done = program.current_dir(folder.path()).args(words).output().expect("run");
        let said = stderr(&done);
        assert_eq!((done.status.code(), said.lines().count()), (Some(2), 1), "{said}");
        assert!(said.contains("output.directory=\u{fffd}`; expected text in UTF-8"), "{said}");
    }
}

#[test]
fn too_few_open_files_are_told_with_what_to_raise() {
    let folder = folder();
    let program = assert_cmd::cargo::cargo_bin!("homodyne");
    let script = format!("ulimit -n 9; exec {} run c.yaml -q", program.display());
    let done =
        std::process::Command::new("bash").args(["-c", &script]).current_dir(folder.path()).output().expect("bash");
    let said = stderr(&done);
    // Where numbers are whole and the report is lost, the code is 3.
    assert!(matches!(done.status.code(), Some(2 | 3)) && said.lines().count() == 1, "{said}");
    assert!(said.contains("ulimit -n"), "{said}");
}

#[test]
fn only_near_names_are_suggested() {
    let folder = folder();
    let validate = |set: &str| refused(folder.path(), &["config", "validate", "c.yaml", "--set", set]);
    assert!(validate("optimization.nlsq.gtoll=1").contains("the nearest is `optimization.nlsq.gtol`"));
    assert!(validate("analyzer_parameters.geometry.gap=1").contains("geometry.stator_rotor_gap`"));
    for far in ["colour=1", "zebra.crossing=1", "optimization.nlsq.wallpaper=1"] {
        let line = validate(far);
        assert!(line.contains("expected a known key; correct or remove it") && !line.contains("nearest"), "{line}");
    }
}

#[test]
fn a_file_of_somebody_else_under_the_name_of_condensed_data_is_kept() {
    let folder = folder_with_data(CONFIG, &["--frames", "420", "--angles", "2"]);
    let folder = folder.path();
    is_done(folder, &["ingest", "--config", "c.yaml", "--store", "S"]);
    let place = folder.join("S/_condensed.arrow");
    std::fs::write(&place, "my notes").expect("written");
    let again = ["ingest", "--config", "c.yaml", "--store", "S", "--format", "parquet"];
    assert!(refused(folder, &again).contains("[E70] S: holds _condensed.arrow, which is no part of the store"));
    let condense = ["condense", "c.yaml", "--store", "S"];
    for words in [&condense[..], &[&condense[..], &["--force"]].concat()] {
        let line = refused(folder, words);
        assert!(line.contains("[E78] S/_condensed.arrow: is no file of this program"), "{line}");
    }
    assert_eq!(std::fs::read_to_string(&place).expect("kept"), "my notes");
    // It hinders nobody from fitting the store.
    is_done(folder, &["fit", "c.yaml", "--store", "S", "-q"]);
    std::fs::remove_file(&place).expect("removed");
    is_done(folder, &condense);
    is_done(folder, &again);
}
