//! The slow twin of the sweep: pair by pair, plain sums. It defines what the fast sweep must equal.

use crate::error::Result;
use crate::model::catalogue::Model;
use crate::model::pair::PairEvaluator;
use crate::store::block::{BlockSource, pair_at};
use crate::sums::gram::Gram;
use crate::sums::loss::Reweighing;
use crate::sums::objective::Query;
use crate::sums::packed::packed_len;

/// Sums the rows of every usable pair of `source` at `query`, one Gram matrix per angle.
///
/// # Errors
/// What the source reports.
pub fn sweep_pair_by_pair(source: &dyn BlockSource, model: &Model, query: &Query<'_>) -> Result<Vec<Gram>> {
    let theta = query.theta;
    let width = model.mode.n_parameters() + 3;
    let (plan, experiment) = (source.plan(), source.experiment());
    let tables = model.tables(theta);
    let mut sums = vec![Gram::zero(width); plan.n_angles];
    for index in 0..plan.n_blocks() {
        let block = source.read(index)?;
        let angle = &experiment.angles[block.angle];
        let evaluator = PairEvaluator::new(model, &tables, theta, angle.phi_degrees);
        let mut packed = vec![0.0; packed_len(width)];
        let (mut pairs, mut loss) = (0, 0.0);
        for k in 0..block.values.len() {
            let (i, j) = pair_at(plan.n_frames, block.first_pair + k);
            let value = block.values.get(k);
            if value.is_finite() && !angle.masked_frames.contains(&i) && !angle.masked_frames.contains(&j) {
                let pair = evaluator.at(i, j);
                let mut row = pair.dh[..width - 3].to_vec();
                row.extend([pair.h, 1.0, value - 1.0]);
                loss += query.reweighing.map_or(0.0, |all| reweigh_row(&all[block.angle], &mut row));
                add_outer_product(&row, &mut packed);
                pairs += 1;
            }
        }
        let sum = Gram::from_packed(width, packed, pairs).with_loss(loss);
        sums[block.angle].add(&sum.scaled(query.weight(block.angle)));
    }
    Ok(sums)
}

/// Multiplies a row by the root of its weight; returns its loss in units of y^2.
pub fn reweigh_row(reweighing: &Reweighing, row: &mut [f64]) -> f64 {
    let n = row.len();
    let z = reweighing.z(reweighing.residual(row[n - 3], row[n - 2], row[n - 1]));
    let root = reweighing.loss.weight(z).sqrt();
    row.iter_mut().for_each(|value| *value *= root);
    reweighing.turn * reweighing.turn * reweighing.loss.value(z)
}

/// Adds `row row^T` to a packed triangle.
pub fn add_outer_product(row: &[f64], packed: &mut [f64]) {
    let mut next = 0;
    for (k, left) in row.iter().enumerate() {
        for right in &row[k..] {
            packed[next] += left * right;
            next += 1;
        }
    }
}
