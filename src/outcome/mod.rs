//! What was found, as plain typed data: results are these types written down, and read back as them. They compute nothing.

pub mod condensed;
pub mod consensus;
pub mod curves;
pub mod fit;
pub mod noise;
pub mod parameter;
pub mod pictures;
pub mod posterior;
pub mod search;
pub mod verdict;
mod written;
