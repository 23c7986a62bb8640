//! `curves.parquet`: the rows behind every line figure.

use crate::error::Result;
use crate::outcome::curves::{Curve, CurvePoint};
use crate::report::tables::parquet::{Origin, counts, described, numbers, words};

/// figure, phi_degrees, segment (of age, from 1; of an ellipse its percentage), x, y, y_error, model, and what x and y are. The schema
/// says which store they are of, and of a result which equation and convention.
///
/// # Errors
/// Internal if encoding fails.
pub fn table(curves: &[Curve], origin: &Origin<'_>) -> Result<Vec<u8>> {
    let units = "phi_degrees: degree; x, y: see x_label, y_label; y_error, model: as y";
    let rows: Vec<(&Curve, &CurvePoint)> =
        curves.iter().flat_map(|curve| curve.points.iter().map(move |point| (curve, point))).collect();
    let columns = vec![
        words("figure", &rows, |row| row.0.figure.into()),
        numbers("phi_degrees", &rows, |row| row.0.phi_degrees),
        counts("segment", &rows, |row| row.0.segment.map(|segment| segment as u64)),
        numbers("x", &rows, |row| Some(row.1.x)),
        numbers("y", &rows, |row| row.1.y),
        numbers("y_error", &rows, |row| row.1.y_error),
        numbers("model", &rows, |row| row.1.model),
        words("x_label", &rows, |row| row.0.x_label.into()),
        words("y_label", &rows, |row| row.0.y_label.into()),
    ];
    described(origin.metadata(units), columns)
}
