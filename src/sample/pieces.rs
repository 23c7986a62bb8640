//! The pieces of a chain: a warm-up that finds step size and metric, draws in runs of equal length. It draws nothing.
//!
//! The warm-up is that of Stan (reference manual, section 15.2): a first interval for the step size alone, windows of doubling length each
//! of which gives the metric of the next, and a last interval for the step size.

use crate::sample::settings::SampleSettings;

/// Draws of a piece after the warm-up.
const RUN: usize = 50;
/// Shares of the warm-up before and after the windows.
const ENDS: (f64, f64) = (0.15, 0.1);
/// Draws of the first window.
const FIRST_WINDOW: usize = 25;

/// A piece of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    /// Its number in the chain.
    pub number: usize,
    /// Draws.
    pub n_draws: usize,
    /// Whether it finds the step size, and its draws are not kept.
    pub is_warmup: bool,
    /// Whether its draws are the metric of the next.
    pub learns_metric: bool,
}

/// All pieces of a chain, in order.
#[must_use]
pub fn pieces(settings: &SampleSettings) -> Vec<Piece> {
    let mut all = Vec::new();
    let mut add = |n_draws: usize, is_warmup: bool, learns_metric: bool| {
        if n_draws > 0 {
            all.push(Piece { number: all.len(), n_draws, is_warmup, learns_metric });
        }
    };
    let warmup = settings.n_warmup;
    let share = |share: f64| (share * warmup as f64) as usize;
    let (first, last) = (share(ENDS.0), share(ENDS.1));
    let mut left = warmup - first - last;
    if left < FIRST_WINDOW {
        add(warmup, true, false);
    } else {
        add(first, true, false);
        let mut window = FIRST_WINDOW;
        while left > 0 {
            // What would be left is too short for the next one.
            let n_draws = if left < 3 * window { left } else { window };
            add(n_draws, true, true);
            left -= n_draws;
            window *= 2;
        }
        add(last, true, false);
    }
    let mut left = settings.n_draws;
    while left > 0 {
        add(left.min(RUN), false, false);
        left -= left.min(RUN);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warm_ups_are_those_of_stan_and_draws_come_in_runs() {
        let of = |n_warmup: usize, n_draws: usize| {
            let all = pieces(&SampleSettings { n_warmup, n_draws, ..SampleSettings::default() });
            assert!(all.iter().enumerate().all(|(k, piece)| piece.number == k));
            let sum = |is_warmup: bool| -> usize {
                all.iter().filter(|piece| piece.is_warmup == is_warmup).map(|piece| piece.n_draws).sum()
            };
            assert_eq!((sum(true), sum(false)), (n_warmup, n_draws));
            all.iter().map(|piece| piece.n_draws).collect::<Vec<usize>>()
        };
        assert_eq!(of(500, 120), [75, 25, 50, 100, 200, 50, 50, 50, 20]);
        assert_eq!(of(100, 0), [15, 25, 50, 10]);
        assert_eq!(of(10, 1), [10, 1]);
        assert_eq!(of(0, 1), [1]);
    }
}
