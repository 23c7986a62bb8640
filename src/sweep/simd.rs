//! Which vector instructions a sweep uses. Chosen at run time: one binary serves every machine.

use pulp::{Scalar, Simd, WithSimd};

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

/// Instructions that this machine has.
enum Instructions {
    #[cfg(target_arch = "x86_64")]
    Avx512(pulp::x86::V4),
    #[cfg(target_arch = "x86_64")]
    Avx2(pulp::x86::V3),
    #[cfg(target_arch = "aarch64")]
    Neon(pulp::aarch64::Neon),
    Scalar(Scalar),
}

impl SimdLevel {
    /// Runs an operation at this level. Every level stands here once, so that it is compiled once.
    pub fn run<Op: WithSimd>(self, op: Op) -> Op::Output {
        match self.instructions() {
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512(simd) => Simd::vectorize(simd, op),
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2(simd) => Simd::vectorize(simd, op),
            #[cfg(target_arch = "aarch64")]
            Instructions::Neon(simd) => Simd::vectorize(simd, op),
            Instructions::Scalar(simd) => Simd::vectorize(simd, op),
        }
    }

    /// The best instructions up to this level.
    #[cfg(target_arch = "x86_64")]
    fn instructions(self) -> Instructions {
        let avx2 = || pulp::x86::V3::try_new().map(Instructions::Avx2);
        let found = match self {
            SimdLevel::Best => pulp::x86::V4::try_new().map(Instructions::Avx512).or_else(avx2),
            SimdLevel::Avx2 => avx2(),
            SimdLevel::Scalar => None,
        };
        found.unwrap_or(Instructions::Scalar(Scalar::new()))
    }

    #[cfg(target_arch = "aarch64")]
    fn instructions(self) -> Instructions {
        let neon = pulp::aarch64::Neon::try_new().filter(|_| self != SimdLevel::Scalar);
        neon.map_or(Instructions::Scalar(Scalar::new()), Instructions::Neon)
    }

    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    fn instructions(self) -> Instructions {
        Instructions::Scalar(Scalar::new())
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

/// A call of its own. What all sums share is compiled once this way: a call per run costs nothing, a copy in every sum costs
/// minutes of compilation.
#[inline(never)]
pub fn apart<S: Simd, Op: WithSimd>(simd: S, op: Op) -> Op::Output {
    simd.vectorize(op)
}

struct CountLanes;

impl WithSimd for CountLanes {
    type Output = usize;
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> usize {
        S::F64_LANES
    }
}
