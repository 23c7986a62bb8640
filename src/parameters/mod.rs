//! The parameters: what they are (`definitions`), how they enter a fit (`space`), curves through them (`power_law`), contrast and
//! offset (`scaling`). They know neither the model's formula nor any data.

pub mod definitions;
pub mod power_law;
pub mod scaling;
pub mod space;
