//! The innermost loop of all: sums over the later frames of one row, in registers. It knows neither data nor physics; what
//! the sums are for stands in [`crate::sums::separable`].

use crate::sums::pairs::{LANES, Lane, PairGroup, QUANTITIES, THROUGH_C, THROUGH_H};
use crate::sums::rank_update::Depth;
use pulp::Simd;

/// Sums over the rows of a patch, for the later frames of one group: u, h, h y, v, c, c y, w.
pub type Columns = [Lane; 7];

/// What the sums are made for, known to the compiler.
pub trait Want {
    /// Which products.
    const DEPTH: Depth;
    /// Whether pairs have weights other than 1.
    const WEIGHTED: bool;
}

/// Sums over the frames of one row: first each factor alone, then times the local quantities.
// In memory between the loops over a row: what waits in registers for a later loop takes them from the sums of this one.
#[derive(Debug, Default)]
pub struct RowSums {
    /// Of u = h^2, with the quantities that act through h.
    pub u: [Lane; 1 + THROUGH_H],
    /// Of v = h c, with all quantities.
    pub v: [Lane; 1 + QUANTITIES],
    /// Of w = c^2, with the quantities that act through c.
    pub w: [Lane; 1 + THROUGH_C],
    /// Of h, h y, c, c y.
    pub plain: [Lane; 4],
}

// Which sums one loop over the frames makes. All 21 fit the registers of AVX-512; with fewer, three loops are faster.
const ALL: u8 = 0;
const FACTORS: u8 = 1;
const MOMENTS_OF_H: u8 = 2;
const MOMENTS_OF_C: u8 = 3;

/// The later frames of one row: their pairs, their quantities less those of the reference, their sums over rows.
pub struct Frames<'a> {
    /// Pairs.
    pub pairs: &'a [PairGroup],
    /// Quantities.
    pub local: &'a [[Lane; QUANTITIES]],
    /// Sums over rows.
    pub columns: &'a mut [Columns],
}

impl RowSums {
    /// Sums over the frames of one row, which overwrite the last ones; adds to the sums over rows.
    #[inline(always)]
    pub fn sum<S: Simd, T: Want, const HAS_C: bool>(&mut self, simd: S, frames: &mut Frames<'_>) {
        for v in 0..LANES / S::F64_LANES {
            if T::DEPTH == Depth::Gradient || !HAS_C || S::F64_LANES >= LANES {
                self.part::<S, T, HAS_C, ALL>(simd, frames, v);
            } else {
                self.part::<S, T, HAS_C, FACTORS>(simd, frames, v);
                self.part::<S, T, HAS_C, MOMENTS_OF_H>(simd, frames, v);
                self.part::<S, T, HAS_C, MOMENTS_OF_C>(simd, frames, v);
            }
        }
    }

    /// Sums of h^2, h and h y alone.
    #[inline(always)]
    pub fn sum_cost<S: Simd, T: Want>(&mut self, simd: S, pairs: &[PairGroup]) {
        for v in 0..LANES / S::F64_LANES {
            let mut sums = [simd.splat_f64s(0.0); 3];
            for pair in pairs {
                let (h, y) = (pair.h.load::<S>(v), pair.y.load::<S>(v));
                let h1 = if T::WEIGHTED { simd.mul_f64s(h, pair.one.load::<S>(v)) } else { h };
                // Rounded product, then sum: the same bits as at the other depths.
                sums[0] = simd.add_f64s(sums[0], simd.mul_f64s(h, h));
                sums[1] = simd.add_f64s(sums[1], h1);
                sums[2] = simd.add_f64s(sums[2], simd.mul_f64s(h, y));
            }
            self.u[0].store::<S>(v, sums[0]);
            self.plain[0].store::<S>(v, sums[1]);
            self.plain[1].store::<S>(v, sums[2]);
        }
    }

    /// One loop over the frames.
    #[inline(always)]
    fn part<S: Simd, T: Want, const HAS_C: bool, const PART: u8>(
        &mut self,
        simd: S,
        frames: &mut Frames<'_>,
        v: usize,
    ) {
        let has_factors = matches!(PART, ALL | FACTORS);
        let has_moments_of_h = T::DEPTH == Depth::Normal && matches!(PART, ALL | MOMENTS_OF_H);
        let has_moments_of_c = T::DEPTH == Depth::Normal && HAS_C && matches!(PART, ALL | MOMENTS_OF_C);
        let mut sums = Registers::zero(simd, v);
        for ((pair, local), column) in frames.pairs.iter().zip(frames.local).zip(&mut *frames.columns) {
            // Read before anything is written: the compiler cannot know that columns are not pairs.
            let factors = Factors::of::<T, HAS_C>(simd, pair, v);
            if has_factors {
                sums.add_factors::<T, HAS_C>(&factors, column);
            }
            if has_moments_of_h {
                sums.add_moments_of_h::<HAS_C>(&factors, local);
            }
            if has_moments_of_c {
                sums.add_moments_of_c(&factors, local);
            }
        }
        if has_factors {
            sums.store_factors(self);
        }
        if has_moments_of_h {
            sums.store_moments_of_h(self);
        }
        if has_moments_of_c {
            sums.store_moments_of_c(self);
        }
    }
}

/// What eight pairs contribute, vector `v` of it.
struct Factors<S: Simd> {
    /// h, h y, c, c y.
    plain: [S::f64s; 4],
    u: S::f64s,
    v: S::f64s,
    w: S::f64s,
}

impl<S: Simd> Factors<S> {
    #[inline(always)]
    fn of<T: Want, const HAS_C: bool>(simd: S, pair: &PairGroup, v: usize) -> Self {
        let (h, y) = (pair.h.load::<S>(v), pair.y.load::<S>(v));
        let c = if HAS_C { pair.c.load::<S>(v) } else { simd.splat_f64s(0.0) };
        let with_one = |x: S::f64s| if T::WEIGHTED { simd.mul_f64s(x, pair.one.load::<S>(v)) } else { x };
        let plain = [with_one(h), simd.mul_f64s(h, y), with_one(c), simd.mul_f64s(c, y)];
        Factors { plain, u: simd.mul_f64s(h, h), v: simd.mul_f64s(h, c), w: simd.mul_f64s(c, c) }
    }
}

/// Vector `v` of the sums of one loop.
struct Registers<S: Simd> {
    simd: S,
    v: usize,
    u: [S::f64s; 1 + THROUGH_H],
    mixed: [S::f64s; 1 + QUANTITIES],
    w: [S::f64s; 1 + THROUGH_C],
    plain: [S::f64s; 4],
}

// Plain loops, not closures: what is not inlined here would lose its vector instructions.
#[allow(clippy::needless_range_loop)]
impl<S: Simd> Registers<S> {
    #[inline(always)]
    fn zero(simd: S, v: usize) -> Self {
        let zero = simd.splat_f64s(0.0);
        let (u, mixed, w) = ([zero; 1 + THROUGH_H], [zero; 1 + QUANTITIES], [zero; 1 + THROUGH_C]);
        Registers { simd, v, u, mixed, w, plain: [zero; 4] }
    }

    /// The factors of all products, in the row and in the columns.
    #[inline(always)]
    fn add_factors<T: Want, const HAS_C: bool>(&mut self, factors: &Factors<S>, column: &mut Columns) {
        let (simd, v, plain) = (self.simd, self.v, &factors.plain);
        self.u[0] = simd.add_f64s(self.u[0], factors.u);
        for k in 0..if HAS_C { 4 } else { 2 } {
            self.plain[k] = simd.add_f64s(self.plain[k], plain[k]);
        }
        column[0].add(simd, v, factors.u);
        column[1].add(simd, v, plain[0]);
        column[2].add(simd, v, plain[1]);
        if !HAS_C {
            return;
        }
        self.mixed[0] = simd.add_f64s(self.mixed[0], factors.v);
        column[3].add(simd, v, factors.v);
        column[4].add(simd, v, plain[2]);
        column[5].add(simd, v, plain[3]);
        if T::DEPTH == Depth::Normal {
            self.w[0] = simd.add_f64s(self.w[0], factors.w);
            column[6].add(simd, v, factors.w);
        }
    }

    /// u and v times the quantities that act through h.
    #[inline(always)]
    fn add_moments_of_h<const HAS_C: bool>(&mut self, factors: &Factors<S>, local: &[Lane; QUANTITIES]) {
        let simd = self.simd;
        for k in 0..THROUGH_H {
            let quantity = local[k].load::<S>(self.v);
            self.u[1 + k] = simd.mul_add_f64s(factors.u, quantity, self.u[1 + k]);
            if HAS_C {
                self.mixed[1 + k] = simd.mul_add_f64s(factors.v, quantity, self.mixed[1 + k]);
            }
        }
    }

    /// v and w times the quantities that act through c.
    #[inline(always)]
    fn add_moments_of_c(&mut self, factors: &Factors<S>, local: &[Lane; QUANTITIES]) {
        let simd = self.simd;
        for k in 0..THROUGH_C {
            let (quantity, place) = (local[THROUGH_H + k].load::<S>(self.v), 1 + THROUGH_H + k);
            self.mixed[place] = simd.mul_add_f64s(factors.v, quantity, self.mixed[place]);
            self.w[1 + k] = simd.mul_add_f64s(factors.w, quantity, self.w[1 + k]);
        }
    }

    #[inline(always)]
    fn store_factors(&self, row: &mut RowSums) {
        row.u[0].store::<S>(self.v, self.u[0]);
        row.v[0].store::<S>(self.v, self.mixed[0]);
        row.w[0].store::<S>(self.v, self.w[0]);
        for k in 0..self.plain.len() {
            row.plain[k].store::<S>(self.v, self.plain[k]);
        }
    }

    #[inline(always)]
    fn store_moments_of_h(&self, row: &mut RowSums) {
        for k in 1..=THROUGH_H {
            row.u[k].store::<S>(self.v, self.u[k]);
            row.v[k].store::<S>(self.v, self.mixed[k]);
        }
    }

    #[inline(always)]
    fn store_moments_of_c(&self, row: &mut RowSums) {
        for k in 1..=THROUGH_C {
            row.v[THROUGH_H + k].store::<S>(self.v, self.mixed[THROUGH_H + k]);
            row.w[k].store::<S>(self.v, self.w[k]);
        }
    }
}
