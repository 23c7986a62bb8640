//! The house: who may import whom, how large files and functions may be, what every file says of itself.

use crate::house::{Function, Source, circle, file_imports, functions, sources};
use homodyne::config::key::Meaning;
use homodyne::config::keys::{all, patterns};
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
    ("ingest", &["error", "experiment", "listener", "machine", "store", "units"]),
    ("sweep", &["error", "experiment", "listener", "machine", "parameters", "store", "model", "sums"]),
    ("fit", &["error", "units", "listener", "parameters", "sums", "likelihood", "outcome", "machine"]),
    ("sample", &["error", "likelihood", "listener", "machine", "outcome", "parameters", "sums"]),
    ("simulate", &["error", "experiment", "parameters", "listener", "machine", "model"]),
    ("report", &["error", "units", "parameters", "outcome"]),
    (
        "config",
        &[
            "error",
            "experiment",
            "ingest",
            "fit",
            "listener",
            "machine",
            "model",
            "outcome",
            "parameters",
            "sample",
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
            "likelihood",
            "listener",
            "machine",
            "model",
            "outcome",
            "parameters",
            "report",
            "sample",
            "simulate",
            "store",
            "sums",
            "sweep",
            "units",
        ],
    ),
    // Its own files aside: from the crate, the door only (see the test below).
    ("cli", &[]),
    (
        "api",
        &[
            "config",
            "error",
            "experiment",
            "fit",
            "ingest",
            "likelihood",
            "listener",
            "machine",
            "model",
            "outcome",
            "parameters",
            "pipeline",
            "report",
            "sample",
            "simulate",
            "store",
            "sums",
            "sweep",
            "units",
        ],
    ),
    ("lib", &[]),
    ("main", &[]),
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
fn the_command_line_uses_the_door_alone() {
    for source in sources().iter().filter(|source| source.module == "cli" || source.module == "main") {
        let bare = source.bare();
        let (all, door) = (bare.matches("homodyne::").count(), bare.matches("homodyne::api").count());
        assert_eq!(all, door, "{}", source.path.display());
    }
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
        let holds = files.iter().filter(|source| source.bare().contains(word));
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
fn keys_that_texts_advise_are_keys_that_are_read() {
    let sections: BTreeSet<&str> = all().filter_map(|key| key.path.split('.').next()).collect();
    let is_key = |word: &&str| word.split_once('.').is_some_and(|(section, _)| sections.contains(section));
    let read: BTreeSet<String> =
        patterns().iter().filter(|(_, use_)| *use_ == Meaning::Used).map(|(key, _)| key.clone()).collect();
    for source in sources().iter().filter(|source| source.module != "config" && source.module != "api") {
        for text in source.bare().split('"').skip(1).step_by(2) {
            let words =
                text.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.')).map(|word| word.trim_matches('.'));
            for word in words.filter(is_key) {
                let known = read.iter().any(|key| {
                    key == word || key.starts_with(&format!("{word}.")) || key.starts_with(&format!("{word}["))
                });
                assert!(known, "{}: {word} is no key", source.path.display());
            }
        }
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
        "TUTORIAL.md",
        "docs",
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

/// The measures of the house: `cargo test --release --test library measures -- --nocapture` prints them.
#[test]
fn measures() {
    let sources = sources();
    let mut lengths: Vec<usize> = sources.iter().map(|source| source.code.lines().count()).collect();
    lengths.sort_unstable();
    let all: Vec<Function> = sources.iter().flat_map(|source| functions(&source.code)).collect();
    let share = |count: usize| 100.0 * count as f64 / all.len() as f64;
    let long = all.iter().filter(|function| function.lines > 60).count();
    let short = all.iter().filter(|function| function.lines <= 25).count();
    let (items, documented) = sources.iter().map(public_items).fold((0, 0), |sum, of| (sum.0 + of.0, sum.1 + of.1));
    let mut modules: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for source in &sources {
        let imports = source.imports().into_iter().filter_map(|path| path.split("::").next().map(str::to_owned));
        let own = source.module.clone();
        modules.entry(own.clone()).or_default().extend(imports.filter(|module| *module != own));
    }
    let knot = circle(&modules).len().max(1);
    println!(
        "files {}, median {} lines, largest {}",
        lengths.len(),
        lengths[lengths.len() / 2],
        lengths[lengths.len() - 1]
    );
    println!("functions {}, above 60 lines {:.1} %, up to 25 lines {:.1} %", all.len(), share(long), share(short));
    println!("public items {items}, documented {:.1} %", 100.0 * documented as f64 / items as f64);
    println!("top-level modules {}, largest knot {knot}", modules.len());
    println!("imports of files within the crate {}", file_imports(&sources).values().map(BTreeSet::len).sum::<usize>());
    assert_eq!((long, knot), (0, 1));
    // `missing_docs` sees what can be reached from outside; what lies in private modules may speak for itself.
    assert!(100 * documented >= 98 * items, "{documented} of {items}");
}

/// Public items of a file, and those with a line of documentation above (attributes aside).
fn public_items(source: &Source) -> (usize, usize) {
    let lines: Vec<&str> = source.code.lines().map(str::trim_start).collect();
    let is_item = |line: &str| {
        let kinds = ["fn ", "struct ", "enum ", "trait ", "const ", "type ", "mod "];
        line.strip_prefix("pub ").is_some_and(|rest| kinds.iter().any(|kind| rest.starts_with(kind)))
    };
    let items: Vec<usize> = (0..lines.len()).filter(|&k| is_item(lines[k])).collect();
    let documented = |&&k: &&usize| {
        let above = lines[..k].iter().rev().find(|line| !line.starts_with("#["));
        // A module says what it is in its own file.
        lines[k].starts_with("pub mod ") || above.is_some_and(|line| line.starts_with("///"))
    };
    (items.len(), items.iter().filter(documented).count())
}
