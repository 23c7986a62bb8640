//! What is written is read back bit for bit, damage is found and named, and a store is there whole or not at all.

use crate::beamline::ApsU;
use crate::place::Place;
use crate::stored::write_store;
use crate::told::of_a_store_that_is_there;
use homodyne::config::settings::Settings;
use homodyne::experiment::{Angle, Experiment, TimeGrid};
use homodyne::ingest::convert::ingest;
use homodyne::ingest::request::{IngestSettings, Reuse};
use homodyne::ingest::selection::Selection;
use homodyne::listener::Watch;
use homodyne::store::block::{BlockSource, Values};
use homodyne::store::described::Whose;
use homodyne::store::directory::Store;
use homodyne::store::manifest::StoreFormat;
use homodyne::store::writer::StagedStore;
use std::path::{Path, PathBuf};

const N: usize = 61;

fn time() -> TimeGrid {
    TimeGrid { n_frames: N, dt_seconds: 0.25, start_seconds: 0.0, first_frame: 1 }
}

fn odd_values(narrow: bool) -> Values {
    let special = [f64::NAN, f64::INFINITY, -0.0, 1e-300, 1.0 + 1e-7];
    let value = |k: usize| if k % 97 == 5 { special[k / 97 % 5] } else { 1.0 + (k as f64).sin() / 3.0 };
    let wide = (0..time().n_pairs()).map(value);
    if narrow { Values::from_f32(wide.map(|value| value as f32).collect()) } else { Values::from_f64(wide.collect()) }
}

fn write(place: &Path, format: StoreFormat, narrow: bool) {
    write_angles(place, format, narrow, [-180.0, -12.5, 0.0]);
}

fn write_angles(place: &Path, format: StoreFormat, narrow: bool, phi_degrees: [f64; 3]) {
    let angle = |phi_degrees| Angle { phi_degrees, sigma: 0.1, masked_frames: vec![0], ..Angle::default() };
    let angles = phi_degrees.map(angle).to_vec();
    let experiment = Experiment { q_per_angstrom: 0.01, gap_angstrom: None, time: time(), angles };
    write_store(place, &experiment, &vec![odd_values(narrow); 3], format, 256);
}

fn bits(values: &Values) -> Vec<u64> {
    (0..values.len()).map(|k| values.get(k).to_bits()).collect()
}

/// What is stored: pairs with frame 0, which is masked, are NaN.
fn stored(narrow: bool) -> Vec<u64> {
    let nan = if narrow { f64::from(f32::NAN) } else { f64::NAN };
    let with_frame_0 = vec![nan.to_bits(); N - 1];
    let rest = bits(&odd_values(narrow)).split_off(N - 1);
    [with_frame_0, rest].concat()
}

#[test]
fn every_bit_comes_back_in_both_formats_and_widths() {
    let folder = tempfile::tempdir().expect("folder");
    for format in [StoreFormat::Arrow, StoreFormat::Parquet] {
        for narrow in [true, false] {
            let place = folder.path().join(format!("{format:?}{narrow}"));
            write(&place, format, narrow);
            let store = Store::open(&place, None).expect("whole");
            store.verify().expect("unaltered");
            let expected = stored(narrow);
            let plan = store.plan();
            for index in 0..plan.n_blocks() {
                let block = store.read(index).expect("block");
                let (angle, pairs) = plan.locate(index);
                assert_eq!((block.angle, block.first_pair), (angle, pairs.start));
                assert_eq!(bits(&block.values), expected[pairs]);
            }
            assert!(place.join("c2/phi=-12.5").is_dir() && place.join("c2/phi=0.0").is_dir());
        }
    }
}

fn first_partition(place: &Path, format: StoreFormat) -> PathBuf {
    place.join("c2/phi=-180.0").join(if format == StoreFormat::Arrow { "c2.arrow" } else { "c2.parquet" })
}

#[test]
fn truncated_and_altered_partitions_are_found_and_named() {
    let folder = tempfile::tempdir().expect("folder");
    for format in [StoreFormat::Arrow, StoreFormat::Parquet] {
        let place = folder.path().join(format!("{format:?}"));
        write(&place, format, true);
        let partition = first_partition(&place, format);
        let whole = std::fs::read(&partition).expect("partition");
        let error_of = |content: &[u8]| {
            std::fs::write(&partition, content).expect("damaged");
            let opened = Store::open(&place, None).and_then(|store| store.verify());
            opened.expect_err("damage").to_string()
        };
        assert!(error_of(&whole[..whole.len() - 1]).contains("phi=-180.0"));
        let mut altered = whole.clone();
        altered[whole.len() / 2] ^= 1;
        let line = error_of(&altered);
        assert!(line.contains("phi=-180.0") && line.contains("ingest"), "{line}");
        // Noise of the right length, anywhere: an error, never a crash.
        for seed in 0..40_usize {
            let mut noise = whole.clone();
            for (k, byte) in noise.iter_mut().enumerate().skip(seed * whole.len() / 50) {
                *byte = byte.wrapping_add((k * 31 + seed * 17) as u8);
            }
            std::fs::write(&partition, &noise).expect("noise");
            if let Ok(store) = Store::open(&place, None) {
                for index in 0..store.plan().n_blocks() {
                    if let Ok(block) = store.read(index) {
                        let expected = &stored(true)[store.plan().locate(index).1];
                        assert_eq!(bits(&block.values), *expected, "what is read is what was written");
                    }
                }
            }
        }
        std::fs::remove_file(&partition).expect("removed");
        assert!(Store::open(&place, None).is_err());
    }
}

/// -45 and 45 degrees exchanged used to converge, with phi0 of the wrong sign.
#[test]
fn partitions_of_another_angle_or_store_are_refused() {
    let folder = tempfile::tempdir().expect("folder");
    for format in [StoreFormat::Arrow, StoreFormat::Parquet] {
        let place = folder.path().join(format!("{format:?}"));
        write_angles(&place, format, true, [-45.0, -35.0, 0.0]);
        let [one, other] = ["c2/phi=-45.0", "c2/phi=-35.0"].map(|name| place.join(name));
        std::fs::rename(&one, folder.path().join("aside")).expect("moved");
        std::fs::rename(&other, &one).expect("moved");
        std::fs::rename(folder.path().join("aside"), &other).expect("moved");
        let line = Store::open(&place, None).err().expect("refused").to_string();
        assert!(line.contains("[E72]") && line.contains("phi_degrees is -35.0, the manifest's is -45.0"), "{line}");
        std::fs::remove_dir_all(&place).expect("removed");
    }
}

#[test]
fn altered_values_are_found_when_they_are_first_read_unless_that_is_switched_off() {
    let folder = tempfile::tempdir().expect("folder");
    let place = folder.path().join("store");
    write(&place, StoreFormat::Arrow, true);
    let partition = first_partition(&place, StoreFormat::Arrow);
    let mut content = std::fs::read(&partition).expect("partition");
    // A value in the middle of the first block.
    let value = 1.0_f32 + (100.0_f32.sin() / 3.0);
    let at =
        content.windows(4).position(|bytes| (f32::from_le_bytes(bytes.try_into().expect("four")) - value).abs() < 1e-6);
    content[at.expect("a value")] ^= 1;
    std::fs::write(&partition, content).expect("altered");
    let store = Store::open(&place, None).expect("its structure is whole");
    let line = store.read(0).expect_err("altered").to_string();
    assert!(line.contains("block 0") && line.contains("phi=-180.0") && line.contains("--force"), "{line}");
    assert!(store.read(1).is_ok());
    let believed = store.unverified();
    assert!(believed.read(0).is_ok() && !believed.is_verified());
}

/// What another program needs to use a partition stands in its schema.
#[test]
fn partitions_describe_themselves() {
    let folder = tempfile::tempdir().expect("folder");
    let place = folder.path().join("store");
    write(&place, StoreFormat::Arrow, true);
    let file = std::fs::File::open(first_partition(&place, StoreFormat::Arrow)).expect("partition");
    let reader = arrow_ipc::reader::FileReader::try_new(file, None).expect("an Arrow file");
    let schema = reader.schema();
    let told = |name: &str| schema.metadata().get(&format!("homodyne.{name}")).cloned();
    assert_eq!(told("phi_degrees").as_deref(), Some("-180.0"));
    assert_eq!(told("masked_frames").as_deref(), Some("[0]"));
    assert_eq!(told("n_frames"), Some(N.to_string()));
    assert_eq!(told("dt_seconds").as_deref(), Some("0.25"));
    assert!(told("pair_order").is_some_and(|order| order.contains("row-major")) && told("store_key").is_some());
}

#[test]
fn another_version_or_a_damaged_manifest_is_refused() {
    let folder = tempfile::tempdir().expect("folder");
    let place = folder.path().join("store");
    write(&place, StoreFormat::Arrow, true);
    let manifest = place.join("_manifest.json");
    let text = std::fs::read_to_string(&manifest).expect("manifest");
    let pretty: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    std::fs::write(&manifest, pretty.to_string()).expect("written");
    assert!(Store::open(&place, None).is_ok(), "white space means nothing");
    let edited = text.replacen("-180.0", "-170.0", 1);
    assert_ne!(edited, text);
    for damaged in
        [edited, text.replace("\"format_version\": 2", "\"format_version\": 99"), text[..200].to_owned(), "{}".into()]
    {
        std::fs::write(&manifest, damaged).expect("damaged");
        assert_eq!(Store::open(&place, None).err().expect("refused").exit_code(), 2);
    }
}

fn request(folder: &Path, selection: Selection) -> IngestSettings {
    IngestSettings {
        source: Some(folder.join("a.hdf")),
        selection,
        store: folder.join("store").into(),
        format: StoreFormat::Arrow,
        long: false,
        block_points: 100,
        reuse: Reuse::Verified,
    }
}

#[test]
fn a_store_is_reused_while_nothing_changed_and_rebuilt_when_something_did() {
    let folder = tempfile::tempdir().expect("folder");
    let selection = Selection { q_per_angstrom: Some(0.0054), ..Selection::default() };
    let run = |selection: &Selection| {
        ingest(&request(folder.path(), selection.clone()), 2, &Watch::nobody()).expect("good input")
    };
    ApsU::default().write(&folder.path().join("a.hdf"));
    assert!(!run(&selection).reused);
    assert!(run(&selection).reused);
    let other = Selection { end_frame: 20, ..selection.clone() };
    assert!(!run(&other).reused, "another selection");
    assert!(!run(&selection).reused, "and back");
    let mut file = ApsU::default();
    file.matrices[2][1] += 0.5;
    file.write(&folder.path().join("a.hdf"));
    assert!(!run(&selection).reused, "another content under the same name");
    let partition = folder.path().join("store/c2/phi=0.0/c2.arrow");
    let whole = std::fs::read(&partition).expect("partition");
    let mut altered = whole.clone();
    let middle = altered.len() / 2;
    altered[middle] ^= 1;
    for damaged in [b"cut".to_vec(), altered] {
        std::fs::write(&partition, &damaged).expect("damaged");
        for reuse in [Reuse::Untouched, Reuse::Verified] {
            let request = IngestSettings { reuse, ..request(folder.path(), selection.clone()) };
            let told = ingest(&request, 2, &Watch::nobody()).expect_err("it may have been edited").to_string();
            assert!(told.contains("E72") && told.contains("phi=0.0") && told.contains("--force"), "{told}");
            assert_eq!(std::fs::read(&partition).expect("kept"), damaged);
        }
        let request = IngestSettings { reuse: Reuse::Never, ..request(folder.path(), selection.clone()) };
        let rebuilt = ingest(&request, 2, &Watch::nobody()).expect("asked for");
        assert!(!rebuilt.reused && rebuilt.earlier.is_some_and(|told| told.contains("phi=0.0")));
        assert_eq!(std::fs::read(&partition).expect("anew"), whole);
    }
    assert!(run(&selection).reused);
    let names: Vec<String> = std::fs::read_dir(folder.path())
        .expect("folder")
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    assert!(names.iter().all(|name| name == "a.hdf" || name == "store"), "nothing is left over: {names:?}");
}

#[test]
fn an_interrupted_ingest_is_invisible_and_its_remains_are_removed() {
    let folder = tempfile::tempdir().expect("folder");
    let place = folder.path().join("store");
    // Remains of a process that was killed: nobody holds the lock.
    let remains = folder.path().join(".store.staging-0123456789abcdef");
    std::fs::create_dir_all(remains.join("phi=0.0")).expect("remains");
    std::fs::write(folder.path().join(".store.staging-0123456789abcdef.lock"), b"").expect("remains");
    let whose = Whose { content_key: "key".into(), q_per_angstrom: 0.0054, time: time(), block_points: 256 };
    let staged = StagedStore::begin(&place, StoreFormat::Arrow, whose).expect("place");
    assert!(!remains.exists());
    staged.write_partition(&Angle::default(), &odd_values(true)).expect("written");
    drop(staged);
    assert_eq!(std::fs::read_dir(folder.path()).expect("folder").count(), 0);
}

#[test]
fn a_store_is_what_the_configuration_asks_for_also_where_its_file_has_moved_or_gone() {
    let accepted = |change: fn(&Place, &mut Settings)| {
        of_a_store_that_is_there(change).expect("the same data");
    };
    accepted(|_, _| ());
    accepted(|place, _| std::fs::remove_file(place.path("a.hdf")).expect("own file"));
    accepted(|place, settings| {
        std::fs::rename(place.path("a.hdf"), place.path("b.hdf")).expect("own file");
        settings.ingest.source = Some(place.path("b.hdf"));
    });
    accepted(|_, settings| settings.ingest.source = None);
    accepted(|_, settings| settings.ingest.selection.q_per_angstrom = Some(0.00541));
    accepted(|place, _| {
        let file = std::fs::File::options().write(true).open(place.path("a.hdf")).expect("own file");
        file.set_modified(std::time::SystemTime::now()).expect("set");
    });
}

#[test]
fn an_open_store_is_one_store_whatever_takes_its_place_meanwhile() {
    let folder = tempfile::tempdir().expect("folder");
    let place = folder.path().join("store");
    let angle = |k| Angle { phi_degrees: f64::from(k) * 15.0, sigma: 0.01, ..Angle::default() };
    let angles = (0..6).map(angle).collect();
    let experiment = Experiment { q_per_angstrom: 0.01, gap_angstrom: None, time: time(), angles };
    let write = |content: f64| {
        let values: Vec<Values> = (0..6).map(|_| Values::from_f64(vec![content; time().n_pairs()])).collect();
        write_store(&folder.path().join(content.to_string()), &experiment, &values, StoreFormat::Arrow, 300);
    };
    [1.0, 2.0].into_iter().for_each(write);
    std::fs::rename(folder.path().join("1"), &place).expect("renamed");
    let ended = std::sync::atomic::AtomicBool::new(false);
    let exchange = || {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        while !ended.load(std::sync::atomic::Ordering::Relaxed) {
            renameat_with(CWD, folder.path().join("2"), CWD, &place, RenameFlags::EXCHANGE).expect("exchanged");
        }
    };
    let mut seen = [0, 0];
    std::thread::scope(|scope| {
        scope.spawn(exchange);
        for _ in 0..300 {
            let store = Store::open(&place, None).expect("always there");
            let firsts = (0..store.plan().n_blocks()).map(|block| match store.read(block).expect("whole").values {
                Values::F64(values) => values[0],
                Values::F32(values) => f64::from(values[0]),
            });
            let firsts: Vec<f64> = firsts.collect();
            assert!(firsts.iter().all(|value| *value == firsts[0]), "a mixture: {firsts:?}");
            seen[firsts[0] as usize - 1] += 1;
        }
        ended.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    println!("{seen:?}");
}
