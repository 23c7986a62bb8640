//! Least squares over anything that can be swept. It sees Gram matrices only: no data, no model, no file.
//!
//! The loop is `solve::minimise`: sweep -> `scaling` (contrast and offset eliminated exactly) -> `reduced` system ->
//! `trust_region` (ask and tell). `start` finds where to begin, `uncertainty` and `verdict` judge where it ended, and
//! `analysis` is all of it.

pub mod analysis;
pub mod reduced;
pub mod scaling;
pub mod solve;
pub mod start;
pub mod trust_region;
pub mod uncertainty;
pub mod verdict;
