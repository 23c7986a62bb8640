//! Does every frame scatter as its photons do? The test of fit looks at smooth sums; what changes from frame to frame without a rule
//! (bad frames, a beam that flickers, frames that are blurred) is seen in the sums over all pairs of single frames, plain and weighted
//! with h, of every angle and of all angles together. It decides nothing.

use crate::fit::verdict::lack_of_fit::{Tested, several};
use crate::likelihood::speckle::departure::of_ratio;
use crate::likelihood::speckle::single_frames::of_second_differences;
use crate::outcome::noise::{FrameScatter, FrameSums};

/// Fewer second differences tell nothing.
const FEWEST: usize = 20;
/// Second differences of white series count so much each: neighbours share frames.
const INDEPENDENT: f64 = 0.5;
/// The closed form leaves out terms of the order of the contrast, by which mean squares can be larger.
const LEFT_OUT: f64 = 1.2;

/// Second differences of the sums of frames, and their variances; none where a frame or a neighbour has no pairs, or too few to tell.
struct Series {
    differences: Vec<Option<[f64; 2]>>,
}

impl Series {
    /// Mean square over what noise lets expect, how many there are, and the frame that stands out most.
    fn scatter(&self) -> Option<(f64, usize, (usize, f64))> {
        let of = |(k, difference): (usize, &Option<[f64; 2]>)| {
            difference.map(|[value, variance]| (k, value.abs() / variance.sqrt()))
        };
        let sizes: Vec<(usize, f64)> = self.differences.iter().enumerate().filter_map(of).collect();
        let worst = *sizes.iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
        let squares: f64 = sizes.iter().map(|(_, size)| size * size).sum();
        (sizes.len() >= FEWEST).then_some((squares / sizes.len() as f64, sizes.len(), worst))
    }
}

impl Tested<'_> {
    /// The sums that scatter most, and the frame that stands out most.
    pub(super) fn frame_scatter(&self) -> Option<FrameScatter> {
        let angles: Vec<[Series; 2]> = (0..self.phi_degrees.len()).map(|angle| self.series(angle)).collect();
        let together = [0, 1].map(|of| self.together_in_frames(&angles, of));
        let named = self.phi_degrees.iter().map(|&phi| Some(phi)).zip(&angles);
        let named = named.chain((angles.len() > 1).then_some((None, &together)));
        let all = named.flat_map(|(phi, two)| [(phi, FrameSums::Offset, &two[0]), (phi, FrameSums::Contrast, &two[1])]);
        let found: Vec<(Option<f64>, FrameSums, _)> =
            all.filter_map(|(phi, of, series)| Some((phi, of, series.scatter()?))).collect();
        let degrees_of =
            |phi: Option<f64>| self.noise.levels.degrees / if phi.is_some() { angles.len() as f64 } else { 1.0 };
        let p_value = |(phi, _, (ratio, n, _)): &(Option<f64>, FrameSums, (f64, usize, _))| {
            of_ratio(ratio / LEFT_OUT, INDEPENDENT * *n as f64, degrees_of(*phi).max(2.0))
        };
        let most = found.iter().min_by(|a, b| p_value(a).total_cmp(&p_value(b)))?;
        let (phi_degrees, of, (.., (frame, standard_deviations))) =
            *found.iter().max_by(|a, b| a.2.2.1.total_cmp(&b.2.2.1))?;
        Some(FrameScatter {
            ratio: most.2.0,
            p_value: several(p_value(most), found.len()),
            frame: frame + 1,
            of,
            phi_degrees,
            standard_deviations,
        })
    }

    fn series(&self, angle: usize) -> [Series; 2] {
        let (sums, means) = self.last.judged();
        let units = self.problem.weights[angle] * means.slope;
        let (sums, groups) = (&sums[angle].frames, &self.last.nodes.groups);
        let variances = of_second_differences(&self.last.speckles.blocks(angle), self.noise.levels.angles[angle]);
        // Masked frames have no pairs: their sum is exactly zero.
        let is_used = |k: usize| k > 0 && k + 1 < sums.len() && (k - 1..=k + 1).all(|k| sums[k][0] != 0.0);
        [0, 1].map(|of| {
            let difference = |k: usize| (sums[k - 1][of] - 2.0 * sums[k][of] + sums[k + 1][of]) / units;
            let known = |k: usize| {
                let variance = variances[of][groups.of_frame[k]];
                (is_used(k) && variance > 0.0).then(|| [difference(k), variance])
            };
            Series { differences: (0..sums.len()).map(known).collect() }
        })
    }

    /// Of all angles together; those that see the same speckles scatter alike.
    fn together_in_frames(&self, angles: &[[Series; 2]], of: usize) -> Series {
        let weights = &self.problem.weights;
        let n = angles.first().map_or(0, |series| series[of].differences.len());
        let at = |angle: usize, k: usize| angles[angle][of].differences[k];
        let of_frame = |k: usize| {
            let [mut value, mut variance] = [0.0; 2];
            for (angle, weight) in weights.iter().enumerate() {
                let Some([own, of_own]) = at(angle, k) else { continue };
                (value, variance) = (value + weight * own, variance + weight * weight * of_own);
            }
            for &(one, other) in &self.last.opposite {
                let both = at(one, k).zip(at(other, k)).map_or(0.0, |(one, other)| (one[1] * other[1]).sqrt());
                variance += 2.0 * weights[one] * weights[other] * both;
            }
            (variance > 0.0).then_some([value, variance])
        };
        Series { differences: (0..n).map(of_frame).collect() }
    }
}
