//! Points that fill a cube evenly: Latin hypercube, Sobol sequence, plain random numbers. Equal seeds give equal points.

use crate::fit::settings::Design;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

/// Seeded uniform numbers.
pub struct Uniform(Xoshiro256PlusPlus);

impl Uniform {
    /// The stream of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Uniform(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    /// A number in [0, 1).
    pub fn draw(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A whole number below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        ((self.draw() * n as f64) as usize).min(n.saturating_sub(1))
    }

    /// A seed for another stream.
    pub fn seed(&mut self) -> u64 {
        self.0.next_u64()
    }
}

impl Design {
    /// `n` points in [0, 1)^`dimensions`.
    #[must_use]
    pub fn points(self, n: usize, dimensions: usize, seed: u64) -> Vec<Vec<f64>> {
        let mut uniform = Uniform::new(seed);
        match self {
            Design::Random => (0..n).map(|_| (0..dimensions).map(|_| uniform.draw()).collect()).collect(),
            Design::LatinHypercube => {
                let columns: Vec<Vec<f64>> = (0..dimensions).map(|_| stratified(n, &mut uniform)).collect();
                (0..n).map(|row| columns.iter().map(|column| column[row]).collect()).collect()
            }
            Design::Sobol => {
                let shift: Vec<f64> = (0..dimensions).map(|_| uniform.draw()).collect();
                let point = |k: usize| (0..dimensions).map(|d| (sobol(k, d) + shift[d]).fract()).collect();
                (0..n).map(point).collect()
            }
        }
    }
}

/// One number in each of `n` strata, in random order.
fn stratified(n: usize, uniform: &mut Uniform) -> Vec<f64> {
    let mut column: Vec<f64> = (0..n).map(|k| (k as f64 + uniform.draw()) / n as f64).collect();
    for k in (1..n).rev() {
        column.swap(k, uniform.below(k + 1));
    }
    column
}

/// Primitive polynomials (degree, coefficients) and first direction numbers of dimensions 2 to 8.
const POLYNOMIALS: [(u32, u32, &[u32]); 7] = [
    (1, 0, &[1]),
    (2, 1, &[1, 3]),
    (3, 1, &[1, 3, 1]),
    (3, 2, &[1, 1, 1]),
    (4, 1, &[1, 1, 3, 3]),
    (4, 4, &[1, 3, 5, 13]),
    (5, 2, &[1, 1, 5, 5, 17]),
];

/// Number `k` of dimension `d` of the Sobol sequence.
fn sobol(k: usize, d: usize) -> f64 {
    let bits = 32;
    let mut directions: Vec<u32> = Vec::with_capacity(bits);
    for j in 0..bits {
        directions.push(match d {
            0 => 1 << (31 - j),
            _ => direction(&directions, POLYNOMIALS[(d - 1) % POLYNOMIALS.len()], j),
        });
    }
    let set = directions.iter().enumerate().filter(|(j, _)| k >> j & 1 == 1);
    f64::from(set.fold(0, |value, (_, direction)| value ^ direction)) / (1_u64 << 32) as f64
}

fn direction(known: &[u32], polynomial: (u32, u32, &[u32]), j: usize) -> u32 {
    let (degree, coefficients, first) = (polynomial.0 as usize, polynomial.1, polynomial.2);
    if j < degree {
        return first[j] << (31 - j);
    }
    let mut value = known[j - degree] ^ (known[j - degree] >> degree);
    for i in 1..degree {
        if coefficients >> (degree - 1 - i) & 1 == 1 {
            value ^= known[j - i];
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hypercube_and_sobol_points_take_every_stratum_once() {
        for design in [Design::LatinHypercube, Design::Sobol] {
            let points = design.points(64, 7, 5);
            for d in 0..7 {
                let mut strata: Vec<usize> = points.iter().map(|point| (point[d] * 64.0) as usize).collect();
                strata.sort_unstable();
                strata.dedup();
                // The random shift may put two Sobol points into one stratum.
                assert!(strata.len() >= if design == Design::Sobol { 32 } else { 64 }, "{design:?} {d}");
            }
        }
        let unshifted: Vec<f64> = (0..8).map(|k| sobol(k, 1)).collect();
        let mut sorted = unshifted.clone();
        sorted.sort_by(f64::total_cmp);
        assert_eq!(sorted, (0..8).map(|k| f64::from(k) / 8.0).collect::<Vec<f64>>());
    }

    #[test]
    fn equal_seeds_give_equal_points() {
        for (_, design) in Design::NAMES {
            assert_eq!(design.points(10, 3, 1), design.points(10, 3, 1));
            assert_ne!(design.points(10, 3, 1), design.points(10, 3, 2));
        }
    }
}
