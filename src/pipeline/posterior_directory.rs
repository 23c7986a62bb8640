//! `posterior`: draws, their summary and how they came about, in the directory of a run; draws are written while they are made. It draws
//! nothing.

use crate::error::{Result, io_at};
use crate::machine::claim::first_free;
use crate::machine::file_identity::content_hash;
use crate::machine::publish::{Kind, StagedDirectory};
use crate::machine::regular_file;
use crate::outcome::posterior::{Draw, PosteriorResult, PosteriorVerdict};
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
const SUMMARY: &str = "summary.txt";
/// What the marker says of store, configuration, seed and fit.
const KEY: &str = "sampling_key";
const KEY_DIGITS: usize = 8;
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
    if DRAWS.is_as_written(&place) { read(&place) } else { None }
}

/// The same of a place that is known to be as it was written.
fn read(place: &Path) -> Option<PosteriorResult> {
    let text = regular_file::read(&place.join(RESULT)).ok()?;
    let mut result: PosteriorResult = serde_json::from_slice(&text).ok()?;
    let names: Vec<&str> = result.numbers.iter().map(|number| number.name.as_str()).collect();
    result.draws = draws(regular_file::read(&place.join(DRAW_TABLE)).ok()?, &names, result.chains.len())?;
    Some(result)
}

/// A posterior that was sampled before.
pub(super) struct Earlier {
    /// What it found.
    pub result: PosteriorResult,
    /// Its table for a terminal.
    pub summary: String,
    /// Where it has stood.
    pub from: PathBuf,
}

/// The posterior of a sampling with this key, if there is one as it was written that was not cut short. One that has stood aside comes back to
/// its place.
///
/// # Errors
/// Io, with the path.
pub(super) fn equal_posterior(run: &Path, key: &str) -> Result<Option<Earlier>> {
    let place = run.join(POSTERIOR);
    let Some(from) = of_key(run, key).find(|place| DRAWS.is_as_written(place)) else { return Ok(None) };
    if from != place {
        stand_aside(&place, key)?;
        if place.symlink_metadata().is_ok() {
            return Ok(None);
        }
        std::fs::rename(&from, &place).map_err(io_at(&from))?;
    }
    let result = read(&place).filter(|found| found.verdict != PosteriorVerdict::Interrupted);
    let both = result.zip(regular_file::read_to_string(&place.join(SUMMARY)).ok());
    Ok(both.map(|(result, summary)| Earlier { result, summary, from }))
}

/// A posterior of this key that stands aside and was changed.
pub(super) fn changed_posterior(run: &Path, key: &str) -> Option<PathBuf> {
    of_key(run, key).find(|place| *place != run.join(POSTERIOR) && !DRAWS.is_as_written(place))
}

/// All that say of themselves to be of a key, the one in its place first.
fn of_key(run: &Path, key: &str) -> impl Iterator<Item = PathBuf> {
    posteriors(run).into_iter().filter(move |place| DRAWS.told(place)[KEY].as_str() == Some(key))
}

/// The posterior of a run and those that stand aside.
pub(super) fn posteriors(run: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(run).into_iter().flatten().flatten();
    let is_one = |name: &str| name == POSTERIOR || is_earlier(name);
    let named = entries.filter(|entry| entry.file_name().to_str().is_some_and(is_one));
    let mut all: Vec<PathBuf> = named.map(|entry| entry.path()).collect();
    all.sort();
    all
}

/// Whether a name is that of a posterior that stands aside: `posterior-<digits of its key>`, with a number where that was taken.
pub(super) fn is_earlier(name: &str) -> bool {
    let Some(rest) = name.strip_prefix(POSTERIOR).and_then(|rest| rest.strip_prefix('-')) else { return false };
    let (key, number) = rest.split_once('-').unwrap_or((rest, "1"));
    key.len() == KEY_DIGITS
        && key.bytes().all(|byte| byte.is_ascii_hexdigit())
        && !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// A whole posterior of other settings stands aside, under a name that nothing has; an equal one gives way. Returns where it stands.
fn stand_aside(place: &Path, key: &str) -> Result<Option<PathBuf>> {
    let told = DRAWS.told(place);
    let is_other = |known: &&str| *known != key && known.len() >= KEY_DIGITS;
    let Some(known) = told[KEY].as_str().filter(is_other) else { return Ok(None) };
    if !DRAWS.is_as_written(place) {
        return Ok(None);
    }
    let named = |number: usize| {
        let number = if number > 1 { format!("-{number}") } else { String::new() };
        place.with_file_name(format!("{POSTERIOR}-{}{number}", &known[..KEY_DIGITS]))
    };
    let aside = first_free(named);
    std::fs::rename(place, &aside).map_err(io_at(place))?;
    Ok(Some(aside))
}

/// Whole posteriors of a run go on to the results that will replace it: they are of the same fit. Files are linked, so that the earlier
/// results stay whole until then.
///
/// # Errors
/// Io, with the path.
pub(super) fn carry(run: &Path, staged: &Path) -> Result<()> {
    for place in posteriors(run).into_iter().filter(|place| DRAWS.is_as_written(place)) {
        let Some(name) = place.file_name() else { continue };
        let to = staged.join(name);
        std::fs::create_dir(&to).map_err(io_at(&to))?;
        for entry in std::fs::read_dir(&place).map_err(io_at(&place))?.flatten() {
            let (from, to) = (entry.path(), to.join(entry.file_name()));
            std::fs::hard_link(&from, &to).or_else(|_| std::fs::copy(&from, &to).map(drop)).map_err(io_at(&to))?;
        }
    }
    Ok(())
}

/// The directory while chains draw.
pub(super) struct PosteriorDirectory<'a> {
    staged: StagedDirectory,
    origin: Origin<'a>,
    key: String,
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
    pub fn begin(run: &Path, n_chains: usize, (origin, key): (Origin<'a>, &str)) -> Result<Self> {
        Ok(PosteriorDirectory {
            staged: StagedDirectory::begin(&run.join(POSTERIOR), KIND)?,
            origin,
            key: key.to_owned(),
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

    /// Writes what is left of the draws (what an interruption has cut short), `posterior.json` and `summary.txt`, and publishes all. Returns
    /// where it is, and where an earlier one of other settings stands now.
    ///
    /// # Errors
    /// Io, with the path; E77 if something else has come to the place.
    pub fn publish(mut self, result: &PosteriorResult, summary: &str) -> Result<(PathBuf, Option<PathBuf>)> {
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
        for (name, content) in [(RESULT, pretty(result)?), (SUMMARY, summary.as_bytes().to_vec())] {
            let path = place.join(name);
            hashes.insert(name.into(), content_hash(&content).into());
            std::fs::write(&path, content).map_err(io_at(&path))?;
        }
        DRAWS.mark(&place, Map::from_iter([(KEY.to_owned(), self.key.clone().into())]), hashes)?;
        let aside = stand_aside(self.staged.target(), &self.key)?;
        Ok((self.staged.publish()?, aside))
    }
}
