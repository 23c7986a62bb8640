//! Which vector instructions a sweep uses. Chosen at run time: one binary serves every machine.

use pulp::{Arch, Scalar, Simd, WithSimd};

/// A level of vector instructions. All give the same bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SimdLevel {
    /// The best that the machine has.
    Best,
    /// At most AVX2 with FMA.
    Avx2,
    /// No vector instructions: for comparison only, very slow without hardware FMA.
    Scalar,
}

impl SimdLevel {
    /// Runs an operation at this level.
    #[inline]
    pub fn run<Op: WithSimd>(self, op: Op) -> Op::Output {
        match self {
            SimdLevel::Best => Arch::new().dispatch(op),
            SimdLevel::Avx2 => dispatch_avx2(op),
            SimdLevel::Scalar => Scalar::new().vectorize(op),
        }
    }

    /// What the machine makes of this level.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self.run(CountLanes) {
            8 => "AVX-512",
            4 => "AVX2",
            2 => "128-bit",
            _ => "scalar",
        }
    }
}

#[cfg(target_arch = "x86_64")]
fn dispatch_avx2<Op: WithSimd>(op: Op) -> Op::Output {
    match pulp::x86::V3::try_new() {
        Some(simd) => Simd::vectorize(simd, op),
        None => Scalar::new().vectorize(op),
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn dispatch_avx2<Op: WithSimd>(op: Op) -> Op::Output {
    Arch::new().dispatch(op)
}

struct CountLanes;

impl WithSimd for CountLanes {
    type Output = usize;
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> usize {
        S::F64_LANES
    }
}
