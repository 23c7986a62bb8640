//! What a fit found, as plain data: the types that results are written from. They compute nothing.

use serde::Serialize;

/// The one judgement that summary, JSON and exit code share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// A minimum inside the bounds, every parameter determined, chi2_nu acceptable.
    Converged,
    /// A minimum, but a parameter or scaling number lies on its bound: its value is the bound's, not the data's.
    AtBound,
    /// A minimum, but the data do not determine some direction of parameter space.
    Undetermined,
    /// A minimum, but the model does not describe the data within their noise.
    PoorFit,
    /// Stopped by the limit of iterations, not at a minimum.
    MaxIterations,
    /// Stopped by the user; the best parameters so far.
    Interrupted,
    /// No step lowers the cost although the gradient is not zero.
    Failed,
}

impl Verdict {
    /// Name in results.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Converged => "converged",
            Verdict::AtBound => "at_bound",
            Verdict::Undetermined => "undetermined",
            Verdict::PoorFit => "poor_fit",
            Verdict::MaxIterations => "max_iterations",
            Verdict::Interrupted => "interrupted",
            Verdict::Failed => "failed",
        }
    }

    /// Process exit code: 0 accepted, 1 finished but not trustworthy, 130 interrupted.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Verdict::Converged => 0,
            Verdict::Interrupted => 130,
            _ => 1,
        }
    }
}

/// Why the solver stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    /// Projected gradient below `gtol`.
    Gradient,
    /// Predicted decrease below `ftol` times the cost per pair.
    Cost,
    /// Every component of the step below `xtol`.
    Step,
    /// Steps and costs have reached the rounding of the sums.
    Rounding,
    /// Limit of iterations.
    MaxIterations,
    /// The trust region has shrunk to nothing without a decrease.
    NoProgress,
    /// Nothing was free to move.
    NothingFree,
    /// The user has asked to stop.
    Interrupted,
}

/// One physical parameter.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ParameterResult {
    /// Name.
    pub name: String,
    /// Unit.
    pub unit: String,
    /// Value.
    pub value: f64,
    /// Reported standard error (see [`FitResult::uncertainty_kind`]); `None` if fixed, on a bound or undetermined.
    pub uncertainty: Option<f64>,
    /// Standard error from the inverse Hessian, pairs taken as independent; `None` also where the noise is not known.
    pub uncertainty_plain: Option<f64>,
    /// Lower bound.
    pub lower: f64,
    /// Upper bound.
    pub upper: f64,
    /// "free", "fixed", "at_lower_bound", "at_upper_bound" or "undetermined".
    pub status: &'static str,
}

/// Contrast and offset of one angle.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AngleResult {
    /// Azimuth in degrees.
    pub phi_degrees: f64,
    /// Contrast.
    pub contrast: f64,
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
    /// Pairs used.
    pub pairs: u64,
    /// Chi-square of this angle; `None` without known noise.
    pub chi_squared: Option<f64>,
    /// The same by lag; empty without known noise.
    pub lags: Vec<LagResult>,
    /// Most positive and most negative residual (model - data, in units of sigma); empty without known noise.
    pub extremes: Vec<ExtremeResidual>,
}

/// Chi-square of the pairs whose lag lies in a range.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LagResult {
    /// Shortest lag in frames.
    pub first_lag_frames: usize,
    /// Longest lag in frames.
    pub last_lag_frames: usize,
    /// Pairs.
    pub pairs: u64,
    /// Chi-square.
    pub chi_squared: f64,
}

/// A residual and its place.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExtremeResidual {
    /// Azimuth in degrees.
    pub phi_degrees: f64,
    /// Earlier frame of the fitted range, 1-based.
    pub frame_1: usize,
    /// Later frame of the fitted range, 1-based.
    pub frame_2: usize,
    /// (model - data) / sigma.
    pub residual_sigma: f64,
}

/// Whether contrast and offset differ between angles: the F-test of the nested models shared and per-angle scaling.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ScalingTest {
    /// F.
    pub f: f64,
    /// Numbers that per-angle scaling has more.
    pub numerator_degrees: u64,
    /// Pairs less free numbers of the fit with per-angle scaling.
    pub denominator_degrees: u64,
    /// Probability of an F as large if one scaling holds for all angles, pairs taken as independent.
    pub p_value: f64,
    /// In words.
    pub conclusion: String,
}

/// How well the data tell the numbers apart.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct Identifiability {
    /// Correlation of gamma_dot_t0 with all scaling numbers together, 0 to 1; `None` without shear or free scaling.
    pub shear_scaling_correlation: Option<f64>,
    /// Shared against per-angle scaling; `None` with one angle, given scaling or a robust loss.
    pub scaling_test: Option<ScalingTest>,
    /// Pairs of parameters whose correlation exceeds 0.95 in size, in words.
    pub strong_correlations: Vec<String>,
}

/// One start of a global search and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Candidate {
    /// "start" (the local fit's), "data" (the coarse grid's), "multi_start" or "cmaes".
    pub origin: &'static str,
    /// Where it started (or CMA-ES ended), physical units.
    pub start: Vec<f64>,
    /// Cost there on the sample.
    pub screened_cost: f64,
    /// Where the solver led on the sample; `None` if it was screened out.
    pub polished: Option<Vec<f64>>,
    /// Cost there on the sample.
    pub polished_cost: Option<f64>,
    /// Basin, from 0 for the best.
    pub basin: Option<usize>,
}

/// A basin of the cost that a global search has found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Basin {
    /// Its minimum, physical units.
    pub theta: Vec<f64>,
    /// Cost on the sample.
    pub sample_cost: f64,
    /// Cost on all data; `None` if it was not refined.
    pub cost: Option<f64>,
    /// Candidates that led here.
    pub candidates: usize,
}

/// What a global search has found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Search {
    /// "multi_start" or "cmaes".
    pub method: &'static str,
    /// Why it ran.
    pub reason: String,
    /// Seed.
    pub seed: u64,
    /// Evaluations on the sample.
    pub evaluations: usize,
    /// Basins, the best first.
    pub basins: Vec<Basin>,
    /// Whether it has replaced the local fit's result.
    pub improved: bool,
    /// Every candidate.
    #[serde(skip)]
    pub candidates: Vec<Candidate>,
}

/// A parameter or scaling number on its bound.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ActiveBound {
    /// Name, with the angle where there is one.
    pub name: String,
    /// "lower" or "upper".
    pub side: &'static str,
    /// The bound.
    pub bound: f64,
    /// d cost / d value, signed: negative means that a larger value would lower the cost.
    pub multiplier: f64,
    /// The value is inside, but nearer to the bound than one standard error.
    pub within_one_standard_error: bool,
}

/// A direction that the data do not determine.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UndeterminedDirection {
    /// In words.
    pub description: String,
    /// Parameters that take part.
    pub parameters: Vec<String>,
}

/// One iteration of the solver.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Iteration {
    /// Sweeps so far.
    pub iteration: usize,
    /// Half of chi-square at this theta.
    pub cost: f64,
    /// chi-square per degree of freedom.
    pub reduced_chi_squared: f64,
    /// Largest scaled component of the projected gradient.
    pub projected_gradient: f64,
    /// Radius of the trust region, in scaled coordinates.
    pub radius: f64,
    /// Whether the step was accepted.
    pub accepted: bool,
    /// Physical parameters.
    pub theta: Vec<f64>,
}

/// Everything a fit found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FitResult {
    /// Judgement.
    pub verdict: Verdict,
    /// What led to it, in words; empty for an accepted fit.
    pub reasons: Vec<String>,
    /// Why the solver stopped.
    pub stop: Stop,
    /// Physical parameters, in order.
    pub parameters: Vec<ParameterResult>,
    /// Contrast and offset per angle.
    pub angles: Vec<AngleResult>,
    /// "frame_robust" (pairs that share frames or speckles are correlated) or "plain" (pairs taken as independent).
    pub uncertainty_kind: &'static str,
    /// How often speckles renew themselves during the measurement (q^2 int D dt), and angles: errors rest on their product.
    pub renewals: Option<f64>,
    /// How the data were gone through.
    pub strategy: &'static str,
    /// Loss.
    pub loss: &'static str,
    /// Where the loss turns, in units of sigma.
    pub f_scale: f64,
    /// Scaling mode as it was resolved.
    pub scaling_mode: String,
    /// Free scaling numbers.
    pub n_scaling: usize,
    /// Pairs used.
    pub n_pairs: u64,
    /// Pairs less free numbers that are not pinned at a bound.
    pub degrees_of_freedom: u64,
    /// Chi-square; `None` without known noise.
    pub chi_squared: Option<f64>,
    /// Per degree of freedom; `None` without known noise.
    pub reduced_chi_squared: Option<f64>,
    /// The robust loss per degree of freedom, which the verdict judges; equals `reduced_chi_squared` for the linear loss.
    pub reduced_loss: Option<f64>,
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
    /// The global search, if there was one.
    pub search: Option<Search>,
    /// Condition number of the reduced Hessian, scaled to a unit diagonal; `None` if it is singular.
    pub condition_number: Option<f64>,
    /// Bounds that are met.
    pub active_bounds: Vec<ActiveBound>,
    /// Directions that are not determined.
    pub undetermined: Vec<UndeterminedDirection>,
    /// Where the fit started, physical units.
    pub start: Vec<f64>,
    /// "data" or "configuration".
    pub start_from: &'static str,
    /// The way to the minimum.
    pub iterations: Vec<Iteration>,
}
