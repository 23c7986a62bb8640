//! Tables as other Arrow tools write them, for tests of what is adopted.

use arrow_array::{ArrayRef, Float32Array, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow_ipc::CompressionType;
use arrow_ipc::writer::{FileWriter, IpcWriteOptions};
use arrow_schema::{Field, Schema};
use homodyne::store::block::{BlockSource, Values};
use homodyne::store::directory::Store;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use std::collections::HashMap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

/// One row of a long table; `None` is null.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    pub phi: f64,
    pub i: i64,
    pub j: i64,
    pub c2: Option<f64>,
}

/// The rows of all angles of a store.
pub fn rows(store: &Store) -> Vec<Row> {
    let (plan, angles) = (store.plan(), &store.experiment().angles);
    let mut all = Vec::new();
    for (a, angle) in angles.iter().enumerate() {
        let values = values(store, a);
        let pairs = (0..plan.n_frames).flat_map(|i| (i + 1..plan.n_frames).map(move |j| (i as i64, j as i64)));
        let row = |((i, j), value): ((i64, i64), &f64)| Row { phi: angle.phi_degrees, i, j, c2: Some(*value) };
        all.extend(pairs.zip(&values).map(row));
    }
    all
}

/// The values of an angle of a store, widened.
pub fn values(store: &Store, angle: usize) -> Vec<f64> {
    let plan = store.plan();
    let blocks = angle * plan.blocks_per_angle()..(angle + 1) * plan.blocks_per_angle();
    let of_block = |values: Values| (0..values.len()).map(move |k| values.get(k));
    blocks.flat_map(|index| of_block(store.read(index).expect("whole").values)).collect()
}

/// In an order of no order.
pub fn shuffled(rows: &[Row]) -> Vec<Row> {
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by_key(|&k| (k as u64).wrapping_add(7).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(23));
    order.into_iter().map(|k| rows[k]).collect()
}

/// A named column of the rows.
pub fn column(name: &str, rows: &[Row]) -> (String, ArrayRef) {
    let floats = |of: &dyn Fn(&Row) -> f64| -> ArrayRef { Arc::new(rows.iter().map(of).collect::<Float64Array>()) };
    let array: ArrayRef = match name {
        "i" => Arc::new(rows.iter().map(|row| row.i).collect::<Int64Array>()),
        "j" => Arc::new(rows.iter().map(|row| row.j).collect::<Int64Array>()),
        "t1" => floats(&|row| row.i as f64 * DT),
        "t2" => floats(&|row| row.j as f64 * DT),
        "phi" => floats(&|row| row.phi),
        "phi as text" => Arc::new(rows.iter().map(|row| Some(row.phi.to_string())).collect::<StringArray>()),
        "c2" => Arc::new(rows.iter().map(|row| row.c2.map(|c2| c2 as f32)).collect::<Float32Array>()),
        "c2 in f64" => Arc::new(rows.iter().map(|row| row.c2).collect::<Float64Array>()),
        other => panic!("no column {other}"),
    };
    (name.split(' ').next().expect("a name").to_owned(), array)
}

/// The frame interval of `t1` and `t2`, that of the files of these tests.
pub const DT: f64 = 0.1;

/// A column of one number.
pub fn constant(name: &str, value: f64, rows: &[Row]) -> (String, ArrayRef) {
    (name.to_owned(), Arc::new(Float64Array::from(vec![value; rows.len()])))
}

/// Columns of some rows by name.
pub fn columns(names: &[&str], rows: &[Row]) -> Vec<(String, ArrayRef)> {
    names.iter().map(|name| column(name, rows)).collect()
}

/// Writes a table: Parquet or Arrow IPC by the ending of its name, with metadata `homodyne.<name>`.
pub fn write(path: &Path, columns: Vec<(String, ArrayRef)>, metadata: &[(&str, &str)]) {
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("folder");
    let fields: Vec<Field> =
        columns.iter().map(|(name, array)| Field::new(name, array.data_type().clone(), true)).collect();
    let metadata: HashMap<String, String> =
        metadata.iter().map(|(name, value)| (format!("homodyne.{name}"), (*value).to_owned())).collect();
    let schema = Arc::new(Schema::new_with_metadata(fields, metadata));
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    let batch = RecordBatch::try_new(Arc::clone(&schema), arrays).expect("columns of one length");
    let file = File::create(path).expect("file");
    if path.extension().is_some_and(|extension| extension == "parquet") {
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        let mut writer = ArrowWriter::try_new(file, schema, Some(properties)).expect("begun");
        writer.write(&batch).expect("written");
        writer.close().expect("closed");
    } else {
        let options = IpcWriteOptions::default().try_with_compression(Some(CompressionType::LZ4_FRAME)).expect("lz4");
        let mut writer = FileWriter::try_new_with_options(file, &schema, options).expect("begun");
        writer.write(&batch).expect("written");
        writer.finish().expect("closed");
    }
}
