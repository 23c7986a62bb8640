//! What differences of neighbouring frames' sums over all their pairs scatter by: they know only what frames do not share. It knows no
//! residual.
//!
//! The second difference of intensities, of which all frames see the same speckles but for what these change from frame to frame, meets
//! the sum of all other intensities, weighted with u (1, or h: then it is the contrast of a frame that is looked at):
//!
//! ```text
//! N Var(sum_j u_ij (r_i-1,j - 2 r_ij + r_i+1,j)) = [beta (6 - 8 h_i,i+1 + 2 h_i,i+2) + 6 w] [beta sum_jk u_ij u_ik h_jk + w sum_j u_ij^2]
//! ```
//!
//! A first difference has beta (2 - 2 h_i,i+1) + 2 w in the place of the first bracket.

use crate::likelihood::speckle::covariance::Noise;
use crate::sums::algebra::Algebra;
use crate::sums::grid::Grid;
use ndarray::Array2;

/// Pairs that a frame has at least, weighted with h^2: fewer do not tell its contrast.
const FEWEST_PAIRS: f64 = 4.0;

/// Columns of what is known of every frame i: h one and two frames later; sums over j of h_ij^2, and over j, k of h_ij h_ik h_jk.
const NEXT: usize = 0;
const SECOND: usize = 1;
const SQUARES: usize = 2;
const TRIANGLES: usize = 3;

/// Differences of one frame and its neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// With one neighbour.
    First,
    /// With both.
    Second,
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
                for (column, lag) in [(NEXT, 1), (SECOND, 2)] {
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

    /// Variances of differences by their frame: of plain sums, and of sums weighted with h; zero where too few pairs are left.
    #[must_use]
    pub fn of_differences(
        &self,
        order: Order,
        Noise { contrast: beta, root_speckle: x, white }: Noise,
    ) -> [Vec<f64>; 2] {
        let [own, next, second] = match order {
            Order::First => [2.0, -2.0, 0.0],
            Order::Second => [6.0, -8.0, 2.0],
        };
        let variance = |frame: usize, speckles: f64, photons: f64| {
            let [one, two] = [NEXT, SECOND].map(|column| self.of_frame[[frame, column]]);
            let own = beta * x * (own + next * one + second * two) + own * white;
            if photons > FEWEST_PAIRS { own * (beta * x * speckles + white * photons) } else { 0.0 }
        };
        let plain = |frame: usize| variance(frame, self.all_h, self.frames - 1.0);
        let contrast =
            |frame: usize| variance(frame, self.of_frame[[frame, TRIANGLES]], self.of_frame[[frame, SQUARES]] - 1.0);
        let n_frames = self.of_frame.nrows();
        [(0..n_frames).map(plain).collect(), (0..n_frames).map(contrast).collect()]
    }
}

/// Variance of the value of one pair of frames that speckles have not left, where it is largest (`level`, with h = 1 and one frame each).
#[must_use]
pub fn most_of_one_pair(Noise { contrast: beta, root_speckle: x, white }: Noise) -> f64 {
    let one = beta * x + white;
    one * one + (beta * x).powi(2) + 2.0 * beta * beta * x * one + beta * white * white
}
