//! Results as files and text. It computes nothing: it takes plain data and writes them.

pub mod json;
pub mod q_table;
pub mod summary;
pub mod tables;
