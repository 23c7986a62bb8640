//! The store on disk, partitioned by angle, and its in-memory sibling. It knows no physics.
//!
//! ```text
//! <store>/manifest.json           what was measured, how it is cut, where it came from, checksums
//! <store>/phi=<degrees>/c2.arrow  values only, one record batch per block, uncompressed: mapped and used in place
//! <store>/phi=<degrees>/c2.parquet  long table (i, j, t1, t2, c2), one row group per block
//! ```
//!
//! Both open as a hive-partitioned dataset in pyarrow, Polars and DuckDB. A store is written to a temporary sibling and
//! published by one rename: it is there whole or not at all.

pub mod arrow_partition;
pub mod block;
pub mod directory;
mod folder;
pub mod manifest;
mod map;
pub mod memory;
pub mod parquet_partition;
pub mod recognise;
pub mod writer;
