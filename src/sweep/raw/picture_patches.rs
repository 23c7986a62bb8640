//! Patches of pairs into what can be looked at: means over blocks of a map, along diagonals, by age. It evaluates no model.

use crate::sums::pairs::{LANES, PairGroup, PairModel};
use crate::sweep::raw::patches::PatchSums;
use crate::sweep::raw::values::FilledRun;
use pulp::Simd;

/// Frames per pixel, bins of lags and ages.
#[derive(Debug, Clone)]
pub struct Grain {
    /// Frames.
    pub n_frames: usize,
    /// Frames along the side of a pixel of a map.
    pub frames_per_pixel: usize,
    /// Bin of every lag, from zero on.
    pub bin_of_lag: Vec<usize>,
    /// Segments of age in which lags are looked at besides all together.
    pub segments: usize,
    /// Ages at which squares are summed.
    pub ages: usize,
    /// Bins of residuals to either side of zero, and per sigma.
    pub residual_bins: (usize, f64),
}

/// Contrast, offset less one and sigma of the angle; sigma zero where it is not known.
#[derive(Debug, Clone, Copy)]
pub struct Level {
    /// Contrast.
    pub contrast: f64,
    /// Offset less one.
    pub offset_less_one: f64,
    /// Standard deviation of one value.
    pub sigma: f64,
}

/// Sums over pairs: their number, y, h, and the lag.
pub type Sum = [f64; 4];

/// Into what can be looked at.
pub struct IntoPicture<'a> {
    grain: &'a Grain,
    level: Level,
    /// By pixel of the upper triangle, row by row.
    pub pixels: Vec<[f64; 3]>,
    /// By segment, the last of all ages, and by bin of lags.
    pub lags: Vec<Vec<Sum>>,
    /// By age: pairs, squares of residuals in sigma.
    pub ages: Vec<[f64; 2]>,
    /// By bin: residuals.
    pub residuals: Vec<u64>,
    /// By frame: pairs with it, their y and h.
    pub frames: Vec<[f64; 3]>,
    /// By single lag in frames: pairs and their y.
    pub diagonals: Vec<[f64; 2]>,
}

impl<'a> IntoPicture<'a> {
    /// Nothing yet.
    #[must_use]
    pub fn new(grain: &'a Grain, level: Level) -> Self {
        let side = grain.side();
        let bins = grain.bin_of_lag.last().map_or(0, |last| last + 1);
        IntoPicture {
            grain,
            level,
            pixels: vec![[0.0; 3]; side * side],
            lags: vec![vec![Sum::default(); bins]; grain.segments + 1],
            ages: vec![[0.0; 2]; grain.ages],
            residuals: vec![0; 2 * grain.residual_bins.0],
            frames: vec![[0.0; 3]; grain.n_frames],
            diagonals: vec![[0.0; 2]; grain.n_frames],
        }
    }

    /// One pair of frames: h, and c2 less one.
    #[inline(always)]
    pub fn take(&mut self, (i, j): (usize, usize), h: f64, y: f64) {
        let grain = self.grain;
        let pixel = &mut self.pixels[i / grain.frames_per_pixel * grain.side() + j / grain.frames_per_pixel];
        *pixel = [pixel[0] + 1.0, pixel[1] + y, pixel[2] + h];
        for frame in [i, j] {
            let sum = &mut self.frames[frame];
            *sum = [sum[0] + 1.0, sum[1] + y, sum[2] + h];
        }
        let diagonal = &mut self.diagonals[j - i];
        *diagonal = [diagonal[0] + 1.0, diagonal[1] + y];
        let (age, bin) = (i + j, grain.bin_of_lag[j - i]);
        let twice = 2 * grain.n_frames;
        for segment in [age * grain.segments / twice, grain.segments] {
            let sum = &mut self.lags[segment][bin];
            *sum = [sum[0] + 1.0, sum[1] + y, sum[2] + h, sum[3] + (j - i) as f64];
        }
        if self.level.sigma > 0.0 {
            let residual = (y - self.level.contrast * h - self.level.offset_less_one) / self.level.sigma;
            let at_age = &mut self.ages[age * grain.ages / twice];
            *at_age = [at_age[0] + 1.0, at_age[1] + residual * residual];
            let (bins, per_sigma) = grain.residual_bins;
            let bin = (residual * per_sigma).floor() + bins as f64;
            self.residuals[bin.clamp(0.0, (2 * bins - 1) as f64) as usize] += 1;
        }
    }
}

impl Grain {
    /// Pixels along each side.
    #[must_use]
    pub fn side(&self) -> usize {
        self.n_frames.div_ceil(self.frames_per_pixel)
    }
}

impl PatchSums for IntoPicture<'_> {
    const CHANGES: bool = false;
    const SURVEYED: bool = false;

    fn take_run<S: Simd, M: PairModel>(&mut self, simd: S, _model: &M, mut filled: FilledRun<'_>) {
        filled.fill_ones(simd);
        let (row, first) = (filled.run.row, filled.run.groups().start);
        for (place, PairGroup { h, one, y, .. }) in filled.groups.iter().enumerate() {
            for lane in 0..LANES {
                if one.0[lane] == 1.0 {
                    self.take((row, (first + place) * LANES + lane), h.0[lane], y.0[lane]);
                }
            }
        }
    }
}
