//! The pieces of a chain: a warm-up that finds step size and metric, draws in runs of equal length. It draws nothing.
//!
//! The warm-up is that of Stan (reference manual, section 15.2): a first interval for the step size alone, windows of doubling length each
//! of which gives the metric of the next, and a last interval for the step size.

use crate::sample::settings::SampleSettings;

/// Draws of a piece after the warm-up: what a killed sampling loses of every chain, where a draw may take a thousand gradients.
const RUN: usize = 25;
/// Most draws of a piece of a window of the warm-up; its step size is found anew in each.
const PART: usize = 50;
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
    /// Whether its draws are of a window whose draws are the metric of the next.
    pub is_of_window: bool,
    /// Whether it is the last of its window.
    pub learns_metric: bool,
}

/// All pieces of a chain, in order.
#[must_use]
pub fn pieces(settings: &SampleSettings) -> Vec<Piece> {
    let mut all = Vec::new();
    let mut add = |n_draws: usize, longest: usize, is_warmup: bool, is_of_window: bool| {
        let mut left = n_draws;
        while left > 0 {
            // No short rest.
            let n_draws = if left < 2 * longest && left > longest { left.div_ceil(2) } else { left.min(longest) };
            left -= n_draws;
            let learns_metric = is_of_window && left == 0;
            all.push(Piece { number: all.len(), n_draws, is_warmup, is_of_window, learns_metric });
        }
    };
    let warmup = settings.n_warmup;
    let share = |share: f64| (share * warmup as f64) as usize;
    let (first, last) = (share(ENDS.0), share(ENDS.1));
    let mut left = warmup - first - last;
    if left < FIRST_WINDOW {
        add(warmup, PART, true, false);
    } else {
        add(first, PART, true, false);
        let mut window = FIRST_WINDOW;
        while left > 0 {
            // What would be left is too short for the next one.
            let n_draws = if left < 3 * window { left } else { window };
            add(n_draws, PART, true, true);
            left -= n_draws;
            window *= 2;
        }
        // Its step size is that of all draws: it is found in one go.
        add(last, last, true, false);
    }
    add(settings.n_draws, RUN, false, false);
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
        assert_eq!(of(500, 120), [38, 37, 25, 50, 50, 50, 50, 50, 50, 50, 50, 25, 25, 25, 23, 22]);
        assert_eq!(of(100, 0), [15, 25, 50, 10]);
        // The windows of 25, 50, 100 and 200 draws each end with a metric.
        let settings = SampleSettings { n_warmup: 500, ..SampleSettings::default() };
        let learning: Vec<usize> =
            pieces(&settings).iter().filter(|piece| piece.learns_metric).map(|piece| piece.number).collect();
        assert_eq!(learning, [2, 3, 5, 9]);
        assert_eq!(of(10, 1), [10, 1]);
        assert_eq!(of(0, 1), [1]);
    }
}
