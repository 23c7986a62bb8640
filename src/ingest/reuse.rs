//! Whether the wanted store is there already. It makes none.

use crate::error::{Fault, Result};
use crate::ingest::request::IngestSettings;
use crate::machine::file_identity::content_hash;
use crate::store::directory::Store;
use crate::store::manifest::{FORMAT_VERSION, Manifest, StoreFormat};
use crate::store::recognise::is_store;
use serde_json::Value;
use std::path::Path;

/// Raised when ingest finds other numbers in the same file: earlier stores can still be read and fitted, but they are not what
/// an ingest would make now. 2: raw diagonal, pixels, sigma of counts and of rounded values,
/// correlation of the white part.
pub(super) const RULES: u32 = 2;

/// Equal keys hold equal stores.
pub(super) fn content_key(request: &IngestSettings, source_blake3: &str) -> Result<String> {
    let made = made(request.format, request.block_points, request.long);
    key_of(&serde_json::json!([FORMAT_VERSION, RULES, source_blake3, request.selection, made]))
}

/// How a store is made. Stores without columns of pairs keep the keys that they had before there were any.
pub(super) fn made(format: StoreFormat, block_points: usize, long: bool) -> Value {
    match long && format == StoreFormat::Arrow {
        true => serde_json::json!([format, block_points, "long"]),
        false => serde_json::json!([format, block_points]),
    }
}

/// The key of everything that decides what a store holds.
pub(super) fn key_of(parts: &Value) -> Result<String> {
    let text =
        serde_json::to_vec(parts).map_err(|source| Fault::at("selection", "no JSON").source(source).internal())?;
    Ok(content_hash(&text))
}

/// What stands where the store is to be.
pub(super) enum Earlier {
    /// The wanted store, whole.
    Same(Box<Manifest>),
    /// A store that cannot be trusted, with the partition and what is wrong.
    Damaged(String),
    /// Nothing, or the store of something else.
    Other,
}

/// Looks at `place` for the store with a key, and at its checksums if it is to be verified.
pub(super) fn earlier_store(place: &Path, content_key: &str, verify: bool) -> Earlier {
    if !is_store(place) {
        return Earlier::Other;
    }
    let checked = Store::open(place, None).and_then(|store| {
        let same = store.manifest().content_key == content_key;
        if same && verify {
            store.verify()?;
        }
        Ok(same.then(|| Box::new(store.manifest().clone())))
    });
    match checked {
        Ok(Some(manifest)) => Earlier::Same(manifest),
        Ok(None) => Earlier::Other,
        Err(error) => Earlier::Damaged(error.to_string()),
    }
}
