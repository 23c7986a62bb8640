//! Speckle intensities of any field correlation, correlated as a beamline does it: an independent twin of the program's own
//! simulation, for data that no model of the program describes.

use faer::{Mat, Side};
use rand_distr::{Distribution, Poisson, StandardNormal};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;

/// What is simulated.
#[derive(Debug, Clone, Copy)]
pub struct Speckle {
    /// Frames.
    pub n_frames: usize,
    /// Speckles, each with `modes` modes.
    pub speckles: usize,
    /// 1 / contrast.
    pub modes: usize,
    /// Pixels that a speckle covers.
    pub pixels: usize,
    /// Photons per pixel and frame; zero: no photon noise.
    pub counts: f64,
    /// Share of a static reference in the field, and by how much its phase advances per frame.
    pub reference: (f64, f64),
}

pub const SPECKLE: Speckle =
    Speckle { n_frames: 160, speckles: 1500, modes: 5, pixels: 1, counts: 2.0, reference: (0.0, 0.0) };

impl Speckle {
    /// c2 of all pairs i < j, row by row, for the field correlation `field(i, j)`.
    pub fn c2(&self, field: &dyn Fn(usize, usize) -> f64, seed: u64) -> Vec<f64> {
        let n = self.n_frames;
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
        let correlation =
            Mat::from_fn(n, n, |row, col| if row == col { 1.0 + 1e-8 } else { field(row.min(col), row.max(col)) });
        let factor = correlation.llt(Side::Lower).expect("a correlation");
        let mut intensities = Mat::<f64>::zeros(n, self.speckles);
        let (share, phase) = self.reference;
        for _ in 0..self.modes {
            let mut part = |_: usize| {
                let white = Mat::<f64>::from_fn(n, self.speckles, |_, _| StandardNormal.sample(&mut random));
                factor.L() * &white
            };
            let (real, imaginary) = (part(0), part(1));
            for s in 0..self.speckles {
                let reference: [f64; 2] = std::array::from_fn(|_| StandardNormal.sample(&mut random));
                for k in 0..n {
                    let (sin, cos) = (phase * k as f64).sin_cos();
                    let turned = [reference[0] * cos - reference[1] * sin, reference[0] * sin + reference[1] * cos];
                    let mixed = |own: f64, other: f64| (1.0 - share).sqrt() * own + share.sqrt() * other;
                    let (x, y) = (mixed(real[(k, s)], turned[0]), mixed(imaginary[(k, s)], turned[1]));
                    intensities[(k, s)] += (x * x + y * y) / (2.0 * self.modes as f64);
                }
            }
        }
        let mut of_pixels =
            Mat::from_fn(n, self.speckles * self.pixels, |k, pixel| intensities[(k, pixel / self.pixels)]);
        self.count(&mut of_pixels, &mut random);
        self.correlate(&of_pixels)
    }

    fn count(&self, intensities: &mut Mat<f64>, random: &mut Xoshiro256PlusPlus) {
        for s in 0..intensities.ncols() {
            for k in 0..self.n_frames {
                if self.counts > 0.0 {
                    let rate = self.counts * intensities[(k, s)];
                    intensities[(k, s)] = Poisson::new(rate).map_or(0.0, |poisson| poisson.sample(random));
                }
            }
        }
    }

    fn correlate(&self, intensities: &Mat<f64>) -> Vec<f64> {
        let (n, pixels) = (self.n_frames, intensities.ncols() as f64);
        let means: Vec<f64> = (0..n).map(|k| intensities.row(k).iter().sum::<f64>() / pixels).collect();
        let product = intensities * intensities.transpose();
        let value = |i: usize, j: usize| product[(i, j)] / pixels / (means[i] * means[j]);
        (0..n).flat_map(|i| (i + 1..n).map(move |j| (i, j))).map(|(i, j)| value(i, j)).collect()
    }
}
