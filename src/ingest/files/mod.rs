//! Kinds of files: what they are by their first bytes (`signature`), and reading them (`hdf5`, with `links` that it does not follow).

pub mod hdf5;
mod legible;
mod links;
mod numbers;
pub mod signature;
