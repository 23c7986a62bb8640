//! Photons on the pixels of one bin, frame by frame, correlated as beam lines do it: with raw self-correlation on the diagonal, and
//! zeros where a frame has none.

use rand_distr::{Distribution, Poisson, StandardNormal};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;

/// What is measured.
#[derive(Debug, Clone, Copy)]
pub struct Photons {
    pub n_frames: usize,
    pub pixels: usize,
    /// Modes of each pixel: 1 / contrast.
    pub modes: usize,
    /// Mean counts per pixel and frame; zero: intensities without photon noise.
    pub counts: f64,
    /// Correlation of the field from frame to frame.
    pub memory: f64,
    /// Frames in the running mean that is taken for a frame.
    pub window: usize,
}

pub const PHOTONS: Photons = Photons { n_frames: 80, pixels: 400, modes: 4, counts: 1.0, memory: 0.97, window: 1 };

impl Photons {
    /// The matrix: upper triangle and diagonal, zeros below.
    pub fn matrix(&self, seed: u64) -> Vec<f64> {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
        let recorded: Vec<Vec<f64>> = (0..self.pixels).map(|_| self.pixel(&mut random)).collect();
        let n = self.n_frames;
        let sums: Vec<f64> = (0..n).map(|frame| recorded.iter().map(|pixel| pixel[frame]).sum()).collect();
        let mut matrix = vec![0.0; n * n];
        for i in 0..n {
            for j in i..n {
                let product: f64 = recorded.iter().map(|pixel| pixel[i] * pixel[j]).sum();
                let norm = sums[i] * sums[j] / self.pixels as f64;
                matrix[i * n + j] = if norm > 0.0 { product / norm } else { 0.0 };
            }
        }
        matrix
    }

    /// What one pixel records in every frame.
    fn pixel(&self, random: &mut Xoshiro256PlusPlus) -> Vec<f64> {
        let mut field: Vec<f64> = (0..2 * self.modes).map(|_| StandardNormal.sample(random)).collect();
        let raw: Vec<f64> = (0..self.n_frames + self.window - 1)
            .map(|_| {
                let intensity = field.iter().map(|part| part * part).sum::<f64>() / field.len() as f64;
                for part in &mut field {
                    let new: f64 = StandardNormal.sample(random);
                    *part = self.memory * *part + (1.0 - self.memory * self.memory).sqrt() * new;
                }
                match self.counts > 0.0 {
                    true => Poisson::new(self.counts * intensity).map_or(0.0, |poisson| poisson.sample(random)),
                    false => intensity,
                }
            })
            .collect();
        raw.windows(self.window).map(|frames| frames.iter().sum::<f64>() / self.window as f64).collect()
    }
}

/// The pairs of a matrix in pair order.
pub fn pairs(matrix: &[f64]) -> Vec<f64> {
    let n = matrix.len().isqrt();
    (0..n).flat_map(|i| matrix[i * n + i + 1..(i + 1) * n].to_vec()).collect()
}
