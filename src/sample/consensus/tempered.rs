//! The density on a shard: the likelihood of its pairs, adjusted as that of all data is, with its share of the prior: prior^(1/K). It
//! draws nothing.

use crate::error::Result;
use crate::parameters::scaling::AngleScaling;
use crate::sample::chain::Target;
use crate::sample::consensus::trial::ShardTargets;
use crate::sample::course::Start;
use crate::sample::density::{Posterior, Slope};
use crate::sample::geometry::Geometry;
use crate::sums::gram::Gram;
use crate::sums::objective::{Objective, Query, Shards};
use crate::sums::rank_update::Depth;

/// Densities of all shards, in the same coordinates: sqrt(K) times as wide as those of all data.
pub struct TemperedShards<'a> {
    start: &'a Start,
    shards: &'a dyn Shards,
    /// Coordinates in which all shards are sampled and combined.
    pub geometry: Geometry,
    prior_power: f64,
}

impl<'a> TemperedShards<'a> {
    /// Of shards; each has its share of the prior, or all of it if that is not tempered.
    #[must_use]
    pub fn new(start: &'a Start, shards: &'a dyn Shards, tempers: bool) -> Self {
        let parts = shards.sizes().len() as f64;
        let prior_power = if tempers { 1.0 / parts } else { 1.0 };
        TemperedShards { start, shards, geometry: start.geometry.of_part(parts), prior_power }
    }

    /// Power of the prior in every shard.
    #[must_use]
    pub fn prior_power(&self) -> f64 {
        self.prior_power
    }
}

impl ShardTargets for TemperedShards<'_> {
    fn width(&self) -> usize {
        self.geometry.width()
    }

    fn sizes(&self) -> &[u64] {
        self.shards.sizes()
    }

    fn open(&self, members: &[usize]) -> Result<Box<dyn Target + '_>> {
        let parts = members.iter().map(|&shard| self.shards.open(shard)).collect::<Result<_>>()?;
        Ok(Box::new(Tempered { shards: self, data: Together { parts }, n: members.len() as f64 }))
    }

    fn values(&self, place: &[f64]) -> Vec<f64> {
        let u = self.geometry.prior_coordinates(place);
        self.start.numbers.place(&u).values()
    }
}

/// The density of some shards together.
struct Tempered<'a> {
    shards: &'a TemperedShards<'a>,
    data: Together<'a>,
    n: f64,
}

impl Target for Tempered<'_> {
    fn width(&self) -> usize {
        self.shards.width()
    }

    fn log(&self, w: &[f64]) -> Result<Slope> {
        let posterior = Posterior {
            likelihood: self.shards.start.likelihood(),
            data: &self.data,
            correction: None,
            geometry: &self.shards.geometry,
            prior_power: self.n * self.shards.prior_power,
        };
        posterior.log(w)
    }

    fn values(&self, w: &[f64]) -> Vec<f64> {
        self.shards.values(w)
    }
}

/// Sums of several data.
struct Together<'a> {
    parts: Vec<Box<dyn Objective + Sync + 'a>>,
}

impl Together<'_> {
    fn summed(&self, of_part: &dyn Fn(&(dyn Objective + Sync)) -> Result<Vec<Gram>>) -> Result<Vec<Gram>> {
        let mut all = of_part(&*self.parts[0])?;
        for part in &self.parts[1..] {
            all.iter_mut().zip(of_part(&**part)?).for_each(|(sum, one)| sum.add(&one));
        }
        Ok(all)
    }
}

impl Objective for Together<'_> {
    fn sweep(&self, query: &Query<'_>, depth: Depth) -> Result<Vec<Gram>> {
        self.summed(&|part| part.sweep(query, depth))
    }

    fn slopes(&self, query: &Query<'_>, scaling: &[AngleScaling]) -> Result<Vec<Gram>> {
        self.summed(&|part| part.slopes(query, scaling))
    }

    fn phi_degrees(&self) -> Vec<f64> {
        self.parts[0].phi_degrees()
    }

    fn sigma(&self) -> Vec<f64> {
        self.parts[0].sigma()
    }
}
