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

/// Variance of the value of one pair of frames that speckles have not left, where it is largest (`level`, with h = 1 and one frame each).
#[must_use]
pub fn most_of_one_pair(Noise { contrast: beta, root_speckle: x, white }: Noise) -> f64 {
    let one = beta * x + white;
    one * one + (beta * x).powi(2) + 2.0 * beta * beta * x * one + beta * white * white
}

/// Pairs that a frame has at least, weighted with h^2: fewer do not tell its contrast.
const FEWEST_PAIRS: f64 = 2.0;

/// Mean of h within a group of frames at least: where h falls further, means over groups do not tell the noise of a frame's contrast.
const WITHIN_GROUP: f64 = 0.8;

/// Variances of second differences by coarse group: of plain sums, and of sums weighted with h; zero where too few pairs are left, or h
/// falls within a group.
#[must_use]
pub fn of_second_differences(
    blocks: &Blocks,
    Noise { contrast: beta, root_speckle: x, white }: Noise,
) -> [Vec<f64>; 2] {
    let (counts, n) = (blocks.counts(), blocks.counts().len());
    let one = Array2::ones((n, n));
    [(&one, &one), (blocks.h(), blocks.h2())].map(|(u, squares)| {
        let is_known = |a: usize| u[[a, a]] > WITHIN_GROUP;
        // A frame meets itself in the first, which sees what falls within a group too small otherwise, not in the second.
        let sums = Array2::from_shape_fn((n, n), |(a, b)| u[[a, b]] * counts[b]);
        let speckles = &sums.dot(blocks.h()) * &sums;
        let of_group = |a: usize| {
            let photons = (0..n).map(|b| squares[[a, b]] * counts[b]).sum::<f64>() - 1.0;
            let [one, two, _] = blocks.near(a);
            let own = beta * x * (6.0 - 8.0 * one + 2.0 * two) + 6.0 * white;
            let variance = own * (beta * x * speckles.row(a).sum() + white * photons);
            if photons > FEWEST_PAIRS && is_known(a) { variance } else { 0.0 }
        };
        (0..n).map(of_group).collect()
    })
}
