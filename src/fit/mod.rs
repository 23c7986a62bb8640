//! Least squares over anything that can be swept. It sees sums over pairs only: no data, no model, no file.
//!
//! The loop is `solve::minimise`: sweep -> `scaling` (contrast and offset eliminated exactly) -> `system` (from Gram matrices
//! by `reduced`, from triangular factors by `joint`) -> `trust_region` (ask and tell). `strategy` chooses how the data are
//! gone through, `start` finds where to begin, `search` looks for other basins (`design`, `evolution`).
//!
//! Where it ended is judged by `uncertainty` (`covariance`, `frame_robust`, `spectrum`), `identifiability` and `verdict`;
//! `describe` writes it down and `course` is all of it. `journal` is who follows and what can resume it.

pub mod course;
pub mod covariance;
pub mod describe;
pub mod design;
pub mod evolution;
pub mod frame_robust;
pub mod identifiability;
pub mod joint;
pub mod journal;
pub mod reduced;
pub mod scaling;
pub mod search;
pub mod settings;
pub mod solve;
pub mod spectrum;
pub mod start;
pub mod strategy;
pub mod system;
pub mod trust_region;
pub mod uncertainty;
pub mod verdict;
