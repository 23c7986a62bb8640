//! Kinds of files: what they are by their first bytes (`signature`), and reading them (`hdf5`, with `links` that it does
//! not follow; `npz`).

pub mod hdf5;
mod legible;
mod links;
pub mod npz;
pub(super) mod numbers;
pub mod signature;
