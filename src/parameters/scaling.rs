//! Contrast and offset of an angle, and how they may depend on it. It knows no data.

use serde::{Deserialize, Serialize};

/// c2 = offset + contrast h at one angle. Kept as offset - 1, because sums are of y = c2 - 1: no digit is lost between them.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct AngleScaling {
    /// Contrast.
    pub contrast: f64,
    /// offset - 1.
    pub offset_less_one: f64,
}

impl AngleScaling {
    /// From contrast and offset.
    #[must_use]
    pub fn new(contrast: f64, offset: f64) -> Self {
        AngleScaling { contrast, offset_less_one: offset - 1.0 }
    }

    /// The baseline of c2.
    #[must_use]
    pub fn offset(&self) -> f64 {
        self.offset_less_one + 1.0
    }
}

/// 1, cos phi, sin phi, cos 2 phi, ..: what a Fourier series of so many orders adds up at an angle in degrees.
#[must_use]
pub fn harmonics(orders: usize, phi_degrees: f64) -> Vec<f64> {
    let phi = phi_degrees.to_radians();
    let of_order = |k: usize| [(k as f64 * phi).cos(), (k as f64 * phi).sin()];
    std::iter::once(1.0).chain((1..=orders).flat_map(of_order)).collect()
}

/// How contrast and offset depend on the angle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScalingMode {
    /// One pair for all angles if there are enough of them, else one per angle.
    Auto,
    /// Given or estimated before the fit, then fixed.
    Constant,
    /// One free pair per angle.
    Individual,
    /// Truncated Fourier series in phi.
    Fourier,
}

impl ScalingMode {
    /// Names in configuration and results.
    pub const NAMES: [(&'static str, ScalingMode); 4] = [
        ("auto", ScalingMode::Auto),
        ("constant", ScalingMode::Constant),
        ("individual", ScalingMode::Individual),
        ("fourier", ScalingMode::Fourier),
    ];

    /// Name in configuration and results.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize].0
    }
}
