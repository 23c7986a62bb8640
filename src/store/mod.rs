//! The store on disk, partitioned by angle, and its in-memory sibling. It knows no physics.
//!
//! ```text
//! <store>/_manifest.json               what was measured, how it is cut, where it came from, checksums of blocks and of itself
//! <store>/c2/phi=<degrees>/c2.arrow    c2 (with `store.long` i, j, t1, t2 beside it), one record batch per block, uncompressed: mapped
//!                                      and used in place
//! <store>/c2/phi=<degrees>/c2.parquet  long table (i, j, t1, t2, c2, phi_degrees, q_per_angstrom), sorted, a row
//!                                      group per block
//! <store>/_condensed.arrow             pseudo-pairs that stand for all pairs, a row per angle (`homodyne condense`)
//! ```
//!
//! `<store>/c2` is a hive-partitioned dataset for pandas, pyarrow, Polars and DuckDB; the schema of every partition says whose it is
//! (`described`). Pairs that are not data are NaN. Values are compared with the checksum of their block when it is first read. A
//! store is written to a temporary sibling and published by one rename: it is there whole or not at all.

pub mod arrow_file;
pub mod arrow_partition;
pub mod block;
pub mod condensed_angle;
pub mod condensed_file;
pub mod condensed_table;
pub mod described;
pub mod directory;
mod folder;
pub mod long_table;
pub mod manifest;
pub mod map;
pub mod memory;
pub mod parquet_partition;
pub mod recognise;
pub mod shard_file;
pub mod writer;
