//! What a result with weights that know speckles has by least squares, and that result in its terms. It computes nothing.

use crate::outcome::fit::{AngleResult, FitResult};
use crate::outcome::weighting::{LeastSquares, ScalingByLeastSquares};

impl FitResult {
    /// What is kept of it as that of least squares.
    #[must_use]
    pub fn least_squares(&self) -> LeastSquares {
        let of_angle = |angle: &AngleResult| ScalingByLeastSquares {
            contrast: angle.contrast,
            contrast_fitted: angle.contrast_fitted,
            contrast_uncertainty: angle.contrast_uncertainty,
            offset: angle.offset,
            offset_uncertainty: angle.offset_uncertainty,
        };
        LeastSquares {
            parameters: self.parameters.clone(),
            covariance: self.covariance.clone(),
            per_angle: self.angles.iter().map(of_angle).collect(),
        }
    }

    /// The same with values and errors of least squares, which belong to the cost.
    #[must_use]
    pub fn by_least_squares(&self) -> FitResult {
        let mut result = self.clone();
        if let Some(known) = self.weighting.as_ref().and_then(|found| found.least_squares.as_ref()) {
            (result.parameters, result.covariance) = (known.parameters.clone(), known.covariance.clone());
            for (angle, known) in result.angles.iter_mut().zip(&known.per_angle) {
                (angle.contrast, angle.contrast_fitted, angle.offset) =
                    (known.contrast, known.contrast_fitted, known.offset);
                angle.contrast_uncertainty = known.contrast_uncertainty;
                angle.offset_uncertainty = known.offset_uncertainty;
            }
        }
        result
    }
}
