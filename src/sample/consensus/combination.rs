//! Draws of shards to draws of all data, jointly for all numbers, in coordinates without bounds (Scott et al., Int. J. Manag. Sci. Eng.
//! Manag. 11 (2016) 78, doi 10.1080/17509653.2016.1142191):
//!
//! ```text
//! w_g = (sum_k a_k L_k)^-1 sum_k a_k L_k w_(k,g)        L_k = (C_k + T)^-1,  C_k: covariance of shard k,  T: variance between shards
//! ```
//!
//! which is exact where the shards' densities are Gaussians. a_k = 1 but for shards that lie far from the others. It reads no file.

use crate::sample::consensus::moments::{Moments, inverse, root};
use crate::sample::consensus::settings::Combination;
use crate::sums::algebra::{Algebra, dot};
use ndarray::Array2;
use statrs::distribution::{ChiSquared, ContinuousCDF};

/// Shards that lie no farther from the others than one in a hundred would count fully.
const USUAL: f64 = 0.99;
/// Steps towards the spatial median, at most.
const STEPS: usize = 200;

/// What is done with the draws of every shard.
#[derive(Debug, Clone)]
pub struct Weighing {
    /// What the draws of each shard are multiplied with: together the identity.
    pub maps: Vec<Array2<f64>>,
    /// a_k.
    pub trust: Vec<f64>,
    /// Covariance of the combined draws.
    pub covariance: Array2<f64>,
    /// Their mean.
    pub mean: Vec<f64>,
    /// Root of what the variance between shards adds to what draws have by themselves; `None` without such a variance.
    pub between: Option<Array2<f64>>,
}

impl Weighing {
    /// By a method, from the moments of the shards and the covariance between them.
    #[must_use]
    pub fn of(method: Combination, shards: &[Moments], between: Option<&Array2<f64>>) -> Self {
        let n = shards.first().map_or(0, |shard| shard.mean.len());
        let trust = match method {
            Combination::RobustConsensusMc | Combination::Auto => trust(shards),
            _ => vec![1.0; shards.len()],
        };
        let widened = |covariance: &Array2<f64>| between.map_or(covariance.clone(), |between| covariance + between);
        let precision = |(shard, trust): (&Moments, &f64)| match method {
            Combination::SimpleAverage => Array2::eye(n),
            _ => inverse(&widened(&shard.covariance)) * *trust,
        };
        let precisions: Vec<Array2<f64>> = shards.iter().zip(&trust).map(precision).collect();
        let all = precisions.iter().fold(Array2::zeros((n, n)), |sum, precision| sum + precision);
        let maps: Vec<Array2<f64>> = precisions.iter().map(|precision| inverse(&all).dot(precision)).collect();
        let of = |covariance: &Array2<f64>, map: &Array2<f64>| map.dot(covariance).dot(&map.t());
        let sum = |covariances: &mut dyn Iterator<Item = Array2<f64>>| {
            covariances.fold(Array2::zeros((n, n)), |sum: Array2<f64>, one| sum + one)
        };
        let own = sum(&mut shards.iter().zip(&maps).map(|(shard, map)| of(&shard.covariance, map)));
        let added = between.map(|between| sum(&mut maps.iter().map(|map| of(between, map))));
        let mut mean = vec![0.0; n];
        for (shard, map) in shards.iter().zip(&maps) {
            mean.iter_mut().zip(map.times(&shard.mean)).for_each(|(sum, term)| *sum += term);
        }
        let covariance = added.as_ref().map_or(own.clone(), |added| own + added);
        Weighing { maps, trust, covariance, mean, between: added.as_ref().map(root) }
    }

    /// Adds the part of a draw of shard `k`.
    pub fn add(&self, k: usize, draw: &[f64], into: &mut [f64]) {
        into.iter_mut().zip(self.maps[k].times(draw)).for_each(|(sum, term)| *sum += term);
    }
}

/// How far each shard's mean lies from the spatial median of all, in units of their mean covariance and of how far the others lie, turned
/// into what it counts: 1 up to what is usual, then less with the inverse of the distance.
fn trust(shards: &[Moments]) -> Vec<f64> {
    let (k, n) = (shards.len(), shards.first().map_or(0, |shard| shard.mean.len()));
    let mean_covariance =
        shards.iter().fold(Array2::zeros((n, n)), |sum: Array2<f64>, shard| sum + &shard.covariance) / k.max(1) as f64;
    let precision = inverse(&mean_covariance);
    let distance = |from: &[f64], to: &[f64]| {
        let apart: Vec<f64> = from.iter().zip(to).map(|(a, b)| a - b).collect();
        dot(&precision.times(&apart), &apart).max(0.0).sqrt()
    };
    let median = spatial_median(shards, &distance);
    let distances: Vec<f64> = shards.iter().map(|shard| distance(&shard.mean, &median)).collect();
    let Ok(chi_squared) = ChiSquared::new(n.max(1) as f64) else { return vec![1.0; k] };
    let mut ascending = distances.clone();
    ascending.sort_by(f64::total_cmp);
    // Where all scatter alike, none of them is an outlier: what is usual is what half of them do.
    let scale = (ascending[k / 2] / chi_squared.inverse_cdf(0.5).sqrt()).max(1.0);
    let usual = scale * chi_squared.inverse_cdf(USUAL).sqrt();
    distances.iter().map(|distance| if *distance > usual { usual / distance } else { 1.0 }).collect()
}

/// The place from which the distances of all means have the smallest sum (Weiszfeld's steps).
fn spatial_median(shards: &[Moments], distance: &dyn Fn(&[f64], &[f64]) -> f64) -> Vec<f64> {
    let n = shards[0].mean.len();
    let weighted = |weights: &[f64]| {
        let all: f64 = weights.iter().sum();
        let entry = |i: usize| shards.iter().zip(weights).map(|(shard, weight)| weight * shard.mean[i]).sum::<f64>();
        (0..n).map(|i| entry(i) / all).collect::<Vec<f64>>()
    };
    let mut median = weighted(&vec![1.0; shards.len()]);
    for _ in 0..STEPS {
        let weights: Vec<f64> = shards.iter().map(|shard| 1.0 / distance(&shard.mean, &median).max(1e-9)).collect();
        let next = weighted(&weights);
        let moved = distance(&next, &median);
        median = next;
        if moved < 1e-9 {
            break;
        }
    }
    median
}
