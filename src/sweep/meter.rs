//! How much was swept and how fast, over the life of a sweep. It counts; it does not print.

use crate::machine::dataflow::{Meter, StageTotals};
use crate::sums::rank_update::Depth;
use serde::Serialize;
use std::sync::Mutex;

/// Sweeps of one depth.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct DepthTotals {
    /// Sweeps.
    pub sweeps: u64,
    /// Pairs, summed over sweeps.
    pub pairs: u64,
    /// Wall-clock seconds.
    pub seconds: f64,
}

/// Everything counted so far.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct SweepTotals {
    /// Pairs of normal-depth sweeps per second, whole process.
    pub pairs_per_second: f64,
    /// Pairs in one sweep.
    pub pairs: u64,
    /// Normal-depth sweeps.
    pub normal: DepthTotals,
    /// Gradient-depth sweeps.
    pub gradient: DepthTotals,
    /// Cost-depth sweeps.
    pub cost: DepthTotals,
    /// Sweeps by block QR.
    pub factor: DepthTotals,
    /// Reading blocks.
    pub read: StageTotals,
    /// Evaluating and accumulating blocks.
    pub work: StageTotals,
    /// Folding block sums.
    pub fold: StageTotals,
}

/// Place of the sweeps by block QR, behind the depths.
const FACTOR: usize = 3;

/// Counts sweeps.
#[derive(Debug, Default)]
pub struct SweepMeter {
    /// Stages of the dataflow.
    pub stages: Meter,
    depths: Mutex<[DepthTotals; 4]>,
}

impl SweepMeter {
    /// Counts one sweep.
    pub fn count(&self, depth: Depth, pairs: u64, seconds: f64) {
        self.add(depth as usize, pairs, seconds);
    }

    /// Counts one sweep by block QR.
    pub fn count_factor(&self, pairs: u64, seconds: f64) {
        self.add(FACTOR, pairs, seconds);
    }

    fn add(&self, kind: usize, pairs: u64, seconds: f64) {
        let mut depths = self.depths.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let totals = &mut depths[kind];
        totals.sweeps += 1;
        totals.pairs += pairs;
        totals.seconds += seconds;
    }

    /// The sums so far, for sweeps of `pairs` pairs.
    #[must_use]
    pub fn totals(&self, pairs: u64) -> SweepTotals {
        let depths = *self.depths.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let normal = depths[Depth::Normal as usize];
        SweepTotals {
            pairs_per_second: if normal.seconds > 0.0 { normal.pairs as f64 / normal.seconds } else { 0.0 },
            pairs,
            normal,
            gradient: depths[Depth::Gradient as usize],
            cost: depths[Depth::Cost as usize],
            factor: depths[FACTOR],
            read: self.stages.read.totals(),
            work: self.stages.work.totals(),
            fold: self.stages.fold.totals(),
        }
    }
}
