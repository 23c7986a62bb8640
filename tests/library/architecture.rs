//! The house: who may import whom, how large files and functions may be, what every file says of itself.

use homodyne::error::catalogue::Code;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Module, what it may import from the crate. Nouns never import verbs, verbs never each other.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("error", &[]),
    ("loss", &["parameters"]),
    ("machine", &[]),
    ("memory", &[]),
    ("outcome", &["loss", "normal", "parameters"]),
    ("listener", &["error"]),
    ("pairs", &[]),
    ("experiment", &["error"]),
    ("parameters", &["error"]),
    ("publish", &["error"]),
    ("dataflow", &["error", "machine"]),
    ("block", &["error", "experiment"]),
    ("store", &["error", "experiment", "block", "publish"]),
    ("model", &["error", "experiment", "parameters", "block", "pairs"]),
    ("normal", &["error", "pairs"]),
    ("objective", &["error", "loss", "parameters", "normal"]),
    ("ingest", &["error", "listener", "experiment", "block", "store", "dataflow", "memory"]),
    (
        "sweep",
        &[
            "error",
            "listener",
            "experiment",
            "parameters",
            "block",
            "store",
            "model",
            "pairs",
            "normal",
            "loss",
            "objective",
            "dataflow",
            "machine",
        ],
    ),
    ("fit", &["error", "listener", "parameters", "normal", "loss", "objective", "outcome"]),
    ("simulate", &["error", "listener", "experiment", "parameters", "block", "model"]),
    ("report", &["error", "experiment", "parameters", "outcome"]),
    (
        "config",
        &[
            "error",
            "listener",
            "experiment",
            "parameters",
            "block",
            "store",
            "machine",
            "model",
            "loss",
            "ingest",
            "fit",
            "outcome",
        ],
    ),
    (
        "pipeline",
        &[
            "error",
            "listener",
            "experiment",
            "parameters",
            "block",
            "store",
            "model",
            "normal",
            "objective",
            "dataflow",
            "machine",
            "ingest",
            "sweep",
            "fit",
            "outcome",
            "report",
            "config",
            "memory",
            "publish",
        ],
    ),
    ("lib", &[]),
    ("main", &["cli"]),
    ("cli", &["cli"]),
];

struct Source {
    path: PathBuf,
    module: String,
    /// Without the tests at the end of the file.
    code: String,
}

fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    assert!(found.len() > 50, "the walk has found the sources");
    found
}

fn collect(folder: &Path, found: &mut Vec<Source>) {
    for entry in std::fs::read_dir(folder).expect("src").flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).expect("source");
            let code = text.split("\n#[cfg(test)]").next().unwrap_or_default().to_owned();
            let inside =
                path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).expect("below src").to_owned();
            let module = inside.iter().next().expect("a name").to_string_lossy().trim_end_matches(".rs").to_owned();
            found.push(Source { path: inside, module, code });
        }
    }
}

#[test]
fn imports_follow_the_table() {
    let table: BTreeMap<&str, &[&str]> = MAY_IMPORT.iter().copied().collect();
    for source in sources() {
        let allowed =
            table.get(source.module.as_str()).unwrap_or_else(|| panic!("{} is not in the table", source.module));
        for part in source.code.split("crate::").skip(1) {
            let imported: String = part.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            let fine = imported == source.module || allowed.contains(&imported.as_str());
            assert!(fine, "{}: `{}` may not import `{imported}`", source.path.display(), source.module);
        }
        for line in
            source.code.lines().filter(|line| line.trim_start().starts_with("use ") || line.contains("pub use "))
        {
            assert!(!line.contains("::*"), "{}: a glob import: {line}", source.path.display());
            assert!(!line.trim_start().starts_with("pub use"), "{}: a re-export: {line}", source.path.display());
        }
    }
}

#[test]
fn the_command_line_uses_the_public_api_only() {
    for source in sources().iter().filter(|source| source.module == "cli" || source.module == "main") {
        let inner = source.code.matches("crate::").count();
        assert_eq!(inner, source.code.matches("crate::cli").count(), "{}", source.path.display());
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
    assert!(lengths[lengths.len() / 2] <= 180, "median length {}", lengths[lengths.len() / 2]);
}

/// Functions as (name, lines, arguments), by counting braces from each `fn`.
fn functions(code: &str) -> Vec<(String, usize, usize)> {
    let lines: Vec<&str> = code.lines().collect();
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let text = line.trim_start();
        let is_function = text.starts_with("fn ") || (text.starts_with("pub") && text.contains(" fn "));
        if !is_function {
            continue;
        }
        let rest = lines[start..].join("\n");
        let name: String = text
            .split("fn ")
            .nth(1)
            .unwrap_or_default()
            .chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect();
        let Some(end) = body_end(&rest) else { continue };
        found.push((name, rest[..end].lines().count(), arguments(&rest)));
    }
    found
}

/// Where the body's last brace is; `None` for a declaration without body.
fn body_end(text: &str) -> Option<usize> {
    let (mut depth, mut nested) = (0_i32, 0_i32);
    for (at, character) in text.char_indices() {
        match character {
            '(' | '[' => nested += 1,
            ')' | ']' => nested -= 1,
            ';' if depth == 0 && nested == 0 => return None,
            '{' => depth += 1,
            '}' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

fn arguments(text: &str) -> usize {
    // The argument list is the first parenthesis after the generic parameters.
    let mut angle = 0_i32;
    let open = text.char_indices().find(|(at, c)| {
        match c {
            '<' => angle += 1,
            '>' if !text[..*at].ends_with('-') => angle -= 1,
            _ => {}
        }
        *c == '(' && angle == 0
    });
    let Some((open, _)) = open else { return 0 };
    let (mut depth, mut count, mut last) = (0_i32, 0, ' ');
    // A path's `::` is no argument.
    for character in text[open..].replace("::", "").chars() {
        match character {
            '(' | '[' | '<' => depth += 1,
            ')' | ']' => depth -= 1,
            '>' if last != '-' => depth -= 1,
            ':' if depth == 1 => count += 1,
            _ => {}
        }
        if depth == 0 {
            break;
        }
        last = character;
    }
    count
}

#[test]
fn functions_are_short() {
    let all: Vec<(String, usize, usize)> = sources().iter().flat_map(|source| functions(&source.code)).collect();
    assert!(all.len() > 300, "{} functions found", all.len());
    for (name, lines, arguments) in &all {
        assert!(*lines <= 60, "{name} has {lines} lines");
        assert!(*arguments <= 5, "{name} has {arguments} arguments");
    }
    let short = all.iter().filter(|(_, lines, _)| *lines <= 25).count();
    assert!(short * 10 >= all.len() * 9, "{short} of {} functions have at most 25 lines", all.len());
}

#[test]
fn threads_start_in_one_place_and_unsafe_stands_in_one_file() {
    let holding = |word: &str| -> Vec<String> {
        let files = sources();
        let holds = files.iter().filter(|source| source.code.contains(word));
        holds.map(|source| source.path.display().to_string()).collect()
    };
    assert_eq!(holding("thread::scope"), ["dataflow.rs"]);
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
    let is_code = |line: &&str| !line.trim_start().starts_with("//");
    let code: String = sources().iter().flat_map(|source| source.code.lines().filter(is_code)).collect();
    for known in Code::ALL {
        assert!(code.contains(&format!("Code::{known}")), "nothing raises {known}");
        assert!(!code.contains(&format!("\"{known}\"")) && !code.contains(&format!("[{known}]")), "{known} is text");
    }
}

#[test]
fn names_are_words_of_the_field() {
    for source in sources() {
        let name = source.path.file_stem().expect("name").to_string_lossy().into_owned();
        for word in ["util", "manager", "handler", "helper", "core", "common", "misc"] {
            assert!(!name.contains(word), "{}", source.path.display());
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
        ".ci",
        ".gitignore",
    ];
    for name in expected {
        assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(name).exists(), "{name} is missing");
    }
}
