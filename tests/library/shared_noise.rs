//! Frames that were averaged with overlap are told by what neighbouring values share of their noise.

use crate::beamline::{ApsU, NATURAL};
use crate::photons::{PHOTONS, Photons};
use crate::place::{Place, q};
use homodyne::experiment::AngleNoise;
use homodyne::ingest::inspect::inspect;
use homodyne::ingest::selection::Selection;

/// What ingest finds of the first angle.
fn found(photons: Photons, seed: u64, selection: Selection) -> AngleNoise {
    let matrices = vec![photons.matrix(seed); NATURAL.len()];
    let file = ApsU { n: photons.n_frames, matrices, ..ApsU::default() };
    Place::new().ingest_u(&file, selection).expect("good input").manifest.experiment.angles[0].noise
}

#[test]
fn running_means_over_frames_are_told_from_independent_frames() {
    let mut means = Vec::new();
    for window in [1, 2, 3] {
        for (counts, memory) in [(0.1, 0.97), (1.0, 0.97), (1.0, 0.995), (3.0, 0.0)] {
            let photons = Photons { n_frames: 200, counts, memory, window, ..PHOTONS };
            let all: Vec<AngleNoise> = (1..=3).map(|seed| found(photons, seed, q())).collect();
            let mean = |of: fn(&AngleNoise) -> Option<f64>| {
                all.iter().map(|noise| of(noise).expect("resolved")).sum::<f64>() / 3.0
            };
            let (frames, diagonal) =
                (mean(|noise| noise.white_correlation), mean(|noise| noise.white_correlation_diagonal));
            means.push((window as f64, frames, diagonal, all));
        }
    }
    for (window, frames, diagonal, all) in means {
        let shared = (window - 1.0) / window;
        assert!((frames - shared).abs() < 0.08, "{window}: {frames}");
        assert!((shared * shared - 0.08..=shared + 0.08).contains(&diagonal), "{window}: {diagonal}");
        for noise in all {
            let single = noise.white_correlation.expect("resolved");
            assert!((single - shared).abs() < 0.15, "a single map tells it too: {window}: {single}");
        }
    }
}

#[test]
fn noise_of_speckles_alone_is_not_white_and_nothing_is_told() {
    let still = Photons { n_frames: 160, counts: 0.0, ..PHOTONS };
    let noise = found(still, 5, q());
    assert_eq!((noise.white_correlation, noise.white_correlation_diagonal), (None, None));
    let few = Photons { n_frames: 60, ..PHOTONS };
    assert_eq!(found(few, 5, q()).white_correlation, None, "too few frames to tell");
}

#[test]
fn merged_angles_and_inspect_tell_it_too() {
    let photons = Photons { n_frames: 160, window: 2, ..PHOTONS };
    let merged = Selection { merge_within_degrees: 100.0, ..q() };
    let noise = found(photons, 6, merged.clone());
    assert!((noise.white_correlation.expect("resolved") - 0.5).abs() < 0.15, "{noise:?}");
    let place = Place::new();
    let file = ApsU { n: 160, matrices: vec![photons.matrix(6); NATURAL.len()], ..ApsU::default() };
    place.ingest_u(&file, merged).expect("good input");
    let facts = inspect(&place.path("store"), false).expect("readable");
    assert!(facts.iter().any(|(_, value)| value.contains("along frames")), "{facts:?}");
}
