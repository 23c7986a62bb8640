//! Layouts of files: which one it is (`detect`), and its table of `bins` (matrix, q, phi) and frame interval, one file each.

pub mod aps_legacy;
pub mod aps_u;
pub mod bins;
pub mod detect;
pub mod units;
