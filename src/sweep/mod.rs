//! One pass over the data at one theta. It knows neither scaling nor noise: it returns sums over pairs.
//!
//! `pass` is the dataflow over blocks, `evaluate` one block, `accumulate` what its rows become, `work` joins the two;
//! `sample` is a scattered sample of pairs in memory, `slow_twin` defines what the fast sweep must equal.

pub mod accumulate;
pub mod evaluate;
pub mod level;
pub mod meter;
pub mod pass;
pub mod sample;
pub mod slow_twin;
pub mod work;
