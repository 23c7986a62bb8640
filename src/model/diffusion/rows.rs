//! Pairs of the static model, whole vectors at a time. It is compared with the slow twin in [`crate::model::pair`].

use crate::model::time_tables::ThetaTables;
use crate::sums::pairs::{LANES, Lane, NEGLIGIBLE, PairGroup, PairModel, QUANTITIES, Run};
use pulp::Simd;

/// Columns of a row: dh/d[D0, alpha, D_offset], h, 1, y.
pub const STATIC_WIDTH: usize = 6;

/// Pairs of any angle (the static model does not depend on it). Quantities: -q^2 dt [A, B, T].
#[derive(Debug)]
pub struct StaticRows<'a> {
    tables: &'a ThetaTables,
    /// Decays below this are negligible.
    negligible: f64,
}

impl<'a> StaticRows<'a> {
    pub(crate) fn new(tables: &'a ThetaTables) -> Self {
        StaticRows { tables, negligible: NEGLIGIBLE * tables.decay.largest(|_| 1.0) }
    }
}

impl PairModel for StaticRows<'_> {
    const HAS_C: bool = false;

    #[inline(always)]
    fn fill<S: Simd, const CHANGES: bool>(&self, simd: S, run: &Run, into: &mut [PairGroup]) {
        let decay = self.tables.decay.of_run(run);
        let factor = simd.splat_f64s(decay.factor);
        let [head, _, end] = run.split();
        for ((from, into), group) in decay.lanes.iter().zip(into).zip(run.groups()) {
            let is_edge = head.contains(&group) || end.contains(&group);
            for v in 0..LANES / S::F64_LANES {
                let h = simd.mul_f64s(factor, from.load::<S>(v));
                let h = if is_edge { simd.select_f64s(run.mask(simd, group, v), h, simd.splat_f64s(0.0)) } else { h };
                into.h.store::<S>(v, h);
            }
        }
    }

    #[inline(always)]
    fn quantities(&self, group: usize) -> &[Lane; QUANTITIES] {
        &self.tables.quantities.groups()[group]
    }

    fn factors(&self) -> [f64; QUANTITIES] {
        [1.0; QUANTITIES]
    }

    #[inline(always)]
    fn is_over(&self, row: usize, frame: usize) -> bool {
        self.tables.decay.at(row, frame) < self.negligible
    }
}
