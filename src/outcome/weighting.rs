//! What weights that know speckles did to a fit.

use crate::outcome::noise::Test;
use crate::outcome::parameter::ParameterResult;
use crate::outcome::written;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How pairs were weighted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PairWeights {
    /// All pairs of an angle alike: least squares.
    Uniform,
    /// By what speckles let pairs have in common.
    Speckle,
}

impl PairWeights {
    /// Name in results.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            PairWeights::Uniform => "uniform",
            PairWeights::Speckle => "speckle",
        }
    }
}

/// Weights that know speckles, and what came of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WeightingFound {
    /// The weights behind the reported values.
    pub weights: PairWeights,
    /// Why, in one line.
    pub reason: String,
    /// Ridge in units of the contrast, where weights that know speckles were looked at.
    pub ridge: Option<f64>,
    /// Every free number by both weights; empty where nothing was to be predicted.
    pub numbers: BTreeMap<String, ComparedNumber>,
    /// Whether both estimates of the physical parameters agree (Hausman's test); `None` with least squares alone.
    pub agreement: Option<Test>,
    /// The estimates of least squares, beside which the reported ones stand; `None` where those are reported.
    pub least_squares: Option<LeastSquares>,
}

/// What a fit with weights that know speckles has by least squares.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LeastSquares {
    /// Physical parameters, in order.
    #[serde(with = "written::by_name")]
    pub parameters: Vec<ParameterResult>,
    /// Covariance, numbers as in that of the fit.
    pub covariance: Vec<Vec<Option<f64>>>,
    /// Of every angle.
    pub per_angle: Vec<ScalingByLeastSquares>,
}

/// Contrast and offset of one angle by least squares.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ScalingByLeastSquares {
    /// Contrast of the speckles.
    pub contrast: f64,
    /// Contrast of the fitted curve.
    pub contrast_fitted: f64,
    /// Standard error of the contrast, if it has one.
    pub contrast_uncertainty: Option<f64>,
    /// Offset.
    pub offset: f64,
    /// Its standard error, if it has one.
    pub offset_uncertainty: Option<f64>,
}

/// One number by both weights.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ComparedNumber {
    /// Value by least squares.
    #[serde(deserialize_with = "written::or_not_a_number")]
    pub uniform: f64,
    /// Its standard error.
    pub uniform_uncertainty: Option<f64>,
    /// Error of least squares over that with weights that know speckles, as predicted.
    pub gain: Option<f64>,
    /// Error of least squares over the smallest that the noise allows.
    pub most_gain: Option<f64>,
    /// The weighted value less the one by least squares, in standard errors of that difference; `None` with least squares alone.
    pub difference_in_errors: Option<f64>,
}
