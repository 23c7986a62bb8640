//! Estimates with weights that know speckles, from the least-squares solution on: what they are predicted to gain (`predicted`), with
//! which ridge (`ladder`), the few steps to them and whether both estimates agree (`estimate`), what becomes of intervals
//! from the cost itself (`intervals`), and when they are taken (`weigh`).

pub mod estimate;
pub mod intervals;
pub mod ladder;
pub mod predicted;
pub mod weigh;
