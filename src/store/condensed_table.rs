//! Pseudo-pairs of one angle as a row of an Arrow table, and back.

use crate::store::condensed_angle::{CondensedAngle, Missing, Unseen};
use arrow_array::cast::AsArray;
use arrow_array::types::{ArrowPrimitiveType, Float64Type, UInt32Type, UInt64Type};
use arrow_array::{Array, ArrayRef, Float64Array, ListArray, RecordBatch, StringArray, UInt32Array, UInt64Array};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{ArrowError, DataType, Field, SchemaRef};
use std::sync::Arc;

/// Names and types.
#[must_use]
pub fn fields() -> Vec<Field> {
    let list = |of: DataType| DataType::List(item(of));
    [
        ("phi_degrees", DataType::Float64),
        ("moments", list(DataType::Float64)),
        ("sum_of_squares", DataType::Float64),
        ("pairs", DataType::UInt64),
        ("missing_i", list(DataType::UInt32)),
        ("missing_j", list(DataType::UInt32)),
        ("missing_stand_in", list(DataType::Float64)),
        ("unseen_energy", DataType::Float64),
        ("unseen_degrees", DataType::Float64),
        ("most_unseen_energy", DataType::Float64),
        ("most_unseen_degrees", DataType::Float64),
        ("most_unseen_frames", list(DataType::UInt32)),
        ("checksum", DataType::Utf8),
    ]
    .into_iter()
    .map(|(name, data_type)| Field::new(name, data_type, false))
    .collect()
}

fn item(data_type: DataType) -> Arc<Field> {
    Arc::new(Field::new("item", data_type, false))
}

/// One angle.
///
/// # Errors
/// What Arrow reports, which is a list that is too long.
pub fn batch(
    schema: &SchemaRef,
    phi_degrees: f64,
    angle: &CondensedAngle,
    checksum: &str,
) -> Result<RecordBatch, ArrowError> {
    let number = |value: f64| Arc::new(Float64Array::from(vec![value])) as ArrayRef;
    let list = |data_type: DataType, values: ArrayRef| -> Result<ArrayRef, ArrowError> {
        let offsets = OffsetBuffer::from_lengths([values.len()]);
        Ok(Arc::new(ListArray::try_new(item(data_type), offsets, values, None)?))
    };
    let frames = |values: Vec<u32>| list(DataType::UInt32, Arc::new(UInt32Array::from(values)));
    let numbers = |values: Vec<f64>| list(DataType::Float64, Arc::new(Float64Array::from(values)));
    let CondensedAngle { moments, squares, pairs, missing, unseen } = angle;
    let columns = vec![
        number(phi_degrees),
        numbers(moments.clone())?,
        number(*squares),
        Arc::new(UInt64Array::from(vec![*pairs])),
        frames(missing.iter().map(|pair| pair.frames[0]).collect())?,
        frames(missing.iter().map(|pair| pair.frames[1]).collect())?,
        numbers(missing.iter().map(|pair| pair.stand_in).collect())?,
        number(unseen.energy),
        number(unseen.degrees),
        number(unseen.most_energy),
        number(unseen.most_degrees),
        frames(unseen.most_at.iter().flat_map(|range| [range.start as u32, range.end as u32]).collect())?,
        Arc::new(StringArray::from(vec![checksum])),
    ];
    RecordBatch::try_new(Arc::clone(schema), columns)
}

/// The angle of a row and its checksum; `None` where it is none.
#[must_use]
pub fn of_row(batch: &RecordBatch) -> Option<(CondensedAngle, String)> {
    let row = Row(batch);
    let [missing_i, missing_j] = [row.list::<UInt32Type>("missing_i")?, row.list::<UInt32Type>("missing_j")?];
    let stand_ins = row.list::<Float64Type>("missing_stand_in")?;
    let missing = missing_i.into_iter().zip(missing_j).zip(stand_ins);
    let [row_start, row_end, start, end] = row.list::<UInt32Type>("most_unseen_frames")?.try_into().ok()?;
    let angle = CondensedAngle {
        moments: row.list::<Float64Type>("moments")?,
        squares: row.value::<Float64Type>("sum_of_squares")?,
        pairs: row.value::<UInt64Type>("pairs")?,
        missing: missing.map(|((i, j), stand_in)| Missing { frames: [i, j], stand_in }).collect(),
        unseen: Unseen {
            energy: row.value::<Float64Type>("unseen_energy")?,
            degrees: row.value::<Float64Type>("unseen_degrees")?,
            most_energy: row.value::<Float64Type>("most_unseen_energy")?,
            most_degrees: row.value::<Float64Type>("most_unseen_degrees")?,
            most_at: [row_start as usize..row_end as usize, start as usize..end as usize],
        },
    };
    let checksum = batch.column_by_name("checksum")?.as_string_opt::<i32>().filter(|column| column.len() == 1)?;
    Some((angle, checksum.value(0).to_owned()))
}

/// A table of one row.
struct Row<'a>(&'a RecordBatch);

impl Row<'_> {
    fn value<T: ArrowPrimitiveType>(&self, name: &str) -> Option<T::Native> {
        let column = self.0.column_by_name(name)?.as_primitive_opt::<T>()?;
        (column.len() == 1).then(|| column.value(0))
    }

    fn list<T: ArrowPrimitiveType>(&self, name: &str) -> Option<Vec<T::Native>> {
        let column = self.0.column_by_name(name)?.as_list_opt::<i32>().filter(|column| column.len() == 1)?;
        Some(column.value(0).as_primitive_opt::<T>()?.values().to_vec())
    }
}
