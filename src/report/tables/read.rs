//! Result tables read back: what `parameters.json` does not hold.

use crate::outcome::fit::Iteration;
use crate::outcome::posterior::Draw;
use crate::outcome::transport::{Rate, TransportPoint};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, UInt64Type};
use arrow_array::{Array, RecordBatch};
use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

/// `transport.parquet`; `None` if it is none.
#[must_use]
pub fn transport(file: Vec<u8>) -> Option<Vec<TransportPoint>> {
    let mut points = Vec::new();
    for batch in batches(file)? {
        let column = |name: &str| numbers(&batch, name);
        let (times, values, errors) = (column("t_seconds")?, column("diffusion")?, column("diffusion_uncertainty")?);
        let mean = column("mean_diffusion").zip(column("mean_diffusion_uncertainty"));
        let shear = column("shear_rate").zip(column("shear_rate_uncertainty"));
        for k in 0..batch.num_rows() {
            let rate = |of: Option<&(Column, Column)>| {
                of.and_then(|(values, errors)| Some(Rate { value: values[k]?, uncertainty: errors[k] }))
            };
            let diffusion = Rate { value: values[k]?, uncertainty: errors[k] };
            let (mean_diffusion, shear_rate) = (rate(mean.as_ref()), rate(shear.as_ref()));
            points.push(TransportPoint { t_seconds: times[k]?, diffusion, mean_diffusion, shear_rate });
        }
    }
    Some(points)
}

/// `iterations.parquet`, but for theta; `None` if it is none.
#[must_use]
pub fn iterations(file: Vec<u8>) -> Option<Vec<Iteration>> {
    let mut steps = Vec::new();
    for batch in batches(file)? {
        let column = |name: &str| numbers(&batch, name);
        let (costs, chi) = (column("cost")?, column("reduced_chi_squared")?);
        let (gradients, radii) = (column("projected_gradient")?, column("radius")?);
        let accepted = batch.column_by_name("accepted")?.as_boolean_opt()?;
        let numbers = batch.column_by_name("iteration")?.as_primitive_opt::<UInt64Type>()?;
        for k in 0..batch.num_rows() {
            steps.push(Iteration {
                iteration: usize::try_from(numbers.value(k)).ok()?,
                cost: costs[k].unwrap_or(f64::INFINITY),
                reduced_chi_squared: chi[k],
                projected_gradient: gradients[k].unwrap_or(f64::INFINITY),
                radius: radii[k].unwrap_or(f64::INFINITY),
                accepted: accepted.value(k),
                theta: Vec::new(),
            });
        }
    }
    Some(steps)
}

/// `draws.parquet`: the draws of every chain, with so many numbers each by name; `None` if it is none.
#[must_use]
pub fn draws(file: Vec<u8>, names: &[&str], n_chains: usize) -> Option<Vec<Vec<Draw>>> {
    let mut chains = vec![Vec::new(); n_chains];
    for batch in batches(file)? {
        let columns: Vec<Column> = names.iter().map(|name| numbers(&batch, name)).collect::<Option<_>>()?;
        let (log_density, energy, acceptance) =
            (numbers(&batch, "lp")?, numbers(&batch, "energy")?, numbers(&batch, "acceptance")?);
        let count = |name: &str| batch.column_by_name(name)?.as_primitive_opt::<UInt64Type>();
        let (chain, depth, steps) = (count("chain")?, count("depth")?, count("steps")?);
        let diverging = batch.column_by_name("diverging")?.as_boolean_opt()?;
        for k in 0..batch.num_rows() {
            chains.get_mut(usize::try_from(chain.value(k)).ok()?)?.push(Draw {
                values: columns.iter().map(|column| column[k]).collect::<Option<_>>()?,
                log_density: log_density[k]?,
                energy: energy[k]?,
                acceptance: acceptance[k].unwrap_or_default(),
                steps: steps.value(k),
                depth: depth.value(k),
                diverging: diverging.value(k),
            });
        }
    }
    Some(chains)
}

fn batches(file: Vec<u8>) -> Option<Vec<RecordBatch>> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(file)).ok()?.build().ok()?;
    reader.collect::<Result<Vec<RecordBatch>, _>>().ok()
}

/// Numbers, where they are known.
type Column = Vec<Option<f64>>;

fn numbers(batch: &RecordBatch, name: &str) -> Option<Column> {
    let column = batch.column_by_name(name)?.as_primitive_opt::<Float64Type>()?;
    Some((0..column.len()).map(|k| column.is_valid(k).then(|| column.value(k))).collect())
}
