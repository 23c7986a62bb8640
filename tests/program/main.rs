//! The program's promises, run as users run it. `cargo test --test program NAME` runs a part.

mod angles_and_q;

mod command_line;
mod condensed_store;
mod documented;
mod edges;
mod edited_tables;
mod explanations;
mod failing_disk;
mod files_are_safe;
mod holdings;
mod keys_change_behaviour;
mod limits_of_the_system;
mod long_runs;
mod named_stores;
mod pipelines;
mod posterior;
mod program;
mod progress_on_a_terminal;
mod report_forms;
mod reports;
mod reused_results;
mod same_selection;
mod streams;
mod terminal;
