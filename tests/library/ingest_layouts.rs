//! Every layout is read right: which bin has which q and phi, which triangle holds data, which width, which dt.

use crate::beamline::{ApsLegacy, ApsU, Fill, Storage, c2};
use homodyne::ingest::convert::ingest;
use homodyne::ingest::request::{IngestSettings, Ingested, Reuse};
use homodyne::ingest::selection::{PhiRange, Selection};
use homodyne::listener::Watch;
use homodyne::store::block::{BlockSource, pair_at};
use homodyne::store::directory::Store;
use homodyne::store::manifest::{StoreFormat, ValueType};
use std::path::Path;

fn request(source: &Path, store: &Path, selection: Selection) -> IngestSettings {
    IngestSettings {
        source: Some(source.to_path_buf()),
        selection,
        store: store.into(),
        format: StoreFormat::Arrow,
        long: false,
        block_points: 100,
        reuse: Reuse::Verified,
    }
}

fn at_q(q: f64) -> Selection {
    Selection { q_per_angstrom: Some(q), ..Selection::default() }
}

fn convert(source: &Path, folder: &Path, selection: Selection) -> (Ingested, Store) {
    let store = folder.join("store");
    let ingested = ingest(&request(source, &store, selection), 2, &Watch::nobody()).expect("good input");
    (ingested, Store::open(&store, None).expect("published"))
}

/// Checks every stored value against the bin and pair that it must come from.
fn check_values(store: &Store, bins: &[usize], first_frame: usize) {
    let plan = store.plan();
    assert_eq!(plan.n_angles, bins.len());
    for index in 0..plan.n_blocks() {
        let block = store.read(index).expect("block");
        for k in 0..block.values.len() {
            let (i, j) = pair_at(plan.n_frames, block.first_pair + k);
            let masked = &store.experiment().angles[block.angle].masked_frames;
            let expected = match masked.contains(&i) || masked.contains(&j) {
                true => f64::NAN,
                false => c2(bins[block.angle], i + first_frame, j + first_frame),
            };
            assert_eq!(block.values.get(k).to_bits(), expected.to_bits());
        }
    }
}

fn phi(store: &Store) -> Vec<f64> {
    store.experiment().angles.iter().map(|angle| angle.phi_degrees).collect()
}

#[test]
fn aps_u_labels_lead_to_bins_through_the_index_mapping() {
    let folder = tempfile::tempdir().expect("folder");
    // q index 1 holds the natural bins 4, 5 and 7: the naive rule would give angle 0 to the first of them.
    for (fill, storage, narrow) in [
        (Fill::Upper, Storage::Lzf, true),
        (Fill::Lower, Storage::Gzip, false),
        (Fill::Full, Storage::ShuffleGzip, true),
        (Fill::Upper, Storage::Contiguous, false),
    ] {
        let file = ApsU { storage, narrow, ..ApsU::with(fill) }.write(&folder.path().join("aps_u.hdf"));
        let (ingested, store) = convert(&file, folder.path(), at_q(0.0054));
        check_values(&store, &[7, 4, 5], 0);
        assert_eq!(phi(&store), [-180.0, -90.0, 0.0]);
        assert_eq!(store.manifest().value_type, if narrow { ValueType::F32 } else { ValueType::F64 });
        assert!((store.experiment().time.dt_seconds - 0.1).abs() < 1e-8, "frame time x stride x average");
        assert_eq!(ingested.manifest.provenance.layout, "aps_u");
        assert_eq!(store.experiment().angles[0].masked_frames, [0], "the first frame is left out by default");
    }
}

#[test]
fn aps_u_with_phi_before_q_is_swapped() {
    let folder = tempfile::tempdir().expect("folder");
    let default = ApsU::default();
    let file = ApsU {
        map_names: vec!["phi", "q"],
        map_units: vec!["deg", "1/A"],
        q: default.phi.clone(),
        phi: default.q.clone(),
        num_pts: vec![4, 3],
        ..default
    };
    let (_, store) = convert(&file.write(&folder.path().join("a.hdf")), folder.path(), at_q(0.0054));
    // Natural bins with q index 1 are 1, 4, 7, 10: phi index 0, 1, 2, 3.
    check_values(&store, &[10, 1, 4, 7], 0);
    assert_eq!(phi(&store), [-180.0, -90.0, 0.0, 45.0]);
}

#[test]
fn legacy_writers_number_their_matrices_each_in_its_way() {
    let folder = tempfile::tempdir().expect("folder");
    for (name, file) in [("eigen", ApsLegacy::eigen()), ("boost", ApsLegacy::boost()), ("matlab", ApsLegacy::matlab())]
    {
        let path = file.write(&folder.path().join(format!("{name}.hdf")));
        let (ingested, store) = convert(&path, folder.path(), at_q(0.0054));
        check_values(&store, &[2, 4, 5], 0);
        assert_eq!(phi(&store), [-45.0, 10.0, 100.0], "{name}");
        assert!((store.experiment().time.dt_seconds - 0.1).abs() < 1e-12);
        assert_eq!(ingested.manifest.provenance.layout, "aps_legacy");
    }
    // The fourth writer: boost_corr with LZF.
    let path = ApsLegacy { storage: Storage::Lzf, ..ApsLegacy::boost() }.write(&folder.path().join("lzf.hdf"));
    check_values(&convert(&path, folder.path(), at_q(0.0054)).1, &[2, 4, 5], 0);
}

#[test]
fn frames_and_angles_are_selected_as_asked() {
    let folder = tempfile::tempdir().expect("folder");
    let file = ApsU::default().write(&folder.path().join("a.hdf"));
    let ranges = vec![PhiRange { min_angle: 170.0, max_angle: -80.0 }];
    let selection = Selection {
        start_frame: 4,
        end_frame: 20,
        exclude_first_frame: false,
        masked_frames: vec![6],
        phi_ranges: ranges,
        ..at_q(0.0055)
    };
    let (_, store) = convert(&file, folder.path(), selection);
    assert_eq!(store.experiment().time.n_frames, 17);
    check_values(&store, &[7, 4], 3);
    assert_eq!(phi(&store), [-180.0, -90.0]);
    assert_eq!(store.experiment().angles[0].masked_frames, [2]);
    assert_eq!(store.experiment().q_per_angstrom, 0.0054, "the bin's own q");
}

#[test]
fn a_half_float_or_integer_map_is_widened_with_a_warning() {
    let folder = tempfile::tempdir().expect("folder");
    let mut file = hdf5_pure::FileBuilder::new();
    let mut exchange = file.create_group("exchange");
    let mut all = exchange.create_group("C2T_all");
    let counts: Vec<i32> = (0..64).map(|k| 1 + k % 3).collect();
    all.create_dataset("g2_00001").with_i32_data(&counts).with_shape(&[8, 8]);
    exchange.add_group(all.finish());
    file.add_group(exchange.finish());
    let mut xpcs = file.create_group("xpcs");
    xpcs.create_dataset("dqlist").with_f64_data(&[0.01]);
    xpcs.create_dataset("dphilist").with_f64_data(&[3.0]);
    file.add_group(xpcs.finish());
    let path = folder.path().join("integers.h5");
    file.write(&path).expect("test file");
    let selection = Selection {
        dt_seconds: Some(1.0),
        symmetrise: Some(homodyne::ingest::selection::Symmetrise::Upper),
        ..Selection::default()
    };
    let (ingested, store) = convert(&path, folder.path(), selection);
    assert!(ingested.manifest.provenance.warnings.iter().any(|warning| warning.contains("[E19]")));
    let values = store.read(0).expect("block").values;
    assert!(values.get(0).is_nan(), "frame 0 is masked");
    assert_eq!(values.get(7), f64::from(counts[8 + 2]));
}
