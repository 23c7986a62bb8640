//! Does every frame scatter as its photons do? The test of fit looks at smooth sums; what changes from frame to frame without a rule
//! (bad frames, a beam that flickers) is seen in the sums over all pairs of single frames. It decides nothing.
//!
//! Second differences of neighbouring frames' sums know only what frames do not share: their own white noise, which meets the
//! speckles of all other frames (n frames, H = sum_jj' h, N Var = w beta H + w^2 n), and what speckles change from frame to frame.

use crate::fit::verdict::lack_of_fit::Tested;
use crate::outcome::noise::FrameScatter;

/// Fewer second differences tell nothing.
const FEWEST: usize = 20;

/// One angle's frames.
struct Frames {
    /// Mean square of second differences over what noise lets expect.
    ratio: f64,
    /// The frame that stands out most (1-based), and by how many standard deviations.
    worst: (usize, f64),
}

impl Tested<'_> {
    /// The mean over all angles, and the frame that stands out most.
    pub(super) fn frame_scatter(&self) -> Option<FrameScatter> {
        let all: Vec<(f64, Frames)> =
            (0..self.phi_degrees.len()).filter_map(|a| Some((self.phi_degrees[a], self.frames(a)?))).collect();
        let (phi_degrees, worst) = all.iter().max_by(|a, b| a.1.worst.1.total_cmp(&b.1.worst.1))?;
        Some(FrameScatter {
            ratio: all.iter().map(|(_, frames)| frames.ratio).sum::<f64>() / all.len() as f64,
            frame: worst.worst.0,
            phi_degrees: *phi_degrees,
            standard_deviations: worst.worst.1,
        })
    }

    fn frames(&self, angle: usize) -> Option<Frames> {
        let (sums, means) = self.last.judged();
        let units = self.problem.weights[angle] * means.slope;
        let sums = &sums[angle].frames;
        // Masked frames have no pairs: their sum is exactly zero.
        let used: Vec<usize> = (0..sums.len()).filter(|&k| sums[k][0] != 0.0).collect();
        let together = |three: &&[usize]| three[2] - three[0] == 2;
        let difference = |three: &[usize]| {
            let [before, own, after] = [0, 1, 2].map(|k| sums[three[k]][0] / units);
            (three[1] + 1, before - 2.0 * own + after)
        };
        let differences: Vec<(usize, f64)> = used.windows(3).filter(together).map(difference).collect();
        let variance = 6.0 * self.noise.energies[angle].of_one_frame(self.noise.levels.angles[angle], used.len());
        if differences.len() < FEWEST || variance.is_nan() || variance <= 0.0 {
            return None;
        }
        let squares: f64 = differences.iter().map(|(_, d)| d * d).sum();
        let worst = differences.iter().max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()))?;
        Some(Frames {
            ratio: squares / differences.len() as f64 / variance,
            worst: (worst.0, worst.1.abs() / variance.sqrt()),
        })
    }
}
