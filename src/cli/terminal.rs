//! stderr: log lines and progress.

use homodyne::api::{Code, Event, Fault, Listener, Progress, Result, StageTotals, SweepTotals, pretty};
use serde::Serialize;
use std::io::{IsTerminal, Write, stderr};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Writes to stderr: one replaced line of progress on a terminal, plain lines otherwise.
pub struct Terminal {
    quiet: bool,
    is_terminal: bool,
    progress: Progress,
    last: Mutex<Option<Instant>>,
}

/// Plain progress lines are written no more often than this.
const PLAIN_INTERVAL: Duration = Duration::from_secs(2);

impl Terminal {
    /// A terminal, or one that shows errors only.
    pub fn new(quiet: bool) -> Self {
        Terminal { quiet, is_terminal: stderr().is_terminal(), progress: Progress::default(), last: Mutex::new(None) }
    }

    /// Ends the line of progress.
    pub fn finish(&self) {
        if self.is_terminal && !self.quiet {
            say("\r\x1b[K");
        }
    }
}

impl Listener for Terminal {
    fn hear(&self, event: &Event<'_>) {
        if self.quiet {
            return;
        }
        let line = self.progress.line(event);
        match (event, line) {
            (Event::Log { level, text }, _) => {
                self.finish();
                say(&format!("[{}] {text}\n", format!("{level:?}").to_uppercase()));
            }
            (_, Some(line)) => self.show(&line),
            _ => {}
        }
    }
}

impl Terminal {
    fn show(&self, line: &str) {
        if self.is_terminal {
            say(&format!("\r\x1b[K{line}"));
            return;
        }
        let mut last = self.last.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if last.is_none_or(|last| last.elapsed() >= PLAIN_INTERVAL) {
            *last = Some(Instant::now());
            say(&format!("{line}\n"));
        }
    }
}

/// Writes to stdout.
///
/// # Errors
/// Output (exit code 3) if stdout is full or was closed.
pub fn print(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|source| {
        let lost = text.lines().next().unwrap_or_default();
        Fault::at("stdout", format!("is full or closed: what begins with {lost:?} is lost"))
            .advice("results that were written are whole, see `homodyne runs`")
            .code(Code::E73)
            .source(source)
            .output()
    })
}

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

/// The same of JSON.
pub fn print_json(value: &impl Serialize) -> Result<()> {
    print(&String::from_utf8_lossy(&pretty(value)?))
}

/// The same of facts with names.
pub fn print_facts(facts: &[(String, String)]) -> Result<()> {
    facts.iter().try_for_each(|(name, value)| print(&format!("{name:<42} {value}\n")))
}

/// What every stage of a sweep did and waited for.
pub fn print_stats(totals: &SweepTotals) {
    let mut text = format!(
        "sweeps: {} normal, {} gradient, {} cost, {} block QR; {} pairs each; {:.1} M pairs/s (normal)\n",
        totals.normal.sweeps,
        totals.gradient.sweeps,
        totals.cost.sweeps,
        totals.factor.sweeps,
        totals.pairs,
        totals.pairs_per_second / 1e6
    );
    let mut stage = |name: &str, stage: &StageTotals| {
        text += &format!(
            "{name:<6} {:>8} blocks {:>9.1} MB  busy {:>8.3} s  waiting {:>8.3} s\n",
            stage.items,
            stage.bytes as f64 / 1e6,
            stage.busy_seconds,
            stage.waiting_seconds
        );
    };
    stage("read", &totals.read);
    stage("work", &totals.work);
    stage("fold", &totals.fold);
    // Statistics go to stderr: stdout carries the result alone.
    say(&text);
}
