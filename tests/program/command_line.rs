//! The command line as users of the Python programs know it, and what it says of words that it does not know.

use crate::program::{LAMINAR_CONFIG, homodyne, stderr};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Output;

/// A folder with a small file and its configuration.
fn place() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("folder");
    let simulate = ["simulate", "--frames", "60", "--angles", "4", "--out", "data.h5"];
    assert!(homodyne(folder.path(), &simulate).status.success());
    std::fs::write(folder.path().join("c.yaml"), LAMINAR_CONFIG).expect("config");
    folder
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The run directory that a command has named.
fn run_json(folder: &Path, output: &Output) -> Value {
    let said = stdout(output);
    let directory =
        said.lines().find_map(|line| line.strip_prefix("results: ")).unwrap_or_else(|| panic!("{}", stderr(output)));
    serde_json::from_slice(&std::fs::read(folder.join(directory).join("run.json")).expect("run.json")).expect("JSON")
}

fn one_line(output: &Output) -> String {
    let said = stderr(output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert_eq!(said.trim_end_matches('\n').lines().count(), 1, "{said}");
    assert!(said.starts_with("error: "), "{said}");
    said
}

#[test]
fn shorthands_of_the_python_programs_set_their_keys() {
    let folder = place();
    std::fs::create_dir(folder.path().join("sub")).expect("folder");
    std::fs::write(folder.path().join("sub/c.yaml"), LAMINAR_CONFIG.replace("data.h5", "nowhere.h5")).expect("config");
    let words = [
        "--config",
        "sub/c.yaml",
        "--method",
        "nlsq",
        "--data-file",
        "data.h5",
        "--output-dir",
        "out",
        "--laminar-flow",
        "--initial-d0",
        "15000",
        "--initial-alpha",
        "-0.3",
        "--initial-d-offset",
        "-5e-1",
        "--initial-gamma-dot-t0",
        "1e-3",
        "--initial-beta",
        "0.2",
        "--initial-gamma-dot-t-offset",
        "0",
        "--initial-phi0",
        "-5.5",
        "--max-iterations",
        "3",
        "--tolerance",
        "1e-4",
    ];
    let output = homodyne(folder.path(), &words);
    let run = run_json(folder.path(), &output);
    let shown = |key: &str| {
        let entry = &run["configuration"][key];
        assert_eq!(entry["origin"], "command line", "{key}");
        entry["value"].as_str().expect("text").to_owned()
    };
    assert_eq!(shown("optimization.nlsq.max_iterations"), "3");
    assert_eq!(shown("optimization.nlsq.ftol"), "0.0001");
    assert_eq!((shown("output.directory"), shown("analysis_mode")), ("out".into(), "laminar_flow".into()));
    let starts = "{D0: 15000.0, alpha: -0.3, D_offset: -0.5, gamma_dot_t0: 0.001, beta: 0.2, gamma_dot_t_offset: 0.0, phi0: -5.5}";
    assert_eq!(shown("initial_parameters.starts"), starts);
    assert!(shown("experimental_data.file_path").ends_with("/data.h5"));
    // Without a configuration, the data file and a mode are enough.
    let alone = homodyne(folder.path(), &["fit", "--static-mode", "--data-file", "data.h5", "--max-iterations", "2"]);
    assert_eq!(run_json(folder.path(), &alone)["configuration"]["analysis_mode"]["value"], "static");
    assert!(has_store_of_data(folder.path()));
    for (words, expected) in [
        (vec!["fit", "c.yaml", "--static-mode", "--laminar-flow"], "cannot be used with"),
        (vec!["fit", "c.yaml", "--initial-phi0", "500"], "phi0 within its bounds, -10.0 to 10.0 degree"),
        (vec!["fit", "c.yaml", "--tolerance", "-1"], "command line optimization.nlsq.ftol: -1"),
        (vec!["fit", "c.yaml", "--max-iterations", "many"], "a whole number"),
        (vec!["fit", "c.yaml", "--method", "vi"], "one of nlsq, cmc, both"),
        (vec!["fit", "--data-file", "data.h5"], "no configuration"),
    ] {
        let line = one_line(&homodyne(folder.path(), &words));
        assert!(line.contains(expected), "{words:?}: {line}");
    }
}

#[test]
fn known_starts_for_some_parameters_are_where_the_fit_begins() {
    let folder = place();
    let fit = |words: &[&str]| {
        let output =
            homodyne(folder.path(), &[&["fit", "c.yaml", "--json", "-q", "--max-iterations", "1"], words].concat());
        serde_json::from_slice::<Value>(&output.stdout).unwrap_or_else(|_| panic!("{}", stderr(&output)))
    };
    let from_data = fit(&[]);
    let held = fit(&["--initial-phi0", "9.5", "--initial-beta", "1.5"]);
    assert_ne!(held["start"], from_data["start"]);
    assert_eq!((&held["start_from"], &from_data["start_from"]), (&"data".into(), &"data".into()));
}

#[test]
fn ingest_has_a_store_by_default() {
    let folder = place();
    assert!(homodyne(folder.path(), &["ingest", "data.h5"]).status.success());
    assert!(has_store_of_data(folder.path()));
}

/// The default place, named for the data file and keyed by content.
fn has_store_of_data(folder: &Path) -> bool {
    let entries = std::fs::read_dir(folder.join("results/stores")).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).any(|path| {
        path.join("_manifest.json").is_file()
            && path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("data-"))
    })
}

#[test]
fn the_data_file_is_looked_for_beside_the_configuration_and_then_here_and_the_log_says_where() {
    let folder = place();
    std::fs::create_dir(folder.path().join("sub")).expect("folder");
    std::fs::write(folder.path().join("sub/c.yaml"), LAMINAR_CONFIG).expect("config");
    let said = |words: &[&str]| stderr(&homodyne(folder.path(), words));
    assert!(said(&["ingest", "--config", "c.yaml"]).contains("data file data.h5"));
    let here = said(&["ingest", "--config", "sub/c.yaml", "--store", "s1"]);
    assert!(here.contains("data file data.h5: found in the current directory"), "{here}");
    std::fs::copy(folder.path().join("data.h5"), folder.path().join("sub/data.h5")).expect("copy");
    let beside = said(&["ingest", "--config", "sub/c.yaml", "--store", "s2"]);
    assert!(beside.contains("data file sub/data.h5: found beside the configuration"), "{beside}");
}

#[test]
fn keys_without_effect_are_one_line_and_listed_with_their_reasons_on_request_and_in_the_log() {
    let folder = place();
    let more = "metadata: {a: 1, b: 2}\nplotting: {dpi: 300}\nphi_filtering: {tolerance: 3.0}\n";
    std::fs::write(folder.path().join("c.yaml"), format!("{LAMINAR_CONFIG}{more}")).expect("config");
    let output = homodyne(folder.path(), &["fit", "c.yaml", "--max-iterations", "2"]);
    let said = stderr(&output);
    assert!(said.contains("3 keys without effect, listed in log.txt") && !said.contains("metadata.a"), "{said}");
    assert!(said.contains("phi_filtering.tolerance: 3.0 has no effect"), "{said}");
    let log = |output: &Output| {
        let said = stdout(output);
        let directory = said.lines().find_map(|line| line.strip_prefix("results: ")).expect("named").to_owned();
        std::fs::read_to_string(folder.path().join(directory).join("log.txt")).expect("log.txt")
    };
    for key in ["metadata.a: it only documents", "metadata.b: ", "plotting.dpi: not in this version"] {
        assert_eq!(log(&output).matches(key).count(), 1, "{key}");
    }
    let verbose = stderr(&homodyne(folder.path(), &["fit", "c.yaml", "--max-iterations", "3", "-v"]));
    assert!(verbose.contains("metadata.a: it only documents the file"), "{verbose}");
    let more = stderr(&homodyne(folder.path(), &["fit", "c.yaml", "--max-iterations", "4", "-vv"]));
    assert!(more.contains("sweeps: ") && more.contains("metadata.a: "), "{more}");
    let planned = stderr(&homodyne(folder.path(), &["plan", "c.yaml"]));
    assert!(planned.contains("3 keys without effect, listed with -v") && !planned.contains("metadata.a"), "{planned}");
}

#[test]
fn validate_checks_what_can_be_checked_without_data() {
    let folder = place();
    let validate = |words: &[&str]| homodyne(folder.path(), &[&["config", "validate", "c.yaml"], words].concat());
    assert_eq!(validate(&[]).status.code(), Some(0), "{}", stderr(&validate(&[])));
    assert!(stdout(&validate(&[])).contains("c.yaml: valid"));
    for (set, expected) in [
        ("analyzer_parameters.end_frame=1", "a frame after the first"),
        ("optimization.nlsq.gtol=5", "up to 1"),
        ("experimental_data.file_path=missing.h5", "missing.h5"),
        ("experimental_data.file_path=null", "experimental_data.file_path"),
        ("analyzer_parameters.scattering.wavevector_q=0.5", "no bin at q = 0.5"),
        ("phi_filtering.target_ranges=[{min_angle: 13, max_angle: 14}]", "no angle in the wanted ranges"),
        ("analyzer_parameters.dt=0.3", "the configuration's dt = 0.3 s"),
    ] {
        assert!(one_line(&validate(&["--set", set])).contains(expected), "{set}");
    }
    // A file that is not there cannot tell its q: both are told.
    let both = validate(&[
        "--set",
        "experimental_data.file_path=no.h5",
        "--set",
        "analyzer_parameters.scattering.wavevector_q=null",
    ]);
    assert_eq!((both.status.code(), stderr(&both).lines().count()), (Some(2), 2), "{}", stderr(&both));
    assert!(stderr(&both).contains("wavevector_q: not given"));
    let verbose = stdout(&validate(&["-v", "--set", "metadata.description=x"]));
    assert!(verbose.contains("note: metadata.description: it only documents"), "{verbose}");
}

#[test]
fn default_bounds_are_written_and_shown_with_units() {
    let folder = place();
    let init = stdout(&homodyne(folder.path(), &["config", "init", "laminar_flow"]));
    let shown = stdout(&homodyne(folder.path(), &["config", "show", "c.yaml"]));
    for (name, least, most, unit) in [
        ("D0", "100.0", "100000.0", "angstrom^2/s"),
        ("gamma_dot_t0", "1e-6", "0.5", "1/s"),
        ("phi0", "-10.0", "10.0", "degree"),
        ("offset", "0.5", "1.5", "dimensionless"),
    ] {
        let written = format!("- {{name: {name}, min: {least}, max: {most}}}");
        assert!(init.lines().any(|line| line.contains(&written) && line.ends_with(&format!("# {unit}"))), "{init}");
        let unit = if unit == "dimensionless" { "1" } else { unit };
        assert!(shown.contains(&format!("{{name: {name}, min: {least}, max: {most}, unit: {unit}}}")), "{shown}");
    }
    let fixed = stdout(&homodyne(folder.path(), &["config", "init", "static"]));
    assert!(fixed.contains("name: D_offset") && !fixed.contains("name: phi0"));
}

#[test]
fn the_reference_of_keys_has_choices_and_each_name_once_and_refuses_what_is_none() {
    let folder = Path::new(".");
    let all: Value = serde_json::from_slice(&homodyne(folder, &["config", "keys", "--json"]).stdout).expect("JSON");
    let all = all.as_array().expect("a list");
    let names: Vec<&str> = all
        .iter()
        .flat_map(|key| key["spellings"].as_array().expect("list").iter().chain([&key["key"]]))
        .filter_map(Value::as_str)
        .collect();
    assert_eq!(names.len(), names.iter().collect::<BTreeSet<_>>().len(), "each name once");
    let of = |name: &str| all.iter().find(|key| key["key"] == name).expect("known")["choices"].clone();
    assert_eq!(of("optimization.nlsq.loss"), serde_json::json!(["linear", "soft_l1", "huber", "cauchy", "arctan"]));
    assert!(of("analysis_mode").as_array().is_some_and(|words| words.contains(&"laminar_flow".into())));
    assert_eq!(of("optimization.nlsq.ftol"), serde_json::json!([]));
    let nonsense = homodyne(folder, &["config", "keys", "optimization.nlsq.cmeas"]);
    assert!(one_line(&nonsense).contains("optimization.nlsq.cmaes") && nonsense.stdout.is_empty());
    let idle = stdout(&homodyne(folder, &["config", "keys", "metadata"]));
    assert!(idle.contains("metadata.analysis_mode") || idle.contains("no effect"), "{idle}");
}

#[test]
fn words_that_are_not_known_are_one_line_each() {
    let folder = place();
    for (words, expected) in [
        (vec![], "no command"),
        (vec!["fly"], "fly"),
        (vec!["fit", "c.yaml", "--bogus"], "--bogus"),
        (vec!["fit", "c.yaml", "--threads", "many"], "many"),
        (vec!["fit", "c.yaml", "--threads"], "--threads"),
        (vec!["config", "init"], "<MODE>"),
        (vec!["config", "init", "turbulent"], "turbulent"),
        (vec!["config"], "no command"),
        (vec!["simulate"], "--out"),
        (vec!["fit", "c.yaml", "more\n\nUsage: x\n"], "more"),
        (vec!["fit", "a\nb.yaml"], "a\\nb.yaml"),
        (vec!["inspect", "a\nb.h5"], "a\\nb.h5"),
        (vec!["fit", "c.yaml", "--set", "a\nb=3"], "a\\nb"),
        (vec!["fit", "c.yaml", "--set", "novalue"], "KEY=VALUE"),
        (vec!["fit", "c.yaml", "--set", "=3"], "KEY=VALUE"),
        (vec!["explain", "a\nb"], "a\\nb"),
        (vec!["simulate", "--out", "n.h5", "--angles", "0"], "--angles: 0; expected a whole number from 1 to 100000"),
        (vec!["simulate", "--out", "n.h5", "--dt", "-1e-4"], "-0.0001"),
        (vec!["simulate", "--out", "n.h5", "--parameter", "D0=1", "--parameter", "D0=2"], "D0=2; expected D0 once"),
        (vec!["simulate", "--out", "n.h5", "--phi", "0,0"], "--phi: 0 and 0; expected every azimuth once"),
        (vec!["simulate", "--out", "n.h5", "--phi", "0,30,360"], "--phi: 0 and 360; expected every azimuth once"),
    ] {
        let line = one_line(&homodyne(folder.path(), &words));
        assert!(line.contains(expected), "{words:?}: {line}");
    }
    for words in [
        vec!["--help"],
        vec!["--version"],
        vec!["fit", "--help"],
        vec!["config", "validate", "--help"],
        vec!["help", "--help"],
        vec!["help", "fit", "-h"],
    ] {
        let output = homodyne(folder.path(), &words);
        assert_eq!((output.status.code(), stderr(&output).len()), (Some(0), 0), "{words:?}");
    }
}

#[test]
fn long_paths_and_paths_that_are_no_text_work_or_are_refused_by_name() {
    let folder = place();
    let long = "x".repeat(5000);
    for words in [
        vec!["fit", &long],
        vec!["ingest", "-q", &long],
        vec!["inspect", &long],
        vec!["fit", "c.yaml", "-q", "--store", &long],
        vec!["fit", "c.yaml", "-q", "--output", &long],
        vec!["config", "init", "static", "-o", &long],
        vec!["simulate", "--out", &long],
    ] {
        assert!(one_line(&homodyne(folder.path(), &words)).contains("xxxx"), "{words:?}");
    }
    let deep = format!("{}c.yaml", "./".repeat(500));
    assert_eq!(homodyne(folder.path(), &["config", "validate", &deep]).status.code(), Some(0));
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        let name = std::ffi::OsStr::from_bytes(b"d\xffta.h5");
        std::fs::copy(folder.path().join("data.h5"), folder.path().join(name)).expect("copy");
        let run = |words: &[&str]| {
            let mut command = assert_cmd::Command::cargo_bin("homodyne").expect("built");
            command.current_dir(folder.path()).args(words).arg(name).output().expect("run")
        };
        assert!(run(&["inspect"]).status.success());
        for words in [vec!["ingest"], vec!["fit", "c.yaml", "--store"], vec!["fit", "c.yaml", "--data-file"]] {
            assert!(one_line(&run(&words)).contains("in UTF-8"), "{words:?}");
        }
        assert!(one_line(&run(&["fit", "c.yaml", "--set"])).contains("UTF-8"));
    }
}

/// Argument lists from a fixed seed: no panic, no hang, an exit code of 0, 1 or 2, one line for every error.
#[test]
fn no_list_of_arguments_panics_or_hangs() {
    use rand_xoshiro::rand_core::{Rng, SeedableRng};
    let folder = place();
    let words = [
        "run",
        "fit",
        "plan",
        "tune",
        "ingest",
        "inspect",
        "simulate",
        "config",
        "explain",
        "init",
        "validate",
        "show",
        "keys",
        "c.yaml",
        "data.h5",
        "no.h5",
        "laminar_flow",
        "static",
        "--json",
        "--set",
        "optimization.nlsq.max_iterations=1",
        "a=b",
        "optimization=5",
        "--threads",
        "0",
        "2",
        "-1",
        "1e9",
        "--q",
        "all",
        "0.0054,x",
        "--store",
        "s",
        "--output-dir",
        "o",
        "--static-mode",
        "--laminar-flow",
        "--data-file",
        "--initial-d0",
        "1e4",
        "nan",
        "--tolerance",
        "--max-iterations",
        "1",
        "-v",
        "-vv",
        "-q",
        "--resume",
        "--method",
        "nlsq",
        "--config",
        "--out",
        "o.h5",
        "--frames",
        "5",
        "--angles",
        "--help",
        "--",
        "E17",
        "\n",
        "é",
        "",
        "--strategy",
        "stratified",
        "--stats",
        "--block-points",
        "64",
        "--phi",
        "1,2",
        "--noise",
        "speckle",
    ];
    let mut random = rand_xoshiro::Xoshiro256PlusPlus::seed_from_u64(17);
    let mut below = |n: usize| (random.next_u64() % n as u64) as usize;
    let begin = std::time::Instant::now();
    for round in 0..400 {
        if begin.elapsed().as_secs() > 8 && round >= 40 {
            break;
        }
        let list: Vec<&str> =
            (0..1 + below(6)).map(|k| if k == 0 { words[below(14)] } else { words[below(words.len())] }).collect();
        let mut command = assert_cmd::Command::cargo_bin("homodyne").expect("built");
        command.current_dir(folder.path()).args(&list).timeout(std::time::Duration::from_secs(60));
        let output = command.output().expect("run");
        let said = stderr(&output);
        assert!(matches!(output.status.code(), Some(0..=2)), "{list:?}: {:?} {said}", output.status);
        let errors = said.lines().filter(|line| line.starts_with("error: ")).count();
        assert_eq!(errors > 0, output.status.code() == Some(2), "{list:?}: {said}");
        // Errors, and lines of the log, which begin with a time.
        let has_time = |line: &&str| line.split(' ').next().is_some_and(|word| word.len() == 20 && word.ends_with('Z'));
        let is_line = |line: &&str| line.starts_with("error: ") || has_time(line);
        if output.status.code() == Some(2) {
            assert!(said.lines().filter(|line| !is_line(line)).count() == 0, "{list:?}: {said}");
        }
    }
}

#[test]
fn a_q_that_is_none_is_told_in_one_form_by_every_command() {
    let folder = place();
    for value in ["abc", "-1", "0", "nan", "1e400", "", "1000", "--json"] {
        for words in [
            vec!["run", "c.yaml", "--q"],
            vec!["fit", "c.yaml", "--q"],
            vec!["ingest", "data.h5", "--q"],
            vec!["adopt", "tables", "--out", "S", "--q"],
            vec!["inspect", "data.h5", "--plot", "look", "--q"],
            vec!["simulate", "--out", "new.h5", "--q"],
        ] {
            let line = one_line(&homodyne(folder.path(), &[&words[..], &[value]].concat()));
            let told = format!("[E62] --q: {value}; expected ");
            let range = "a wavevector in 1/angstrom, from 1e-7 to 100";
            assert!(line.contains(&told) && line.contains(range), "{words:?} {value}: {line}");
        }
    }
    for (words, told) in [
        (&["run", "c.yaml", "--threads", "x"][..], "--threads: x; expected a whole number"),
        (
            &["run", "c.yaml", "--threads", "100000"],
            "cpu_threads: 100000; expected auto or a whole number from 1 to 4096",
        ),
        (&["run", "c.yaml", "--strategy", "x"], "--strategy: x; expected one of auto, stratified"),
        (&["simulate", "--out", "n.h5", "--dt", "x"], "--dt: x; expected a number"),
        (&["simulate", "--out", "n.h5", "--angles", "0"], "--angles: 0; expected"),
        (&["explain", "E17", "--out"], "unexpected argument '--out' found; expected words that --help lists"),
    ] {
        let line = one_line(&homodyne(folder.path(), words));
        assert!(line.contains(told), "{words:?}: {line}");
    }
}

#[test]
fn what_is_no_folder_or_no_file_is_called_what_it_is() {
    let folder = place();
    let at = |name: &str| folder.path().join(name);
    let pipe =
        |path: &Path| assert!(std::process::Command::new("mkfifo").arg(path).status().expect("mkfifo").success());
    pipe(&at("pipe"));
    std::fs::create_dir(at("pages")).expect("folder");
    pipe(&at("pages/homodyne.1"));
    let _socket = std::os::unix::net::UnixListener::bind(at("socket")).expect("bound");
    for (words, told) in [
        (vec!["man", "--out", "pipe"], "pipe: is a named pipe; expected a folder to write into; name a folder"),
        (vec!["man", "--out", "data.h5"], "data.h5: is a file; expected a folder to write into"),
        (vec!["man", "--out", "data.h5/below"], "data.h5: is a file; expected a folder to write into"),
        (vec!["man", "--out", "pages"], "pages/homodyne.1: is a named pipe"),
        (vec!["simulate", "--out", "pipe", "--force"], "pipe: is a named pipe"),
        (vec!["run", "c.yaml", "--output", "data.h5", "-q"], "data.h5: is a file; expected a folder to write into"),
        (vec!["ingest", "pipe", "--q", "0.0054"], "pipe: is a named pipe; expected an HDF5 file"),
        (vec!["inspect", "socket"], "socket: is a socket; expected an HDF5 file"),
        (vec!["inspect", "/dev/null"], "/dev/null: is a device; expected an HDF5 file"),
        (vec!["inspect", "."], ".: is a folder; expected an HDF5 file"),
        (vec!["adopt", "pipe", "--out", "S"], "pipe: is a named pipe; expected a table"),
    ] {
        let line = one_line(&homodyne(folder.path(), &words));
        assert!(line.contains(told), "{words:?}: {line}");
    }
}

#[test]
fn the_help_of_ingest_says_where_a_store_comes_to() {
    let folder = place();
    let help = stdout(&homodyne(folder.path(), &["ingest", "--help"]));
    let help = help.split_whitespace().collect::<Vec<&str>>().join(" ");
    assert!(
        help.contains("<output.directory>/stores/<name of the configuration, or else of the file>-<12 digits"),
        "{help}"
    );
    // As the help says.
    assert!(homodyne(folder.path(), &["ingest", "data.h5"]).status.success());
    let configured = ["ingest", "data.h5", "--config", "c.yaml", "--set", "output.directory=elsewhere"];
    assert!(homodyne(folder.path(), &configured).status.success());
    for (place, name) in [("results/stores", "data-"), ("elsewhere/stores", "c-")] {
        let found = std::fs::read_dir(folder.path().join(place)).expect("stores").flatten();
        let names: Vec<String> = found.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        let [only] = &names[..] else { panic!("{names:?}") };
        let digits = only.strip_prefix(name).unwrap_or_else(|| panic!("{only}"));
        assert!(digits.len() == 12 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()), "{only}");
    }
}
