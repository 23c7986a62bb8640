//! How far long work has come, in words. It prints nothing.

use crate::memory::rss_anon_bytes;
use crate::outcome::Iteration;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The state of a fit for its progress line.
pub struct Progress {
    n_pairs: u64,
    state: Mutex<State>,
}

struct State {
    /// When the current sweep began, and how far it has come.
    sweep_began: Instant,
    fraction: f64,
    /// What the last iteration has found.
    last: String,
    sweeps: usize,
}

/// Shorter sweeps need no line of their own.
const WORTH_SAYING: Duration = Duration::from_millis(300);

impl Progress {
    /// Of sweeps of `n_pairs` pairs.
    #[must_use]
    pub fn new(n_pairs: u64) -> Self {
        let state = State { sweep_began: Instant::now(), fraction: 1.0, last: "start".into(), sweeps: 0 };
        Progress { n_pairs, state: Mutex::new(state) }
    }

    /// A line for a sweep that has come this far, if it takes long enough to be worth one.
    pub fn sweep(&self, fraction: f64) -> Option<String> {
        let memory = rss_anon_bytes().unwrap_or(0) >> 20;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if fraction <= state.fraction {
            (state.sweep_began, state.sweeps) = (Instant::now(), state.sweeps + 1);
        }
        state.fraction = fraction;
        let elapsed = state.sweep_began.elapsed();
        (fraction < 1.0 && elapsed > WORTH_SAYING).then(|| {
            let seconds = elapsed.as_secs_f64();
            let rate = fraction * self.n_pairs as f64 / seconds / 1e6;
            let left = clock(seconds * (1.0 - fraction) / fraction);
            format!(
                "{}  sweep {} {:.0} %  {rate:.0} M pairs/s  {memory} MiB  sweep ends in {left}",
                state.last,
                state.sweeps,
                100.0 * fraction
            )
        })
    }

    /// The line of an iteration. What is left is an estimate: Gauss-Newton halves its digits' distance per step, so as many
    /// steps again as ftol asks for.
    pub fn iteration(&self, iteration: &Iteration, ftol: f64, seconds_per_sweep: f64) -> String {
        let memory = rss_anon_bytes().unwrap_or(0) >> 20;
        let steps = steps_left(iteration.projected_gradient, ftol);
        let text = format!(
            "iteration {:>3}  cost {:.6e}  chi2_nu {:.5}  {}",
            iteration.iteration,
            iteration.cost,
            iteration.reduced_chi_squared,
            if iteration.accepted { "accepted" } else { "rejected" },
        );
        let rate = self.n_pairs as f64 / seconds_per_sweep.max(1e-9) / 1e6;
        let left = clock(steps * seconds_per_sweep);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.last.clone_from(&text);
        format!("{text}  {rate:.0} M pairs/s  {memory} MiB  ETA about {left}")
    }
}

/// Steps until the scaled gradient, which falls by about a factor of 30 per step near a minimum, is below sqrt(ftol / 100).
fn steps_left(gradient: f64, ftol: f64) -> f64 {
    let goal = (0.01 * ftol).sqrt();
    if gradient > goal && gradient.is_finite() { ((gradient / goal).ln() / 30.0_f64.ln()).ceil() } else { 1.0 }
}

/// 0:07, 12:30, 3:05:00.
fn clock(seconds: f64) -> String {
    let whole = seconds.ceil() as u64;
    match whole / 3600 {
        0 => format!("{}:{:02}", whole / 60, whole % 60),
        hours => format!("{hours}:{:02}:{:02}", whole / 60 % 60, whole % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_like_a_clock() {
        assert_eq!([6.2, 750.0, 11_100.0].map(clock), ["0:07", "12:30", "3:05:00"]);
    }

    #[test]
    fn fewer_steps_are_left_near_the_minimum() {
        assert!(steps_left(1.0, 1e-8) > steps_left(1e-3, 1e-8));
        assert_eq!(steps_left(1e-9, 1e-8), 1.0);
    }
}
