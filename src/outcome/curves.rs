//! The rows behind every line figure: whoever wants to draw one again needs nothing else. It draws nothing.

/// One point of a curve.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct CurvePoint {
    /// Where.
    pub x: f64,
    /// What was measured or found there.
    pub y: Option<f64>,
    /// Its standard error.
    pub y_error: Option<f64>,
    /// What the fitted model says there.
    pub model: Option<f64>,
}

/// One curve of a figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// Which figure.
    pub figure: &'static str,
    /// Azimuth in degrees, where it is of one angle.
    pub phi_degrees: Option<f64>,
    /// Segment of age, from 1, where it is of one.
    pub segment: Option<usize>,
    /// What x is, with its unit.
    pub x_label: &'static str,
    /// What y is, with its unit.
    pub y_label: &'static str,
    /// By ascending x.
    pub points: Vec<CurvePoint>,
}

impl Curve {
    /// A curve of all angles and ages.
    #[must_use]
    pub fn of(figure: &'static str, labels: [&'static str; 2], points: Vec<CurvePoint>) -> Self {
        let [x_label, y_label] = labels;
        Curve { figure, phi_degrees: None, segment: None, x_label, y_label, points }
    }
}
