//! One pass over the data at one theta. It knows neither scaling nor noise: it returns Gram matrices.

pub mod evaluate;
pub mod level;
pub mod meter;
pub mod pass;
pub mod sample;
pub mod slow_twin;
