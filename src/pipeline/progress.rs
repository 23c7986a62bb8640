//! Events as lines for people: how far long work has come. It prints nothing.

use crate::listener::Event;
use crate::machine::memory::rss_anon_bytes;
use crate::units::clock;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Makes lines of events; the line of an iteration knows what went before.
pub struct Progress {
    state: Mutex<State>,
}

struct State {
    /// The last iteration in words, and when it was told.
    iteration: String,
    told: Instant,
    /// Sweeps so far, and pairs per second of the last.
    sweeps: usize,
    rate: f64,
}

impl Default for Progress {
    fn default() -> Self {
        let state = State { iteration: "start".into(), told: Instant::now(), sweeps: 0, rate: 0.0 };
        Progress { state: Mutex::new(state) }
    }
}

/// Shorter sweeps need no line of their own.
const WORTH_SAYING_SECONDS: f64 = 0.3;

impl Progress {
    /// The line of an event, if it is worth one. Log lines speak for themselves.
    pub fn line(&self, event: &Event<'_>) -> Option<String> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match *event {
            Event::Log { .. } => None,
            Event::Angles { work, done, all } => Some(format!("{work}: {done} of {all} angles")),
            Event::Sweep { fraction, pairs, seconds } => state.sweep(fraction, pairs as f64, seconds),
            Event::Iteration { iteration, cost, reduced_chi_squared, accepted, steps_left } => {
                let what = if accepted { "accepted" } else { "rejected" };
                state.iteration =
                    format!("iteration {iteration:>3}  cost {cost:.6e}  chi2_nu {reduced_chi_squared:.5}  {what}");
                Some(state.estimate(steps_left))
            }
        }
    }
}

impl State {
    fn sweep(&mut self, fraction: f64, pairs: f64, seconds: f64) -> Option<String> {
        self.rate = fraction * pairs / seconds.max(1e-9);
        if fraction >= 1.0 {
            self.sweeps += 1;
            return None;
        }
        (seconds > WORTH_SAYING_SECONDS).then(|| {
            let left = clock(seconds * (1.0 - fraction) / fraction);
            let (number, percent, rate, memory) = (self.sweeps + 1, 100.0 * fraction, self.rate / 1e6, mebibytes());
            let iteration = &self.iteration;
            format!(
                "{iteration}  sweep {number} {percent:.0} %  {rate:.0} M pairs/s  {memory} MiB  sweep ends in {left}"
            )
        })
    }

    /// What is left takes as long per step as the last one did.
    fn estimate(&mut self, steps_left: f64) -> String {
        let left = clock(steps_left * self.told.elapsed().as_secs_f64());
        self.told = Instant::now();
        format!("{}  {:.0} M pairs/s  {} MiB  ETA about {left}", self.iteration, self.rate / 1e6, mebibytes())
    }
}

fn mebibytes() -> u64 {
    rss_anon_bytes().unwrap_or(0) >> 20
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_sweeps_say_nothing_and_long_ones_how_long_they_will_take() {
        let progress = Progress::default();
        let sweep = |fraction, seconds| progress.line(&Event::Sweep { fraction, pairs: 1_000_000, seconds });
        assert_eq!(sweep(0.5, 0.1), None);
        assert_eq!(sweep(1.0, 0.2), None);
        let line = sweep(0.25, 2.0).expect("long");
        assert!(line.contains("sweep 2 25 %") && line.ends_with("sweep ends in 0:06"), "{line}");
    }
}
