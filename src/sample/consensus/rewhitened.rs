//! A density in coordinates that its own maximum and curvature make round: for a shard whose maximum lies far from that of all data. It
//! draws nothing.

use crate::error::Result;
use crate::sample::chain::Target;
use crate::sample::density::Slope;
use crate::sums::algebra::{Algebra, dot};
use ndarray::Array2;

/// Newton steps at most.
const STEPS: usize = 20;
/// Halvings of a step at most.
const HALVINGS: usize = 12;
/// Half of the distance over which gradients tell the curvature, in widths.
const APART: f64 = 0.1;
/// A direction is at most ten times as wide as in the coordinates before.
const FLATTEST: f64 = 1e-2;
/// Longer steps are cut, in widths.
const LONGEST: f64 = 5.0;
/// Smaller expected gains are none.
const GAIN: f64 = 1e-4;

/// The density in its own coordinates: `w = center + stretch z`.
pub struct Rewhitened<'t> {
    target: &'t dyn Target,
    center: Vec<f64>,
    stretch: Array2<f64>,
}

impl<'t> Rewhitened<'t> {
    /// Climbs to the maximum and takes the curvature there.
    ///
    /// # Errors
    /// What the target reports.
    pub fn of(target: &'t dyn Target) -> Result<Self> {
        let mut center = vec![0.0; target.width()];
        let mut here = target.log(&center)?;
        let mut stretch = Array2::eye(target.width());
        for _ in 0..STEPS {
            if !here.value.is_finite() {
                break;
            }
            stretch = root_of_inverse(&curvature(target, &center)?);
            let step = stretch.dot(&stretch.t()).times(&here.gradient);
            if dot(&step, &here.gradient) < GAIN {
                break;
            }
            let length = LONGEST / dot(&step, &step).sqrt().max(LONGEST);
            let Some((place, found)) = climbed(target, (&center, here.value), (&step, length))? else { break };
            (center, here) = (place, found);
        }
        Ok(Rewhitened { target, center, stretch })
    }

    /// w of a z.
    #[must_use]
    pub fn place(&self, z: &[f64]) -> Vec<f64> {
        self.stretch.times(z).iter().zip(&self.center).map(|(moved, center)| center + moved).collect()
    }
}

/// The first place along a step, halved again and again, where the density is higher.
fn climbed(
    target: &dyn Target,
    (from, least): (&[f64], f64),
    (step, length): (&[f64], f64),
) -> Result<Option<(Vec<f64>, Slope)>> {
    for halving in 0..HALVINGS {
        let share = length * 0.5_f64.powi(halving as i32);
        let place: Vec<f64> = from.iter().zip(step).map(|(from, step)| from + share * step).collect();
        let found = target.log(&place)?;
        if found.value > least {
            return Ok(Some((place, found)));
        }
    }
    Ok(None)
}

/// Minus the second derivatives, from differences of gradients.
fn curvature(target: &dyn Target, center: &[f64]) -> Result<Array2<f64>> {
    let n = center.len();
    let mut found = Array2::zeros((n, n));
    for k in 0..n {
        let at = |step: f64| {
            let mut place = center.to_vec();
            place[k] += step;
            target.log(&place)
        };
        let (above, below) = (at(APART)?, at(-APART)?);
        for row in 0..n {
            let slope = (below.gradient[row] - above.gradient[row]) / (2.0 * APART);
            found[[row, k]] += 0.5 * slope;
            found[[k, row]] += 0.5 * slope;
        }
    }
    Ok(found)
}

/// L with L L' the inverse of a matrix whose eigenvalues are raised to what is sensible.
fn root_of_inverse(matrix: &Array2<f64>) -> Array2<f64> {
    let Some((values, vectors)) = matrix.eigen() else { return Array2::eye(matrix.nrows()) };
    Array2::from_shape_fn(matrix.dim(), |(row, col)| vectors[[row, col]] / values[col].max(FLATTEST).sqrt())
}

impl Target for Rewhitened<'_> {
    fn width(&self) -> usize {
        self.target.width()
    }

    fn log(&self, z: &[f64]) -> Result<Slope> {
        let Slope { value, gradient } = self.target.log(&self.place(z))?;
        Ok(Slope { value, gradient: self.stretch.t().times(&gradient) })
    }

    fn values(&self, z: &[f64]) -> Vec<f64> {
        self.target.values(&self.place(z))
    }
}
