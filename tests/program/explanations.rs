//! `homodyne explain` tells what a code means, to people and to machines.

use crate::program::{homodyne, stderr};
use homodyne::error::catalogue::Code;
use serde_json::Value;
use std::path::Path;
use std::process::Output;

fn explain(words: &[&str]) -> Output {
    homodyne(Path::new("."), &[&["explain"], words].concat())
}

fn stdout(output: &Output) -> String {
    assert_eq!((output.status.code(), stderr(output).as_str()), (Some(0), ""));
    String::from_utf8(output.stdout.clone()).expect("text")
}

#[test]
fn a_code_is_explained_whichever_way_it_is_written() {
    let text = stdout(&explain(&["E17"]));
    assert!(text.starts_with("E17: both triangles") && text.contains("`experimental_data.symmetrise`"), "{text}");
    assert!(text.lines().all(|line| line.len() <= 100), "{text}");
    for other in ["e17", "17"] {
        assert_eq!(stdout(&explain(&[other])), text);
    }
    assert!(stdout(&explain(&["5"])).starts_with("E05: "));
}

#[test]
fn without_a_code_all_are_listed() {
    let text = stdout(&explain(&[]));
    for code in Code::ALL {
        assert!(text.contains(&format!("{code}  {}\n", code.title())), "{code}");
    }
}

#[test]
fn an_unknown_code_is_refused_with_its_neighbours() {
    for (asked, near) in [("E24", "E23, E25;"), ("E99", "E80;"), ("00", "E01;"), ("triangle", "homodyne explain")] {
        let output = explain(&[asked]);
        let line = stderr(&output);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
        assert!(line.contains(asked) && line.contains(near) && line.trim_end().lines().count() == 1, "{line}");
    }
}

#[test]
fn machines_get_the_same_as_json() {
    let one: Value = serde_json::from_str(&stdout(&explain(&["E17", "--json"]))).expect("JSON");
    assert_eq!((&one["code"], &one["title"]), (&"E17".into(), &Code::E17.title().into()));
    assert_eq!(one["remedies"].as_array().map(Vec::len), Some(Code::E17.explanation().remedies.len()));
    let all: Value = serde_json::from_str(&stdout(&explain(&["--json"]))).expect("JSON");
    assert_eq!(all.as_array().map(Vec::len), Some(Code::ALL.len()));
    assert!(all.as_array().is_some_and(|all| all.contains(&one)));
}
