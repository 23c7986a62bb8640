//! What the program says, and how: log lines, silence, the summary, completions, manual pages.

use crate::program::{LAMINAR_CONFIG, homodyne, stderr};
use assert_cmd::Command;
use serde_json::Value;
use std::path::Path;
use std::process::Output;

/// A folder with a small file and its configuration.
fn place() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("folder");
    let simulate = ["simulate", "-q", "--frames", "60", "--angles", "4", "--out", "data.h5"];
    let simulated = homodyne(folder.path(), &simulate);
    assert!(simulated.status.success() && simulated.stderr.is_empty(), "{}", stderr(&simulated));
    std::fs::write(folder.path().join("c.yaml"), LAMINAR_CONFIG).expect("config");
    folder
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Runs the program with RUST_LOG.
fn with_rust_log(folder: &Path, value: &str, words: &[&str]) -> Output {
    let mut command = Command::cargo_bin("homodyne").expect("built");
    command.current_dir(folder).env("RUST_LOG", value).args(words).output().expect("run")
}

fn results(folder: &Path, output: &Output) -> std::path::PathBuf {
    let said = stdout(output);
    let line = said.lines().find_map(|line| line.strip_prefix("results: "));
    folder.join(line.unwrap_or_else(|| panic!("{}", stderr(output))))
}

/// Time, level, text: 2026-11-29T01:35:31Z INFO    text.
fn level(line: &str) -> &str {
    let (stamp, rest) = line.split_once(' ').unwrap_or_else(|| panic!("{line}"));
    let shape: String = stamp.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    assert_eq!(shape, "0000-00-00T00:00:00Z", "{line}");
    let level = rest.split(' ').next().unwrap_or_default();
    assert!(["ERROR", "WARNING", "INFO", "DEBUG"].contains(&level) && rest.len() > 8, "{line}");
    level
}

#[test]
fn a_batch_log_has_plain_lines_with_time_and_level_and_no_control_characters() {
    let folder = place();
    let output = homodyne(folder.path(), &["run", "c.yaml", "-v"]);
    for text in [stdout(&output), stderr(&output)] {
        assert!(!text.is_empty() && !text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
    }
    let said = stderr(&output);
    let levels: Vec<&str> = said.lines().map(level).collect();
    assert!(levels.contains(&"INFO") && levels.contains(&"DEBUG"), "{said}");
    let log = std::fs::read_to_string(results(folder.path(), &output).join("log.txt")).expect("log.txt");
    assert!(log.lines().map(level).any(|level| level == "INFO"), "{log}");
    assert!(log.lines().any(|line| line.contains("DEBUG") && line.contains("chi2_nu")), "{log}");
}

#[test]
fn quiet_says_nothing_and_the_command_line_comes_before_rust_log_and_that_before_the_configuration() {
    let folder = place();
    let fit = |n: &str, more: &[&str]| [&["fit", "c.yaml", "--max-iterations", n], more].concat().join(" ");
    let run = |value: &str, words: String| {
        let words: Vec<&str> = words.split(' ').collect();
        stderr(&with_rust_log(folder.path(), value, &words))
    };
    assert_eq!(run("", fit("1", &["-q"])), "");
    assert_eq!(run("debug", fit("2", &["-q"])), "");
    assert_eq!(run("off", fit("3", &[])), "");
    let said = run("debug", fit("4", &[]));
    assert!(said.lines().any(|line| level(line) == "DEBUG"), "{said}");
    let said = run("homodyne=debug,warn", fit("5", &["--set", "logging.level=warning"]));
    assert!(said.lines().any(|line| level(line) == "DEBUG"), "{said}");
    let said = run("warn", fit("6", &["-v"]));
    assert!(said.lines().any(|line| level(line) == "DEBUG"), "{said}");
    let said = run("warn", fit("7", &[]));
    assert!(said.lines().all(|line| level(line) == "WARNING"), "{said}");
    let said = run("", fit("8", &["--set", "logging.level=error"]));
    assert_eq!(said, "");
    let said = run("homodyne::fit=debug", fit("9", &[]));
    assert!(said.lines().any(|line| level(line) == "DEBUG"), "{said}");
    let said = run("nonsense", fit("10", &[]));
    assert_eq!(said.matches("RUST_LOG=nonsense says nothing of this program").count(), 1, "{said}");
    assert!(said.lines().any(|line| level(line) == "INFO"), "{said}");
    let refused = with_rust_log(folder.path(), "homodyne=loud", &["fit", "c.yaml"]);
    let said = stderr(&refused);
    assert_eq!((refused.status.code(), said.lines().count()), (Some(2), 1), "{said}");
    assert!(said.starts_with("error: ") && said.contains("RUST_LOG: homodyne=loud"), "{said}");
}

#[test]
fn a_run_that_fails_says_the_error_last_and_no_stage_that_took_its_time() {
    let folder = place();
    let data = std::fs::read(folder.path().join("data.h5")).expect("data");
    std::fs::write(folder.path().join("cut.h5"), &data[..data.len() / 2]).expect("cut");
    for set in ["analyzer_parameters.scattering.wavevector_q=0.5", "experimental_data.file_path=cut.h5"] {
        let output = homodyne(folder.path(), &["run", "c.yaml", "--set", set]);
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.lines().last().is_some_and(|line| line.starts_with("error: ")), "{said}");
        assert!(!["ingest: ", "sample: ", "fit: ", " MiB"].iter().any(|stage| said.contains(stage)), "{said}");
    }
    let whole = stderr(&homodyne(folder.path(), &["run", "c.yaml"]));
    // An ingest of so few frames may take no time, and has no line then.
    assert!(whole.contains("store written: ") && whole.contains("fit: "), "{whole}");
}

#[test]
fn the_summary_of_the_sample_is_written_as_a_scientist_writes_it() {
    let folder = tempfile::tempdir().expect("folder");
    let output = folder.path().display().to_string();
    let sample = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = homodyne(sample, &["run", "pipelines/laminar_flow.yaml", "-q", "--output", &output]);
    let said = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{said}{}", stderr(&output));
    assert!(said.starts_with("parameter "), "{said}");
    let long = said.lines().find(|line| line.chars().count() > 80 && !line.starts_with("results: "));
    assert_eq!(long, None, "{said}");
    let rows: Vec<&str> = said.lines().skip(1).take(7).collect();
    // Value, +-, reported error, plain error, unit: the errors have two digits, the value ends where the first of them does.
    let parameters: Value = serde_json::from_slice(
        &std::fs::read(results(sample, &output).join("parameters.json")).expect("parameters.json"),
    )
    .expect("JSON");
    for row in &rows {
        let words: Vec<&str> = row.split_whitespace().collect();
        assert_eq!((words[2], words.last()), ("+-", Some(&"free")), "{row}");
        let number = |word: &str| word.parse::<f64>().unwrap_or_else(|_| panic!("{row}"));
        let found = &parameters["parameters"][words[0]];
        let known = |name: &str| found[name].as_f64().expect("known");
        let error = known("uncertainty");
        assert!((number(words[1]) - known("value")).abs() <= 0.06 * error, "{row}: {found}");
        assert!((number(words[3]) / error - 1.0).abs() < 0.06, "{row}: {found}");
        assert!((number(words[4]) / known("uncertainty_plain") - 1.0).abs() < 0.06, "{row}: {found}");
        let decimals = |word: &str| {
            word.split('e').next().and_then(|word| word.split_once('.')).map_or(0, |(_, decimals)| decimals.len())
        };
        assert_eq!(decimals(words[1]), decimals(words[3]), "{row}");
    }
    assert!(rows[0].contains(" +- ") && rows[0].contains("angstrom^2/s"), "{said}");
    let columns: Vec<Option<usize>> = rows.iter().map(|row| row.find(" +- ")).collect();
    assert!(columns.windows(2).all(|pair| pair[0] == pair[1]), "{said}");
    for part in ["chi2_nu 1.00", "(chi-square per degree of freedom; expected 1.00", "verdict: converged"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(!said.contains("what to do"), "{said}");
}

#[test]
fn a_verdict_that_is_not_accepted_comes_with_advice_and_the_last_lines_say_where_results_are() {
    let folder = place();
    let fit = || homodyne(folder.path(), &["run", "c.yaml", "--static-mode"]);
    let first = fit();
    let said = stdout(&first);
    assert_eq!(first.status.code(), Some(1), "{said}");
    assert!(said.contains("verdict: poor_fit") && said.contains("what to do:\n  - look at "), "{said}");
    let in_one_line = said.split_whitespace().collect::<Vec<&str>>().join(" ");
    assert!(in_one_line.contains(" if the misfit were noise)"), "{said}");
    assert!(said.contains("per_angle.parquet") && said.contains("errors do not allow for misfit"), "{said}");
    let last = |said: &str| said.lines().rev().take(2).map(str::to_owned).collect::<Vec<String>>();
    let [report, results] = [0, 1].map(|k| last(&said)[k].clone());
    assert!(report.starts_with("report: ") && report.ends_with("/report/report.html"), "{said}");
    assert!(results.starts_with("results: "), "{said}");
    let page = report.trim_start_matches("report:").trim();
    let page = std::fs::read_to_string(folder.path().join(page)).expect("a page");
    for part in [
        "what to do:",
        "<li>look at ",
        "errors do not allow for misfit",
        "Largest residuals",
        "if the misfit were noise",
    ] {
        assert!(page.contains(part), "{part} is not on the page");
    }
    assert_eq!(last(&stdout(&fit())), [report, results], "results that are reused have the same report");
    let without = homodyne(folder.path(), &["fit", "c.yaml", "--static-mode", "--output", "other"]);
    assert!(last(&stdout(&without))[0].starts_with("results: "), "{}", stdout(&without));
}

#[test]
fn chi_square_in_progress_is_that_of_the_result() {
    let folder = place();
    let output = homodyne(folder.path(), &["fit", "c.yaml", "-v"]);
    let chi = |text: &str| {
        let line = text.lines().rev().find(|line| line.contains("chi2_nu ") && !line.contains("rejected"));
        let after = line.and_then(|line| line.split("chi2_nu ").nth(1)).unwrap_or_else(|| panic!("{text}"));
        after.split_whitespace().next().expect("a number").to_owned()
    };
    assert_eq!(chi(&stderr(&output)), chi(&stdout(&output)));
    let robust = homodyne(folder.path(), &["fit", "c.yaml", "-v", "--set", "optimization.nlsq.loss=soft_l1"]);
    assert!(!stderr(&robust).contains("chi2_nu") && stderr(&robust).contains("cost "), "{}", stderr(&robust));
}

#[test]
fn completions_are_there_for_every_shell_and_those_of_bash_parse() {
    let folder = tempfile::tempdir().expect("folder");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = homodyne(folder.path(), &["completions", shell]);
        let script = stdout(&output);
        assert!(output.status.success() && output.stderr.is_empty(), "{shell}");
        assert!(["simulate", "max-iterations", "output-dir"].iter().all(|word| script.contains(word)), "{shell}");
    }
    let script = folder.path().join("homodyne.bash");
    std::fs::write(&script, homodyne(folder.path(), &["completions", "bash"]).stdout).expect("script");
    let parsed = Command::new("bash").arg("-n").arg(&script).output().expect("bash");
    assert!(parsed.status.success() && parsed.stderr.is_empty(), "{}", String::from_utf8_lossy(&parsed.stderr));
    let refused = homodyne(folder.path(), &["completions", "tcsh"]);
    assert_eq!((refused.status.code(), stderr(&refused).lines().count()), (Some(2), 1), "{}", stderr(&refused));
}

#[test]
fn every_command_has_a_manual_page_and_files_of_others_are_kept() {
    let folder = tempfile::tempdir().expect("folder");
    let man = |words: &[&str]| homodyne(folder.path(), &[&["man", "--out", "man/man1"], words].concat());
    assert_eq!(man(&[]).status.code(), Some(0), "{}", stderr(&man(&[])));
    let page = |name: &str| folder.path().join("man/man1").join(name);
    let help = stdout(&homodyne(folder.path(), &["--help"]));
    let listed = help.split("Commands:").nth(1).and_then(|rest| rest.split("\n\n").next()).expect("commands");
    // Longer descriptions go on further to the right.
    let named = listed.lines().filter_map(|line| line.strip_prefix("  ").filter(|rest| !rest.starts_with(' ')));
    let commands: Vec<&str> =
        named.filter_map(|line| line.split_whitespace().next()).filter(|word| *word != "help").collect();
    assert!(commands.len() >= 14, "{commands:?}");
    let more = ["config-init", "config-validate", "config-keys", "config-show", "stores-remove", "runs-remove"];
    for command in commands.iter().copied().chain(more) {
        let text =
            std::fs::read_to_string(page(&format!("homodyne-{command}.1"))).unwrap_or_else(|_| panic!("{command}"));
        assert!(text.contains(".TH homodyne") && text.contains(".SH SYNOPSIS"), "{command}: {text}");
    }
    let text = std::fs::read_to_string(page("homodyne.1")).expect("the page of the program");
    assert!(text.contains("Exit codes: 0 accepted"), "{text}");
    // Again over its own pages; not over a file of somebody else, and then no other page either.
    std::fs::write(page("homodyne-fit.1"), "my notes").expect("notes");
    std::fs::remove_file(page("homodyne-run.1")).expect("removed");
    let refused = man(&[]);
    assert_eq!((refused.status.code(), stderr(&refused).lines().count()), (Some(2), 1), "{}", stderr(&refused));
    assert!(
        stderr(&refused).contains("homodyne-fit.1") && stderr(&refused).contains("--force"),
        "{}",
        stderr(&refused)
    );
    assert!(!page("homodyne-run.1").exists());
    assert_eq!(std::fs::read_to_string(page("homodyne-fit.1")).expect("kept"), "my notes");
    assert_eq!(man(&["--force"]).status.code(), Some(0));
    assert!(std::fs::read_to_string(page("homodyne-fit.1")).expect("replaced").contains(".TH"));
    let nowhere = homodyne(folder.path(), &["man", "--out", "man/man1/homodyne.1"]);
    assert_eq!((nowhere.status.code(), stderr(&nowhere).lines().count()), (Some(2), 1), "{}", stderr(&nowhere));
}

#[test]
fn the_reference_of_keys_is_a_page_a_table_or_json_of_the_same_keys() {
    let folder = Path::new(".");
    let keys = |words: &[&str]| stdout(&homodyne(folder, &[&["config", "keys"], words].concat()));
    let all: Value = serde_json::from_str(&keys(&["--format", "json"])).expect("JSON");
    let (all, table, page) = (all.as_array().expect("a list"), keys(&["--format", "markdown"]), keys(&[]));
    assert_eq!(table.lines().count(), all.len() + 2);
    assert!(table.lines().all(|line| line.replace("\\|", "").matches('|').count() == 8), "{table}");
    for key in all {
        let (name, kind) = (key["key"].as_str().expect("name"), key["type"].as_str().expect("type"));
        assert!(table.contains(&format!("| `{name}` | {kind} |")), "{name}");
        assert!(page.lines().any(|line| line == name || line.starts_with(&format!("{name} ["))), "{name}");
    }
    let kind = |name: &str| all.iter().find(|key| key["key"] == name).expect("known")["type"].clone();
    for (name, expected) in [
        ("optimization.nlsq.ftol", "number"),
        ("optimization.nlsq.max_iterations", "whole number"),
        ("optimization.nlsq.loss", "word"),
        ("analysis_mode", "word"),
        ("store.verify", "switch"),
        ("output.directory", "path"),
        ("parameter_space.bounds", "list"),
        ("pipeline.stages", "list"),
    ] {
        assert_eq!(kind(name), expected, "{name}");
    }
    assert!(table.contains("`output.base_directory`"), "{table}");
    assert_eq!(keys(&["--json"]), keys(&["--format", "json"]));
}
