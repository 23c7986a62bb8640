//! From sums over pairs to the system of the physical parameters: contrast and offset eliminated exactly. It asks for no sweep.
//!
//! `scaling` has the modes and their elimination, `reduced` the system from Gram matrices, `joint` the same from triangular
//! factors, `spectrum` how well it determines each direction; `speckle` what sums of residuals scatter by.

pub mod joint;
pub mod reduced;
pub mod scaling;
pub mod speckle;
pub mod spectrum;
