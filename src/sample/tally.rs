//! How far chains have come and how they walk, told with every draw. It walks none itself.

use crate::listener::{Event, Walking, Watch};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Draws whose mean acceptance is told.
const RECENT: f64 = 100.0;

/// A draw that a chain has made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// Gradients that it took.
    pub gradients: u64,
    /// Mean acceptance along its walk.
    pub acceptance: f64,
    /// Step size.
    pub step_size: f64,
    /// Whether it diverged, and not in the warm-up, where steps are still too long.
    pub is_divergence: bool,
}

/// Draws of all chains.
pub struct Tally<'a> {
    watch: &'a Watch<'a>,
    all: usize,
    begun: Instant,
    so_far: Mutex<SoFar>,
}

/// What has been done so far.
#[derive(Debug, Clone, Copy, Default)]
pub struct SoFar {
    /// Draws, those of the warm-up included.
    pub done: usize,
    /// Gradients.
    pub gradients: u64,
    /// Since the chains began.
    pub seconds: f64,
    /// How chains walk; `None` before one does.
    pub walking: Option<Walking>,
}

impl<'a> Tally<'a> {
    /// Of so many draws that are to be made, and for whom.
    #[must_use]
    pub fn new(all: usize, watch: &'a Watch<'a>) -> Self {
        Tally { watch, all, begun: Instant::now(), so_far: Mutex::default() }
    }

    /// Takes a draw, and tells of it.
    pub fn add(&self, step: &Step) {
        self.go_on(|so_far| {
            so_far.done += 1;
            so_far.gradients += step.gradients;
            let known = so_far.walking.unwrap_or(Walking { acceptance: 0.0, step_size: 0.0, divergences: 0 });
            let weight = 1.0 / RECENT.min(so_far.done as f64);
            so_far.walking = Some(Walking {
                acceptance: known.acceptance + weight * (step.acceptance - known.acceptance),
                step_size: step.step_size,
                divergences: known.divergences + usize::from(step.is_divergence),
            });
        });
    }

    /// Takes draws that were there already or of which no chain knows.
    pub fn pass(&self, draws: usize, gradients: u64) {
        self.go_on(|so_far| (so_far.done, so_far.gradients) = (so_far.done + draws, so_far.gradients + gradients));
    }

    /// What has been done.
    #[must_use]
    pub fn so_far(&self) -> SoFar {
        *self.so_far.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn go_on(&self, change: impl FnOnce(&mut SoFar)) {
        let told = {
            let mut so_far = self.so_far.lock().unwrap_or_else(PoisonError::into_inner);
            change(&mut so_far);
            so_far.seconds = self.begun.elapsed().as_secs_f64();
            *so_far
        };
        let SoFar { done, gradients, seconds, walking } = told;
        self.watch.tell(&Event::Draws { done, all: self.all, gradients, seconds, walking });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acceptance_is_that_of_recent_draws_and_divergences_count_all() {
        let watch = Watch::nobody();
        let tally = Tally::new(2000, &watch);
        let step = |acceptance, is_divergence| Step { gradients: 7, acceptance, step_size: 0.3, is_divergence };
        tally.pass(10, 0);
        assert_eq!(tally.so_far().walking, None, "draws that were kept walk no more");
        for k in 0..20 {
            tally.add(&step(0.5, k < 2));
        }
        (0..900).for_each(|_| tally.add(&step(0.9, false)));
        let so_far = tally.so_far();
        let walking = so_far.walking.expect("draws");
        assert_eq!((so_far.done, so_far.gradients, walking.divergences, walking.step_size), (930, 6440, 2, 0.3));
        assert!((walking.acceptance - 0.9).abs() < 1e-3, "{walking:?}");
    }
}
