//! One pass over the data at one theta. It knows neither scaling nor noise: it returns sums over pairs.
//!
//! `pass` is the dataflow over blocks. One block is evaluated in `patches`, its values read in `values`; what the pairs become
//! is a matter of `gram_patches`, `row_patches` (block QR, rows in memory) and `residual_patches`; `work` joins them. `sample`
//! is a scattered sample of pairs in memory, `slow_twin` defines what the fast sweep must equal.

pub mod gram_patches;
pub mod level;
pub mod meter;
pub mod pass;
pub mod patches;
pub mod residual_patches;
pub mod row_patches;
pub mod sample;
pub mod slow_twin;
pub mod values;
pub mod work;
