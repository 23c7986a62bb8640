//! The parameters: what they are (`definitions`), how they enter a fit (`space`) and a sampler (`prior`, `coordinate`), curves through
//! them (`power_law`), contrast and offset (`scaling`). They know neither the model's formula nor any data.

pub mod coordinate;
pub mod definitions;
pub mod power_law;
pub mod prior;
pub mod scaling;
pub mod space;
