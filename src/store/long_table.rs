//! The columns of a long table: i, j, t1, t2 beside the values, one row per pair in pair order. It encodes nothing.

use crate::experiment::TimeGrid;
use crate::store::block::{Values, pair_at};
use arrow_array::types::{Float32Type, Float64Type};
use arrow_array::{Array, ArrayRef, Float32Array, Float64Array, UInt32Array, cast::AsArray};
use arrow_schema::{DataType, Field};
use std::sync::Arc;

/// Name of the value column.
pub const VALUE_COLUMN: &str = "c2";
/// Names of the columns of frames, numbered from 0.
pub const FRAME_COLUMNS: [&str; 2] = ["i", "j"];
/// Names of the columns of times, in seconds from the first frame.
pub const TIME_COLUMNS: [&str; 2] = ["t1", "t2"];

/// The field of the values.
#[must_use]
pub fn value_field(values: &Values) -> Field {
    Field::new(VALUE_COLUMN, value_array(values).data_type().clone(), false)
}

/// The fields of a long table of such values.
#[must_use]
pub fn fields(values: &Values) -> Vec<Field> {
    let of_type = |data_type: DataType| move |name: &str| Field::new(name, data_type.clone(), false);
    let frames = FRAME_COLUMNS.map(of_type(DataType::UInt32));
    let times = TIME_COLUMNS.map(of_type(DataType::Float64));
    frames.into_iter().chain(times).chain([value_field(values)]).collect()
}

/// The columns of a block whose first pair stands at `start` in the pair order.
#[must_use]
pub fn columns(block: &Values, time: &TimeGrid, start: usize) -> Vec<ArrayRef> {
    let mut next = pair_at(time.n_frames, start);
    let pairs: Vec<(usize, usize)> = (0..block.len())
        .map(|_| {
            let pair = next;
            next = if pair.1 + 1 < time.n_frames { (pair.0, pair.1 + 1) } else { (pair.0 + 1, pair.0 + 2) };
            pair
        })
        .collect();
    vec![
        Arc::new(pairs.iter().map(|pair| pair.0 as u32).collect::<UInt32Array>()),
        Arc::new(pairs.iter().map(|pair| pair.1 as u32).collect::<UInt32Array>()),
        Arc::new(pairs.iter().map(|pair| time.seconds(pair.0)).collect::<Float64Array>()),
        Arc::new(pairs.iter().map(|pair| time.seconds(pair.1)).collect::<Float64Array>()),
        value_array(block),
    ]
}

/// A column of values, without copying.
#[must_use]
pub fn value_array(values: &Values) -> ArrayRef {
    match values {
        Values::F32(values) => Arc::new(Float32Array::new(values.clone(), None)),
        Values::F64(values) => Arc::new(Float64Array::new(values.clone(), None)),
    }
}

/// The values of a column, without copying.
#[must_use]
pub fn array_values(array: &dyn Array) -> Option<Values> {
    match array.data_type() {
        DataType::Float32 => Some(Values::F32(array.as_primitive::<Float32Type>().values().clone())),
        DataType::Float64 => Some(Values::F64(array.as_primitive::<Float64Type>().values().clone())),
        _ => None,
    }
}
