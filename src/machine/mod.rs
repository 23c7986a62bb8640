//! The machine: how much memory and how many cores there are, threads, and directories and files that appear whole. It knows no data.

pub mod budget;
pub mod claim;
pub mod cores;
pub mod dataflow;
pub mod file_identity;
pub mod folder;
pub mod link;
pub mod memory;
pub mod publish;
pub mod regular_file;
pub mod remains;
pub mod staged_file;
