//! The command line. It uses the public API only: parses words, prints, maps exit codes.

pub mod arguments;
pub mod commands;
pub mod explanation;
pub mod holdings;
mod interrupt;
pub mod overrides;
pub mod simulation;
pub mod terminal;
