//! Rows of the static model, whole vectors at a time. It is compared with the slow twin in [`crate::model::pair`].

use crate::model::catalogue::ThetaTables;
use crate::model::decay::DecayTables;
use crate::model::frame_table::{FrameTable, RunTable};
use crate::rows::{LANES, Lane, RowModel, Run, Tile};
use pulp::Simd;
use std::ops::Range;

/// Columns of a tile: dh/d[D0, alpha, D_offset], h, 1, y.
pub const STATIC_WIDTH: usize = 6;
const H: usize = 3;

/// Row filler of any angle (the static model does not depend on it).
#[derive(Debug)]
pub struct StaticRows<'a> {
    decay: &'a DecayTables,
    /// Decay, then -q^2 dt [A, B, T].
    table: FrameTable<4>,
}

impl<'a> StaticRows<'a> {
    pub(crate) fn new(tables: &'a ThetaTables) -> Self {
        let [a, b, t] = &tables.time.diffusion;
        StaticRows { decay: &tables.decay, table: FrameTable::new([&tables.decay.from_start, a, b, t]) }
    }

    #[inline(always)]
    fn fill_part<S: Simd, const DERIVATIVES: bool, const MASKED: bool>(
        &self,
        simd: S,
        run: &Run,
        part: Range<usize>,
        tables: (&RunTable<'_, 4>, &mut [[Lane; STATIC_WIDTH]]),
    ) {
        let (table, filled) = tables;
        let first = run.groups().start;
        let inside = part.start - first..part.end - first;
        let factor = simd.splat_f64s(table.factor);
        let a_i = simd.splat_f64s(self.table.at(run.row, 1));
        let b_i = simd.splat_f64s(self.table.at(run.row, 2));
        let t_i = simd.splat_f64s(self.table.at(run.row, 3));
        for ((from, into), group) in table.groups[inside.clone()].iter().zip(&mut filled[inside]).zip(part) {
            for v in 0..LANES / S::F64_LANES {
                let mut h = simd.mul_f64s(factor, from[0].load::<S>(v));
                if MASKED {
                    h = simd.select_f64s(run.mask(simd, group, v), h, simd.splat_f64s(0.0));
                }
                into[H].store::<S>(v, h);
                if DERIVATIVES {
                    into[0].store::<S>(v, simd.mul_f64s(h, simd.sub_f64s(from[1].load::<S>(v), a_i)));
                    into[1].store::<S>(v, simd.mul_f64s(h, simd.sub_f64s(from[2].load::<S>(v), b_i)));
                    into[2].store::<S>(v, simd.mul_f64s(h, simd.sub_f64s(from[3].load::<S>(v), t_i)));
                }
            }
        }
    }
}

impl RowModel<STATIC_WIDTH> for StaticRows<'_> {
    #[inline(always)]
    fn fill<S: Simd, const DERIVATIVES: bool>(&self, simd: S, run: &Run, tile: &mut Tile<STATIC_WIDTH>) {
        let table = self.table.of_run(self.decay, run);
        let filled = tile.next_mut(run);
        let [head, middle, end] = run.split();
        if !middle.is_empty() {
            self.fill_part::<S, DERIVATIVES, false>(simd, run, middle, (&table, filled));
        }
        for edge in [head, end] {
            if !edge.is_empty() {
                self.fill_part::<S, DERIVATIVES, true>(simd, run, edge, (&table, filled));
            }
        }
    }
}
