//! stderr: log lines and progress.

use homodyne::api::{Event, Listener, Progress, Result, StageTotals, SweepTotals, pretty};
use serde::Serialize;
use std::io::{IsTerminal, Write, stderr};
use std::sync::Mutex;
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
            let _ = write!(stderr(), "\r\x1b[K");
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
                let _ = writeln!(stderr(), "[{}] {text}", format!("{level:?}").to_uppercase());
            }
            (_, Some(line)) => self.show(&line),
            _ => {}
        }
    }
}

impl Terminal {
    fn show(&self, line: &str) {
        if self.is_terminal {
            let _ = write!(stderr(), "\r\x1b[K{line}");
            return;
        }
        let mut last = self.last.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if last.is_none_or(|last| last.elapsed() >= PLAIN_INTERVAL) {
            *last = Some(Instant::now());
            let _ = writeln!(stderr(), "{line}");
        }
    }
}

/// Writes to stdout; a closed pipe (`| head`) is no failure.
pub fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// The same of JSON.
pub fn print_json(value: &impl Serialize) -> Result<()> {
    print(&String::from_utf8_lossy(&pretty(value)?));
    Ok(())
}

/// The same of facts with names.
pub fn print_facts(facts: &[(String, String)]) {
    for (name, value) in facts {
        print(&format!("{name:<42} {value}\n"));
    }
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
    let _ = std::io::stderr().write_all(text.as_bytes());
}
