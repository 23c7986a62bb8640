//! Pictures of a file or a store before any fit: maps, cuts and frames of every angle.

use crate::error::{Result, io_at};
use crate::experiment::Angle;
use crate::ingest::convert::ingest;
use crate::ingest::inspect::inspect;
use crate::ingest::request::IngestSettings;
use crate::listener::Watch;
use crate::machine::claim::Claim;
use crate::machine::folder::{make_folder, parent_of};
use crate::model::catalogue::Model;
use crate::outcome::pictures::AnglePicture;
use crate::parameters::definitions::{AnalysisMode, ShearConvention};
use crate::pipeline::drawing::{Drawing, Known, ReportSettings};
use crate::pipeline::report_directory;
use crate::report::curves::curves_of_data;
use crate::report::page::{Facts, Page};
use crate::report::tables;
use crate::store::block::BlockSource;
use crate::store::directory::Store;
use crate::store::manifest::MANIFEST_NAME;
use crate::sweep::raw::picture_patches::Level;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Draws what a file (read as `ingest` says) or a store holds into a new directory, or one of earlier pictures; returns the page.
///
/// # Errors
/// What reading the file or the store and writing report.
pub fn look(
    path: &Path,
    ingest_settings: &IngestSettings,
    place: &Path,
    settings: &ReportSettings,
    watch: &Watch<'_>,
) -> Result<PathBuf> {
    let facts = inspect(path, false)?;
    report_directory::check_place(place)?;
    if path.join(MANIFEST_NAME).is_file() {
        let look = Look { name: name_of(path), facts, place, settings, watch };
        return look.draw(Store::open(path, None)?);
    }
    // The file is read once into a store that nobody else sees, beside the pictures, and goes when they are drawn.
    make_folder(&parent_of(place))?;
    let target = place.with_extension("store");
    for left in Claim::abandoned(&target) {
        let _ = std::fs::remove_dir_all(left.path(""));
    }
    let claim = Claim::beside(&target)?;
    let aside = claim.path("");
    std::fs::create_dir(&aside).map_err(io_at(&aside))?;
    let store = aside.join("store");
    let read =
        IngestSettings { source: Some(path.to_path_buf()), store: store.clone().into(), ..ingest_settings.clone() };
    let look = Look { name: name_of(path), facts, place, settings, watch };
    let drawn = ingest(&read, settings.threads, watch).and_then(|_| look.draw(Store::open(&store, None)?));
    let _ = std::fs::remove_dir_all(&aside);
    drawn
}

/// Where pictures come from and where they go.
struct Look<'a> {
    name: String,
    facts: Facts,
    place: &'a Path,
    settings: &'a ReportSettings,
    watch: &'a Watch<'a>,
}

fn name_of(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

impl Look<'_> {
    fn draw(&self, store: Store) -> Result<PathBuf> {
        let experiment = store.experiment().clone();
        let model = Model::new(AnalysisMode::Static, ShearConvention::Homodyne, &experiment)?;
        let known = |angle: &Angle| Known {
            level: Level { contrast: 0.0, offset_less_one: 0.0, sigma: angle.sigma },
            speckles: None,
        };
        let known = experiment.angles.iter().map(known).collect();
        let drawing = Drawing::of(Arc::new(store), model, None, known, self.settings);
        let drawn = drawing.all(self.watch)?;
        let pictures: Vec<&AnglePicture> = drawn.iter().map(|drawn| &drawn.picture).collect();
        let curves = curves_of_data(&pictures, experiment.time.dt_seconds);
        let (mut files, angles) = drawing.shown(drawn, &curves);
        files.push(("curves.parquet".to_owned(), tables::curves::table(&curves)?));
        let page = Page { name: &self.name, outcome: None, angles: &angles, figures: &[], facts: &self.facts };
        files.push((report_directory::PAGE.to_owned(), page.html().into_bytes()));
        report_directory::publish(self.place, "", files, self.watch)
    }
}
