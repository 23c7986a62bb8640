//! `nlsq/`: a result as the Python programs write it, arrays of all maps and JSON under their names. Matrices are streamed, one at a time.

use crate::error::catalogue::Code;
use crate::error::{Fault, Result, io_at};
use crate::listener::{Event, LogLevel, Watch};
use crate::machine::dataflow::{Dataflow, Lanes, Meter};
use crate::machine::memory::available_bytes;
use crate::machine::publish::{Kind, StagedDirectory};
use crate::outcome::fit::AngleResult;
use crate::pipeline::looked_at::StoreAtTheta;
use crate::pipeline::marked_directory::Marked;
use crate::pipeline::report_directory::Reported;
use crate::report::tables::json::pretty;
use crate::report::tables::npz::NpzWriter;
use crate::report::tables::peers;
use crate::store::block::{BlockSource, pair_at};
use crate::store::directory::Store;
use crate::units::gigabytes;
use serde_json::Map;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The directory in a run directory.
pub const PEERS: &str = "nlsq";
/// The arrays.
const ARRAYS: &str = "fitted_data.npz";

/// Names of arrays.
pub mod names {
    /// Azimuths in degrees.
    pub const PHI: &str = "phi_angles";
    /// Data of angles x frames x frames.
    pub const DATA: &str = "c2_exp";
    /// The fit of angles x frames x frames.
    pub const FIT: &str = "c2_theoretical_scaled";
    /// Times in seconds.
    pub const T1: &str = "t1";
    /// Wavevector in 1/angstrom.
    pub const Q: &str = "q";
}

/// What a matrix holds: made of c2, h and what was found at the angle.
type Element = fn(f64, f64, &AngleResult) -> f64;

/// Every array of angles x frames x frames.
const MATRICES: [(&str, Element); 5] = [
    (names::DATA, |c2, _, _| c2),
    ("c2_theoretical_raw", |_, h, _| h),
    (names::FIT, |_, h, found| fitted(h, found)),
    ("residuals", |c2, h, found| c2 - fitted(h, found)),
    ("residuals_normalized", |c2, h, found| (c2 - fitted(h, found)) / found.sigma.unwrap_or(f64::NAN)),
];

fn fitted(h: f64, found: &AngleResult) -> f64 {
    found.offset + found.contrast_fitted * h
}

/// Everything that the matrices are made of.
struct Matrices<'a> {
    store: Arc<Store>,
    source: StoreAtTheta,
    angles: &'a [AngleResult],
}

/// Writes `nlsq/` into a run directory and returns its path.
///
/// # Errors
/// What reading and writing report; E38 if one matrix per thread is more than there is; E77 if something else is at the place.
pub fn write_peers_files(
    run: &Path,
    reported: &Reported,
    store: Arc<Store>,
    threads: usize,
    watch: &Watch<'_>,
) -> Result<PathBuf> {
    let n_frames = store.experiment().time.n_frames;
    check_memory((n_frames * n_frames * 8 * Lanes::self_reading(threads).alive) as u64)?;
    let staged = StagedDirectory::begin(&run.join(PEERS), KIND)?;
    let outcome = &reported.outcome;
    let source = StoreAtTheta::of_result(Arc::clone(&store) as _, outcome)?;
    let matrices = Matrices { store, source, angles: &outcome.result.angles };
    let mut files = Map::new();
    for (name, content) in peers::files(outcome, reported.fit_seconds) {
        let (path, content) = (staged.path().join(name), pretty(&content)?);
        std::fs::write(&path, &content).map_err(io_at(&path))?;
        files.insert(name.to_string(), content.len().into());
    }
    let path = staged.path().join(ARRAYS);
    let file = File::create_new(&path).map_err(io_at(&path))?;
    matrices.write(&file, &path, threads, watch)?;
    file.sync_all().map_err(io_at(&path))?;
    let bytes = file.metadata().map_err(io_at(&path))?.len();
    watch.log(LogLevel::Info, &format!("{PEERS}/{ARRAYS}: {}, which whoever loads it whole needs", gigabytes(bytes)));
    files.insert(ARRAYS.into(), bytes.into());
    FILES.mark(staged.path(), Map::new(), files)?;
    staged.publish()
}

fn check_memory(needed: u64) -> Result<()> {
    let available = available_bytes().unwrap_or(u64::MAX);
    if needed <= available {
        return Ok(());
    }
    Err(Fault::at("--npz", format!("whole matrices need {}", gigabytes(needed)))
        .expected(format!("at most the {} that are available", gigabytes(available)))
        .advice("use fewer --threads, or --fitted, which streams tables")
        .code(Code::E38)
        .config())
}

impl Matrices<'_> {
    fn write(&self, file: &File, path: &Path, threads: usize, watch: &Watch<'_>) -> Result<()> {
        let (experiment, n) = (self.store.experiment(), self.angles.len());
        let n_frames = experiment.time.n_frames;
        let mut npz = NpzWriter::new(file);
        let phi: Vec<f64> = self.angles.iter().map(|found| found.phi_degrees).collect();
        npz.array(names::PHI, &[n], &phi).map_err(io_at(path))?;
        for (name, element) in MATRICES {
            npz.begin(name, &[n, n_frames, n_frames]).map_err(io_at(path))?;
            let flow = Dataflow {
                n_items: n,
                lanes: Lanes::self_reading(threads),
                read: &|_| Ok(()),
                work: &|angle, ()| self.matrix(angle, element),
                meter: &Meter::default(),
            };
            flow.fold(&mut |angle, matrix| {
                watch.tell(&Event::Angles { work: name, done: angle + 1, all: n });
                watch.check()?;
                npz.numbers(&matrix).map_err(io_at(path))
            })?;
        }
        let scaling: Vec<f64> = self.angles.iter().flat_map(|found| [found.contrast_fitted, found.offset]).collect();
        npz.array("per_angle_scaling", &[n, 2], &scaling).map_err(io_at(path))?;
        let times: Vec<f64> = (0..n_frames).map(|frame| frame as f64 * experiment.time.dt_seconds).collect();
        npz.array(names::T1, &[n_frames], &times).map_err(io_at(path))?;
        npz.array("t2", &[n_frames], &times).map_err(io_at(path))?;
        npz.array(names::Q, &[1], &[experiment.q_per_angstrom]).map_err(io_at(path))?;
        npz.finish().map_err(io_at(path))
    }

    /// Both triangles alike. A store has no diagonal: there is no data on it.
    fn matrix(&self, angle: usize, element: Element) -> Result<Vec<f64>> {
        let (plan, found) = (self.store.plan(), &self.angles[angle]);
        let n = plan.n_frames;
        let mut matrix = vec![element(f64::NAN, 1.0, found); n * n];
        for index in plan.blocks_of(angle) {
            let (block, h) = self.source.block_with_model(index)?;
            let (mut i, mut j) = pair_at(n, block.first_pair);
            for (k, h) in h.into_iter().enumerate() {
                let value = element(block.values.get(k), h, found);
                (matrix[i * n + j], matrix[j * n + i]) = (value, value);
                (i, j) = if j + 1 < n { (i, j + 1) } else { (i + 1, i + 2) };
            }
        }
        Ok(matrix)
    }
}

/// What it says of itself, as fitted tables do.
pub(super) const FILES: Marked =
    Marked { marker: "_files.json", endings: &["npz", "json"], what: "set of files of the Python programs" };

/// A set of such files.
pub const KIND: Kind =
    Kind { may_replace: |place| FILES.may_replace(place), is_ours: |place| FILES.is_unfinished(place) };
