//! Bad input gets one clear line with its case number, exit code 2, and leaves nothing half-written.

use crate::beamline::{ApsLegacy, ApsU, Fill, c2};
use homodyne::error::Error;
use homodyne::ingest::convert::ingest;
use homodyne::ingest::layout::Layout;
use homodyne::ingest::request::{IngestSettings, Ingested};
use homodyne::ingest::selection::{PhiRange, Selection, Symmetrise};
use homodyne::listener::Watch;
use homodyne::store::manifest::StoreFormat;
use std::path::{Path, PathBuf};

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Place(tempfile::tempdir().expect("folder"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        std::fs::write(self.path(name), content).expect("test file");
        self.path(name)
    }

    fn ingest(&self, source: &Path, selection: Selection) -> Result<Ingested, Error> {
        let request = IngestSettings {
            source: Some(source.to_path_buf()),
            selection,
            store: self.path("store"),
            format: StoreFormat::Arrow,
            block_points: 4096,
            verify: false,
        };
        ingest(&request, 2, &Watch::nobody())
    }

    /// The error has the code, one line, exit code 2, and nothing is left behind.
    fn refuses(&self, code: &str, source: &Path, selection: Selection) -> String {
        let error = self.ingest(source, selection).expect_err(code);
        let line = error.to_string();
        assert_eq!(error.fault().code, Some(code), "{line}");
        assert_eq!(error.exit_code(), 2, "{line}");
        assert!(!line.contains('\n') && line.len() < 1500, "{line}");
        let left: Vec<String> = std::fs::read_dir(self.0.path())
            .expect("folder")
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .filter(|name| name.contains("store"))
            .collect();
        assert!(left.is_empty(), "{left:?}");
        line
    }

    fn refuses_u(&self, code: &str, file: &ApsU) -> String {
        self.refuses(code, &file.write(&self.path("a.hdf")), q())
    }

    fn warns(&self, code: &str, source: &Path, selection: Selection) -> Ingested {
        let ingested = self.ingest(source, selection).expect(code);
        let warnings = &ingested.manifest.provenance.warnings;
        assert!(warnings.iter().any(|warning| warning.contains(&format!("[{code}]"))), "{warnings:?}");
        ingested
    }

    fn warns_u(&self, code: &str, file: &ApsU) -> Ingested {
        self.warns(code, &file.write(&self.path("a.hdf")), q())
    }
}

fn q() -> Selection {
    Selection { q_per_angstrom: Some(0.0054), ..Selection::default() }
}

fn shipped(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

/// Changes the values of every matrix.
fn altered(change: impl Fn(usize, usize, f64) -> f64) -> ApsU {
    let mut file = ApsU::default();
    let n = file.n;
    for matrix in &mut file.matrices {
        for (k, value) in matrix.iter_mut().enumerate().filter(|(k, _)| k / n < k % n) {
            *value = change(k / n, k % n, *value);
        }
    }
    file
}

#[test]
fn e01_missing_files_and_directories() {
    let place = Place::new();
    place.file("data_1.hdf", b"x");
    let line = place.refuses("E01", &place.path("data_2.hdf"), q());
    assert!(line.contains("data_1.hdf"), "a near match is named: {line}");
    place.refuses("E01", place.0.path(), q());
}

#[test]
fn e02_empty_file() {
    let place = Place::new();
    place.refuses("E02", &place.file("a.hdf", b""), q());
}

#[test]
fn e03_other_kinds_of_files_are_named() {
    let place = Place::new();
    let kinds: [(&[u8], &str); 8] = [
        (b"phi q c2\n1 2 3\n", "text"),
        (b"\x80\x04\x95rest", "pickle"),
        (b"PK\x03\x04....archive/data.pkl", "PyTorch"),
        (b"PK\x03\x04....c2.npy", ".npz"),
        (b"\x93NUMPY\x01\x00", ".npy"),
        (b"MATLAB 5.0 MAT-file, Platform", "MATLAB"),
        (b"version https://git-lfs.github.com/spec/v1\n", "git-lfs"),
        (b"\xff\xd8\xff\xe0 something else \x00\x01", "unknown"),
    ];
    for (content, kind) in kinds {
        let line = place.refuses("E03", &place.file("a.hdf", content), q());
        assert!(line.contains(kind), "{line}");
    }
}

#[test]
fn e04_incomplete_files() {
    let place = Place::new();
    let whole = std::fs::read(ApsU::default().write(&place.path("a.hdf"))).expect("written");
    for keep in [whole.len() / 3, whole.len() - 100] {
        place.refuses("E04", &place.file("cut.hdf", &whole[..keep]), q());
    }
    let line = place.refuses("E04", &place.file("result.hdf.temp", &whole), q());
    assert!(line.contains("still being written"));
}

#[test]
fn e06_e07_files_without_two_time_data() {
    let place = Place::new();
    let mut file = hdf5_pure::FileBuilder::new();
    file.create_dataset("images").with_f64_data(&[1.0, 2.0]);
    file.write(place.path("other.h5")).expect("test file");
    let line = place.refuses("E06", &place.path("other.h5"), q());
    assert!(line.contains("/images"), "the content is listed: {line}");
    let line = place.refuses_u("E07", &ApsU { twotime: false, ..ApsU::default() });
    assert!(line.contains("Twotime"));
}

#[test]
fn e08_e09_matrices_and_labels_must_match() {
    let place = Place::new();
    let none = ApsU { names: vec![], matrices: vec![], ..ApsU::default() };
    place.refuses_u("E08", &none);
    place.refuses(
        "E08",
        &ApsLegacy { names: vec![], bins: vec![], ..ApsLegacy::eigen() }.write(&place.path("l.hdf")),
        q(),
    );
    let mut fewer = ApsU::default();
    fewer.names.remove(3);
    fewer.matrices.remove(3);
    let line = place.refuses_u("E09", &fewer);
    assert!(line.contains("8 matrices, 9 processed bins"), "{line}");
    let selection = Selection { allow_missing: true, ..q() };
    let ingested = place.ingest(&fewer.write(&place.path("a.hdf")), selection).expect("allowed");
    // Matrix 4 (natural bin 5, phi = 0) is the missing one; the others keep their own bins.
    let phi: Vec<f64> = ingested.manifest.experiment.angles.iter().map(|angle| angle.phi_degrees).collect();
    assert_eq!(phi, [-180.0, -90.0]);
}

#[test]
fn e10_to_e14_corrupt_bin_maps() {
    let place = Place::new();
    for label in [0, -3, 10] {
        let mut file = ApsU::default();
        file.labels[8] = label;
        let line = place.refuses_u("E10", &file);
        assert!(line.contains(&label.to_string()) && line.contains('9'), "{line}");
    }
    place.refuses("E10", &ApsLegacy { dqlist: vec![0.0054; 4], ..ApsLegacy::eigen() }.write(&place.path("l.hdf")), q());
    place.refuses_u("E11", &ApsU { mapping: None, ..ApsU::default() });
    place.refuses_u("E12", &ApsU { mapping: Some(vec![1, 2, 4, 5, 7, 8, 9, 10, 12]), ..ApsU::default() });
    place.refuses_u("E12", &ApsU { mapping: Some(vec![1, 2, 4, 5, 7, 8, 9, 10, 10]), ..ApsU::default() });
    place.refuses_u("E13", &ApsU { num_pts: vec![3, 5], ..ApsU::default() });
    place.refuses_u("E14", &ApsU { map_names: vec!["x", "y"], ..ApsU::default() });
}

#[test]
fn e11_identity_is_used_only_where_every_bin_has_a_label() {
    let place = Place::new();
    let mut file =
        ApsU { mapping: None, roi_map: Some((1..=9).collect()), q: vec![0.003, 0.0054, 0.009], ..ApsU::default() };
    (file.phi, file.num_pts) = (vec![-90.0, 0.0, 45.0], vec![3, 3]);
    let ingested = place.warns_u("E11", &file);
    assert_eq!(ingested.manifest.partitions[0].source, "/xpcs/twotime/correlation_map/c2_00004");
}

#[test]
fn e15_e16_shapes() {
    let place = Place::new();
    let mut file = hdf5_pure::FileBuilder::new();
    let mut exchange = file.create_group("exchange");
    let mut all = exchange.create_group("C2T_all");
    all.create_dataset("g2_00001").with_f32_data(&[1.0; 12]).with_shape(&[3, 4]);
    exchange.add_group(all.finish());
    file.add_group(exchange.finish());
    let mut xpcs = file.create_group("xpcs");
    xpcs.create_dataset("dqlist").with_f64_data(&[0.0054]);
    xpcs.create_dataset("dphilist").with_f64_data(&[3.0]);
    file.add_group(xpcs.finish());
    file.write(place.path("flat.h5")).expect("test file");
    let line = place.refuses("E15", &place.path("flat.h5"), q());
    assert!(line.contains("[3, 4]"), "{line}");
    let mut file = ApsU::default();
    file.matrices[3] = crate::beamline::matrix(20, 5, Fill::Upper);
    let line = place.refuses_u("E16", &file);
    assert!(line.contains("20") && line.contains("24"), "{line}");
}

#[test]
fn e17_asymmetric_matrices_need_a_choice() {
    let place = Place::new();
    let mut file = ApsU::with(Fill::Full);
    let n = file.n;
    file.matrices[2][5 * n + 2] += 0.25;
    place.refuses_u("E17", &file);
    for (choice, added) in [(Symmetrise::Upper, 0.0), (Symmetrise::Lower, 0.25), (Symmetrise::Mean, 0.125)] {
        let place = Place::new();
        let selection = Selection { symmetrise: Some(choice), ..q() };
        place.ingest(&file.write(&place.path("a.hdf")), selection).expect("chosen");
        let store = homodyne::store::directory::Store::open(&place.path("store"), None).expect("store");
        use homodyne::block::{BlockSource, pair_position};
        // Matrix 3 is natural bin 4: phi = -90, the second angle.
        let found = store.read(1).expect("block").values.get(pair_position(n, 2, 5));
        assert_eq!(found, c2(4, 2, 5) + added);
    }
}

#[test]
fn e18_empty_matrices() {
    let place = Place::new();
    for fill in [0.0, f64::NAN] {
        let mut file = ApsU::default();
        file.matrices[2].fill(fill);
        let line = place.refuses_u("E18", &file);
        assert!(line.contains("c2_00003"), "{line}");
    }
    let mut file = ApsU::default();
    file.matrices[2].fill(0.0);
    let selection = Selection { skip_bad_bins: true, ..q() };
    let ingested = place.warns("E18", &file.write(&place.path("a.hdf")), selection);
    assert_eq!(ingested.manifest.partitions.len(), 2);
}

#[test]
fn e19_number_types() {
    let place = Place::new();
    let any_q = Selection::default();
    place.refuses("E19", &shipped("complex.h5"), any_q.clone());
    place.refuses("E19", &shipped("text.h5"), any_q.clone());
    place.warns("E19", &shipped("half.h5"), any_q);
}

#[test]
fn e20_missing_values_are_masked_up_to_a_limit() {
    let place = Place::new();
    let one = altered(|i, j, value| if (i, j) == (3, 9) { f64::NAN } else { value });
    let ingested = place.warns_u("E20", &one);
    assert_eq!(ingested.manifest.partitions[0].non_finite_values, 1);
    let place = Place::new();
    place.refuses_u("E20", &altered(|i, j, value| if (i + j) % 11 == 0 { f64::INFINITY } else { value }));
}

#[test]
fn e21_dead_frames_are_masked_and_named() {
    let place = Place::new();
    let file = altered(|i, j, value| if [5, 6, 11].contains(&i) || [5, 6, 11].contains(&j) { 0.0 } else { value });
    let ingested = place.warns_u("E21", &file);
    assert_eq!(ingested.manifest.experiment.angles[0].masked_frames, [0, 5, 6, 11]);
    assert!(ingested.manifest.provenance.warnings.iter().any(|warning| warning.contains("6-7, 12")));
    // Frames without intensity are masked as well.
    let place = Place::new();
    let mut intensity = vec![1.0; 24];
    intensity[8] = 0.0;
    let file = ApsU { intensity: Some(intensity), ..ApsU::default() };
    let ingested = place.ingest(&file.write(&place.path("a.hdf")), q()).expect("masked");
    assert_eq!(ingested.manifest.experiment.angles[0].masked_frames, [0, 8]);
}

#[test]
fn e22_e23_values_that_are_no_correlation() {
    let place = Place::new();
    place.refuses_u("E22", &altered(|i, _, value| if i % 3 == 1 { -50.0 } else { value }));
    place.warns_u("E22", &altered(|i, j, value| if (i, j) == (3, 9) { 40.0 } else { value }));
    let place = Place::new();
    let ingested = place.warns_u("E23", &altered(|i, j, _| 0.1 / (1.0 + (j - i) as f64) + 1e-6));
    let store = homodyne::store::directory::Store::open(&place.path("store"), None).expect("store");
    use homodyne::block::BlockSource;
    assert!((store.read(0).expect("block").values.get(0) - 1.05).abs() < 1e-4, "1 was added");
    assert!(!ingested.reused);
}

#[test]
fn e24_the_diagonal_is_never_data() {
    let place = Place::new();
    let reference = place.ingest(&ApsU::default().write(&place.path("a.hdf")), q()).expect("good");
    for spike in [0.0, 0.04, 1e6, f64::NAN] {
        let place = Place::new();
        let mut file = ApsU::default();
        let n = file.n;
        for matrix in &mut file.matrices {
            (0..n).for_each(|k| matrix[k * n + k] = spike);
        }
        let found = place.ingest(&file.write(&place.path("a.hdf")), q()).expect("good");
        assert_eq!(found.manifest.partitions[0].blake3, reference.manifest.partitions[0].blake3, "{spike}");
    }
}

#[test]
fn e25_to_e27_frame_interval() {
    let place = Place::new();
    for frame_time in [Some(0.0), Some(-1.0), Some(f64::NAN), None] {
        place.refuses_u("E25", &ApsU { frame_time, ..ApsU::default() });
    }
    let path = ApsU { frame_time: Some(0.0), ..ApsU::default() }.write(&place.path("a.hdf"));
    let given = Selection { dt_seconds: Some(0.3), dt_override: true, ..q() };
    assert_eq!(place.ingest(&path, given).expect("given").manifest.experiment.time.dt_seconds, 0.3);
    let place = Place::new();
    let line =
        place.refuses("E26", &ApsU::default().write(&place.path("a.hdf")), Selection { dt_seconds: Some(0.05), ..q() });
    assert!(line.contains("stride 2") && line.contains("0.05"), "{line}");
    place.warns_u("E27", &ApsU { stride: None, ..ApsU::default() });
}

#[test]
fn e29_frame_ranges_are_never_clamped() {
    let place = Place::new();
    let path = ApsU::default().write(&place.path("a.hdf"));
    for (start_frame, end_frame) in [(0, -1), (10, 5), (1, 25), (23, 24), (30, -1)] {
        place.refuses("E29", &path, Selection { start_frame, end_frame, ..q() });
    }
}

#[test]
fn e30_e32_wavevector_and_angles_must_be_there() {
    let place = Place::new();
    let path = ApsU::default().write(&place.path("a.hdf"));
    for wanted in [0.5, 0.0048, 0.054] {
        let line = place.refuses("E30", &path, Selection { q_per_angstrom: Some(wanted), ..Selection::default() });
        assert!(line.contains("0.0054"), "{line}");
    }
    let phi_ranges = vec![PhiRange { min_angle: 100.0, max_angle: 120.0 }];
    let line = place.refuses("E32", &path, Selection { phi_ranges, ..q() });
    assert!(line.contains("-90"), "{line}");
    let without_q = place.ingest(&path, Selection::default()).expect_err("several q");
    assert!(without_q.to_string().contains("0.003"), "{without_q}");
}

#[test]
fn e31_units_of_q() {
    let place = Place::new();
    let declared = ApsU { q: vec![0.03, 0.054, 0.09], map_units: vec!["nm^-1", "deg"], ..ApsU::default() };
    let ingested = place.ingest(&declared.write(&place.path("a.hdf")), q()).expect("converted");
    assert!((ingested.manifest.experiment.q_per_angstrom - 0.0054).abs() < 1e-12);
    let place = Place::new();
    let slip = ApsU { q: vec![30.0, 54.0, 90.0], ..ApsU::default() };
    place.warns("E31", &slip.write(&place.path("a.hdf")), Selection { q_per_angstrom: Some(54.0), ..q() });
}

#[test]
fn e33_e34_bins_need_their_own_place() {
    let place = Place::new();
    let mut file = ApsLegacy::eigen();
    file.dphilist[3] = f64::NAN;
    place.refuses("E33", &file.write(&place.path("l.hdf")), q());
    // NaN in an unused bin is ignored: the default file has one.
    place.ingest(&ApsLegacy::eigen().write(&place.path("l.hdf")), q()).expect("unused");
    let place = Place::new();
    let mut file = ApsLegacy::eigen();
    file.dphilist[4] = file.dphilist[3] + 360.0;
    place.refuses("E34", &file.write(&place.path("l.hdf")), q());
}

#[test]
fn e36_unknown_filters_are_named() {
    let place = Place::new();
    let line = place.refuses("E36", &shipped("zstd_filter.h5"), Selection::default());
    assert!(line.contains("zstd") && line.contains("h5repack"), "{line}");
}

#[test]
fn e37_dangling_links_that_are_needed() {
    let place = Place::new();
    let error = place.ingest(&shipped("dangling_link.h5"), Selection::default()).expect_err("nothing behind the link");
    assert_eq!(error.exit_code(), 2);
    assert!(["E37", "E08"].contains(&error.fault().code.unwrap_or_default()), "{error}");
}

#[test]
fn e38_e39_sizes_are_checked_before_reading() {
    let place = Place::new();
    place.refuses("E39", &shipped("absurd_shape.h5"), Selection::default());
    // 99 000 frames need 235 GB: on a machine that has them there is nothing to refuse.
    if homodyne::memory::available_bytes().is_some_and(|bytes| bytes < 200_000_000_000) {
        place.refuses("E38", &shipped("larger_than_memory.h5"), Selection::default());
    }
}

#[test]
fn e47_two_layouts_in_one_file() {
    let place = Place::new();
    let ingested = place.warns_u("E47", &ApsU { legacy_too: Some(24), ..ApsU::default() });
    assert_eq!(ingested.manifest.provenance.layout, "aps_u", "the first known layout is read");
    let place = Place::new();
    let other = ApsU { legacy_too: Some(20), ..ApsU::default() };
    let line = place.refuses_u("E47", &other);
    assert!(line.contains("24") && line.contains("20"), "{line}");
    let selection = Selection { layout: Some(Layout::ApsLegacy), dt_seconds: Some(0.1), ..q() };
    let ingested = place.ingest(&other.write(&place.path("a.hdf")), selection).expect("chosen");
    assert_eq!(ingested.manifest.experiment.time.n_frames, 20);
}

#[test]
fn unicode_and_spaces_in_paths_work() {
    let place = Place::new();
    let path = place.path("Mess daten \u{3c6}=0\u{b0}.hdf");
    ApsU::default().write(&path);
    place.ingest(&path, q()).expect("any path");
}

#[test]
fn a_store_is_never_written_over_something_else() {
    let place = Place::new();
    std::fs::create_dir(place.path("store")).expect("folder");
    std::fs::write(place.path("store/thesis.tex"), b"precious").expect("file");
    let error = place.ingest(&ApsU::default().write(&place.path("a.hdf")), q()).expect_err("occupied");
    assert_eq!(error.exit_code(), 2);
    assert_eq!(std::fs::read(place.path("store/thesis.tex")).expect("kept"), b"precious");
}

#[test]
fn the_command_line_prints_one_line_and_exits_with_two() {
    let place = Place::new();
    let mut command = assert_cmd::Command::cargo_bin("homodyne").expect("built");
    let output = command.arg("inspect").arg(place.file("a.hdf", b"plain text\n")).output().expect("run");
    assert_eq!(output.status.code(), Some(2));
    let line = String::from_utf8(output.stderr).expect("text");
    assert!(line.starts_with("error: format: [E03]") && line.trim_end().lines().count() == 1, "{line}");
    assert!(output.stdout.is_empty());
}
