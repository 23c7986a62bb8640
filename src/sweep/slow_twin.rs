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
    let mut grams = vec![Gram::zero(width); plan.n_angles];
    for index in 0..plan.n_blocks() {
        let block = source.read(index)?;
        let angle = &experiment.angles[block.angle];
        let evaluator = PairEvaluator::new(model, &tables, theta, angle.phi_degrees);
        for k in 0..block.values.len() {
            let (i, j) = pair_at(plan.n_frames, block.first_pair + k);
            let value = block.values.get(k);
            if value.is_finite() && !angle.masked_frames.contains(&i) && !angle.masked_frames.contains(&j) {
                let pair = evaluator.at(i, j);
                let mut row = pair.dh[..width - 3].to_vec();
                row.extend([pair.h, 1.0, value - 1.0]);
                grams[block.angle].add(&outer_product(&row));
            }
        }
    }
    Ok(grams)
}

/// The Gram matrix of one row.
#[must_use]
pub fn outer_product(row: &[f64]) -> Gram {
    let mut packed = Vec::with_capacity(packed_len(row.len()));
    for (k, left) in row.iter().enumerate() {
        packed.extend(row[k..].iter().map(|right| left * right));
    }
    Gram::from_packed(row.len(), packed, 1)
}
