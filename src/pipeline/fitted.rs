//! `fitted`: data, model and residual of every pair as tables of one angle each, streamed. It draws nothing.

use crate::error::{Error, Result, io_at};
use crate::listener::{Event, Watch};
use crate::machine::dataflow::{Dataflow, Lanes, Meter};
use crate::machine::publish::{Kind, StagedDirectory};
use crate::outcome::fit::AngleResult;
use crate::pipeline::looked_at::StoreAtTheta;
use crate::pipeline::marked_directory::Marked;
use crate::pipeline::report_directory::Reported;
use crate::store::block::BlockSource;
use crate::store::directory::Store;
use crate::store::long_table::{columns, fields};
use arrow_array::{ArrayRef, Float64Array, RecordBatch};
use arrow_schema::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::errors::ParquetError;
use serde_json::Map;
use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The directory in a run directory.
pub const FITTED: &str = "fitted";
/// What it says of itself: the bytes of every table, which are too many to be hashed.
pub(super) const TABLES: Marked =
    Marked { marker: "_fitted.json", endings: &["parquet", "json"], what: "set of fitted tables" };
/// The file of an angle.
const TABLE: &str = "fitted.parquet";

/// The table of an angle, from its run directory.
pub fn fitted_table(phi_degrees: f64) -> PathBuf {
    Path::new(FITTED).join(folder(phi_degrees)).join(TABLE)
}

fn folder(phi_degrees: f64) -> String {
    format!("phi={phi_degrees}")
}

/// Everything that the tables are made of.
struct Fitted<'a> {
    store: Arc<Store>,
    source: StoreAtTheta,
    reported: &'a Reported,
    place: &'a Path,
}

/// Writes `phi=<degrees>/fitted.parquet` for every angle: i, j, t1, t2 (s), c2, model, residual (data less model),
/// sigma, phi_degrees.
///
/// # Errors
/// What reading and writing report; E77 if something else is at the place.
pub fn write_fitted(
    run: &Path,
    reported: &Reported,
    store: Arc<Store>,
    threads: usize,
    watch: &Watch<'_>,
) -> Result<PathBuf> {
    let staged = StagedDirectory::begin(&run.join(FITTED), KIND)?;
    let source = StoreAtTheta::of_result(Arc::clone(&store) as _, &reported.outcome)?;
    let fitted = Fitted { store, source, reported, place: staged.path() };
    let n = reported.outcome.result.angles.len();
    let mut sizes = Map::new();
    let flow = Dataflow {
        n_items: n,
        lanes: Lanes::self_reading(threads),
        read: &|_| Ok(()),
        work: &|angle, ()| fitted.angle(angle),
        meter: &Meter::default(),
    };
    flow.fold(&mut |angle, (name, bytes)| {
        sizes.insert(name, bytes.into());
        watch.tell(&Event::Angles { work: "fitted", done: angle + 1, all: n });
        watch.check()
    })?;
    TABLES.mark(staged.path(), Map::new(), sizes)?;
    staged.publish()
}

impl Fitted<'_> {
    fn angle(&self, angle: usize) -> Result<(String, u64)> {
        let found = &self.reported.outcome.result.angles[angle];
        let folder = folder(found.phi_degrees);
        let directory = self.place.join(&folder);
        std::fs::create_dir(&directory).map_err(io_at(&directory))?;
        let path = directory.join(TABLE);
        let file = File::create_new(&path).map_err(io_at(&path))?;
        self.table(angle, found, &file).map_err(|error| refused(&path, error))?;
        file.sync_all().map_err(io_at(&path))?;
        let bytes = file.metadata().map_err(io_at(&path))?.len();
        Ok((format!("{folder}/{TABLE}"), bytes))
    }

    fn table(&self, angle: usize, found: &AngleResult, file: &File) -> std::result::Result<(), Failed> {
        let mut writer: Option<(ArrowWriter<&File>, Arc<Schema>)> = None;
        for index in self.store.plan().blocks_of(angle) {
            let (block, h) = self.source.block_with_model(index)?;
            let (writer, schema) = match &mut writer {
                Some((writer, schema)) => (writer, schema),
                none => {
                    let own = ["model", "residual", "sigma", "phi_degrees"]
                        .map(|name| Field::new(name, DataType::Float64, true));
                    let all: Vec<Field> = fields(&block.values).into_iter().chain(own).collect();
                    let schema = Arc::new(Schema::new_with_metadata(all, self.description()));
                    let made = (ArrowWriter::try_new(file, Arc::clone(&schema), None)?, schema);
                    let (writer, schema) = none.insert(made);
                    (writer, schema)
                }
            };
            let model: Vec<Option<f64>> =
                h.iter().map(|h| h.is_finite().then(|| found.offset + found.contrast_fitted * h)).collect();
            let residual = model.iter().enumerate().map(|(k, model)| model.map(|model| block.values.get(k) - model));
            let mut table = columns(&block.values, &self.store.experiment().time, block.first_pair);
            table.push(Arc::new(Float64Array::from_iter(residual)) as ArrayRef);
            table.insert(table.len() - 1, Arc::new(Float64Array::from(model)) as ArrayRef);
            table.push(Arc::new(Float64Array::from(vec![found.sigma; h.len()])) as ArrayRef);
            table.push(Arc::new(Float64Array::from(vec![found.phi_degrees; h.len()])) as ArrayRef);
            writer.write(&RecordBatch::try_new(Arc::clone(schema), table).map_err(ParquetError::from)?)?;
            writer.flush()?;
        }
        if let Some((writer, _)) = writer {
            writer.close()?;
        }
        Ok(())
    }

    /// What readers of the tables have to know.
    fn description(&self) -> HashMap<String, String> {
        let mut says =
            self.reported.origin().metadata("t1, t2: second; phi_degrees: degree; c2, model, residual, sigma: 1");
        let rows = "model = offset(phi) + contrast(phi) h(phi, i, j); residual = c2 - model; i, j count from 0";
        says.insert("homodyne.rows".to_owned(), rows.to_owned());
        says
    }
}

/// What can go wrong with a table.
enum Failed {
    Ours(Error),
    Parquet(ParquetError),
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Failed::Ours(error)
    }
}

impl From<ParquetError> for Failed {
    fn from(error: ParquetError) -> Self {
        Failed::Parquet(error)
    }
}

fn refused(path: &Path, failed: Failed) -> Error {
    match failed {
        Failed::Ours(error) => error,
        Failed::Parquet(error) => io_at(path)(std::io::Error::other(error)),
    }
}

/// The kind of directory that these tables are in.
pub const KIND: Kind =
    Kind { may_replace: |place| TABLES.may_replace(place), is_ours: |place| TABLES.is_unfinished(place) };
