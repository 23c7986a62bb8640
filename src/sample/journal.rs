//! Who keeps what chains have walked, piece by piece: a sampling that was killed goes on from there. It does not know where it is kept.

use crate::error::Result;
use crate::outcome::posterior::Draw;
use crate::sample::chain::State;
use crate::sample::metric::Metric;
use crate::sample::numbers::Number;
use crate::sample::outlook::Outlook;
use crate::sample::walked::Walked;
use serde::{Deserialize, Serialize};

/// A piece that was walked to its end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    /// Its draws; none of the warm-up.
    pub draws: Vec<Draw>,
    /// Places of the draws that are compared with all pairs; of shards those of all draws.
    pub places: Vec<Vec<f64>>,
    /// Gradients.
    pub gradients: u64,
    /// Where the next one begins.
    pub end: State,
}

impl Kept {
    /// Of a whole chain: nothing goes on from its end.
    #[must_use]
    pub fn whole(walked: &Walked, width: usize) -> Self {
        let Walked { draws, places, gradients, step_size, .. } = walked.clone();
        let place = places.last().cloned().unwrap_or_default();
        let end = State { place, step_size: Some(step_size), metric: Metric::round(width), window: Vec::new() };
        Kept { draws, places, gradients, end }
    }

    /// What it adds to what was walked before.
    #[must_use]
    pub fn into_walked(self) -> Walked {
        let Kept { draws, places, gradients, end } = self;
        Walked { draws, places, gradients, step_size: end.step_size.unwrap_or_default(), is_cut: false }
    }
}

/// Keeps pieces, and gives back those of an earlier sampling of the same. One that says nothing of its own keeps nothing.
pub trait Journal: Sync {
    /// What comes is on these data: all that was kept on others is of no use.
    ///
    /// # Errors
    /// What keeping reports.
    fn begin(&self, _data: &str, _numbers: &[Number]) -> Result<()> {
        Ok(())
    }

    /// A piece of a chain, if it was kept.
    ///
    /// # Errors
    /// What reading reports.
    fn recall(&self, _chain: usize, _piece: usize) -> Result<Option<Kept>> {
        Ok(None)
    }

    /// Keeps a piece of a chain.
    ///
    /// # Errors
    /// What keeping reports.
    fn keep(&self, _chain: usize, _piece: usize, _kept: &Kept) -> Result<()> {
        Ok(())
    }

    /// How the sampling that is gone on with was to be made, if that was kept.
    ///
    /// # Errors
    /// What reading reports.
    fn recall_outlook(&self) -> Result<Option<Outlook>> {
        Ok(None)
    }

    /// Keeps how the sampling is to be made.
    ///
    /// # Errors
    /// What keeping reports.
    fn keep_outlook(&self, _outlook: &Outlook) -> Result<()> {
        Ok(())
    }

    /// A chain of some shards, if it was kept, by what was tried.
    ///
    /// # Errors
    /// What reading reports.
    fn recall_shards(&self, _tried: &str, _chain: usize) -> Result<Option<Kept>> {
        Ok(None)
    }

    /// Keeps a chain of some shards that was walked to its end, with the places of all its draws.
    ///
    /// # Errors
    /// What keeping reports.
    fn keep_shards(&self, _tried: &str, _chain: usize, _kept: &Kept) -> Result<()> {
        Ok(())
    }
}

impl Journal for () {}
