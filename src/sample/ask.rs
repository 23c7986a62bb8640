//! What is asked of a sampling, and on which data. It computes nothing.

use crate::likelihood::scaling::ScalingSettings;
use crate::outcome::fit::FitResult;
use crate::parameters::space::ParameterSpace;
use crate::sample::settings::SampleSettings;
use crate::sums::objective::RawData;

/// What is asked for.
pub struct Ask<'a> {
    /// Parameters, bounds, priors.
    pub space: &'a ParameterSpace,
    /// How contrast and offset depend on the angle.
    pub scaling: &'a ScalingSettings,
    /// What is sampled.
    pub settings: &'a SampleSettings,
    /// Where chains start and how they are stretched: never what is believed before the data.
    pub fitted: &'a FitResult,
    /// A time in the middle of the measurement, at which power laws are well known.
    pub t_ref_seconds: f64,
    /// Threads, one chain each.
    pub threads: usize,
}

/// The data of a sampling.
#[derive(Clone, Copy)]
pub struct Data<'a> {
    /// On all threads: what comes before and after the chains.
    pub together: &'a (dyn RawData + Sync),
    /// On the thread that asks: for chains that sweep all pairs.
    pub alone: &'a (dyn RawData + Sync),
    /// Whether condensed data may stand for all pairs.
    pub may_be_condensed: bool,
}

impl Ask<'_> {
    /// Acceptance that step sizes aim at: under shear the posterior is bent more.
    #[must_use]
    pub fn acceptance(&self) -> f64 {
        let usual = if self.space.mode.shear().is_some() { 0.9 } else { 0.85 };
        self.settings.target_acceptance.unwrap_or(usual)
    }
}
