//! The command line. It uses the public API only: parses words, prints, maps exit codes.

pub mod adoption;
pub mod arguments;
pub mod choices;
pub mod commands;
pub mod condensing;
pub mod config_arguments;
pub mod configuration;
mod earlier_store;
mod examples;
pub mod explanation;
mod folding;
pub mod holdings;
mod interrupt;
mod log_lines;
pub mod loudness;
pub mod overrides;
pub mod page_arguments;
pub mod pages;
pub mod refusal;
mod reporting;
pub mod shorthands;
pub mod simulation;
pub mod spoken;
pub mod terminal;
pub mod words;
