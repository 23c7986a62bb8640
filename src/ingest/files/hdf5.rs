//! Reads HDF5 objects; every error names file, path and what was found. It knows no layout.
//!
//! Whether an object exists and whether it can be read are two questions: what is there and cannot be read is damage, never absence.

use crate::error::catalogue::Code;
use crate::error::{Error, Fault, Result};
use crate::ingest::files::legible::{ILLEGIBLE, LegibleFile};
use crate::ingest::files::links::{NamedLink, named_links};
use crate::ingest::files::numbers::{are_numbers, count_labels, kind_in_words, read_numbers};
use crate::ingest::files::signature::check_hdf5;
use crate::units::lengths;
use hdf5_reader::attribute_api::Attribute;
use hdf5_reader::error::Error as ReaderError;
use hdf5_reader::group::Group;
use hdf5_reader::messages::filter_pipeline::FilterDescription;
use hdf5_reader::{Dataset, FilterRegistry, Hdf5File, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const LZF_FILTER: u16 = 32_000;

/// An HDF5 file, opened read-only and without locks.
pub struct Source {
    path: PathBuf,
    file: Hdf5File,
}

impl Source {
    /// Opens a file after looking at its first bytes.
    ///
    /// # Errors
    /// E01 to E05, see [`check_hdf5`]; E04 also if the file is shorter than it says it is.
    pub fn open(path: &Path) -> Result<Self> {
        let begin = check_hdf5(path)?;
        let mut filters = FilterRegistry::new();
        filters.register(LZF_FILTER, Box::new(lzf));
        // No chunk cache: every matrix is read once and whole.
        let options = OpenOptions {
            chunk_cache_bytes: 0,
            max_chunk_bytes: usize::MAX,
            filter_registry: Some(filters),
            ..OpenOptions::default()
        };
        let storage = LegibleFile::open(path, begin);
        let opened = storage.and_then(|storage| Hdf5File::from_storage_with_options(Arc::new(storage), options));
        let file = opened.map_err(|source| {
            Fault::at(path.display(), "the HDF5 structure cannot be read")
                .expected("a complete HDF5 file")
                .advice("copy the file again, or wait until it is written")
                .code(Code::E04)
                .source(source)
                .format()
        })?;
        let source = Source { path: path.to_path_buf(), file };
        source.check_complete()?;
        Ok(source)
    }

    fn check_complete(&self) -> Result<()> {
        let superblock = self.file.superblock();
        let length = std::fs::metadata(&self.path).map_or(0, |metadata| metadata.len());
        let declared = superblock.eof_address.saturating_add(superblock.base_address).max(superblock.eof_address);
        if superblock.eof_address != u64::MAX && length < superblock.eof_address {
            return Err(Fault::at(self.path.display(), format!("incomplete file: {length} bytes"))
                .expected(format!("{declared} bytes, as its superblock says"))
                .advice("copy the file again, or wait until it is written")
                .code(Code::E04)
                .format());
        }
        Ok(())
    }

    /// The file's path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// "file:/hdf5/path", the place of an error.
    #[must_use]
    pub fn place(&self, object: &str) -> String {
        format!("{}:{object}", self.path.display())
    }

    /// A group, if there is one at that path.
    ///
    /// # Errors
    /// E04 if it is there and cannot be read.
    pub fn group(&self, path: &str) -> Result<Option<Group>> {
        self.if_there(path, self.file.group(path))
    }

    /// A dataset, if there is one at that path.
    ///
    /// # Errors
    /// E04 if it is there and cannot be read.
    pub fn optional_dataset(&self, path: &str) -> Result<Option<Dataset>> {
        self.if_there(path, self.open_dataset(path))
    }

    /// What was opened; `None` if nothing is there.
    fn if_there<T>(&self, path: &str, opened: std::result::Result<T, ReaderError>) -> Result<Option<T>> {
        match opened {
            Ok(object) => Ok(Some(object)),
            Err(error) if is_absence(&error) => self.is_absent(path).map(|()| None),
            Err(error) => Err(self.decode_error(path, error)),
        }
    }

    /// Whether the first name of a path that is not there is nowhere at all: no object of another kind, no link that was not followed,
    /// no name beside it that one changed byte has made of it.
    fn is_absent(&self, path: &str) -> Result<()> {
        let decode_error = |error| self.decode_error(path, error);
        let damaged = |found: String| {
            Err(Fault::at(self.place(path), found)
                .expected("an undamaged file")
                .advice("copy the file again; if all is right there, rename the object")
                .code(Code::E04)
                .format())
        };
        let (mut group, mut above) = (self.file.root_group().map_err(decode_error)?, String::new());
        for name in path.split('/').filter(|name| !name.is_empty()) {
            above = format!("{above}/{name}");
            if let Ok(next) = group.group(name) {
                group = next;
                continue;
            }
            if group.dataset(name).is_ok() {
                return damaged(format!("{name:?} is a dataset where a group belongs"));
            }
            let links = named_links(&self.file, &group).map_err(decode_error)?;
            if let Some(link) = links.iter().find(|link| link.name == name) {
                return Err(self.not_followed(&above, link));
            }
            let (groups, datasets) = group.member_names().map_err(decode_error)?;
            return match groups.into_iter().chain(datasets).find(|other| may_have_been(name, other)) {
                Some(similar) if similar.contains(ILLEGIBLE) => Err(self.illegible(path, &similar)),
                Some(similar) => damaged(format!("a name beside it, {similar:?}, differs in one character")),
                None => Ok(()),
            };
        }
        damaged("is a group where a dataset belongs".into())
    }

    /// E37: what a link that is not followed leads to would be taken for absent.
    fn not_followed(&self, path: &str, link: &NamedLink) -> Error {
        Fault::at(self.place(path), link.leads.as_str())
            .expected("an object of this file")
            .advice("put what it leads to into the file itself (h5copy or h5py), or remove the link")
            .code(Code::E37)
            .layout()
    }

    /// E04: a name that is no text may be any.
    fn illegible(&self, path: &str, name: &str) -> Error {
        let shown = name.replace(ILLEGIBLE, "?");
        Fault::at(
            self.place(path),
            format!("a name here, {shown:?}, is no text: ? stands for bytes that are not UTF-8"),
        )
        .expected("names in UTF-8")
        .advice("copy the file again; if it is so at its origin, rename the object")
        .code(Code::E04)
        .format()
    }

    fn open_dataset(&self, path: &str) -> std::result::Result<Dataset, ReaderError> {
        let (group, name) = path.rsplit_once('/').unwrap_or(("", path));
        let group = if group.is_empty() { self.file.root_group()? } else { self.file.group(group)? };
        group.dataset(name)
    }

    /// A dataset that must be there.
    ///
    /// # Errors
    /// Layout if it is missing (E37 if a link leads nowhere).
    pub fn dataset(&self, path: &str) -> Result<Dataset> {
        self.open_dataset(path).map_err(|source| {
            Fault::at(self.place(path), "no readable dataset here, or a link that leads nowhere")
                .expected("a dataset")
                .advice("if it is an external link, put the file it names beside this one")
                .code(Code::E37)
                .source(source)
                .layout()
        })
    }

    /// Numbers of any real type, flattened; `None` if there is no such dataset.
    ///
    /// # Errors
    /// Layout if the dataset is not numeric, Format if it cannot be decoded.
    pub fn numbers(&self, path: &str) -> Result<Option<Vec<f64>>> {
        let Some(dataset) = self.optional_dataset(path)? else { return Ok(None) };
        if dataset.num_elements().is_ok_and(|count| count > 1 << 27) {
            return Err(Fault::at(self.place(path), format!("shape {}", lengths(dataset.shape())))
                .expected("a list of at most 2^27 numbers")
                .code(Code::E39)
                .shape());
        }
        if !are_numbers(dataset.dtype()) {
            let fault = Fault::at(self.place(path), kind_in_words(dataset.dtype())).expected("real numbers");
            return Err(fault.advice("write it as a number, for instance with h5py").code(Code::E51).layout());
        }
        read_numbers(&dataset).map(Some).map_err(|source| self.decode_error(path, source))
    }

    /// One number; shapes (1,) and (1, 1) are accepted.
    ///
    /// # Errors
    /// As [`Source::numbers`]; Layout if there is more than one number.
    pub fn number(&self, path: &str) -> Result<Option<f64>> {
        match self.numbers(path)?.as_deref() {
            None => Ok(None),
            Some([value]) => Ok(Some(*value)),
            Some(values) => Err(Fault::at(self.place(path), format!("{} values", values.len()))
                .expected("one number")
                .code(Code::E51)
                .layout()),
        }
    }

    /// How often each label of a map of whole numbers occurs, by label; `None` if there is no such map, or one of other numbers.
    ///
    /// # Errors
    /// E04 if it is there and cannot be decoded.
    pub fn label_counts(&self, path: &str) -> Result<Option<Vec<u64>>> {
        let Some(dataset) = self.optional_dataset(path)? else { return Ok(None) };
        let believable = dataset.num_elements().is_ok_and(|count| count <= 1 << 27);
        match count_labels(&dataset) {
            Ok(counts) if believable => Ok(Some(counts)),
            Ok(_) | Err(ReaderError::Other(_)) => Ok(None),
            Err(source) => Err(self.decode_error(path, source)),
        }
    }

    /// Text of a string dataset, decoded leniently; `None` if there is none.
    ///
    /// # Errors
    /// E04 if it is there and cannot be decoded.
    pub fn strings(&self, path: &str) -> Result<Option<Vec<String>>> {
        let Some(dataset) = self.optional_dataset(path)? else { return Ok(None) };
        let strings = dataset.read_strings().or_else(|_| {
            let bytes = dataset.read_raw_bytes()?;
            Ok(vec![String::from_utf8_lossy(&bytes).trim_end_matches('\0').to_owned()])
        });
        let strings = strings.map_err(|source| self.decode_error(path, source))?;
        Ok(Some(strings.into_iter().map(|text| text.trim().to_owned()).collect()))
    }

    /// The attributes of a dataset that have one of some names, however they are capitalised, as text.
    ///
    /// # Errors
    /// E04 if one is there and is no text.
    pub fn text_attributes(&self, path: &str, names: &[&str]) -> Result<Vec<String>> {
        let Some(dataset) = self.optional_dataset(path)? else { return Ok(Vec::new()) };
        let attributes = dataset.attributes();
        let is_wanted = |found: &&Attribute| names.iter().any(|name| name.eq_ignore_ascii_case(&found.name));
        let found = attributes.iter().filter(is_wanted);
        let text = |found: &Attribute| {
            let read = found.read_string().map(|text| text.trim().to_owned());
            read.map_err(|source| self.decode_error(&format!("{path}@{}", found.name), source))
        };
        found.map(text).collect()
    }

    /// Names of datasets in a group that end in digits, with their number, in numeric order.
    ///
    /// # Errors
    /// Format if the group cannot be listed, or one of its names is no text; E37 if one is a link that is not followed.
    pub fn numbered_datasets(&self, group_path: &str) -> Result<Vec<(u64, String)>> {
        let Some(group) = self.group(group_path)? else { return Ok(Vec::new()) };
        let decode_error = |source| self.decode_error(group_path, source);
        let (groups, names) = group.member_names().map_err(decode_error)?;
        let links = named_links(&self.file, &group).map_err(decode_error)?;
        if let Some(name) = groups.iter().chain(&names).find(|name| name.contains(ILLEGIBLE)) {
            return Err(self.illegible(group_path, name));
        }
        let is_listed = |name: &String| groups.contains(name) || names.contains(name);
        if let Some(link) = links.iter().find(|link| trailing_number(&link.name).is_some() && !is_listed(&link.name)) {
            return Err(self.not_followed(&format!("{group_path}/{}", link.name), link));
        }
        let mut numbered: Vec<(u64, String)> =
            names.into_iter().filter_map(|name| Some((trailing_number(&name)?, name))).collect();
        numbered.sort();
        Ok(numbered)
    }

    /// The two upper levels of names, for messages.
    #[must_use]
    pub fn outline(&self) -> String {
        let Ok(root) = self.file.root_group() else { return String::new() };
        let (groups, datasets) = root.members().unwrap_or_default();
        let mut lines: Vec<String> =
            datasets.iter().map(|dataset| format!("/{} ({})", dataset.name(), lengths(dataset.shape()))).collect();
        for group in groups {
            let (inner_groups, inner) = group.member_names().unwrap_or_default();
            let names: Vec<String> = inner_groups.into_iter().chain(inner).take(8).collect();
            lines.push(format!("/{}/ {{{}}}", group.name(), names.join(", ")));
        }
        lines.truncate(12);
        lines.join("; ")
    }

    /// Names of the groups at the top.
    #[must_use]
    pub fn top_groups(&self) -> Vec<String> {
        let names = self.file.root_group().and_then(|root| root.member_names());
        names.map(|(groups, _)| groups).unwrap_or_default()
    }

    /// An error while reading a dataset, by its cause.
    #[must_use]
    pub fn decode_error(&self, path: &str, source: ReaderError) -> Error {
        let place = self.place(path);
        match root_cause(&source) {
            ReaderError::UnsupportedFilter(filter) => {
                Fault::at(place, format!("the dataset uses {}", name_filter(filter)))
                    .expected("gzip, LZF, shuffle or no filter")
                    .advice("rewrite the file with `h5repack -f GZIP=4`")
                    .code(Code::E36)
                    .format()
            }
            ReaderError::UnexpectedEof { .. } | ReaderError::OffsetOutOfBounds(_) => {
                Fault::at(place, "the data end before the dataset does")
                    .expected("a complete file")
                    .advice("copy the file again, or wait until it is written")
                    .code(Code::E04)
                    .source(source)
                    .format()
            }
            _ => Fault::at(place, "cannot be decoded")
                .advice("copy the file again")
                .code(Code::E04)
                .source(source)
                .format(),
        }
    }
}

/// Whether an error says that nothing is there.
fn is_absence(error: &ReaderError) -> bool {
    matches!(root_cause(error), ReaderError::GroupNotFound(_) | ReaderError::DatasetNotFound(_))
}

/// Whether a name may have been another one: one changed byte makes it of the other, or all that is legible of it is the same. Numbers in
/// names are meant to differ.
fn may_have_been(name: &str, other: &str) -> bool {
    let is_same = |(a, b): (u8, u8)| a == b || char::from(b) == ILLEGIBLE;
    if other.contains(ILLEGIBLE) && name.len() == other.len() && name.bytes().zip(other.bytes()).all(is_same) {
        return true;
    }
    let mut different = name.bytes().zip(other.bytes()).filter(|(a, b)| a != b);
    let first = different.next();
    let is_number = first.is_some_and(|(a, b)| a.is_ascii_digit() && b.is_ascii_digit());
    name.len() == other.len() && name.len() >= SHORTEST && first.is_some() && different.next().is_none() && !is_number
}

/// Shorter names differ in one character by chance.
const SHORTEST: usize = 4;

fn root_cause(error: &ReaderError) -> &ReaderError {
    match error {
        ReaderError::Context { source, .. } => root_cause(source),
        other => other,
    }
}

/// "filter id 32015" with the name that people know.
fn name_filter(text: &str) -> String {
    let names = [("32001", "blosc"), ("32004", "LZ4"), ("32008", "bitshuffle"), ("32015", "zstd"), ("32026", "blosc2")];
    match names.iter().find(|(id, _)| text.contains(id)) {
        Some((_, name)) => format!("filter {name} ({text})"),
        None => text.to_owned(),
    }
}

/// The number at the end of a name.
#[must_use]
pub fn trailing_number(name: &str) -> Option<u64> {
    let digits = name.len() - name.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    name[name.len() - digits..].parse().ok()
}

/// The LZF filter of h5py; its third parameter is the size of the decoded chunk.
fn lzf(filter: &FilterDescription, data: &[u8], _element_size: usize) -> std::result::Result<Vec<u8>, ReaderError> {
    let size = filter.client_data.get(2).copied().unwrap_or(0) as usize;
    if size == 0 {
        return Err(ReaderError::DecompressionError("LZF chunk without its decoded size".into()));
    }
    lzf_rust::decompress_into_vec(data, size)
        .map_err(|source| ReaderError::DecompressionError(format!("LZF: {source}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_one_byte_has_changed_are_told_from_numbered_ones() {
        for (name, other, is_damage) in [
            ("frame_time", "frame_tiie", true),
            ("frame_time", "frame_time", false),
            ("dynamic_v_list_dim0", "dynamic_v_list_dim1", false),
            ("frame_time", "count_time", false),
            ("dq", "dt", false),
            ("dq", "d\u{1a}", true),
            ("frame_time", "fr\u{1a}\u{1a}\u{1a}_time", true),
            ("frame_time", "fr\u{1a}me_times", false),
        ] {
            assert_eq!(may_have_been(name, other), is_damage, "{name} {other}");
        }
    }

    #[test]
    fn numbers_are_taken_from_the_end_of_names() {
        assert_eq!(trailing_number("c2_00012"), Some(12));
        assert_eq!(trailing_number("C2T_all"), None);
    }
}
