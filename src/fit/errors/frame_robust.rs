//! Errors that allow for what pairs have in common: the dyadic-robust sandwich with a kernel in time. It asks for one sweep
//! of residuals and sees sums only.
//!
//! Two values of c2 that share a frame share its noise, and frames that are near in time share their speckles. A pair of
//! frames is a dyad of two nodes, and with scores u = d cost / d parameters of single pairs and B the inverse Hessian,
//!
//! ```text
//! C = B ( sum over pairs a, b of kappa(a, b) u_a u_b' ) B
//! ```
//!
//! with kappa = 1 if a and b share a frame (Fafchamps and Gubert, J. Dev. Econ. 83 (2007) 326, doi
//! 10.1016/j.jdeveco.2006.05.005; Aronow, Samii and Assenova, Polit. Anal. 23 (2015) 564, doi 10.1093/pan/mpv018). Here
//! sharing is extended to frames whose speckles are still correlated: kappa = 1 - product over the four combinations of
//! (1 - k(distance)), where the distance is the diffusive decorrelation q^2 int D dt between the frames, and k is the
//! flat-top kernel of Politis and Romano (J. Time Ser. Anal. 16 (1995) 67, doi 10.1111/j.1467-9892.1995.tb00223.x), which
//! leaves no bias where correlations decay exponentially. Angles are different pixels and count as independent.
//!
//! Scores are summed over groups of frames of equal decorrelation before they are multiplied: memory and time do not grow
//! with the frames. Two corrections for few independent renewals of speckles: what different dyads give together counts as
//! far as it stands out of its scatter (so that independent noise keeps its plain errors), and is raised by the freedom that
//! the fitted numbers have taken. `tests/library/frame_errors.rs` and `benches/COVERAGE.md` show what comes of it.

use crate::fit::errors::bread::Bread;
use crate::fit::settings::Sharing;
use crate::fit::solver::problem::Problem;
use crate::sums::algebra::Algebra;
use crate::sums::residuals::{FrameGroups, ResidualSums};
use ndarray::{Array2, ArrayView1, s};

/// Dyads whose sharing with all others is looked at at a time.
const CHUNK_DYADS: usize = 64;

/// Most products of dyads, numbers and angles: the time after the last sweep.
const MOST_PRODUCTS: f64 = 1e9;

impl Sharing {
    /// Fewer groups where many numbers and angles would make their products slow.
    #[must_use]
    pub fn for_size(self, n_numbers: usize, n_angles: usize) -> Self {
        let dyads = (MOST_PRODUCTS / (n_numbers * n_angles).max(1) as f64).sqrt();
        Sharing { groups: self.groups.min((2.0 * dyads).sqrt() as usize).max(8), ..self }
    }
}

/// Groups of frames and what they have in common.
#[derive(Debug, Clone, PartialEq)]
pub struct FrameNodes {
    /// The groups.
    pub groups: FrameGroups,
    /// Decorrelation from the first frame to the middle of every group.
    centres: Vec<f64>,
    /// Decorrelation over the whole measurement: how often speckles renew themselves.
    pub renewals: f64,
    sharing: Sharing,
}

impl FrameNodes {
    /// Groups of equal decorrelation, from the decorrelation up to each frame.
    #[must_use]
    pub fn new(decorrelation: &[f64], sharing: Sharing) -> Self {
        let n = decorrelation.len();
        let renewals = decorrelation[n - 1] - decorrelation[0];
        let groups = sharing.groups.clamp(1, n);
        let mut first_frames = vec![0];
        for k in 1..groups {
            let target = decorrelation[0] + renewals * k as f64 / groups as f64;
            let first = match renewals > 0.0 && renewals.is_finite() {
                true => decorrelation.partition_point(|&value| value < target),
                false => k * n / groups,
            };
            if first > first_frames[first_frames.len() - 1] && first < n {
                first_frames.push(first);
            }
        }
        let end = |group: usize| first_frames.get(group + 1).copied().unwrap_or(n) - 1;
        let centre = |group: usize| f64::midpoint(decorrelation[first_frames[group]], decorrelation[end(group)]);
        let centres = (0..first_frames.len()).map(centre).collect();
        FrameNodes { groups: FrameGroups::new(first_frames, n), centres, renewals, sharing }
    }

    fn n(&self) -> usize {
        self.centres.len()
    }

    fn kernel(&self, one: usize, other: usize) -> f64 {
        let (distance, reach) = ((self.centres[one] - self.centres[other]).abs(), self.sharing.decorrelation);
        match one == other {
            true => 1.0,
            false if reach > 0.0 => (2.0 - distance / reach).clamp(0.0, 1.0),
            false => 0.0,
        }
    }

    /// Residuals of n numbers fitted to m independent renewals of speckles are too small by (m - n) / m: its inverse, 2 at
    /// most. Angles count as far as they take part.
    fn freedom(&self, n_angles: f64, n_numbers: usize) -> f64 {
        let reach = 2.0 * self.sharing.decorrelation.max(0.5);
        let (independent, n) = (n_angles * (self.renewals / reach).max(1.0), n_numbers as f64);
        if independent > 2.0 * n { independent / (independent - n) } else { 2.0 }
    }

    /// Pairs of groups, the earlier first.
    fn dyads(&self) -> Vec<(usize, usize)> {
        (0..self.n()).flat_map(|earlier| (earlier..self.n()).map(move |later| (earlier, later))).collect()
    }

    /// kappa of some dyads (rows) with all dyads (columns).
    fn sharing(&self, some: &[(usize, usize)], dyads: &[(usize, usize)]) -> Array2<f64> {
        let apart = Array2::from_shape_fn((self.n(), self.n()), |(one, other)| 1.0 - self.kernel(one, other));
        Array2::from_shape_fn((some.len(), dyads.len()), |(a, b)| {
            let ((i, j), (k, l)) = (some[a], dyads[b]);
            1.0 - apart[[i, k]] * apart[[i, l]] * apart[[j, k]] * apart[[j, l]]
        })
    }
}

/// The frame-robust covariance of moving parameters and scaling coefficients. `bread` is the inverse Hessian of the same
/// numbers, `plain` their covariance with pairs taken as independent, or `None` where the noise is not known.
#[must_use]
pub fn sandwich(
    problem: &Problem<'_>,
    nodes: &FrameNodes,
    sums: &[ResidualSums],
    bread: &Bread<'_>,
    plain: Option<&Array2<f64>>,
) -> Array2<f64> {
    let dyads = nodes.dyads();
    let n = bread.inverse.nrows();
    let mut covariance = Array2::<f64>::zeros((n, n));
    let mut variances = vec![Variance::default(); n];
    let mut of_angle = Array2::zeros((sums.len(), n));
    // Some dyads at a time: kappa of all pairs of dyads would be the largest thing in memory.
    for (chunk, some) in dyads.chunks(CHUNK_DYADS).enumerate() {
        let first = chunk * CHUNK_DYADS;
        let sharing = nodes.sharing(some, &dyads);
        let squared = sharing.mapv(|value| value * value);
        for (angle, sums) in sums.iter().enumerate() {
            let all = bread.influences(problem, angle, (sums, &dyads));
            let own = all.slice(s![first..first + some.len(), ..]);
            let product = own.t().dot(&sharing.dot(&all));
            let scatter = squared.dot(&all.mapv(|value| value * value));
            for (k, variance) in variances.iter_mut().enumerate() {
                of_angle[[angle, k]] += variance.add(own.column(k), &scatter, product[[k, k]], k);
            }
            covariance += &product;
        }
    }
    let target = |k: usize| {
        let freedom = nodes.freedom(effective_number(&of_angle.column_values(k)), n);
        variances[k].shrunk(plain.map_or(0.0, |plain| plain[[k, k]]), freedom)
    };
    with_variances(&covariance, &(0..n).map(target).collect::<Vec<f64>>())
}

/// How many equal parts would be as uneven as these: (sum v)^2 / sum v^2.
fn effective_number(parts: &[f64]) -> f64 {
    let (sum, squares) = parts.iter().fold((0.0, 0.0), |(sum, squares), part| (sum + part, squares + part * part));
    if squares > 0.0 { sum * sum / squares } else { 1.0 }
}

/// A variance as the sum of what dyads give alone and what they give together.
#[derive(Debug, Clone, Copy, Default)]
struct Variance {
    /// sum u^2.
    alone: f64,
    /// sum over different dyads of kappa u u.
    together: f64,
    /// Its scatter if dyads are independent: 2 sum over different dyads of kappa^2 u^2 u^2.
    scatter: f64,
}

impl Variance {
    /// Adds the part of some dyads of one angle to number `k`: what they move it by, the sums of kappa^2 u^2 over all dyads,
    /// and the sum of kappa u u. Returns what they give alone.
    fn add(&mut self, own: ArrayView1<'_, f64>, scatter: &Array2<f64>, product: f64, k: usize) -> f64 {
        let squares: Vec<f64> = own.iter().map(|u| u * u).collect();
        let alone: f64 = squares.iter().sum();
        let pairs = squares.iter().enumerate().map(|(x, square)| square * (scatter[[x, k]] - square));
        self.scatter += 2.0 * pairs.sum::<f64>();
        self.alone += alone;
        self.together += product - alone;
        alone
    }

    /// What dyads give together counts as far as it stands out of its scatter: z^2 / (1 + z^2) of it, so that independent
    /// noise keeps its errors and correlated noise gets its own. Correlations only add to the plain variance.
    fn shrunk(&self, plain: f64, freedom: f64) -> f64 {
        let alone = self.alone.max(plain);
        let z2 = self.together * self.together / self.scatter.max(f64::MIN_POSITIVE);
        (alone + freedom * self.together * z2 / (1.0 + z2)).max(PLAUSIBLE * alone).max(plain)
    }
}

/// Variances do not fall below this share of what dyads give alone.
const PLAUSIBLE: f64 = 0.8;

/// The correlations of a covariance with other variances. A kernel in time does not promise a positive variance: a number
/// without one has no correlations.
fn with_variances(covariance: &Array2<f64>, variances: &[f64]) -> Array2<f64> {
    let n = covariance.nrows();
    let raise = |k: usize| match covariance[[k, k]] {
        variance if variance > 0.0 => (variances[k] / variance).sqrt(),
        _ => 0.0,
    };
    Array2::from_shape_fn((n, n), |(row, col)| match row == col {
        true => variances[row],
        false => {
            let mean = f64::midpoint(covariance[[row, col]], covariance[[col, row]]) * raise(row) * raise(col);
            let most = (variances[row] * variances[col]).sqrt();
            // A number that the data do not determine at all has no variance, and nothing in common with others.
            if most.is_finite() { mean.clamp(-most, most) } else { f64::NAN }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_have_equal_decorrelation_and_cover_all_frames() {
        let decorrelation: Vec<f64> = (0..1000).map(|k| f64::from(k).sqrt()).collect();
        let nodes = FrameNodes::new(&decorrelation, Sharing::default());
        assert_eq!(nodes.groups.first_frames[0], 0);
        assert!(nodes.groups.first_frames.windows(2).all(|pair| pair[0] < pair[1]));
        let first = |k: usize| nodes.groups.first_frames[k];
        let step = |k: usize| decorrelation[first(k + 1)] - decorrelation[first(k)];
        assert!((step(20) / step(30) - 1.0).abs() < 0.2);
    }

    #[test]
    fn dyads_share_what_their_frames_share() {
        // Ten units between groups: only equal groups share.
        let nodes = FrameNodes::new(&[0.0, 10.0, 20.0, 30.0], Sharing::default());
        let dyads = nodes.dyads();
        let sharing = nodes.sharing(&dyads, &dyads);
        let place = |dyad: (usize, usize)| dyads.iter().position(|&known| known == dyad).expect("a dyad");
        for (one, other, expected) in
            [((0, 1), (0, 1), 1.0), ((0, 1), (1, 2), 1.0), ((0, 1), (2, 3), 0.0), ((0, 0), (0, 3), 1.0)]
        {
            assert_eq!(sharing[[place(one), place(other)]], expected, "{one:?} {other:?}");
        }
    }
}
