//! How many shards, and what they take. It samples nothing.
//!
//! Fewer, larger shards are better: the posterior of one of K shards is sqrt(K) times as wide as that of all, and draws combine exactly
//! only as far as it is a Gaussian. So as many as the budget of time asks for, but no more than keep widths where the cost is a parabola
//! to a tenth, as long as chains still end before their deadline.

use crate::error::catalogue::Code;
use crate::error::{Fault, Result};
use crate::listener::{LogLevel, Watch};
use crate::outcome::consensus::ConsensusMemory;
use crate::sample::consensus::ladder::lengths;
use crate::sample::settings::SampleSettings;

/// Gradients per draw in coordinates in which a posterior is nearly round: most walks have a depth of three. Measured: 8 to 14.
pub const GRADIENTS_PER_DRAW: f64 = 10.0;
/// Pairs that stand anywhere take longer than those of a run. Measured: 5 to 7 times.
pub const SCATTERED: f64 = 6.0;
/// A chain is expected to take at most this share of its deadline.
const OF_DEADLINE: f64 = 0.5;
/// Departures from a parabola that are tolerated at one width.
const TOLERATED: f64 = 0.1;

/// What the number of shards depends on.
pub struct Extent<'a> {
    /// Pairs.
    pub n_pairs: u64,
    /// Numbers that are sampled.
    pub n_numbers: usize,
    /// What is asked for.
    pub settings: &'a SampleSettings,
    /// Seconds of one gradient of all pairs on one thread.
    pub gradient_seconds: f64,
}

impl Extent<'_> {
    /// Shards; `drop` is what the log density loses at so many widths along every number, less what its slope explains.
    ///
    /// # Errors
    /// What `drop` reports.
    pub fn n_shards(&self, drops: &dyn Fn(f64) -> Result<Vec<f64>>, watch: &Watch<'_>) -> Result<usize> {
        let consensus = &self.settings.consensus;
        let fewest = consensus.min_points_per_shard.max(consensus.min_points_per_param * self.n_numbers).max(1) as u64;
        let most = (self.n_pairs / fewest).max(1) as usize;
        let asked = match (consensus.n_shards, consensus.max_points_per_shard) {
            (Some(n), _) => Some(n),
            (None, Some(points)) => Some(self.n_pairs.div_ceil(points as u64) as usize),
            (None, None) => None,
        };
        if let Some(asked) = asked {
            if asked > most {
                let told = format!("{asked} shards would have fewer than {fewest} pairs each: {most} are made");
                watch.log(LogLevel::Warning, &told);
            }
            let made = asked.min(most);
            if widest(made, drops)? < made {
                tell_of_width(made, "and combined draws may be off", watch);
            }
            return Ok(made);
        }
        let wanted = self.shards_within(consensus.direct_budget_seconds).min(most);
        let least = self.shards_within(OF_DEADLINE * consensus.timeout_seconds).min(most);
        let chosen = widest(wanted, drops)?.max(least);
        if widest(chosen, drops)? < chosen {
            tell_of_width(chosen, "but larger shards would not end in time", watch);
        }
        Ok(chosen)
    }

    /// Shards whose chains take so many seconds each.
    fn shards_within(&self, seconds: f64) -> usize {
        let (warmup, draws) = lengths(self.settings, (self.n_pairs, self.n_numbers));
        let all = (warmup + draws) as f64 * GRADIENTS_PER_DRAW * SCATTERED * self.gradient_seconds;
        (all / seconds).ceil().max(1.0) as usize
    }

    /// What so many shards take with so many workers.
    #[must_use]
    pub fn memory(&self, n_shards: usize, n_workers: usize) -> ConsensusMemory {
        let (_, n_draws) = lengths(self.settings, (self.n_pairs / n_shards.max(1) as u64, self.n_numbers));
        let (n_chains, n) = (self.settings.n_chains as u64, self.n_numbers as u64);
        let of_chain = n_draws as u64 * n * 8;
        let shard_pairs = self.n_pairs.div_ceil(n_shards.max(1) as u64);
        let drawn = n_draws as u64 * MORE_PER_DRAW;
        ConsensusMemory {
            shards_as_published: published_shards(n_workers as u64, shard_pairs, n),
            draws_as_published: published_draws(n_shards as u64, n_chains, n_draws as u64, n),
            // Walks hold places and values; whoever judges a shard reads it, and values by number; combined draws are both again.
            held: n_workers as u64 * (2 * of_chain + drawn) + n_chains * (4 * of_chain + 2 * drawn),
            in_files: self.n_pairs * BYTES_PER_PAIR + n_shards as u64 * n_chains * (of_chain + drawn / 2),
        }
    }
}

/// Bytes of a draw besides places and values: density, energy, steps, three lists.
const MORE_PER_DRAW: u64 = 120;
/// Bytes of a pair in the file of a shard: angle, frames, c2 of at most 64 bits.
const BYTES_PER_PAIR: u64 = 20;

/// Bytes of the Jacobians of shards at work, as the published program has them.
#[must_use]
pub fn published_shards(n_workers: u64, shard_pairs: u64, n_numbers: u64) -> u64 {
    n_workers * shard_pairs * n_numbers * 8
}

/// Bytes of the draws of all shards, as the published program keeps them.
#[must_use]
pub fn published_draws(n_shards: u64, n_chains: u64, n_draws: u64, n_numbers: u64) -> u64 {
    n_shards * n_chains * n_draws * n_numbers * 8
}

fn tell_of_width(n_shards: usize, but: &str, watch: &Watch<'_>) {
    let told = format!(
        "the posterior of one of {n_shards} shards is wider than where the cost is a parabola, {but}: the check against all data decides"
    );
    watch.log(LogLevel::Warning, &told);
}

/// The most shards, up to `most`, whose widths lie where the cost is a parabola: halved until it is.
fn widest(most: usize, drops: &dyn Fn(f64) -> Result<Vec<f64>>) -> Result<usize> {
    let unit = drops(1.0)?;
    let mut n = most;
    while n > 1 {
        let wide = drops((n as f64).sqrt())?;
        let is_parabola = |(wide, unit): (&f64, &f64)| (wide / (n as f64 * unit) - 1.0).abs() <= TOLERATED;
        if wide.iter().zip(&unit).all(is_parabola) {
            break;
        }
        n /= 2;
    }
    Ok(n.max(1))
}

/// Whether what is held fits.
///
/// # Errors
/// E66 with what is needed.
pub fn check_memory(memory: &ConsensusMemory, threshold_bytes: u64) -> Result<()> {
    if memory.held <= threshold_bytes {
        return Ok(());
    }
    let mebibytes = |bytes: u64| format!("{} MiB", bytes >> 20);
    Err(Fault::at("memory", format!("draws of shards need {}", mebibytes(memory.held)))
        .expected(format!("at most the {} that may be used", mebibytes(threshold_bytes)))
        .advice("use fewer num_workers, num_chains or num_samples")
        .code(Code::E66)
        .config())
}
