//! Whether the wanted store is there already. It makes none.

use crate::error::catalogue::Code;
use crate::error::{Fault, Result, io_at};
use crate::ingest::adopt::sources::are_the_tables;
use crate::ingest::request::{IngestSettings, Ingested, Reuse};
use crate::machine::claim::free_name;
use crate::machine::file_identity::{FileIdentity, content_hash};
use crate::store::directory::{Store, hash_file};
use crate::store::manifest::{FORMAT_VERSION, Manifest, Provenance, StoreFormat};
use crate::store::recognise::{is_store, manifest_of};
use crate::store::writer::StagedStore;
use serde_json::Value;
use std::path::Path;

/// Raised when ingest finds other numbers in the same file: earlier stores can still be read and fitted, but they are not what
/// an ingest would make now. 2: raw diagonal, pixels, sigma of counts and of rounded values,
/// correlation of the white part. 3: frames whose intensity is not a number are masked, and all that intensities mask are told.
pub(super) const RULES: u32 = 3;

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
    /// The wanted store, as far as that was asked.
    Same(Box<Same>),
    /// A store that cannot be used, with what is wrong.
    Damaged(String),
    /// Nothing, or the store of something else.
    Other,
}

/// The wanted store.
pub(super) struct Same {
    manifest: Manifest,
    /// Partitions that were compared with their checksums.
    compared: usize,
}

impl Same {
    /// What an ingest says of it.
    pub fn at(self, place: &Path) -> Ingested {
        let Same { manifest, compared } = self;
        Ingested { reused: true, compared, earlier: None, store: place.to_path_buf(), manifest }
    }
}

/// Whether the store of another source may give way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Others {
    /// If it can be made again.
    IfMadeAgain,
    /// It is kept under another name: a place by key is not the place of anything else.
    Aside,
    /// Not at all.
    Never,
}

/// Looks at `place` for the store with a key. Of any store that would be used or give way, what is asked of one that is there holds.
///
/// # Errors
/// What is wrong with a partition of which the manifest tells, unless the store is to be made anew: it may have been edited on purpose.
pub(super) fn earlier_store(place: &Path, content_key: &str, reuse: Reuse) -> Result<Earlier> {
    if !is_store(place) {
        return Ok(Earlier::Other);
    }
    let checked = Store::open(place, None).and_then(|store| {
        let is_same = store.manifest().content_key == content_key;
        let compared = match reuse {
            Reuse::Believed if is_same => 0,
            Reuse::Verified => store.verify().map(|()| store.manifest().partitions.len())?,
            _ => store.verify_touched()?,
        };
        let is_used = is_same && reuse != Reuse::Never;
        Ok(is_used.then(|| Box::new(Same { manifest: store.manifest().clone(), compared })))
    });
    match checked {
        Ok(Some(same)) => Ok(Earlier::Same(same)),
        Ok(None) => Ok(Earlier::Other),
        Err(error) if reuse != Reuse::Never && Manifest::of(place).is_ok() => Err(error),
        Err(error) => Ok(Earlier::Damaged(error.to_string())),
    }
}

/// The place of a new store and what is known of it.
pub(super) struct Place<'a> {
    pub path: &'a Path,
    pub reuse: Reuse,
    pub others: Others,
    /// What is wrong with the store that is there.
    pub damage: Option<String>,
}

impl Place<'_> {
    /// Publishes a store there. What it cannot know for an earlier state of the same is kept under another name. Returns what there is to
    /// say of it.
    ///
    /// # Errors
    /// What publishing reports; Io if what is there cannot be moved. Then all is as it was.
    pub fn publish(self, staged: StagedStore, manifest: &Manifest) -> Result<Option<String>> {
        let Some(why) = self.why_kept(manifest) else {
            staged.publish(manifest)?;
            return Ok(self.damage.map(|damage| format!("the earlier store was damaged and is made anew: {damage}")));
        };
        let kept = free_name(self.path, "kept");
        std::fs::rename(self.path, &kept).map_err(io_at(self.path))?;
        if let Err(error) = staged.publish(manifest) {
            let _ = std::fs::rename(&kept, self.path);
            return Err(error);
        }
        Ok(Some(format!("the store that was in this place is kept as {}: {why}", kept.display())))
    }

    /// Why what is there must not be lost, if it must not.
    fn why_kept(&self, manifest: &Manifest) -> Option<String> {
        if !is_store(self.path) {
            return None;
        }
        // One that another command was just taking away is not damaged: the next look finds what came instead.
        match Manifest::of(self.path).or_else(|_| Manifest::of(self.path)) {
            Err(damage) => (self.reuse != Reuse::Never).then(|| damage.to_string()),
            Ok(found) => (self.others == Others::Aside && found.content_key != manifest.content_key)
                .then(|| format!("it holds other data, made from {}", found.provenance.source)),
        }
    }
}

/// Whether what a store was made from is still there, by its content.
#[must_use]
pub fn can_be_made_again(provenance: &Provenance) -> bool {
    let source = Path::new(&provenance.source);
    if provenance.is_adopted() {
        return are_the_tables(source, &provenance.files);
    }
    let is_known = || FileIdentity::of(source).is_ok_and(|found| provenance.source_identity == Some(found));
    source.is_file() && (is_known() || hash_file(source).is_ok_and(|found| found == provenance.source_blake3))
}

/// The store of something else gives way to a new one only if it is of the same content, of an earlier state of the same source, or can be
/// made again and others may: data are not lost by a name. `source` is what the new one is made from, with its content.
///
/// # Errors
/// E70 if what it was made from is not there any more, if the manifest does not tell, or if others may not.
pub(super) fn may_give_way(place: &Path, (source, content): (&Path, &str), others: Others) -> Result<()> {
    let Some(told) = manifest_of(place) else { return Ok(()) };
    // A damaged manifest, or one of another version, still tells where its data came from.
    let earlier: Option<Provenance> = serde_json::from_value(told["provenance"].clone()).ok();
    let is_same = |earlier: &Provenance| {
        let there = Path::new(&earlier.source).canonicalize();
        earlier.source_blake3 == content || there.is_ok_and(|there| source.canonicalize().is_ok_and(|own| own == there))
    };
    // Of a damaged manifest nobody has asked before how it differs.
    let is_known = Manifest::of(place).is_ok();
    let others_may = others == Others::IfMadeAgain && is_known;
    let found = match earlier {
        _ if others == Others::Aside && is_known => return Ok(()),
        Some(earlier) if is_same(&earlier) => return Ok(()),
        Some(earlier) if !can_be_made_again(&earlier) => {
            format!("holds the store of other data, whose source {} is not there as it was", earlier.source)
        }
        Some(_) if others_may => return Ok(()),
        Some(earlier) => format!("holds the store of other data, made from {}", earlier.source),
        None => "holds a store that does not tell what it was made from".into(),
    };
    Err(Fault::at(place.display(), found)
        .expected("a new place, or a store that can be made again")
        .advice("choose another directory for the new one, or move or remove that one")
        .code(Code::E70)
        .config())
}
