//! What a fit found about one parameter.

use serde::{Deserialize, Serialize};

/// Whether a parameter's value is the data's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParameterStatus {
    /// It is.
    Free,
    /// The user's.
    Fixed,
    /// The lower bound's.
    AtLowerBound,
    /// The upper bound's.
    AtUpperBound,
    /// The data do not determine it.
    Undetermined,
}

impl ParameterStatus {
    /// Names in results.
    pub const NAMES: [(&'static str, ParameterStatus); 5] = [
        ("free", ParameterStatus::Free),
        ("fixed", ParameterStatus::Fixed),
        ("at_lower_bound", ParameterStatus::AtLowerBound),
        ("at_upper_bound", ParameterStatus::AtUpperBound),
        ("undetermined", ParameterStatus::Undetermined),
    ];

    /// Name in results.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize].0
    }
}

/// What reported errors allow for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UncertaintyMethod {
    /// Noise of speckles and photons in closed form: what pairs share is known.
    Speckle,
    /// Pairs that share frames or speckles are correlated.
    FrameRobust,
    /// Pairs are taken as independent.
    Plain,
}

impl UncertaintyMethod {
    /// Name in results.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            UncertaintyMethod::Speckle => "speckle",
            UncertaintyMethod::FrameRobust => "frame_robust",
            UncertaintyMethod::Plain => "plain",
        }
    }
}

/// Lower and upper end; `None` where an end lies beyond the parameter's bound.
pub type Interval = [Option<f64>; 2];

/// Where intervals come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IntervalMethod {
    /// Value and standard error.
    Quadratic,
    /// The cost itself.
    Profile,
}

/// One physical parameter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ParameterResult {
    /// Name: the entry's key.
    #[serde(skip)]
    pub name: String,
    /// Value.
    pub value: f64,
    /// Reported standard error (see [`crate::outcome::fit::FitResult::uncertainty_method`]); `None` if fixed, on a bound or undetermined.
    /// Half of the width of the 68 % interval where that comes from the cost itself.
    pub uncertainty: Option<f64>,
    /// Interval that holds the truth in 68 % of measurements; `None` where there is no uncertainty.
    pub interval_68: Option<Interval>,
    /// The same for 95 %.
    pub interval_95: Option<Interval>,
    /// Where both come from.
    pub interval_method: Option<IntervalMethod>,
    /// Standard error from the inverse Hessian, pairs taken as independent; `None` also where the noise is not known.
    pub uncertainty_plain: Option<f64>,
    /// On how many independent renewals of speckles it rests: those at the angles that carry it.
    pub independent_renewals: Option<f64>,
    /// Unit.
    pub unit: String,
    /// Whether the value is the data's.
    pub status: ParameterStatus,
    /// Lower and upper bound.
    pub bounds: [f64; 2],
}
