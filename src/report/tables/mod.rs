//! Results as numbers: JSON, Parquet, NPZ, a summary for terminals, and one table over many q.

pub mod advice;
pub mod consensus;
pub mod curves;
pub mod intervals;
pub mod json;
pub mod many_q;
pub mod measured;
pub mod npz;
pub mod parquet;
pub mod peers;
pub mod posterior;
pub mod read;
pub mod summary;
pub mod weights;
