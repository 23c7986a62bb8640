//! From YAML as typed to settings as validated. It runs nothing.
//!
//! `tree` parses and remembers places, `keys` knows every key and what it does, `reader` takes values with their
//! origin (command line over file over default), `builder` converts them, `settings` is the result, `template` writes starting points.

mod builder;
pub mod keys;
pub mod reader;
pub mod settings;
pub mod template;
pub mod tree;
