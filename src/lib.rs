//! XPCS two-time correlation data, larger than memory, to transport coefficients with honest error bars.
#![deny(missing_docs, unsafe_code)]

pub mod block;
pub mod config;
pub mod dataflow;
pub mod error;
pub mod experiment;
pub mod fit;
pub mod ingest;
pub mod listener;
pub mod loss;
pub mod machine;
pub mod memory;
pub mod model;
pub mod normal;
pub mod objective;
pub mod outcome;
pub mod pairs;
pub mod parameters;
pub mod pipeline;
pub mod publish;
pub mod report;
pub mod simulate;
pub mod store;
pub mod sweep;
