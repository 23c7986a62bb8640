//! Words for stderr, and whether any of them are lost; what words may do to a terminal. It does not know what they say.

use crate::cli::folding::folded;
use console::Term;
use homodyne::api::in_one_line;
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};

/// Writes to stderr. What is lost there ends the program with exit code 3, when its work is done.
pub fn say(text: &str) {
    let mut out = std::io::stderr().lock();
    if out.write_all(harmless(text).as_bytes()).is_err() {
        LOST.store(true, Ordering::Relaxed);
    }
}

/// Lines of which each is what it looks like: names of files and people's texts are in them.
pub fn harmless(text: &str) -> String {
    let piece = |piece: &str| match piece.char_indices().next_back() {
        Some((at, end @ ('\n' | '\t'))) => format!("{}{end}", in_one_line(&piece[..at])),
        _ => in_one_line(piece),
    };
    text.split_inclusive(['\n', '\t']).map(piece).collect()
}

/// A text as it is shown: folded to the width of a terminal, whole in a file or pipe.
pub fn shown_on(term: &Term, text: &str, indent: usize) -> String {
    if term.is_term() { folded(text, usize::from(term.size().1), indent) } else { text.to_owned() }
}

static LOST: AtomicBool = AtomicBool::new(false);

/// Whether something that was said to stderr is lost.
pub fn has_lost_lines() -> bool {
    LOST.load(Ordering::Relaxed)
}
