//! `posterior`: draws, their summary and how they came about, in the directory of a run; draws are written while they are made. It draws
//! nothing.

use crate::error::{Result, io_at};
use crate::machine::file_identity::content_hash;
use crate::machine::publish::{Kind, StagedDirectory};
use crate::machine::regular_file;
use crate::outcome::posterior::{Draw, PosteriorResult};
use crate::pipeline::marked_directory::Marked;
use crate::report::tables::json::pretty;
use crate::report::tables::parquet::Origin;
use crate::report::tables::posterior::{DrawTable, NamedUnit};
use crate::report::tables::read::draws;
use serde_json::Map;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

/// The directory in a run directory.
pub const POSTERIOR: &str = "posterior";
/// The table of draws in it.
pub const DRAW_TABLE: &str = "draws.parquet";
/// What it found, beside.
pub const RESULT: &str = "posterior.json";
/// What it says of itself.
pub(super) const DRAWS: Marked = Marked {
    marker: "_posterior.json",
    endings: &["parquet", "json", "txt", "arrow", "draws", "lock"],
    what: "posterior",
};

/// The kind of directory that it is.
pub const KIND: Kind =
    Kind { may_replace: |place| DRAWS.may_replace(place), is_ours: |place| DRAWS.is_unfinished(place) };

/// The posterior of a run, with its draws; `None` where none was sampled, or it is not as it was written.
pub(super) fn read_posterior(run: &Path) -> Option<PosteriorResult> {
    let place = run.join(POSTERIOR);
    if !place.join(DRAWS.marker).is_file() || !DRAWS.is_as_written(&place) {
        return None;
    }
    let text = regular_file::read(&place.join(RESULT)).ok()?;
    let mut result: PosteriorResult = serde_json::from_slice(&text).ok()?;
    let names: Vec<&str> = result.numbers.iter().map(|number| number.name.as_str()).collect();
    result.draws = draws(regular_file::read(&place.join(DRAW_TABLE)).ok()?, &names, result.chains.len())?;
    Some(result)
}

/// The directory while chains draw.
pub(super) struct PosteriorDirectory<'a> {
    staged: StagedDirectory,
    origin: Origin<'a>,
    n_chains: usize,
    stream: Option<Stream>,
}

/// The table while chains draw: pieces in turn, of every chain the first, then the second.
struct Stream {
    table: DrawTable,
    /// Draws of every chain that are in it.
    written: Vec<usize>,
    /// Pieces that came before their turn, by their number and that of their chain.
    early: BTreeMap<(usize, usize), Vec<Draw>>,
    /// Whose turn it is.
    turn: (usize, usize),
}

impl<'a> PosteriorDirectory<'a> {
    /// Begins one in a run directory.
    ///
    /// # Errors
    /// Io, with the path; E77 if something else is at the place.
    pub fn begin(run: &Path, n_chains: usize, origin: Origin<'a>) -> Result<Self> {
        Ok(PosteriorDirectory {
            staged: StagedDirectory::begin(&run.join(POSTERIOR), KIND)?,
            origin,
            n_chains,
            stream: None,
        })
    }

    /// Begins the table, anew if there is one; `first` is the number of the first piece that has draws.
    ///
    /// # Errors
    /// Io, with the path.
    pub fn begin_draws(&mut self, numbers: &[NamedUnit], first: usize) -> Result<()> {
        let path = self.staged.path().join(DRAW_TABLE);
        let file = File::create(&path).map_err(io_at(&path))?;
        let table = DrawTable::begin(file, numbers, &self.origin)?;
        let written = vec![0; self.n_chains];
        self.stream = Some(Stream { table, written, early: BTreeMap::new(), turn: (first, 0) });
        Ok(())
    }

    /// Adds the draws of a piece of a chain, once it is its turn.
    ///
    /// # Errors
    /// Io if they cannot be written.
    pub fn add(&mut self, piece: usize, chain: usize, draws: Vec<Draw>) -> Result<()> {
        let Some(stream) = &mut self.stream else { return Ok(()) };
        stream.early.insert((piece, chain), draws);
        while let Some(draws) = stream.early.remove(&stream.turn) {
            let (piece, chain) = stream.turn;
            stream.table.add(chain, stream.written[chain], &draws)?;
            stream.written[chain] += draws.len();
            stream.turn = if chain + 1 < self.n_chains { (piece, chain + 1) } else { (piece + 1, 0) };
            if stream.turn.1 == 0 {
                stream.table.flush()?;
            }
        }
        Ok(())
    }

    /// Writes what is left of the draws (what an interruption has cut short), `posterior.json` and `summary.txt`, and publishes all.
    ///
    /// # Errors
    /// Io, with the path; E77 if something else has come to the place.
    pub fn publish(mut self, result: &PosteriorResult, summary: &str) -> Result<PathBuf> {
        if self.stream.is_none() {
            // Draws that are combined of others come all at once.
            self.n_chains = result.draws.len();
            let named: Vec<NamedUnit> =
                result.numbers.iter().map(|number| (number.name.clone(), number.unit.clone())).collect();
            self.begin_draws(&named, 0)?;
        }
        let place = self.staged.path().to_path_buf();
        let mut hashes = Map::new();
        if let Some(mut stream) = self.stream {
            for (chain, draws) in result.draws.iter().enumerate() {
                let before = stream.written[chain];
                stream.table.add(chain, before, &draws[before..])?;
            }
            stream.table.close()?;
            let path = place.join(DRAW_TABLE);
            hashes.insert(DRAW_TABLE.into(), content_hash(&std::fs::read(&path).map_err(io_at(&path))?).into());
        }
        for (name, content) in [(RESULT, pretty(result)?), ("summary.txt", summary.as_bytes().to_vec())] {
            let path = place.join(name);
            hashes.insert(name.into(), content_hash(&content).into());
            std::fs::write(&path, content).map_err(io_at(&path))?;
        }
        DRAWS.mark(&place, Map::new(), hashes)?;
        self.staged.publish()
    }
}
