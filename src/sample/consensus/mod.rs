//! Consensus Monte Carlo: data in shards, each sampled with its share of the prior, draws combined, and the whole checked against all
//! data.
//!
//! `settings` what can be chosen, `sizes` how many shards and what they take, `tempered` the density on a shard, `pool` who samples what
//! (`trial` one try, `ladder` what is tried next, `rewhitened` own coordinates, `kept` draws in files), `combination` draws of shards to
//! draws of all (`moments`, `heterogeneity`), `reweighed` and `population` what all data make of these, `check` whether that can be believed (`pareto`), `modes`
//! whether there are two, `verdict` what there is to say of it, `course` all in order.

pub mod check;
pub mod combination;
pub mod combined;
pub mod course;
pub mod heterogeneity;
pub mod kept;
pub mod ladder;
pub mod modes;
pub mod moments;
pub mod pareto;
pub mod pool;
pub mod population;
pub mod reweighed;
pub mod rewhitened;
pub mod settings;
pub mod sizes;
pub mod tempered;
pub mod trial;
pub mod verdict;
