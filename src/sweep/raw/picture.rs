//! One angle as it can be looked at: a pass over its blocks on the caller's thread.

use crate::error::Result;
use crate::model::catalogue::AngleRows;
use crate::model::time_tables::ThetaTables;
use crate::sweep::raw::pass::Sweep;
use crate::sweep::raw::patches::{Pairs, PatchPass};
use crate::sweep::raw::picture_patches::{Grain, IntoPicture, Level};
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
        let first = angle * plan.blocks_per_angle();
        for index in first..first + plan.blocks_per_angle() {
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
}
