//! What was found, as plain typed data: results are these types written down, and read back as them. They compute nothing.

pub mod condensed;
pub mod consensus;
pub mod curves;
pub mod fit;
mod least_squares;
pub mod noise;
pub mod parameter;
pub mod pictures;
pub mod posterior;
pub mod search;
pub mod transport;
pub mod verdict;
pub mod weighting;
mod written;
