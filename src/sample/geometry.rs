//! Where chains start, and coordinates in which the posterior is nearly round: w with `u = center + S w` for prior and bounds,
//! `u' = center + B w` for the likelihood. It evaluates nothing.
//!
//! V is the covariance that the noise model of the fit gives the numbers, H the Hessian of -ln L, both at the center and in coordinates
//! without bounds; V = S S'. In w, H becomes `S' H S = Q e Q'`, and the adjustment of a composite likelihood is
//!
//! ```text
//! k = (product of e)^(-1/p)          B = S k^(-1/2) Q e^(-1/2) Q'          so that  B' (k H) B = 1 in w:  covariance V
//! ```
//!
//! which is the geometric mean of H^-1 and V in any coordinates: it does not depend on order or units of the numbers, and k = 1, B = S
//! where both agree.

use crate::sample::numbers::Numbers;
use crate::sample::settings::NoiseCorrelation;
use crate::sums::algebra::Algebra;
use ndarray::Array2;

/// Smaller eigenvalues of a correlation are rounding.
const SMALLEST: f64 = 1e-12;

/// Coordinates of a walk.
#[derive(Debug, Clone)]
pub struct Geometry {
    center: Vec<f64>,
    stretch: Array2<f64>,
    adjusted: Array2<f64>,
    /// k.
    pub magnitude: f64,
    /// Log likelihood at the center: what is taken off everywhere.
    pub least: f64,
}

/// What is known at the center.
pub struct Center<'a> {
    /// Values of all numbers.
    pub values: &'a [f64],
    /// Hessian of -ln L by the numbers of the model.
    pub hessian: &'a Array2<f64>,
    /// Covariance of these numbers by the noise model; not a number where it is not known.
    pub covariance: &'a Array2<f64>,
    /// Pairs behind every factor on sigma.
    pub pairs: &'a [f64],
    /// Log likelihood.
    pub least: f64,
}

impl Geometry {
    /// Around a center; `None` if what is known there is no number.
    #[must_use]
    pub fn new(numbers: &Numbers, center: &Center<'_>, correlation: NoiseCorrelation) -> Option<Self> {
        let (n, model) = (numbers.all.len(), numbers.n_of_model);
        let axes = numbers.axes_of(center.values);
        let at = numbers.place(&axes);
        let bounds = numbers.variances_of_bounds(&at);
        let of_values = Covariance { hessian: center.hessian, bounds: &bounds };
        let known = match correlation {
            NoiseCorrelation::Frame => of_values.of(center.covariance),
            NoiseCorrelation::None => of_values.plain(),
        };
        let jacobian = numbers.jacobian(&at);
        let hessian = jacobian.t().dot(center.hessian).dot(&jacobian);
        let inverse = inverse_of(&jacobian);
        let covariance = capped(&inverse.dot(&known).dot(&inverse.t()), &inverse, &bounds);
        let root = root_of(&covariance)?;
        let (inner, magnitude) = match correlation {
            NoiseCorrelation::Frame => adjustment(&root.t().dot(&hessian).dot(&root)),
            NoiseCorrelation::None => (Array2::eye(model), 1.0),
        };
        let (mut stretch, mut adjusted) = (Array2::zeros((n, n)), Array2::zeros((n, n)));
        let shifted = root.dot(&inner);
        for row in 0..model {
            for col in 0..model {
                stretch[[row, col]] = root[[row, col]];
                adjusted[[row, col]] = shifted[[row, col]];
            }
        }
        for (factor, pairs) in center.pairs.iter().enumerate() {
            let width = 1.0 / (2.0 * magnitude * pairs).max(1.0).sqrt();
            stretch[[model + factor, model + factor]] = width;
            adjusted[[model + factor, model + factor]] = width;
        }
        Some(Geometry { center: axes, stretch, adjusted, magnitude, least: center.least })
    }

    /// Numbers.
    #[must_use]
    pub fn width(&self) -> usize {
        self.center.len()
    }

    /// The same for one of K parts of the data: its posterior is sqrt(K) as wide, and its log likelihood a K-th.
    #[must_use]
    pub fn of_part(&self, parts: f64) -> Self {
        let Geometry { center, stretch, adjusted, magnitude, least } = self.clone();
        let wide = parts.sqrt();
        Geometry { center, stretch: stretch * wide, adjusted: adjusted * wide, magnitude, least: least / parts }
    }

    /// u of w = 0.
    #[must_use]
    pub fn center(&self) -> &[f64] {
        &self.center
    }

    /// S.
    #[must_use]
    pub fn stretch(&self) -> &Array2<f64> {
        &self.stretch
    }

    /// u.
    #[must_use]
    pub fn prior_coordinates(&self, w: &[f64]) -> Vec<f64> {
        self.stretch.times(w).iter().zip(&self.center).map(|(moved, center)| center + moved).collect()
    }

    /// u'.
    #[must_use]
    pub fn likelihood_coordinates(&self, w: &[f64]) -> Vec<f64> {
        self.adjusted.times(w).iter().zip(&self.center).map(|(moved, center)| center + moved).collect()
    }

    /// A gradient by w from those by u' and by u.
    #[must_use]
    pub fn pulled_back(&self, by_shifted: &[f64], by_plain: &[f64]) -> Vec<f64> {
        let n = self.width();
        let term = |k: usize| {
            (0..n).map(|row| self.adjusted[[row, k]] * by_shifted[row] + self.stretch[[row, k]] * by_plain[row]).sum()
        };
        (0..n).map(term).collect()
    }
}

/// The covariance of the numbers of a model, as values, also where the data do not tell it.
struct Covariance<'a> {
    hessian: &'a Array2<f64>,
    bounds: &'a [Option<f64>],
}

impl Covariance<'_> {
    /// Of pairs that are independent, with what bounds tell.
    fn plain(&self) -> Array2<f64> {
        let mut information = self.hessian.clone();
        for (k, variance) in self.bounds.iter().enumerate() {
            information[[k, k]] += variance.map_or(1e-12 * self.hessian[[k, k]], |variance| 1.0 / variance);
        }
        // Numbers differ in size by many orders.
        let scale = information.diagonal_scale();
        let identity = Array2::eye(information.nrows());
        let scaled = information.divided(&scale);
        let inverse = scaled.solve_positive(&identity).unwrap_or_else(|| scaled.solve_many(&identity));
        inverse.divided(&scale)
    }

    /// That of the noise model; numbers without one have that of independent pairs, widened like the others, and nothing in common.
    fn of(&self, known: &Array2<f64>) -> Array2<f64> {
        let (n, plain) = (known.nrows(), self.plain());
        let has = |k: usize| known[[k, k]].is_finite() && known[[k, k]] > 0.0;
        let ratios: Vec<f64> = (0..n).filter(|&k| has(k)).map(|k| (known[[k, k]] / plain[[k, k]]).ln()).collect();
        let widening = (ratios.iter().sum::<f64>() / ratios.len().max(1) as f64).exp().max(1.0);
        let entry = |(row, col): (usize, usize)| match (has(row) && has(col), row == col) {
            (true, _) => known[[row, col]],
            (false, true) => widening * plain[[row, row]],
            (false, false) => 0.0,
        };
        Array2::from_shape_fn((n, n), entry)
    }
}

/// No axis is wider than bounds make it: those of all numbers that it depends on.
fn capped(covariance: &Array2<f64>, inverse: &Array2<f64>, bounds: &[Option<f64>]) -> Array2<f64> {
    let factor = |k: usize| {
        let terms = bounds.iter().enumerate().filter(|&(j, _)| inverse[[k, j]] != 0.0);
        let variance = terms.map(|(j, bound)| bound.map(|bound| bound * inverse[[k, j]].powi(2))).sum::<Option<f64>>();
        variance.map_or(1.0, |variance| (variance / covariance[[k, k]]).sqrt().min(1.0))
    };
    let factors: Vec<f64> = (0..bounds.len()).map(factor).collect();
    covariance.with_factors(&factors, &factors)
}

/// The inverse of a matrix whose rows and columns differ in size by many orders.
fn inverse_of(matrix: &Array2<f64>) -> Array2<f64> {
    let n = matrix.nrows();
    let largest = |sizes: &dyn Fn(usize) -> f64| match (0..n).map(sizes).fold(0.0, f64::max) {
        0.0 => 1.0,
        largest => 1.0 / largest,
    };
    let rows: Vec<f64> = (0..n).map(|row| largest(&|col| matrix[[row, col]].abs())).collect();
    let columns: Vec<f64> = (0..n).map(|col| largest(&|row| rows[row] * matrix[[row, col]].abs())).collect();
    matrix.with_factors(&rows, &columns).solve_many(&Array2::eye(n)).with_factors(&columns, &rows)
}

/// S of a covariance S S'.
fn root_of(covariance: &Array2<f64>) -> Option<Array2<f64>> {
    let scale = covariance.diagonal_scale();
    let (values, vectors) = covariance.divided(&scale).eigen()?;
    let smallest = SMALLEST * values.last().copied().unwrap_or(1.0);
    // Of an eigenvector and its opposite one is chosen, by weights that no symmetry shares: units must not choose.
    let sign = |col: usize| {
        let weighed = |(row, x): (usize, &f64)| x / (row + 1) as f64;
        vectors.column(col).iter().enumerate().map(weighed).sum::<f64>().signum()
    };
    let signs: Vec<f64> = (0..values.len()).map(sign).collect();
    let entry =
        |(row, col): (usize, usize)| scale[row] * signs[col] * vectors[[row, col]] * values[col].max(smallest).sqrt();
    Some(Array2::from_shape_fn(covariance.dim(), entry))
}

/// k^(-1/2) Q e^(-1/2) Q' and k of a Hessian in w. Where the likelihood is wider than V already (it tells nothing there), it is left.
fn adjustment(hessian: &Array2<f64>) -> (Array2<f64>, f64) {
    let n = hessian.nrows();
    let Some((values, vectors)) = hessian.eigen() else { return (Array2::eye(n), 1.0) };
    let values: Vec<f64> = values.iter().map(|value| value.max(1.0)).collect();
    let magnitude = (-values.iter().map(|value| value.ln()).sum::<f64>() / n.max(1) as f64).exp();
    let entry = |(row, col): (usize, usize)| {
        let term = |k: usize| vectors[[row, k]] * vectors[[col, k]] / (magnitude * values[k]).sqrt();
        (0..n).map(term).sum()
    };
    (Array2::from_shape_fn((n, n), entry), magnitude)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_adjusted_curvature_is_the_inverse_of_the_covariance() {
        let hessian = ndarray::array![[90.0, 20.0, 0.0], [20.0, 30.0, -4.0], [0.0, -4.0, 5.0]];
        let (inner, magnitude) = adjustment(&hessian);
        let found = inner.t().dot(&hessian).dot(&inner) * magnitude;
        for row in 0..3 {
            for col in 0..3 {
                assert!((found[[row, col]] - f64::from(u8::from(row == col))).abs() < 1e-12, "{found}");
            }
        }
        // B alone keeps volumes.
        let (values, _) = inner.eigen().expect("a symmetric matrix");
        assert!((values.iter().product::<f64>() - 1.0).abs() < 1e-9, "{values:?}");
    }
}
