//! The program's promises, run as users run it. `cargo test --test program NAME` runs a part.

mod angles_and_q;
mod edited_tables;
mod explanations;
mod files_are_safe;
mod keys_change_behaviour;
mod long_runs;
mod pipelines;
mod program;
