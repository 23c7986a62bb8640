//! The store on disk, partitioned by angle, and its in-memory sibling. It knows no physics.

pub mod memory;
