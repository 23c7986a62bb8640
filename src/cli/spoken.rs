//! Words for stderr, and whether any of them are lost. It does not know what they say.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};

/// Writes to stderr. What is lost there ends the program with exit code 3, when its work is done.
pub fn say(text: &str) {
    let mut out = std::io::stderr().lock();
    if out.write_all(text.as_bytes()).is_err() {
        LOST.store(true, Ordering::Relaxed);
    }
}

static LOST: AtomicBool = AtomicBool::new(false);

/// Whether something that was said to stderr is lost.
pub fn has_lost_lines() -> bool {
    LOST.load(Ordering::Relaxed)
}
