//! What second differences of neighbouring frames' sums over all their pairs scatter by: they know only what frames do not share. It
//! knows no residual.
//!
//! The second difference of intensities, of which all frames see the same speckles but for what these change from frame to frame, meets
//! the sum of all other intensities, weighted with u (1, or h: then it is the contrast of a frame that is looked at):
//!
//! ```text
//! N Var(sum_j u_ij (r_i-1,j - 2 r_ij + r_i+1,j)) = [beta (6 - 8 h_i,i+1 + 2 h_i,i+2) + 6 w] [beta sum_jk u_ij u_ik h_jk + w sum_j u_ij^2]
//! ```

use crate::likelihood::speckle::blocks::Blocks;
use crate::likelihood::speckle::covariance::Noise;
use ndarray::Array2;

/// Variances of second differences by coarse group: of plain sums, and of sums weighted with h.
#[must_use]
pub fn of_second_differences(
    blocks: &Blocks,
    Noise { contrast: beta, root_speckle: x, white }: Noise,
) -> [Vec<f64>; 2] {
    let (counts, n) = (blocks.counts(), blocks.counts().len());
    let weighted = |u: &Array2<f64>| -> Vec<f64> {
        // A frame meets itself in the first, which sees what falls within a group too small otherwise, not in the second.
        let sums = Array2::from_shape_fn((n, n), |(a, b)| u[[a, b]] * counts[b]);
        let speckles = &sums.dot(blocks.h()) * &sums;
        let of_others = |a: usize, b: usize| {
            let own = if a == b { 1.0 } else { 0.0 };
            (sums[[a, b]] - own).max(0.0).powi(2) / (counts[b] - own).max(1.0)
        };
        let of_group = |a: usize| {
            let photons: f64 = (0..n).map(|b| of_others(a, b)).sum();
            let [one, two, _] = blocks.near()[a];
            let own = beta * x * (6.0 - 8.0 * one + 2.0 * two) + 6.0 * white;
            own * (beta * x * speckles.row(a).sum() + white * photons)
        };
        (0..n).map(of_group).collect()
    };
    [weighted(&Array2::ones((n, n))), weighted(blocks.h())]
}
