//! From YAML as typed to settings as validated. It runs nothing.
//!
//! `tree` parses and remembers places. `keys` is the table of all keys: each (`key`) names what it means and the `field` of the
//! settings that it sets, with its `limits`; `check` looks whether every key of a tree is in the table; `reader` finds what is given
//! and where. `load` goes through the table into a `draft`, `settle` decides what takes several keys, `settings` is the result.
//! `template` and `reference` are written from the same table.

mod check;
pub mod draft;
pub mod field;
pub mod key;
pub mod keys;
pub mod limits;
pub mod load;
pub mod reader;
pub mod reference;
pub mod settings;
mod settle;
pub mod template;
pub mod tree;
