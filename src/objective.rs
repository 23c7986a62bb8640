//! What a fit or a sampler may ask of data: the Gram matrices at a theta. It knows neither where they come from nor what for.

use crate::error::Result;
use crate::normal::gram::Gram;
use crate::normal::rank_update::Depth;

/// Data that can be swept.
pub trait Objective {
    /// One Gram matrix per angle of the rows `[dh/dtheta .., h, 1, y = c2 - 1]`, unweighted, at the physical parameters
    /// `theta`. Entries that `depth` leaves out are zero. Where the model overflows, sums are not finite.
    ///
    /// # Errors
    /// What the data source reports.
    fn sweep(&self, theta: &[f64], depth: Depth) -> Result<Vec<Gram>>;

    /// Azimuths in degrees, in the order of the Gram matrices.
    fn phi_degrees(&self) -> Vec<f64>;

    /// Standard deviation of one c2 value of each angle.
    fn sigma(&self) -> Vec<f64>;
}
