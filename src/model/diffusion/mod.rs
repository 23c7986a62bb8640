//! Anomalous diffusion: h = exp(-q^2 int D dt).

pub mod rows;
