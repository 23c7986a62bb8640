//! What a chain takes the posterior for: mean and covariance of earlier draws, in whose coordinates it walks. It draws nothing.
//!
//! ```text
//! w = mean + L z                L L' = n/(n + 5) C + 5/(n + 5) 1e-3          C: covariance of n draws of a window of the warm-up
//! ```
//!
//! (Stan reference manual, section 15.2). From fewer draws than ten per number variances alone are taken.

use crate::sums::algebra::Algebra;
use ndarray::Array2;
use serde::{Deserialize, Serialize};

/// Draws per number that a covariance takes.
const DRAWS_PER_NUMBER: usize = 10;
/// Draws that the expectation of round coordinates counts for, and how wide it is.
const EXPECTED: (f64, f64) = (5.0, 1e-3);

/// Mean and stretch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    mean: Vec<f64>,
    /// L; `None` is a diagonal of ones.
    stretch: Option<Array2<f64>>,
    inverse: Option<Array2<f64>>,
}

impl Metric {
    /// Coordinates as they are.
    #[must_use]
    pub fn round(width: usize) -> Self {
        Metric { mean: vec![0.0; width], stretch: None, inverse: None }
    }

    /// Of places that were drawn.
    #[must_use]
    pub fn of(places: &[Vec<f64>]) -> Self {
        let (n, width) = (places.len(), places.first().map_or(0, Vec::len));
        let mean: Vec<f64> =
            (0..width).map(|k| places.iter().map(|place| place[k]).sum::<f64>() / n.max(1) as f64).collect();
        let is_dense = n >= DRAWS_PER_NUMBER * width;
        let (weight, expected) = (n as f64 / (n as f64 + EXPECTED.0), EXPECTED.0 / (n as f64 + EXPECTED.0));
        let entry = |(row, col): (usize, usize)| {
            let product = |place: &Vec<f64>| (place[row] - mean[row]) * (place[col] - mean[col]);
            let of_draws = || weight * places.iter().map(product).sum::<f64>() / (n.max(2) - 1) as f64;
            match row == col {
                true => of_draws() + expected * EXPECTED.1,
                false if is_dense => of_draws(),
                false => 0.0,
            }
        };
        let covariance = Array2::from_shape_fn((width, width), entry);
        let Some((values, vectors)) = covariance.eigen().filter(|(values, _)| values.iter().all(|v| *v > 0.0)) else {
            return Metric::round(width);
        };
        let of = |power: f64| values.iter().map(|value| value.powf(power)).collect::<Vec<f64>>();
        let ones = vec![1.0; width];
        let stretch = vectors.with_factors(&ones, &of(0.5));
        let inverse = vectors.t().to_owned().with_factors(&of(-0.5), &ones);
        Metric { mean, stretch: Some(stretch), inverse: Some(inverse) }
    }

    /// w of z.
    #[must_use]
    pub fn place(&self, round: &[f64]) -> Vec<f64> {
        let moved = self.stretch.as_ref().map_or_else(|| round.to_vec(), |stretch| stretch.times(round));
        moved.iter().zip(&self.mean).map(|(moved, mean)| mean + moved).collect()
    }

    /// z of w.
    #[must_use]
    pub fn round_of(&self, place: &[f64]) -> Vec<f64> {
        let moved: Vec<f64> = place.iter().zip(&self.mean).map(|(place, mean)| place - mean).collect();
        self.inverse.as_ref().map_or_else(|| moved.clone(), |inverse| inverse.times(&moved))
    }

    /// A gradient by z from one by w.
    #[must_use]
    pub fn pulled_back(&self, by_place: &[f64]) -> Vec<f64> {
        let Some(stretch) = &self.stretch else { return by_place.to_vec() };
        let n = by_place.len();
        (0..n).map(|col| (0..n).map(|row| stretch[[row, col]] * by_place[row]).sum()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_are_round_and_come_back() {
        let wave = |k: usize, phase: f64| (k as f64 * 0.7 + phase).sin();
        let places: Vec<Vec<f64>> =
            (0..400).map(|k| vec![3.0 + wave(k, 0.0), 2.0 * wave(k, 0.4) - 1.0, 0.5 * wave(k * k, 1.0)]).collect();
        let metric = Metric::of(&places);
        let round: Vec<Vec<f64>> = places.iter().map(|place| metric.round_of(place)).collect();
        for row in 0..3 {
            for col in 0..3 {
                let found = round.iter().map(|z| z[row] * z[col]).sum::<f64>() / 399.0;
                let expected = f64::from(u8::from(row == col));
                assert!((found - expected).abs() < 0.05, "{row} {col}: {found}");
            }
        }
        for place in &places {
            let back = metric.place(&metric.round_of(place));
            assert!(back.iter().zip(place).all(|(back, place)| (back - place).abs() < 1e-12));
        }
        // From few draws: variances alone.
        let few = Metric::of(&places[..20]);
        let moved = few.place(&[1.0, 0.0, 0.0]);
        assert_eq!(moved.iter().zip(&few.mean).filter(|(moved, mean)| moved != mean).count(), 1);
    }
}
