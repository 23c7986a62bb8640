//! The library's promises. One binary, so that a change is linked once; `cargo test --test library NAME` runs a part.

mod architecture;
mod bad_input;
mod beamline;
mod common;
mod configuration;
mod derivatives;
mod every_code;
mod every_size;
mod fit_recovers_truth;
mod frame_errors;
mod global_search;
mod honest_verdicts;
mod house;
mod identifiability;
mod ingest_layouts;
mod large_blocks;
mod place;
mod public_api;
mod robust_losses;
mod store_round_trip;
mod stored;
mod strategies_agree;
mod sweep_is_exact;
mod told;
