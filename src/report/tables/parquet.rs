//! Results as Parquet tables, one row per parameter, angle or iteration.

use crate::error::{Error, Fault, Result};
use crate::outcome::fit::{AngleResult, Conditions, FitResult, Iteration, LagResult};
use crate::outcome::parameter::ParameterResult;
use crate::outcome::search::{Candidate, Search};
use crate::outcome::transport::TransportPoint;
use arrow_array::{ArrayRef, BooleanArray, Float64Array, RecordBatch, StringArray, UInt64Array};
use parquet::arrow::ArrowWriter;
use std::collections::HashMap;
use std::sync::Arc;

pub(super) type Column = (String, ArrayRef);

pub(super) fn numbers<T>(name: &str, rows: &[T], value: impl Fn(&T) -> Option<f64>) -> Column {
    (name.into(), Arc::new(rows.iter().map(value).collect::<Float64Array>()))
}

pub(super) fn counts<T>(name: &str, rows: &[T], value: impl Fn(&T) -> Option<u64>) -> Column {
    (name.into(), Arc::new(rows.iter().map(value).collect::<UInt64Array>()))
}

pub(super) fn words<T>(name: &str, rows: &[T], value: impl Fn(&T) -> String) -> Column {
    (name.into(), Arc::new(rows.iter().map(|row| Some(value(row))).collect::<StringArray>()))
}

pub(super) fn flags<T>(name: &str, rows: &[T], value: impl Fn(&T) -> bool) -> Column {
    (name.into(), Arc::new(rows.iter().map(|row| Some(value(row))).collect::<BooleanArray>()))
}

/// What whoever reads a table has to know beside its rows.
#[derive(Debug, Clone, Copy)]
pub struct Origin<'a> {
    /// Name of the run; empty where there is none.
    pub run_id: &'a str,
    /// Of the store that it is of; empty where there is none.
    pub store_content_key: &'a str,
    /// Wavevector; `None` where rows are of many.
    pub q_per_angstrom: Option<f64>,
    /// What a result must be read with; `None` before a fit.
    pub conditions: Option<&'a Conditions>,
}

impl<'a> Origin<'a> {
    /// Of one result.
    #[must_use]
    pub fn of(run_id: &'a str, store_content_key: &'a str, conditions: &'a Conditions) -> Self {
        let q_per_angstrom = Some(conditions.q_per_angstrom);
        Origin { run_id, store_content_key, q_per_angstrom, conditions: Some(conditions) }
    }

    /// As metadata of a schema, with the units of the columns.
    #[must_use]
    pub fn metadata(&self, units: &str) -> HashMap<String, String> {
        let program = concat!("homodyne ", env!("CARGO_PKG_VERSION"));
        let mut entries = vec![
            ("program", program.to_owned()),
            ("units", units.to_owned()),
            ("run_id", self.run_id.to_owned()),
            ("store_content_key", self.store_content_key.to_owned()),
        ];
        entries.extend(self.q_per_angstrom.map(|q| ("q_per_angstrom", q.to_string())));
        if let Some(Conditions { shear_convention, dt_seconds, .. }) = self.conditions {
            let flow = if shear_convention.is_some() { " S(x)" } else { "" };
            entries.push(("equation", format!("c2 = offset(phi) + contrast(phi) exp(-q^2 int_t1^t2 D dt){flow}")));
            entries.extend(shear_convention.map(|convention| ("shear_convention", convention.name().to_owned())));
            entries.push(("dt_seconds", dt_seconds.to_string()));
        }
        let named = |(name, value): (&str, String)| (format!("homodyne.{name}"), value);
        entries.into_iter().filter(|(_, value)| !value.is_empty()).map(named).collect()
    }
}

/// With what readers have to know, as metadata of the schema.
pub(super) fn described(metadata: HashMap<String, String>, columns: Vec<Column>) -> Result<Vec<u8>> {
    let failed = |source: Box<dyn std::error::Error + Send + Sync>| -> Error {
        let mut fault = Fault::at("result table", "cannot be encoded");
        fault.source = Some(source);
        fault.internal()
    };
    let batch = RecordBatch::try_from_iter(columns).map_err(|source| failed(source.into()))?;
    let schema = Arc::new(batch.schema().as_ref().clone().with_metadata(metadata));
    let batch = batch.with_schema(Arc::clone(&schema)).map_err(|source| failed(source.into()))?;
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, schema, None).map_err(|source| failed(source.into()))?;
    writer.write(&batch).map_err(|source| failed(source.into()))?;
    writer.close().map_err(|source| failed(source.into()))?;
    Ok(bytes)
}

/// `parameters.parquet`: name, unit, value, uncertainty, uncertainty_plain, ends of the 68 and 95 % intervals, bounds, status.
///
/// # Errors
/// Internal if encoding fails.
pub fn parameters(result: &FitResult, origin: &Origin<'_>) -> Result<Vec<u8>> {
    const UNITS: &str = "value, uncertainties, intervals, bounds: see unit";
    let rows = &result.parameters;
    described(
        origin.metadata(UNITS),
        vec![
            words("name", rows, |row: &ParameterResult| row.name.clone()),
            words("unit", rows, |row| row.unit.clone()),
            numbers("value", rows, |row| Some(row.value)),
            numbers("uncertainty", rows, |row| row.uncertainty),
            numbers("uncertainty_plain", rows, |row| row.uncertainty_plain),
            numbers("interval_68_lower", rows, |row| row.interval_68?[0]),
            numbers("interval_68_upper", rows, |row| row.interval_68?[1]),
            numbers("interval_95_lower", rows, |row| row.interval_95?[0]),
            numbers("interval_95_upper", rows, |row| row.interval_95?[1]),
            numbers("lower", rows, |row| Some(row.bounds[0])),
            numbers("upper", rows, |row| Some(row.bounds[1])),
            words("status", rows, |row| row.status.name().into()),
        ],
    )
}

/// `per_angle.parquet`: phi_degrees, contrast (of the speckles, and of the fitted curve), offset, their uncertainties, sigma, pairs, chi_squared,
/// and what the noise lets expect of it with its spread.
///
/// # Errors
/// Internal if encoding fails.
pub fn per_angle(result: &FitResult, origin: &Origin<'_>) -> Result<Vec<u8>> {
    const UNITS: &str = "phi_degrees: degree; all others: 1";
    let rows = &result.angles;
    described(
        origin.metadata(UNITS),
        vec![
            numbers("phi_degrees", rows, |row: &AngleResult| Some(row.phi_degrees)),
            numbers("contrast", rows, |row| Some(row.contrast)),
            numbers("contrast_fitted", rows, |row| Some(row.contrast_fitted)),
            numbers("contrast_uncertainty", rows, |row| row.contrast_uncertainty),
            numbers("contrast_uncertainty_plain", rows, |row| row.contrast_uncertainty_plain),
            numbers("offset", rows, |row| Some(row.offset)),
            numbers("offset_uncertainty", rows, |row| row.offset_uncertainty),
            numbers("offset_uncertainty_plain", rows, |row| row.offset_uncertainty_plain),
            numbers("sigma", rows, |row| row.sigma),
            counts("pairs", rows, |row| Some(row.pairs)),
            numbers("chi_squared", rows, |row| row.chi_squared),
            numbers("expected_chi_squared", rows, |row| Some(row.expected_chi_squared?.value)),
            numbers("expected_chi_squared_spread", rows, |row| Some(row.expected_chi_squared?.spread)),
        ],
    )
}

/// `per_lag.parquet`: phi_degrees, first and last lag in frames and seconds, pairs, chi_squared. Empty without known noise.
///
/// # Errors
/// Internal if encoding fails.
pub fn per_lag(result: &FitResult, dt_seconds: f64, origin: &Origin<'_>) -> Result<Vec<u8>> {
    const UNITS: &str = "phi_degrees: degree; lags: as named; pairs, chi_squared: 1";
    let rows: Vec<(f64, &LagResult)> =
        result.angles.iter().flat_map(|angle| angle.lags.iter().map(|lag| (angle.phi_degrees, lag))).collect();
    described(
        origin.metadata(UNITS),
        vec![
            numbers("phi_degrees", &rows, |row| Some(row.0)),
            counts("first_lag_frames", &rows, |row| Some(row.1.first_lag_frames as u64)),
            counts("last_lag_frames", &rows, |row| Some(row.1.last_lag_frames as u64)),
            numbers("first_lag_seconds", &rows, |row| Some(row.1.first_lag_frames as f64 * dt_seconds)),
            numbers("last_lag_seconds", &rows, |row| Some(row.1.last_lag_frames as f64 * dt_seconds)),
            counts("pairs", &rows, |row| Some(row.1.pairs)),
            numbers("chi_squared", &rows, |row| Some(row.1.chi_squared)),
        ],
    )
}

/// `transport.parquet`: t_seconds, diffusion (D(t), angstrom^2/s) and its uncertainty, mean_diffusion (of D from the start) and its, under shear also shear_rate (1/s) and its.
///
/// # Errors
/// Internal if encoding fails.
pub fn transport(result: &FitResult, origin: &Origin<'_>) -> Result<Vec<u8>> {
    const UNITS: &str =
        "t_seconds: second; diffusion, mean_diffusion: angstrom^2/s; shear_rate: 1/s; uncertainties as their values";
    let rows = &result.transport;
    let mut columns = vec![
        numbers("t_seconds", rows, |row: &TransportPoint| Some(row.t_seconds)),
        numbers("diffusion", rows, |row| Some(row.diffusion.value)),
        numbers("diffusion_uncertainty", rows, |row| row.diffusion.uncertainty),
        numbers("mean_diffusion", rows, |row| row.mean_diffusion.map(|rate| rate.value)),
        numbers("mean_diffusion_uncertainty", rows, |row| row.mean_diffusion?.uncertainty),
    ];
    if rows.iter().any(|row| row.shear_rate.is_some()) {
        columns.push(numbers("shear_rate", rows, |row| row.shear_rate.map(|rate| rate.value)));
        columns.push(numbers("shear_rate_uncertainty", rows, |row| row.shear_rate?.uncertainty));
    }
    described(origin.metadata(UNITS), columns)
}

/// `candidates.parquet`: every start of a global search: origin, screened_cost, polished_cost, basin, `start_` and
/// `polished_` of every physical parameter.
///
/// # Errors
/// Internal if encoding fails.
pub fn candidates(search: &Search, result: &FitResult, origin: &Origin<'_>) -> Result<Vec<u8>> {
    let units = units_of(result, "costs, basin: 1; start_ and polished_ of");
    let rows = &search.candidates;
    let mut columns = vec![
        words("origin", rows, |row: &Candidate| row.origin.name().into()),
        numbers("screened_cost", rows, |row| Some(row.screened_cost)),
        numbers("polished_cost", rows, |row| row.polished_cost),
        numbers("basin", rows, |row| row.basin.map(|basin| basin as f64)),
    ];
    for (k, parameter) in result.parameters.iter().enumerate() {
        columns.push(numbers(&format!("start_{}", parameter.name), rows, |row| row.start.get(k).copied()));
        let polished = |row: &Candidate| row.polished.as_ref().and_then(|theta| theta.get(k).copied());
        columns.push(numbers(&format!("polished_{}", parameter.name), rows, polished));
    }
    described(origin.metadata(&units), columns)
}

/// `iterations.parquet`: iteration, cost, reduced_chi_squared, projected_gradient, radius, accepted, one column per
/// physical parameter.
///
/// # Errors
/// Internal if encoding fails.
pub fn iterations(result: &FitResult, origin: &Origin<'_>) -> Result<Vec<u8>> {
    let units = units_of(result, "all columns but parameters: 1;");
    let rows = &result.iterations;
    let mut columns = vec![
        counts("iteration", rows, |row: &Iteration| Some(row.iteration as u64)),
        numbers("cost", rows, |row| Some(row.cost)),
        numbers("reduced_chi_squared", rows, |row| row.reduced_chi_squared),
        numbers("projected_gradient", rows, |row| Some(row.projected_gradient)),
        numbers("radius", rows, |row| Some(row.radius)),
        ("accepted".into(), Arc::new(rows.iter().map(|row| Some(row.accepted)).collect::<BooleanArray>()) as ArrayRef),
    ];
    for (k, parameter) in result.parameters.iter().enumerate() {
        columns.push(numbers(&parameter.name, rows, |row| row.theta.get(k).copied()));
    }
    described(origin.metadata(&units), columns)
}

/// Units of what is in the way of a fit, and of every parameter.
fn units_of(result: &FitResult, what: &str) -> String {
    let of = |found: &ParameterResult| format!(" {}: {}", found.name, found.unit);
    format!("{what}{}", result.parameters.iter().map(of).collect::<Vec<String>>().join(";"))
}
