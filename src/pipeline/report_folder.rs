//! The directory of a report while it is drawn: every file goes to the disk when it is made, and the directory appears whole. It does not
//! know what is drawn.

use crate::error::{Result, io_at};
use crate::listener::{LogLevel, Watch};
use crate::machine::claim::free_name;
use crate::machine::file_identity::content_hash;
use crate::machine::folder::{make_folder, parent_of};
use crate::machine::memory::rss_anon_bytes;
use crate::machine::publish::{Kind, StagedDirectory};
use crate::pipeline::drawing::Files;
use crate::pipeline::report_directory::{KIND, PAGE, PICTURES, REPORT};
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Nobody sees it yet; dropped without [`ReportFolder::publish`] it leaves nothing behind.
pub struct ReportFolder<'a> {
    place: &'a Path,
    of: &'a Path,
    staged: StagedDirectory,
    hashes: Map<String, Value>,
    begun: Instant,
}

/// A report that was changed gives way too: it is kept aside before a new one is seen.
const ALSO_CHANGED: Kind = Kind { may_replace: |place| PICTURES.may_come_to(place), ..KIND };

impl<'a> ReportFolder<'a> {
    /// Of a report that will appear at a place; it is `of` itself, or of the results that it stands in, where what somebody has added would
    /// be a foreign file.
    ///
    /// # Errors
    /// E77 with what is at the place; Io if it cannot be written.
    pub fn begin((place, of): (&'a Path, &'a Path)) -> Result<Self> {
        let (staged, hashes, begun) = (StagedDirectory::begin(place, ALSO_CHANGED)?, Map::new(), Instant::now());
        Ok(ReportFolder { place, of, staged, hashes, begun })
    }

    /// Writes files: only their names and hashes are kept.
    ///
    /// # Errors
    /// Io, with the path.
    pub fn put(&mut self, files: Files) -> Result<()> {
        for (name, content) in files {
            let path = self.staged.path().join(&name);
            make_folder(&parent_of(&path))?;
            std::fs::write(&path, &content).map_err(io_at(&path))?;
            self.hashes.insert(name, content_hash(&content).into());
        }
        Ok(())
    }

    /// Puts the report at its place, with what it says of itself; one that was changed is kept beside it. Returns its page.
    ///
    /// # Errors
    /// E77 with what has come to the place meanwhile; Io, with the path.
    pub fn publish(self, mut says: Map<String, Value>, watch: &Watch<'_>) -> Result<PathBuf> {
        // The log of a run is sealed with its results, before they are drawn.
        says.insert("wall_seconds".to_owned(), self.begun.elapsed().as_secs_f64().into());
        says.insert("rss_anon_bytes".to_owned(), rss_anon_bytes().into());
        PICTURES.mark(self.staged.path(), says, self.hashes)?;
        if self.place.join(PICTURES.marker).is_file() && !PICTURES.is_as_written(self.place) {
            let of = self.of;
            // A place such as `.` has no name of its own.
            let named =
                if of.file_name().is_some() { of.to_path_buf() } else { of.canonicalize().map_err(io_at(of))? };
            let name = format!("{}-{REPORT}", named.file_name().unwrap_or_default().to_string_lossy());
            let aside = free_name(&named.with_file_name(name), "changed");
            std::fs::rename(self.place, &aside).map_err(io_at(self.place))?;
            watch.log(LogLevel::Warning, &format!("the report that was changed is kept as {}", aside.display()));
        }
        Ok(self.staged.publish()?.join(PAGE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many files of a name there are below a folder.
    fn count(folder: &Path, name: &str) -> usize {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let below = |path: PathBuf| if path.is_dir() { count(&path, name) } else { usize::from(path.ends_with(name)) };
        entries.map(|entry| below(entry.path())).sum()
    }

    #[test]
    fn files_are_on_the_disk_when_they_are_put_and_seen_when_all_are() {
        let folder = tempfile::tempdir().expect("folder");
        let place = folder.path().join("report");
        let put = |content: &str| {
            let mut report = ReportFolder::begin((&place, folder.path())).expect("a place");
            report.put(vec![("plots/a.svg".to_owned(), content.into())]).expect("written");
            report
        };
        let report = put("first");
        assert!(count(folder.path(), "a.svg") == 1 && !place.exists());
        report.publish(Map::new(), &Watch::nobody()).expect("published");
        assert!(PICTURES.is_as_written(&place));
        // One that is not finished changes nothing, also where somebody has changed what is there.
        std::fs::write(place.join("plots/a.svg"), "mine").expect("written");
        drop(put("second"));
        assert_eq!(std::fs::read_to_string(place.join("plots/a.svg")).expect("there"), "mine");
        assert_eq!(count(folder.path(), "a.svg"), 1, "nothing is left behind");
        put("third").publish(Map::new(), &Watch::nobody()).expect("published");
        assert_eq!(std::fs::read_to_string(place.join("plots/a.svg")).expect("there"), "third");
        let name = folder.path().file_name().expect("a name").to_string_lossy();
        let aside = folder.path().with_file_name(format!("{name}-report-changed-1"));
        assert_eq!(std::fs::read_to_string(aside.join("plots/a.svg")).expect("kept"), "mine");
        std::fs::remove_dir_all(aside).expect("removed");
    }
}
