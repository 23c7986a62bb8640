//! Results as Parquet tables, one row per parameter, angle or iteration.

use crate::error::{Error, Fault, Result};
use crate::outcome::{AngleResult, FitResult, Iteration, ParameterResult};
use arrow_array::{ArrayRef, BooleanArray, Float64Array, RecordBatch, StringArray, UInt64Array};
use parquet::arrow::ArrowWriter;
use std::sync::Arc;

type Column = (String, ArrayRef);

fn numbers<T>(name: &str, rows: &[T], value: impl Fn(&T) -> Option<f64>) -> Column {
    (name.into(), Arc::new(rows.iter().map(value).collect::<Float64Array>()))
}

fn counts<T>(name: &str, rows: &[T], value: impl Fn(&T) -> u64) -> Column {
    (name.into(), Arc::new(rows.iter().map(|row| Some(value(row))).collect::<UInt64Array>()))
}

fn words<T>(name: &str, rows: &[T], value: impl Fn(&T) -> String) -> Column {
    (name.into(), Arc::new(rows.iter().map(|row| Some(value(row))).collect::<StringArray>()))
}

fn parquet(columns: Vec<Column>) -> Result<Vec<u8>> {
    let failed = |source: Box<dyn std::error::Error + Send + Sync>| -> Error {
        let mut fault = Fault::at("result table", "cannot be encoded");
        fault.source = Some(source);
        fault.internal()
    };
    let batch = RecordBatch::try_from_iter(columns).map_err(|source| failed(source.into()))?;
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).map_err(|source| failed(source.into()))?;
    writer.write(&batch).map_err(|source| failed(source.into()))?;
    writer.close().map_err(|source| failed(source.into()))?;
    Ok(bytes)
}

/// `parameters.parquet`: name, unit, value, uncertainty, lower, upper, status.
///
/// # Errors
/// Internal if encoding fails.
pub fn parameters(result: &FitResult) -> Result<Vec<u8>> {
    let rows = &result.parameters;
    parquet(vec![
        words("name", rows, |row: &ParameterResult| row.name.clone()),
        words("unit", rows, |row| row.unit.clone()),
        numbers("value", rows, |row| Some(row.value)),
        numbers("uncertainty", rows, |row| row.uncertainty),
        numbers("lower", rows, |row| Some(row.lower)),
        numbers("upper", rows, |row| Some(row.upper)),
        words("status", rows, |row| row.status.into()),
    ])
}

/// `per_angle.parquet`: phi_degrees, contrast, offset, their uncertainties, sigma, pairs, chi_squared.
///
/// # Errors
/// Internal if encoding fails.
pub fn per_angle(result: &FitResult) -> Result<Vec<u8>> {
    let rows = &result.angles;
    parquet(vec![
        numbers("phi_degrees", rows, |row: &AngleResult| Some(row.phi_degrees)),
        numbers("contrast", rows, |row| Some(row.contrast)),
        numbers("contrast_uncertainty", rows, |row| row.contrast_uncertainty),
        numbers("offset", rows, |row| Some(row.offset)),
        numbers("offset_uncertainty", rows, |row| row.offset_uncertainty),
        numbers("sigma", rows, |row| row.sigma),
        counts("pairs", rows, |row| row.pairs),
        numbers("chi_squared", rows, |row| row.chi_squared),
    ])
}

/// `iterations.parquet`: iteration, cost, reduced_chi_squared, projected_gradient, radius, accepted, one column per
/// physical parameter.
///
/// # Errors
/// Internal if encoding fails.
pub fn iterations(result: &FitResult) -> Result<Vec<u8>> {
    let rows = &result.iterations;
    let mut columns = vec![
        counts("iteration", rows, |row: &Iteration| row.iteration as u64),
        numbers("cost", rows, |row| Some(row.cost)),
        numbers("reduced_chi_squared", rows, |row| Some(row.reduced_chi_squared)),
        numbers("projected_gradient", rows, |row| Some(row.projected_gradient)),
        numbers("radius", rows, |row| Some(row.radius)),
        ("accepted".into(), Arc::new(rows.iter().map(|row| Some(row.accepted)).collect::<BooleanArray>()) as ArrayRef),
    ];
    for (k, parameter) in result.parameters.iter().enumerate() {
        columns.push(numbers(&parameter.name, rows, |row| row.theta.get(k).copied()));
    }
    parquet(columns)
}
