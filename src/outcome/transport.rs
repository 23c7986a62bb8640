//! D(t) and the shear rate over time.

/// A rate and its standard error, if it has one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// Value.
    pub value: f64,
    /// Standard error, from the covariance of the law's parameters.
    pub uncertainty: Option<f64>,
}

/// The laws of a result at one time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TransportPoint {
    /// Time in seconds.
    pub t_seconds: f64,
    /// D(t) in angstrom^2/s.
    pub diffusion: Rate,
    /// Mean of D from the first time on, in angstrom^2/s; results of earlier versions do not tell.
    pub mean_diffusion: Option<Rate>,
    /// gamma_dot(t) in 1/s; `None` without shear.
    pub shear_rate: Option<Rate>,
}
