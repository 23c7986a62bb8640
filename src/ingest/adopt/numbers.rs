//! A column as numbers, whatever width, dictionary or text it was written in. It does not know what they mean.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type,
    UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;

/// The numbers of a column, not a number where it has none; `None` if it is a column of something else.
pub(super) fn numbers(column: &ArrayRef) -> Option<Vec<f64>> {
    Some(match column.data_type() {
        DataType::Int8 => primitive::<Int8Type>(column, f64::from),
        DataType::Int16 => primitive::<Int16Type>(column, f64::from),
        DataType::Int32 => primitive::<Int32Type>(column, f64::from),
        DataType::Int64 => primitive::<Int64Type>(column, |value| value as f64),
        DataType::UInt8 => primitive::<UInt8Type>(column, f64::from),
        DataType::UInt16 => primitive::<UInt16Type>(column, f64::from),
        DataType::UInt32 => primitive::<UInt32Type>(column, f64::from),
        DataType::UInt64 => primitive::<UInt64Type>(column, |value| value as f64),
        DataType::Float32 => primitive::<Float32Type>(column, f64::from),
        DataType::Float64 => primitive::<Float64Type>(column, |value| value),
        DataType::Decimal128(_, scale) => {
            let unit = 10_f64.powi(i32::from(*scale));
            primitive::<Decimal128Type>(column, |value| value as f64 / unit)
        }
        DataType::Utf8 => parsed(column.as_string::<i32>().iter()),
        DataType::LargeUtf8 => parsed(column.as_string::<i64>().iter()),
        DataType::Utf8View => parsed(column.as_string_view().iter()),
        DataType::Dictionary(..) => of_dictionary(column)?,
        _ => return None,
    })
}

fn primitive<T: ArrowPrimitiveType>(column: &ArrayRef, widened: impl Fn(T::Native) -> f64) -> Vec<f64> {
    let column = column.as_primitive::<T>();
    match column.nulls() {
        None => column.values().iter().map(|&value| widened(value)).collect(),
        Some(_) => column.iter().map(|value| value.map_or(f64::NAN, &widened)).collect(),
    }
}

/// Numbers as text, as names of folders become columns. Neighbours are mostly equal.
fn parsed<'a>(texts: impl Iterator<Item = Option<&'a str>>) -> Vec<f64> {
    let mut last = ("", f64::NAN);
    let of = |text: Option<&'a str>| {
        let text = text?;
        if text != last.0 {
            last = (text, text.trim().parse().unwrap_or(f64::NAN));
        }
        Some(last.1)
    };
    texts.map(of).map(|number| number.unwrap_or(f64::NAN)).collect()
}

fn of_dictionary(column: &ArrayRef) -> Option<Vec<f64>> {
    let dictionary = column.as_any_dictionary_opt()?;
    let values = numbers(dictionary.values())?;
    if values.is_empty() {
        return Some(vec![f64::NAN; column.len()]);
    }
    let keys = dictionary.normalized_keys();
    let of = |(row, key): (usize, usize)| match column.is_null(row) {
        true => f64::NAN,
        false => values.get(key).copied().unwrap_or(f64::NAN),
    };
    Some(keys.into_iter().enumerate().map(of).collect())
}
