//! One pass over the data at one theta. It knows neither scaling nor noise: it returns sums over pairs.
//!
//! `raw` sweeps all pairs, `scattered` a sample of them in memory, `condensed` pseudo-pairs that stand for all, `slow_twin` defines what fast sweeps must equal. `shards` all pairs dealt out into files. `simd` chooses
//! the instructions, `meter` counts.

pub mod condensed;
pub mod meter;
pub mod raw;
pub mod scattered;
pub mod shards;
pub mod simd;
pub mod slow_twin;
pub mod weighted_pairs;
