//! The stages of a run, one file each.

pub mod condense;
pub mod fit;
pub mod ingest;
pub mod look;
pub mod report;
pub mod report_table;
pub mod sample;
