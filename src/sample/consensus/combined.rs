//! What a pool has drawn as draws of all data: weighed, added shard by shard from their files, with what shards tell of one another. It
//! evaluates no density.

use crate::error::Result;
use crate::outcome::consensus::{Heterogeneity, LostShard, ShardFacts, TwoModes};
use crate::outcome::posterior::Draw;
use crate::sample::consensus::combination::Weighing;
use crate::sample::consensus::heterogeneity::Spread;
use crate::sample::consensus::kept::{Kept, Rows};
use crate::sample::consensus::ladder::Trouble;
use crate::sample::consensus::modes::two_modes;
use crate::sample::consensus::moments::{Moments, root};
use crate::sample::consensus::pool::Pooled;
use crate::sample::consensus::settings::Combination;
use crate::sample::consensus::trial::ShardDraws;
use crate::sample::walked::{Chains, Walked};
use crate::sums::algebra::Algebra;
use ndarray::Array2;
use rand_distr::{Distribution, StandardNormal};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;

/// Coordinates of the walks and names of the numbers.
pub struct Naming<'a> {
    /// u of w = 0.
    pub center: &'a [f64],
    /// u = center + stretch w.
    pub stretch: &'a Array2<f64>,
    /// Names, in order.
    pub names: &'a [String],
}

/// Draws of all data.
pub struct Combined {
    /// As chains.
    pub chains: Vec<Walked>,
    /// How they were weighed.
    pub weighing: Weighing,
    /// How shards differ.
    pub heterogeneity: Vec<Heterogeneity>,
}

/// Combines by a method; `values` are those of a place, `seed` that of what is drawn besides.
///
/// # Errors
/// Io if draws cannot be read.
pub fn combined(
    pooled: &Pooled,
    naming: &Naming<'_>,
    (method, seed): (Combination, u64),
    values: &dyn Fn(&[f64]) -> Vec<f64>,
) -> Result<Combined> {
    let moments: Vec<Moments> = pooled.sampled.iter().map(|shard| shard.moments.clone()).collect();
    let heterogeneity = heterogeneity(&moments, naming);
    let between = between(&heterogeneity, naming.stretch);
    let weighing = Weighing::of(method, &moments, between.as_ref());
    let n_chains = pooled.sampled.iter().map(|shard| shard.chains.len()).min().unwrap_or(0);
    let n_draws = pooled.sampled.iter().map(ShardDraws::n_draws).min().unwrap_or(0);
    let chain = |chain: usize| {
        let mut walked = sums(pooled, &weighing, (chain, n_draws))?;
        let mut more = Further::new(&weighing, method, (seed, chain));
        for (place, draw) in walked.places.iter_mut().zip(&mut walked.draws) {
            more.apply(place);
            draw.values = values(place);
        }
        Ok(walked)
    };
    let chains = (0..n_chains).map(chain).collect::<Result<Vec<Walked>>>()?;
    Ok(Combined { chains, weighing, heterogeneity })
}

impl Combined {
    /// All places.
    pub fn places(&self) -> impl Iterator<Item = &[f64]> + Clone {
        self.chains.iter().flat_map(|chain| chain.places.iter().map(Vec::as_slice))
    }

    /// With the draws that the density of all data has made of these.
    #[must_use]
    pub fn reweighed(self, chains: Vec<Walked>) -> Self {
        let of_shards = self.chains.into_iter();
        let with_facts = |(new, old): (Walked, Walked)| Walked {
            gradients: old.gradients + new.draws.len() as u64,
            step_size: old.step_size,
            ..new
        };
        Combined { chains: chains.into_iter().zip(of_shards).map(with_facts).collect(), ..self }
    }

    /// As what chains have drawn in so many seconds.
    #[must_use]
    pub fn into_chains(self, seconds: f64) -> Chains {
        let new_gradients = self.chains.iter().map(|chain| chain.gradients).sum();
        Chains { chains: self.chains, seconds, new_gradients }
    }
}

/// One chain: the same draw of the same chain of every shard, added. What walks have told is that of all of them.
fn sums(pooled: &Pooled, weighing: &Weighing, (chain, n_draws): (usize, usize)) -> Result<Walked> {
    let width = weighing.mean.len();
    let empty = Draw {
        values: Vec::new(),
        log_density: f64::NAN,
        energy: f64::NAN,
        acceptance: 0.0,
        steps: 0,
        depth: 0,
        diverging: false,
    };
    let mut walked = Walked {
        draws: vec![empty; n_draws],
        places: vec![vec![0.0; width]; n_draws],
        gradients: 0,
        step_size: 0.0,
        is_cut: false,
    };
    let n = pooled.sampled.len() as f64;
    for (k, shard) in pooled.sampled.iter().enumerate() {
        let kept: &Kept = &shard.chains[chain];
        let rows: Rows = kept.read()?;
        for (draw, (place, into)) in walked.places.iter_mut().zip(&mut walked.draws).enumerate() {
            let own = rows.draw(draw);
            weighing.add(k, own.place, place);
            into.acceptance += own.acceptance / n;
            into.steps += own.steps;
            into.depth = into.depth.max(own.depth);
            into.diverging |= own.is_diverging;
        }
        walked.gradients += kept.gradients;
        walked.step_size += kept.step_size / n;
    }
    Ok(walked)
}

/// What is drawn besides: the variance between shards, or whole draws of the Gaussian.
struct Further<'a> {
    weighing: &'a Weighing,
    whole: Option<Array2<f64>>,
    rng: Xoshiro256PlusPlus,
}

impl<'a> Further<'a> {
    fn new(weighing: &'a Weighing, method: Combination, (seed, chain): (u64, usize)) -> Self {
        let words = format!("homodyne posterior {seed} combination chain {chain}");
        let rng = Xoshiro256PlusPlus::from_seed(*blake3::hash(words.as_bytes()).as_bytes());
        let whole = (method == Combination::WeightedGaussian).then(|| root(&weighing.covariance));
        Further { weighing, whole, rng }
    }

    fn apply(&mut self, place: &mut [f64]) {
        let root = match (&self.whole, &self.weighing.between) {
            (Some(whole), _) => {
                place.copy_from_slice(&self.weighing.mean);
                whole
            }
            (None, Some(between)) => between,
            (None, None) => return,
        };
        let normal: Vec<f64> = place.iter().map(|_| StandardNormal.sample(&mut self.rng)).collect();
        place.iter_mut().zip(root.times(&normal)).for_each(|(value, more)| *value += more);
    }
}

/// How shards differ in every number, in coordinates without bounds.
fn heterogeneity(moments: &[Moments], naming: &Naming<'_>) -> Vec<Heterogeneity> {
    let own: Vec<Moments> = moments.iter().map(|one| one.stretched(naming.center, naming.stretch)).collect();
    let of_number = |(place, name): (usize, &String)| {
        let means: Vec<f64> = own.iter().map(|shard| shard.mean[place]).collect();
        let variances: Vec<f64> = own.iter().map(|shard| shard.covariance[[place, place]]).collect();
        let spread = Spread::of(&means, &variances);
        Heterogeneity {
            name: name.clone(),
            q: spread.q,
            p_value: spread.p_value,
            i_squared: spread.i_squared,
            tau: spread.tau_squared.sqrt(),
            is_significant: spread.is_significant(naming.names.len()),
        }
    };
    naming.names.iter().enumerate().map(of_number).collect()
}

/// The covariance between shards where chains walk; `None` where no number differs.
fn between(heterogeneity: &[Heterogeneity], stretch: &Array2<f64>) -> Option<Array2<f64>> {
    if !heterogeneity.iter().any(|number| number.is_significant) {
        return None;
    }
    let tau = |number: &Heterogeneity| if number.is_significant { number.tau } else { 0.0 };
    let diagonal = Array2::from_diag(&heterogeneity.iter().map(tau).collect::<ndarray::Array1<f64>>());
    let back = stretch.solve_many(&diagonal);
    Some(back.dot(&back.t()))
}

/// Facts of all shards with draws, in order.
#[must_use]
pub fn facts(pooled: &Pooled, trust: &[f64]) -> Vec<ShardFacts> {
    let of = |(shard, trust): (&ShardDraws, &f64)| ShardFacts {
        shards: shard.tried.members.clone(),
        pairs: shard.tried.pairs,
        attempt: shard.tried.rung.name().into(),
        draws: shard.chains.iter().map(|chain| chain.n_draws).sum(),
        divergences: shard.divergences(),
        r_hat: shard.r_hat,
        ess: shard.ess,
        trust: *trust,
        doubt: shard.doubt.clone(),
    };
    pooled.sampled.iter().zip(trust).map(of).collect()
}

/// Shards without draws.
#[must_use]
pub fn lost(pooled: &Pooled, sizes: &[u64]) -> Vec<LostShard> {
    let why = |trouble: &Trouble| match trouble {
        Trouble::OutOfTime => "too few draws before the deadline (per_shard_timeout)".to_owned(),
        Trouble::NoDensity => "no start with a density".to_owned(),
        Trouble::Doubtful(why) => why.clone(),
    };
    pooled
        .lost
        .iter()
        .map(|(shard, trouble)| LostShard { shard: *shard, pairs: sizes[*shard], why: why(trouble) })
        .collect()
}

/// Shards whose draws have two modes.
///
/// # Errors
/// Io if draws cannot be read.
pub fn shards_with_two_modes(pooled: &Pooled) -> Result<Vec<TwoModes>> {
    let mut found = Vec::new();
    for shard in &pooled.sampled {
        let rows = shard.chains.iter().map(Kept::read).collect::<Result<Vec<Rows>>>()?;
        let draws: Vec<&[f64]> = rows.iter().flat_map(Rows::places).collect();
        found.extend(two_modes(&draws, shard.r_hat).map(|modes| TwoModes {
            shards: shard.tried.members.clone(),
            share: modes.share,
            delta_bic: modes.delta_bic,
            ashman_d: modes.ashman_d,
        }));
    }
    Ok(found)
}

/// The largest divergence between the Gaussians of two shards.
#[must_use]
pub fn largest_divergence(pooled: &Pooled) -> f64 {
    let with_precision = |shard: &ShardDraws| (shard.moments.clone(), shard.moments.precision());
    let all: Vec<(Moments, Array2<f64>)> = pooled.sampled.iter().map(with_precision).collect();
    let of_two = |(k, (one, own)): (usize, &(Moments, Array2<f64>))| {
        all[..k].iter().map(|(other, others)| one.divergence(other, (own, others))).fold(0.0, f64::max)
    };
    all.iter().enumerate().map(of_two).fold(0.0, f64::max)
}
