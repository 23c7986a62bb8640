//! From YAML as typed to settings as validated. It runs nothing.
//!
//! `tree` parses and remembers places, `keys` knows every key and what it does, `reader` takes values with their
//! origin (command line over file over environment over default), `builder` and `search_builder` convert them, `settings` is the
//! result, `template` writes starting points.

mod builder;
pub mod keys;
pub mod reader;
mod search_builder;
pub mod settings;
pub mod template;
pub mod tree;
