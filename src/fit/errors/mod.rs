//! What a solution is worth: `covariance` (plain), `frame_robust` (reported), `uncertainty` (both, and what is undetermined:
//! `trade_offs`), `identifiability` (how well numbers are told apart).

pub mod covariance;
pub mod frame_robust;
pub mod identifiability;
pub mod trade_offs;
pub mod uncertainty;
