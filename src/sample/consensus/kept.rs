//! The draws of one chain of a shard in a file of their own, whole or not at all: 64-bit numbers, a row per draw (place, acceptance,
//! gradients, doublings, whether it diverged). It does not know what they are for.

use crate::error::{Error, Fault, Result, io_at};
use crate::machine::staged_file::{Replace, write_file};
use crate::sample::walked::Walked;
use std::path::{Path, PathBuf};

/// Numbers of a row behind the place.
const MORE: usize = 4;

/// Draws that are kept.
#[derive(Debug, Clone)]
pub struct Kept {
    path: PathBuf,
    width: usize,
    /// Draws.
    pub n_draws: usize,
    /// Gradients, those of the warm-up included.
    pub gradients: u64,
    /// Step size after the warm-up.
    pub step_size: f64,
    /// Draws that diverged.
    pub divergences: usize,
}

/// One of them.
#[derive(Debug, Clone, Copy)]
pub struct KeptDraw<'a> {
    /// Where.
    pub place: &'a [f64],
    /// Mean acceptance along the walk.
    pub acceptance: f64,
    /// Gradients.
    pub steps: u64,
    /// Doublings.
    pub depth: u64,
    /// Whether the walk diverged.
    pub is_diverging: bool,
}

/// The numbers of a file.
pub struct Rows {
    width: usize,
    numbers: Vec<f64>,
}

impl Kept {
    /// Writes what a chain has drawn, and where.
    ///
    /// # Errors
    /// Io, with the path.
    pub fn write(path: PathBuf, walked: &Walked, width: usize) -> Result<Self> {
        let mut bytes = Vec::with_capacity(walked.draws.len() * (width + MORE) * 8);
        for (draw, place) in walked.draws.iter().zip(&walked.places) {
            let more = [draw.acceptance, draw.steps as f64, draw.depth as f64, f64::from(u8::from(draw.diverging))];
            place.iter().copied().chain(more).for_each(|number| bytes.extend(number.to_le_bytes()));
        }
        write_file(&path, &bytes, Replace::File)?;
        let divergences = walked.draws.iter().filter(|draw| draw.diverging).count();
        let Walked { gradients, step_size, .. } = *walked;
        Ok(Kept { path, width, n_draws: walked.draws.len(), gradients, step_size, divergences })
    }

    /// Reads them.
    ///
    /// # Errors
    /// Io, with the path; Format if the file is not as it was written.
    pub fn read(&self) -> Result<Rows> {
        let bytes = std::fs::read(&self.path).map_err(io_at(&self.path))?;
        if bytes.len() != self.n_draws * (self.width + MORE) * 8 {
            return Err(changed(&self.path));
        }
        let number = |bytes: &[u8]| bytes.try_into().map_or(f64::NAN, f64::from_le_bytes);
        Ok(Rows { width: self.width, numbers: bytes.chunks_exact(8).map(number).collect() })
    }

    /// Removes the file: another attempt has taken its place.
    pub fn remove(&self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

fn changed(path: &Path) -> Error {
    Fault::at(path.display(), "was changed while it was needed")
        .expected("the draws that were written")
        .advice("sample again")
        .format()
}

impl Rows {
    /// Draw `k`.
    #[must_use]
    pub fn draw(&self, k: usize) -> KeptDraw<'_> {
        let row = &self.numbers[k * (self.width + MORE)..(k + 1) * (self.width + MORE)];
        let (place, more) = row.split_at(self.width);
        let [acceptance, steps, depth, diverging] = [more[0], more[1], more[2], more[3]];
        KeptDraw { place, acceptance, steps: steps as u64, depth: depth as u64, is_diverging: diverging != 0.0 }
    }

    /// All places.
    pub fn places(&self) -> impl Iterator<Item = &[f64]> + Clone {
        self.numbers.chunks_exact(self.width + MORE).map(|row| &row[..self.width])
    }
}
