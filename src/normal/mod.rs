//! Normal equations as plain algebra: Gram matrices, their rank-k update, triangular factors, and small solves. It knows
//! neither data nor physics.

pub mod box_quadratic;
pub mod factor;
pub mod gram;
pub mod rank_update;
pub mod reflection;
pub mod residuals;
pub mod row_sums;
pub mod separable;
pub mod stratified_rows;
pub mod symmetric;
pub mod tile;
