//! The slow twin of the sweep: pair by pair, plain sums. It defines what the fast sweep must equal.

use crate::block::{BlockSource, pair_at};
use crate::error::Result;
use crate::model::catalogue::Model;
use crate::model::pair::PairEvaluator;
use crate::normal::gram::{Gram, packed_len};

/// Sums the rows of every usable pair of `source` at `theta`, one Gram matrix per angle.
///
/// # Errors
/// What the source reports.
pub fn sweep_pair_by_pair(source: &dyn BlockSource, model: &Model, theta: &[f64]) -> Result<Vec<Gram>> {
    let width = model.mode.n_parameters() + 3;
    let (plan, experiment) = (source.plan(), source.experiment());
    let tables = model.tables(theta);
    let mut sums = vec![(vec![0.0; packed_len(width)], 0_u64); plan.n_angles];
    for index in 0..plan.n_blocks() {
        let block = source.read(index)?;
        let angle = &experiment.angles[block.angle];
        let evaluator = PairEvaluator::new(model, &tables, theta, angle.phi_degrees);
        let (packed, pairs) = &mut sums[block.angle];
        for k in 0..block.values.len() {
            let (i, j) = pair_at(plan.n_frames, block.first_pair + k);
            let value = block.values.get(k);
            if value.is_finite() && !angle.masked_frames.contains(&i) && !angle.masked_frames.contains(&j) {
                let pair = evaluator.at(i, j);
                let mut row = pair.dh[..width - 3].to_vec();
                row.extend([pair.h, 1.0, value - 1.0]);
                add_outer_product(&row, packed);
                *pairs += 1;
            }
        }
    }
    Ok(sums.into_iter().map(|(packed, pairs)| Gram::from_packed(width, packed, pairs)).collect())
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
