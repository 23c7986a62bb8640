//! What a fit found.

use crate::outcome::condensed::CondensedFit;
use crate::outcome::noise::{Expected, LackOfFit, NoiseFound};
use crate::outcome::parameter::{ParameterResult, UncertaintyMethod};
use crate::outcome::search::Search;
use crate::outcome::transport::TransportPoint;
use crate::outcome::verdict::{Stop, Verdict};
use crate::outcome::weighting::WeightingFound;
use crate::outcome::written;
use crate::parameters::definitions::{AnalysisMode, ShearConvention};
use crate::parameters::scaling::ScalingMode;
use crate::sums::box_quadratic::Side;
use crate::sums::loss::Loss;
use ndarray::Array2;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Version of `parameters.json`; it grows when a key changes its meaning or goes.
pub const SCHEMA_VERSION: u32 = 2;

/// Where a fit's start comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StartFrom {
    /// The data.
    Data,
    /// The user.
    Configuration,
}

/// How the data are gone through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// Full batch: all weighted rows in memory, QR of the full Jacobian at every iteration.
    Stratified,
    /// A start on a coarse sample, then streaming Gauss-Newton over all blocks, with block QR where the system is
    /// ill-conditioned. Memory does not grow with the data.
    HybridStreaming,
    /// The same from the minimum of pseudo-pairs that stand for all pairs: one pass makes them, all pairs have the last steps.
    Condensed,
}

impl Strategy {
    /// Names in configuration and results; the last is another name of the second.
    pub const NAMES: [(&'static str, Strategy); 4] = [
        ("stratified", Strategy::Stratified),
        ("hybrid_streaming", Strategy::HybridStreaming),
        ("condensed", Strategy::Condensed),
        ("raw", Strategy::HybridStreaming),
    ];

    /// Name in configuration and results.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize].0
    }
}

/// Contrast and offset of one angle.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AngleResult {
    /// Azimuth in degrees.
    pub phi_degrees: f64,
    /// Contrast of the speckles: allows for what division by the means of few speckles takes from it.
    pub contrast: f64,
    /// Contrast of the fitted curve, which is lower by about (1 + 2 contrast) / speckles of itself.
    pub contrast_fitted: f64,
    /// Its reported standard error, if it has one.
    pub contrast_uncertainty: Option<f64>,
    /// The same, pairs taken as independent.
    pub contrast_uncertainty_plain: Option<f64>,
    /// Offset.
    pub offset: f64,
    /// Its reported standard error, if it has one.
    pub offset_uncertainty: Option<f64>,
    /// The same, pairs taken as independent.
    pub offset_uncertainty_plain: Option<f64>,
    /// Noise of one value, as estimated from the data; `None` if the data show none.
    pub sigma: Option<f64>,
    /// Speckles, white part and renewals.
    #[serde(flatten)]
    pub noise: NoiseFound,
    /// Share of this angle in what the data tell of each free parameter; all angles sum up to 1.
    pub share_of_information: BTreeMap<String, f64>,
    /// Pairs used.
    pub pairs: u64,
    /// Chi-square of this angle; `None` without known noise.
    pub chi_squared: Option<f64>,
    /// The same as the noise of speckles and photons lets expect it; earlier versions did not tell.
    pub expected_chi_squared: Option<Expected>,
    /// The same by lag; empty without known noise.
    pub lags: Vec<LagResult>,
    /// Most positive and most negative residual (data - model, in units of sigma); empty without known noise.
    pub extremes: Vec<ExtremeResidual>,
}

/// Chi-square of the pairs whose lag lies in a range.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LagResult {
    /// Shortest lag in frames.
    pub first_lag_frames: usize,
    /// Longest lag in frames that was measured.
    pub last_lag_frames: usize,
    /// Pairs.
    pub pairs: u64,
    /// Chi-square.
    pub chi_squared: f64,
}

/// A residual and its place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExtremeResidual {
    /// Azimuth in degrees.
    pub phi_degrees: f64,
    /// Number of the earlier frame in the file, from 1 (i of stores and fitted tables counts from 0, from the first fitted frame on).
    pub frame_1: usize,
    /// Number of the later frame in the file, from 1.
    pub frame_2: usize,
    /// (data - model) / sigma, as everywhere in results; (model - data) / sigma before version 2 of the schema.
    pub residual_sigma: f64,
}

/// Whether contrast and offset differ between angles: the F-test of the nested models shared and per-angle scaling, corrected for
/// what pairs have in common.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScalingTest {
    /// What per-angle scaling gains, over what chance lets it gain in the mean.
    pub f: f64,
    /// How much more that is than for independent pairs.
    #[serde(default)]
    pub widening: f64,
    /// Numbers that per-angle scaling has more.
    pub numerator_degrees: u64,
    /// Degrees of freedom of what chance makes of F: fewer, because speckles are the same in many pairs.
    #[serde(default)]
    pub effective_degrees: f64,
    /// Pairs less free numbers of the fit with per-angle scaling.
    pub denominator_degrees: u64,
    /// Probability of an F as large if one scaling holds for all angles.
    pub p_value: f64,
    /// In words.
    pub conclusion: String,
}

/// How well the data tell the numbers apart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct Identifiability {
    /// Correlation of gamma_dot_t0 with all scaling numbers together, 0 to 1; `None` without shear or free scaling.
    pub shear_scaling_correlation: Option<f64>,
    /// Shared against per-angle scaling; `None` with one angle, given scaling or a robust loss.
    pub scaling_test: Option<ScalingTest>,
    /// Pairs of parameters whose correlation exceeds 0.95 in size, in words.
    pub strong_correlations: Vec<String>,
}

/// A parameter or scaling number on its bound.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ActiveBound {
    /// Name, with the angle where there is one.
    pub name: String,
    /// Which of its bounds.
    pub side: Side,
    /// The bound.
    pub bound: f64,
    /// d cost / d value, signed: negative means that a larger value would lower the cost.
    pub multiplier: f64,
    /// The value is inside, but nearer to the bound than one standard error.
    pub within_one_standard_error: bool,
    /// The value is inside, but its 95 % interval, taken from the cost itself, ends at the bound.
    #[serde(default)]
    pub within_interval: bool,
    /// Whether the bound is the program's, not the user's.
    pub is_default: bool,
}

impl ActiveBound {
    /// Whether the value is on the bound.
    #[must_use]
    pub fn is_met(&self) -> bool {
        !self.within_one_standard_error && !self.within_interval
    }
}

/// A direction that the data do not determine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UndeterminedDirection {
    /// In words.
    pub description: String,
    /// Parameters that take part.
    pub parameters: Vec<String>,
    /// Whether it is a bound that they depend on: the verdict is `at_bound` then.
    #[serde(default)]
    pub is_of_bound: bool,
}

/// One iteration of the solver.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Iteration {
    /// Sweeps so far.
    pub iteration: usize,
    /// Half of chi-square at this theta.
    pub cost: f64,
    /// Chi-square per degree of freedom of the pairs that were looked at; `None` without known noise and under a robust loss.
    pub reduced_chi_squared: Option<f64>,
    /// Largest scaled component of the projected gradient.
    pub projected_gradient: f64,
    /// Radius of the trust region, in scaled coordinates.
    pub radius: f64,
    /// Whether the step was accepted.
    pub accepted: bool,
    /// Physical parameters.
    pub theta: Vec<f64>,
}

/// Everything a fit found; its written form is part of `parameters.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FitResult {
    /// Judgement.
    #[serde(flatten, with = "written::judgement")]
    pub verdict: Verdict,
    /// What led to it, in words; empty for an accepted fit.
    pub reasons: Vec<String>,
    /// All verdicts that the reasons speak of, the gravest first; earlier versions did not tell.
    #[serde(default)]
    pub verdicts: Vec<Verdict>,
    /// Physical parameters, in order.
    #[serde(with = "written::by_name")]
    pub parameters: Vec<ParameterResult>,
    /// What the reported errors allow for.
    #[serde(flatten, with = "written::method_in_words")]
    pub uncertainty_method: UncertaintyMethod,
    /// Correlation of the white noise of neighbouring frames, where frames were averaged with overlap: errors are widened for it.
    pub shared_white_noise: Option<f64>,
    /// Pixels of a bin as the file tells them, if the residuals show more independent speckles than that beyond doubt: the maps are
    /// means over repeats, or the pixels are those of something else. The number of speckles is then the residuals'.
    pub pixels_not_believed: Option<f64>,
    /// Speckles of a bin by its raw diagonal, if residuals show fewer beyond doubt: a speckle covers several pixels.
    pub diagonal_not_believed: Option<f64>,
    /// How often speckles renew themselves during the measurement (q^2 int D dt); errors rest on it times the angles.
    #[serde(rename = "speckle_renewals")]
    pub renewals: Option<f64>,
    /// Chi-square; `None` without known noise.
    pub chi_squared: Option<f64>,
    /// Per degree of freedom; `None` without known noise.
    pub reduced_chi_squared: Option<f64>,
    /// The same as the noise of speckles and photons lets expect it.
    pub expected_reduced_chi_squared: Option<Expected>,
    /// Whether the model describes the data; `None` if the fit was stopped before the last sweep.
    pub lack_of_fit: Option<LackOfFit>,
    /// The robust loss per degree of freedom; equals `reduced_chi_squared` for the linear loss.
    pub reduced_loss: Option<f64>,
    /// Loss.
    pub loss: Loss,
    /// Where the loss turns, in units of sigma.
    pub f_scale: f64,
    /// How the data were gone through.
    pub strategy: Strategy,
    /// Pairs less free numbers that are not pinned at a bound.
    pub degrees_of_freedom: u64,
    /// Pairs used.
    pub n_pairs: u64,
    /// Scaling mode as it was resolved.
    pub scaling_mode: ScalingMode,
    /// Free scaling numbers.
    pub n_scaling: usize,
    /// Contrast and offset per angle.
    #[serde(rename = "per_angle")]
    pub angles: Vec<AngleResult>,
    /// Condition number of the reduced Hessian, scaled to a unit diagonal; `None` if it is singular.
    pub condition_number: Option<f64>,
    /// Bounds that are met.
    pub active_bounds: Vec<ActiveBound>,
    /// Directions that are not determined.
    pub undetermined: Vec<UndeterminedDirection>,
    /// Names of the rows and columns of covariance and correlation.
    pub covariance_names: Vec<String>,
    /// Covariance in physical units; `None` entries are undetermined or pinned. Empty where errors are not known.
    pub covariance: Vec<Vec<Option<f64>>>,
    /// Correlation.
    pub correlation: Vec<Vec<Option<f64>>>,
    /// Covariance with pairs taken as independent. Empty where the noise is not known.
    pub covariance_plain: Vec<Vec<Option<f64>>>,
    /// How well the data tell the numbers apart.
    pub identifiability: Identifiability,
    /// The most extreme residuals of all angles, the largest first.
    pub residual_extremes: Vec<ExtremeResidual>,
    /// Chi-square by lag, all angles together.
    pub lags: Vec<LagResult>,
    /// The global search, if there was one.
    #[serde(rename = "global_search")]
    pub search: Option<Search>,
    /// Weights that know speckles; `None` where they were not asked for.
    #[serde(default)]
    pub weighting: Option<WeightingFound>,
    /// What condensed data did; `None` without them.
    #[serde(default)]
    pub condensed: Option<CondensedFit>,
    /// Why the solver stopped.
    pub stop: Stop,
    /// Sweeps of the solver.
    pub n_iterations: usize,
    /// Where the fit started, physical units.
    pub start: Vec<f64>,
    /// Who said so.
    pub start_from: StartFrom,
    /// D(t) and gamma_dot(t); they have a table of their own.
    #[serde(skip)]
    pub transport: Vec<TransportPoint>,
    /// The way to the minimum; it has a table of its own.
    #[serde(skip)]
    pub iterations: Vec<Iteration>,
}

/// What a result must be read with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Conditions {
    /// Which physics.
    pub analysis_mode: AnalysisMode,
    /// What gamma_dot means; `None` in static mode.
    pub shear_convention: Option<ShearConvention>,
    /// Factor to gamma_dot of the other convention; `None` in static mode.
    pub gamma_dot_factor_to_other_convention: Option<f64>,
    /// Wavevector in 1/angstrom.
    pub q_per_angstrom: f64,
    /// Gap in angstrom, if there is one.
    pub gap_angstrom: Option<f64>,
    /// Frame interval in seconds.
    pub dt_seconds: f64,
    /// Frames.
    pub n_frames: usize,
}

/// `parameters.json`: a result with what it must be read with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FitOutcome {
    /// [`SCHEMA_VERSION`] of the program that has written it.
    pub schema_version: u32,
    /// What was found.
    #[serde(flatten)]
    pub result: FitResult,
    /// What it must be read with.
    #[serde(flatten)]
    pub conditions: Conditions,
}

impl FitOutcome {
    /// Puts a result together with its conditions.
    #[must_use]
    pub fn new(result: FitResult, conditions: Conditions) -> Self {
        FitOutcome { schema_version: SCHEMA_VERSION, result, conditions }
    }

    /// As this version means it: version 1 had residuals of the other sign, and ends of lags beyond the last frame.
    #[must_use]
    pub fn in_present_terms(mut self) -> Self {
        if self.schema_version < 2 {
            let longest = self.conditions.n_frames.saturating_sub(1);
            let turn = |found: &mut ExtremeResidual| found.residual_sigma = -found.residual_sigma;
            let cut = |lag: &mut LagResult| lag.last_lag_frames = lag.last_lag_frames.min(longest);
            self.result.residual_extremes.iter_mut().for_each(turn);
            self.result.lags.iter_mut().for_each(cut);
            for angle in &mut self.result.angles {
                angle.extremes.iter_mut().for_each(turn);
                angle.extremes.reverse();
                angle.lags.iter_mut().for_each(cut);
            }
            self.schema_version = SCHEMA_VERSION;
        }
        self
    }
}

impl FitResult {
    /// The covariance as an array, numbers as in `covariance_names`; not a number where it is not known.
    #[must_use]
    pub fn covariance_array(&self) -> Array2<f64> {
        array(&self.covariance)
    }

    /// The correlation in the same way.
    #[must_use]
    pub fn correlation_array(&self) -> Array2<f64> {
        array(&self.correlation)
    }
}

fn array(table: &[Vec<Option<f64>>]) -> Array2<f64> {
    Array2::from_shape_fn((table.len(), table.len()), |(row, col)| table[row][col].unwrap_or(f64::NAN))
}
