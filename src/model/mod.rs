//! The model of c2(phi, t1, t2) and its exact derivatives. It sees neither data nor weights.
//!
//! ```text
//! c2(phi, i, j) = offset(phi) + contrast(phi) h(phi, i, j)
//!
//! h = exp(-q^2 dt |C_j - C_i|) S(x)                  x = kappa(phi) |G_j - G_i|
//! D_k    = max(D0 tau_k^alpha + D_offset, 1e-10)                       [angstrom^2/s]
//! gdot_k = max(gamma_dot_t0 tau_k^beta + gamma_dot_t_offset, 1e-10)    [1/s]
//! tau_k  = max(t_k, dt/2, 1e-8 s)
//! C, G   = cumulative trapezoids of D, gdot in units of frames
//! ```
//!
//! He et al., PNAS 121 (2024) e2401162121, doi 10.1073/pnas.2401162121, equations (1)-(4), with the integrals taken
//! numerically. Symbols: q wavevector (1/angstrom), L gap (angstrom), dt frame interval (s), phi azimuth (degree).
//!
//! | convention | kappa(phi) | S(x) |
//! | --- | --- | --- |
//! | `homodyne` | q L dt cos(phi0 - phi) / (2 pi) | (sin x / x)^4 |
//! | `gap_average` | q L dt cos(phi0 - phi) / 2 | (sin x / x)^2 |
//!
//! Pinned by `tests/library/derivatives.rs` (60-digit reference values) and by the slow twin in [`pair`].

mod advice;
pub mod catalogue;
pub mod decay;
pub mod diffusion;
mod exponential;
pub mod frame_table;
pub mod groups;
pub mod laminar_flow;
mod local_decays;
pub mod nodes;
pub mod pair;
pub mod scattered_pairs;
mod short_lags;
pub mod starts;
pub mod time_tables;
