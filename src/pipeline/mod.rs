//! The conductor: stages in order, their times and memory. It prints nothing and decides nothing about physics or data.
//!
//! `run` is what stages share (its `log` hears everything, `progress` makes lines of it), `stages` are the stages, `conductor` their
//! order. `find_store` says which store a fit takes, `agreement` whether it is what the configuration asks for, `checkpoint` keeps a
//! fit, `chain_checkpoint` chains, `posterior_directory` what they draw (`draw_journal` hands it to both), `run_directory` writes and finds results with their `run_record`, `holdings` lists and removes stores and results, `plan` says
//! what a fit would take, `many_q` runs one after another, `tune` looks at the machine.
//!
//! `looked_at` is what `drawing` makes pictures of, `chosen_angles` which of them come first, `peers_fit` the same from files of the Python programs, `report_directory` holds
//! pictures (`report_folder` while they are drawn); `fitted`, `peers_files` and `peers_draws` are further forms of a result.

mod agreement;
mod chain_checkpoint;
pub mod checkpoint;
mod chosen_angles;
pub mod conductor;
mod draw_journal;
pub mod drawing;
mod find_store;
mod fitted;
pub mod holdings;
pub mod log;
mod looked_at;
pub mod many_q;
mod marked_directory;
mod peers_draws;
mod peers_files;
mod peers_fit;
pub mod plan;
mod posterior_directory;
pub mod progress;
pub mod readiness;
mod report_directory;
mod report_folder;
pub mod run;
pub mod run_directory;
mod run_record;
mod sampling_plan;
pub mod stages;
pub mod tune;
