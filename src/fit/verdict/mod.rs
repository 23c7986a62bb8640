//! The judgement (`judge`), the test of fit behind it (`lack_of_fit`, in `words`; single frames: `frame_scatter`, patches of a map and
//! single pairs: `patches`, neighbouring lags: `fine_lags`, what repeats itself: `regular_patterns`, single events: `single_patterns`,
//! what swings: `swings`), the bounds that are met (`bounds`), and a solution as plain data (`describe`, with `where_residuals_are`).

pub mod bounds;
pub mod describe;
mod fine_lags;
mod frame_scatter;
pub mod judge;
pub mod lack_of_fit;
mod patches;
mod regular_patterns;
mod single_patterns;
mod swings;
mod unknown_noise;
mod where_residuals_are;
mod words;
