//! Maps of very weak data, mostly zeros by coincidence, are data; broken maps are not; and their noise is that of counts.

use crate::beamline::{ApsU, NATURAL};
use crate::photons::{PHOTONS, Photons, pairs};
use crate::place::{Place, altered, q};
use homodyne::error::catalogue::Code;
use homodyne::ingest::sigma::estimate_sigma;
use homodyne::store::block::{BlockSource, Values, pair_at};
use homodyne::store::directory::Store;

const WEAK: Photons = Photons { n_frames: 120, pixels: 250, counts: 0.03, ..PHOTONS };

fn file(photons: Photons, seed: u64) -> ApsU {
    ApsU { n: photons.n_frames, matrices: vec![photons.matrix(seed); NATURAL.len()], ..ApsU::default() }
}

/// Frames without a photon: zero on the diagonal too.
fn dark(matrix: &[f64]) -> Vec<usize> {
    let n = matrix.len().isqrt();
    (0..n).filter(|&frame| matrix[frame * n + frame] == 0.0).collect()
}

/// Usable pairs of a matrix.
fn usable(matrix: &[f64]) -> Vec<f64> {
    let n = matrix.len().isqrt();
    let lives = |frame: usize| matrix[frame * n + frame] != 0.0;
    let all = (0..n).flat_map(|i| (i + 1..n).map(move |j| (i, j)));
    all.filter(|&(i, j)| lives(i) && lives(j)).map(|(i, j)| matrix[i * n + j]).collect()
}

fn scatter(values: &[f64]) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / values.len() as f64).sqrt()
}

#[test]
fn zeros_by_coincidence_are_data_and_frames_without_photons_are_masked() {
    let (mut frames_of_zeros, mut masked) = (0, 0);
    for (n_frames, pixels, seed) in [(120, 250, 1), (120, 60, 2), (30, 100, 3), (30, 100, 4), (300, 100, 5)] {
        let photons = Photons { n_frames, pixels, ..WEAK };
        let matrix = photons.matrix(seed);
        let zeros = usable(&matrix).iter().filter(|&&value| value == 0.0).count();
        assert!(10 * zeros > 7 * usable(&matrix).len(), "mostly zeros");
        let place = Place::new();
        let ingested = place.ingest_u(&file(photons, seed), q()).expect("weak data are data");
        let store = Store::open(&place.path("store"), None).expect("store");
        let block = store.read(0).expect("block");
        let stored: Vec<f64> = (0..block.values.len()).map(|k| block.values.get(k)).collect();
        let written: Vec<f64> = pairs(&matrix).iter().map(|&value| f64::from(value as f32)).collect();
        let mut expected = dark(&matrix);
        expected.extend((!expected.contains(&0)).then_some(0));
        expected.sort_unstable();
        for (k, (stored, written)) in stored.iter().zip(&written).enumerate() {
            let (i, j) = pair_at(n_frames, k);
            let is_masked = expected.contains(&i) || expected.contains(&j);
            assert!(if is_masked { stored.is_nan() } else { stored == written }, "no baseline is added");
        }
        assert_eq!(ingested.manifest.experiment.angles[0].masked_frames, expected);
        let warnings = ingested.manifest.provenance.warnings.join("\n");
        assert!(
            warnings.contains("zero by coincidence") && !warnings.contains("E22") && !warnings.contains("E23"),
            "{warnings}"
        );
        let of_zeros = |i: usize| (0..n_frames).all(|j| i == j || matrix[i.min(j) * n_frames + i.max(j)] == 0.0);
        frames_of_zeros += (0..n_frames).filter(|&i| of_zeros(i)).count();
        masked += dark(&matrix).len();
    }
    assert!(
        masked > 0 && frames_of_zeros > masked,
        "{frames_of_zeros} {masked}: both kinds were there to be told apart"
    );
}

#[test]
fn noise_of_few_coincidences_is_their_scatter() {
    for (counts, pixels) in [(0.03, 60), (0.03, 250), (0.03, 2000), (0.1, 400), (0.3, 400), (1.0, 400)] {
        let mut ratios: Vec<f64> = (1..=8)
            .map(|seed| {
                // Fields forget at once: all scatter about 1 is noise.
                let matrix = Photons { counts, pixels, memory: 0.0, ..WEAK }.matrix(seed);
                let found = estimate_sigma(&Values::from_f64(pairs(&matrix)), WEAK.n_frames, &dark(&matrix));
                found / scatter(&usable(&matrix))
            })
            .collect();
        ratios.sort_by(f64::total_cmp);
        let mean = ratios.iter().sum::<f64>() / 8.0;
        assert!((mean - 1.0).abs() < 0.03 && ratios[0] > 0.85 && ratios[7] < 1.15, "{counts} {pixels}: {ratios:?}");
    }
}

#[test]
fn zeros_that_stand_together_and_values_far_off_are_still_refused() {
    let weak = |change: &dyn Fn(usize, usize, f64) -> f64| {
        let mut file = file(WEAK, 7);
        let n = file.n;
        for matrix in &mut file.matrices {
            matrix.iter_mut().enumerate().filter(|(k, _)| k / n < k % n).for_each(|(k, value)| {
                *value = change(k / n, k % n, *value);
            });
        }
        file
    };
    let refused = [
        altered(|i, j, value| if j - i > 12 { 0.0 } else { value }),
        altered(|i, _, value| if i % 3 == 1 { 0.0 } else { value }),
        altered(|i, j, value| if i < 8 && j > 12 { 0.0 } else { value }),
        // Weak, and not normalised, or negative.
        weak(&|_, _, value| 100.0 * value),
        weak(&|i, j, value| if (i + j) % 17 == 0 { -1.0 } else { value }),
    ];
    for (k, file) in refused.iter().enumerate() {
        let error = Place::new().ingest_u(file, q()).expect_err("broken");
        assert_eq!(error.fault().code, Some(Code::E22), "{k}: {error}");
    }
}
