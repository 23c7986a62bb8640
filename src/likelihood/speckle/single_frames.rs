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
    let n = blocks.counts().len();
    let weighted = |u: &Array2<f64>| -> Vec<f64> {
        let u = Array2::from_shape_fn((n, n), |(a, b)| u[[a, b]] * blocks.counts()[b]);
        let speckles = &u.dot(blocks.h()) * &u;
        let of_group = |a: usize| {
            let photons: f64 =
                (0..n).filter(|&b| blocks.counts()[b] > 0.0).map(|b| u[[a, b]].powi(2) / blocks.counts()[b]).sum();
            let [one, two, _] = blocks.near()[a];
            let own = beta * x * (6.0 - 8.0 * one + 2.0 * two) + 6.0 * white;
            own * (beta * x * speckles.row(a).sum() + white * photons)
        };
        (0..n).map(of_group).collect()
    };
    [weighted(&Array2::ones((n, n))), weighted(blocks.h())]
}
