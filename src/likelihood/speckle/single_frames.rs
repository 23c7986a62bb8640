//! What differences of neighbouring frames' sums over all their pairs scatter by: they know only what frames do not share. It knows no
//! residual.
//!
//! A difference sum_a c_a I_a of the intensities of neighbouring frames, with weights c of (1, -2, 1) or (1, -1), of which all see the same
//! speckles but for what these change from frame to frame, meets the sum of all other intensities, weighted with u (1, or h: then it is
//! the contrast of a frame that is looked at):
//!
//! ```text
//! N Var(sum_a c_a sum_j u_aj r_aj) = sum_ab c_a c_b (beta h_ab + w 1[a = b]) (beta t_a t_b + w q_a q_b)
//! t_a^2 = sum_jk u_aj u_ak h_jk      q_a^2 = sum_j u_aj^2
//! ```
//!
//! Sums over all other frames are taken to change with the frame in size alone.

use crate::likelihood::speckle::covariance::Noise;
use crate::sums::algebra::Algebra;
use crate::sums::grid::Grid;
use ndarray::Array2;

/// Pairs that a frame has at least, weighted with h^2: fewer do not tell its contrast.
const FEWEST_PAIRS: f64 = 4.0;

/// Columns of what is known of every frame i: h of it and the next, and of both its neighbours; sums over j of h_ij^2, and over j, k of
/// h_ij h_ik h_jk.
const NEXT: usize = 0;
const AROUND: usize = 1;
const SQUARES: usize = 2;
const TRIANGLES: usize = 3;

/// With which neighbours a frame is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Neighbours {
    /// The frame before it.
    Before,
    /// The frame behind it.
    Behind,
    /// Both.
    Both,
}

impl Neighbours {
    /// Frames from the compared one on, and their weights in the difference.
    const fn weights(self) -> &'static [(isize, f64)] {
        match self {
            Neighbours::Before => &[(-1, 1.0), (0, -1.0)],
            Neighbours::Behind => &[(0, -1.0), (1, 1.0)],
            Neighbours::Both => &[(-1, 1.0), (0, -2.0), (1, 1.0)],
        }
    }
}

/// Single frames at one place.
#[derive(Debug, Clone)]
pub struct SingleFrames {
    of_frame: Array2<f64>,
    /// Usable frames, and the sum of h over all their pairs.
    frames: f64,
    all_h: f64,
}

impl SingleFrames {
    /// On a grid.
    #[must_use]
    pub fn of(grid: &Grid) -> Self {
        let (roots, h) = (grid.roots(), grid.scaled(&grid.h));
        let twice = h.times_symmetric(&h, h.reach());
        let mut of_frame = Array2::zeros((grid.n_frames, 4));
        let mut all_h = 0.0;
        for (a, &count) in grid.counts.iter().enumerate() {
            let (once, columns) = (h.row(a), h.columns(a));
            all_h += once.iter().zip(&roots[columns]).map(|(h, root)| h * root * roots[a]).sum::<f64>();
            let sum = |other: &[f64]| once.iter().zip(other).map(|(h, other)| h * other).sum::<f64>() / count;
            let (squares, triangles) = (sum(once), sum(twice.row(a)));
            for frame in grid.first_frames[a]..grid.end(a) {
                (of_frame[[frame, SQUARES]], of_frame[[frame, TRIANGLES]]) = (squares, triangles);
            }
        }
        for decay in &grid.local {
            let h = decay.columns.last().map_or(&[][..], Vec::as_slice);
            for frame in decay.first_frame..grid.n_frames {
                for (column, lag) in [(NEXT, 1), (AROUND, 2)] {
                    of_frame[[frame, column]] = h.get(lag).copied().unwrap_or(0.0);
                }
            }
        }
        SingleFrames { of_frame, frames: grid.counts.iter().sum(), all_h }
    }

    /// Between two.
    #[must_use]
    pub fn between(&self, other: &SingleFrames, share: f64) -> SingleFrames {
        SingleFrames {
            of_frame: self.of_frame.towards(&other.of_frame, share),
            frames: self.frames,
            all_h: self.all_h + share * (other.all_h - self.all_h),
        }
    }

    /// Variances of the difference of a frame and its neighbours, which are there: of plain sums, and of sums weighted with h; zero where
    /// too few pairs are left.
    #[must_use]
    pub fn of_difference(&self, frame: usize, neighbours: Neighbours, noise: Noise) -> [f64; 2] {
        let plain = |_: usize| [self.all_h, self.frames - 1.0];
        let contrast = |frame: usize| [self.of_frame[[frame, TRIANGLES]], self.of_frame[[frame, SQUARES]] - 1.0];
        let difference = (frame, neighbours);
        [self.variance(difference, &plain, noise), self.variance(difference, &contrast, noise)]
    }

    /// Of a difference, from t^2 and q^2 of every frame.
    fn variance(
        &self,
        (frame, neighbours): (usize, Neighbours),
        of_sums: &dyn Fn(usize) -> [f64; 2],
        Noise { contrast: beta, root_speckle: x, white }: Noise,
    ) -> f64 {
        let frames = || neighbours.weights().iter().map(|&(away, weight)| (frame.wrapping_add_signed(away), weight));
        if !frames().all(|(a, _)| of_sums(a)[1] > FEWEST_PAIRS) {
            return 0.0;
        }
        let mut sum = 0.0;
        for (a, of_a) in frames() {
            for (b, of_b) in frames() {
                let shared = beta * x * self.decay(a, b) + if a == b { white } else { 0.0 };
                let ([t_a, q_a], [t_b, q_b]) = (of_sums(a), of_sums(b));
                sum += of_a * of_b * shared * (beta * x * (t_a * t_b).sqrt() + white * (q_a * q_b).sqrt());
            }
        }
        sum
    }

    /// h of frames that are at most two apart.
    fn decay(&self, a: usize, b: usize) -> f64 {
        let (first, last) = (a.min(b), a.max(b));
        match last - first {
            0 => 1.0,
            1 => self.of_frame[[first, NEXT]],
            _ => self.of_frame[[first + 1, AROUND]],
        }
    }
}

/// Variance of the value of one pair of frames that speckles have not left, where it is largest (`level`, with h = 1 and one frame each).
#[must_use]
pub fn most_of_one_pair(Noise { contrast: beta, root_speckle: x, white }: Noise) -> f64 {
    let one = beta * x + white;
    one * one + (beta * x).powi(2) + 2.0 * beta * beta * x * one + beta * white * white
}
