//! A folder with a file to ingest, for tests of bad input.

use crate::beamline::ApsU;
use homodyne::error::Error;
use homodyne::ingest::convert::ingest;
use homodyne::ingest::request::{IngestSettings, Ingested, Reuse};
use homodyne::ingest::selection::Selection;
use homodyne::listener::Watch;
use homodyne::store::manifest::StoreFormat;
use std::path::{Path, PathBuf};

pub struct Place(tempfile::TempDir);

impl Place {
    pub fn new() -> Self {
        Place(tempfile::tempdir().expect("folder"))
    }

    pub fn folder(&self) -> &Path {
        self.0.path()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    pub fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        std::fs::write(self.path(name), content).expect("test file");
        self.path(name)
    }

    pub fn request(&self, source: &Path, selection: Selection) -> IngestSettings {
        IngestSettings {
            source: Some(source.to_path_buf()),
            selection,
            store: self.path("store").into(),
            format: StoreFormat::Arrow,
            long: false,
            block_points: 4096,
            reuse: Reuse::default(),
        }
    }

    /// Ingests; what is refused leaves nothing behind.
    pub fn ingest_with(&self, request: &IngestSettings, threads: usize) -> Result<Ingested, Error> {
        let before = self.names();
        let ingested = ingest(request, threads, &Watch::nobody());
        if ingested.is_err() {
            assert_eq!(self.names(), before, "something is left behind");
        }
        ingested
    }

    pub fn ingest(&self, source: &Path, selection: Selection) -> Result<Ingested, Error> {
        self.ingest_with(&self.request(source, selection), 2)
    }

    pub fn ingest_u(&self, file: &ApsU, selection: Selection) -> Result<Ingested, Error> {
        self.ingest(&file.write(&self.path("a.hdf")), selection)
    }

    fn names(&self) -> Vec<PathBuf> {
        let mut names: Vec<PathBuf> =
            std::fs::read_dir(self.folder()).expect("folder").flatten().map(|entry| entry.path()).collect();
        names.sort();
        names
    }
}

/// What tests select: the middle ring of the default file.
pub fn q() -> Selection {
    Selection { q_per_angstrom: Some(0.0054), ..Selection::default() }
}

/// The default file with changed values in every matrix.
pub fn altered(change: impl Fn(usize, usize, f64) -> f64) -> ApsU {
    let mut file = ApsU::default();
    let n = file.n;
    for matrix in &mut file.matrices {
        for (k, value) in matrix.iter_mut().enumerate().filter(|(k, _)| k / n < k % n) {
            *value = change(k / n, k % n, *value);
        }
    }
    file
}
