//! Mutated HDF5 files, from fixed seeds: whatever the bytes, they are read or refused in one line, without a panic and in time.

use crate::beamline::{ApsLegacy, ApsU, Storage};
use crate::place::Place;
use crate::told::odd_file;
use homodyne::ingest::convert::ingest;
use homodyne::ingest::inspect::inspect;
use homodyne::ingest::request::IngestSettings;
use homodyne::ingest::selection::Selection;
use homodyne::listener::Watch;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

/// At least so many mutations of each file, and as many more as there is time for.
const FEWEST: usize = 60;
const MOST: usize = 1500;
const TIME: Duration = Duration::from_secs(2);
/// Longer is a hang.
const PATIENCE: Duration = Duration::from_secs(20);

/// Numbers that have broken readers before, as eight bytes.
const NUMBERS: [u64; 6] = [0, 1, u64::MAX, u64::MAX >> 1, 1 << 32, 0x7ff0_0000_0000_0000];

/// A few bytes changed, doubled, lost or made a number that breaks readers.
fn mutated(whole: &[u8], random: &mut Xoshiro256PlusPlus) -> Vec<u8> {
    let mut content = whole.to_vec();
    let mut below = |limit: usize| random.next_u64() as usize % limit.max(1);
    for _ in 0..=below(2) {
        let at = below(content.len());
        match below(6) {
            0 => content[at] ^= 1 << below(8),
            1 => content[at] = below(256) as u8,
            2 => {
                let number = NUMBERS[below(NUMBERS.len())].to_le_bytes();
                content[at..].iter_mut().zip(number).for_each(|(byte, other)| *byte = other);
            }
            3 => content.truncate(at.max(1)),
            4 => {
                let from = below(whole.len());
                let piece = whole[from..(from + 64).min(whole.len())].to_vec();
                content[at..].iter_mut().zip(piece).for_each(|(byte, other)| *byte = other);
            }
            _ => drop(content.splice(at..at, [0_u8; 8])),
        }
    }
    content
}

/// Small files of every layout and form of groups, with the q to read.
fn seeds(place: &Place) -> Vec<(Vec<u8>, f64)> {
    let written = [
        (ApsU { storage: Storage::ShuffleGzip, ..ApsU::default() }.write(&place.path("u.hdf")), 0.0054),
        (ApsLegacy::eigen().write(&place.path("l.hdf")), 0.0054),
        (odd_file("names_earliest.h5"), 0.01),
        (odd_file("names_latest.h5"), 0.01),
        (odd_file("links_old.h5"), 0.01),
    ];
    written.iter().map(|(path, q)| (std::fs::read(path).expect("there"), *q)).collect()
}

#[test]
fn no_mutated_file_panics_or_hangs() {
    let place = Place::new();
    let mut random = Xoshiro256PlusPlus::seed_from_u64(1209);
    let path = place.path("a.hdf");
    let (mut read, mut refused) = (0, 0);
    for (whole, q) in seeds(&place) {
        let end = Instant::now() + TIME;
        for round in 0..MOST {
            if round >= FEWEST && Instant::now() > end {
                break;
            }
            let content = mutated(&whole, &mut random);
            std::fs::write(&path, &content).expect("written");
            let begin = Instant::now();
            let selection = Selection { q_per_angstrom: Some(q), ..Selection::default() };
            let request = IngestSettings {
                source: Some(path.clone()),
                selection,
                store: place.path("s").into(),
                ..IngestSettings::default()
            };
            let job = || inspect(&path, false).and_then(|_| ingest(&request, 1, &Watch::nobody()));
            let told = catch_unwind(AssertUnwindSafe(job));
            if told.is_err() {
                std::fs::write(std::env::temp_dir().join("homodyne-mutated.hdf"), &content).expect("kept for a look");
            }
            match told.unwrap_or_else(|_| panic!("panic at mutation {round} of {} bytes", whole.len())) {
                Ok(_) => read += 1,
                Err(error) => {
                    let line = error.to_string();
                    assert!(error.exit_code() == 2 && line.lines().count() == 1, "{line:?}");
                    refused += 1;
                }
            }
            let _ = std::fs::remove_dir_all(place.path("s"));
            assert!(begin.elapsed() < PATIENCE, "{:?} at mutation {round}", begin.elapsed());
        }
    }
    println!("{read} read, {refused} refused");
    assert!(read > 10 && refused > 100, "{read} read, {refused} refused");
}
