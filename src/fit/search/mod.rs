//! Where to begin and where else to look: `start` from the data, `basins` by a design of starts (`design`) or by CMA-ES
//! (`evolution`).

pub mod alternatives;
pub mod basins;
pub mod deepest;
pub mod design;
pub mod evolution;
pub mod start;
