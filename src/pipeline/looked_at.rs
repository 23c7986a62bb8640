//! What pictures are made of: sums of one angle, here of a store and a model. It draws nothing.

use crate::error::Result;
use crate::model::catalogue::Model;
use crate::model::pair::PairEvaluator;
use crate::model::time_tables::ThetaTables;
use crate::outcome::fit::FitOutcome;
use crate::parameters::definitions::ShearConvention;
use crate::store::block::{Block, BlockSource};
use crate::sweep::raw::pass::Sweep;
use crate::sweep::raw::picture_patches::{Grain, IntoPicture, Level};
use std::sync::Arc;

/// Where pictures come from, angle by angle, from several threads at a time.
pub trait LookedAt: Sync {
    /// Sums of one angle, whose level is known.
    ///
    /// # Errors
    /// What reading reports.
    fn sums<'g>(&self, angle: usize, level: Level, grain: &'g Grain) -> Result<IntoPicture<'g>>;

    /// h of two frames of one angle, one where they are the same.
    fn h(&self, angle: usize, frames: (usize, usize)) -> f64;
}

/// A store, and a model at one theta.
pub struct StoreAtTheta {
    sweep: Sweep<'static>,
    model: Model,
    theta: Vec<f64>,
    tables: ThetaTables,
    phi_degrees: Vec<f64>,
}

impl StoreAtTheta {
    /// Of a store at a theta.
    #[must_use]
    pub fn new(store: Arc<dyn BlockSource>, model: Model, theta: Vec<f64>) -> Self {
        let phi_degrees = store.experiment().angles.iter().map(|angle| angle.phi_degrees).collect();
        let (tables, sweep) = (model.tables(&theta), Sweep::new(store, model.clone(), 1));
        StoreAtTheta { sweep, model, theta, tables, phi_degrees }
    }

    /// Of a store at the parameters of a result.
    ///
    /// # Errors
    /// As [`Model::new`].
    pub fn of_result(store: Arc<dyn BlockSource>, outcome: &FitOutcome) -> Result<Self> {
        let conditions = &outcome.conditions;
        let convention = conditions.shear_convention.unwrap_or(ShearConvention::Homodyne);
        let model = Model::new(conditions.analysis_mode, convention, store.experiment())?;
        let theta = outcome.result.parameters.iter().map(|found| found.value).collect();
        Ok(StoreAtTheta::new(store, model, theta))
    }

    /// A block with h of its pairs; not a number where a pair does not count.
    ///
    /// # Errors
    /// What reading reports.
    pub fn block_with_model(&self, index: usize) -> Result<(Block, Vec<f64>)> {
        self.sweep.block_with_model((&self.tables, &self.theta), index)
    }
}

impl LookedAt for StoreAtTheta {
    fn sums<'g>(&self, angle: usize, level: Level, grain: &'g Grain) -> Result<IntoPicture<'g>> {
        self.sweep.picture((&self.tables, &self.theta), angle, level, grain)
    }

    fn h(&self, angle: usize, (i, j): (usize, usize)) -> f64 {
        let evaluator = PairEvaluator::new(&self.model, &self.tables, &self.theta, self.phi_degrees[angle]);
        if i == j { 1.0 } else { evaluator.h(i.min(j), i.max(j)) }
    }
}
