//! Follows a sampling: every piece of a chain goes into its checkpoint and its draws into the table of draws. It draws nothing.

use crate::error::Result;
use crate::outcome::posterior::{Draw, PosteriorResult, PosteriorVerdict};
use crate::pipeline::chain_checkpoint::ChainCheckpoint;
use crate::pipeline::posterior_directory::PosteriorDirectory;
use crate::sample::journal::{Journal, Kept};
use crate::sample::numbers::Number;
use crate::sample::outlook::Outlook;
use crate::sample::pieces::Piece;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The checkpoint and the directory of one sampling.
pub(super) struct DrawJournal<'a> {
    checkpoint: ChainCheckpoint,
    pieces: Vec<Piece>,
    state: Mutex<State<'a>>,
}

struct State<'a> {
    directory: PosteriorDirectory<'a>,
    data: String,
    shifts: Vec<f64>,
}

impl<'a> DrawJournal<'a> {
    /// Of both.
    pub fn new(checkpoint: ChainCheckpoint, directory: PosteriorDirectory<'a>, pieces: Vec<Piece>) -> Self {
        let state = State { directory, data: String::new(), shifts: Vec::new() };
        DrawJournal { checkpoint, pieces, state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State<'a>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, chain: usize, piece: usize, draws: &[Draw]) -> Result<()> {
        if self.pieces.get(piece).is_none_or(|piece| piece.is_warmup) {
            return Ok(());
        }
        let mut state = self.state();
        let mut shown = draws.to_vec();
        for draw in &mut shown {
            draw.values.iter_mut().zip(&state.shifts).for_each(|(value, shift)| *value += shift);
        }
        state.directory.add(piece, chain, shown)
    }

    /// Publishes what was drawn; checkpoints stay if something is left to draw. Returns where, and where an earlier one stands now.
    ///
    /// # Errors
    /// What writing reports.
    pub fn finish(self, result: &PosteriorResult, summary: &str) -> Result<(PathBuf, Option<PathBuf>)> {
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        let published = state.directory.publish(result, summary)?;
        if result.verdict != PosteriorVerdict::Interrupted {
            self.checkpoint.remove();
        }
        Ok(published)
    }
}

impl Journal for DrawJournal<'_> {
    fn begin(&self, data: &str, numbers: &[Number]) -> Result<()> {
        let mut state = self.state();
        data.clone_into(&mut state.data);
        state.shifts = numbers.iter().map(|number| number.shift).collect();
        let named: Vec<(String, String)> =
            numbers.iter().map(|number| (number.name.clone(), number.unit.clone())).collect();
        let first = self.pieces.iter().position(|piece| !piece.is_warmup).unwrap_or(self.pieces.len());
        state.directory.begin_draws(&named, first)
    }

    fn recall(&self, chain: usize, piece: usize) -> Result<Option<Kept>> {
        let data = self.state().data.clone();
        let kept = self.checkpoint.recall(&data, chain, piece)?;
        if let Some(kept) = &kept {
            self.add(chain, piece, &kept.draws)?;
        }
        Ok(kept)
    }

    fn keep(&self, chain: usize, piece: usize, kept: &Kept) -> Result<()> {
        let data = self.state().data.clone();
        self.checkpoint.keep(&data, (chain, piece), kept)?;
        self.add(chain, piece, &kept.draws)
    }

    fn recall_outlook(&self) -> Result<Option<Outlook>> {
        self.checkpoint.recall_outlook()
    }

    fn keep_outlook(&self, outlook: &Outlook) -> Result<()> {
        self.checkpoint.keep_outlook(outlook)
    }

    fn recall_shards(&self, tried: &str, chain: usize) -> Result<Option<Kept>> {
        self.checkpoint.recall(tried, chain, 0)
    }

    fn keep_shards(&self, tried: &str, chain: usize, kept: &Kept) -> Result<()> {
        self.checkpoint.keep(tried, (chain, 0), kept)
    }
}
