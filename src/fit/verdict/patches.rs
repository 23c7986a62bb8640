//! Does one patch of a map, or one pair of frames, stand out? Hot pixels in a few frames, a mirror that moved twice, a frame that was stored
//! twice: means of residuals over the pairs of two groups of frames at one angle, and the largest residuals, which sums over all angles
//! and times dilute. It decides nothing.
//!
//! What the fit has taken of a patch is small and left out: the test is the more cautious for it.

use crate::fit::verdict::lack_of_fit::Tested;
use crate::likelihood::speckle::single_frames::most_of_one_pair;
use crate::outcome::noise::{OddPair, Patch};
use crate::sums::loss::Loss;

/// By chance the largest residuals of so many angles hardly belong to one pair of frames, whatever the outliers.
const SEVERAL_ANGLES: usize = 3;

impl Tested<'_> {
    /// The one that stands out most.
    pub(super) fn patch(&self) -> Option<Patch> {
        let of_angle = |angle: usize| self.patch_of(angle);
        let all = (0..self.phi_degrees.len()).filter_map(of_angle);
        all.max_by(|a, b| a.standard_deviations.abs().total_cmp(&b.standard_deviations.abs()))
    }

    /// The pair of frames whose residual stands out most. A robust loss is there for such pairs, unless the same one stands out at several
    /// angles: that is no outlier but a fault of the frames.
    pub(super) fn odd_pair(&self) -> Option<OddPair> {
        let of_angle = |angle: usize| {
            let variance = most_of_one_pair(self.noise.levels.angles[angle]);
            let units = self.problem.weights[angle].sqrt();
            let phi_degrees = self.phi_degrees[angle];
            let found = self.last.sums[angle].extremes.into_iter().filter(|extreme| extreme.j > extreme.i);
            found.filter(move |_| variance > 0.0 && units > 0.0).map(move |extreme| OddPair {
                phi_degrees,
                frames: [extreme.i + 1, extreme.j + 1],
                standard_deviations: of_products(-extreme.residual / units, variance),
            })
        };
        let with_angle = |angle: usize| of_angle(angle).map(move |pair| (angle, pair));
        let mut all: Vec<(usize, OddPair)> = (0..self.phi_degrees.len()).flat_map(with_angle).collect();
        if self.problem.loss != Loss::Linear {
            // Angles 180 degrees apart share their outliers.
            let repeats = |angle: usize| self.last.opposite.iter().any(|&(_, other)| other == angle);
            let places: Vec<[usize; 2]> =
                all.iter().filter(|(angle, _)| !repeats(*angle)).map(|(_, pair)| pair.frames).collect();
            let least = SEVERAL_ANGLES.min(self.phi_degrees.len() - self.last.opposite.len()).max(2);
            all.retain(|(_, pair)| places.iter().filter(|&&frames| frames == pair.frames).count() >= least);
        }
        let all = all.into_iter().map(|(_, pair)| pair);
        all.max_by(|a, b| a.standard_deviations.abs().total_cmp(&b.standard_deviations.abs()))
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
        let frames = |group: usize| [groups.first_frames[group] + 1, groups.end[groups.first_frames[group]]];
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
