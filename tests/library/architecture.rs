//! The house: who may import whom, how large files and functions may be, what every file says of itself.

use crate::house::{Function, Source, circle, file_imports, functions, sources};
use homodyne::error::catalogue::Code;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Module, what it imports from the crate: exactly this. Nouns never import verbs, verbs never each other; only `pipeline` calls
/// more than one verb; the command line uses `api` alone.
const IMPORTS: &[(&str, &[&str])] = &[
    ("error", &[]),
    ("units", &[]),
    ("listener", &["error"]),
    ("experiment", &["error"]),
    ("parameters", &["error"]),
    // The one scaling of an angle, with which residuals are weighed.
    ("sums", &["error", "parameters"]),
    // Words that results share with parameters and sums are their enums, not texts.
    ("outcome", &["parameters", "sums"]),
    ("machine", &["error"]),
    ("store", &["error", "experiment", "machine"]),
    ("model", &["error", "experiment", "parameters", "sums"]),
    ("likelihood", &["error", "parameters", "sums"]),
    ("ingest", &["error", "experiment", "listener", "machine", "store"]),
    ("sweep", &["error", "experiment", "listener", "machine", "store", "model", "sums"]),
    ("fit", &["error", "units", "listener", "parameters", "sums", "likelihood", "outcome", "machine"]),
    ("simulate", &["error", "experiment", "parameters", "listener", "model"]),
    ("report", &["error", "parameters", "outcome"]),
    (
        "config",
        &[
            "error",
            "ingest",
            "fit",
            "likelihood",
            "listener",
            "machine",
            "model",
            "outcome",
            "parameters",
            "store",
            "sums",
        ],
    ),
    (
        "pipeline",
        &[
            "config",
            "error",
            "experiment",
            "fit",
            "ingest",
            "listener",
            "machine",
            "model",
            "outcome",
            "parameters",
            "report",
            "store",
            "sums",
            "sweep",
            "units",
        ],
    ),
    ("lib", &[]),
    ("main", &[]),
    ("cli", &[]),
];

/// Of these modules only so much.
const ONLY: &[(&str, &str)] = &[("fit", "machine::budget")];

#[test]
fn imports_are_those_of_the_table() {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for source in sources() {
        let imports = source.imports();
        for (module, only) in ONLY.iter().filter(|(module, _)| *module == source.module) {
            let (noun, _) = only.split_once("::").expect("a module of a module");
            let others = imports.iter().filter(|path| path.starts_with(noun) && !path.starts_with(only));
            assert_eq!(others.count(), 0, "{}: `{module}` may import only `{only}`", source.path.display());
        }
        let modules = imports.iter().filter_map(|path| path.split("::").next()).map(str::to_owned);
        let own = source.module.clone();
        found.entry(own.clone()).or_default().extend(modules.filter(|module| *module != own));
    }
    let table = |(module, imports): &(&str, &[&str])| {
        ((*module).to_owned(), imports.iter().map(|&import| import.to_owned()).collect())
    };
    assert_eq!(found, IMPORTS.iter().map(table).collect(), "found, and the table");
}

#[test]
fn there_are_no_circles_between_files() {
    let circle = circle(&file_imports(&sources()));
    assert!(circle.is_empty(), "in or behind a circle: {circle:?}");
}

#[test]
fn a_circle_would_be_found() {
    let imports = |list: &[(&str, &[&str])]| {
        let entry = |(file, others): &(&str, &[&str])| {
            ((*file).to_owned(), others.iter().map(|&other| other.to_owned()).collect::<BTreeSet<String>>())
        };
        list.iter().map(entry).collect()
    };
    assert!(circle(&imports(&[("a", &["b"]), ("b", &["c"]), ("c", &[])])).is_empty());
    assert_eq!(circle(&imports(&[("a", &["b"]), ("b", &["c"]), ("c", &["b"]), ("d", &[])])), ["a", "b", "c"]);
}

#[test]
fn nothing_is_imported_by_a_star_or_exported_twice() {
    for source in sources().iter().filter(|source| source.module != "api") {
        for line in source.code.lines().map(str::trim_start) {
            let is_use = line.starts_with("use ") || line.starts_with("pub use ");
            assert!(!(is_use && line.contains("::*")), "{}: {line}", source.path.display());
            assert!(!line.starts_with("pub use "), "{}: {line}", source.path.display());
        }
    }
}

#[test]
fn files_are_small_and_say_what_they_are() {
    let mut lengths = Vec::new();
    for source in sources() {
        let lines = source.code.lines().count();
        assert!(lines <= 400, "{} has {lines} lines", source.path.display());
        assert!(source.code.starts_with("//! "), "{} opens without a sentence on its job", source.path.display());
        lengths.push(lines);
    }
    lengths.sort_unstable();
    assert!(lengths[lengths.len() / 2] <= 130, "median length {}", lengths[lengths.len() / 2]);
}

#[test]
fn functions_are_short_and_take_few_arguments() {
    let all: Vec<Function> = sources().iter().flat_map(|source| functions(&source.code)).collect();
    assert!(all.len() > 500, "{} functions found", all.len());
    for Function { name, lines, arguments } in &all {
        assert!(*lines <= 60, "{name} has {lines} lines");
        assert!(*arguments <= 5, "{name} has {arguments} arguments");
    }
    let short = all.iter().filter(|function| function.lines <= 25).count();
    assert!(short * 10 >= all.len() * 9, "{short} of {} functions have at most 25 lines", all.len());
}

#[test]
fn members_of_tuples_are_arguments() {
    let code =
        "fn f<T: Fn(usize) -> u8>(&self, a: &mut (u8, Vec<(u8, u8)>), b: &dyn Fn(u8, u8) -> u8, c: crate::X) {\n}\n";
    assert_eq!(functions(code)[0].arguments, 4);
}

#[test]
fn threads_start_in_one_place_and_unsafe_stands_in_one_file() {
    let holding = |word: &str| -> Vec<String> {
        let files = sources();
        let holds = files.iter().filter(|source| source.code.contains(word));
        holds.map(|source| source.path.display().to_string()).collect()
    };
    assert_eq!(holding("thread::scope"), ["machine/dataflow.rs"]);
    assert!(holding("thread::spawn").is_empty());
    assert_eq!(holding("unsafe {"), ["store/map.rs"]);
    for word in ["println!", "process::exit", "dbg!", "todo!", "unimplemented!"] {
        let found: Vec<String> =
            holding(word).into_iter().filter(|file| !(file == "main.rs" && word == "println!")).collect();
        assert!(found.is_empty(), "{word} in {found:?}");
    }
}

#[test]
fn every_code_is_raised_and_none_is_written_as_text() {
    let code: String = sources().iter().map(Source::bare).collect();
    for known in Code::ALL {
        assert!(code.contains(&format!("Code::{known}")), "nothing raises {known}");
        assert!(!code.contains(&format!("\"{known}\"")) && !code.contains(&format!("[{known}]")), "{known} is text");
    }
}

#[test]
fn names_are_words_of_the_field() {
    for source in sources() {
        let name = source.path.file_stem().expect("name").to_string_lossy().into_owned();
        for word in ["util", "utils", "manager", "handler", "helper", "helpers", "core", "common", "misc"] {
            assert!(!name.split('_').any(|part| part == word), "{}", source.path.display());
        }
    }
}

#[test]
fn the_top_level_holds_what_it_should() {
    let expected = [
        "Cargo.toml",
        "Cargo.lock",
        "src",
        "pipelines",
        "tests",
        "benches",
        "data",
        "README.md",
        "LICENSE",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        ".ci",
        ".gitignore",
    ];
    for name in expected {
        assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(name).exists(), "{name} is missing");
    }
}
