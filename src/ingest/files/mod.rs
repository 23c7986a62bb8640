//! Kinds of files: what they are by their first bytes (`signature`), and reading them (`hdf5`).

pub mod hdf5;
mod numbers;
pub mod signature;
