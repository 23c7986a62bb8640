//! Does one patch of a map, or one pair of frames, stand out? Hot pixels in a few frames, a mirror that moved twice, a frame that was stored
//! twice: means of residuals over the pairs of two groups of frames at one angle, and the largest residuals, which sums over all angles
//! and times dilute. It decides nothing.
//!
//! What the fit has taken of a patch is small and left out: the test is the more cautious for it.

use crate::fit::verdict::lack_of_fit::Tested;
use crate::likelihood::speckle::single_frames::most_of_one_pair;
use crate::outcome::noise::{OddPair, Patch};
use crate::sums::loss::Loss;
use std::collections::BTreeMap;

/// By chance the largest residuals of so many angles hardly belong to one pair of frames, whatever the outliers.
const SEVERAL_ANGLES: usize = 3;

impl Tested<'_> {
    /// The one that stands out most.
    pub(super) fn patch(&self) -> Option<Patch> {
        let of_angle = |angle: usize| self.patch_of(angle);
        let all = (0..self.phi_degrees.len()).filter_map(of_angle);
        all.max_by(|a, b| a.standard_deviations.abs().total_cmp(&b.standard_deviations.abs()))
    }

    /// The pair of frames whose residual stands out most, at one angle or at all of those among whose largest residuals it is: a fault of
    /// the frames is there at every angle. A robust loss is there for single outliers, and only for those.
    pub(super) fn odd_pair(&self) -> Option<OddPair> {
        let mut places: BTreeMap<[usize; 2], Vec<(usize, OddPair)>> = BTreeMap::new();
        for angle in 0..self.phi_degrees.len() {
            self.odd_pairs_of(angle).for_each(|pair| places.entry(pair.frames).or_default().push((angle, pair)));
        }
        // Angles 180 degrees apart share their outliers.
        let repeats = |angle: usize| self.last.opposite.iter().any(|&(_, other)| other == angle);
        let apart = |pairs: &[(usize, OddPair)]| -> Vec<f64> {
            let apart = pairs.iter().filter(|(angle, _)| !repeats(*angle));
            apart.map(|(_, pair)| pair.standard_deviations).collect()
        };
        if self.problem.loss != Loss::Linear {
            let least = SEVERAL_ANGLES.min(self.phi_degrees.len() - self.last.opposite.len()).max(2);
            places.retain(|_, pairs| apart(pairs).len() >= least);
        }
        let size = |pair: &OddPair| pair.standard_deviations.abs();
        let most = |a: &OddPair, b: &OddPair| size(a).total_cmp(&size(b));
        let of_place = |pairs: Vec<(usize, OddPair)>| {
            let together = apart(&pairs);
            let alone = pairs.into_iter().map(|(_, pair)| pair).max_by(most)?;
            let (angles, sum) = (together.len(), together.iter().sum::<f64>());
            let all = OddPair { standard_deviations: sum / (angles.max(1) as f64).sqrt(), angles, ..alone };
            Some(if size(&all) > size(&alone) { all } else { alone })
        };
        places.into_values().filter_map(of_place).max_by(most)
    }

    /// The pairs with the largest residuals of an angle.
    fn odd_pairs_of(&self, angle: usize) -> impl Iterator<Item = OddPair> + '_ {
        let variance = most_of_one_pair(self.noise.levels.angles[angle]);
        let units = self.problem.weights[angle].sqrt();
        let found = self.last.sums[angle].extremes.iter().filter(|extreme| extreme.j > extreme.i);
        found.filter(move |_| variance > 0.0 && units > 0.0).map(move |extreme| OddPair {
            phi_degrees: self.phi_degrees[angle],
            angles: 1,
            frames: [extreme.i, extreme.j].map(|frame| self.last.number(frame)),
            standard_deviations: of_products(-extreme.residual / units, variance),
        })
    }

    fn patch_of(&self, angle: usize) -> Option<Patch> {
        let (sums, means) = self.last.judged();
        let (sums, noise) = (&sums[angle], self.noise.levels.angles[angle]);
        let (blocks, units) = (self.last.speckles.blocks(angle), self.problem.weights[angle] * means.slope);
        let size = |(a, b): (usize, usize)| {
            let (n_a, n_b) = (blocks.counts()[a], blocks.counts()[b]);
            let pairs = if a == b { 0.5 * n_a * (n_a - 1.0) } else { n_a * n_b };
            let variance = blocks.variance((a, b), noise);
            // Residuals are model less data.
            let mean = -sums.score(a, b)[sums.width - 1] / units / pairs;
            (pairs > 0.0 && variance > 0.0).then(|| of_products(mean, variance))
        };
        let places = (0..sums.n_groups).flat_map(|a| (a..sums.n_groups).map(move |b| (a, b)));
        let sizes = places.filter_map(|place| Some((place, size(place)?)));
        let ((a, b), standard_deviations) = sizes.max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()))?;
        let groups = &self.last.nodes.groups;
        let frames = |group: usize| {
            let first = groups.first_frames[group];
            [first, groups.end[first] - 1].map(|frame| self.last.number(frame))
        };
        Some(Patch {
            phi_degrees: self.phi_degrees[angle],
            earlier_frames: frames(a),
            later_frames: frames(b),
            standard_deviations,
        })
    }
}

/// By how many standard deviations of a Gaussian a mean of products of counts stands out: products of a mean of 1 are skewed, so that
/// `exp(-((1 + x) ln(1 + x) - x) / variance)` bounds how likely it is to be larger by x (Bennett, J. Am. Stat. Assoc. 57 (1962) 33).
fn of_products(mean: f64, variance: f64) -> f64 {
    if mean <= 0.0 {
        return mean / variance.sqrt();
    }
    (2.0 * ((1.0 + mean) * mean.ln_1p() - mean) / variance).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_means_are_gaussian_and_large_ones_are_less_than_that() {
        assert!((of_products(1e-3, 1e-8) - 10.0).abs() < 0.01);
        assert!((of_products(-0.1, 1e-4) + 10.0).abs() < 1e-9);
        let large = of_products(3.0, 0.09);
        assert!(large > 5.0 && large < 8.0, "{large}");
    }
}
