//! Where residuals are: chi-square by lag, and the largest ones. It judges nothing.

use crate::fit::errors::last_sweep::LastSweep;
use crate::outcome::fit::{AngleResult, ExtremeResidual, LagResult};
use crate::sums::lags::LagBin;
use crate::sums::residuals::{Extreme, ResidualSums};

/// The most extreme residuals, the largest first.
pub(super) fn extremes_of_all(angles: &[AngleResult]) -> Vec<ExtremeResidual> {
    let mut all: Vec<ExtremeResidual> = angles.iter().flat_map(|angle| angle.extremes.clone()).collect();
    all.sort_by(|a, b| b.residual_sigma.abs().total_cmp(&a.residual_sigma.abs()));
    all.truncate(6);
    all
}

/// Chi-square by lag, all angles together.
pub(super) fn lags_of_all(angles: &[AngleResult]) -> Vec<LagResult> {
    let mut sums: Vec<LagResult> = Vec::new();
    for lag in angles.iter().flat_map(|angle| &angle.lags) {
        match sums.iter_mut().find(|known| known.first_lag_frames == lag.first_lag_frames) {
            Some(known) => {
                known.last_lag_frames = known.last_lag_frames.max(lag.last_lag_frames);
                known.pairs += lag.pairs;
                known.chi_squared += lag.chi_squared;
            }
            None => sums.push(lag.clone()),
        }
    }
    sums
}

/// Chi-square of one angle by lag.
pub(super) fn lags(sums: &ResidualSums) -> Vec<LagResult> {
    // A lag without pairs has no sum.
    let measured = |lag: &usize| sums.of_lags().get(*lag).is_some_and(|sum| *sum != 0.0);
    let of_bin = |(k, bin): (usize, &LagBin)| LagResult {
        first_lag_frames: 1 << k,
        last_lag_frames: ((1 << k)..(2 << k)).rev().find(measured).unwrap_or(1 << k),
        pairs: bin.pairs,
        chi_squared: bin.squares,
    };
    sums.lags.iter().enumerate().filter(|(_, bin)| bin.pairs > 0).map(of_bin).collect()
}

/// Most positive and most negative residual of one angle.
pub(super) fn extremes(last: &LastSweep, (angle, phi_degrees): (usize, f64)) -> Vec<ExtremeResidual> {
    // Sums are of model - data.
    let found = last.sums[angle].extremes.iter().rev().filter(|extreme| extreme.j > extreme.i);
    let result = |extreme: &Extreme| ExtremeResidual {
        phi_degrees,
        frame_1: last.number(extreme.i),
        frame_2: last.number(extreme.j),
        residual_sigma: -extreme.residual,
    };
    found.map(result).collect()
}
