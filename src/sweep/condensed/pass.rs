//! One pass over the blocks of a source that condenses them, angle by angle. It evaluates no model.

use crate::error::Result;
use crate::listener::StopFlag;
use crate::machine::dataflow::{Dataflow, Lanes, Meter};
use crate::store::block::BlockSource;
use crate::store::condensed_angle::CondensedAngle;
use crate::sweep::condensed::arrangement::Arrangement;
use crate::sweep::condensed::dealing::Dealing;
use crate::sweep::condensed::moments::Moments;

/// Rows of an item, or more than a sixteenth of the work is done twice.
const ROWS_AT_LEAST: usize = 128;

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
    // Rows that two items share are dealt out twice.
    let per_item = (ROWS_AT_LEAST * plan.n_frames).div_ceil(plan.block_points);
    let per_angle = plan.blocks_per_angle().div_ceil(per_item);
    let flow = Dataflow {
        n_items: plan.n_angles * per_angle,
        lanes: Lanes::self_reading(threads),
        read: &|_| Ok(()),
        work: &|item, ()| {
            let (angle, blocks) = (item / per_angle, plan.blocks_of(item / per_angle));
            let mut dealing = Dealing::new(layout(angle));
            for index in blocks.skip(item % per_angle * per_item).take(per_item) {
                dealing.add(&source.read(index)?);
            }
            source.confirm(angle)?;
            Ok(dealing.finish())
        },
        meter: &Meter::default(),
    };
    let mut moments = Moments::zero(layout(0));
    flow.fold(&mut |item, part| {
        stop.check()?;
        moments.add(part);
        // Items come in order: with its last one an angle is complete.
        let angle = item / per_angle;
        if item % per_angle + 1 < per_angle {
            return Ok(());
        }
        let following = layout((angle + 1).min(plan.n_angles - 1));
        let done = std::mem::replace(&mut moments, Moments::zero(following));
        take(angle, done.finish(layout(angle)))
    })
}
