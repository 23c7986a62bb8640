//! All pairs in shards: `deck` in which order they are dealt, `dealing` who gets which, in files, `shard` the sums over one of them.

pub mod dealing;
pub mod deck;
pub mod shard;
