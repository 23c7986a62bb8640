//! The command line. It uses the public API only: parses words, prints, maps exit codes.

pub mod adoption;
pub mod arguments;
pub mod choices;
pub mod commands;
pub mod explanation;
pub mod interrupt;
pub mod overrides;
pub mod simulation;
pub mod terminal;
