//! Damage of what the program itself has written: the same values, or one refusal. Never a panic, never other values.

use crate::beamline::ApsU;
use crate::place::{Place, q};
use crate::told::{HASHES, resumed, settings};
use homodyne::error::Result;
use homodyne::ingest::request::IngestSettings;
use homodyne::listener::{Event, Listener, StopFlag, Watch};
use homodyne::pipeline::run::Run;
use homodyne::store::block::{BlockSource, Values};
use homodyne::store::directory::Store;
use homodyne::store::manifest::StoreFormat;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// Damages tried of each file.
const TRIALS: usize = 150;

fn values(values: &Values) -> Vec<u64> {
    (0..values.len()).map(|k| values.get(k).to_bits()).collect()
}

fn all_blocks(place: &Path) -> Result<Vec<Vec<u64>>> {
    let store = Store::open(place, None)?;
    (0..store.plan().n_blocks()).map(|index| store.read(index).map(|block| values(&block.values))).collect()
}

/// A byte, a bit, a run of bytes or a piece is changed, doubled or lost.
fn damaged(whole: &[u8], random: &mut Xoshiro256PlusPlus) -> Vec<u8> {
    let mut content = whole.to_vec();
    let mut below = |limit: usize| random.next_u64() as usize % limit.max(1);
    let at = match below(2) {
        0 => below(content.len()),
        // Where the footers are.
        _ => content.len() - 1 - below(content.len().min(600)),
    };
    match below(5) {
        0 => content[at] ^= 1 << below(8),
        1 => content[at] = below(256) as u8,
        2 => (at..(at + 8).min(content.len())).for_each(|place| content[place] = 0xff),
        3 => content.truncate(at),
        _ => drop(content.splice(at..at, whole[..below(40).min(whole.len())].to_vec())),
    }
    content
}

#[test]
fn damaged_stores_give_the_same_values_or_one_refusal() {
    for format in [StoreFormat::Arrow, StoreFormat::Parquet] {
        let place = Place::new();
        let source = ApsU::default().write(&place.path("a.hdf"));
        let request = IngestSettings { format, block_points: 100, ..place.request(&source, q()) };
        place.ingest_with(&request, 1).expect("good");
        let store = place.path("store");
        let whole = all_blocks(&store).expect("whole");
        let mut random = Xoshiro256PlusPlus::seed_from_u64(10);
        let partition = format!("c2/phi=0.0/{}", format.partition_file());
        for file in ["_manifest.json", &partition].map(|name| store.join(name)) {
            let content = std::fs::read(&file).expect("there");
            let mut refused = 0;
            for _ in 0..TRIALS {
                let other = damaged(&content, &mut random);
                // Of the same length, too: then the length does not tell.
                let other = if random.next_u64() % 2 == 0 { other } else { resized(other, content.len()) };
                std::fs::write(&file, &other).expect("written");
                match all_blocks(&store) {
                    Ok(found) => assert!(found == whole, "{}", file.display()),
                    Err(error) => {
                        let line = error.to_string();
                        assert!(error.exit_code() == 2 && line.lines().count() == 1, "{line}");
                        assert!(line.contains("E71") || line.contains("E72"), "{line}");
                        refused += 1;
                    }
                }
            }
            assert!(refused > TRIALS / 3, "{refused} of {TRIALS} in {}", file.display());
            std::fs::write(&file, &content).expect("mended");
        }
    }
}

fn resized(mut content: Vec<u8>, len: usize) -> Vec<u8> {
    content.resize(len, 0);
    content
}

#[test]
fn damaged_checkpoints_are_the_same_or_one_refusal() {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(74);
    let mut refused = 0;
    for _ in 0..TRIALS {
        let told = resumed(
            |path| {
                let content = std::fs::read(path).expect("there");
                std::fs::write(path, damaged(&content, &mut random)).expect("written");
            },
            HASHES,
        );
        if let Err(error) = told {
            let line = error.to_string();
            assert!(error.exit_code() == 2 && line.lines().count() == 1 && line.contains("E74"), "{line}");
            refused += 1;
        }
    }
    assert!(refused > TRIALS / 2, "{refused}");
}

/// Writes into a partition, with its length and its time of writing as they were, when the fit has begun.
struct Writer<'a> {
    partition: &'a Path,
    content: Vec<u8>,
    is_done: AtomicBool,
}

impl Listener for Writer<'_> {
    fn hear(&self, event: &Event<'_>) {
        if !matches!(event, Event::Log { .. }) && !self.is_done.swap(true, Ordering::Relaxed) {
            let stamp = std::fs::metadata(self.partition).and_then(|metadata| metadata.modified()).expect("a time");
            let mut file = File::options().write(true).open(self.partition).expect("own file");
            file.write_all(&self.content).and_then(|()| file.set_modified(stamp)).expect("written");
        }
    }
}

#[test]
fn a_store_that_is_written_to_during_a_fit_is_no_result() {
    let place = Place::new();
    let settings = settings(&place, "").expect("settings");
    let store = Run::new(&settings, &Watch::nobody()).ingest().expect("good").store;
    let partition = store.join("c2/phi=0.0/c2.arrow");
    let whole = std::fs::read(&partition).expect("there");
    for content in [whole.clone(), whole.iter().map(|byte| byte ^ 1).collect()] {
        let (writer, stop) =
            (Writer { partition: &partition, content, is_done: AtomicBool::new(false) }, StopFlag::default());
        let run = Run::new(&settings, &Watch::new(&writer, &stop));
        let error = run.open(&store).and_then(|store| run.fit(store)).expect_err("a mixture").to_string();
        assert!(writer.is_done.into_inner() && error.contains("E72") && error.contains("phi=0.0"), "{error}");
        let left = std::fs::read_dir(&settings.run.output).into_iter().flatten().flatten();
        assert_eq!(
            left.map(|entry| entry.file_name()).collect::<Vec<_>>(),
            [""; 0],
            "neither results nor a checkpoint"
        );
    }
    std::fs::write(&partition, &whole).expect("mended");
    assert!(Run::new(&settings, &Watch::nobody()).run().expect("whole again").is_some());
}

#[test]
fn a_partition_that_is_cut_short_while_it_is_read_is_an_error_and_no_crash() {
    let place = Place::new();
    let source = ApsU::default().write(&place.path("a.hdf"));
    for format in [StoreFormat::Arrow, StoreFormat::Parquet] {
        place.ingest_with(&IngestSettings { format, ..place.request(&source, q()) }, 1).expect("good");
        let file = place.path("store").join(format!("c2/phi=0.0/{}", format.partition_file()));
        let store = Store::open(&place.path("store"), None).expect("whole");
        let angle = store.experiment().angles.iter().position(|angle| angle.phi_degrees == 0.0).expect("the angle");
        let index = angle * store.plan().blocks_per_angle();
        let block = store.read(index).expect("whole");
        store.confirm(angle).expect("whole");
        File::options().write(true).open(&file).and_then(|file| file.set_len(0)).expect("cut");
        let _ = values(&block.values);
        for told in [store.confirm(angle), store.read(index).map(drop)] {
            let line = told.expect_err("cut short").to_string();
            assert!(line.contains("E72") && line.contains("was cut short"), "{line}");
        }
        // It gives no way by itself: somebody may have edited it on purpose.
        let over = place.ingest_with(&IngestSettings { format, ..place.request(&source, q()) }, 1);
        assert!(over.expect_err("kept").to_string().contains("E72"));
        drop(store);
        std::fs::remove_dir_all(place.path("store")).expect("removed");
    }
}
