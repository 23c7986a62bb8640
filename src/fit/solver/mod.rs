//! The way to the minimum: `minimise` is the loop (ask, sweep, tell), `problem` makes the reduced system at a point,
//! `trust_region` says where to look next, `journal` follows.

pub mod journal;
pub mod minimise;
pub mod problem;
pub mod trust_region;
