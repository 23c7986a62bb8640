//! `posterior`: draws, their summary and how they came about, in the directory of a run. It draws nothing.

use crate::error::{Result, io_at};
use crate::machine::file_identity::content_hash;
use crate::machine::publish::{Kind, StagedDirectory};
use crate::outcome::posterior::PosteriorResult;
use crate::pipeline::marked_directory::Marked;
use crate::report::tables::json::pretty;
use crate::report::tables::parquet::Origin;
use crate::report::tables::posterior::draws;
use serde_json::Map;
use std::path::{Path, PathBuf};

/// The directory in a run directory.
pub const POSTERIOR: &str = "posterior";
/// What it says of itself.
pub(super) const DRAWS: Marked = Marked {
    marker: "_posterior.json",
    endings: &["parquet", "json", "txt", "arrow", "draws", "lock"],
    what: "posterior",
};

/// Writes `draws.parquet`, `posterior.json` and `summary.txt`.
///
/// # Errors
/// Io, with the path; E77 if something else is at the place.
pub(super) fn write_posterior(
    run: &Path,
    (result, summary): (&PosteriorResult, &str),
    origin: &Origin<'_>,
) -> Result<PathBuf> {
    let files = [
        ("draws.parquet", draws(result, origin)?),
        ("posterior.json", pretty(result)?),
        ("summary.txt", summary.as_bytes().to_vec()),
    ];
    let staged = StagedDirectory::begin(&run.join(POSTERIOR), KIND)?;
    let mut hashes = Map::new();
    for (name, content) in files {
        let path = staged.path().join(name);
        hashes.insert(name.into(), content_hash(&content).into());
        std::fs::write(&path, content).map_err(io_at(&path))?;
    }
    DRAWS.mark(staged.path(), Map::new(), hashes)?;
    staged.publish()
}

/// The kind of directory that it is.
pub const KIND: Kind =
    Kind { may_replace: |place| DRAWS.may_replace(place), is_ours: |place| DRAWS.is_unfinished(place) };
