//! Anomalous diffusion under laminar shear flow: h = exp(-q^2 int D dt) S(x). `rows` fills pairs, `shear` has S, `sine` sines.

pub mod rows;
pub mod shear;
pub mod sine;
