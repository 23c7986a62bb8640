//! What a solution is worth: `covariance` (plain), `frame_robust` (reported), `uncertainty` (both, and what is undetermined:
//! `trade_offs`), `identifiability` (how well numbers are told apart).

pub mod bread;
pub mod covariance;
pub mod frame_robust;
pub mod identifiability;
pub mod information;
pub mod speckle_noise;
pub mod trade_offs;
pub mod uncertainty;
