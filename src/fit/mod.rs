//! Least squares over anything that can be swept. It sees sums over pairs only: no data, no model, no file.
//!
//! `course` is a whole fit, `searching` the part of it that looks for other basins: `strategy` chooses how the data are gone through, `search` finds where to begin and other basins,
//! `solver` walks to the minimum, `errors` tells what it is worth (`intervals` which costs are asked for that, `examined` all of it), `weighting` makes them
//! smaller where speckles allow it, `verdict` judges and writes it down. `settings` is all that can be chosen.

pub mod condensing;
pub mod course;
pub mod errors;
pub mod examined;
pub mod intervals;
pub mod search;
mod searching;
pub mod settings;
pub mod solver;
pub mod strategy;
pub mod verdict;
pub mod weighting;
