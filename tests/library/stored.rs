//! Stores on disk from values, for tests.

use homodyne::experiment::Experiment;
use homodyne::store::block::Values;
use homodyne::store::described::{PAIR_ORDER, Whose};
use homodyne::store::directory::value_type;
use homodyne::store::manifest::{FORMAT_VERSION, Manifest, Partition, Provenance, StoreFormat};
use homodyne::store::writer::StagedStore;
use std::path::Path;

/// Writes and publishes a store of one vector of values per angle.
pub fn write_store(place: &Path, experiment: &Experiment, values: &[Values], format: StoreFormat, block_points: usize) {
    let whose = Whose {
        content_key: "key".into(),
        q_per_angstrom: experiment.q_per_angstrom,
        time: experiment.time,
        block_points,
    };
    let staged = StagedStore::begin(place, format, whose).expect("place");
    let mut partitions = Vec::new();
    for (angle, values) in experiment.angles.iter().zip(values) {
        let written = staged.write_partition(angle, values).expect("written");
        partitions.push(Partition {
            file: written.file,
            rows: values.len(),
            bytes: written.bytes,
            blake3: written.blake3,
            identity: Some(written.identity),
            block_checksums: written.block_checksums,
            source: String::new(),
            mask_note: String::new(),
            non_finite_values: 0,
            non_finite_share: 0.0,
            merged_from: vec![],
            triangles_agree: None,
        });
        assert!(!place.exists(), "nothing is visible before the store is published");
    }
    let provenance = Provenance {
        next_q_per_angstrom: None,
        extent: None,
        program: String::new(),
        source: String::new(),
        source_blake3: String::new(),
        source_identity: None,
        files: vec![],
        layout: String::new(),
        selection: serde_json::Value::Null,
        warnings: vec![],
    };
    let manifest = Manifest {
        format_version: FORMAT_VERSION,
        content_key: "key".into(),
        format,
        value_type: value_type(&values[0]),
        pair_order: PAIR_ORDER.into(),
        block_points,
        experiment: experiment.clone(),
        partitions,
        provenance,
    };
    staged.publish(&manifest).expect("published");
}
