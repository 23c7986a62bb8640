//! What a fit or a sampler may ask of data: sums over pairs at a theta. It knows neither where they come from nor what for.

use crate::error::Result;
use crate::loss::Reweighing;
use crate::normal::factor::Factor;
use crate::normal::gram::Gram;
use crate::normal::rank_update::Depth;
use crate::normal::residuals::ResidualSums;
use crate::normal::stratified_rows::StratifiedRows;
use crate::normal::symmetric::Matrix;

/// Where the data are to be swept, and how rows are weighted.
#[derive(Debug, Clone, Copy)]
pub struct Query<'a> {
    /// Physical parameters.
    pub theta: &'a [f64],
    /// A robust loss per angle; `None` weights all rows alike.
    pub reweighing: Option<&'a [Reweighing]>,
}

impl<'a> Query<'a> {
    /// All rows alike.
    #[must_use]
    pub fn plain(theta: &'a [f64]) -> Self {
        Query { theta, reweighing: None }
    }
}

/// Data that can be swept.
pub trait Objective {
    /// One Gram matrix per angle of the rows `[dh/dtheta .., h, 1, y = c2 - 1]`, weighted by the loss alone. Entries that
    /// `depth` leaves out are zero. Where the model overflows, sums are not finite.
    ///
    /// # Errors
    /// What the data source reports; Interrupted if the user has asked to stop.
    fn sweep(&self, query: &Query<'_>, depth: Depth) -> Result<Vec<Gram>>;

    /// The triangular factors of the same rows, by block QR: slower than [`Objective::sweep`], with all digits.
    ///
    /// # Errors
    /// As [`Objective::sweep`].
    fn factors(&self, query: &Query<'_>) -> Result<Vec<Factor>>;

    /// Azimuths in degrees, in the order of the Gram matrices.
    fn phi_degrees(&self) -> Vec<f64>;

    /// Standard deviation of one c2 value of each angle.
    fn sigma(&self) -> Vec<f64>;
}

/// What the last sweep of a fit is asked with.
#[derive(Debug, Clone, Copy)]
pub struct ResidualQuery<'a> {
    /// Physical parameters.
    pub theta: &'a [f64],
    /// Contrast, offset and loss of every angle.
    pub reweighing: &'a [Reweighing],
    /// First frame of every group of frames whose scores are summed; ascending, the first is 0.
    pub first_frames: &'a [usize],
}

/// All data of a fit, not a sample of them.
pub trait FullData: Objective {
    /// All rows times one map per angle (P + 3 rows, as many columns as the result), dealt out so that every chunk has its
    /// share of every angle. Holds them all in memory.
    ///
    /// # Errors
    /// As [`Objective::sweep`].
    fn rows(&self, query: &Query<'_>, maps: &[Matrix]) -> Result<StratifiedRows>;

    /// What the residuals of each angle look like.
    ///
    /// # Errors
    /// As [`Objective::sweep`].
    fn residuals(&self, query: &ResidualQuery<'_>) -> Result<Vec<ResidualSums>>;

    /// q^2 int D dt from the first frame to each frame: how far speckles have decorrelated by diffusion.
    fn decorrelation(&self, theta: &[f64]) -> Vec<f64>;
}
