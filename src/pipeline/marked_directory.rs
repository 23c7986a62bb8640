//! A directory that says of itself what is in it: a marker lists every file with its hash, or with its length where that is enough. By
//! it a later run knows whether anybody has changed what an earlier one has written. It does not know what the files mean.

use crate::error::catalogue::Code;
use crate::error::{Fault, Result, io_at};
use crate::machine::file_identity::content_hash;
use crate::machine::folder::is_empty;
use crate::machine::regular_file;
use crate::report::tables::json::pretty;
use serde_json::{Map, Value, json};
use std::fs::DirEntry;
use std::path::{Path, PathBuf};

/// A kind of such directory.
#[derive(Clone, Copy)]
pub(super) struct Marked {
    /// Name of the marker.
    pub marker: &'static str,
    /// What the names of its files end with.
    pub endings: &'static [&'static str],
    /// What it is, for messages.
    pub what: &'static str,
}

impl Marked {
    /// Writes the marker: the program, what more there is to say, and the files.
    ///
    /// # Errors
    /// Io, with the path.
    pub fn mark(&self, place: &Path, more: Map<String, Value>, files: Map<String, Value>) -> Result<()> {
        let path = place.join(self.marker);
        let mut marker = more;
        marker.insert("program".into(), concat!("homodyne ", env!("CARGO_PKG_VERSION")).into());
        marker.insert("files".into(), files.into());
        std::fs::write(&path, pretty(&marker)?).map_err(io_at(&path))
    }

    /// What its marker says; null where there is none.
    pub fn told(&self, place: &Path) -> Value {
        let text = regular_file::read_to_string(&place.join(self.marker)).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// Whether it holds what its marker lists, and nothing else.
    pub fn is_as_written(&self, place: &Path) -> bool {
        let told = self.told(place);
        let (Some(listed), Some(found)) = (told["files"].as_object(), files(place)) else { return false };
        let is_whole = |(name, told): (&String, &Value)| {
            let path = place.join(name);
            match told.as_u64() {
                Some(bytes) => path.metadata().is_ok_and(|there| there.len() == bytes),
                None => regular_file::read(&path).is_ok_and(|content| *told == json!(content_hash(&content))),
            }
        };
        let is_listed = |path: &PathBuf| {
            let name = path.to_str().unwrap_or_default();
            name == self.marker || listed.contains_key(name)
        };
        found.iter().all(is_listed) && listed.iter().all(is_whole) && empty_folder(place).is_none()
    }

    /// The first file in it that its marker does not list, or an empty folder; `None` also where there is no such directory.
    pub fn foreign(&self, place: &Path) -> Option<PathBuf> {
        let told = self.told(place);
        let is_listed = |name: &str| name == self.marker || told["files"].get(name).is_some();
        let found = files(place).unwrap_or_default();
        found.into_iter().find(|path| !path.to_str().is_some_and(is_listed)).or_else(|| empty_folder(place))
    }

    /// A new one may come to a place where nothing is, where a folder is empty, or where an earlier one is as it was written.
    ///
    /// # Errors
    /// E77 with what is there.
    pub fn may_replace(&self, place: &Path) -> Result<()> {
        if place.symlink_metadata().is_err() || is_empty(place) || self.is_as_written(place) {
            return Ok(());
        }
        self.taken(place)
    }

    /// The same of an earlier one that was changed, which will be kept aside.
    ///
    /// # Errors
    /// E77 with what is there.
    pub fn may_come_to(&self, place: &Path) -> Result<()> {
        let Ok(there) = place.symlink_metadata() else { return Ok(()) };
        let is_earlier =
            || self.told(place)["program"].as_str().is_some_and(|program| program.starts_with("homodyne "));
        if there.is_dir() && (is_earlier() || is_empty(place)) { Ok(()) } else { self.taken(place) }
    }

    fn taken(&self, place: &Path) -> Result<()> {
        Err(Fault::at(
            place.display(),
            format!("is no {} of this program, was changed, or holds other files", self.what),
        )
        .expected("a new place, or an earlier one as it was written")
        .advice("move what is there, or choose another place")
        .code(Code::E77)
        .config())
    }

    /// Whether one that was never finished holds nothing but such files.
    pub fn is_unfinished(&self, place: &Path) -> bool {
        let is_ours =
            |path: &PathBuf| self.endings.iter().any(|ending| path.extension().is_some_and(|own| own == *ending));
        place.symlink_metadata().is_ok_and(|there| there.is_dir())
            && files(place).is_some_and(|files| files.iter().all(is_ours))
    }
}

/// An empty folder below a place, named from there: no such directory has any.
fn empty_folder(place: &Path) -> Option<PathBuf> {
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        let entries: Vec<DirEntry> = std::fs::read_dir(place.join(&folder)).ok()?.flatten().collect();
        if entries.is_empty() && folder != Path::new("") {
            return Some(folder);
        }
        let inner = entries.iter().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        folders.extend(inner.map(|entry| folder.join(entry.file_name())));
    }
    None
}

/// All files below a place, named from there; `None` if there is anything else than files and folders, or it cannot be looked at.
fn files(place: &Path) -> Option<Vec<PathBuf>> {
    let (mut found, mut folders) = (Vec::new(), vec![PathBuf::new()]);
    while let Some(folder) = folders.pop() {
        let entries: Vec<DirEntry> =
            std::fs::read_dir(place.join(&folder)).ok()?.collect::<std::io::Result<_>>().ok()?;
        for entry in entries {
            let (name, kind) = (folder.join(entry.file_name()), entry.file_type().ok()?);
            match kind.is_dir() {
                true => folders.push(name),
                false => found.push(kind.is_file().then_some(name)?),
            }
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PICTURES: Marked = Marked { marker: "marker.json", endings: &["svg", "json"], what: "set of pictures" };

    /// A directory with a file that is told by its hash and one that is told by its length.
    fn place() -> tempfile::TempDir {
        let place = tempfile::tempdir().expect("folder");
        std::fs::create_dir(place.path().join("sub")).expect("folder");
        std::fs::write(place.path().join("a.svg"), "abc").expect("written");
        std::fs::write(place.path().join("sub/b.svg"), "abcd").expect("written");
        let files = [("a.svg", json!(content_hash(b"abc"))), ("sub/b.svg", json!(4))];
        let files = files.into_iter().map(|(name, told)| (name.to_owned(), told)).collect();
        PICTURES.mark(place.path(), Map::new(), files).expect("written");
        place
    }

    #[test]
    fn what_is_as_it_was_written_gives_way_and_nothing_else() {
        let whole = place();
        assert!(PICTURES.is_as_written(whole.path()) && PICTURES.is_unfinished(whole.path()));
        PICTURES.may_replace(whole.path()).expect("as it was written");
        let changes: [fn(&Path); 6] = [
            |place| std::fs::write(place.join("a.svg"), "abd").expect("written"),
            |place| std::fs::write(place.join("sub/b.svg"), "abc").expect("written"),
            |place| std::fs::write(place.join("sub/thesis.tex"), "a thesis").expect("written"),
            |place| std::fs::remove_file(place.join("a.svg")).expect("removed"),
            |place| std::os::unix::fs::symlink("a.svg", place.join("link.svg")).expect("linked"),
            |place| std::fs::write(place.join("marker.json"), "{").expect("written"),
        ];
        for change in changes {
            let changed = place();
            change(changed.path());
            assert!(PICTURES.may_replace(changed.path()).expect_err("changed").to_string().contains("E77"));
        }
        let empty = tempfile::tempdir().expect("folder");
        PICTURES.may_replace(empty.path()).and_then(|()| PICTURES.may_come_to(empty.path())).expect("empty");
        assert!(PICTURES.may_come_to(&empty.path().join("new")).is_ok() && !PICTURES.is_as_written(empty.path()));
    }
}
