//! One pass over the blocks of a source that condenses them, angle by angle. It evaluates no model.

use crate::error::Result;
use crate::listener::StopFlag;
use crate::machine::dataflow::{Dataflow, Lanes, Meter};
use crate::store::block::BlockSource;
use crate::store::condensed_angle::CondensedAngle;
use crate::sweep::condensed::arrangement::Arrangement;
use crate::sweep::condensed::dealing::Dealing;
use crate::sweep::condensed::moments::Moments;
use crate::sweep::simd::SimdLevel;

/// Condenses all angles and hands over each in turn; one angle at a time is in memory.
///
/// # Errors
/// What the source and who takes the angles report; Interrupted if the user has asked to stop.
pub fn condense(
    source: &dyn BlockSource,
    arrangement: &Arrangement,
    threads: usize,
    stop: &StopFlag,
    take: &mut dyn FnMut(usize, CondensedAngle) -> Result<()>,
) -> Result<()> {
    let plan = source.plan();
    let layout = |angle: usize| &arrangement.place(angle).layout;
    let flow = Dataflow {
        n_items: plan.n_blocks(),
        lanes: Lanes::self_reading(threads),
        read: &|index| source.read(index),
        work: &|_, block| {
            let part = SimdLevel::Best.run(Dealing { block: &block, layout: layout(block.angle) });
            source.confirm(block.angle)?;
            Ok(part)
        },
        meter: &Meter::default(),
    };
    let mut moments = Moments::zero(layout(0));
    flow.fold(&mut |index, part| {
        stop.check()?;
        moments.add(part);
        // Blocks come in order: with its last one an angle is complete.
        let (angle, next) = (plan.locate(index).0, index + 1);
        if next < plan.n_blocks() && plan.locate(next).0 == angle {
            return Ok(());
        }
        let following = layout((angle + 1).min(plan.n_angles - 1));
        let done = std::mem::replace(&mut moments, Moments::zero(following));
        take(angle, done.finish(layout(angle)))
    })
}
