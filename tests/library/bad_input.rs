//! What the program does with imperfect files when it goes on: it masks, chooses and leaves out as it was told, and says
//! so. What it refuses is in `every_code`.

use crate::beamline::{ApsLegacy, ApsU, Fill, c2};
use crate::place::{Place, altered, q};
use homodyne::ingest::inspect::inspect;
use homodyne::ingest::layouts::detect::Layout;
use homodyne::ingest::request::Ingested;
use homodyne::ingest::selection::{Selection, Symmetrise};
use homodyne::store::block::{BlockSource, pair_position};
use homodyne::store::directory::Store;

#[test]
fn missing_matrices_may_be_allowed_and_the_others_keep_their_bins() {
    let mut fewer = ApsU::default();
    fewer.names.remove(3);
    fewer.matrices.remove(3);
    let ingested = Place::new().ingest_u(&fewer, Selection { allow_missing: true, ..q() }).expect("allowed");
    // Matrix 4 (natural bin 5, phi = 0) is the missing one.
    let phi: Vec<f64> = ingested.manifest.experiment.angles.iter().map(|angle| angle.phi_degrees).collect();
    assert_eq!(phi, [-180.0, -90.0]);
}

#[test]
fn labels_are_the_bins_only_where_every_bin_has_one() {
    let ingested = Place::new().ingest_u(&ApsU::without_mapping(), q()).expect("identity");
    assert_eq!(ingested.manifest.partitions[0].source, "/xpcs/twotime/correlation_map/c2_00004");
}

#[test]
fn asymmetric_matrices_are_read_as_chosen() {
    let mut file = ApsU::with(Fill::Full);
    let n = file.n;
    file.matrices[2][5 * n + 2] += 0.25;
    for (choice, added) in [(Symmetrise::Upper, 0.0), (Symmetrise::Lower, 0.25), (Symmetrise::Mean, 0.125)] {
        let place = Place::new();
        place.ingest_u(&file, Selection { symmetrise: Some(choice), ..q() }).expect("chosen");
        let store = Store::open(&place.path("store"), None).expect("store");
        // Matrix 3 is natural bin 4: phi = -90, the second angle.
        let found = store.read(1).expect("block").values.get(pair_position(n, 2, 5));
        assert_eq!(found, c2(4, 2, 5) + added);
    }
}

#[test]
fn bins_without_data_are_left_out_on_request() {
    let mut file = ApsU::default();
    file.matrices[2].fill(0.0);
    let ingested = Place::new().ingest_u(&file, Selection { skip_bad_bins: true, ..q() }).expect("skipped");
    assert_eq!(ingested.manifest.partitions.len(), 2);
}

#[test]
fn single_missing_values_are_counted() {
    let one = altered(|i, j, value| if (i, j) == (3, 9) { f64::NAN } else { value });
    let ingested = Place::new().ingest_u(&one, q()).expect("masked");
    assert_eq!(ingested.manifest.partitions[0].non_finite_values, 1);
}

#[test]
fn empty_and_dark_frames_are_masked() {
    let file = altered(|i, j, value| if [5, 6, 11].contains(&i) || [5, 6, 11].contains(&j) { 0.0 } else { value });
    let ingested = Place::new().ingest_u(&file, q()).expect("masked");
    assert_eq!(ingested.manifest.experiment.angles[0].masked_frames, [0, 5, 6, 11]);
    let mut intensity = vec![1.0; 24];
    intensity[8] = 0.0;
    let ingested = Place::new().ingest_u(&ApsU { intensity: Some(intensity), ..ApsU::default() }, q());
    assert_eq!(ingested.expect("masked").manifest.experiment.angles[0].masked_frames, [0, 8]);
}

#[test]
fn frames_that_recorded_intensities_mask_are_told_once_and_by_inspect() {
    let place = Place::new();
    let mut intensity = vec![1.0; 24];
    (intensity[8], intensity[9], intensity[15]) = (0.0, f32::NAN, -1.0);
    let file = ApsU { intensity: Some(intensity), ..ApsU::default() };
    let told = |warnings: &[String]| {
        let told: Vec<&String> = warnings.iter().filter(|line| line.contains("without intensity")).collect();
        assert_eq!(told.len(), 1, "{warnings:?}");
        assert!(told[0].starts_with("[E21]") && told[0].contains("/xpcs/spatial_mean/intensity_vs_time"), "{told:?}");
        told[0].rsplit(": ").next().unwrap_or_default().to_owned()
    };
    let manifest = place.ingest_u(&file, q()).expect("masked").manifest;
    assert_eq!(manifest.experiment.angles[0].masked_frames, [0, 8, 9, 15]);
    assert_eq!(told(&manifest.provenance.warnings), "9-10, 16");
    let facts = inspect(&place.path("a.hdf"), false).expect("a file");
    let fact = |name: &str| facts.iter().find(|(known, _)| known == name).map(|(_, text)| text.clone());
    assert_eq!(fact("frames without intensity").as_deref(), Some("9-10, 16"));
    assert_eq!(told(&[fact("warning").expect("a warning")]), "9-10, 16");
    // As the file counts frames, whichever are selected.
    let later = Selection { start_frame: 10, exclude_first_frame: false, ..q() };
    let manifest = Place::new().ingest_u(&file, later).expect("masked").manifest;
    assert_eq!(told(&manifest.provenance.warnings), "10, 16");
    assert_eq!(manifest.experiment.angles[0].masked_frames, [0, 6]);
}

#[test]
fn text_in_place_of_a_number_is_called_text() {
    let place = Place::new();
    let path = ApsU { frame_time_is_text: true, ..ApsU::default() }.write(&place.path("a.hdf"));
    let line = place.ingest(&path, q()).expect_err("text").to_string();
    assert!(line.contains("frame_time: text; expected real numbers") && !line.contains('{'), "{line}");
}

#[test]
fn intensities_in_another_arrangement_are_refused_with_their_shape() {
    let intensity = Some((0..24).map(|frame| if frame == 8 { 0.0 } else { 1.0 }).collect());
    let file = ApsU { intensity, intensity_is_transposed: true, ..ApsU::default() };
    let line = Place::new().ingest_u(&file, q()).expect_err("frames as rows").to_string();
    let told = ["[E51]", "/xpcs/spatial_mean/intensity_vs_time: shape 24 x 2; expected shape 2 x frames"];
    assert!(told.iter().all(|part| line.contains(part)), "{line}");
}

#[test]
fn the_frame_time_of_another_detector_is_told_and_not_passed_over() {
    let file = ApsU { frame_time: None, other_frame_time: Some(0.05), ..ApsU::default() };
    let given = Selection { dt_seconds: Some(0.3), ..q() };
    for selection in [q(), given.clone()] {
        let line = Place::new().ingest_u(&file, selection).expect_err("which one?").to_string();
        assert!(line.contains("[E25]") && line.contains("detector_2/frame_time is 0.05"), "{line}");
    }
    let insisted = Place::new().ingest_u(&file, Selection { dt_override: true, ..given }).expect("insisted on");
    assert_eq!(insisted.manifest.experiment.time.dt_seconds, 0.3);
    // Beside the usual one it tells nothing.
    let both = ApsU { other_frame_time: Some(0.07), ..ApsU::default() };
    assert!(Place::new().ingest_u(&both, q()).is_ok());
}

#[test]
fn a_missing_baseline_is_added() {
    let place = Place::new();
    let file = altered(|i, j, _| 0.1 / (1.0 + (j - i) as f64) + 1e-6);
    assert!(!place.ingest_u(&file, q()).expect("shifted").reused);
    let store = Store::open(&place.path("store"), None).expect("store");
    // Pair (1, 2): frame 0 is masked.
    let first = store.plan().n_frames - 1;
    assert!((store.read(0).expect("block").values.get(first) - 1.05).abs() < 1e-4, "1 was added");
}

#[test]
fn the_diagonal_is_never_data() {
    let reference = Place::new().ingest_u(&ApsU::default(), q()).expect("good");
    for spike in [0.0, 0.04, 1e6, f64::NAN] {
        let mut file = ApsU::default();
        let n = file.n;
        for matrix in &mut file.matrices {
            (0..n).for_each(|k| matrix[k * n + k] = spike);
        }
        let found = Place::new().ingest_u(&file, q()).expect("good");
        let checksums = |ingested: &Ingested| ingested.manifest.partitions[0].block_checksums.clone();
        assert_eq!(checksums(&found), checksums(&reference), "{spike}");
    }
}

#[test]
fn a_given_frame_interval_takes_the_place_of_an_impossible_one() {
    let file = ApsU { frame_time: Some(0.0), ..ApsU::default() };
    let given = Selection { dt_seconds: Some(0.3), dt_override: true, ..q() };
    let ingested = Place::new().ingest_u(&file, given).expect("given");
    assert_eq!(ingested.manifest.experiment.time.dt_seconds, 0.3);
}

#[test]
fn a_declared_unit_of_q_is_converted() {
    let declared = ApsU { q: vec![0.03, 0.054, 0.09], map_units: vec!["nm^-1", "deg"], ..ApsU::default() };
    let ingested = Place::new().ingest_u(&declared, q()).expect("converted");
    assert!((ingested.manifest.experiment.q_per_angstrom - 0.0054).abs() < 1e-12);
}

#[test]
fn a_declared_unit_of_phi_is_converted() {
    let phi = ApsU::default().phi.iter().map(|phi| phi.to_radians()).collect();
    let declared = ApsU { phi, map_units: vec!["A^-1", "rad"], ..ApsU::default() };
    let angles = |file: &ApsU| {
        let manifest = Place::new().ingest_u(file, q()).expect("known units").manifest;
        let rounded = |phi: f64| (1e6 * phi).round();
        (
            manifest.experiment.angles.iter().map(|angle| rounded(angle.phi_degrees)).collect(),
            manifest.provenance.warnings,
        )
    };
    let (converted, warnings): (Vec<f64>, Vec<String>) = angles(&declared);
    assert_eq!(converted, angles(&ApsU::default()).0);
    assert!(warnings.iter().any(|warning| warning.contains("in rad: converted to degree")), "{warnings:?}");
}

#[test]
fn units_of_lists_hold_and_contradictions_are_refused() {
    let scaled = |values: Vec<f64>, factor: f64| values.into_iter().map(|value| value * factor).collect();
    let usual = ApsU::default();
    let declared = ApsU {
        q: scaled(usual.q.clone(), 10.0),
        map_units: vec![],
        units: [Some("1/nm"), Some("degree"), Some("ms")],
        frame_time: Some(50.0),
        ..usual.clone()
    };
    let of = |file: &ApsU| Place::new().ingest_u(file, q()).map(|ingested| ingested.manifest.experiment);
    let (found, expected) = (of(&declared).expect("known units"), of(&usual).expect("good"));
    assert!((found.q_per_angstrom / expected.q_per_angstrom - 1.0).abs() < 1e-12);
    assert!((found.time.dt_seconds / expected.time.dt_seconds - 1.0).abs() < 1e-6);
    for (file, words) in [
        (ApsU { units: [Some("1/nm"), None, None], ..usual.clone() }, "two units"),
        (ApsU { units: [None, Some("furlong"), None], ..usual.clone() }, "furlong"),
        (ApsU { map_units: vec!["deg", "1/A"], ..usual.clone() }, "declared in \"deg\""),
        (ApsU { map_units: vec!["1/A"], ..usual.clone() }, "one unit for each"),
        // What one changed bit makes of a text.
        (ApsU { map_units: vec!["", ""], ..usual.clone() }, "one unit for each"),
        (ApsU { map_units: vec!["1/A", " "], ..usual.clone() }, "one unit for each"),
        (
            ApsU { unit_of_q: Some("1/A"), units: [Some("1/nm"), None, None], map_units: vec![], ..usual.clone() },
            "two units",
        ),
        (
            ApsU { frame_time: None, groups_instead: &["frame_time"], ..usual.clone() },
            "is a group where a dataset belongs",
        ),
        // What decides nothing is no less damaged for that.
        (ApsU { groups_instead: &["begin_frame"], ..usual.clone() }, "config/begin_frame: is a group where a dataset"),
        (ApsU { groups_instead: &["end_frame"], ..usual.clone() }, "config/end_frame: is a group where a dataset"),
        (
            ApsU { groups_instead: &["count_time"], ..usual.clone() },
            "detector_1/count_time: is a group where a dataset",
        ),
    ] {
        let dt_seconds = (file.frame_time.is_none()).then_some(0.2);
        let told = Place::new().ingest_u(&file, Selection { dt_seconds, ..q() }).expect_err(words).to_string();
        assert!(told.contains(words), "{words}: {told}");
    }
}

#[test]
fn numbers_that_no_measurement_has_are_refused_with_their_range() {
    for (file, range) in [
        (ApsU { frame_time: Some(8.6e9), ..ApsU::default() }, "between 1e-9 and 1e6"),
        (ApsU { q: vec![0.003, 5e-316, 0.009], ..ApsU::default() }, "between 1e-7 and 100"),
        (ApsU { phi: vec![-90.0, 0.0, 1e300, 180.0], ..ApsU::default() }, "phi in degrees"),
    ] {
        let line = Place::new().ingest_u(&file, Selection::default()).expect_err("impossible").to_string();
        assert!(line.contains(range), "{line}");
    }
}

#[test]
fn unused_bins_may_have_no_place() {
    let file = ApsLegacy::eigen();
    assert!(file.dphilist.iter().any(|phi| phi.is_nan()));
    let place = Place::new();
    place.ingest(&file.write(&place.path("l.hdf")), q()).expect("unused");
}

#[test]
fn of_two_layouts_the_first_known_or_the_chosen_one_is_read() {
    let ingested = Place::new().ingest_u(&ApsU { legacy_too: Some(24), ..ApsU::default() }, q()).expect("alike");
    assert_eq!(ingested.manifest.provenance.layout, "aps_u");
    let selection = Selection { layout: Some(Layout::ApsLegacy), dt_seconds: Some(0.1), ..q() };
    let ingested = Place::new().ingest_u(&ApsU { legacy_too: Some(20), ..ApsU::default() }, selection).expect("chosen");
    assert_eq!(ingested.manifest.experiment.time.n_frames, 20);
}

#[test]
fn unicode_and_spaces_in_paths_work() {
    let place = Place::new();
    let path = ApsU::default().write(&place.path("Mess daten \u{3c6}=0\u{b0}.hdf"));
    place.ingest(&path, q()).expect("any path");
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
