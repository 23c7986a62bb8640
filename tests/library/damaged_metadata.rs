//! One changed byte anywhere in the metadata of a file: the same store, a number that was itself changed, or a refusal. Never a default
//! in place of what is there.

use crate::beamline::ApsU;
use crate::place::{Place, q};
use homodyne::store::manifest::Manifest;

/// Every so many bytes one is changed.
const STEP: usize = 13;

/// What metadata decide.
fn decided(manifest: &Manifest) -> (u64, u64, Vec<u64>, Vec<Vec<usize>>) {
    let experiment = &manifest.experiment;
    (
        experiment.time.dt_seconds.to_bits(),
        experiment.q_per_angstrom.to_bits(),
        experiment.angles.iter().map(|angle| angle.phi_degrees.to_bits()).collect(),
        experiment.angles.iter().map(|angle| angle.masked_frames.clone()).collect(),
    )
}

/// Whether one number is another with one changed byte.
fn is_one_byte_off(one: u64, other: u64) -> bool {
    (one ^ other).to_le_bytes().iter().filter(|byte| **byte != 0).count() <= 1
}

#[test]
fn a_changed_byte_is_found_or_changes_only_itself() {
    let mut intensity = vec![1.0; 24];
    intensity[7] = 0.0;
    let file = ApsU { intensity: Some(intensity), ..ApsU::default() };
    let place = Place::new();
    let path = file.write(&place.path("a.hdf"));
    let reference = place.ingest(&path, q()).expect("good").manifest;
    let (dt, wavevector, phi, masks) = decided(&reference);
    assert!(masks.iter().all(|masks| masks.contains(&7)), "the dark frame: {masks:?}");
    let whole = std::fs::read(&path).expect("file");
    let (mut refused, mut same, mut changed) = (0, 0, 0);
    for at in (0..whole.len()).step_by(STEP) {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x04;
        std::fs::write(&path, &damaged).expect("written");
        let Ok(ingested) = place.ingest(&path, q()) else {
            refused += 1;
            continue;
        };
        let found = decided(&ingested.manifest);
        let is_phi = found.2.len() == phi.len() && found.2.iter().zip(&phi).filter(|(a, b)| a != b).count() <= 1;
        // A stride or an average is a whole number: another one makes another dt.
        let stride = f64::from_bits(found.0) / f64::from_bits(dt);
        let is_dt = is_one_byte_off(found.0, dt) || (2.0 * stride).fract() == 0.0 && stride != 0.5;
        assert!(is_dt, "byte {at}: dt {} for {}", f64::from_bits(found.0), f64::from_bits(dt));
        assert!(is_one_byte_off(found.1, wavevector), "byte {at}: q {}", f64::from_bits(found.1));
        assert!(is_phi, "byte {at}: phi");
        let differ = |one: &[usize], other: &[usize]| one.iter().filter(|frame| !other.contains(frame)).count();
        let is_frame = |(one, other): (&Vec<usize>, &Vec<usize>)| differ(one, other) + differ(other, one) <= 1;
        assert!(masks.iter().zip(&found.3).all(is_frame), "byte {at}: masks {:?}", found.3);
        if (found.0, found.1, &found.2, &found.3) == (dt, wavevector, &phi, &masks) { same += 1 } else { changed += 1 }
    }
    println!("{} bytes: {refused} refused, {same} the same, {changed} another number", whole.len());
    assert!(refused > 50 && same > 50 && changed < 40, "{refused} refused, {same} the same, {changed} another number");
}

#[test]
fn what_decides_nothing_is_found_damaged_all_the_same() {
    let place = Place::new();
    let path = ApsU::default().write(&place.path("a.hdf"));
    let whole = std::fs::read(&path).expect("file");
    for name in ["begin_frame", "end_frame", "count_time"] {
        let at = whole.windows(name.len()).position(|bytes| bytes == name.as_bytes()).expect("a name");
        let mut damaged = whole.clone();
        damaged[at + 2] ^= 1;
        std::fs::write(&path, &damaged).expect("written");
        let told = place.ingest(&path, q()).expect_err(name).to_string();
        assert!(told.contains("[E04]"), "{name}: {told}");
    }
}
