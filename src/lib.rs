//! XPCS two-time correlation data, larger than memory, to transport coefficients with honest error bars.
//!
//! [`api`] is the one door, with an example. Everything else is inner: open to readers, tests and benches, without a promise.
#![deny(missing_docs, unsafe_code)]

pub mod api;
pub mod config;
pub mod error;
pub mod experiment;
pub mod fit;
pub mod ingest;
pub mod likelihood;
pub mod listener;
pub mod machine;
pub mod model;
pub mod outcome;
pub mod parameters;
pub mod pipeline;
pub mod report;
pub mod simulate;
pub mod store;
pub mod sums;
pub mod sweep;
pub mod units;
