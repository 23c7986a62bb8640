//! One angle as it can be looked at, and the model of every pair of a block: on the caller's thread.

use crate::error::Result;
use crate::model::catalogue::AngleRows;
use crate::model::time_tables::ThetaTables;
use crate::store::block::Block;
use crate::sweep::raw::pass::Sweep;
use crate::sweep::raw::patches::{Pairs, PatchPass};
use crate::sweep::raw::picture_patches::{Grain, IntoPicture, Level};
use crate::sweep::raw::value_patches::IntoValues;
use crate::sweep::simd::SimdLevel;

impl Sweep<'_> {
    /// Sums of one angle at a theta, whose tables are given.
    ///
    /// # Errors
    /// What the source reports; Interrupted if the user has asked to stop.
    pub fn picture<'g>(
        &self,
        (tables, theta): (&ThetaTables, &[f64]),
        angle: usize,
        level: Level,
        grain: &'g Grain,
    ) -> Result<IntoPicture<'g>> {
        let (source, plan) = (self.source(), self.source().plan());
        let phi_degrees = source.experiment().angles[angle].phi_degrees;
        let rows = self.model().rows(tables, theta, phi_degrees);
        let mut into = IntoPicture::new(grain, level);
        for index in plan.blocks_of(angle) {
            self.watch().check()?;
            let block = source.read(index)?;
            let pairs = Pairs { block: &block, frame_runs: self.frame_runs(angle), n_frames: plan.n_frames };
            into = match &rows {
                AngleRows::Static(model) => SimdLevel::Best.run(PatchPass { model, pairs, into }),
                AngleRows::Laminar(model) => SimdLevel::Best.run(PatchPass { model, pairs, into }),
            };
            source.confirm(angle)?;
        }
        Ok(into)
    }

    /// A block with h of its pairs at a theta, whose tables are given; not a number where a pair does not count.
    ///
    /// # Errors
    /// What the source reports.
    pub fn block_with_model(&self, (tables, theta): (&ThetaTables, &[f64]), index: usize) -> Result<(Block, Vec<f64>)> {
        let (source, n_frames) = (self.source(), self.source().plan().n_frames);
        let block = source.read(index)?;
        let angle = block.angle;
        let into = IntoValues::new(n_frames, block.first_pair, block.values.len());
        let pairs = Pairs { block: &block, frame_runs: self.frame_runs(angle), n_frames };
        let found = match self.model().rows(tables, theta, source.experiment().angles[angle].phi_degrees) {
            AngleRows::Static(model) => SimdLevel::Best.run(PatchPass { model: &model, pairs, into }),
            AngleRows::Laminar(model) => SimdLevel::Best.run(PatchPass { model: &model, pairs, into }),
        };
        source.confirm(angle)?;
        Ok((block, found.h))
    }
}
