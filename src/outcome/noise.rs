//! What was found about the noise, and whether the model describes the data within it.

use crate::outcome::written;
use serde::{Deserialize, Serialize};

/// Noise of one angle.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, Default)]
pub struct NoiseFound {
    /// Effective number of independent speckles; `None` where nothing but white noise is seen, or too many to tell.
    pub speckles: Option<f64>,
    /// White part of the variance of one normalised intensity: 1 / photons per speckle and frame, readout included.
    pub white_variance: Option<f64>,
    /// How often speckles renew themselves during the measurement, by diffusion and shear.
    pub renewals: Option<f64>,
}

/// Chi-square per degree of freedom as it is to be expected under the noise.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Expected {
    /// Expectation.
    #[serde(deserialize_with = "written::or_not_a_number")]
    pub value: f64,
    /// Standard deviation.
    #[serde(deserialize_with = "written::or_not_a_number")]
    pub spread: f64,
}

/// Chi-square may exceed what the noise lets expect by this share of it, and by so many of its standard deviations.
const UNEXPLAINED_SCATTER: (f64, f64) = (0.02, 8.0);

impl Expected {
    /// Single values scatter more than their neighbours let expect: outliers, not noise.
    #[must_use]
    pub fn is_exceeded_by(&self, reduced_chi_squared: f64) -> bool {
        let (share, spreads) = UNEXPLAINED_SCATTER;
        reduced_chi_squared > self.value * (1.0 + share) + spreads * self.spread
    }
}

/// Whether the model describes the data: smooth sums of residuals against what they scatter by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LackOfFit {
    /// Probability of residuals that stand out as much, if the model holds: the smallest of all tests, for all.
    #[serde(deserialize_with = "written::or_not_a_number")]
    pub p_value: f64,
    /// Sums over all angles: bins of lag and age, pieces of the scores.
    pub shared: Test,
    /// The angle that stands out most, if there are several: its own contrast, offset, amplitudes and drifts.
    pub angle: Option<AngleTest>,
    /// Swings of contrast, offset and rates with time, all together; `None` with few frames.
    #[serde(default)]
    pub swings: Option<Test>,
    /// Differences between neighbouring lags of a few frames, all together; `None` with few frames.
    #[serde(default)]
    pub fine_lags: Option<Test>,
    /// Degrees of freedom of the residuals that tell the noise.
    #[serde(deserialize_with = "written::or_not_a_number")]
    pub noise_degrees_of_freedom: f64,
    /// Whether single frames scatter as their photons do; `None` with few frames or no white noise.
    pub frames: Option<FrameScatter>,
    /// The patch of one angle's map that stands out most; `None` where the noise is not known.
    #[serde(default)]
    pub patch: Option<Patch>,
    /// The pair of frames that stands out most; `None` where the noise is not known, or under a robust loss.
    #[serde(default)]
    pub odd_pair: Option<OddPair>,
    /// The most regular pattern of residuals in time; `None` with few frames.
    pub pattern: Option<RegularPattern>,
    /// The single event or slow swing that stands out most; `None` with few frames.
    pub single_pattern: Option<SinglePattern>,
    /// Share of the weight that a robust loss has taken from residuals, and what it would take under the noise alone.
    pub down_weighted: Option<DownWeighted>,
    /// What stands out, in words, the strongest first; also below the threshold.
    pub stands_out: Vec<String>,
}

/// One of a hundred angles stands out as much by chance in one of a thousand measurements.
const ODD: f64 = 1e-5;

impl LackOfFit {
    /// The angle that differs from the others, if that says more than all angles together.
    #[must_use]
    pub fn odd_angle(&self) -> Option<AngleTest> {
        self.angle.filter(|angle| angle.test.p_value < ODD.min(self.shared.p_value))
    }
}

/// What changes from frame to frame, against the noise that frames do not share.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct FrameScatter {
    /// Mean square of second differences of the sums over the pairs of single frames, over what noise lets expect, where it is most
    /// unlikely: about 1.
    #[serde(deserialize_with = "written::or_not_a_number")]
    pub ratio: f64,
    /// Probability of such a ratio at any angle, if frames scatter as noise lets expect.
    #[serde(default = "certain")]
    #[serde(deserialize_with = "written::or_not_a_number")]
    pub p_value: f64,
    /// The frame that stands out most, by its number in the file, from 1.
    pub frame: usize,
    /// In which sums.
    #[serde(default)]
    pub of: FrameSums,
    /// Where, in degrees; `None`: all angles together.
    pub phi_degrees: Option<f64>,
    /// By how many standard deviations.
    #[serde(deserialize_with = "written::or_not_a_number")]
    pub standard_deviations: f64,
}

/// Results of earlier versions have no such probability.
fn certain() -> f64 {
    1.0
}

/// Sums over all pairs of single frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FrameSums {
    /// Plain ones: their offset.
    #[default]
    Offset,
    /// Weighted with h: their contrast.
    Contrast,
}

/// The pairs of some neighbouring frames with others at one angle. All frames by their numbers in the file, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Patch {
    /// Where, in degrees.
    pub phi_degrees: f64,
    /// First and last of the earlier frames.
    pub earlier_frames: [usize; 2],
    /// First and last of the later frames.
    pub later_frames: [usize; 2],
    /// By how many standard deviations the mean of c2 lies above the model, or below.
    #[serde(deserialize_with = "written::or_not_a_number")]
    pub standard_deviations: f64,
}

/// A pair of frames, by their numbers in the file, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct OddPair {
    /// Where it stands out most, in degrees.
    pub phi_degrees: f64,
    /// Angles at which it is among the largest residuals: all of them together are looked at.
    #[serde(default = "one")]
    pub angles: usize,
    /// The earlier and the later frame.
    pub frames: [usize; 2],
    /// By how many standard deviations c2 lies above the model, or below.
    #[serde(deserialize_with = "written::or_not_a_number")]
    pub standard_deviations: f64,
}

const fn one() -> usize {
    1
}

/// A pattern that repeats itself in time, faster than the smooth sums of the test see.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RegularPattern {
    /// What repeats itself.
    pub along: Repeats,
    /// Its period in frames.
    pub period_frames: f64,
    /// Probability of a line as strong in the spectrum of noise, all frequencies allowed for.
    #[serde(deserialize_with = "written::or_not_a_number")]
    pub p_value: f64,
}

/// An event or a slow swing in the residuals of all angles.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SinglePattern {
    /// Where the data lie above or below the model.
    pub what: String,
    /// By how much.
    #[serde(deserialize_with = "written::or_not_a_number")]
    pub standard_errors: f64,
    /// Probability of one as strong, if the model holds, all that were looked at allowed for.
    #[serde(deserialize_with = "written::or_not_a_number")]
    pub p_value: f64,
}

/// Of what the sums of residuals repeat themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Repeats {
    /// Of frames: an offset or an intensity.
    Frames,
    /// Of frames, weighted with the correlation: a contrast.
    Correlation,
    /// Of lags: both frames of a pair.
    Lags,
}

/// A sum of squares in units of its noise.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, Default)]
pub struct Test {
    /// z' Cov^-1 z.
    #[serde(deserialize_with = "written::or_not_a_number")]
    pub statistic: f64,
    /// Directions whose noise is resolved.
    pub degrees_of_freedom: usize,
    /// Probability of a larger one.
    #[serde(deserialize_with = "written::or_not_a_number")]
    pub p_value: f64,
}

/// The test of one angle among many.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct AngleTest {
    /// Azimuth in degrees.
    pub phi_degrees: f64,
    /// Its test; the number of angles is not yet allowed for in its p-value.
    pub test: Test,
}

/// What a robust loss has done.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct DownWeighted {
    /// 1 - mean weight.
    #[serde(deserialize_with = "written::or_not_a_number")]
    pub share: f64,
    /// The same under the noise alone.
    #[serde(deserialize_with = "written::or_not_a_number")]
    pub expected: f64,
}
