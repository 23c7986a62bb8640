//! What sampling the posterior would take: time, from how fast this machine sweeps a few made-up pairs, and memory, beside that of the
//! published program. It reads no data.

use crate::config::settings::Settings;
use crate::error::Result;
use crate::experiment::{Angle, Experiment, TimeGrid};
use crate::listener::Watch;
use crate::model::catalogue::Model;
use crate::outcome::consensus::ConsensusMemory;
use crate::sample::choice::predicted_seconds;
use crate::sample::consensus::sizes::{Extent, GRADIENTS_PER_DRAW, SCATTERED, published_draws};
use crate::sample::settings::SampleSettings;
use crate::store::block::Values;
use crate::store::memory::MemoryStore;
use crate::sums::objective::{Objective, Query};
use crate::sums::rank_update::Depth;
use crate::sweep::raw::pass::Sweep;
use crate::units::{counted, short};
use std::sync::Arc;
use std::time::Instant;

/// Most frames of the made-up pairs, and how many pairs there are at most, but for one angle.
const FRAMES: usize = 400;
const PAIRS: usize = 100_000;
/// Sweeps of which the fastest counts.
const SWEEPS: usize = 5;

/// What sampling depends on.
pub(super) struct Sampling<'a> {
    /// The configuration.
    pub settings: &'a Settings,
    /// Pairs.
    pub n_pairs: u64,
    /// Pairs or pseudo-pairs that a gradient visits.
    pub n_visited: f64,
    /// Free numbers of the fit, scaling included.
    pub n_params: usize,
    /// Angles.
    pub n_angles: usize,
}

impl Sampling<'_> {
    /// Time and memory, as (name, value).
    ///
    /// # Errors
    /// What the model reports.
    pub fn facts(&self) -> Result<Vec<(String, String)>> {
        let (settings, threads) = (&self.settings.sample, self.settings.run.threads());
        let of_pair = self.seconds_per_pair()?;
        let n_numbers = self.n_params + settings.noise.n_factors(self.n_angles);
        let draws = settings.n_warmup + settings.n_draws;
        let gradient = of_pair * self.n_visited;
        let direct = predicted_seconds((settings.n_chains, threads), draws, gradient);
        let extent =
            Extent { n_pairs: self.n_pairs, n_numbers, settings, gradient_seconds: of_pair * self.n_pairs as f64 };
        let n_shards = extent.n_shards(&|_| Ok(Vec::new()), &Watch::nobody())?;
        let workers = settings.consensus.n_workers.unwrap_or(threads);
        let chains = n_shards * settings.n_chains;
        let of_shard = SCATTERED * extent.gradient_seconds / n_shards as f64;
        let in_shards = predicted_seconds((chains, workers), draws, of_shard);
        let fact = |name: &str, value: String| (name.to_owned(), value);
        Ok(vec![
            fact(
                "sampling, directly",
                format!(
                    "about {} ({} of {draws} draws, {GRADIENTS_PER_DRAW} gradients of {:.2} ms each)",
                    seconds(direct),
                    counted(settings.n_chains, "chain"),
                    1e3 * gradient
                ),
            ),
            fact(
                "sampling, in shards",
                format!(
                    "about {} ({} of {} pairs, {workers} chains at a time)",
                    seconds(in_shards),
                    counted(n_shards, "shard"),
                    short(self.n_pairs as f64 / n_shards as f64)
                ),
            ),
            fact("memory of shards", told(&extent.memory(n_shards, workers), (n_shards, settings.n_chains, n_numbers))),
            fact(
                "published example",
                format!(
                    "draws of 1000 shards x 4 chains x 1500 draws x 9 numbers x 8 B = {} MB; as many here: {} held",
                    published_draws(1000, 4, 1500, 9) / 1_000_000,
                    megabytes(published_example(workers).held)
                ),
            ),
        ])
    }

    /// Seconds of a gradient per pair on one thread: of as many pairs as there are, where they are few, so that what every gradient takes
    /// besides counts.
    fn seconds_per_pair(&self) -> Result<f64> {
        let of_angle = 2.0 * self.n_visited / self.n_angles.max(1) as f64;
        let n_frames = (of_angle.sqrt() as usize + 1).clamp(3, FRAMES);
        let time = TimeGrid { n_frames, dt_seconds: 0.1, start_seconds: 0.0, first_frame: 1 };
        let n_angles = (PAIRS / time.n_pairs()).min(self.n_angles).max(1);
        let angle = |k: usize| Angle { phi_degrees: 30.0 + k as f64 / n_angles as f64, sigma: 1.0, ..Angle::default() };
        let angles = (0..n_angles).map(angle).collect();
        let experiment = Experiment { q_per_angstrom: 0.01, gap_angstrom: Some(1e6), time, angles };
        let fit = &self.settings.fit.space;
        let model = Model::new(fit.mode, self.settings.model.convention, &experiment)?;
        let values = (0..n_angles).map(|_| Values::from_f32(vec![1.1; time.n_pairs()])).collect();
        let sweep = Sweep::new(Arc::new(MemoryStore::new(experiment, values, time.n_pairs())?), model, 1);
        let theta = fit.defaults();
        let mut fastest = f64::INFINITY;
        for _ in 0..SWEEPS {
            let begun = Instant::now();
            sweep.sweep(&Query::plain(&theta), Depth::Gradient)?;
            fastest = fastest.min(begun.elapsed().as_secs_f64());
        }
        Ok(fastest / (n_angles * time.n_pairs()) as f64)
    }
}

/// What a consensus of the size of the published example holds here.
fn published_example(workers: usize) -> ConsensusMemory {
    let settings = SampleSettings::default();
    let extent = Extent { n_pairs: 100_000_000, n_numbers: 9, settings: &settings, gradient_seconds: 0.0 };
    extent.memory(1000, workers)
}

fn told(memory: &ConsensusMemory, (n_shards, n_chains, n_numbers): (usize, usize, usize)) -> String {
    format!(
        "{} held, {} in files (published: workers x pairs x {n_numbers} x 8 B = {}, draws {n_shards} x {n_chains} x draws x {n_numbers} x 8 B \
         = {})",
        megabytes(memory.held),
        megabytes(memory.in_files),
        megabytes(memory.shards_as_published),
        megabytes(memory.draws_as_published)
    )
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

fn seconds(seconds: f64) -> String {
    if seconds < 600.0 { format!("{seconds:.0} s") } else { format!("{:.0} min", seconds / 60.0) }
}
