//! `_condensed.arrow` of a store: pseudo-pairs of all angles, a row for each. It does not know where pseudo-pairs lie; the rule by which
//! they are laid out, in words, is part of what it says of itself.

use crate::error::catalogue::Code;
use crate::error::{Error, Fault, Result, io_at};
use crate::machine::file_identity::content_hash;
use crate::machine::regular_file;
use crate::machine::staged_file::{Replace, StagedFile};
use crate::store::arrow_file::{ArrowFile, arrow_writer};
use crate::store::condensed_angle::CondensedAngle;
use crate::store::condensed_table::{batch, fields, of_row};
use crate::store::described::{CONDENSED, PREDICTION, Whose, mark_of_condensed, named, refused, told};
use crate::store::folder::Folder;
use arrow_ipc::writer::FileWriter;
use arrow_schema::{Schema, SchemaRef};
use bytes::Bytes;
use std::fs::File;
use std::io::{BufWriter, Read};
use std::path::Path;
use std::sync::Arc;

/// File name, beside the folder of the partitions. Readers of datasets pass by names with an underscore.
pub const CONDENSED_NAME: &str = "_condensed.arrow";

/// The file on its way: it appears when all angles are written.
pub struct CondensedWriter {
    /// What checksums begin with.
    words: String,
    staged: StagedFile,
    schema: SchemaRef,
    writer: FileWriter<BufWriter<File>>,
}

impl CondensedWriter {
    /// Of the store in a directory, whose pseudo-pairs are laid out by a rule, with what a model predicts of them.
    ///
    /// # Errors
    /// Io if the store cannot be written.
    pub fn begin(store: &Path, whose: &Whose, (rule, prediction): (&str, Option<&str>)) -> Result<Self> {
        let place = store.join(CONDENSED_NAME);
        if place.symlink_metadata().is_ok() && !is_ours(&place) {
            return Err(foreign(&place));
        }
        let staged = StagedFile::begin(&place, Replace::File)?;
        let mut description = whose.description_of_condensed(rule);
        description.extend(prediction.map(|prediction| named(PREDICTION, prediction)));
        let schema = Arc::new(Schema::new_with_metadata(fields(), description));
        let file = File::create(staged.path()).map_err(io_at(staged.path()))?;
        let writer = arrow_writer(BufWriter::new(file), &schema);
        let writer = writer.map_err(|error| refused(staged.path(), error.into()))?;
        Ok(CondensedWriter { words: words(whose, prediction), staged, schema, writer })
    }

    /// Writes the next angle.
    ///
    /// # Errors
    /// Io, with the path.
    pub fn write(&mut self, phi_degrees: f64, angle: &CondensedAngle) -> Result<()> {
        let checksum = checksum(&self.words, angle);
        let written = batch(&self.schema, phi_degrees, angle, &checksum).and_then(|batch| self.writer.write(&batch));
        written.map_err(|error| refused(self.staged.path(), error.into()))
    }

    /// Makes the file visible.
    ///
    /// # Errors
    /// Io, with the path.
    pub fn publish(mut self) -> Result<()> {
        self.writer.finish().map_err(|error| refused(self.staged.path(), error.into()))?;
        self.staged.publish()
    }
}

/// What a file holds.
pub struct CondensedStore {
    /// Pseudo-pairs of all angles.
    pub angles: Vec<CondensedAngle>,
    /// How near they lead, as the model of the configuration that they were made with predicts it.
    pub prediction: Option<String>,
}

/// What a store has of pseudo-pairs, laid out by a rule if one is asked for; `None` if it has none, or others.
///
/// # Errors
/// E72 if they are not those that were written; Io if they cannot be read.
pub fn read(folder: &Folder, whose: &Whose, rule: Option<&str>, n_angles: usize) -> Result<Option<CondensedStore>> {
    let place = folder.place(CONDENSED_NAME);
    // A file of somebody else is none of the store's.
    if !is_ours(&place) {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    folder.file(CONDENSED_NAME)?.read_to_end(&mut bytes).map_err(io_at(&place))?;
    let file = ArrowFile::of(Bytes::from(bytes)).map_err(|what| damaged(&place, what))?;
    let metadata = file.schema().metadata();
    let expected = whose.description_of_condensed(rule.or(told(metadata, CONDENSED)).unwrap_or_default());
    if expected.keys().any(|name| metadata.get(name) != expected.get(name)) {
        return Ok(None);
    }
    let prediction = told(metadata, PREDICTION).map(str::to_owned);
    let words = words(whose, prediction.as_deref());
    let angle = |k: usize| {
        let (angle, sum) = file.batch(k).as_ref().and_then(of_row).ok_or_else(|| damaged(&place, "is damaged"))?;
        match sum == checksum(&words, &angle) {
            true => Ok(angle),
            false => Err(damaged(&place, "does not hold what was written (checksum)")),
        }
    };
    match file.n_batches() == n_angles {
        true => Ok(Some(CondensedStore { angles: (0..n_angles).map(angle).collect::<Result<_>>()?, prediction })),
        false => Err(damaged(&place, &format!("{} angles, the store has {n_angles}", file.n_batches()))),
    }
}

/// Bytes of a file within which its schema stands.
const HEAD: u64 = 1 << 16;

/// Whether a file is one of this program, of any version and whole or not: it says so in its schema, which comes first.
#[must_use]
pub fn is_ours(place: &Path) -> bool {
    says(place, &[&mark_of_condensed()])
}

/// Whether all these words stand in the schema of a file.
#[must_use]
pub fn says(place: &Path, words: &[&str]) -> bool {
    let mut head = Vec::new();
    let read = regular_file::open(place).and_then(|file| file.take(HEAD).read_to_end(&mut head));
    let has = |word: &&str| head.windows(word.len()).any(|bytes| bytes == word.as_bytes());
    read.is_ok() && words.iter().all(has)
}

/// E78: a file that is not ours is not replaced.
fn foreign(place: &Path) -> Error {
    Fault::at(place.display(), "is no file of this program")
        .expected("condensed data of the store, or nothing")
        .advice("give it another name or move it out of the store")
        .code(Code::E78)
        .config()
}

fn damaged(place: &Path, what: &str) -> Error {
    Fault::at(place.display(), what)
        .expected("the pseudo-pairs that were written")
        .advice("remove the file, or make it anew with `homodyne condense --force`")
        .code(Code::E72)
        .format()
}

/// The store that pseudo-pairs are from, and what is said of them.
fn words(whose: &Whose, prediction: Option<&str>) -> String {
    format!("{}{}", whose.content_key, prediction.unwrap_or_default())
}

/// Of all numbers of an angle, after some words.
fn checksum(words: &str, angle: &CondensedAngle) -> String {
    let CondensedAngle { moments, squares, pairs, missing, unseen } = angle;
    let mut bytes = words.as_bytes().to_vec();
    let mut add = |value: u64| bytes.extend(value.to_le_bytes());
    moments.iter().for_each(|moment| add(moment.to_bits()));
    [*squares, unseen.energy, unseen.degrees, unseen.most_energy, unseen.most_degrees]
        .iter()
        .for_each(|value| add(value.to_bits()));
    unseen.most_at.iter().flat_map(|range| [range.start, range.end]).for_each(|frame| add(frame as u64));
    add(*pairs);
    for pair in missing {
        pair.frames.iter().for_each(|&frame| add(u64::from(frame)));
        add(pair.stand_in.to_bits());
    }
    content_hash(&bytes)[..16].into()
}
