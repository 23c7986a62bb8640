//! What a fit or a sampler may ask of data: sums over pairs at a theta. It knows neither where they come from nor what for.

use crate::error::Result;
use crate::parameters::scaling::AngleScaling;
use crate::sums::cells::{CellQuery, CellSums};
use crate::sums::factor::Factor;
use crate::sums::gram::Gram;
use crate::sums::grid::{Grid, GridQuery, Resemblance};
use crate::sums::loss::Reweighing;
use crate::sums::rank_update::Depth;
use crate::sums::residuals::{FrameGroups, ResidualSums};
use crate::sums::stratified_rows::StratifiedRows;
use ndarray::Array2;

/// Where the data are to be swept, and how rows are weighted.
#[derive(Debug, Clone, Copy)]
pub struct Query<'a> {
    /// Physical parameters.
    pub theta: &'a [f64],
    /// 1 / sigma^2 of every angle: sums arrive in units of sigma. `None` counts every row as it is.
    pub weights: Option<&'a [f64]>,
    /// A robust loss per angle; `None` weights all rows of an angle alike.
    pub reweighing: Option<&'a [Reweighing]>,
}

impl<'a> Query<'a> {
    /// Every row as it is.
    #[must_use]
    pub fn plain(theta: &'a [f64]) -> Self {
        Query { theta, weights: None, reweighing: None }
    }

    /// Weight of the rows of an angle.
    #[must_use]
    pub fn weight(&self, angle: usize) -> f64 {
        self.weights.map_or(1.0, |weights| weights[angle])
    }

    /// The loss of an angle, if there is one.
    #[must_use]
    pub fn loss(&self, angle: usize) -> Option<Reweighing> {
        self.reweighing.map(|all| all[angle])
    }
}

/// Data that can be swept: all of them, or some that stand for all.
pub trait Objective {
    /// One Gram matrix per angle of the weighted rows `[dh/dtheta .., h, 1, y = c2 - 1]`. Entries that `depth` leaves out are
    /// zero. Where the model overflows, sums are not finite.
    ///
    /// # Errors
    /// What the data source reports; Interrupted if the user has asked to stop.
    fn sweep(&self, query: &Query<'_>, depth: Depth) -> Result<Vec<Gram>>;

    /// Matrices whose cost at the contrast and offset of every angle, and its gradient there by everything, are those of the data: other
    /// products may be missing, which is faster. Without a robust loss.
    ///
    /// # Errors
    /// As [`Objective::sweep`].
    fn slopes(&self, query: &Query<'_>, _scaling: &[AngleScaling]) -> Result<Vec<Gram>> {
        self.sweep(query, Depth::Gradient)
    }

    /// Azimuths in degrees, in the order of the Gram matrices.
    fn phi_degrees(&self) -> Vec<f64>;

    /// Standard deviation of one c2 value of each angle.
    fn sigma(&self) -> Vec<f64>;
}

/// How finely data are condensed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Default)]
pub enum Fineness {
    /// As finely as nearly all models need.
    #[default]
    Usual,
    /// For what oscillates: about twice as many pseudo-pairs.
    Fine,
}

/// Pseudo-pairs that stand for all pairs, and how well they do.
pub trait CondensedData: Objective + Sync {
    /// Sweeps on the thread that asks from now on: for chains, of which each has a thread.
    fn sweep_alone(&mut self);

    /// Pseudo-pairs of all angles.
    fn n_pseudo_pairs(&self) -> u64;

    /// What they cannot see of the values, in words, after a semicolon: noise, or what jumps.
    fn unseen_in_words(&self) -> String;

    /// How far, in standard errors of independent pairs, the minimum of these sums may lie from that of all pairs, as the model tells
    /// at a theta with these sums there and the contrast of every angle. What it was where measured: at most seven times as much.
    ///
    /// # Errors
    /// Interrupted if the user has asked to stop.
    fn predicted_shift(&self, query: &Query<'_>, grams: &[Gram], contrast: &[f64]) -> Result<f64>;

    /// The first frame, by its number in the file, from which a rate lies on its floor, or no longer does: there the model is not smooth,
    /// and nothing is predicted. `None` where it has no such frame.
    fn floor_frame(&self, theta: &[f64]) -> Option<usize>;
}

/// Data dealt out into shards, every pair with a value in exactly one.
pub trait Shards: Sync {
    /// Pairs of every shard: they differ by one at most.
    fn sizes(&self) -> &[u64];

    /// One shard, swept on the thread that asks.
    ///
    /// # Errors
    /// What reading its file reports.
    fn open(&self, shard: usize) -> Result<Box<dyn Objective + Sync + '_>>;
}

/// Deals data out.
pub trait Dealer {
    /// Into so many shards, each with its share of every angle and of every decade of the lag, by a seed.
    ///
    /// # Errors
    /// What reading the data and writing the shards report; Interrupted if the user has asked to stop.
    fn deal(&self, n_shards: usize, seed: u64) -> Result<Box<dyn Shards + '_>>;
}

/// What the last sweep of a fit is asked with.
#[derive(Debug, Clone, Copy)]
pub struct ResidualQuery<'a> {
    /// Physical parameters.
    pub theta: &'a [f64],
    /// As in [`Query`].
    pub weights: Option<&'a [f64]>,
    /// Contrast, offset and loss of every angle.
    pub reweighing: &'a [Reweighing],
    /// Frames whose scores are summed together.
    pub groups: &'a FrameGroups,
}

/// What is known of the noise of one angle before a fit.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Told {
    /// Standard deviation of the white part of one value; zero if it is not known.
    pub sigma: f64,
    /// Mean of the raw diagonal of c2 less 1: contrast and white part of one intensity.
    pub diagonal: Option<f64>,
    /// Pixels of the bin.
    pub pixels: Option<f64>,
    /// Correlation of the white part of c2(i, j) and c2(i+1, j): 0 if frames are independent, (m - 1) / m for running means over m.
    pub white_correlation: Option<f64>,
    /// The same of c2(i, j) and c2(i+1, j+1). Second differences see 1 - 4/3 of it of sigma^2, if it ends with the next frame.
    pub white_correlation_diagonal: Option<f64>,
}

/// All data of a fit, value by value: who has the last word.
pub trait RawData: Objective {
    /// The triangular factors of the rows that [`Objective::sweep`] sums, by block QR: slower, with all digits.
    ///
    /// # Errors
    /// As [`Objective::sweep`].
    fn factors(&self, query: &Query<'_>) -> Result<Vec<Factor>>;

    /// All weighted rows times one map per angle (P + 3 rows, as many columns as the result), dealt out so that every chunk has
    /// its share of every angle. Holds them all in memory.
    ///
    /// # Errors
    /// As [`Objective::sweep`].
    fn rows(&self, query: &Query<'_>, maps: &[Array2<f64>]) -> Result<StratifiedRows>;

    /// What the residuals of each angle look like.
    ///
    /// # Errors
    /// As [`Objective::sweep`].
    fn residuals(&self, query: &ResidualQuery<'_>) -> Result<Vec<ResidualSums>>;

    /// Sums of the residuals of each angle over cells of groups of frames.
    ///
    /// # Errors
    /// As [`Objective::sweep`].
    fn cells(&self, query: &CellQuery<'_>) -> Result<Vec<CellSums>>;

    /// Pairs of all angles, masked ones included.
    fn n_pairs(&self) -> u64;

    /// Number of the first frame in its file, from 1.
    fn first_frame(&self) -> usize;

    /// Pseudo-pairs that stand for all pairs, where there are any to gain: for what is asked many times. Not under a robust loss.
    ///
    /// # Errors
    /// As [`Objective::sweep`].
    fn condensed(&self, fineness: Fineness) -> Result<Option<Box<dyn CondensedData + '_>>>;

    /// q^2 int D dt from the first frame to each frame: how far speckles have decorrelated by diffusion.
    fn decorrelation(&self, theta: &[f64]) -> Vec<f64>;

    /// How often the speckles of each angle renew themselves during the measurement, by diffusion and shear.
    fn renewals(&self, theta: &[f64]) -> Vec<f64>;

    /// What is known of the noise of every angle.
    fn told(&self) -> Vec<Told>;

    /// How angles resemble one another at a theta.
    fn resemblances(&self, theta: &[f64]) -> Vec<Resemblance>;

    /// Makes the grids of some angles, on all threads, and hands each with its place in `angles` to `work`.
    ///
    /// # Errors
    /// Interrupted if the user has asked to stop.
    fn on_grids(&self, query: &GridQuery<'_>, angles: &[usize], work: &(dyn Fn(usize, &Grid) + Sync)) -> Result<()>;
}
