//! What a fit found about one parameter.

use crate::sums::box_quadratic::Side;
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
    /// Ends of the latter that were not found, because the walk along the cost ended before: they are `None` as well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub interval_95_not_found: Vec<Side>,
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

impl ParameterResult {
    /// Two levels of the cost have two ends: one that both intervals have was found for the narrower one alone.
    #[must_use]
    pub fn with_ends_apart(mut self) -> Self {
        let is_profile = self.interval_method == Some(IntervalMethod::Profile);
        if let (true, Some(inner), Some(outer)) = (is_profile, self.interval_68, &mut self.interval_95) {
            for (k, side) in [Side::Lower, Side::Upper].into_iter().enumerate() {
                if outer[k].is_some() && outer[k] == inner[k] {
                    outer[k] = None;
                    self.interval_95_not_found.push(side);
                }
            }
        }
        self
    }

    /// Whether an end of the 95 % interval (0: the lower one) was not found.
    #[must_use]
    pub fn misses_95(&self, end: usize) -> bool {
        self.interval_95_not_found.iter().any(|side| *side as usize == end)
    }
}
