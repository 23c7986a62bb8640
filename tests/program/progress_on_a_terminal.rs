//! Progress as a terminal sees it: the program runs on a pseudo-terminal, and what it has written is replayed on a screen.

use crate::program::LAMINAR_CONFIG;
use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};

/// Runs the program with stderr on a terminal of so many columns; returns what was written there.
fn on_terminal(folder: &Path, columns: u16, words: &[&str]) -> String {
    let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a pseudo-terminal");
    grantpt(&controller).expect("granted");
    unlockpt(&controller).expect("unlocked");
    let name = ptsname(&controller, Vec::new()).expect("a name");
    let user = rustix::fs::open(&name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).expect("opened");
    tcsetwinsize(&user, Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }).expect("a size");
    let mut child = Command::new(assert_cmd::cargo::cargo_bin!("homodyne"))
        .current_dir(folder)
        .env_remove("RUST_LOG")
        .env_remove("NO_COLOR")
        .env("TERM", "xterm")
        .args(words)
        .stdout(Stdio::null())
        .stderr(Stdio::from(user))
        .spawn()
        .expect("started");
    let (mut written, mut part, mut file) = (Vec::new(), [0; 4096], File::from(controller));
    // The last one to leave a terminal ends it with an error.
    while let Ok(n @ 1..) = file.read(&mut part) {
        written.extend_from_slice(&part[..n]);
    }
    assert!(child.wait().expect("ended").success());
    String::from_utf8(written).expect("text")
}

/// What a terminal shows in the end, line by line, and every state of the line of progress.
struct Screen {
    lines: Vec<String>,
    drawn: Vec<String>,
}

/// Replays what was written: carriage returns, line feeds, and the sequences that erase a line and move up.
fn replayed(written: &str, columns: usize) -> Screen {
    let (mut lines, mut row, mut column) = (vec![Vec::<char>::new()], 0, 0);
    let mut drawn = Vec::new();
    let mut letters = written.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\r' => {
                drawn.push(lines[row].iter().collect());
                column = 0;
            }
            '\n' => {
                row += 1;
                lines.resize(lines.len().max(row + 1), Vec::new());
            }
            '\x1b' => {
                assert_eq!(letters.next(), Some('['), "a sequence");
                let sequence: String = std::iter::from_fn(|| letters.next_if(|c| !c.is_ascii_alphabetic())).collect();
                match letters.next() {
                    Some('K') => lines[row].clear(),
                    Some('A') => row -= sequence.parse::<usize>().unwrap_or(1),
                    Some('m' | 'h' | 'l' | 'G' | 'B' | 'C' | 'D') => {}
                    other => panic!("unknown sequence {sequence:?} {other:?}"),
                }
            }
            letter => {
                assert!(column < columns, "a line of more than {columns} columns: {:?}", lines[row]);
                let line = &mut lines[row];
                line.resize(line.len().max(column + 1), ' ');
                line[column] = letter;
                column += 1;
            }
        }
    }
    let texts = lines.iter().map(|line| line.iter().collect::<String>().trim_end().to_owned());
    Screen { lines: texts.filter(|line| !line.is_empty()).collect(), drawn }
}

#[test]
fn progress_is_one_line_that_is_gone_in_the_end_at_80_and_at_120_columns() {
    let folder = tempfile::tempdir().expect("folder");
    let simulate = ["simulate", "-q", "--frames", "300", "--angles", "24", "--out", "data.h5"];
    assert!(crate::program::homodyne(folder.path(), &simulate).status.success());
    std::fs::write(folder.path().join("c.yaml"), LAMINAR_CONFIG).expect("config");
    for columns in [80, 120] {
        let output = format!("results-{columns}");
        let written = on_terminal(folder.path(), columns, &["run", "c.yaml", "--output", &output]);
        // Log lines may be longer than the terminal, which then wraps them; the line of progress may not.
        let screen = replayed(&written, usize::MAX);
        let is_progress = |line: &&String| line.starts_with('[') && line.contains("] ");
        let drawn: Vec<&String> = screen.drawn.iter().filter(is_progress).collect();
        assert!(drawn.iter().any(|line| line.contains("angles")), "{columns}: {written:?}");
        for line in drawn {
            assert!(line.trim_end().chars().count() < usize::from(columns), "{columns}: {line}");
        }
        let left: Vec<&String> = screen.lines.iter().filter(is_progress).collect();
        assert!(left.is_empty(), "copies of the line of progress stay: {left:?}");
        assert!(screen.lines.iter().any(|line| line.contains("verdict: converged")), "{:?}", screen.lines);
    }
}
