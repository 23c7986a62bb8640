//! The command line. It uses the public API only: parses words, prints, maps exit codes.

pub mod arguments;
pub mod commands;
pub mod config_arguments;
pub mod configuration;
pub mod explanation;
pub mod interrupt;
pub mod overrides;
pub mod refusal;
pub mod shorthands;
pub mod simulation;
pub mod terminal;
pub mod words;
