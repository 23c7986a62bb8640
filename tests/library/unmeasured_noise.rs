//! Sigma is noise or not known: values that are rounded, constant along the diagonal or smooth have none that was measured.

use crate::beamline::{ApsU, NATURAL};
use crate::place::{Place, q};
use homodyne::ingest::inspect::inspect;
use homodyne::ingest::sigma::estimate_sigma;
use homodyne::store::block::Values;
use rand_distr::{Distribution, StandardNormal};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;

const N: usize = 160;

/// A decay that grows slower with age.
fn ageing(i: usize, j: usize) -> f64 {
    let time = |frame: usize| (1.0 + frame as f64 / 40.0).ln();
    1.0 + 0.2 * (-3.0 * (time(j) - time(i))).exp()
}

/// The same at every age.
fn steady(i: usize, j: usize) -> f64 {
    1.0 + 0.2 * (-((j - i) as f64) / 30.0).exp()
}

/// Faster than frames: differences of second order are far above the noise.
fn fast(i: usize, j: usize) -> f64 {
    1.0 + 0.2 * (0.08 * (i + j) as f64).sin().powi(2) * (-((j - i) as f64) / 60.0).exp()
}

/// A map with noise, rounded to a quantum if there is one.
fn map(model: fn(usize, usize) -> f64, sigma: f64, quantum: f64) -> Vec<f64> {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(11);
    let pairs = (0..N).flat_map(|i| (i + 1..N).map(move |j| (i, j)));
    pairs
        .map(|(i, j)| {
            let normal: f64 = StandardNormal.sample(&mut random);
            let value = model(i, j) + sigma * normal;
            if quantum > 0.0 { (value / quantum).round() * quantum } else { value }
        })
        .collect()
}

/// Sigma of a map in both widths.
fn sigmas(values: &[f64]) -> [f64; 2] {
    let narrow = Values::from_f32(values.iter().map(|&value| value as f32).collect());
    [narrow, Values::from_f64(values.to_vec())].map(|values| estimate_sigma(&values, N, &[0]))
}

#[test]
fn noise_above_rounding_is_known_and_includes_what_rounding_adds() {
    let cases = [(1e-3, 0.0), (1e-3, 1e-4), (1e-3, 5e-4), (1e-3, 1e-3), (1e-3, 1.5e-3), (2e-5, 0.0), (2e-5, 1e-6)];
    for model in [ageing, steady] {
        for (sigma, quantum) in cases {
            let expected = f64::sqrt(sigma * sigma + quantum * quantum / 12.0);
            for found in sigmas(&map(model, sigma, quantum)) {
                assert!((found / expected - 1.0).abs() < 0.05, "{sigma} {quantum}: {found} {expected}");
            }
        }
    }
}

#[test]
fn rounding_is_no_noise() {
    for model in [ageing, steady, fast] {
        // Noise far below the quantum, a third of it, or none.
        for (sigma, quantum) in [(1e-4, 1e-2), (1e-4, 1e-3), (3e-4, 1e-3), (0.0, 1e-2), (0.0, 1e-3), (0.0, 1e-4)] {
            assert_eq!(sigmas(&map(model, sigma, quantum)), [0.0, 0.0], "{sigma} {quantum}");
        }
    }
}

#[test]
fn exact_models_have_no_noise_in_any_width() {
    for model in [ageing, steady, fast] {
        let exact = map(model, 0.0, 0.0);
        assert_eq!(sigmas(&exact), [0.0, 0.0]);
        let widened: Vec<f64> = exact.iter().map(|&value| f64::from(value as f32)).collect();
        assert_eq!(sigmas(&widened), [0.0, 0.0], "computed in 32 bits, written in 64");
    }
}

#[test]
fn values_that_repeat_along_the_diagonal_have_no_noise_of_their_own() {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(3);
    let of_lag: Vec<f64> = (0..N).map(|_| StandardNormal.sample(&mut random)).collect();
    let pairs = (0..N).flat_map(|i| (i + 1..N).map(move |j| (i, j)));
    let values: Vec<f64> = pairs.map(|(i, j)| steady(i, j) + 1e-3 * of_lag[j - i]).collect();
    assert_eq!(sigmas(&values), [0.0, 0.0]);
}

#[test]
fn noise_under_a_fast_curve_is_the_noise() {
    for sigma in [1e-3, 1e-4, 1e-5] {
        let [found, _] = sigmas(&map(fast, sigma, 0.0));
        assert!((found / sigma - 1.0).abs() < 0.1, "{sigma}: {found}");
    }
}

#[test]
fn ingest_and_inspect_say_why_sigma_is_not_known() {
    let (noise, rounded) = (map(ageing, 1e-3, 0.0), map(ageing, 3e-4, 1e-3));
    let matrix = |upper: &[f64]| {
        let mut upper = upper.iter();
        (0..N * N).map(|k| if k / N < k % N { *upper.next().expect("pair") } else { 0.0 }).collect::<Vec<f64>>()
    };
    for (values, known) in [(noise, true), (rounded, false)] {
        let place = Place::new();
        let file = ApsU { n: N, matrices: vec![matrix(&values); NATURAL.len()], ..ApsU::default() };
        let manifest = place.ingest_u(&file, q()).expect("good input").manifest;
        let warnings = manifest.provenance.warnings.join("\n");
        assert_eq!(manifest.experiment.angles[0].sigma > 0.0, known);
        assert_eq!(warnings.contains("sigma is not known: values are rounded to 1.0e-3"), !known, "{warnings}");
        let facts = inspect(&place.path("a.hdf"), false).expect("readable");
        let sigma = &facts.iter().find(|(name, _)| name == "sigma of the first matrix").expect("sigma").1;
        assert_eq!(sigma.starts_with("not known"), !known, "{sigma}");
    }
}
