//! Does every frame scatter as its photons do? The test of fit looks at smooth sums; what changes from frame to frame without a rule
//! (bad frames, a beam that flickers, frames that are blurred) is seen in the sums over all pairs of single frames, plain and weighted
//! with h, of every angle and of all angles together. It decides nothing.

use crate::fit::verdict::lack_of_fit::{Tested, several};
use crate::likelihood::speckle::departure::of_ratio;
use crate::likelihood::speckle::single_frames::Neighbours;
use crate::outcome::noise::{FrameScatter, FrameSums};

/// Fewer second differences tell nothing.
const FEWEST: usize = 20;
/// Second differences of white series count so much each: neighbours share frames.
const INDEPENDENT: f64 = 0.5;
/// The closed form leaves out terms of the order of the contrast, by which mean squares can be larger.
const LEFT_OUT: f64 = 1.2;

/// Second differences of the sums of frames (first ones at either end and beside masked frames: a bad frame there is its own neighbour's
/// alibi otherwise), and their variances; none where a frame or both neighbours have no pairs, or too few to tell.
type Series = Vec<Option<[f64; 2]>>;

/// How the frames of one angle (`None`: of all) scatter.
struct Scatter {
    phi_degrees: Option<f64>,
    of: FrameSums,
    /// Mean square over what noise lets expect, and its probability.
    ratio: f64,
    p_value: f64,
    /// The frame that stands out most, from 0.
    frame: usize,
    standard_deviations: f64,
}

impl Scatter {
    /// Of a series, with so many degrees of freedom behind the level of the noise.
    fn of(phi_degrees: Option<f64>, (of, series): (FrameSums, &Series), degrees: f64) -> Option<Self> {
        let size =
            |(k, known): (usize, &Option<[f64; 2]>)| known.map(|[value, variance]| (k, value.abs() / variance.sqrt()));
        let sizes: Vec<(usize, f64)> = series.iter().enumerate().filter_map(size).collect();
        let &(frame, standard_deviations) = sizes.iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
        let n = sizes.len() as f64;
        let ratio = sizes.iter().map(|(_, size)| size * size).sum::<f64>() / n;
        let p_value = of_ratio(ratio / LEFT_OUT, INDEPENDENT * n, degrees.max(2.0));
        (sizes.len() >= FEWEST).then_some(Scatter { phi_degrees, of, ratio, p_value, frame, standard_deviations })
    }
}

impl Tested<'_> {
    /// The sums that scatter most, and the frame that stands out most.
    pub(super) fn frame_scatter(&self) -> Option<FrameScatter> {
        let angles: Vec<[Series; 2]> = (0..self.phi_degrees.len()).map(|angle| self.series(angle)).collect();
        let together = [0, 1].map(|of| self.together_in_frames(&angles, of));
        let (degrees, n) = (self.noise.levels.degrees, angles.len());
        let of_angles = self.phi_degrees.iter().zip(&angles).map(|(&phi, two)| (Some(phi), two, degrees / n as f64));
        let all = of_angles.chain((n > 1).then_some((None, &together, degrees)));
        let both = |(phi, [offset, contrast], degrees): (Option<f64>, &[Series; 2], f64)| {
            let of = [(FrameSums::Offset, offset), (FrameSums::Contrast, contrast)];
            of.into_iter().filter_map(|of| Scatter::of(phi, of, degrees)).collect::<Vec<Scatter>>()
        };
        let found: Vec<Scatter> = all.flat_map(both).collect();
        let most = found.iter().min_by(|a, b| a.p_value.total_cmp(&b.p_value))?;
        let worst = found.iter().max_by(|a, b| a.standard_deviations.total_cmp(&b.standard_deviations))?;
        Some(FrameScatter {
            ratio: most.ratio,
            p_value: several(most.p_value, found.len()),
            frame: self.last.number(worst.frame),
            of: worst.of,
            phi_degrees: worst.phi_degrees,
            standard_deviations: worst.standard_deviations,
        })
    }

    fn series(&self, angle: usize) -> [Series; 2] {
        let (sums, means) = self.last.judged();
        let units = self.problem.weights[angle] * means.slope;
        let sums = &sums[angle].frames;
        let (frames, noise) = (self.last.speckles.single_frames(angle), self.noise.levels.angles[angle]);
        // Masked frames have no pairs: their sum is exactly zero.
        let used = |k: Option<usize>| k.and_then(|k| sums.get(k)).filter(|sums| sums[0] != 0.0);
        let of_frame = |k: usize| -> [Option<[f64; 2]>; 2] {
            let Some(own) = used(Some(k)) else { return [None; 2] };
            let (neighbours, difference) = match (used(k.checked_sub(1)), used(Some(k + 1))) {
                (Some(one), Some(other)) => (Neighbours::Both, [0, 1].map(|of| one[of] - 2.0 * own[of] + other[of])),
                (Some(one), None) => (Neighbours::Before, [0, 1].map(|of| one[of] - own[of])),
                (None, Some(other)) => (Neighbours::Behind, [0, 1].map(|of| other[of] - own[of])),
                (None, None) => return [None; 2],
            };
            let variances = frames.of_difference(k, neighbours, noise);
            [0, 1].map(|of| (variances[of] > 0.0).then(|| [difference[of] / units, variances[of]]))
        };
        let all: Vec<[Option<[f64; 2]>; 2]> = (0..sums.len()).map(of_frame).collect();
        [0, 1].map(|of| all.iter().map(|two| two[of]).collect())
    }

    /// Of all angles together; those that see the same speckles scatter alike.
    fn together_in_frames(&self, angles: &[[Series; 2]], of: usize) -> Series {
        let weights = &self.problem.weights;
        let n = angles.first().map_or(0, |series| series[of].len());
        let at = |angle: usize, k: usize| angles[angle][of][k];
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
        (0..n).map(of_frame).collect()
    }
}
