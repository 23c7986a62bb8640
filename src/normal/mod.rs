//! Normal equations as plain algebra: Gram matrices, their rank-k update, and small solves. It knows neither data nor physics.

pub mod box_quadratic;
pub mod gram;
pub mod rank_update;
pub mod symmetric;
