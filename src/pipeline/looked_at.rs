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
    n_frames: usize,
}

impl StoreAtTheta {
    /// Of a store at a theta.
    #[must_use]
    pub fn new(store: Arc<dyn BlockSource>, model: Model, theta: Vec<f64>) -> Self {
        let phi_degrees = store.experiment().angles.iter().map(|angle| angle.phi_degrees).collect();
        let n_frames = store.experiment().time.n_frames;
        let (tables, sweep) = (model.tables(&theta), Sweep::new(store, model.clone(), 1));
        StoreAtTheta { sweep, model, theta, tables, phi_degrees, n_frames }
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

    /// h at any azimuth in degrees and lag in frames, a mean over ages.
    #[must_use]
    pub fn mean_h(&self, phi_degrees: f64, lag: usize) -> f64 {
        self.mean_h_of((&self.tables, &self.theta), phi_degrees, lag)
    }

    /// The same at another theta, for some lags.
    #[must_use]
    pub fn mean_h_at(&self, theta: &[f64], phi_degrees: f64, lags: &[usize]) -> Vec<f64> {
        let tables = self.model.tables(theta);
        lags.iter().map(|&lag| self.mean_h_of((&tables, theta), phi_degrees, lag)).collect()
    }

    fn mean_h_of(&self, (tables, theta): (&ThetaTables, &[f64]), phi_degrees: f64, lag: usize) -> f64 {
        /// Most ages that are asked.
        const AGES: usize = 64;
        let n_frames = self.n_frames;
        let evaluator = PairEvaluator::new(&self.model, tables, theta, phi_degrees);
        let first = n_frames.saturating_sub(lag).max(1);
        let ages = AGES.min(first);
        let at = |age: usize| (2 * age + 1) * first / (2 * ages);
        (0..ages).map(|age| evaluator.h(at(age), (at(age) + lag).min(n_frames - 1))).sum::<f64>() / ages as f64
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
