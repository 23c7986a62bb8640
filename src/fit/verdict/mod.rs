//! The judgement (`judge`), the test of fit behind it (`lack_of_fit`, in `words`; single frames: `frame_scatter`,
//! what repeats itself: `regular_patterns`, events and slow swings: `single_patterns`), the bounds that are met (`bounds`), and a solution as plain data (`describe`, with
//! `where_residuals_are`).

pub mod bounds;
pub mod describe;
mod frame_scatter;
pub mod judge;
pub mod lack_of_fit;
mod regular_patterns;
mod single_patterns;
mod where_residuals_are;
mod words;
