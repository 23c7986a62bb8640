//! What pages tell people to type works: every command of the tutorial and of the pipelines is run as it stands there.

use crate::program::{homodyne, stderr};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn clone() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A folder with what a fresh clone has of data and pipelines.
fn fresh_clone() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("folder");
    for place in ["data", "pipelines", "pipelines/edited", "pipelines/staged", "pipelines/many_q"] {
        std::fs::create_dir(folder.path().join(place)).expect("folder");
        for entry in std::fs::read_dir(clone().join(place)).expect(place).flatten() {
            if entry.path().is_file() {
                std::fs::copy(entry.path(), folder.path().join(place).join(entry.file_name())).expect("copied");
            }
        }
    }
    folder
}

/// The words of a command line of the program, and the exit code that its comment promises.
fn command(line: &str) -> Option<(Vec<&str>, i32)> {
    let (words, comment) = line.split_once('#').unwrap_or((line, ""));
    let words = words.trim().strip_prefix("homodyne ")?;
    let code = if comment.contains("exit code 1") { 1 } else { 0 };
    Some((words.split_whitespace().collect(), code))
}

fn run(folder: &Path, line: &str) -> Option<Output> {
    let (words, code) = command(line)?;
    let output = homodyne(folder, &words);
    assert_eq!(output.status.code(), Some(code), "{line}: {}", stderr(&output));
    Some(output)
}

/// A Python that has a module: that of the environment variable `PYTHON`, or `python3`.
fn python(modules: &str) -> Option<String> {
    let has = |python: &String| {
        let output = Command::new(python).args(["-c", &format!("import {modules}")]).output();
        output.is_ok_and(|output| output.status.success())
    };
    let found = std::env::var("PYTHON").ok().into_iter().chain(["python3".to_owned()]).find(has);
    if found.is_none() {
        println!("skipped: no Python with {modules} (set PYTHON)");
    }
    found
}

/// The files that a page has in it: a name and a content behind "```language".
fn blocks<'p>(page: &'p str, language: &str) -> Vec<(&'p str, &'p str)> {
    let opening = format!("\n```{language}");
    let blocks = page.split(opening.as_str()).skip(1);
    blocks
        .filter_map(|rest| rest.split_once('\n'))
        .map(|(name, rest)| (name.trim(), rest.split("```").next().unwrap_or_default()))
        .collect()
}

#[test]
fn every_command_of_the_tutorial_runs_and_says_what_the_page_shows() {
    let folder = fresh_clone();
    let page = std::fs::read_to_string(clone().join("TUTORIAL.md")).expect("TUTORIAL.md");
    for (name, content) in blocks(&page, "yaml") {
        std::fs::write(folder.path().join(name), content).expect("written");
    }
    let (mut commands, mut said) = (0, String::new());
    for line in page.lines().filter_map(|line| line.strip_prefix("    ")) {
        match line.strip_prefix("> ") {
            Some(shown) => assert!(said.contains(shown), "{shown} is not in {said}"),
            None => {
                let output = run(folder.path(), line).unwrap_or_else(|| panic!("no command: {line}"));
                let own = String::from_utf8_lossy(&output.stdout).into_owned();
                // What a page shows may stand some commands above.
                said += &own;
                commands += 1;
            }
        }
    }
    assert!(commands >= 10, "{commands}");
    for place in ["look/report.html", "results/latest/report/report.html"] {
        assert!(folder.path().join(place).is_file(), "{place}");
    }
    let plots = folder.path().join("results");
    let drawn = |ending: &str| files(&plots).iter().any(|file| file.to_string_lossy().ends_with(ending));
    assert!(drawn("plots/diffusion.pdf") && drawn("plots/diffusion.png") && drawn("fitted.parquet"));
    if let Some(python) = python("pandas, matplotlib, pyarrow") {
        let [(_, script)] = blocks(&page, "python")[..] else { panic!("one script") };
        let output = Command::new(python)
            .current_dir(folder.path())
            .env("MPLBACKEND", "Agg")
            .args(["-c", script])
            .output()
            .expect("run");
        assert!(output.status.success(), "{}", stderr(&output));
        assert!(folder.path().join("g2.png").metadata().is_ok_and(|file| file.len() > 4000));
    }
}

/// All files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn commands_in_pipelines_run_as_they_stand_there() {
    let folder = fresh_clone();
    let staged = std::fs::read_to_string(clone().join("pipelines/staged/ingest.yaml")).expect("staged");
    let lines = |text: &str| -> Vec<String> {
        text.lines().filter_map(|line| line.strip_prefix("#   ")).map(str::to_owned).collect()
    };
    let runs: Vec<Output> = lines(&staged).iter().filter_map(|line| run(folder.path(), line)).collect();
    assert_eq!(runs.len(), 3);
    assert!(!stderr(&runs[1]).contains("ingest: ") && stderr(&runs[2]).contains("fit: "), "{}", stderr(&runs[1]));
    let many = std::fs::read_to_string(clone().join("pipelines/many_q/all_q.yaml")).expect("many q");
    let runs: Vec<Output> = lines(&many).iter().filter_map(|line| run(folder.path(), line)).collect();
    let table = String::from_utf8_lossy(&runs[1].stdout).into_owned();
    assert!(runs.len() == 3 && table.contains("0.0054") && table.contains("D0 ~ q^("), "{table}");
}

#[test]
fn pairs_that_duckdb_has_left_out_are_masked_in_the_adopted_store() {
    let Some(python) = python("duckdb") else { return };
    let folder = fresh_clone();
    let ingest = "homodyne ingest data/laminar_flow.h5 --q 0.0054 --store stores/sample --format parquet";
    run(folder.path(), ingest).expect("a command");
    let script = "pipelines/edited/prepare_with_duckdb.py";
    let output = Command::new(python)
        .current_dir(folder.path())
        .args([script, "edited", "stores/sample", "--longest-lag", "20"])
        .output()
        .expect("run");
    assert!(output.status.success(), "{}", stderr(&output));
    run(folder.path(), "homodyne adopt edited --out stores/edited --q 0.0054 --dt 0.1 --frames 300")
        .expect("a command");
    let fit = "homodyne fit pipelines/edited/fit.yaml --store stores/edited --json -q";
    let fitted = run(folder.path(), fit).expect("a command");
    let result: serde_json::Value = serde_json::from_slice(&fitted.stdout).expect("JSON");
    let found = &result["parameters"]["D0"];
    let [value, error] = ["value", "uncertainty"].map(|name| found[name].as_f64().expect("determined"));
    assert!((value - 19_000.0).abs() < 4.0 * error, "{value} +- {error}");
}

#[test]
fn links_of_pages_lead_to_files() {
    let pages = ["README.md", "TUTORIAL.md", "CONTRIBUTING.md"].map(|page| clone().join(page));
    for page in pages.into_iter().chain(files(&clone().join("docs"))) {
        let text = std::fs::read_to_string(&page).expect("a page");
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = link.split('#').next().unwrap_or_default();
            let is_there = target.is_empty() || target.starts_with("http") || page.with_file_name(target).exists();
            assert!(is_there, "{}: {link}", page.display());
        }
    }
}
