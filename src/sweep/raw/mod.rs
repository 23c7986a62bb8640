//! The sweep over all pairs. `pass` is the dataflow over blocks; one block is evaluated in `patches`, its values read in `values`;
//! what the pairs become is a matter of `gram_patches`, `row_patches` (block QR, rows in memory), `residual_patches`, `cell_patches` (residuals of groups of frames) and `picture_patches` (what can be looked at);
//! `work` and `picture` join them.

pub mod cell_patches;
pub mod gram_patches;
pub mod pass;
pub mod patches;
pub mod picture;
pub mod picture_patches;
pub mod residual_patches;
pub mod row_patches;
pub mod value_patches;
pub mod values;
pub mod work;
