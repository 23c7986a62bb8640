//! Mutated configurations, from fixed seeds: whatever stands in a file, it is read or refused in lines, without a panic and in time.

use crate::configuration::BASE;
use homodyne::config::keys::{all, patterns};
use homodyne::config::load::load;
use homodyne::config::template::template;
use homodyne::config::tree::override_node;
use homodyne::parameters::definitions::AnalysisMode;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};
use std::path::Path;
use std::time::{Duration, Instant};

/// Bits of text that have broken readers before.
const BITS: [&str; 40] = [
    "{",
    "}",
    "[",
    "]",
    ": ",
    "- ",
    "\n",
    "  ",
    "\t",
    "#",
    "&a ",
    "*a",
    "<<: *a",
    "!!binary ",
    "|\n",
    ">-\n",
    "'",
    "\"",
    "\\",
    "%",
    "@",
    "`",
    "null",
    "~",
    ".nan",
    ".inf",
    "-.inf",
    "1e400",
    "-1",
    "0",
    "1e5",
    "9223372036854775808",
    "0x1f",
    "true",
    "é",
    "\u{0}",
    "\u{feff}",
    "---\n",
    "...\n",
    "a.b.c: 1\n",
];

struct Mutator(Xoshiro256PlusPlus);

impl Mutator {
    fn below(&mut self, n: usize) -> usize {
        (self.0.next_u64() % n.max(1) as u64) as usize
    }

    /// A place between characters.
    fn place(&mut self, text: &str) -> usize {
        let mut at = self.below(text.len() + 1);
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    }

    fn mutated(&mut self, seeds: &[String]) -> String {
        let mut text = seeds[self.below(seeds.len())].clone();
        for _ in 0..=self.below(4) {
            let (a, b) = (self.place(&text), self.place(&text));
            let (from, to) = (a.min(b), a.max(b).min(a.min(b) + 40));
            let to = (from..=to).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(from);
            match self.below(6) {
                0 => text.insert_str(from, BITS[self.below(BITS.len())]),
                1 => text.replace_range(from..to, ""),
                2 => text.replace_range(from..to, BITS[self.below(BITS.len())]),
                3 => {
                    let part = text[from..to].to_owned();
                    text.insert_str(from, &part);
                }
                4 => {
                    let path = patterns()[self.below(patterns().len())].0.clone();
                    text += &nested(&path, BITS[self.below(BITS.len())]);
                }
                _ => {
                    let other = &seeds[self.below(seeds.len())];
                    let at = self.place(other);
                    text.insert_str(from, &other[at..]);
                }
            }
        }
        text
    }
}

fn nested(path: &str, value: &str) -> String {
    let names: Vec<&str> = path.split('.').collect();
    let lines = names.iter().enumerate().map(|(k, name)| format!("\n{}{name}:", "  ".repeat(k)));
    format!("{} {value}\n", lines.collect::<String>())
}

fn is_told_in_lines(path: &Path, overrides: &[(String, homodyne::config::tree::Node)], what: &str) {
    let begin = Instant::now();
    let result = std::panic::catch_unwind(|| load(path, overrides).map(|settings| settings.effective.len()));
    let result = result.unwrap_or_else(|_| panic!("panic at {what:?}"));
    if let Err(error) = result {
        for one in error.each() {
            let line = one.to_string();
            assert!(line.chars().all(|c| !c.is_control()) && one.exit_code() == 2, "{what:?}: {line:?}");
        }
    }
    assert!(begin.elapsed() < Duration::from_secs(5), "{:?} for {what:?}", begin.elapsed());
}

#[test]
fn no_mutated_configuration_panics_or_hangs() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("c.yaml");
    let seeds =
        [BASE.to_owned(), template(AnalysisMode::Static), template(AnalysisMode::LaminarFlow), "a: 1\n".to_owned()];
    let mut mutator = Mutator(Xoshiro256PlusPlus::seed_from_u64(1710));
    let end = Instant::now() + Duration::from_secs(4);
    for round in 0..4000 {
        if Instant::now() > end && round >= 300 {
            break;
        }
        let text = mutator.mutated(&seeds);
        std::fs::write(&path, &text).expect("written");
        is_told_in_lines(&path, &[], &text);
    }
}

#[test]
fn no_value_of_the_command_line_panics() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("c.yaml");
    std::fs::write(&path, BASE).expect("written");
    let values = [
        "5",
        "-1",
        "1e300",
        "1e-320",
        "true",
        "null",
        "[]",
        "{}",
        "[1, [2, {a: 3}]]",
        "{a: {b: [1]}}",
        "text",
        "",
        "[",
        "é\n",
    ];
    for key in all().flat_map(|key| key.paths()) {
        for value in values {
            is_told_in_lines(&path, &[(key.to_owned(), override_node(value))], &format!("{key}={value}"));
            let below = format!("{key}.x");
            is_told_in_lines(&path, &[(below.clone(), override_node(value))], &format!("{below}={value}"));
        }
    }
}

#[test]
fn deep_nesting_long_lines_and_other_bytes_are_refused_in_one_line() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("c.yaml");
    let deep = |open: &str, n: usize| format!("analysis_mode: {}\n", open.repeat(n)).into_bytes();
    let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\ng: [*f,*f,*f,*f,*f,*f,*f,*f,*f]\n";
    let contents = [
        deep("[", 50_000),
        deep("{a: ", 50_000),
        format!("{}: 1\n", "k".repeat(1_000_000)).into_bytes(),
        bomb.into(),
        vec![0xff, 0xfe, 0x00, 0x41],
        vec![b'a', b':', b' ', 0xc3, 0x28],
        Vec::new(),
    ];
    for content in contents {
        std::fs::write(&path, &content).expect("written");
        is_told_in_lines(&path, &[], "content");
        assert!(load(&path, &[]).is_err());
    }
}
