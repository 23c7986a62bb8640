//! What a file tells of the noise of an angle beside sigma: raw diagonal and pixels, and that nothing is made up where it does not.

use crate::beamline::{ApsLegacy, ApsU, NATURAL};
use crate::common::model;
use crate::photons::{PHOTONS, Photons};
use crate::place::{Place, q};
use homodyne::experiment::{Angle, AngleNoise};
use homodyne::ingest::inspect::inspect;
use homodyne::ingest::selection::Selection;
use homodyne::parameters::definitions::{AnalysisMode, ShearConvention};
use homodyne::store::block::BlockSource;
use homodyne::store::directory::Store;
use homodyne::sums::objective::RawData;
use homodyne::sweep::raw::pass::Sweep;
use std::sync::Arc;

/// A detector of which bin `label` has 100 + label pixels.
fn detector() -> Option<Vec<u32>> {
    let of_label = |label: u32| std::iter::repeat_n(label, if label == 0 { 50 } else { 100 + label as usize });
    Some((0..=NATURAL.len() as u32).flat_map(of_label).collect())
}

/// The default file with photons in every bin and a detector of pixels.
fn counted(photons: Photons) -> ApsU {
    let matrices = (1..=NATURAL.len() as u64).map(|seed| photons.matrix(seed)).collect();
    ApsU { n: photons.n_frames, matrices, roi_map: detector(), ..ApsU::default() }
}

fn angles(file: &ApsU, selection: Selection) -> Vec<Angle> {
    Place::new().ingest_u(file, selection).expect("good input").manifest.experiment.angles
}

fn noises(file: &ApsU, selection: Selection) -> Vec<AngleNoise> {
    angles(file, selection).iter().map(|angle| angle.noise).collect()
}

#[test]
fn a_raw_diagonal_is_contrast_and_photon_noise_and_pixels_are_those_of_the_compressed_label() {
    let found = noises(&counted(PHOTONS), q());
    // Angles -180, -90 and 0 degrees are the natural bins 7, 4 and 5, with labels 5, 3 and 4.
    assert_eq!(found.iter().map(|noise| noise.pixels).collect::<Vec<_>>(), [Some(105), Some(103), Some(104)]);
    for noise in found {
        let diagonal = noise.diagonal.expect("raw");
        assert!((diagonal - 1.25).abs() < 0.08, "contrast 1/4 and 1 / mean counts: {diagonal}");
    }
}

#[test]
fn what_was_put_on_the_diagonal_tells_nothing() {
    let raw = Photons { counts: 0.0, ..PHOTONS }.matrix(3);
    let n = PHOTONS.n_frames;
    let next = |i: usize| raw[i * n + i + 1];
    let rules: [&dyn Fn(usize) -> f64; 6] = [
        &|i| if i == 0 || i + 1 == n { next(i.min(n - 2)) } else { 0.5 * (next(i - 1) + next(i)) },
        &|i| next(i.min(n - 2)),
        &|_| (0..n - 1).map(next).sum::<f64>() / (n - 1) as f64,
        &|_| 0.0,
        &|_| 0.04,
        // A median of five: nobody's neighbour mean, but too small for self-correlation every other time.
        &|i| {
            let mut around: Vec<f64> = (i.saturating_sub(3)..(i + 2).min(n - 1)).map(next).collect();
            around.sort_by(f64::total_cmp);
            around[around.len() / 2]
        },
    ];
    let of_diagonal = |rule: &dyn Fn(usize) -> f64, narrow: bool| {
        let mut matrix = raw.clone();
        (0..n).for_each(|i| matrix[i * n + i] = rule(i));
        let file = ApsU { matrices: vec![matrix; NATURAL.len()], narrow, ..counted(PHOTONS) };
        noises(&file, q())[0].diagonal
    };
    for (k, rule) in rules.into_iter().enumerate() {
        assert_eq!([of_diagonal(rule, true), of_diagonal(rule, false)], [None, None], "rule {k}");
    }
    let kept = of_diagonal(&|i| raw[i * n + i], true).expect("raw");
    assert!((kept - 0.25).abs() < 0.03, "the contrast alone, without photon noise: {kept}");
}

#[test]
fn dead_frames_and_a_baseline_of_zero_do_not_change_what_the_diagonal_tells() {
    let mut file = counted(PHOTONS);
    let n = file.n;
    let before = noises(&file, q())[0].diagonal.expect("raw");
    for matrix in &mut file.matrices {
        matrix.iter_mut().enumerate().filter(|(k, _)| k / n <= k % n).for_each(|(_, value)| *value -= 1.0);
    }
    let shifted = noises(&file, q())[0].diagonal.expect("raw");
    assert!((shifted - before).abs() < 1e-6, "{shifted} {before}");
    let mut file = counted(PHOTONS);
    for matrix in &mut file.matrices {
        (0..n).for_each(|other| [matrix[7 * n + other], matrix[other * n + 7]] = [0.0; 2]);
    }
    let angle = &angles(&file, q())[0];
    assert_eq!(angle.masked_frames, [0, 7]);
    assert!((angle.noise.diagonal.expect("raw") / before - 1.0).abs() < 0.02, "frame 8 does not count");
}

#[test]
fn files_without_a_map_of_pixels_say_nothing_of_them_and_a_broken_map_is_no_error() {
    for roi_map in [None, Some(vec![0; 40])] {
        assert_eq!(noises(&ApsU { roi_map, ..counted(PHOTONS) }, q())[0].pixels, None);
    }
    let place = Place::new();
    let legacy = place.ingest(&ApsLegacy::eigen().write(&place.path("l.hdf")), q()).expect("good input");
    assert_eq!(legacy.manifest.experiment.angles[0].noise, AngleNoise::default(), "the diagonal is constant there");
}

#[test]
fn merged_angles_have_the_pixels_of_all_and_the_mean_diagonal() {
    let file = counted(PHOTONS);
    let (apart, merged) = (noises(&file, q()), noises(&file, Selection { merge_within_degrees: 100.0, ..q() }));
    // -180 and -90 are one angle, 0 stands alone (and -180 is 180 degrees from it).
    assert_eq!(merged.iter().map(|noise| noise.pixels).collect::<Vec<_>>(), [Some(208), Some(104)]);
    let between = merged[0].diagonal.expect("raw");
    let ends = [apart[0].diagonal.expect("raw"), apart[1].diagonal.expect("raw")];
    assert!(ends[0].min(ends[1]) <= between && between <= ends[0].max(ends[1]), "{between} {ends:?}");
}

#[test]
fn a_sweep_hands_on_what_a_store_tells() {
    let place = Place::new();
    let ingested = place.ingest_u(&counted(Photons { n_frames: 130, ..PHOTONS }), q()).expect("good input");
    let told = || {
        let store = Store::open(&place.path("store"), None).expect("store");
        let model = model(AnalysisMode::Static, ShearConvention::GapAverage, store.experiment());
        Sweep::new(Arc::new(store), model, 1).told()
    };
    for (told, angle) in told().iter().zip(&ingested.manifest.experiment.angles) {
        assert_eq!((told.sigma, told.diagonal), (angle.sigma, angle.noise.diagonal));
        assert_eq!(told.pixels, angle.noise.pixels.map(|pixels| pixels as f64));
        assert!(told.white_correlation.is_some(), "100 frames and more tell it");
        let correlations = (told.white_correlation, told.white_correlation_diagonal);
        assert_eq!(correlations, (angle.noise.white_correlation, angle.noise.white_correlation_diagonal));
    }
}

#[test]
fn inspect_says_what_the_diagonal_and_the_pixels_are() {
    let place = Place::new();
    let file = counted(PHOTONS).write(&place.path("a.hdf"));
    place.ingest(&file, q()).expect("good input");
    let text = |path: &str| {
        let facts = inspect(&place.path(path), false).expect("readable");
        facts.iter().map(|(name, value)| format!("{name}: {value}\n")).collect::<String>()
    };
    let (of_file, of_store) = (text("a.hdf"), text("store"));
    assert!(
        of_file.contains("diagonal: raw self-correlation") && of_file.contains("pixels of the first bin: 101"),
        "{of_file}"
    );
    assert!(of_store.contains("raw diagonal of c2 - 1: 1.") && of_store.contains("105 pixels"), "{of_store}");
    let replaced = ApsU::default().write(&place.path("b.hdf"));
    assert!(replaced.is_file() && text("b.hdf").contains("diagonal: a constant: not used"));
}
