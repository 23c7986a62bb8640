//! A beamline file to a store: reads, checks, cuts and writes one matrix per worker; reuses an equal store.

use crate::error::Result;
use crate::ingest::job::Job;
use crate::ingest::request::{IngestSettings, Ingested};
use crate::ingest::reuse::{Earlier, content_key, earlier_store};
use crate::listener::Watch;
use crate::store::directory::hash_file;
use crate::store::writer::StagedStore;

/// Makes the store, or finds that it is there.
///
/// # Errors
/// Every case of the catalogue that is about data files; nothing half-written is left behind.
pub fn ingest(request: &IngestSettings, threads: usize, watch: &Watch<'_>) -> Result<Ingested> {
    let source = request.source()?;
    crate::ingest::files::signature::check_hdf5(source)?;
    let source_blake3 = hash_file(source)?;
    let content_key = content_key(request, &source_blake3)?;
    let damage = match earlier_store(request, &content_key) {
        Earlier::Same(manifest) => return Ok(Ingested { reused: true, damage: None, manifest: *manifest }),
        Earlier::Damaged(damage) => Some(damage),
        Earlier::Other => None,
    };
    let job = Job::plan(request, threads)?;
    let staged = StagedStore::begin(&request.store, request.format, request.block_points)?;
    let converted = job.convert(&staged, watch)?;
    let manifest = job.manifest(converted, source_blake3, content_key)?;
    staged.publish(&manifest)?;
    Ok(Ingested { reused: false, damage, manifest })
}
