//! Sums over pairs and small algebra on them. They know neither data nor physics.
//!
//! `pairs` is what a model and the sums share: pairs in groups of eight, `h` and `c` of each. `separable` sums all products of
//! derivatives by rows and columns (`row_sums`); `tile` holds rows one by one for `rank_update` (a sample) and `reflection` (block
//! QR). Results are `gram`, `factor` (with its slow twin), `residuals` (`lags`) and `stratified_rows`; `fold` adds them in order,
//! `packed` knows their places. `objective` is what a fit may ask for, `loss` how it weighs; `algebra` and `box_quadratic` solve,
//! `grid` (on `band` matrices and their inverses, `band_inverse`, and cycles, `band_cycles`) has the model on groups of frames, `cells` the residuals.

pub mod algebra;
pub mod band;
mod band_cycles;
mod band_inverse;
pub mod box_quadratic;
pub mod cells;
pub mod factor;
pub mod fold;
pub mod gram;
pub mod grid;
pub mod lags;
pub mod loss;
pub mod objective;
pub mod packed;
pub mod pairs;
pub mod rank_update;
pub mod reflection;
pub mod residuals;
pub mod row_sums;
pub mod separable;
pub mod stratified_rows;
pub mod tile;
