//! A beamline file to a store: reads, checks, cuts and writes one matrix per worker; reuses an equal store.

use crate::error::catalogue::Code;
use crate::error::{Error, Fault, Result};
use crate::ingest::job::{Job, SourceContent};
use crate::ingest::request::{IngestSettings, Ingested, StorePlace};
use crate::ingest::reuse::{Earlier, Others, Place, content_key, earlier_store, may_give_way};
use crate::listener::Watch;
use crate::machine::file_identity::FileIdentity;
use crate::machine::folder::parent_of;
use crate::machine::publish::tidy_up;
use crate::store::directory::hash_file;
use crate::store::recognise::STORE;
use crate::store::writer::StagedStore;
use std::path::{Path, PathBuf};

/// Makes the store, or finds that it is there.
///
/// # Errors
/// Every case of the catalogue that is about data files; nothing half-written is left behind.
pub fn ingest(request: &IngestSettings, threads: usize, watch: &Watch<'_>) -> Result<Ingested> {
    let source = request.source()?;
    crate::ingest::files::signature::check_hdf5(source)?;
    let identity = FileIdentity::of(source)?;
    let source_blake3 = hash_file(source)?;
    let content_key = content_key(request, &source_blake3)?;
    let store = request.store.of(&content_key);
    tidy_up(&parent_of(&store), STORE);
    let damage = match earlier_store(&store, &content_key, request.reuse)? {
        Earlier::Same(same) => return Ok(same.at(&store)),
        Earlier::Damaged(damage) => Some(damage),
        Earlier::Other => None,
    };
    let others = match request.store {
        StorePlace::Directory(_) => Others::IfMadeAgain,
        StorePlace::Keyed { .. } => Others::Aside,
    };
    may_give_way(&store, (source, &source_blake3), others)?;
    let job = Job::plan(request, threads)?;
    let staged = StagedStore::begin(&store, request.format, job.whose(&content_key))?.long(request.long);
    let converted = job.convert(&staged, watch)?;
    let now = FileIdentity::of(source)?;
    if now != identity {
        return Err(changed(source, identity, now));
    }
    let content = SourceContent { blake3: source_blake3, identity };
    let manifest = job.manifest(converted, content, content_key)?;
    let place = Place { path: &store, reuse: request.reuse, others, damage };
    let earlier = place.publish(staged, &manifest)?;
    Ok(Ingested { reused: false, compared: 0, earlier, store, manifest })
}

/// The directory of the store that an ingest would make or reuse.
///
/// # Errors
/// Config if no file is named; Io if it cannot be read.
pub fn place_of(request: &IngestSettings) -> Result<PathBuf> {
    Ok(request.store.of(&content_key(request, &hash_file(request.source()?)?)?))
}

/// What was read first and last need not belong together.
pub(super) fn changed(source: &Path, before: FileIdentity, after: FileIdentity) -> Error {
    let found = match before.bytes == after.bytes {
        true => format!("was written to while it was read ({} bytes)", after.bytes),
        false => format!("had {} bytes and has {} now: it changed while it was read", before.bytes, after.bytes),
    };
    Fault::at(source.display(), found)
        .expected("a file that nobody writes to")
        .advice("wait until the measurement or copy is complete, and run the same command again")
        .code(Code::E40)
        .format()
}
